"""The audit chain: every record is sealed to the one before it.

The rule: record n's MAC covers the vault id, the MAC of record n-1 and the record; numbers have no
gaps. A change and its record are one transaction, so a write that cannot be recorded fails. A read
comes first: its record waits at most 100 ms for the writer's lock, then goes, sealed and numbered,
to the end of `audit.pending`, which the next writer folds into the chain. A new generation has
numbers of its own: who still reads an older one cannot know how far the newer one has folded, so
its records are told from those folded already by their digests, not by their numbers.

A record says who (uid, pid, parent's command name, terminal), what and how it ended; never a
value. What cannot be seen here: records cut from the end of the chain or of `audit.pending`
together with everything that mentions them. An exported head shows the first (`lango audit verify
--head`).
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import AuditKey
from lango_cli.crypto.mac import digest, hkdf_sha256, hmac_sha256, pack
from lango_cli.errors import Busy, FileProblem, Tampered, TooLarge
from lango_cli.vault import rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lango_cli.vault.store import Store

READ_WAIT = 0.1
"""Seconds that a read's record waits for the writer's lock."""
PENDING_LIMIT = 64 << 20
RANGE = 32
"""Bits of a pending record's number that count; what is above them is the generation."""
START = bytes(32)
"""What stands for the MAC before the first record."""

_LATE = "pending_late"
"""Digests of the records of older generations that were folded last."""

REQUIRE, WARN, OFF = "require", "warn", "off"


def record_mac(key: AuditKey, vault: bytes, previous: bytes, record: bytes) -> bytes:
    """The MAC of a record in its place in the chain."""
    return hmac_sha256(key.reveal(), pack(b"lango/audit/v1", vault, previous, record))


def begin_range(store: Store, generation: int) -> None:
    """Number pending records of a new generation apart from those of older ones; in a write."""
    store.set_meta("pending", generation << RANGE)


class _Folded:
    """Which pending records the chain has already, while more of them are taken in."""

    def __init__(self, number: int, late: bytes) -> None:
        self.number = number
        self.missing = 0
        self.late: list[bytes] = []
        self._known = {late[at : at + 32] for at in range(0, len(late), 32)}

    def take(self, this: int, line: bytes) -> bool:
        """Whether the record of this number and this line's digest is a new one."""
        if this >> RANGE < self.number >> RANGE:
            self.late.append(line)
            return line not in self._known
        if this <= self.number:
            return False
        self.missing += this - self.number - 1
        self.number = this
        return True


def whoami() -> dict[str, Any]:
    """uid, pid, the parent's command name and the terminal, as far as the system tells."""
    parent = ""
    try:
        with open(f"/proc/{os.getppid()}/comm", encoding="utf-8", errors="replace") as stream:
            parent = stream.read(64).rstrip("\n")
    except OSError:
        parent = ""
    terminal = ""
    for fd in (0, 1, 2):
        try:
            terminal = os.ttyname(fd)
            break
        except OSError:
            continue
    return {"parent": parent, "pid": os.getpid(), "terminal": terminal, "uid": os.getuid()}


class AuditLog:
    """Appending to the chain. `reads` is `require`, `warn` or `off`."""

    def __init__(
        self,
        store: Store,
        key: AuditKey,
        vault: bytes,
        pending: str,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._key = key
        self._vault = vault
        self._pending = pending
        self._clock = clock
        self._who: dict[str, Any] | None = None
        self._waiting: list[dict[str, Any]] = []
        self._with_next: list[Callable[[], None]] = []
        self._folding = False
        self.reads = WARN
        self.warn: Callable[[str], None] = lambda _text: None

    def event(
        self, event: str, target: str = "", outcome: str = "ok", detail: str = ""
    ) -> dict[str, Any]:
        """A record without its number."""
        if self._who is None:
            self._who = whoami()
        return {
            "at": int(self._clock() * 1000),
            "detail": detail,
            "event": event,
            "outcome": outcome,
            "target": target,
            **self._who,
        }

    def later(self, event: dict[str, Any]) -> None:
        """Write this one together with the next record, or at the end."""
        self._waiting.append(event)

    def also(self, change: Callable[[], None]) -> None:
        """Make this best-effort change in the transaction of the next record."""
        self._with_next.append(change)

    def append(self, *events: dict[str, Any]) -> None:
        """Add records to the chain; inside a write, and part of it."""
        last = rows.last_record(self._store)
        seq, previous = (0, START) if last is None else last
        waiting, changes = self._waiting, self._with_next
        self._waiting, self._with_next = [], []
        self._store.after_commit(lambda: None, lambda: self._keep(waiting, changes))
        records = []
        for event in (*self._fold(), *waiting, *events):
            seq += 1
            record = canonical({**event, "seq": seq})
            previous = record_mac(self._key, self._vault, previous, record)
            records.append((seq, record, previous))
        rows.insert_records(self._store, records)
        for change in changes:
            change()

    def _keep(self, waiting: list[dict[str, Any]], changes: list[Callable[[], None]]) -> None:
        """Take back what a transaction that failed was to write."""
        self._waiting[:0] = waiting
        self._with_next[:0] = changes

    def append_read(self, *events: dict[str, Any], then: Callable[[], None] | None = None) -> None:
        """Record what was read, and do `then` in the same transaction; see the module's rule."""
        waiting = (*self._waiting, *(() if self.reads == OFF else events))
        self._waiting = []
        if not waiting and then is None:
            return
        try:
            with self._store.write(READ_WAIT):
                self.append(*waiting)
                if then is not None:
                    then()
        except (Busy, FileProblem):
            try:
                if waiting:
                    self._append_pending(waiting)
            except (Busy, FileProblem, TooLarge) as err:
                if self.reads == REQUIRE:
                    raise
                self.warn(f"this read is not in the audit log: {err.message}")

    def flush(self) -> None:
        """Write what `later` left, if nothing else did."""
        if self._waiting:
            self.append_read()

    def _pending_key(self) -> AuditKey:
        return AuditKey(hkdf_sha256(self._key.reveal(), self._vault, b"lango/pending/v1"))

    def _pending_context(self, number: int) -> bytes:
        return pack(b"lango/pending/v1", self._vault, number.to_bytes(8, "big"))

    def _append_pending(self, events: tuple[dict[str, Any], ...]) -> None:
        if not os.access(os.path.dirname(self._pending), os.W_OK):
            raise FileProblem(f"{os.path.dirname(self._pending)} is read-only")
        with files.Lock(self._pending, READ_WAIT, "the audit log"):
            present = files.read(self._pending, PENDING_LIMIT) or b""
            torn = b"" if present.endswith(b"\n") or not present else b"\n"
            key = self._pending_key()
            # Asked under the lock: a writer that folds holds it until its commit.
            number = self._last_number(key, present, self._store.meta("pending"))
            lines = []
            for event in events:
                number += 1
                blob = seal(key, canonical(event), self._pending_context(number))
                lines.append(b"%d %s\n" % (number, b64(blob).encode()))
            files.append(self._pending, torn + b"".join(lines))

    def _fold(self) -> list[dict[str, Any]]:
        """What `audit.pending` holds, as events; it is emptied once they are committed."""
        try:
            if self._folding or not os.stat(self._pending).st_size:
                return []
        except OSError:
            return []
        lock = files.Lock(self._pending, READ_WAIT, "the audit log")
        try:
            lock.__enter__()
        except Busy:
            return []
        try:
            events = self._take_pending()
        except BaseException:
            lock.__exit__(None, None, None)
            raise

        def release() -> None:
            self._folding = False
            lock.__exit__(None, None, None)

        def empty() -> None:
            try:
                files.truncate(self._pending)
            except FileProblem:
                pass  # The number in the database says what was folded: nothing comes twice.
            finally:
                release()

        self._folding = True
        self._store.after_commit(empty, release)
        return events

    def _take_pending(self) -> list[dict[str, Any]]:
        """Events that were not folded yet, and one more saying what is wrong with them."""
        try:
            data = files.read(self._pending, PENDING_LIMIT) or b""
        except TooLarge as err:
            return [self.event("audit.pending", outcome="incomplete", detail=err.message)]
        seen = _Folded(self._store.meta("pending"), self._store.meta(_LATE) or b"")
        events, damaged = [], 0
        key = self._pending_key()
        for line in data.splitlines():
            try:
                this, event = self._unseal_line(key, line)
            except Tampered:
                damaged += 1
                continue
            if seen.take(this, digest(line)):
                events.append(event)
        if damaged or seen.missing:
            detail = f"{damaged} damaged, {seen.missing} missing"
            events.append(self.event("audit.pending", outcome="incomplete", detail=detail))
        self._store.set_meta("pending", seen.number)
        if seen.late:
            self._store.set_meta(_LATE, b"".join(seen.late))
        return events

    def _unseal_line(self, key: AuditKey, line: bytes) -> tuple[int, dict[str, Any]]:
        """Number and event of one pending record; Tampered if it is not what was written."""
        digits, _, text = line.partition(b" ")
        if not (digits.isdigit() and len(digits) < 16):
            raise Tampered("a pending record has no number")
        blob = unb64(text.decode("ascii", "replace"), "a pending record")
        record = unseal(key, blob, self._pending_context(int(digits)))
        return int(digits), parse_canonical(record, "a pending record")

    def _last_number(self, key: AuditKey, data: bytes, folded: int) -> int:
        """The last number of this generation: a torn or damaged record is not believed."""
        for line in reversed(data.splitlines()):
            try:
                number = self._unseal_line(key, line)[0]
            except Tampered:
                continue
            if number >> RANGE == folded >> RANGE:
                return max(number, folded)
        return folded

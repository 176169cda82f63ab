"""The OS keyring, asked from a distance.

What lives here: the parent's side. All talk with the keyring happens in a child process
(`keyring_child`) that has one second to read and five to write, because a keyring may hang, ask
or crash, and a command may not. The rule: one entry a slot, service `lango`, account
`<vault id>:<slot id>`, the 32 bytes in base64; nothing else is ever read or written. A write is
read back by a second process before it counts.

The verdict (does it answer, which backend, why not) is kept in `<state folder>/keyring.verdict` by
uid and bus address: a good one until a read fails, a bad one for 60 seconds, so that a keyring
that hangs costs one second a minute and not one second a command.

Why no library here: importing `keyring` costs ten bare interpreters, and it decides by its own
configuration which backend to trust. Limits: on macOS a keychain dialog cannot be answered within
the second; any process of the same user can read the entry.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from lango_cli import files
from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    FileProblem,
    NotApplicable,
    Tampered,
    TooLarge,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from lango_cli.unlock import child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lango_cli.model import CredentialStore, KeyringVerdict, SlotView

KEY_BYTES = 32
READ_SECONDS = 1.0
WRITE_SECONDS = 5.0
LOCK_SECONDS = 15.0
"""How long a write waits for another process's."""
NEGATIVE_SECONDS = 60
VERDICT = "keyring.verdict"
LOCK = "keyring.lock"

_MODULE = "lango_cli.unlock.keyring_child"
_CANNOT = "the OS keyring cannot be used: "
_VERDICT_LIMIT = 16384
_HEX = "0123456789abcdef"
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_PASSED_ON = {"DISPLAY", "HOME", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "USER", "WAYLAND_DISPLAY"}
_BUS_LESS = {"darwin", "win32"}


def unavailable(reason: str) -> CustodyUnavailable:
    """The error for a reason such as `locked` or `did not answer within 1 s`."""
    if reason.startswith("did not "):
        return CustodyUnavailable(f"the OS keyring {reason}")
    return CustodyUnavailable(_CANNOT + reason)


def reason_of(err: CustodyUnavailable) -> str:
    """The reason alone, as a table shows it beside the source's name."""
    return err.message.removeprefix(_CANNOT).removeprefix("the OS keyring ")


class _Answer:
    """What one exchange with the child came to; also what is kept of it, without the value."""

    __slots__ = ("backend", "milliseconds", "reason", "usable", "value")

    def __init__(
        self, usable: bool, backend: str, reason: str, milliseconds: int, value: str | None = None
    ) -> None:
        self.usable = usable
        self.backend = backend
        self.reason = reason
        self.milliseconds = milliseconds
        self.value = None if value is None else SecretBytes(value.encode())


class OsKeyring:
    """The CredentialStore of this user; `environment` is where the session bus is named."""

    __slots__ = ("_environment", "_python", "_state")

    def __init__(
        self, state_folder: str, environment: Mapping[str, str], python: str = sys.executable
    ) -> None:
        self._state = state_folder
        self._environment = _child_environment(environment)
        self._python = python

    def describe(self, *, fresh: bool = False) -> KeyringVerdict:
        """Whether it answers, and if not why; `fresh` asks it even where that is known."""
        from lango_cli.model import KeyringVerdict

        known = None if fresh else self._recall()
        answer = known or self._exchange("probe", {}, READ_SECONDS)
        return KeyringVerdict(
            usable=answer.usable,
            backend=answer.backend,
            reason=answer.reason,
            milliseconds=answer.milliseconds,
            cached=known is not None,
        )

    def read(self, account: str) -> SecretBytes | None:
        """The 32 bytes, None where there is no entry, Tampered where it is none of lango's."""
        request = {"account": _checked(account)}
        known = self._recall()
        if known is None or known.usable:
            known = self._exchange("read", request, READ_SECONDS)
        if not known.usable:
            raise unavailable(known.reason)
        return None if known.value is None else _stored(known.value)

    def write(self, account: str, value: SecretBytes) -> None:
        """Store, and read back by another process."""
        if len(value) != KEY_BYTES:
            raise UsageProblem(f"a keyring entry is {KEY_BYTES} bytes")
        stored = SecretBytes(value.reveal())  # equality wants the same class
        request = {"account": _checked(account), "value": b64(stored.reveal())}
        with self._lock():
            self._must("write", request)
            if self._read_back(account) != stored:
                raise self._unkept("did not keep what was written")

    def delete(self, account: str) -> bool:
        """Remove, and see that it is gone."""
        with self._lock():
            answer = self._must("delete", {"account": _checked(account)})
            if self._must("read", {"account": account}).value is not None:
                raise self._unkept("did not forget what was deleted")
        return answer.value is not None

    def _read_back(self, account: str) -> SecretBytes | None:
        value = self._must("read", {"account": account}).value
        try:
            return None if value is None else _stored(value)
        except Tampered:
            return None

    def _must(self, op: str, request: dict[str, str]) -> _Answer:
        answer = self._exchange(op, request, WRITE_SECONDS)
        if not answer.usable:
            raise unavailable(answer.reason)
        return answer

    def _unkept(self, reason: str) -> CustodyUnavailable:
        self._remember(_Answer(False, "", reason, 0))
        return unavailable(reason)

    def _lock(self) -> files.Lock:
        files.ensure_folder(self._state)
        return files.Lock(os.path.join(self._state, LOCK), LOCK_SECONDS, "the OS keyring")

    def _exchange(self, op: str, request: dict[str, str], seconds: float) -> _Answer:
        """Ask the child, and remember how the keyring did."""
        if not self._bus() and sys.platform not in _BUS_LESS:
            return _Answer(False, "", "no session bus", 0)
        started = time.monotonic_ns()
        reply = self._reply(op, request, seconds)
        taken = (time.monotonic_ns() - started) // 1_000_000
        answer = _Answer(
            bool(reply["usable"]), reply["backend"], reply["reason"], taken, reply["value"]
        )
        self._remember(answer)
        return answer

    def _reply(self, op: str, request: dict[str, str], seconds: float) -> dict[str, Any]:
        nothing = {"usable": False, "backend": "", "value": None}
        command = (self._python, _MODULE, op)
        try:
            reply = child.ask(command, canonical(request), self._environment, seconds)
        except OSError as err:
            return {**nothing, "reason": f"no helper process: {(err.strerror or '').lower()}"}
        if reply is None:
            return {**nothing, "reason": f"did not answer within {seconds:.0f} s"}
        try:
            return {**nothing, **parse_canonical(reply, "the helper's reply")}
        except (Tampered, TypeError):
            return {**nothing, "reason": "the helper process ended without an answer"}

    def _bus(self) -> str:
        return self._environment.get(_BUS, "")

    def _recall(self) -> _Answer | None:
        """The verdict kept for this uid and bus, unless it is a bad one of over a minute ago."""
        try:
            data = files.read_private(os.path.join(self._state, VERDICT), _VERDICT_LIMIT)
            record = parse_canonical(data or b"", VERDICT)
            answer = _Answer(
                record["usable"] is True,
                str(record["backend"]),
                str(record["reason"]),
                int(record["milliseconds"]),
            )
            mine = record["uid"] == os.geteuid() and record["bus"] == self._bus()
            recent = 0 <= time.time() - int(record["at"]) < NEGATIVE_SECONDS
        except (FileProblem, TooLarge, Tampered, KeyError, TypeError, ValueError):
            return None
        return answer if mine and (answer.usable or recent) else None

    def _remember(self, answer: _Answer) -> None:
        """Best effort: a state folder that cannot be written costs time, not the keyring."""
        known = self._recall()
        if known and known.usable and answer.usable and known.backend == answer.backend:
            return
        record = {
            "at": int(time.time()),
            "backend": answer.backend,
            "bus": self._bus(),
            "milliseconds": answer.milliseconds,
            "reason": answer.reason,
            "uid": os.geteuid(),
            "usable": answer.usable,
        }
        try:
            files.ensure_folder(self._state)
            files.replace(os.path.join(self._state, VERDICT), canonical(record))
        except FileProblem:
            return


class KeyringSource:
    """Serves `keyring` slots of one vault from a CredentialStore, asking once for each slot."""

    __slots__ = ("_found", "_store", "_vault_id", "explicit", "interactive", "name")

    def __init__(self, store: CredentialStore, vault_id: str) -> None:
        self.name = "OS keyring"
        self.interactive = False
        self.explicit = False
        self._store = store
        self._vault_id = vault_id
        self._found: dict[str, SecretBytes] = {}

    def offer(self, slot: SlotView) -> SecretBytes:
        """The slot's 32 bytes; NotApplicable says why there are none."""
        if slot.kind != "keyring":
            raise NotApplicable("serves keyring slots only", kind="keyring")
        if slot.id not in self._found:
            self._found[slot.id] = self._read(slot)
        return self._found[slot.id]

    def _read(self, slot: SlotView) -> SecretBytes:
        try:
            value = self._store.read(f"{self._vault_id}:{slot.id}")
        except CustodyUnavailable as err:
            raise NotApplicable(reason_of(err)) from None
        except Tampered as err:
            raise NotApplicable(f"{err.message} (slot {slot.label})", stale=True) from None
        if value is None:
            raise NotApplicable(f"no entry for slot {slot.label}", stale=True)
        if len(value) != KEY_BYTES:
            text = f"the entry for slot {slot.label} is not one that lango wrote"
            raise NotApplicable(text, stale=True)
        return value


def _stored(text: SecretBytes) -> SecretBytes:
    try:
        key = unb64(text.reveal().decode("ascii"), "the entry")
    except (UnicodeDecodeError, Tampered):
        key = b""
    if len(key) != KEY_BYTES:
        raise Tampered("the entry is not one that lango wrote")
    return SecretBytes(key)


def _checked(account: str) -> str:
    """Nothing but `<vault id>:<slot id>`, 32 and 12 hex digits, is ever touched."""
    vault, _, slot = account.partition(":")
    if len(vault) == 32 and len(slot) == 12 and not (vault + slot).strip(_HEX):
        return account
    raise CustodyDenied("lango touches only its own keyring entries, <vault id>:<slot id>")


def _child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the interpreter and the bus need; no setting of lango's or of the keyring library's."""
    kept = {k: v for k, v in environment.items() if k in _PASSED_ON or k.startswith("XDG_")}
    address = environment.get(_BUS, "")
    if address.startswith("autolaunch:"):
        address = ""
    if address or (address := _runtime_bus(environment.get("XDG_RUNTIME_DIR", ""))):
        kept[_BUS] = address
    return kept


def _runtime_bus(folder: str) -> str:
    """The address of `<folder>/bus` if that is a socket, escaped per the D-Bus specification."""
    path = os.path.join(folder, "bus")
    try:
        if not folder or not stat.S_ISSOCK(os.stat(path).st_mode):
            return ""
    except (OSError, ValueError):
        return ""
    plain = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz/.\\"
    return "unix:path=" + "".join(
        chr(byte) if byte in plain else f"%{byte:02x}" for byte in os.fsencode(path)
    )

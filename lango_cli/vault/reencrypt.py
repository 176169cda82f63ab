"""Moving values to the newest version of their key: `keys rotate --reencrypt`.

The rule: in batches, each a write transaction of its own, with the vault's lock left free between
them. A value is opened, sealed anew, opened again and compared before the old one is overwritten;
no time is touched, because no value changes. What is left to do is never written down: it is
whatever the newest version does not seal. So a process that is killed loses nothing, and the next
one goes on. The key's `moving_since` says that one was begun and is not through; `rotate
--reencrypt` then goes on with it instead of making one more version.

A value that does not open is left as it is, the others are moved, and the end is an error.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lango_cli.crypto.aead import Cipher
from lango_cli.errors import KeyUnusable, Tampered
from lango_cli.files import LOCK_POLL
from lango_cli.vault import rows_keys
from lango_cli.vault.ask_first import asks_first
from lango_cli.vault.keys import DESTROYED, DISABLED, ENCRYPTION, RETIRED
from lango_cli.vault.profile_documents import TABLE
from lango_cli.vault.reader import SECRETS, VALUE_FORMAT, context_ends, context_middle

if TYPE_CHECKING:
    from lango_cli.model import Progress
    from lango_cli.vault.keys import KeyVersion
    from lango_cli.vault.parts import Parts

BATCH = 2000
"""Values moved in one transaction at most: about a tenth of a second's work."""
BATCH_BYTES = 8 << 20
"""Bytes of values moved in one transaction at most, if they are more than one."""
SHOWN = 5
"""Values that do not open, named at most."""
WHAT = "re-encrypting"
BOUND = {rows_keys.VERSIONS: SECRETS, rows_keys.PROFILES: TABLE}
"""What the seals of a table's values are bound to."""


class Reencryption:
    """One run over all values of a key."""

    def __init__(self, vault: Parts, name: str, progress: Progress) -> None:
        self.keys = vault.keys
        self._vault = vault
        self._store = vault.store
        self._name = name
        self._progress = progress
        self._damaged: dict[tuple[str, str, int], None] = {}
        self.moved = 0

    def run(self) -> int:
        """Move everything; how many values that was. Tampered if some do not open.

        KeyUnusable where a version that still seals values is disabled, or the newest is.
        """
        self._progress.start(WHAT, self._left())
        before = -1
        while self.moved > before:
            before = self.moved
            for version in self._older():
                for table in rows_keys.SEALED:
                    self._move_all(table, version)
        self._finish()
        return self.moved

    def _newest(self) -> KeyVersion:
        newest = self.keys.newest(ENCRYPTION, self._name)
        newest.refuse(RETIRED, DISABLED, DESTROYED)
        return newest

    def _older(self) -> list[int]:
        """The versions that still seal values and can be opened, oldest first."""
        newest = self._newest()
        counts = rows_keys.counts(self._store, newest.id)
        gone = destroyed(self._vault, newest.id)
        return sorted(version for version in counts if version not in {newest.version, *gone})

    def _left(self) -> int:
        newest = self._newest()
        counts = rows_keys.counts(self._store, newest.id)
        return sum(counts[version] for version in self._older())

    @asks_first
    def _move_all(self, table: str, version: int) -> None:
        after = -1
        while True:
            with self._store.write():
                through, moved = self._move_some(table, version, after)
            self.moved += moved
            self._progress.advance(moved)
            if through is None:
                return
            after = through
            # Who waits for the lock looks for it this often.
            time.sleep(LOCK_POLL)

    def _move_some(self, table: str, version: int, after: int) -> tuple[int | None, int]:
        """One batch, inside a write: the last row looked at (None: no more), how many moved."""
        target = self._newest()
        if version == target.version:
            return None, 0
        last = self._reach(table, target.id, version, after)
        if last is None:
            return None, 0
        resealer = Resealer(self._vault, version, target, BOUND[table])
        changes = []
        for row, owner, number, sealed in rows_keys.sealed_between(
            self._store, table, target.id, version, after + 1, last
        ):
            try:
                changes.append((target.version, resealer.reseal(owner, number, sealed), row))
            except Tampered:
                self._damaged[table, owner, number] = None
        rows_keys.reseal(self._store, table, changes)
        return last, len(changes)

    def _reach(self, table: str, key_id: str, version: int, after: int) -> int | None:
        """The last row of the next batch, None where there is no next."""
        found, total = None, 0
        for row, size in rows_keys.some_sealed(self._store, table, key_id, version, after, BATCH):
            total += size
            if found is not None and total > BATCH_BYTES:
                break
            found = int(row)
        return found

    def _finish(self) -> None:
        """Say that it is through, if it is."""
        audit = self._vault.audit
        with self._store.write():
            newest = self._newest()
            left = self._left()
            if not left:
                rows_keys.set_moving(self._store, newest.id, None)
            target = f"{newest.name}@{newest.version}"
            outcome = "incomplete" if left else "ok"
            detail = f"{self.moved} values moved, {left} left"
            audit.append(audit.event("key.reencrypted", target, outcome, detail))
        if self._damaged:
            raise Tampered(
                f"{len(self._damaged)} values do not open and stay as they are: {self._names()}",
                hint="see what is wrong: lango doctor; put them back from a backup, or purge them",
            )

    def _names(self) -> str:
        shown = [
            f"{rows_keys.name_of(self._store, table, owner)}@{version}"
            for table, owner, version in list(self._damaged)[:SHOWN]
        ]
        return ", ".join(shown) + (", ..." if len(self._damaged) > SHOWN else "")


class Resealer:
    """From one version of a data key to another."""

    def __init__(
        self, vault: Parts, version: int, target: KeyVersion, table: bytes = SECRETS
    ) -> None:
        source = vault.keys.stored(target.id, version)
        source.refuse(DISABLED, DESTROYED)
        self._old = Cipher(vault.keys.data_key(source))
        self._new = Cipher(vault.keys.data_key(target))
        vault_id = vault.envelope.vault_bytes
        self._from = context_ends(vault_id, (target.id, version), table)
        self._to = context_ends(vault_id, (target.id, target.version), table)

    def reseal(self, owner: str, version: int, sealed: bytes) -> bytes:
        """The same value under the other version, opened once before it counts."""
        if sealed[:1] != VALUE_FORMAT:
            raise Tampered("a value is in no format that lango knows")
        middle = context_middle(owner, version)
        value = self._old.unseal(sealed[1:], middle.join(self._from))
        context = middle.join(self._to)
        made = self._new.seal(value, context)
        if self._new.unseal(made, context) != value:
            raise Tampered("a value that was sealed anew is not the same")
        return VALUE_FORMAT + made


def destroyed(vault: Parts, key_id: str) -> set[int]:
    """The numbers of a key's destroyed versions."""
    found = rows_keys.versions(vault.store, key_id)
    return {version for version, state, _ in found if state == DESTROYED}


def check_openable(vault: Parts, key_id: str, newest: int) -> None:
    """KeyUnusable if a version that seals values is disabled: they could not be moved."""
    counts = rows_keys.counts(vault.store, key_id)
    for version, state, _ in rows_keys.versions(vault.store, key_id):
        if state == DISABLED and counts.get(version) and version != newest:
            name = vault.keys.stored(key_id, version).name
            raise KeyUnusable(
                f"key {name}@{version} is disabled, and {counts[version]} values need it to be"
                " re-encrypted",
                hint=f"lango keys enable {name}@{version}",
            )

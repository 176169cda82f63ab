"""Which backups are known, and which of them still hold what was taken out of the vault.

The rule: a backup counts as holding a secret if it was made after the secret was, and a slot if it
was made while the slot had the same key pair; a changed passphrase has another one. Whether its
file is still where it was is said, and says little: it may have been moved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError
from lango_cli.vault import rows_backup
from lango_cli.vault.backup_file import read_backup
from lango_cli.vault.slot_info import fingerprint

if TYPE_CHECKING:
    from builtins import list as List
    from collections.abc import Iterable

    from lango_cli.vault.envelope import Slot
    from lango_cli.vault.store import Store


@dataclass(frozen=True, slots=True)
class Known:
    """A backup that was made. Seconds UTC, bytes; `slots`: `id:fingerprint` of each."""

    id: str
    path: str
    made: float
    generation: int
    size: int
    slots: frozenset[str]
    there: bool


class Backups:
    """The table of an open vault."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self) -> list[Known]:
        """All of them, newest first."""
        return [
            Known(
                id=row[0],
                path=os.fsdecode(row[1]),
                made=row[2] / 1000,
                generation=row[3],
                size=row[4],
                slots=frozenset(row[5].split()),
                there=_is_there(os.fsdecode(row[1]), row[0]),
            )
            for row in rows_backup.known(self._store)
        ]

    def forget_lost(self, before: float) -> None:
        """Forget those made before a time (seconds UTC) that are not there any more."""
        for one in self.list():
            if one.made < before and not one.there:
                rows_backup.forget(self._store, one.id)

    def holding_name(self, name: str) -> List[Known]:
        """Those that hold a secret of this name, live or deleted by now."""
        since = rows_backup.oldest_of_name(self._store, name)
        return [] if since is None else [one for one in self.list() if one.made * 1000 >= since]

    def holding_slot(self, slot: Slot) -> List[Known]:
        """Those that this slot opens, as it is now."""
        return [one for one in self.list() if mark(slot) in one.slots]


def mark(slot: Slot) -> str:
    """What tells a slot and its credential from all others."""
    return f"{slot.id}:{fingerprint(slot)}"


def marks(slots: Iterable[Slot]) -> str:
    """The marks of slots as the table keeps them."""
    return " ".join(mark(slot) for slot in slots)


def _is_there(path: str, backup: str) -> bool:
    try:
        return read_backup(path).id == backup
    except LangoError:
        return False

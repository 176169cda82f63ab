"""SQL about values that somebody who lost the right to them could read: the to-do list after it.

The rule: an entry names a version of a value. It is dealt with once the secret's current version
is another one that is not exposed, and gone with the secret when that is purged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store


def expose_all(store: Store, slot: str, now: int) -> int:
    """Every version of every value there is now, trash included, could be read by this slot."""
    return store.run(
        "INSERT OR REPLACE INTO exposed SELECT secret_id, version, ?, ? FROM versions", slot, now
    )


def hand_on(store: Store, secret: str, version: int, source: tuple[str, int]) -> None:
    """A version that is a copy of an exposed one is exposed as well."""
    store.run(
        """INSERT OR REPLACE INTO exposed SELECT ?, ?, slot, at FROM exposed
            WHERE secret_id = ? AND version = ?""",
        secret,
        version,
        *source,
    )


def exposed(store: Store) -> list[Row]:
    """Name, current version, exposed version, slot, time, whether it is in the trash, id."""
    return store.rows(
        """SELECT s.name, s.version, e.version, e.slot, e.at, s.deleted_at IS NOT NULL, s.id
            FROM exposed e JOIN secrets s ON s.id = e.secret_id
            ORDER BY s.name, s.id, e.version"""
    )

"""Queries of the table of known backups: what was once taken out of the vault, and where to.

The rule: an entry is no promise that the file is still there, or that there are no others.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lango_cli.vault.store import Store


def remember(
    store: Store, backup: str, path: bytes, made: int, generation: int, size: int, slots: str
) -> None:
    """One more. Of two with the same path the older one was moved away, so both stay."""
    store.run(
        "INSERT OR REPLACE INTO backups VALUES (?, ?, ?, ?, ?, ?)",
        backup,
        path,
        made,
        generation,
        size,
        slots,
    )


def forget(store: Store, backup: str) -> None:
    """It never came to be, or is long gone."""
    store.run("DELETE FROM backups WHERE id = ?", backup)


def known(store: Store) -> list[tuple[Any, ...]]:
    """id, path, made_at, generation, size, slots; newest first."""
    return store.rows(
        "SELECT id, path, made_at, generation, size, slots FROM backups ORDER BY made_at DESC, id"
    )


def oldest_of_name(store: Store, name: str) -> int | None:
    """When the first secret of this name was made, live or deleted; milliseconds UTC."""
    row = store.row("SELECT min(created_at) FROM secrets WHERE name = ?", name)
    return None if row is None else row[0]

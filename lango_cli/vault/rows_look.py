"""Queries about the database as a whole: how large it is, and how much of what is in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.vault.store import Store

COUNTED = ("secrets", "versions", "keys", "key_versions", "audit")
"""Tables that are counted, by the names that reports use."""


def pages(store: Store) -> tuple[int, int, int]:
    """Bytes of a page, pages of the database, pages of it that are free."""
    found = [store.row(f"PRAGMA {name}") for name in ("page_size", "page_count", "freelist_count")]
    size, count, free = (0 if row is None else int(row[0]) for row in found)
    return size, count, free


def counts(store: Store) -> dict[str, int]:
    """How many rows each of `COUNTED` has that is there; the trash counts among the secrets."""
    found = {}
    there = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in [name for name in COUNTED if name in there]:
        row = store.row(f"SELECT count(*) FROM {table}")  # noqa: S608  # one of the names above
        found[table] = 0 if row is None else int(row[0])
    return found


def deleted(store: Store) -> int:
    """How many secrets are in the trash."""
    row = store.row("SELECT count(*) FROM secrets WHERE deleted_at IS NOT NULL")
    return 0 if row is None else int(row[0])

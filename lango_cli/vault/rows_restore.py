"""Rows that a restore takes from the vault as it is, rather than from the backup.

The rule: what was done with the vault is not undone by putting its content back: the audit chain,
which slots were used and confirmed, which backups there are, and what was exposed, stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import Tampered

if TYPE_CHECKING:
    from lango_cli.vault.store import Store

KEPT_TABLES = ("audit", "backups", "slot_use")
KEPT_META = ("audit_base", "audit_pruned", "pending_late")
BATCH = 1000

_READ = ("meta", "exposed", *KEPT_TABLES)


def check_kept(present: Store) -> None:
    """Tampered unless everything that `keep` reads, and its indexes, can be read."""
    for table in _READ:
        # The table is one of those named above.
        if present.rows(f"PRAGMA integrity_check({table})") != [("ok",)]:
            raise Tampered("the database is damaged")


def keep(present: Store, target: Store) -> None:
    """Put what is kept of `present` in place of what `target` has of it; inside a write."""
    for table in KEPT_TABLES:
        _replace(present, target, table)
    for name in KEPT_META:
        value = present.meta(name)
        target.run("DELETE FROM meta WHERE name = ?", name)
        if value is not None:
            target.set_meta(name, value)
    target.run_many(
        """INSERT OR IGNORE INTO exposed SELECT secret_id, version, ?3, ?4 FROM versions
            WHERE secret_id = ?1 AND version = ?2""",
        present.rows("SELECT secret_id, version, slot, at FROM exposed"),
    )


def _replace(present: Store, target: Store, table: str) -> None:
    """Rows of one table; both databases have the newest schema."""
    # The table is one of those named above.
    target.run(f"DELETE FROM {table}")  # noqa: S608
    batch: list[tuple[object, ...]] = []
    for row in present.each(f"SELECT * FROM {table}"):  # noqa: S608
        batch.append(row)
        if len(batch) == BATCH:
            _insert(target, table, batch)
            batch = []
    _insert(target, table, batch)


def _insert(target: Store, table: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        target.run_many(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


def forget_slots(target: Store) -> None:
    """Nothing is known of the slots: the header is not the one that this was noted under."""
    target.run("DELETE FROM slot_use")


def all_keys(store: Store) -> list[tuple[str, int]]:
    """Key id and version of every version of every key."""
    found = store.rows("SELECT key_id, version FROM key_versions ORDER BY key_id, version")
    return [(row[0], row[1]) for row in found]

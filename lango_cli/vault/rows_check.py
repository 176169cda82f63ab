"""Queries for the check of a whole database: everything sealed, and what refers to nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store


def all_values(store: Store) -> Iterator[Row]:
    """Secret id, its name or None, version, key id, key version, size, sealed value: of all.

    In the order of the table, so that the file is read from its start to its end.
    """
    return store.each(
        """SELECT v.secret_id, s.name, v.version, v.key_id, v.key_version, v.size, v.sealed
            FROM versions v LEFT JOIN secrets s ON s.id = v.secret_id ORDER BY v.rowid"""
    )


def all_key_versions(store: Store) -> list[Row]:
    """Key id, its name or None, version."""
    return store.rows(
        """SELECT v.key_id, k.name, v.version FROM key_versions v
            LEFT JOIN keys k ON k.id = v.key_id ORDER BY v.key_id, v.version"""
    )


def without_current(store: Store) -> list[str]:
    """Names of secrets whose current version is not there."""
    found = store.rows(
        """SELECT name FROM secrets s WHERE NOT EXISTS (SELECT 1 FROM versions v
            WHERE v.secret_id = s.id AND v.version = s.version) ORDER BY name"""
    )
    return [row[0] for row in found]


def dangling(store: Store) -> list[tuple[str, int]]:
    """Tables with rows that refer to nothing, and how many such rows each has."""
    found: dict[tuple[str, str], int] = {}
    for table, _row, parent, _number in store.rows("PRAGMA foreign_key_check"):
        found[table, parent] = found.get((table, parent), 0) + 1
    return [(f"{table} without {parent}", count) for (table, parent), count in found.items()]

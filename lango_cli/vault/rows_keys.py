"""The queries of the key registry; those that `secrets get` needs stay in `rows`.

Functions take an open `Store`; those that change something are for the inside of `write()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store

_KEY = """id, name, purpose, algorithm, state, is_default, created_at, last_used_at,
    moving_since"""


def keys(store: Store) -> list[Row]:
    """Every key, by name: the columns of `key`."""
    return store.rows(f"SELECT {_KEY} FROM keys ORDER BY name")  # noqa: S608  # fixed text


def key(store: Store, name: str) -> Row | None:
    """id, name, purpose, algorithm, state, default, created, last used, moving since."""
    query = f"SELECT {_KEY} FROM keys WHERE name = ?"  # noqa: S608  # fixed text
    return store.row(query, name)


def versions(store: Store, key_id: str) -> list[Row]:
    """version, state, created_at; newest first."""
    return store.rows(
        """SELECT version, state, created_at FROM key_versions WHERE key_id = ?
            ORDER BY version DESC""",
        key_id,
    )


VERSIONS, PROFILES = "versions", "profile_versions"
_OWNER = {VERSIONS: "secret_id", PROFILES: "profile_id"}
SEALED = tuple(_OWNER)
"""The tables of what data keys seal: values of secrets, documents of settings."""


def counts(store: Store, key_id: str) -> dict[int, int]:
    """How many values each version seals, trash and profiles included; from the indexes alone."""
    found: dict[int, int] = {}
    for table in SEALED:
        query = f"SELECT key_version, count(*) FROM {table} WHERE key_id = ? GROUP BY key_version"  # noqa: S608  # one of the names above
        for version, count in store.rows(query, key_id):
            found[version] = found.get(version, 0) + count
    return found


def retire_older(store: Store, key_id: str, version: int) -> None:
    """Only the newest version is ever active."""
    store.run(
        """UPDATE key_versions SET state = 'retired'
            WHERE key_id = ? AND version < ? AND state = 'active'""",
        key_id,
        version,
    )


def set_state(store: Store, key_id: str, version: int | None, state: str) -> None:
    """The state of one version, or of the key as a whole."""
    if version is None:
        store.run("UPDATE keys SET state = ? WHERE id = ?", state, key_id)
    else:
        store.run(
            "UPDATE key_versions SET state = ? WHERE key_id = ? AND version = ?",
            state,
            key_id,
            version,
        )


def erase(store: Store, key_id: str, version: int | None) -> None:
    """Put nothing in the place of the wrapped key of one version, or of all."""
    store.run(
        """UPDATE key_versions SET state = 'destroyed', wrapped = zeroblob(0)
            WHERE key_id = ?1 AND version = ifnull(?2, version)""",
        key_id,
        version,
    )


def make_default(store: Store, key_id: str, purpose: str) -> None:
    """The one key that serves its purpose where none is named."""
    store.run("UPDATE keys SET is_default = 0 WHERE purpose = ? AND is_default = 1", purpose)
    store.run("UPDATE keys SET is_default = 1 WHERE id = ?", key_id)


def set_moving(store: Store, key_id: str, since: int | None) -> None:
    """A re-encryption has begun, or (None) is through."""
    store.run("UPDATE keys SET moving_since = ? WHERE id = ?", since, key_id)


def some_sealed(
    store: Store, table: str, key_id: str, version: int, after: int, most: int
) -> list[Row]:
    """Row number and size of values sealed by this version, in the order of the table."""
    _OWNER[table]  # One of the names above, or KeyError.
    return store.rows(
        f"""SELECT rowid, size FROM {table}
            WHERE key_id = ? AND key_version = ? AND rowid > ? ORDER BY rowid LIMIT ?""",  # noqa: S608  # checked
        key_id,
        version,
        after,
        most,
    )


def sealed_between(
    store: Store, table: str, key_id: str, version: int, first: int, last: int
) -> list[Row]:
    """Row number, owner's id, version, sealed value, of those with such row numbers."""
    return store.rows(
        f"""SELECT rowid, {_OWNER[table]}, version, sealed FROM {table}
            WHERE key_id = ? AND key_version = ? AND rowid BETWEEN ? AND ? ORDER BY rowid""",  # noqa: S608  # checked
        key_id,
        version,
        first,
        last,
    )


def reseal(store: Store, table: str, changes: Sequence[tuple[object, ...]]) -> None:
    """(key version, sealed, row number) of each; no time changes, for no value does."""
    _OWNER[table]  # One of the names above, or KeyError.
    store.run_many(f"UPDATE {table} SET key_version = ?, sealed = ? WHERE rowid = ?", changes)  # noqa: S608  # checked


def name_of(store: Store, table: str, owner: str) -> str:
    """What a secret, live or deleted, is called, or a profile."""
    if table == PROFILES:
        row = store.row("SELECT 'profile ' || name FROM profiles WHERE id = ?", owner)
    else:
        row = store.row("SELECT name FROM secrets WHERE id = ?", owner)
    return "" if row is None else str(row[0])


def wrapped_keys(store: Store) -> list[Row]:
    """Key id, version, purpose, algorithm, wrapped, of every version but the destroyed."""
    return store.rows(
        """SELECT v.key_id, v.version, k.purpose, k.algorithm, v.wrapped FROM key_versions v
            JOIN keys k ON k.id = v.key_id WHERE v.state <> 'destroyed'
            ORDER BY v.key_id, v.version"""
    )


def replace_wrapped(store: Store, changes: Sequence[tuple[object, ...]]) -> None:
    """(wrapped, key id, version) of each."""
    store.run_many("UPDATE key_versions SET wrapped = ? WHERE key_id = ? AND version = ?", changes)

"""The queries of the vault's tables: SQL here and in `store.py`, nowhere else.

Functions take an open `Store`; those that change something are for the inside of `write()`. Rows
come back as tuples in the order of the columns named.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lango_cli.vault.store import Store

    Row = tuple[Any, ...]

_META = """s.id, s.name, s.version, (SELECT count(*) FROM versions v WHERE v.secret_id = s.id),
    (SELECT v.size FROM versions v WHERE v.secret_id = s.id AND v.version = s.version),
    s.created_at, s.updated_at, s.value_changed_at, s.deleted_at, s.expires_at, s.rotate_every,
    s.note, s.owner,
    (SELECT group_concat(t.tag, char(10)) FROM tags t WHERE t.secret_id = s.id),
    s.last_used_at, s.access_count,
    (SELECT k.name FROM versions v JOIN keys k ON k.id = v.key_id
        WHERE v.secret_id = s.id AND v.version = s.version)"""


def read_value(store: Store, name: str, version: int | None) -> Row | None:
    """id, name, current version, expires_at, version, key id, key version, sealed value."""
    return store.row(
        """SELECT s.id, s.name, s.version, s.expires_at, v.version, v.key_id, v.key_version,
            v.sealed FROM secrets s JOIN versions v
            ON v.secret_id = s.id AND v.version = ifnull(?, s.version)
            WHERE s.name = ? AND s.deleted_at IS NULL""",
        version,
        name,
    )


def touch(store: Store, secret: str, now: int) -> None:
    """Count one access."""
    store.run(
        "UPDATE secrets SET last_used_at = ?, access_count = access_count + 1 WHERE id = ?",
        now,
        secret,
    )


_KEY = """k.id, k.name, k.purpose, k.algorithm, k.state, k.last_used_at, v.version, v.state,
    v.wrapped"""


def key_version(store: Store, key_id: str, version: int) -> Row | None:
    """id, name, purpose, algorithm, state, last used, version, its state, wrapped."""
    query = f"""SELECT {_KEY} FROM key_versions v JOIN keys k ON k.id = v.key_id
        WHERE v.key_id = ? AND v.version = ?"""  # noqa: S608  # fixed text
    return store.row(query, key_id, version)


def newest_version(store: Store, purpose: str, name: str | None) -> Row | None:
    """The same of the newest version of the key of this name (None: the purpose's default)."""
    query = f"""SELECT {_KEY} FROM keys k JOIN key_versions v ON v.key_id = k.id
        WHERE k.name = ?2 OR (?2 IS NULL AND k.purpose = ?1 AND k.is_default = 1)
        ORDER BY v.version DESC LIMIT 1"""  # noqa: S608  # fixed text
    return store.row(query, purpose, name)


def insert_key(
    store: Store,
    key_id: str,
    name: str,
    purpose: str,
    algorithm: str,
    now: int,
    *,
    default: bool = False,
) -> None:
    """A new key, without a version yet."""
    store.run(
        """INSERT INTO keys(id, name, purpose, algorithm, is_default, created_at)
            VALUES (?, ?, ?, ?, ?, ?)""",
        key_id,
        name,
        purpose,
        algorithm,
        int(default),
        now,
    )


def insert_key_version(store: Store, key_id: str, version: int, wrapped: bytes, now: int) -> None:
    """A new active version of a key."""
    store.run(
        "INSERT INTO key_versions VALUES (?, ?, 'active', ?, ?)", key_id, version, wrapped, now
    )


def use_key(store: Store, key_id: str, now: int) -> None:
    """A key was used."""
    store.run("UPDATE keys SET last_used_at = ? WHERE id = ?", now, key_id)


def last_record(store: Store) -> tuple[int, bytes] | None:
    """Sequence number and MAC of the newest audit record."""
    row = store.row("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1")
    return None if row is None else (row[0], row[1])


def insert_records(store: Store, records: list[tuple[int, bytes, bytes]]) -> None:
    """Audit records: seq, record, MAC."""
    store.run_many("INSERT INTO audit VALUES (?, ?, ?)", records)


def records(store: Store, first: int) -> Iterator[Row]:
    """seq, record, MAC from sequence number `first` on, oldest first."""
    return store.each("SELECT seq, record, mac FROM audit WHERE seq >= ? ORDER BY seq", first)


def record_mac(store: Store, seq: int) -> bytes | None:
    """The MAC of one record."""
    row = store.row("SELECT mac FROM audit WHERE seq = ?", seq)
    return None if row is None else row[0]


def drop_records(store: Store, through: int) -> int:
    """Remove the oldest records up to and with number `through`."""
    return store.run("DELETE FROM audit WHERE seq <= ?", through)


def raise_revision(store: Store, revision: int) -> None:
    """Remember the header's revision as the lowest acceptable one, if it is higher."""
    store.run("UPDATE meta SET value = ?1 WHERE name = 'revision' AND value < ?1", revision)


def use_slot(store: Store, slot: str, now: int, public_key: bytes, *, tested: bool) -> None:
    """Note that a slot was used or tested, which proved that this is its public key's digest."""
    column = "last_tested_at" if tested else "last_used_at"
    confirm_slot(store, slot, now, public_key)
    change = f"UPDATE slot_use SET {column} = ? WHERE slot_id = ?"  # noqa: S608  # one of two names
    store.run(change, now, slot)


def confirm_slot(store: Store, slot: str, now: int, public_key: bytes) -> None:
    """Note that a slot's own seed gave the public key of this digest."""
    store.run("INSERT OR IGNORE INTO slot_use(slot_id) VALUES (?)", slot)
    change = "UPDATE slot_use SET confirmed_at = ?, public_key = ? WHERE slot_id = ?"
    store.run(change, now, public_key, slot)


def slot_use(store: Store) -> dict[str, Row]:
    """Slot id to last used, last tested, last confirmed, and its public key's digest then."""
    found = store.rows(
        "SELECT slot_id, last_used_at, last_tested_at, confirmed_at, public_key FROM slot_use"
    )
    return {row[0]: row[1:] for row in found}


def forget_slot(store: Store, slot: str) -> None:
    """A slot is gone."""
    store.run("DELETE FROM slot_use WHERE slot_id = ?", slot)


def live(store: Store, name: str) -> tuple[str, int] | None:
    """Id and current version of the live secret of this name."""
    row = store.row("SELECT id, version FROM secrets WHERE name = ? AND deleted_at IS NULL", name)
    return None if row is None else (row[0], row[1])


def trashed(store: Store, name: str) -> str | None:
    """Id of the secret of this name that was deleted last."""
    row = store.row(
        """SELECT id FROM secrets WHERE name = ? AND deleted_at IS NOT NULL
            ORDER BY deleted_at DESC, rowid DESC LIMIT 1""",
        name,
    )
    return None if row is None else row[0]


def insert_secret(store: Store, secret: str, name: str, now: int) -> None:
    """A secret without a version yet."""
    store.run(
        """INSERT INTO secrets(id, name, version, created_at, updated_at, value_changed_at, note,
            owner, access_count) VALUES (?, ?, 0, ?, ?, ?, '', '', 0)""",
        secret,
        name,
        now,
        now,
        now,
    )


def insert_version(
    store: Store,
    secret: str,
    version: int,
    key: tuple[str, int],
    size: int,
    sealed: bytes,
    now: int,
) -> None:
    """A new value, which becomes the current one; also the time the value changed."""
    store.run(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
        secret,
        version,
        *key,
        now,
        size,
        sealed,
    )
    store.run(
        "UPDATE secrets SET version = ?, updated_at = ?, value_changed_at = ? WHERE id = ?",
        version,
        now,
        now,
        secret,
    )


def next_version(store: Store, secret: str) -> int:
    """One above the highest version ever kept under this secret's current number."""
    row = store.row(
        """SELECT max(ifnull((SELECT max(version) FROM versions WHERE secret_id = s.id), 0),
            s.version) + 1 FROM secrets s WHERE s.id = ?""",
        secret,
    )
    return 1 if row is None else row[0]


def drop_versions(store: Store, secret: str, keep: int) -> int:
    """Remove all but the newest `keep` versions; the current one always stays."""
    return store.run(
        """DELETE FROM versions WHERE secret_id = ?1 AND version NOT IN (
            SELECT version FROM versions WHERE secret_id = ?1 ORDER BY version DESC LIMIT ?2)
            AND version <> (SELECT version FROM secrets WHERE id = ?1)""",
        secret,
        keep,
    )


_COLUMNS = frozenset(("name", "expires_at", "rotate_every", "note", "owner", "deleted_at"))


def set_columns(store: Store, secret: str, now: int, **columns: object) -> None:
    """Change metadata of a secret."""
    if not _COLUMNS.issuperset(columns):
        raise ValueError("no such column")
    changes = ", ".join(f"{column} = ?" for column in columns)
    change = f"UPDATE secrets SET {changes}, updated_at = ? WHERE id = ?"  # noqa: S608  # checked
    store.run(change, *columns.values(), now, secret)


def set_tags(store: Store, secret: str, tags: tuple[str, ...]) -> None:
    """Replace a secret's tags."""
    store.run("DELETE FROM tags WHERE secret_id = ?", secret)
    store.run_many("INSERT INTO tags VALUES (?, ?)", [(secret, tag) for tag in tags])


def meta_of(store: Store, secret: str) -> Row | None:
    """Everything but the value of one secret, by id."""
    query = f"SELECT {_META} FROM secrets s WHERE s.id = ?"  # noqa: S608  # fixed text
    return store.row(query, secret)


def metas(store: Store, prefix: str, *, deleted: bool) -> Iterator[Row]:
    """Everything but the values, names in byte order.

    The plus signs keep SQLite from walking the index of names, and so the table in random order.
    """
    state = "+s.deleted_at IS NOT NULL" if deleted else "+s.deleted_at IS NULL"
    low, high = folder_range(prefix)
    query = f"""SELECT {_META} FROM secrets s WHERE {state} AND (?1 = '' OR s.name = ?1
        OR (s.name >= ?2 AND s.name < ?3)) ORDER BY +s.name, +s.deleted_at"""  # noqa: S608  # fixed
    return store.each(query, prefix, low, high)


def names(store: Store, prefix: str) -> list[str]:
    """Live names in byte order, from the index alone."""
    low, high = folder_range(prefix)
    found = store.rows(
        """SELECT name FROM secrets WHERE deleted_at IS NULL AND (?1 = '' OR name = ?1
            OR (name >= ?2 AND name < ?3)) ORDER BY name""",
        prefix,
        low,
        high,
    )
    return [row[0] for row in found]


def folder_range(prefix: str) -> tuple[str, str]:
    """A folder's names are those from `folder/` to just before `folder0`."""
    folder = prefix.rstrip("/")
    return folder + "/", folder + "0"


def versions(store: Store, secret: str) -> list[Row]:
    """version, created_at, size, key name, key version; newest first."""
    return store.rows(
        """SELECT v.version, v.created_at, v.size, k.name, v.key_version FROM versions v
            JOIN keys k ON k.id = v.key_id WHERE v.secret_id = ? ORDER BY v.version DESC""",
        secret,
    )


def values(store: Store) -> Iterator[Row]:
    """id, name, version, key id, key version, sealed value of every live secret."""
    return store.each(
        """SELECT s.id, s.name, s.version, v.key_id, v.key_version, v.sealed FROM secrets s
            JOIN versions v ON v.secret_id = s.id AND v.version = s.version
            WHERE s.deleted_at IS NULL ORDER BY s.name"""
    )


def sealed_version(store: Store, secret: str, version: int) -> Row | None:
    """Key id, key version, sealed value."""
    return store.row(
        """SELECT key_id, key_version, sealed FROM versions
            WHERE secret_id = ? AND version = ?""",
        secret,
        version,
    )


def purge(store: Store, secret: str) -> None:
    """Remove a secret with all its versions and tags."""
    store.run("DELETE FROM secrets WHERE id = ?", secret)


def everything_named(store: Store, name: str) -> list[str]:
    """Ids of the live secret and all deleted ones of this name."""
    return [row[0] for row in store.rows("SELECT id FROM secrets WHERE name = ?", name)]


def overdue_trash(store: Store, before: int) -> list[tuple[str, str]]:
    """Id and name of what was deleted before a time."""
    found = store.rows(
        "SELECT id, name FROM secrets WHERE deleted_at IS NOT NULL AND deleted_at < ?", before
    )
    return [(row[0], row[1]) for row in found]


def count_secrets(store: Store) -> int:
    """How many live secrets."""
    row = store.row("SELECT count(*) FROM secrets WHERE deleted_at IS NULL")
    return 0 if row is None else row[0]

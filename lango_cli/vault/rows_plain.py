"""Queries of the vault for its export to, and import from, a plaintext file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store

_COLUMNS = """id, name, version, created_at, updated_at, value_changed_at, deleted_at, expires_at,
    rotate_every, note, owner, last_used_at, access_count"""


def all_secrets(store: Store) -> Iterator[Row]:
    """Every column of every secret, live and deleted, by id."""
    return store.each(f"SELECT {_COLUMNS} FROM secrets ORDER BY id")  # noqa: S608  # fixed text


def one_secret(store: Store, secret: str) -> Row | None:
    """The same of one."""
    query = f"SELECT {_COLUMNS} FROM secrets WHERE id = ?"  # noqa: S608  # fixed text
    return store.row(query, secret)


def tags(store: Store, secret: str) -> tuple[str, ...]:
    """The tags of one secret, sorted."""
    found = store.rows("SELECT tag FROM tags WHERE secret_id = ? ORDER BY tag", secret)
    return tuple(row[0] for row in found)


def versions(store: Store, secret: str) -> list[Row]:
    """version, created_at, key name, key id, key version, sealed; oldest first."""
    return store.rows(
        """SELECT v.version, v.created_at, k.name, v.key_id, v.key_version, v.sealed
            FROM versions v JOIN keys k ON k.id = v.key_id
            WHERE v.secret_id = ? ORDER BY v.version""",
        secret,
    )


def keys(store: Store) -> list[Row]:
    """name, purpose, is_default."""
    return store.rows("SELECT name, purpose, is_default FROM keys ORDER BY name")


def ids(store: Store) -> set[str]:
    """Ids of all secrets, live and deleted."""
    return {row[0] for row in store.rows("SELECT id FROM secrets")}


def insert_secrets(store: Store, found: Sequence[Row]) -> None:
    """Whole rows of `secrets`."""
    store.run_many(
        f"INSERT INTO secrets({_COLUMNS}) VALUES ({', '.join('?' * 13)})",  # noqa: S608  # fixed
        found,
    )


def insert_tags(store: Store, found: Sequence[tuple[str, str]]) -> None:
    """Secret id and tag."""
    store.run_many("INSERT INTO tags VALUES (?, ?)", found)


def insert_versions(store: Store, found: Sequence[Row]) -> None:
    """Secret id, version, key id, key version, created_at, size, sealed."""
    store.run_many(
        """INSERT INTO versions(secret_id, version, key_id, key_version, created_at, size, sealed)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
        found,
    )

"""Queries for many secrets at once, so that an import or export is a few statements.

Like `rows`: functions take an open `Store`, rows come back as tuples in the order named.
"""

from __future__ import annotations

from lango_cli.vault.rows import folder_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store

_STANDING = """SELECT s.name, s.id, s.version, v.key_id, v.key_version, v.sealed, s.note, s.owner,
    s.expires_at, s.rotate_every,
    (SELECT group_concat(t.tag, char(10)) FROM tags t WHERE t.secret_id = s.id)
    FROM secrets s JOIN versions v ON v.secret_id = s.id AND v.version = s.version
    WHERE s.deleted_at IS NULL"""


def standing(store: Store, name: str) -> Row | None:
    """A live secret by its name.

    name, id, version, key id, key version, sealed value, note, owner, expires_at, rotate_every,
    tags (one a line).
    """
    return store.row(f"{_STANDING} AND s.name = ?", name)


def all_standing(store: Store, prefix: str) -> Iterator[Row]:
    """The same of all live secrets of that name or in that folder, names in byte order."""
    query = f"{_STANDING} AND (?1 = '' OR s.name = ?1 OR (s.name >= ?2 AND s.name < ?3))"
    return store.each(f"{query} ORDER BY +s.name", prefix, *folder_range(prefix))


def live(store: Store) -> dict[str, tuple[str, int]]:
    """Every live secret's id and version, by name."""
    found = store.rows("SELECT name, id, version FROM secrets WHERE deleted_at IS NULL")
    return {name: (secret, version) for name, secret, version in found}


def insert_secrets(store: Store, secrets: Sequence[Row]) -> None:
    """One row each: id, name, thrice the moment, note, owner, expires_at, rotate_every."""
    store.run_many(
        """INSERT INTO secrets(id, name, version, created_at, updated_at, value_changed_at, note,
            owner, expires_at, rotate_every, access_count)
            VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, 0)""",
        secrets,
    )


def insert_first_versions(store: Store, versions: Sequence[Row]) -> None:
    """One row each: secret id, key id, key version, moment, size, sealed value."""
    store.run_many("INSERT INTO versions VALUES (?, 1, ?, ?, ?, ?, ?)", versions)


def insert_tags(store: Store, tags: Sequence[tuple[str, str]]) -> None:
    """One row each: secret id, tag."""
    store.run_many("INSERT INTO tags VALUES (?, ?)", tags)


def touch_all(store: Store, prefix: str, now: int) -> None:
    """Count one access of each live secret of that name or in that folder."""
    store.run(
        """UPDATE secrets SET last_used_at = ?4, access_count = access_count + 1
            WHERE deleted_at IS NULL
            AND (?1 = '' OR name = ?1 OR (name >= ?2 AND name < ?3))""",
        prefix,
        *folder_range(prefix),
        now,
    )

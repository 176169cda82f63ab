"""The queries of the profiles' tables; see `rows.py` for the rule."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store

_META = """p.id, p.name, p.active, p.version,
    (SELECT count(*) FROM profile_versions v WHERE v.profile_id = p.id), p.created_at, p.updated_at
    FROM profiles p"""


def all_profiles(store: Store) -> list[Row]:
    """id, name, active, version, versions kept, created, updated of each, names in byte order."""
    return store.rows(f"SELECT {_META} ORDER BY p.name")


def profile(store: Store, name: str) -> Row | None:
    """The same of one, by name."""
    return store.row(f"SELECT {_META} WHERE p.name = ?", name)


def active(store: Store) -> Row | None:
    """The same of the active one; None where nothing was ever done with profiles."""
    return store.row(f"SELECT {_META} WHERE p.active = 1")


def count(store: Store) -> int:
    """How many profiles there are."""
    row = store.row("SELECT count(*) FROM profiles")
    return 0 if row is None else int(row[0])


def insert_profile(store: Store, profile_id: str, name: str, now: int, *, active: bool) -> None:
    """A profile in which nothing was set yet."""
    store.run(
        "INSERT INTO profiles VALUES (?, ?, ?, 0, ?, ?)", profile_id, name, int(active), now, now
    )


def insert_version(
    store: Store,
    profile_id: str,
    version: int,
    key: tuple[str, int],
    now: int,
    size: int,
    members: int,
    sealed: bytes,
) -> None:
    """A new version, which is the profile's last from now on."""
    store.run(
        "INSERT INTO profile_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        profile_id,
        version,
        *key,
        now,
        size,
        members,
        sealed,
    )
    store.run(
        "UPDATE profiles SET version = ?, updated_at = ? WHERE id = ?", version, now, profile_id
    )


def activate(store: Store, profile_id: str) -> None:
    """This one and no other is active."""
    store.run("UPDATE profiles SET active = 0 WHERE active = 1")
    store.run("UPDATE profiles SET active = 1 WHERE id = ?", profile_id)


def rename(store: Store, profile_id: str, name: str) -> None:
    """Another name."""
    store.run("UPDATE profiles SET name = ? WHERE id = ?", name, profile_id)


def delete(store: Store, profile_id: str) -> None:
    """Remove a profile with all its versions."""
    store.run("DELETE FROM profiles WHERE id = ?", profile_id)


def drop_versions(store: Store, profile_id: str, keep: int) -> None:
    """Remove all but the newest `keep` versions."""
    store.run(
        """DELETE FROM profile_versions WHERE profile_id = ?1 AND version <=
            (SELECT version FROM profiles WHERE id = ?1) - ?2""",
        profile_id,
        keep,
    )


def versions(store: Store, profile_id: str) -> list[Row]:
    """version, created_at, how many values; newest first."""
    return store.rows(
        """SELECT version, created_at, members FROM profile_versions
            WHERE profile_id = ? ORDER BY version DESC""",
        profile_id,
    )


def sealed_version(store: Store, profile_id: str, version: int) -> Row | None:
    """Key id, key version, sealed document."""
    return store.row(
        """SELECT key_id, key_version, sealed FROM profile_versions
            WHERE profile_id = ? AND version = ?""",
        profile_id,
        version,
    )


def all_versions(store: Store) -> Iterator[Row]:
    """Profile id, its name or None, version, key id and version, size, members, sealed."""
    return store.each(
        """SELECT v.profile_id, p.name, v.version, v.key_id, v.key_version, v.size, v.members,
            v.sealed FROM profile_versions v LEFT JOIN profiles p ON p.id = v.profile_id
            ORDER BY v.rowid"""
    )


def without_current(store: Store) -> list[str]:
    """Names of profiles whose last version is not there."""
    found = store.rows(
        """SELECT name FROM profiles p WHERE version > 0 AND NOT EXISTS
            (SELECT 1 FROM profile_versions v
                WHERE v.profile_id = p.id AND v.version = p.version) ORDER BY name"""
    )
    return [row[0] for row in found]


def plain_profiles(store: Store) -> list[Row]:
    """id, name, active, version, created_at, updated_at of each, by id."""
    return store.rows(
        """SELECT id, name, active, version, created_at, updated_at FROM profiles ORDER BY id"""
    )


def plain_versions(store: Store, profile_id: str) -> list[Row]:
    """version, created_at, key name, key id, key version, sealed; oldest first."""
    return store.rows(
        """SELECT v.version, v.created_at, k.name, v.key_id, v.key_version, v.sealed
            FROM profile_versions v JOIN keys k ON k.id = v.key_id
            WHERE v.profile_id = ? ORDER BY v.version""",
        profile_id,
    )


def insert_whole(store: Store, profile: Row, found: Sequence[Row]) -> None:
    """A row of `profiles`, and the rows of `profile_versions` that belong to it."""
    store.run("INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?)", *profile)
    store.run_many("INSERT INTO profile_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found)

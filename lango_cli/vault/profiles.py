"""Profiles of settings: documents of what was set, sealed in the vault, every version kept.

The rule: a change and its audit record are one transaction, under the writer's lock, and a record
never has a value. What a document is, and how it is read, is `profile_documents`'.

Exactly one profile is active. In a vault where nothing was done with profiles that is `default`,
which is empty and stands in no row yet: the first change of anything makes its row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Conflict, LangoError, ProfileExists, Tampered
from lango_cli.model_settings import ProfileMeta, ProfileVersion
from lango_cli.vault import rows_profiles
from lango_cli.vault.ask_first import asks_first
from lango_cli.vault.profile_documents import (
    FIRST,
    TABLE,
    Documents,
    check_name,
    encode,
    not_found,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lango_cli.vault.rows import Row


class Profiles(Documents):
    """The profiles of an open vault; the door is `model_settings.Profiles`."""

    def all(self) -> list[ProfileMeta]:
        """All, names in byte order."""
        found = rows_profiles.all_profiles(self._store)
        return [_meta(row) for row in found] or [ProfileMeta(FIRST, True, 0, 0, 0.0, 0.0)]

    def expect(self, name: str, version: int | None) -> None:
        """Conflict if its last version is not this one (None: any)."""
        _expect(name, self.version(name), version)

    @asks_first
    def write(
        self,
        name: str | None,
        document: dict[str, Any],
        *,
        if_version: int | None = None,
        beside: Callable[[], None] | None = None,
    ) -> ProfileMeta:
        """A new version; Conflict if the last is not `if_version`. `beside`: as for `create`."""
        data, members = encode(document)
        with self._store.write():
            row = self._row(name)
            _expect(row[1], row[3], if_version)
            if beside is not None:
                beside()
            self._add(row, data, members)
            self._record("write", f"{row[1]}@{row[3] + 1}", f"{members} values")
            return self._known(row[1])

    def add(self, name: str, document: dict[str, Any]) -> None:
        """A new version, for the inside of a write that leaves a record of its own."""
        data, members = encode(document)
        self._add(self._row(name), data, members)

    @asks_first
    def create(
        self, name: str, document: dict[str, Any], *, beside: Callable[[], None] | None = None
    ) -> ProfileMeta:
        """A new profile; ProfileExists if the name is taken.

        `beside`: what else is done in the same transaction, such as the secrets it refers to.
        """
        data, members = encode(document)
        with self._store.write():
            row = self._new(name)
            if beside is not None:
                beside()
            self._add(row, data, members)
            self._record("create", f"{name}@1", f"{members} values")
            return self._known(name)

    def use(self, name: str) -> None:
        """Make it the active one."""
        with self._store.write():
            rows_profiles.activate(self._store, self._row(name)[0])
            self._record("use", name)

    @asks_first
    def copy(self, name: str, new: str) -> ProfileMeta:
        """A new profile with the same values; its history begins with them."""
        with self._store.write():
            source = self._row(name)
            data, members = encode(self._open(source, source[3]) if source[3] else {})
            self._add(self._new(new), data, members)
            self._record("copy", name, f"to {new}")
            return self._known(new)

    def rename(self, name: str, new: str) -> ProfileMeta:
        """The same profile, its versions too, under another name."""
        with self._store.write():
            row = self._row(name)
            if new != name:
                self._free(new)
                rows_profiles.rename(self._store, row[0], new)
            self._record("rename", name, f"to {new}")
            return self._known(new)

    def delete(self, name: str) -> None:
        """Remove it and its versions; ProfileExists (33) for the active one."""
        with self._store.write():
            row = self._row(name)
            if row[2]:
                raise ProfileExists(
                    f"profile {name} is the active one",
                    hint="use another first: lango settings profile use NAME",
                )
            rows_profiles.delete(self._store, row[0])
            self._record("delete", name)

    def history(self, name: str | None = None) -> list[ProfileVersion]:
        """Its versions, the newest first."""
        row = self._find(name)
        found = [] if row is None else rows_profiles.versions(self._store, row[0])
        return [
            ProfileVersion(version, created / 1000, members, row is not None and version == row[3])
            for version, created, members in found
        ]

    @asks_first
    def rollback(self, name: str | None, version: int) -> ProfileMeta:
        """A new version with the values of an older one."""
        with self._store.write():
            row = self._row(name)
            data, members = encode(self._open(row, version))
            self._add(row, data, members)
            self._record("rollback", f"{row[1]}@{row[3] + 1}", f"from {version}")
            return self._known(row[1])

    def _row(self, name: str | None) -> Row:
        """The row of a profile, inside a write; that of `default` is made where it is missing."""
        self._begin()
        row = self._find(name)
        if row is None:
            raise Tampered("no profile is the active one", hint="lango db check")
        return row

    def _begin(self) -> None:
        if not rows_profiles.count(self._store):
            new = random_bytes(16).hex()
            rows_profiles.insert_profile(self._store, new, FIRST, self._now(), active=True)

    def _new(self, name: str) -> Row:
        """A profile of this name without versions, inside a write."""
        self._begin()
        self._free(name)
        rows_profiles.insert_profile(
            self._store, random_bytes(16).hex(), name, self._now(), active=False
        )
        return self._row(name)

    def _free(self, name: str) -> None:
        if rows_profiles.profile(self._store, check_name(name)) is not None:
            raise ProfileExists(f"there is a profile called {name} already")

    def _add(self, row: Row, data: bytes, members: int) -> None:
        key = self.keys.active()
        profile, version = row[0], row[3] + 1
        sealed = self._vault.reader.seal_with(key, profile, version, data, TABLE)
        now = self._now()
        self.keys.note_use(now)
        rows_profiles.insert_version(
            self._store, profile, version, key[:2], now, len(data), members, sealed
        )
        if keep := self._kept():
            rows_profiles.drop_versions(self._store, profile, keep)

    def _kept(self) -> int:
        """How many versions are kept; all, where that stands in a profile that cannot be read."""
        try:
            return self._vault.policy.settled().versions
        except LangoError:
            return 0

    def _known(self, name: str) -> ProfileMeta:
        row = rows_profiles.profile(self._store, name)
        if row is None:
            raise not_found(name)
        return _meta(row)

    def _now(self) -> int:
        return int(self._vault.clock() * 1000)

    def _record(self, event: str, target: str, detail: str = "") -> None:
        audit = self._vault.audit
        audit.append(audit.event(f"settings.{event}", target, detail=detail))


def _expect(name: str, version: int, wanted: int | None) -> None:
    if wanted is not None and wanted != version:
        raise Conflict(
            f"profile {name} is at version {version}, not {wanted}: it was changed meanwhile",
            hint=f"see what: lango settings profile history {name}",
        )


def _meta(row: Row) -> ProfileMeta:
    _, name, active, version, versions, created, updated = row
    return ProfileMeta(name, bool(active), version, versions, created / 1000, updated / 1000)

"""Profiles in clear: out of a vault, into and out of a plaintext SQLite file, and into a vault.

The rule: a profile is known by its name. What is new comes with its whole history; a document that
differs becomes a new version; which profile is active changes in a vault alone that had none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import KeyUnusable, LangoError, Tampered
from lango_cli.secret import SecretBytes
from lango_cli.vault import profile_documents, profiles, rows_profiles, store_plain
from lango_cli.vault.plain_cells import milliseconds_of, text_of, time_text, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lango_cli.crypto.keys import DataKey
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store

    KeyOf = Callable[[str, int, str], DataKey | None]
    SealingKey = Callable[[str], tuple[str, int, DataKey]]

ID = 32
"""Hex digits of a profile's id."""


@dataclass(frozen=True, slots=True)
class PlainDocument:
    """One version; `created` in milliseconds UTC, `key` the name of its data key."""

    version: int
    created: int
    key: str
    document: SecretBytes


@dataclass(frozen=True, slots=True)
class PlainProfile:
    """A profile with all its versions. Times are milliseconds UTC."""

    id: str
    name: str
    active: bool
    version: int
    created: int
    updated: int
    versions: tuple[PlainDocument, ...]

    @property
    def current(self) -> PlainDocument | None:
        """Its last version, None where nothing was set in it or its key is destroyed."""
        return next((one for one in self.versions if one.version == self.version), None)


def from_vault(vault: Parts, source: Store, key_of: KeyOf) -> tuple[list[PlainProfile], int]:
    """Every profile whose last version opens, by id; how many versions are lost with their key."""
    found, lost = [], 0
    for row in rows_profiles.plain_profiles(source):
        versions = []
        for version, created, key, *which, sealed in rows_profiles.plain_versions(source, row[0]):
            named = f"profile {row[1]}@{version}"
            opener = key_of(which[0], which[1], named)
            if opener is None:
                lost += 1
                continue
            data = vault.reader.unseal_with(
                opener, row[0], version, (which[0], which[1]), sealed, profile_documents.TABLE
            )
            versions.append(PlainDocument(version, created, key, SecretBytes(data)))
        profile = PlainProfile(
            row[0], row[1], bool(row[2]), row[3], row[4], row[5], tuple(versions)
        )
        if profile.current is not None or not profile.version:
            found.append(profile)
    return found, lost


def insert(target: Store, found: list[PlainProfile]) -> None:
    """Their rows in a plaintext file."""
    store_plain.insert(
        target,
        "profiles",
        [
            (
                one.id,
                one.name,
                int(one.active),
                one.version,
                time_text(one.created),
                time_text(one.updated),
            )
            for one in found
        ],
    )
    versions = [
        (one.id, it.version, time_text(it.created), it.key, it.document.reveal())
        for one in found
        for it in one.versions
    ]
    store_plain.insert(target, "profile_versions", versions)


def from_file(store: Store) -> Iterator[PlainProfile]:
    """Every profile of a plaintext file, by id, with everything about it checked."""
    names, active, count = set(), 0, 0
    for row in store_plain.plain_profiles(store):
        try:
            profile = _from_file(store, row)
        except LangoError as err:
            name = row[1] if isinstance(row[1], str) else f"id {row[0]!s:.40}"
            text = f"{store.path}: profile {name:.80}: {err.message}"
            raise type(err)(text, hint=store_plain.HINT) from None
        yield profile
        names.add(profile.name)
        active += profile.active
        count += 1
    if len(names) != count or active > 1:
        raise Tampered(f"{store.path}: a profile is there twice", hint=store_plain.HINT)


def _from_file(store: Store, row: Row) -> PlainProfile:
    versions = tuple(_document(*found) for found in store_plain.plain_documents(store, row[0]))
    profile = PlainProfile(
        text_of(row[0]),
        profile_documents.check_name(text_of(row[1])),
        bool(whole(row[2])),
        whole(row[3]),
        milliseconds_of(row[4]),
        milliseconds_of(row[5]),
        versions,
    )
    numbers = [one.version for one in versions]
    if len(set(numbers)) != len(numbers) or max(numbers, default=0) != profile.version:
        raise Tampered("its versions do not fit together")
    return profile


def _document(version: object, created: object, key: object, document: object) -> PlainDocument:
    if isinstance(document, str):
        document = document.encode()
    if not isinstance(document, bytes):
        raise Tampered("a document is neither a blob nor a text")
    profile_documents.decode(document, "of a version")
    if not whole(version):
        raise Tampered("versions are numbers from 1")
    return PlainDocument(
        whole(version), milliseconds_of(created), text_of(key), SecretBytes(document)
    )


def take(vault: Parts, source: Store, sealing_key: SealingKey) -> int:
    """Take the profiles of a plaintext file in, inside a write; how many are new or changed."""
    first = not rows_profiles.count(vault.store)
    changed = 0
    wanted = list(from_file(source))
    if first and wanted and not any(one.active for one in wanted):
        wanted[0] = replace(wanted[0], active=True)
    for one in wanted:
        known = rows_profiles.profile(vault.store, one.name)
        if known is None:
            _add(vault, replace(one, active=first and one.active), sealing_key)
            changed += 1
        elif one.current is not None:
            changed += _update(vault, one.name, one.current.document)
    return changed


def _add(vault: Parts, profile: PlainProfile, sealing_key: SealingKey) -> None:
    fresh = len(profile.id) != ID or profile.id.strip("0123456789abcdef")
    if fresh or any(row[0] == profile.id for row in rows_profiles.all_profiles(vault.store)):
        profile = replace(profile, id=random_bytes(ID // 2).hex())
    rows = []
    for it in profile.versions:
        key = sealing_key(it.key)
        data = it.document.reveal()
        members = profile_documents.encode(profile_documents.decode(data, profile.name))[1]
        sealed = vault.reader.seal_with(key, profile.id, it.version, data, profile_documents.TABLE)
        rows.append((profile.id, it.version, *key[:2], it.created, len(data), members, sealed))
    row = (
        profile.id,
        profile.name,
        int(profile.active),
        profile.version,
        profile.created,
        profile.updated,
    )
    rows_profiles.insert_whole(vault.store, row, rows)
    held = profile_documents.Documents(vault)
    for it in profile.versions:
        _compare(held.read(profile.name, it.version), it.document, profile.name)


def _update(vault: Parts, name: str, document: SecretBytes) -> bool:
    held = profiles.Profiles(vault)
    wanted = profile_documents.decode(document.reveal(), name)
    try:
        if held.version(name) and held.read(name) == wanted:
            return False
    except KeyUnusable:
        pass  # What cannot be read any more is not the same.
    held.add(name, wanted)
    _compare(held.read(name), document, name)
    return True


def _compare(found: dict[str, Any], wanted: SecretBytes, name: str) -> None:
    """Tampered unless the vault holds what was to be written."""
    if profile_documents.encode(found)[0] != wanted.reveal():
        raise Tampered(f"profile {name} was not written as it is in the file")

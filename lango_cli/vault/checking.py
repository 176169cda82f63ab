"""The check of everything that is sealed in a database, value by value.

The rule: a value is opened by the code that reads it; what is wrong is named by its secret and
version, and what is in it is looked at no further than its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import LangoError
from lango_cli.vault import profile_documents, rows_check, rows_look, rows_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.model import Progress
    from lango_cli.vault.parts import Parts

EVERY = 64
"""Values between two reports of progress."""


def values(vault: Parts, progress: Progress) -> Iterator[str]:
    """What is wrong with any version of any secret; not those lost with a destroyed key."""
    opener = vault.keys.opener()
    progress.start("opening values", rows_look.counts(vault.store)["versions"])
    for number, row in enumerate(rows_check.all_values(vault.store), 1):
        secret, name, version, key, key_version, size, sealed = row
        named = f"{f'secret id {secret}' if name is None else name}@{version}"
        which = (key, key_version)
        try:
            if data_key := opener(which):
                length = len(vault.reader.unseal_with(data_key, secret, version, which, sealed))
                if length != size:
                    yield f"{named}: it has {length} bytes, not {size}"
        except LangoError as err:
            yield f"{named}: {err.message}"
        if name is None:
            yield f"{named}: there is no such secret"
        if number % EVERY == 0:
            progress.advance(EVERY)


def documents(vault: Parts) -> Iterator[str]:
    """What is wrong with any version of any profile; not those lost with a destroyed key."""
    opener = vault.keys.opener()
    for row in rows_profiles.all_versions(vault.store):
        profile, name, version, key, key_version, size, members, sealed = row
        named = f"profile {f'id {profile}' if name is None else name}@{version}"
        which = (key, key_version)
        try:
            if data_key := opener(which):
                data = vault.reader.unseal_with(
                    data_key, profile, version, which, sealed, profile_documents.TABLE
                )
                found = profile_documents.encode(profile_documents.decode(data, str(name)))
                if (len(found[0]), found[1]) != (size, members):
                    yield f"{named}: it is not as large as it should be"
        except LangoError as err:
            yield f"{named}: {err.message}"
        if name is None:
            yield f"{named}: there is no such profile"


def wrapped_keys(vault: Parts) -> Iterator[str]:
    """What is wrong with any version of any key."""
    for key, name, version in rows_check.all_key_versions(vault.store):
        named = f"{f'key id {key}' if name is None else f'key {name}'}, version {version}"
        if name is None:
            yield f"{named}: there is no such key"
        try:
            vault.keys.check(key, version)
        except LangoError as err:
            yield f"{named}: {err.message}"


def references(vault: Parts) -> Iterator[str]:
    """Rows that refer to what is not there."""
    for name in rows_check.without_current(vault.store):
        yield f"{name}: its current version is not there"
    for name in rows_profiles.without_current(vault.store):
        yield f"profile {name}: its last version is not there"
    if rows_profiles.count(vault.store) and rows_profiles.active(vault.store) is None:
        yield "no profile is the active one"
    for what, count in rows_check.dangling(vault.store):
        yield f"{what}: {count}"

"""Secrets in clear: as they come out of a vault, and out of a plaintext SQLite file.

The rule: both are the same value type, so that what was written is compared by reading it back
with the reader of the other side. Times are milliseconds since 1970 UTC in the vault and RFC 3339
with milliseconds in the file; a value is bytes in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lango_cli.errors import (
    Conflict,
    InvalidName,
    KeyUnusable,
    LangoError,
    Tampered,
    TooLarge,
)
from lango_cli.passing import Passing
from lango_cli.secret import SecretBytes
from lango_cli.vault import plain_profiles, rows_look, rows_plain, store_copy, store_plain
from lango_cli.vault.keys import DESTROYED, DISABLED
from lango_cli.vault.names import check_name, check_tags
from lango_cli.vault.plain_cells import milliseconds_of, text_of, time_text, whole
from lango_cli.vault.reader import VALUE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.crypto.keys import DataKey
    from lango_cli.model import Progress
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.plain_profiles import PlainProfile
    from lango_cli.vault.store import Store

TIMES = (3, 4, 5, 6, 7, 11)
"""Where a row of secrets has times."""
BATCH = 200
"""Secrets that are written at once."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many secrets and profiles were written; how many versions are lost with their key."""

    secrets: int
    lost: int
    profiles: int


@dataclass(frozen=True, slots=True)
class PlainVersion:
    """One version; `created` in milliseconds UTC, `key` the name of its data key."""

    version: int
    created: int
    key: str
    value: SecretBytes


@dataclass(frozen=True, slots=True)
class PlainSecret:
    """A secret with all its versions. `row`: the columns of the vault's table, in their order."""

    row: tuple[Any, ...]
    tags: tuple[str, ...]
    versions: tuple[PlainVersion, ...]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row[0])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.row[1])

    @property
    def deleted(self) -> bool:
        """Whether it is in the trash."""
        return self.row[6] is not None

    @property
    def current(self) -> PlainVersion | None:
        """The version that is read when none is named; None if its key is destroyed."""
        return next((one for one in self.versions if one.version == self.row[2]), None)


class Opener:
    """Secrets out of `source`, which is the vault's own database or a snapshot of it.

    A version whose key is destroyed is lost, and counted in `lost`; a disabled key is a refusal
    (KeyUnusable, 44), because what comes out here is read by others.
    """

    def __init__(self, vault: Parts, source: Store) -> None:
        self.lost = 0
        self._vault = vault
        self._source = source
        self._keys: dict[tuple[str, int], DataKey | None] = {}

    def all(self) -> Iterator[PlainSecret]:
        """Every secret of which the current version is not lost, by id."""
        self.lost = 0
        for row in rows_plain.all_secrets(self._source):
            secret = self._secret(row)
            if secret.current is not None:
                yield secret

    def one(self, secret: str) -> PlainSecret:
        """One secret as it is now; Tampered if it is not there."""
        row = rows_plain.one_secret(self._source, secret)
        if row is None:
            raise Tampered("a secret that was just written is not there")
        return self._secret(row)

    def _secret(self, row: tuple[Any, ...]) -> PlainSecret:
        versions = []
        for version, created, name, *which, sealed in rows_plain.versions(self._source, row[0]):
            key = self.key_of(which[0], which[1], f"{row[1]}@{version}")
            if key is None:
                self.lost += 1
                continue
            data = self._vault.reader.unseal_with(
                key, row[0], version, (which[0], which[1]), sealed
            )
            versions.append(PlainVersion(version, created, name, SecretBytes(data)))
        return PlainSecret(row, rows_plain.tags(self._source, row[0]), tuple(versions))

    def profiles(self) -> list[PlainProfile]:
        """Every profile of which the last version is not lost, by id."""
        found, lost = plain_profiles.from_vault(self._vault, self._source, self.key_of)
        self.lost += lost
        return found

    def key_of(self, key: str, version: int, named: str) -> DataKey | None:
        """The key that sealed what is `named`, None if it is destroyed."""
        if (key, version) not in self._keys:
            found = self._vault.keys.stored(key, version)
            try:
                found.refuse(DISABLED)
            except KeyUnusable as err:
                raise KeyUnusable(f"{named}: {err.message}", hint=err.hint) from None
            usable = None if found.state == DESTROYED else self._vault.keys.data_key(found)
            self._keys[key, version] = usable
        return self._keys[key, version]


def from_file(store: Store) -> Iterator[PlainSecret]:
    """Every secret of a plaintext file, by id, with everything about it checked.

    InvalidName, TooLarge, or Tampered, naming the secret and never a value.
    """
    for row in store_plain.plain_secrets(store):
        try:
            yield _from_file(store, row)
        except LangoError as err:
            name = row[1] if isinstance(row[1], str) else f"id {row[0]!s:.40}"
            hint = store_plain.HINT if isinstance(err, Tampered) else err.hint
            raise type(err)(f"{store.path}: {name}: {err.message}", hint=hint) from None


def _from_file(store: Store, row: tuple[Any, ...]) -> PlainSecret:
    cells = list(row)
    for at in TIMES:
        cells[at] = None if at > 5 and row[at] is None else milliseconds_of(row[at])
    if not isinstance(row[1], str):
        raise InvalidName("a name is a text")
    if check_name(row[1]) != row[1]:
        raise InvalidName("its name is not in NFC")
    for at in (0, 9, 10):
        text_of(row[at])
    for at in (2, 8, 12):
        if not (at == 8 and row[at] is None):
            whole(row[at])
    tags = store_plain.plain_tags(store, row[0])
    known = check_tags([text_of(tag) for tag in tags])
    versions = tuple(_version(*found) for found in store_plain.plain_versions(store, row[0]))
    found = PlainSecret(tuple(cells), known, versions)
    _check_numbers(versions, row[2])
    return found


def _check_numbers(versions: tuple[PlainVersion, ...], current: int) -> None:
    numbers = {one.version for one in versions}
    if len(numbers) != len(versions):
        raise Tampered("a version of it is there twice")
    if current not in numbers:
        raise Tampered("its current version is not there")


def _version(version: object, created: object, key: object, value: object) -> PlainVersion:
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        raise Tampered("a value is neither a blob nor a text")
    if len(value) > VALUE_LIMIT:
        raise TooLarge(f"a value is over {VALUE_LIMIT} bytes")
    if not whole(version):
        raise Tampered("versions are numbers from 1")
    return PlainVersion(whole(version), milliseconds_of(created), text_of(key), SecretBytes(value))


def refuse_doubles(store: Store) -> None:
    """Conflict if two live secrets of a plaintext file have one name."""
    seen: set[str] = set()
    for row in store_plain.plain_secrets(store):
        if row[6] is None and row[1] in seen:
            raise Conflict(f"{store.path}: two live secrets are called {row[1]}", hint="mend it")
        if row[6] is None:
            seen.add(row[1])
    if store_plain.plain_orphans(store):
        raise Tampered(f"{store.path} has tags or versions that belong to no secret")


def export_plain(vault: Parts, path: str, progress: Progress) -> Written:
    """Write every secret in clear to a new file. Conflict if the file exists.

    The file is read back and compared before it gets its name. That it is written is recorded
    before the first value leaves the vault.
    """
    with Passing(path) as passing:
        vault.audit.append_read(vault.audit.event("db.decrypt", _shown(path), "begun"))
        key, page_size = vault.bundle.database, vault.envelope.page_size
        source = store_copy.snapshot(vault.store, key, page_size)
        try:
            _write(vault, source, passing.name, progress)
            written = _compare(vault, source, passing.name, progress)
        finally:
            source.abandon()
        passing.publish()
        detail = f"{written.secrets} secrets, {written.lost} versions lost"
        vault.audit.append_read(vault.audit.event("db.decrypt", _shown(path), detail=detail))
    return written


def _write(vault: Parts, source: Store, path: str, progress: Progress) -> None:
    target = store_plain.create_plain(path)
    try:
        facts = (
            ("generation", str(vault.envelope.generation)),
            ("made_at", time_text(int(vault.clock() * 1000))),
            ("vault", vault.id),
        )
        store_plain.insert(target, "lango", facts)
        store_plain.insert(target, "keys", rows_plain.keys(source))
        progress.start("writing", _count(source))
        batch: list[PlainSecret] = []
        opener = Opener(vault, source)
        for secret in opener.all():
            batch.append(secret)
            if len(batch) == BATCH or sum(map(_weight, batch)) > VALUE_LIMIT:
                _insert(target, batch)
                progress.advance(len(batch))
                batch = []
        _insert(target, batch)
        plain_profiles.insert(target, opener.profiles())
        store_plain.finish_plain(target)
    finally:
        target.abandon()


def _weight(secret: PlainSecret) -> int:
    return sum(len(one.value) for one in secret.versions)


def _insert(target: Store, batch: list[PlainSecret]) -> None:
    rows = []
    for secret in batch:
        cells = list(secret.row)
        for at in TIMES:
            cells[at] = None if cells[at] is None else time_text(cells[at])
        rows.append(tuple(cells))
    store_plain.insert(target, "secrets", rows)
    store_plain.insert(target, "tags", [(one.id, tag) for one in batch for tag in one.tags])
    versions = [
        (one.id, it.version, time_text(it.created), it.key, it.value.reveal())
        for one in batch
        for it in one.versions
    ]
    store_plain.insert(target, "versions", versions)


def _compare(vault: Parts, source: Store, path: str, progress: Progress) -> Written:
    """Tampered unless the file holds exactly what the vault does."""
    progress.start("comparing", _count(source))
    written = store_plain.open_plain(path)
    opener = Opener(vault, source)
    count = 0
    try:
        for ours, theirs in zip(opener.all(), from_file(written), strict=True):
            if ours != theirs:
                raise Tampered(f"{ours.name} was not written as it is")
            count += 1
            progress.advance()
        profiles = opener.profiles()
        if profiles != list(plain_profiles.from_file(written)):
            raise Tampered("a profile was not written as it is")
    except ValueError:
        raise Tampered("the file does not hold as many secrets as the vault") from None
    finally:
        written.abandon()
    return Written(count, opener.lost, len(profiles))


def _count(source: Store) -> int:
    return rows_look.counts(source)["secrets"]


def _shown(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()

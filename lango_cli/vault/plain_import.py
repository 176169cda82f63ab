"""Taking a plaintext file into the vault: one transaction, safe to repeat.

The rule: a live secret is known by its name, one in the trash by its id. What is new comes with
its whole history; a value that differs becomes a new version, as if somebody had stored it, and
what is said about it is taken over; what is the same is left alone. Every row that was written is
read back and compared before the transaction ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import KeyNotFound, KeyUnusable, Tampered, UsageProblem
from lango_cli.vault import plain_profiles, rows, rows_plain, store_plain
from lango_cli.vault.ask_first import asks_first
from lango_cli.vault.plain import BATCH, Opener, from_file, refuse_doubles

if TYPE_CHECKING:
    from lango_cli.crypto.keys import DataKey
    from lango_cli.model import Progress
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.plain import PlainSecret
    from lango_cli.vault.store import Store

ID = 32
"""Hex digits of a secret's id."""
SAID = (7, 8, 9, 10)
"""Where a row of secrets says what a person said: expiry, rotation, note, owner."""


@dataclass(slots=True)
class Taken:
    """What an import did, or would do."""

    new: int = 0
    changed: int = 0
    same: int = 0
    profiles: int = 0
    """Profiles that were new or changed."""


class _DryRun(Exception):
    """No error: it ends a transaction of which nothing is to stay."""


@asks_first
def import_plain(vault: Parts, path: str, progress: Progress, *, dry_run: bool) -> Taken:
    """Take the secrets of a plaintext file in; `dry_run`: do all of it and keep nothing."""
    source = store_plain.open_plain(path)
    try:
        refuse_doubles(source)
        progress.start("taking in", store_plain.plain_count(source))
        work = _Import(vault, progress)
        try:
            with vault.store.write():
                work.take_all(source)
                _record(vault, path, work.taken)
                _end(dry_run)
        except _DryRun:
            pass
    finally:
        source.abandon()
    return work.taken


def _end(dry_run: bool) -> None:
    if dry_run:
        raise _DryRun


def _record(vault: Parts, path: str, taken: Taken) -> None:
    shown = path.encode("utf-8", "backslashreplace").decode()
    detail = f"{taken.new} new, {taken.changed} changed, {taken.same} the same"
    if taken.profiles:
        detail += f", {taken.profiles} profiles"
    vault.audit.append(vault.audit.event("db.encrypt", shown, detail=detail))


class _Import:
    """One import, inside a write."""

    def __init__(self, vault: Parts, progress: Progress) -> None:
        self.taken = Taken()
        self._vault = vault
        self._store = vault.store
        self._progress = progress
        self._opener = Opener(vault, vault.store)
        self._now = int(vault.clock() * 1000)
        self._keys: dict[str, tuple[str, int, DataKey]] = {}
        self._batch: list[PlainSecret] = []
        self._size = 0
        self._ids: set[str] = set()

    def take_all(self, source: Store) -> None:
        """Every secret of the file."""
        self._ids = rows_plain.ids(self._store)
        for secret in from_file(source):
            self._take(secret)
            self._progress.advance()
        self._write_batch()
        self.taken.profiles = plain_profiles.take(self._vault, source, self._key)

    def _take(self, secret: PlainSecret) -> None:
        known = None if secret.deleted else rows.live(self._store, secret.name)
        if known is not None:
            self._update(known[0], secret)
        elif secret.deleted and secret.id in self._ids:
            self.taken.same += 1
        else:
            self._add(secret)

    def _add(self, secret: PlainSecret) -> None:
        fresh = len(secret.id) != ID or secret.id.strip("0123456789abcdef")
        if fresh or secret.id in self._ids:
            secret = replace(secret, row=(random_bytes(ID // 2).hex(), *secret.row[1:]))
        self._ids.add(secret.id)
        self._batch.append(secret)
        self._size += sum(len(one.value) for one in secret.versions)
        self.taken.new += 1
        if len(self._batch) == BATCH or self._size > 1 << 24:
            self._write_batch()

    def _write_batch(self) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        rows_plain.insert_secrets(self._store, [one.row for one in batch])
        rows_plain.insert_tags(self._store, [(one.id, tag) for one in batch for tag in one.tags])
        sealed = []
        for one in batch:
            for it in one.versions:
                key = self._key(it.key)
                data = it.value.reveal()
                blob = self._vault.reader._seal(one.id, it.version, key, data)
                sealed.append((one.id, it.version, *key[:2], it.created, len(data), blob))
        rows_plain.insert_versions(self._store, sealed)
        for one in batch:
            self._compare(one)

    def _compare(self, wanted: PlainSecret) -> None:
        """Tampered unless the vault holds the secret as it was to be written, its keys aside."""
        found = self._opener.one(wanted.id)
        pairs = list(zip(found.versions, wanted.versions, strict=False))
        if (
            (found.row, found.tags) != (wanted.row, wanted.tags)
            or len(found.versions) != len(wanted.versions)
            or any(replace(one, key="") != replace(it, key="") for one, it in pairs)
        ):
            raise Tampered(f"{wanted.name} was not written as it is in the file")

    def _update(self, known: str, secret: PlainSecret) -> None:
        have = self._opener.one(known)
        wanted, said = secret.current, _said(secret)
        if wanted is None:
            raise Tampered(f"{secret.name}: its current version is not there")
        value = wanted.value
        if _value(have) == value and _said(have) == said:
            self.taken.same += 1
            return
        self.taken.changed += 1
        if _value(have) != value:
            version = rows.next_version(self._store, known)
            key = self._key(wanted.key)
            blob = self._vault.reader._seal(known, version, key, value.reveal())
            rows.insert_version(self._store, known, version, key[:2], len(value), blob, self._now)
        expires, rotate, note, owner = said[0]
        rows.set_columns(
            self._store,
            known,
            self._now,
            expires_at=expires,
            rotate_every=rotate,
            note=note,
            owner=owner,
        )
        rows.set_tags(self._store, known, secret.tags)
        now = self._opener.one(known)
        if _value(now) != value or _said(now) != said:
            raise Tampered(f"{secret.name} was not changed as it is in the file")

    def _key(self, name: str) -> tuple[str, int, DataKey]:
        """The key of this name; the one that seals new values where it cannot be used."""
        if name not in self._keys:
            try:
                self._keys[name] = self._vault.keys.active(name)
            except (KeyNotFound, KeyUnusable, UsageProblem):
                self._keys[name] = self._vault.keys.active()
        return self._keys[name]


def _value(secret: PlainSecret) -> SecretBytes | None:
    return None if secret.current is None else secret.current.value


def _said(secret: PlainSecret) -> tuple[tuple[object, ...], tuple[str, ...]]:
    return tuple(secret.row[at] for at in SAID), secret.tags

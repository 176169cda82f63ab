"""Secrets: versions from the first day, undo for everything but purge.

The rule: every write of a value makes a new version and sets the time the value changed; nothing
else does. A change and its audit record are one transaction. Deleting is moving to the trash, from
where the retention setting, or `purge`, removes for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.mac import hkdf_sha256, hmac_sha256, pack, random_bytes
from lango_cli.errors import Conflict, SecretNotFound, TooLarge
from lango_cli.secret import SecretBytes
from lango_cli.vault import rows, rows_exposed, rows_policies
from lango_cli.vault.ask_first import asks_first
from lango_cli.vault.names import check_name, check_prefix, check_tags
from lango_cli.vault.reader import VALUE_LIMIT, Reader, Value
from lango_cli.vault.shapes import exposures, secret_meta, version_meta

if TYPE_CHECKING:
    from builtins import list as List
    from collections.abc import Callable, Iterator, Sequence

    from lango_cli.model import SecretMeta, VersionMeta
    from lango_cli.vault.parts import Policy
    from lango_cli.vault.shapes import Exposure

UNCHANGED = -1.0
"""Stands for "leave as it is" where None means "none"."""


class Secrets:
    """All that can be done with the secrets of an open vault. Times are seconds UTC."""

    def __init__(self, reader: Reader, policy: Policy, tidy: Callable[[], None]) -> None:
        self.keys = reader._keys
        self._reader = reader
        self._policy = policy
        self._tidy = tidy
        self._store = reader._store
        self._audit = reader._audit

    def get(self, reference: str) -> Value:
        """The value of `NAME` or `NAME@3`, recorded as an access."""
        return self._reader.get(reference)

    @asks_first
    def set(
        self,
        name: str,
        value: SecretBytes,
        *,
        key: str | None = None,
        if_version: int | None = None,
        note: str | None = None,
        owner: str | None = None,
        tags: Sequence[str] | None = None,
        expires_at: float | None = UNCHANGED,
        rotate_every: float | None = UNCHANGED,
    ) -> SecretMeta:
        """A new version of a secret, or a new secret, sealed by data key `key` or the default.

        Conflict unless its current version is `if_version` (0: it must not exist); TooLarge above
        16 MiB.
        """
        name = check_name(name)
        if len(value) > VALUE_LIMIT:
            raise TooLarge(f"the value of {name} is over {VALUE_LIMIT} bytes")
        with self._store.write():
            found = rows.live(self._store, name)
            current = 0 if found is None else found[1]
            if if_version is not None and if_version != current:
                raise Conflict(_expected(name, if_version, current), hint=_look(name, current))
            secret = self._new(name) if found is None else found[0]
            version = self._add_version(secret, value, key)
            self._describe(secret, note, owner, tags, expires_at, rotate_every)
            if keep := self._policy.settled().versions:
                rows.drop_versions(self._store, secret, keep)
            self._record("secret.write", f"{name}@{version}")
            self._sweep()
            meta = self._meta(secret)
        self._tidy()
        return meta

    def edit(
        self,
        name: str,
        *,
        note: str | None = None,
        owner: str | None = None,
        tags: Sequence[str] | None = None,
        expires_at: float | None = UNCHANGED,
        rotate_every: float | None = UNCHANGED,
    ) -> SecretMeta:
        """Change what is known about a secret, not its value."""
        name = check_name(name)
        with self._store.write():
            secret, _ = self._live(name)
            self._describe(secret, note, owner, tags, expires_at, rotate_every)
            self._record("secret.edit", name)
            return self._meta(secret)

    def show(self, name: str) -> SecretMeta:
        """Everything but the value."""
        return self._meta(self._live(name)[0])

    def names(self, prefix: str = "") -> List[str]:
        """Names in byte order, all or those of a folder."""
        return rows.names(self._store, check_prefix(prefix))

    def list(self, prefix: str = "", *, deleted: bool = False) -> List[SecretMeta]:
        """Everything but the values, names in byte order."""
        return [*self.each(prefix, deleted=deleted)]

    def each(self, prefix: str = "", *, deleted: bool = False) -> Iterator[SecretMeta]:
        """`list`, one by one."""
        return map(secret_meta, rows.metas(self._store, prefix, deleted=deleted))

    def find(self, text: str) -> List[SecretMeta]:
        """Secrets with `text` in name, tag, note or owner, without regard to case."""
        wanted = text.casefold()
        return [
            meta
            for meta in self.each()
            if any(
                wanted in field.casefold()
                for field in (meta.name, meta.note, meta.owner, *meta.tags)
            )
        ]

    def history(self, name: str) -> List[VersionMeta]:
        """Its versions, newest first."""
        secret, current = self._live(name)
        return [version_meta(row, current) for row in rows.versions(self._store, secret)]

    def diff(self, name: str, left: int, right: int) -> tuple[str, str]:
        """Fingerprints of two versions: equal if and only if the values are."""
        secret, _ = self._live(name)
        found = (self._fingerprint(secret, name, left), self._fingerprint(secret, name, right))
        self._audit.append_read(self._audit.event("secret.diff", f"{name}@{left},{right}"))
        return found

    @asks_first
    def rollback(self, name: str, version: int) -> SecretMeta:
        """The value of an earlier version, as a new version."""
        with self._store.write():
            secret, _ = self._live(name)
            new = self._add_version(secret, self._open(secret, name, version))
            rows_exposed.hand_on(self._store, secret, new, (secret, version))
            self._record("secret.rollback", f"{name}@{new}", f"from {version}")
            return self._meta(secret)

    def delete(self, name: str) -> None:
        """To the trash."""
        name = check_name(name)
        with self._store.write():
            secret, _ = self._live(name)
            rows.set_columns(self._store, secret, self._now(), deleted_at=self._now())
            self._record("secret.delete", name)
            self._sweep()

    def undelete(self, name: str, new_name: str | None = None) -> SecretMeta:
        """Back from the trash, the one deleted last; Conflict if the name is taken by now."""
        name = check_name(name)
        target = name if new_name is None else check_name(new_name)
        with self._store.write():
            secret = rows.trashed(self._store, name)
            if secret is None:
                raise SecretNotFound(
                    f"no deleted secret named {name}",
                    hint="list them: lango secrets list --deleted",
                )
            self._free(target, f"lango secrets undelete {name} --as NEW")
            rows.set_columns(self._store, secret, self._now(), deleted_at=None, name=target)
            self._record("secret.undelete", target)
            return self._meta(secret)

    def purge(self, name: str) -> int:
        """Remove for good everything of this name, live and deleted; how many secrets that was."""
        name = check_name(name)
        with self._store.write():
            found = rows.everything_named(self._store, name)
            if not found:
                raise SecretNotFound(f"no secret named {name}, live or deleted")
            for secret in found:
                rows.purge(self._store, secret)
            self._record("secret.purge", name)
            return len(found)

    def rename(self, name: str, new_name: str) -> SecretMeta:
        """Another name for the same secret; no value is touched."""
        name, target = check_name(name), check_name(new_name)
        with self._store.write():
            secret, _ = self._live(name)
            if target != name:
                self._free(target, f"lango secrets delete {target}")
                rows.set_columns(self._store, secret, self._now(), name=target)
            self._record("secret.rename", name, f"to {target}")
            return self._meta(secret)

    @asks_first
    def copy(self, name: str, new_name: str) -> SecretMeta:
        """A second secret with the current value, metadata, policy; its history begins anew."""
        name, target = check_name(name), check_name(new_name)
        with self._store.write():
            secret, version = self._live(name)
            self._free(target, f"lango secrets delete {target}")
            value = self._open(secret, name, version)
            meta = self._meta(secret)
            twin = self._new(target)
            first = self._add_version(twin, value)
            rows_exposed.hand_on(self._store, twin, first, (secret, version))
            self._describe(
                twin, meta.note, meta.owner, meta.tags, meta.expires_at, meta.rotate_every
            )
            policy = rows_policies.policy(self._store, secret)
            rows_policies.replace_policy(self._store, twin, policy)
            self._record("secret.copy", name, f"to {target}")
            return self._meta(twin)

    def due(self, within: float) -> List[tuple[SecretMeta, str]]:
        """What has expired, expires within so many seconds, or is to be rotated by then."""
        now = self._reader._clock()
        found = []
        for meta in self.each():
            if meta.expires_at is not None and meta.expires_at <= now + within:
                found.append((meta, "expired" if meta.expires_at <= now else "expires"))
            elif meta.rotate_every and meta.value_changed_at + meta.rotate_every <= now + within:
                found.append((meta, "rotate"))
        return found

    def exposed(self) -> List[Exposure]:
        """The secrets of which somebody who lost the right to it could read a version."""
        return exposures(rows_exposed.exposed(self._store))

    def for_masking(self) -> Iterator[tuple[str, SecretBytes]]:
        """Name and value of every live secret, for a masker: one record together, no access.

        A disabled key's values too, which somebody may have read before; not a destroyed one's.
        """
        self._audit.append_read(self._audit.event("secret.masking", "*"))
        key_of = self.keys.opener()
        for secret, name, version, key_id, key_version, sealed in rows.values(self._store):
            which = (key_id, key_version)
            if key := key_of(which):
                data = self._reader.unseal_with(key, secret, version, which, sealed)
                yield name, SecretBytes(data)

    def count(self) -> int:
        """How many live secrets there are."""
        return rows.count_secrets(self._store)

    def _now(self) -> int:
        return int(self._reader._clock() * 1000)

    def _record(self, event: str, target: str, detail: str = "") -> None:
        self._audit.append(self._audit.event(event, target, detail=detail))

    def _live(self, name: str) -> tuple[str, int]:
        name = check_name(name)
        found = rows.live(self._store, name)
        if found is None:
            raise SecretNotFound(f"no secret named {name}")
        return found

    def _free(self, name: str, hint: str) -> None:
        if rows.live(self._store, name) is not None:
            raise Conflict(f"there is a secret named {name} already", hint=hint)

    def _new(self, name: str) -> str:
        secret = random_bytes(16).hex()
        rows.insert_secret(self._store, secret, name, self._now())
        return secret

    def _add_version(self, secret: str, value: SecretBytes, name: str | None = None) -> int:
        key = self.keys.active(name)
        version = rows.next_version(self._store, secret)
        sealed = self._reader._seal(secret, version, key, value.reveal())
        self.keys.note_use(self._now())
        rows.insert_version(self._store, secret, version, key[:2], len(value), sealed, self._now())
        return version

    def _open(self, secret: str, name: str, version: int) -> SecretBytes:
        known = 0 < version < 1 << 53
        row = rows.sealed_version(self._store, secret, version) if known else None
        if row is None:
            raise self._reader._not_found(name, version)
        key_id, key_version, sealed = row
        return SecretBytes(self._reader._unseal(secret, version, (key_id, key_version), sealed))

    def _fingerprint(self, secret: str, name: str, version: int) -> str:
        value = self._open(secret, name, version)
        vault = self._reader._vault
        key = hkdf_sha256(self._audit._key.reveal(), vault, b"lango/fingerprint/v1")
        return hmac_sha256(key, pack(vault, value.reveal())).hex()[:32]

    def _describe(
        self,
        secret: str,
        note: str | None,
        owner: str | None,
        tags: Sequence[str] | None,
        expires_at: float | None,
        rotate_every: float | None,
    ) -> None:
        columns: dict[str, object] = {}
        if note is not None:
            columns["note"] = note
        if owner is not None:
            columns["owner"] = owner
        if expires_at != UNCHANGED:
            columns["expires_at"] = None if expires_at is None else int(expires_at * 1000)
        if rotate_every != UNCHANGED:
            columns["rotate_every"] = None if rotate_every is None else int(rotate_every)
        if columns:
            rows.set_columns(self._store, secret, self._now(), **columns)
        if tags is not None:
            rows.set_tags(self._store, secret, check_tags(tags))

    def _meta(self, secret: str) -> SecretMeta:
        row = rows.meta_of(self._store, secret)
        if row is None:
            raise SecretNotFound("the secret is gone")
        return secret_meta(row)

    def _sweep(self) -> None:
        """Remove what has been in the trash longer than the retention setting; inside a write."""
        if self._policy.settled().retention:
            before = self._now() - int(self._policy.retention * 1000)
            for secret, name in rows.overdue_trash(self._store, before):
                rows.purge(self._store, secret)
                self._record("secret.purge", name, "retention")


def _look(name: str, current: int) -> str:
    return f"see its versions: lango secrets history {name}" if current else ""


def _expected(name: str, wanted: int, current: int) -> str:
    if not current:
        return f"{name} does not exist, version {wanted} was expected"
    if not wanted:
        return f"{name} exists already, at version {current}"
    return f"{name} is at version {current}, not {wanted}"

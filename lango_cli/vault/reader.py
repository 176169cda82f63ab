"""Reading one value: the whole of what `lango secrets get` asks of the vault.

The rule: the value is opened first, its audit record follows. A sealed value is bound by its
associated data to vault, table, secret id, version and key, so a row that was moved or swapped
does not open.
"""

from __future__ import annotations

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.mac import pack
from lango_cli.errors import KeyUnusable, SecretNotFound, Tampered
from lango_cli.secret import SecretBytes
from lango_cli.vault import rows
from lango_cli.vault.names import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lango_cli.crypto.keys import DataKey
    from lango_cli.vault.audit import AuditLog
    from lango_cli.vault.keys import Keys
    from lango_cli.vault.store import Store

VALUE_FORMAT = b"\x01"
VALUE_LIMIT = 16 << 20
"""Bytes a value may have."""


class Value:
    """A value that was read. `expires_at` is seconds since 1970 UTC, None for never."""

    __slots__ = ("current", "expires_at", "name", "value", "version")

    def __init__(
        self, name: str, version: int, current: bool, expires_at: float | None, value: SecretBytes
    ) -> None:
        self.name = name
        self.version = version
        self.current = current
        self.expires_at = expires_at
        self.value = value


SECRETS = b"secrets"
"""The table that the seal of a secret's value is bound to."""


def context_ends(
    vault: bytes, key: tuple[str, int], table: bytes = SECRETS
) -> tuple[bytes, bytes]:
    """What stands before and after `context_middle` for all values of a key's version."""
    before = VALUE_FORMAT + pack(b"lango/value/v1", vault, table)
    return before, pack(key[0].encode(), key[1].to_bytes(8, "big"))


def context_middle(secret: str, version: int) -> bytes:
    """The part of a value's context that is its own, under whatever key."""
    return pack(secret.encode(), version.to_bytes(8, "big"))


def value_context(
    vault: bytes, secret: str, version: int, key: tuple[str, int], table: bytes = SECRETS
) -> bytes:
    """What a sealed value is bound to; `key` is its id and version."""
    before, after = context_ends(vault, key, table)
    return before + context_middle(secret, version) + after


class Reader:
    """Values out of an open vault."""

    def __init__(
        self, store: Store, keys: Keys, audit: AuditLog, vault: bytes, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._vault = vault
        self._clock = clock

    def get(self, reference: str) -> Value:
        """The value of `NAME` or `NAME@3`, recorded as an access; else SecretNotFound."""
        secret, value = self._find(reference)
        self._record(self._audit.event("secret.read", f"{value.name}@{value.version}"), secret)
        return value

    def take(
        self, references: Sequence[str], event: Callable[[Sequence[str]], dict[str, Any]]
    ) -> dict[str, Value]:
        """The values of all these: one access, one record, which is `event` of `NAME@version`s."""
        found = {reference: self._find(reference) for reference in references}
        read = sorted({f"{value.name}@{value.version}" for _, value in found.values()})
        self._record(event(read), *(secret for secret, _ in found.values()))
        return {reference: value for reference, (_, value) in found.items()}

    def _find(self, reference: str) -> tuple[str, Value]:
        """Id and value; what is not there is on record as asked for."""
        name, version = split_reference(reference)
        row = rows.read_value(self._store, name, version)
        if row is None:
            self._audit.append_read(
                self._audit.event("secret.read", reference, outcome="not_found")
            )
            raise self._not_found(name, version)
        secret, _, current, expires_at, version, key_id, key_version, sealed = row
        try:
            value = SecretBytes(self._unseal(secret, version, (key_id, key_version), sealed))
        except KeyUnusable as err:
            refused = self._audit.event("secret.read", f"{name}@{version}", outcome="refused")
            self._audit.append_read(refused)
            raise KeyUnusable(f"{name}@{version}: {err.message}", hint=err.hint) from None
        expires = None if expires_at is None else expires_at / 1000
        return secret, Value(name, version, version == current, expires, value)

    def _record(self, event: dict[str, Any], *secrets: str) -> None:
        now = int(self._clock() * 1000)

        def note() -> None:
            for secret in dict.fromkeys(secrets):
                rows.touch(self._store, secret, now)
            self._keys.note_use(now)

        self._audit.append_read(event, then=note)

    def _not_found(self, name: str, version: int | None) -> SecretNotFound:
        found = None if version is None else rows.live(self._store, name)
        if found is None:
            return SecretNotFound(f"no secret named {name}")
        return SecretNotFound(
            f"{name} has no version {version}",
            hint=f"see which it has: lango secrets history {name}",
        )

    def _seal(
        self, secret: str, version: int, key: tuple[str, int, DataKey], data: bytes
    ) -> bytes:
        return self.seal_with(key, secret, version, data, SECRETS)

    def seal_with(
        self, key: tuple[str, int, DataKey], owner: str, version: int, data: bytes, table: bytes
    ) -> bytes:
        """One value of whatever table has sealed ones; `owner` is the id it belongs to."""
        context = value_context(self._vault, owner, version, key[:2], table)
        return VALUE_FORMAT + seal(key[2], data, context)

    def _unseal(self, secret: str, version: int, key: tuple[str, int], sealed: bytes) -> bytes:
        return self.unseal_with(self._keys.version(*key), secret, version, key, sealed)

    def unseal_with(
        self,
        opener: DataKey,
        secret: str,
        version: int,
        key: tuple[str, int],
        sealed: bytes,
        table: bytes = SECRETS,
    ) -> bytes:
        """One value, opened by the key that it names, whatever state that is in."""
        if sealed[:1] != VALUE_FORMAT:
            raise Tampered("a value is in no format that lango knows")
        context = value_context(self._vault, secret, version, key, table)
        return unseal(opener, sealed[1:], context)

"""Data keys: random, stored wrapped, each with versions; one of them is the default.

The rule: a wrapped key is bound by its associated data to vault, key id and version, so that no
row can be passed off as another. An unknown key is an error, never the default's turn.
"""

from __future__ import annotations

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import AuditKey, DataKey
from lango_cli.crypto.mac import pack, random_bytes
from lango_cli.errors import KeyNotFound, Tampered
from lango_cli.vault import rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.crypto.keys import WrappingKey
    from lango_cli.vault.store import Store

DEFAULT_NAME = "default"
ENCRYPTION = "encryption"


class Keys:
    """The data keys of an open vault; an unwrapped key is kept until the vault closes."""

    def __init__(self, store: Store, wrapping: WrappingKey, vault: bytes) -> None:
        self._store = store
        self._wrapping = wrapping
        self._vault = vault
        self._open: dict[tuple[str, int], DataKey] = {}

    def create_default(self, now: int) -> None:
        """The vault's first data key, version 1; inside a write. `now` in milliseconds UTC."""
        key_id = random_bytes(8).hex()
        context = _context(self._vault, key_id, 1)
        wrapped = seal(self._wrapping, random_bytes(32), context)
        rows.insert_key(self._store, key_id, DEFAULT_NAME, ENCRYPTION, now)
        rows.insert_key_version(self._store, key_id, 1, wrapped, now)

    def active(self, name: str | None = None) -> tuple[str, int, DataKey]:
        """Id, newest active version and key of that name, or of the one that seals new values."""
        found = rows.active_key(self._store, ENCRYPTION, name)
        if found is None and name is None:
            raise Tampered("the vault has no default data key")
        if found is None:
            raise KeyNotFound(f"no active data key called {name}", hint="leave out --key")
        key_id, version = found
        return key_id, version, self.version(key_id, version)

    def version(self, key_id: str, version: int) -> DataKey:
        """One version of a key; Tampered if a value names one that is not there."""
        key = self._open.get((key_id, version))
        if key is None:
            wrapped = rows.wrapped_key(self._store, key_id, version)
            if wrapped is None:
                raise Tampered("a value names a data key that the vault does not have")
            key = DataKey(unseal(self._wrapping, wrapped, _context(self._vault, key_id, version)))
            self._open[key_id, version] = key
        return key


def _context(vault: bytes, key_id: str, version: int) -> bytes:
    return pack(b"lango/data-key/v1", vault, key_id.encode(), version.to_bytes(8, "big"))


def rewrap_all(store: Store, old: WrappingKey, new: WrappingKey, vault: bytes) -> int:
    """Wrap every key under the next generation's key; inside a write. How many that were."""
    changed = [
        (seal(new, unseal(old, wrapped, context), context), key_id, version)
        for key_id, version, wrapped in rows.wrapped_keys(store)
        for context in (_context(vault, key_id, version),)
    ]
    store.run_many(rows.REWRAP, changed)
    return len(changed)


def wrap_audit_key(wrapping: WrappingKey, vault: bytes, key: AuditKey) -> bytes:
    """The audit key as the database keeps it."""
    return seal(wrapping, key.reveal(), pack(b"lango/audit-key/v1", vault))


def unwrap_audit_key(wrapping: WrappingKey, vault: bytes, wrapped: bytes) -> AuditKey:
    """The audit key out of the database; Tampered if it is not this vault's."""
    return AuditKey(unseal(wrapping, wrapped, pack(b"lango/audit-key/v1", vault)))

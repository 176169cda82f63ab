"""The key hierarchy: one type per purpose, so that none can stand in for another.

Per generation a random 32-byte master key; HKDF-SHA256 children with label `lango/<purpose>/v1`
and the vault id as salt. Data keys, the audit key and the identity seed are random and wrapped.
"""

from __future__ import annotations

from lango_cli.crypto.mac import hkdf_sha256, random_bytes
from lango_cli.secret import SecretBytes

KEY_BYTES = 32


class MasterKey(SecretBytes):
    """Random, per generation; only slots hold it."""

    __slots__ = ()


class DatabaseKey(SecretBytes):
    """SQLCipher's raw key."""

    __slots__ = ()


class WrappingKey(SecretBytes):
    """Wraps data keys, the audit key and the identity seed."""

    __slots__ = ()


class HeaderKey(SecretBytes):
    """Authenticates the header."""

    __slots__ = ()


class DataKey(SecretBytes):
    """Seals values."""

    __slots__ = ()


class SigningKey(SecretBytes):
    """Signs what scripts give it: a seed, a scalar or a MAC key, always 32 bytes."""

    __slots__ = ()


class AuditKey(SecretBytes):
    """Chains audit records and seals pending ones."""

    __slots__ = ()


class ApprovalKey(SecretBytes):
    """Seals grants, and what askers and answerers say to one another."""

    __slots__ = ()


class SlotKey(SecretBytes):
    """A slot's key-encryption key."""

    __slots__ = ()


def new_master_key() -> MasterKey:
    """32 random bytes."""
    return MasterKey(random_bytes(KEY_BYTES))


def database_key(master: MasterKey, vault_id: bytes) -> DatabaseKey:
    """HKDF child for SQLCipher."""
    return DatabaseKey(_child(master, vault_id, "database"))


def wrapping_key(master: MasterKey, vault_id: bytes) -> WrappingKey:
    """HKDF child that wraps stored keys."""
    return WrappingKey(_child(master, vault_id, "wrapping"))


def header_key(master: MasterKey, vault_id: bytes) -> HeaderKey:
    """HKDF child for the header's MAC."""
    return HeaderKey(_child(master, vault_id, "header"))


def _child(master: MasterKey, vault_id: bytes, purpose: str) -> bytes:
    return hkdf_sha256(master.reveal(), vault_id, f"lango/{purpose}/v1".encode())

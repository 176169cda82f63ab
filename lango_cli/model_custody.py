"""The door to what keeps keys outside the vault: a KMS, an HSM, a TPM, a companion.

The rule: a custodian is one key at one place, both named by its URI. It wraps 32-byte keys and
signs, and never sees what the vault keeps. Every error is a `CustodyError` or `Tampered`, mapped
by code and never by text, whose message names provider, operation and key:

    CustodyUnavailable   unreachable, or throttled: tried again, and the one reason to fall back
    CustodyDenied        it answers, and refuses: credentials, rights, PIN
    KeyNotFound          no such key, or one that is not of the kind
    KeyUnusable          the key is disabled, waits for deletion or is destroyed
    MissingExtra         the SDK is not installed
    Tampered             what was wrapped is damaged, another key's, or of another context
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.secret import SecretBytes

KEY_BYTES = 32
"""What is wrapped is this long, always."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a wrapped key is bound to: it opens with the same two alone."""

    vault: str
    """32 hex digits."""
    slot: str
    """A slot's 12 hex digits, or the name of what else the key is for."""

    def pairs(self) -> dict[str, str]:
        """As AWS wants it: an encryption context."""
        return {"lango:slot": self.slot, "lango:vault": self.vault}

    def packed(self) -> bytes:
        """As one string of bytes for everything else: each part after its length (4 bytes)."""
        parts = (b"lango/custody/v1", bytes.fromhex(self.vault), self.slot.encode())
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@dataclass(frozen=True, slots=True)
class Health:
    """What a custodian says of itself, without the right to decrypt."""

    provider: str
    """`aws-kms`, `gcp-kms`, `azure-kv`, `pkcs11`, `tpm2`, `rpc` or `local`."""
    key: str
    """The key as the provider calls it; never a secret."""
    usable: bool
    reason: str = ""
    """Why not, where it is not; empty where it is."""
    algorithm: str = ""
    """What kind of key it is, in the provider's words."""
    purpose: str = ""
    """`wrap`, `sign`, or empty where not known."""
    version: str = ""
    """The key's version, where there are versions."""
    milliseconds: int = 0
    remark: str = ""
    """What could be better about the key, such as that it may leave its place."""


class Custodian(Protocol):
    """One key kept elsewhere. One suite runs against every implementation."""

    @property
    def provider(self) -> str:
        """See `Health.provider`; every wrapped key and signature is kept beside it."""

    @property
    def key(self) -> str:
        """See `Health.key`."""

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Encrypt a 32-byte key, bound to `context`."""

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`; Tampered unless it was this key's, whole, and of this context."""

    def sign(self, message: bytes) -> bytes:
        """ECDSA over the SHA-256 of `message`, as DER."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether a signature is this key's over this message."""

    def public_key(self) -> bytes:
        """The public half of a signing key, as PEM."""

    def describe(self) -> Health:
        """Whether it answers; raises no CustodyError, needs no right to decrypt."""

    def close(self) -> None:
        """Let go of sessions, connections and processes."""


@runtime_checkable
class Rewrapping(Protocol):
    """A custodian that wraps anew what it wrapped, without the key leaving it."""

    def rewrap(self, wrapped: bytes, context: Context) -> bytes:
        """The same key under the newest version of what wraps it."""


@runtime_checkable
class SigningMany(Protocol):
    """A custodian to which many messages cost less together than one by one."""

    def sign_all(self, messages: Iterable[bytes]) -> list[bytes]:
        """`sign` of each, in their order, or an error and none; one message is held at a time."""


@runtime_checkable
class Generating(Protocol):
    """A custodian that makes the key that it wraps.

    Whoever unwraps a key sees it, so that a custodian which knew the keys it makes would learn
    nothing that it is not given at every unlock: trust in its random numbers is no more trust. And
    nothing is to be mixed in: what is wrapped opens to its own bytes alone, and a salt that stands
    beside it in clear (as that of a slot does) is no secret to whoever has the header.
    """

    def generate(self, context: Context) -> tuple[SecretBytes, bytes]:
        """A new 32-byte key, and what `unwrap` gives it back from."""

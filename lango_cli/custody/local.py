"""A custodian in software: an AES-256 key that wraps, or a P-256 key that signs.

What a companion without hardware serves, and what the suite of all custodians begins with. It is
no way to keep a vault: a key in a file beside it is a keyfile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto import signing
from lango_cli.crypto.aead import seal, unseal
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import PUBLIC_KEY, SIGN, UNWRAP, VERIFY, WRAP, Where
from lango_cli.errors import KeyUnusable
from lango_cli.model_custody import Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from lango_cli.crypto.keys import SigningKey
    from lango_cli.model_custody import Context

PROVIDER = "local"


class LocalCustodian:
    """A `Custodian` with one of the two keys; the other kind of operation is refused."""

    provider = PROVIDER

    def __init__(
        self, name: str, *, wrapping: SecretBytes | None = None, signing: SigningKey | None = None
    ) -> None:
        self.key = name
        self._where = Where(PROVIDER, name)
        self._wrapping = wrapping
        self._signing = signing

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """AES-256-GCM with the context as AAD."""
        check_key(data)
        return seal(self._wrapping_key(WRAP), data.reveal(), context.packed())

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`."""
        check_wrapped(wrapped)
        return SecretBytes(unseal(self._wrapping_key(UNWRAP), wrapped, context.packed()))

    def sign(self, message: bytes) -> bytes:
        """ECDSA P-256 over SHA-256, as DER."""
        return signing.sign(signing.ECDSA_P256, self._signing_key(SIGN), message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's."""
        return signing.verify(signing.ECDSA_P256, self._signing_key(VERIFY), message, signature)

    def public_key(self) -> bytes:
        """The public half as PEM."""
        pem = signing.public_pem(signing.ECDSA_P256, self._signing_key(PUBLIC_KEY))
        assert pem is not None, "ECDSA has a public half"
        return pem.encode()

    def describe(self) -> Health:
        """Always usable."""
        wraps = self._wrapping is not None
        return Health(
            PROVIDER,
            self.key,
            usable=True,
            algorithm="AES-256-GCM" if wraps else "ECDSA P-256",
            purpose="wrap" if wraps else "sign",
        )

    def close(self) -> None:
        """Nothing is held."""

    def _wrapping_key(self, operation: str) -> SecretBytes:
        if self._wrapping is None:
            raise self._where.problem(KeyUnusable, operation, "this key only signs")
        return self._wrapping

    def _signing_key(self, operation: str) -> SigningKey:
        if self._signing is None:
            raise self._where.problem(KeyUnusable, operation, "this key only wraps")
        return self._signing

"""AES-256-GCM with a 96-bit random nonce (NIST SP 800-38D): nonce, ciphertext, 128-bit tag.

Why the binding and not `cryptography.hazmat.primitives.ciphers.aead`: it is the same Rust class,
which that module re-exports behind an import chain that costs more than the bare interpreter.
"""

from __future__ import annotations

from cryptography.hazmat.bindings._rust import openssl

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Tampered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.secret import SecretBytes

NONCE = 12
TAG = 16


class Cipher:
    """A 32-byte key made ready, for sealing or opening many values with it."""

    __slots__ = ("_aead",)

    def __init__(self, key: SecretBytes) -> None:
        self._aead = openssl.aead.AESGCM(key.reveal())

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt; the result is 28 bytes longer than the plaintext."""
        nonce = random_bytes(NONCE)
        return nonce + self._aead.encrypt(nonce, plaintext, aad)

    def unseal(self, blob: bytes, aad: bytes) -> bytes:
        """The plaintext, or Tampered if key, blob and `aad` do not belong together."""
        if len(blob) < NONCE + TAG:
            raise Tampered("a sealed value is cut short")
        try:
            return self._aead.decrypt(blob[:NONCE], blob[NONCE:], aad)
        except Exception as err:
            # InvalidTag lives in a module that this path does not import.
            if type(err).__name__ != "InvalidTag":
                raise
        raise Tampered("a sealed value does not open under its key")


def seal(key: SecretBytes, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypt one value under a 32-byte key."""
    return Cipher(key).seal(plaintext, aad)


def unseal(key: SecretBytes, blob: bytes, aad: bytes) -> bytes:
    """Open one value, or Tampered if key, blob and `aad` do not belong together."""
    return Cipher(key).unseal(blob, aad)

"""ECDSA P-256 signatures as others write them, and checking one under a public key.

Sources: FIPS 186-5, section 6; SEC 1, appendix C.8 (DER); RFC 7518, section 3.4 (r and s as 32
bytes each).
"""

from __future__ import annotations

from contextlib import suppress

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from lango_cli.crypto.mac import digest
from lango_cli.errors import Tampered

HALF = 32


def der_of_raw(raw: bytes) -> bytes:
    """DER out of r and s; Tampered unless they are 32 bytes each."""
    if len(raw) != 2 * HALF:
        raise Tampered("an ECDSA signature is not 64 bytes long")
    r, s = (int.from_bytes(half, "big") for half in (raw[:HALF], raw[HALF:]))
    return encode_dss_signature(r, s)


def raw_of_der(der: bytes) -> bytes:
    """Both numbers, r and s, out of DER; Tampered if it is none, or not of P-256."""
    try:
        return b"".join(half.to_bytes(HALF, "big") for half in decode_dss_signature(der))
    except (ValueError, OverflowError):
        raise Tampered("that is no ECDSA P-256 signature in DER") from None


def verify_pem(pem: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a DER signature is one of `message` under this P-256 public key."""
    return Verifier(pem).verify(digest(message), signature)


class Verifier:
    """A public key (PEM) that many signatures are checked under; of none but P-256 any holds."""

    def __init__(self, pem: bytes) -> None:
        self._key: EllipticCurvePublicKey | None = None
        with suppress(ValueError, UnsupportedAlgorithm):
            key = load_pem_public_key(pem)
            if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
                self._key = key

    def verify(self, hashed: bytes, signature: bytes) -> bool:
        """Whether a DER signature is one of what has this SHA-256."""
        if self._key is None:
            return False
        try:
            self._key.verify(signature, hashed, ECDSA(Prehashed(SHA256())))
        except (ValueError, InvalidSignature):
            return False
        return True


def pem_of_der(der: bytes) -> bytes:
    """A public key (SubjectPublicKeyInfo) as PEM; Tampered if it is none of P-256."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise Tampered("that is no public key") from None
    return _pem(key)


def pem_of_pem(pem: bytes) -> bytes:
    """A public key as PEM, written anew; Tampered if it is none of P-256."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise Tampered("that is no public key") from None
    return _pem(key)


def pem_of_point(point: bytes) -> bytes:
    """A public key given as an uncompressed point (SEC 1, 2.3.3), as PEM."""
    try:
        return _pem(EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
    except ValueError:
        raise Tampered("that is no point of P-256") from None


def _pem(key: object) -> bytes:
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise Tampered("that is no public key of P-256")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

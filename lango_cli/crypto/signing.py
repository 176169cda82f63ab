"""Signatures: Ed25519 (RFC 8032), ECDSA on P-256 (FIPS 186-5) and HMAC-SHA256 (RFC 2104).

What lives here: the three algorithms of the key registry, each with 32 secret bytes, and public
halves as PEM (SubjectPublicKeyInfo) and JWK (RFC 7517, RFC 8037) with their RFC 7638 thumbprint.
The rule: verifying answers only True or False, whatever bytes it is given. Signatures are in each
algorithm's standard encoding: 64 bytes, DER, 32 bytes. ECDSA signs deterministically (RFC 6979)
where the library can, so that a weak generator does not give the key away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from lango_cli.codec import b64, canonical
from lango_cli.crypto.keys import SigningKey
from lango_cli.crypto.mac import digest, hmac_sha256, random_bytes, same
from lango_cli.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Mapping

ED25519, ECDSA_P256, HMAC_SHA256 = "ed25519", "ecdsa-p256", "hmac-sha256"
ALGORITHMS = (ED25519, ECDSA_P256, HMAC_SHA256)
SECRET = 32
"""Bytes of a seed, a scalar or a MAC key."""


def ed25519_public(seed: bytes) -> bytes:
    """The public key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """The deterministic signature of `message`."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is one of `message` under `public`; False too for malformed input."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_signing_key(algorithm: str) -> SigningKey:
    """32 secret bytes for one of `ALGORITHMS`."""
    if algorithm == ECDSA_P256:
        scalar = generate_private_key(SECP256R1()).private_numbers().private_value
        return SigningKey(scalar.to_bytes(SECRET, "big"))
    return SigningKey(random_bytes(SECRET))


def sign(algorithm: str, key: SigningKey, message: bytes) -> bytes:
    """The signature, in the algorithm's standard encoding."""
    if algorithm == HMAC_SHA256:
        return hmac_sha256(key.reveal(), message)
    if algorithm == ECDSA_P256:
        steady = backend.ecdsa_deterministic_supported()
        return _p256(key).sign(message, ECDSA(SHA256(), deterministic_signing=steady))
    return ed25519_sign(key.reveal(), message)


def verify(algorithm: str, key: SigningKey, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is this key's over `message`; False too for malformed input."""
    if algorithm == HMAC_SHA256:
        return same(hmac_sha256(key.reveal(), message), signature)
    if algorithm == ED25519:
        return ed25519_verify(ed25519_public(key.reveal()), message, signature)
    try:
        _p256(key).public_key().verify(signature, message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(algorithm: str, key: SigningKey) -> str | None:
    """The public half as PEM, one newline at its end; None for HMAC, which has none."""
    public = _public(algorithm, key)
    if public is None:
        return None
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_jwk(algorithm: str, key: SigningKey) -> dict[str, str] | None:
    """The public half as JWK, its thumbprint as `kid`; None for HMAC, which has none."""
    public = _public(algorithm, key)
    if public is None:
        return None
    return _jwk(public)


def jwk_of_pem(pem: bytes) -> dict[str, str]:
    """A P-256 public key in PEM as JWK; Tampered if it is none."""
    public = load_pem_public_key(pem)
    if not isinstance(public, EllipticCurvePublicKey):
        raise Tampered("that is no public key of P-256")
    return _jwk(public)


def _jwk(public: Ed25519PublicKey | EllipticCurvePublicKey) -> dict[str, str]:
    if isinstance(public, Ed25519PublicKey):
        point = {"crv": "Ed25519", "kty": "OKP", "x": _url(public.public_bytes_raw())}
        use = {"alg": "EdDSA", "use": "sig"}
    else:
        numbers = public.public_numbers()
        x, y = (_url(part.to_bytes(SECRET, "big")) for part in (numbers.x, numbers.y))
        point = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        use = {"alg": "ES256", "use": "sig"}
    return point | use | {"kid": thumbprint(point)}


def thumbprint(required: Mapping[str, str]) -> str:
    """RFC 7638: the digest of a JWK's required members alone, in order, without spaces."""
    return _url(digest(canonical(dict(required))))


def _url(data: bytes) -> str:
    """Base64 for addresses, without padding (RFC 7515, section 2)."""
    return b64(data).rstrip("=").replace("+", "-").replace("/", "_")


def _p256(key: SigningKey) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(key.reveal(), "big"), SECP256R1())


def _public(algorithm: str, key: SigningKey) -> Ed25519PublicKey | EllipticCurvePublicKey | None:
    if algorithm == HMAC_SHA256:
        return None
    if algorithm == ECDSA_P256:
        return _p256(key).public_key()
    return Ed25519PublicKey.from_public_bytes(ed25519_public(key.reveal()))

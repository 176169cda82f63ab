"""A slot's HPKE key pair: sealing to someone who is not here.

What lives here: the 96-byte seed (64 bytes ML-KEM-768, then 32 bytes X25519), the 1216-byte public
key (1184, then 32), and single-shot HPKE between them. The rule: suite MLKEM768-X25519 (X-Wing,
0x647a in draft-ietf-hpke-pq), HKDF-SHA256, AES-256-GCM; base mode of RFC 9180, empty AAD, `enc`
before the ciphertext. Why two KEMs: the seal holds as long as either of them does.

`public_of` is on the scripted path, so the bindings are used without the public import chain.
"""

from __future__ import annotations

from cryptography.hazmat.bindings._rust import openssl

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey, Suite

KEM_ID = 0x647A
KDF_ID = 0x0001
AEAD_ID = 0x0002

MLKEM_SEED = 64
SEED = 96
MLKEM_PUBLIC = 1184
PUBLIC = 1216
OVERHEAD = 1120 + 16
"""How much longer a seal is than its plaintext: `enc` (1088 and 32) and the tag."""


def new_seed() -> SecretBytes:
    """96 random bytes; every such string is a valid seed."""
    return SecretBytes(random_bytes(SEED))


def public_of(seed: SecretBytes) -> bytes:
    """The 1216-byte public key; Tampered if the seed is not 96 bytes long."""
    lattice, curve = _private(seed)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def seal_to(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Encrypt to a public key; 1136 bytes longer than the plaintext.

    Tampered if `public` is no key of this suite: it is read from a header, never typed.
    """
    try:
        return _suite().encrypt(plaintext, _public(public), info=info)
    except ValueError:
        pass  # A Curve25519 point of small order shows only when it is used.
    raise Tampered("a slot's public key is not a key")


def open_from(seed: SecretBytes, blob: bytes, info: bytes) -> bytes:
    """The plaintext, or Tampered if seed, blob and `info` do not belong together."""
    key = openssl.hpke.MLKEM768X25519PrivateKey(*_private(seed))
    try:
        return _suite().decrypt(blob, key, info=info)
    except Exception as err:
        # InvalidTag lives in a module that importing this one need not load.
        if type(err).__name__ not in {"InvalidTag", "ValueError"}:
            raise
    raise Tampered("what was sealed to a slot does not open with its seed")


def _suite() -> Suite:
    hpke = openssl.hpke
    return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _private(seed: SecretBytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    if len(seed) != SEED:
        raise Tampered("a slot's seed has the wrong length")
    data = seed.reveal()
    return (
        openssl.mlkem.from_mlkem768_seed_bytes(data[:MLKEM_SEED]),
        openssl.x25519.from_private_bytes(data[MLKEM_SEED:]),
    )


def _public(public: bytes) -> MLKEM768X25519PublicKey:
    return openssl.hpke.MLKEM768X25519PublicKey(
        openssl.mlkem.from_mlkem768_public_bytes(public[:MLKEM_PUBLIC]),
        openssl.x25519.from_public_bytes(public[MLKEM_PUBLIC:]),
    )

"""Values that lango makes itself, from a spec such as `password:32` or `ed25519`.

The rule: everything comes from the operating system's generator, every size has a least and a
most, and a spec is never repeated in a message (it may be a value typed in the wrong place). Keys
come as unencrypted PKCS#8 PEM (RFC 5958), since the vault is what seals them.
"""

from __future__ import annotations

import binascii
import secrets
import string
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lango_cli.crypto.bip39 import english
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import UsageProblem
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SYMBOLS = "-_.~@%+=:,^/"
"""What neither a shell's double quotes nor JSON escapes."""
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)
_ALPHABET = "".join(_CLASSES)
_RSA_EXPONENT = 65537


def generate(spec: str) -> SecretBytes:
    """A new value for `kind` or `kind:size`; UsageProblem for any other spec, naming the kinds.

    password (characters, some of each class, no symbol first), hex and base64 (bytes before
    encoding), words (from the BIP-39 list, hyphens between), uuid (version 4), ed25519, p256, rsa
    (bits, in whole 1024s).
    """
    kind, colon, size = spec.partition(":")
    if kind in _PLAIN and not colon:
        return SecretBytes(_PLAIN[kind]())
    if kind in _SIZED:
        make, usual, least, most, unit = _SIZED[kind]
        count = _whole(size) if colon else usual
        if count is None or not least <= count <= most:
            raise UsageProblem(f"{kind} takes {least} to {most} {unit}", hint=f"{kind}:{usual}")
        return SecretBytes(make(count))
    if kind in _PLAIN:
        raise UsageProblem(f"{kind} takes no size", hint=kind)
    raise UsageProblem("no kind of value that lango generates", hint=f"one of: {kinds()}")


def kinds() -> str:
    """All specs with their usual sizes, for messages and help."""
    sized = [f"{kind}:{entry[1]}" for kind, entry in _SIZED.items()]
    return ", ".join(sized + list(_PLAIN))


def _whole(text: str) -> int | None:
    """A number in one to six ASCII digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _password(length: int) -> bytes:
    # Drawn again as a whole until it fits: all passwords that fit stay equally likely.
    while True:
        text = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        if text[0] not in SYMBOLS and all(set(text) & set(members) for members in _CLASSES):
            return text.encode()


def _hex(count: int) -> bytes:
    return binascii.hexlify(random_bytes(count))


def _base64(count: int) -> bytes:
    return binascii.b2a_base64(random_bytes(count), newline=False)


def _words(count: int) -> bytes:
    return "-".join(secrets.choice(english()) for _ in range(count)).encode()


def _uuid() -> bytes:
    return str(uuid.UUID(bytes=random_bytes(16), version=4)).encode()


def _ed25519() -> bytes:
    return _pem(Ed25519PrivateKey.generate())


def _p256() -> bytes:
    return _pem(generate_private_key(SECP256R1()))


def _rsa(bits: int) -> bytes:
    if bits % 1024:
        raise UsageProblem("rsa takes a multiple of 1024 bits", hint="rsa:3072")
    return _pem(generate_rsa(_RSA_EXPONENT, bits))


def _pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


_SIZED: dict[str, tuple[Callable[[int], bytes], int, int, int, str]] = {
    "password": (_password, 32, 8, 4096, "characters"),
    "hex": (_hex, 32, 8, 4096, "bytes"),
    "base64": (_base64, 32, 8, 4096, "bytes"),
    "words": (_words, 6, 4, 64, "words"),
    "rsa": (_rsa, 3072, 2048, 8192, "bits"),
}
"""Maker, usual size, least, most, unit."""
_PLAIN: dict[str, Callable[[], bytes]] = {"uuid": _uuid, "ed25519": _ed25519, "p256": _p256}

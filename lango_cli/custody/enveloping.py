"""Encryption beside a custodian: it wraps a fresh key, and the data is sealed here.

The rule: a custodian never sees data, whatever its size; a ciphertext says whose it is, and is
never tried with another. Format: version, length-prefixed provider, key, and wrapped key, then
AES-256-GCM over the data with all of that and the context as AAD.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.mac import pack, random_bytes
from lango_cli.errors import Tampered
from lango_cli.model_custody import KEY_BYTES
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from lango_cli.model_custody import Context, Custodian

VERSION = b"\x01"
LIMIT = 1 << 16
"""Bytes of a header: provider, key and wrapped key."""


def encrypt(custodian: Custodian, data: SecretBytes, context: Context) -> bytes:
    """Seal data under a fresh key that `custodian` wraps."""
    key = SecretBytes(random_bytes(KEY_BYTES))
    wrapped = custodian.wrap(key, context)
    head = VERSION + pack(custodian.provider.encode(), custodian.key.encode(), wrapped)
    return head + seal(key, data.reveal(), head + context.packed())


def decrypt(custodian: Custodian, sealed: bytes, context: Context) -> SecretBytes:
    """The data out of `encrypt`; Tampered if it is damaged, or of another provider."""
    (provider, key, wrapped), size = _parts(sealed)
    if provider != custodian.provider.encode():
        raise Tampered(f"this was sealed by another provider than {custodian.provider}")
    if key != custodian.key.encode():
        raise Tampered(f"this was sealed by another key than {custodian.key}")
    opened = custodian.unwrap(wrapped, context)
    return SecretBytes(unseal(opened, sealed[size:], sealed[:size] + context.packed()))


def _parts(sealed: bytes) -> tuple[list[bytes], int]:
    """Provider, key and wrapped key, and where the sealed data begins."""
    if sealed[:1] != VERSION:
        raise Tampered("that is nothing that was sealed beside a custodian")
    parts, at = [], 1
    for _ in range(3):
        size = int.from_bytes(sealed[at : at + 4], "big")
        part = sealed[at + 4 : at + 4 + size]
        at += 4 + size
        if at > LIMIT or at > len(sealed):
            raise Tampered("what was sealed beside a custodian is cut short")
        parts.append(part)
    return parts, at

"""Binding a wrapped key to its context where the provider's own operation cannot.

RSA-OAEP at Key Vault takes no label, AES key wrap and a TPM's sealed object no additional data.
So the 32 bytes are sealed here under a fresh key, with the context as AAD, and the provider wraps
that fresh key. The rule: what the provider wraps is still 32 random bytes, one call each way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Tampered
from lango_cli.model_custody import KEY_BYTES
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.model_custody import Context

_SIZE = 2
"""Bytes that say how long the provider's part is."""


def bind(data: SecretBytes, context: Context, wrap: Callable[[SecretBytes], bytes]) -> bytes:
    """The length of the provider's part, that part, and `data` sealed under the fresh key."""
    fresh = SecretBytes(random_bytes(KEY_BYTES))
    outer = wrap(fresh)
    head = len(outer).to_bytes(_SIZE, "big") + outer
    return head + seal(fresh, data.reveal(), head + context.packed())


def unbind(
    wrapped: bytes, context: Context, unwrap: Callable[[bytes], SecretBytes]
) -> SecretBytes:
    """The data out of `bind`; Tampered if it is damaged or of another context."""
    size = _SIZE + int.from_bytes(wrapped[:_SIZE], "big")
    head, inner = wrapped[:size], wrapped[size:]
    if len(head) <= _SIZE or not inner:
        raise Tampered("a wrapped key is cut short")
    fresh = unwrap(head[_SIZE:])
    if len(fresh) != KEY_BYTES:
        raise Tampered("a wrapped key is not one that lango made")
    return SecretBytes(unseal(fresh, inner, head + context.packed()))

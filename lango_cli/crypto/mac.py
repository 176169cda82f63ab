"""HMAC-SHA256, HKDF-SHA256 and the length prefix, on the scripted path.

Sources: RFC 2104 (HMAC), RFC 5869 (HKDF). Why not the library's classes: their import chain costs
more than the bare interpreter; the digest itself is CPython's built-in one, and the published
vectors are in the tests.
"""

from __future__ import annotations

import os
from _operator import _compare_digest

try:
    from _sha256 import sha256  # type: ignore[import-not-found]  # CPython 3.11
except ImportError:
    from _sha2 import sha256  # type: ignore[import-not-found]  # CPython 3.12 and newer

_BLOCK = 64
_INNER = bytes(i ^ 0x36 for i in range(256))
_OUTER = bytes(i ^ 0x5C for i in range(256))


def random_bytes(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return os.urandom(count)


def digest(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    result: bytes = sha256(data).digest()
    return result


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """RFC 2104 over SHA-256, 32 bytes."""
    block = (digest(key) if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return digest(block.translate(_OUTER) + digest(block.translate(_INNER) + data))


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """RFC 5869: extract with `salt`, expand with `info` to at most 8160 bytes."""
    prk = hmac_sha256(salt or bytes(32), secret)
    block, out = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac_sha256(prk, block + info + bytes([counter]))
        out += block
    return out[:length]


def same(left: bytes, right: bytes) -> bool:
    """Equality in constant time for equal lengths."""
    return _compare_digest(left, right)


def pack(*parts: bytes) -> bytes:
    """Each part behind its length as 4 bytes big-endian, so that no two lists look alike."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

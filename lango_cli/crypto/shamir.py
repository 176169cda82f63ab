"""Shamir's secret sharing over GF(256): any `threshold` shares give the secret, fewer nothing.

Source: A. Shamir, How to share a secret, CACM 22(11), 1979; the field is AES's (FIPS 197, section
4.2). Each byte is the value at 0 of a random polynomial of degree threshold - 1; share x is its
value at x. The rule: whether the shares belonged together is not known here. Whoever combines them
has a seal that tells.
"""

from __future__ import annotations

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[int, bytes]

MOST = 16
"""Shares of one secret."""


def split(secret: SecretBytes, threshold: int, count: int) -> list[tuple[int, SecretBytes]]:
    """`count` shares with their numbers, from 1 on; 2 <= threshold <= count <= MOST."""
    if not 2 <= threshold <= count <= MOST:
        raise ValueError("no such sharing")
    rows = [secret.reveal(), *(random_bytes(len(secret)) for _ in range(threshold - 1))]
    return [(x, SecretBytes(_values(rows, x))) for x in range(1, count + 1)]


def combine(shares: Sequence[tuple[int, SecretBytes]]) -> SecretBytes:
    """The secret, if at least `threshold` true shares are given; other bytes otherwise."""
    return SecretBytes(interpolate([(x, share.reveal()) for x, share in shares], 0))


def interpolate(points: Sequence[Point], at: int) -> bytes:
    """The value at `at` of the polynomial through these points (Lagrange); Tampered for none."""
    numbers = [x for x, _ in points]
    lengths = {len(y) for _, y in points}
    if len(set(numbers)) != len(numbers) or len(lengths) != 1:
        raise Tampered("these shares do not belong together")
    total = bytes(lengths.pop())
    for x, y in points:
        weight = 1
        for other in numbers:
            if other != x:
                weight = _times(weight, _times(at ^ other, _inverse(x ^ other)))
        total = bytes(one ^ _times(weight, byte) for one, byte in zip(total, y, strict=True))
    return total


def _values(rows: Sequence[bytes], x: int) -> bytes:
    """The polynomials whose coefficients are the columns, the lowest first, at x (Horner)."""
    total = bytes(len(rows[0]))
    for row in reversed(rows):
        total = bytes(_times(one, x) ^ byte for one, byte in zip(total, row, strict=True))
    return total


def _times(a: int, b: int) -> int:
    """The product in the field; no table and no branch, so that its time says nothing."""
    product = 0
    for _ in range(8):
        product ^= -(b & 1) & a
        a = (a << 1) ^ (-(a >> 7) & 0x11B)
        b >>= 1
    return product


def _inverse(a: int) -> int:
    """A to the 254th power, which is its inverse."""
    result = 1
    for _ in range(7):
        a = _times(a, a)
        result = _times(result, a)
    return result

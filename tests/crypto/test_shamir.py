"""Sharing a secret: against the published test case, and what has to hold for every sharing."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto.shamir import MOST, combine, interpolate, split
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes


def test_the_published_test_case() -> None:
    # draft-mcgrew-tss-03, section 9: two shares of two, and the secret.
    shares = [(1, bytes.fromhex("B9FA07E185")), (2, bytes.fromhex("F5409B4511"))]
    assert interpolate(shares, 0).hex() == "7465737400"


def test_multiplication_is_that_of_aes() -> None:
    # FIPS 197, section 4.2: {57} times {83} is {c1}: the line through (0, 0), (1, {57}) at {83}.
    assert interpolate([(0, b"\0"), (1, b"\x57")], 0x83) == b"\xc1"


@given(st.binary(min_size=1, max_size=40), st.integers(2, 5), st.integers(0, 3))
def test_any_so_many_shares_give_the_secret(data: bytes, threshold: int, more: int) -> None:
    secret = SecretBytes(data)
    shares = split(secret, threshold, threshold + more)
    for some in combinations(shares, threshold):
        assert combine(some) == secret
    assert combine(shares) == secret


@given(st.binary(min_size=1, max_size=8), st.data())
def test_one_share_fewer_fits_every_secret(data: bytes, draw: st.DataObject) -> None:
    shares = split(SecretBytes(data), 3, 3)[:2]
    other = draw.draw(st.binary(min_size=len(data), max_size=len(data)))
    points = [(x, share.reveal()) for x, share in shares]
    # There is a third share with which these two give any other secret just as well.
    third = interpolate([*points, (0, other)], 3)
    assert interpolate([*points, (3, third)], 0) == other


@pytest.mark.parametrize("sharing", [(1, 2), (3, 2), (2, MOST + 1), (0, 0)])
def test_a_sharing_that_makes_no_sense_is_refused(sharing: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no such sharing"):
        split(SecretBytes(b"x"), *sharing)


@pytest.mark.parametrize("points", [[], [(1, b"a"), (1, b"b")], [(1, b"a"), (2, b"bb")]])
def test_shares_that_do_not_belong_together_are_refused(points: list[tuple[int, bytes]]) -> None:
    with pytest.raises(Tampered):
        interpolate(points, 0)

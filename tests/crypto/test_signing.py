"""Ed25519."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto.signing import ed25519_public, ed25519_sign, ed25519_verify

SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS, st.binary())
def test_a_signature_verifies_under_its_own_key(seed: bytes, message: bytes) -> None:
    signature = ed25519_sign(seed, message)
    assert len(signature) == 64
    assert ed25519_verify(ed25519_public(seed), message, signature)


@given(SEEDS, st.binary(min_size=1, max_size=40), st.data())
def test_any_changed_bit_of_message_or_signature_is_refused(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    public = ed25519_public(seed)
    both = bytearray(ed25519_sign(seed, message) + message)
    place = data.draw(st.integers(0, len(both) * 8 - 1))
    both[place // 8] ^= 1 << place % 8
    assert not ed25519_verify(public, bytes(both[64:]), bytes(both[:64]))


@given(SEEDS, SEEDS)
def test_another_key_does_not_verify(seed: bytes, other: bytes) -> None:
    signature = ed25519_sign(seed, b"message")
    assert ed25519_verify(ed25519_public(other), b"message", signature) == (seed == other)


@given(st.binary(max_size=70), st.binary(max_size=70), st.binary(max_size=70))
def test_arbitrary_bytes_are_refused_quietly(
    public: bytes, message: bytes, signature: bytes
) -> None:
    assert ed25519_verify(public, message, signature) is False


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_a_bug_and_not_an_answer(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ed25519_sign(bytes(size), b"message")

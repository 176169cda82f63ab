"""What seals, authenticates and packs: `aead` and `mac`."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto import keys
from lango_cli.crypto.aead import NONCE, TAG, seal, unseal
from lango_cli.crypto.mac import digest, hkdf_sha256, hmac_sha256, pack, random_bytes, same
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes

KEYS = st.binary(min_size=32, max_size=32).map(SecretBytes)


@given(KEYS, st.binary(), st.binary())
def test_what_is_sealed_opens_to_the_same(key: SecretBytes, plaintext: bytes, aad: bytes) -> None:
    blob = seal(key, plaintext, aad)
    assert len(blob) == len(plaintext) + NONCE + TAG
    assert unseal(key, blob, aad) == plaintext


@given(KEYS, st.binary(max_size=40), st.binary(max_size=40), st.data())
def test_any_changed_bit_of_a_seal_is_tampered(
    key: SecretBytes, plaintext: bytes, aad: bytes, data: st.DataObject
) -> None:
    blob = bytearray(seal(key, plaintext, aad))
    place = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[place // 8] ^= 1 << place % 8
    with pytest.raises(Tampered):
        unseal(key, bytes(blob), aad)


@given(KEYS, st.binary(max_size=80), st.binary(max_size=40))
def test_arbitrary_bytes_are_tampered(key: SecretBytes, blob: bytes, aad: bytes) -> None:
    with pytest.raises(Tampered):
        unseal(key, blob, aad)


@given(KEYS, KEYS, st.binary(), st.binary())
def test_a_seal_opens_under_its_own_key_and_aad_only(
    key: SecretBytes, other_key: SecretBytes, aad: bytes, other_aad: bytes
) -> None:
    blob = seal(key, b"value", aad)
    if key != other_key:
        with pytest.raises(Tampered):
            unseal(other_key, blob, aad)
    if aad != other_aad:
        with pytest.raises(Tampered):
            unseal(key, blob, other_aad)


def test_a_seal_cut_short_or_lengthened_is_tampered() -> None:
    key = SecretBytes(random_bytes(32))
    blob = seal(key, b"value", b"")
    for changed in [blob[:size] for size in range(len(blob))] + [blob + b"\0"]:
        with pytest.raises(Tampered):
            unseal(key, changed, b"")


def test_the_same_plaintext_never_seals_to_the_same_bytes() -> None:
    key = SecretBytes(bytes(32))
    assert len({seal(key, b"value", b"")[:NONCE] for _ in range(100)}) == 100


@given(st.binary(max_size=200), st.binary())
def test_hmac_and_digest_agree_with_the_standard_library(key: bytes, data: bytes) -> None:
    assert hmac_sha256(key, data) == hmac.digest(key, data, "sha256")
    assert digest(data) == hashlib.sha256(data).digest()


@given(st.binary(), st.binary(), st.binary(), st.integers(1, 300))
def test_hkdf_agrees_with_the_library(
    secret: bytes, salt: bytes, info: bytes, length: int
) -> None:
    library = HKDF(SHA256(), length, salt or None, info)
    assert hkdf_sha256(secret, salt, info, length) == library.derive(secret)


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_pack_gives_different_lists_different_bytes(left: list[bytes], right: list[bytes]) -> None:
    assert (pack(*left) == pack(*right)) == (left == right)


@given(st.lists(st.binary(), max_size=6))
def test_a_packed_list_can_be_read_back(parts: list[bytes]) -> None:
    assert unpack(pack(*parts)) == parts


def unpack(data: bytes) -> list[bytes]:
    """The inverse of `pack`: that there is one proves that nothing is lost."""
    parts = []
    while data:
        size = int.from_bytes(data[:4], "big")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    return parts


def test_pack_tells_apart_what_concatenation_does_not() -> None:
    assert len({pack(b"ab", b"c"), pack(b"a", b"bc"), pack(b"abc"), pack(b"abc", b"")}) == 4


@given(st.binary(), st.binary())
def test_same_is_equality(left: bytes, right: bytes) -> None:
    assert same(left, right) == (left == right)
    assert same(left, bytes(left))


def test_children_of_a_master_key_differ_by_purpose_vault_and_master() -> None:
    masters = [keys.new_master_key(), keys.new_master_key()]
    makers = (keys.database_key, keys.wrapping_key, keys.header_key)
    made = [make(m, vault) for m in masters for vault in (b"a" * 16, b"b" * 16) for make in makers]
    assert len({child.reveal() for child in made}) == 12
    assert {len(child) for child in made} == {keys.KEY_BYTES}


def test_a_child_key_is_hkdf_with_its_label_and_never_changes() -> None:
    """House, *Key hierarchy*: vaults in use depend on these very bytes."""
    master = keys.MasterKey(bytes(range(32)))
    vault = bytes(range(16))
    library = HKDF(SHA256(), 32, vault, b"lango/database/v1")
    assert keys.database_key(master, vault).reveal() == library.derive(bytes(range(32)))


def test_keys_of_different_purposes_are_never_equal() -> None:
    assert keys.DatabaseKey(bytes(32)) != keys.WrappingKey(bytes(32))
    assert keys.DatabaseKey(bytes(32)) == keys.DatabaseKey(bytes(32))

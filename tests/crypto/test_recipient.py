"""A slot's HPKE key pair."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cryptography.hazmat.bindings._rust import openssl
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto import recipient
from lango_cli.crypto.recipient import new_seed, open_from, public_of, seal_to
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes

SEEDS = st.binary(min_size=recipient.SEED, max_size=recipient.SEED).map(SecretBytes)
SEED = SecretBytes(bytes(range(96)))


@given(SEEDS, st.binary(), st.binary())
def test_what_is_sealed_to_a_slot_opens_with_its_seed(
    seed: SecretBytes, plaintext: bytes, info: bytes
) -> None:
    blob = seal_to(public_of(seed), plaintext, info)
    assert len(blob) == len(plaintext) + recipient.OVERHEAD
    assert open_from(seed, blob, info) == plaintext


def test_a_new_seed_is_random_and_hidden() -> None:
    assert len(new_seed()) == recipient.SEED
    assert new_seed() != new_seed()
    assert repr(new_seed()) == "[secret]"


@given(SEEDS)
def test_a_seed_always_gives_the_same_public_key(seed: SecretBytes) -> None:
    assert public_of(seed) == public_of(SecretBytes(seed.reveal()))
    assert len(public_of(seed)) == recipient.PUBLIC


@given(st.integers(0, recipient.SEED * 8 - 1))
def test_a_changed_seed_gives_another_public_key_or_is_as_good(place: int) -> None:
    """Only what answers a false ciphertext (z of FIPS 203) or what X25519 ignores may differ."""
    bits = bytearray(SEED.reveal())
    bits[place // 8] ^= 1 << place % 8
    seed = SecretBytes(bits)
    if public_of(seed) == public_of(SEED):
        assert 256 <= place < 512 or place in {512, 513, 514, 766, 767}
        assert open_from(seed, seal_to(public_of(SEED), b"master", b""), b"") == b"master"


@given(st.integers(0, (recipient.OVERHEAD + 32) * 8 - 1))
def test_any_changed_bit_of_a_seal_is_tampered(place: int) -> None:
    blob = bytearray(seal_to(public_of(SEED), bytes(32), b"info"))
    blob[place // 8] ^= 1 << place % 8
    with pytest.raises(Tampered):
        open_from(SEED, bytes(blob), b"info")


@given(st.binary(max_size=1300))
def test_arbitrary_bytes_are_tampered(blob: bytes) -> None:
    with pytest.raises(Tampered):
        open_from(SEED, blob, b"info")


@pytest.mark.parametrize("size", [0, 1, 1088, 1119, 1120, 1121, 1135, 1136, 1167])
def test_a_seal_cut_short_is_tampered(size: int) -> None:
    blob = seal_to(public_of(SEED), bytes(32), b"info")
    with pytest.raises(Tampered):
        open_from(SEED, blob[:size], b"info")


def test_a_seal_opens_with_its_own_seed_and_info_only() -> None:
    blob = seal_to(public_of(SEED), b"master", b"info")
    with pytest.raises(Tampered):
        open_from(new_seed(), blob, b"info")
    with pytest.raises(Tampered):
        open_from(SEED, blob, b"other info")


def test_a_curve_point_of_small_order_in_a_seal_is_tampered() -> None:
    blob = bytearray(seal_to(public_of(SEED), b"master", b"info"))
    blob[1088:1120] = bytes(32)
    with pytest.raises(Tampered):
        open_from(SEED, bytes(blob), b"info")


@pytest.mark.parametrize(
    "public",
    [
        b"",
        public_of(SEED)[:-1],
        public_of(SEED) + b"\0",
        b"\xff" * recipient.PUBLIC,
        public_of(SEED)[: recipient.MLKEM_PUBLIC] + bytes(32),
    ],
    ids=["empty", "short", "long", "not reduced", "small order"],
)
def test_what_is_no_public_key_is_tampered(public: bytes) -> None:
    with pytest.raises(Tampered):
        seal_to(public, b"master", b"info")


@given(st.binary(max_size=200).filter(lambda data: len(data) != recipient.SEED))
def test_a_seed_of_another_length_is_tampered(data: bytes) -> None:
    with pytest.raises(Tampered):
        public_of(SecretBytes(data))
    with pytest.raises(Tampered):
        open_from(SecretBytes(data), bytes(recipient.OVERHEAD), b"")


def test_the_suite_is_the_one_whose_ids_the_slots_carry() -> None:
    """The ids are part of HPKE's key schedule, so a seal tells which suite made it."""
    blob = seal_to(public_of(SEED), b"master", b"info")
    hpke = openssl.hpke
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    private = hpke.MLKEM768X25519PrivateKey(*recipient._private(SEED))
    assert suite.decrypt(blob, private, b"info") == b"master"
    assert (recipient.KEM_ID, recipient.KDF_ID, recipient.AEAD_ID) == (0x647A, 1, 2)


def test_a_public_key_is_computed_without_the_costly_imports() -> None:
    """The scripted path pays for every module: neither `re` nor `typing` may come along."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "from lango_cli.crypto import recipient\n"
        "recipient.public_of(recipient.new_seed())\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "lango_cli.crypto.recipient" in loaded
    costly = {"re", "typing", "enum", "collections", "contextlib", "hashlib", "hmac", "functools"}
    assert not loaded & (costly | {"cryptography.hazmat.primitives"})

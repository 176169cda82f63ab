"""Values that lango makes itself."""

from __future__ import annotations

import base64
import string
import uuid
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto.bip39 import english
from lango_cli.crypto.generate import SYMBOLS, generate, kinds
from lango_cli.errors import LangoError, UsageProblem

ALPHABET = set(string.ascii_letters + string.digits + SYMBOLS)
CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)


def text(spec: str) -> str:
    return generate(spec).reveal().decode("ascii")


@given(st.integers(8, 200))
def test_a_password_has_its_length_and_every_class(length: int) -> None:
    made = text(f"password:{length}")
    assert len(made) == length
    assert set(made) <= ALPHABET
    assert all(set(made) & set(members) for members in CLASSES)


def test_a_password_never_begins_like_an_option() -> None:
    assert all(text("password:8")[0].isalnum() for _ in range(200))


def test_a_password_of_the_usual_length_holds_over_190_bits() -> None:
    assert len(text("password")) == 32
    assert len(ALPHABET) ** 32 > 1 << 190


def test_every_character_comes_up() -> None:
    assert set(text("password:4096")) == ALPHABET


@given(st.integers(8, 64))
def test_hex_and_base64_stand_for_that_many_bytes(count: int) -> None:
    assert len(bytes.fromhex(text(f"hex:{count}"))) == count
    assert text(f"hex:{count}").islower() or text(f"hex:{count}").isdigit()
    assert len(base64.b64decode(text(f"base64:{count}"), validate=True)) == count
    assert "\n" not in text(f"base64:{count}")


@given(st.integers(4, 64))
def test_words_come_from_the_list_with_hyphens_between(count: int) -> None:
    words = text(f"words:{count}").split("-")
    assert len(words) == count
    assert set(words) <= set(english())


def test_a_uuid_is_of_version_4() -> None:
    made = text("uuid")
    value = uuid.UUID(made)
    assert (value.version, value.variant) == (4, uuid.RFC_4122)
    assert made == str(value)


@pytest.mark.parametrize("spec", ["ed25519", "p256", "rsa:2048"])
def test_a_key_is_an_unencrypted_pkcs8_pem(spec: str) -> None:
    made = text(spec)
    assert made.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert made.endswith("-----END PRIVATE KEY-----\n")


def test_a_key_is_of_the_kind_that_was_asked_for() -> None:
    assert isinstance(load("ed25519"), ed25519.Ed25519PrivateKey)
    curve = load("p256")
    assert isinstance(curve, ec.EllipticCurvePrivateKey)
    assert isinstance(curve.curve, ec.SECP256R1)


@pytest.mark.parametrize(("spec", "bits"), [("rsa", 3072), ("rsa:2048", 2048)])
def test_an_rsa_key_has_its_bits(spec: str, bits: int) -> None:
    key = load(spec)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == bits
    assert key.private_numbers().public_numbers.e == 65537


def load(spec: str) -> object:
    return load_pem_private_key(generate(spec).reveal(), None)


@pytest.mark.parametrize(
    "spec", ["password", "hex", "base64", "words", "uuid", "ed25519", "p256", "password:8"]
)
def test_no_value_comes_twice(spec: str) -> None:
    assert len({text(spec) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("spec", "same"),
    [
        ("password", "password:32"),
        ("hex", "hex:32"),
        ("base64", "base64:32"),
        ("words", "words:6"),
    ],
)
def test_a_kind_alone_has_the_usual_size(spec: str, same: str) -> None:
    def size(made: str) -> int:
        return made.count("-") if spec == "words" else len(made)

    assert size(text(spec)) == size(text(same))


@pytest.mark.parametrize(
    "spec",
    [
        "password:7",
        "password:4097",
        "hex:7",
        "hex:4097",
        "base64:0",
        "words:3",
        "words:65",
        "rsa:1024",
        "rsa:2047",
        "rsa:2056",
        "rsa:9216",
        "hex:",
        "hex:-8",
        "hex:+16",
        "hex: 16",
        "hex:1e2",
        "hex:16:16",
        "hex:0x10",
        "hex:\u0661\u0662",
        "hex:\u00b2\u00b2",
        "hex:" + "9" * 5000,
        "uuid:4",
        "uuid:",
        "ed25519:32",
        "p256:256",
    ],
)
def test_a_size_out_of_bounds_is_a_usage_problem(spec: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        generate(spec)
    assert caught.value.message.startswith(spec.split(":")[0])


@pytest.mark.parametrize("spec", ["", ":", "PASSWORD", "passwort", " hex", "hex ", "dsa:1024"])
def test_an_unknown_kind_names_the_kinds_there_are(spec: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        generate(spec)
    for kind in ("password", "hex", "base64", "words", "uuid", "ed25519", "p256", "rsa"):
        assert kind in caught.value.hint


def test_what_was_typed_is_never_repeated() -> None:
    with pytest.raises(UsageProblem) as caught:
        generate("hunter2-in-the-wrong-place")
    assert "hunter2" not in caught.value.message + caught.value.hint


@given(st.text())
def test_arbitrary_text_gives_a_value_or_a_lango_error(spec: str) -> None:
    with suppress(LangoError):
        assert generate(spec)


def test_every_kind_that_is_listed_can_be_made() -> None:
    for spec in kinds().split(", "):
        assert len(generate(spec)) > 15


def test_a_generated_value_is_hidden() -> None:
    assert repr(generate("hex")) == "[secret]"

"""Ed25519, and the three algorithms of the key registry beside OpenSSL itself."""

from __future__ import annotations

import subprocess
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto import signing
from lango_cli.crypto.keys import SigningKey
from lango_cli.crypto.signing import (
    ALGORITHMS,
    ECDSA_P256,
    ED25519,
    HMAC_SHA256,
    ed25519_public,
    ed25519_sign,
    ed25519_verify,
    new_signing_key,
)
from tests.parts import require

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(message=st.binary(max_size=60), data=st.data())
def test_each_algorithm_verifies_its_own_and_nothing_changed(
    algorithm: str, message: bytes, data: st.DataObject
) -> None:
    key = new_signing_key(algorithm)
    signature = signing.sign(algorithm, key, message)
    assert signing.verify(algorithm, key, message, signature)
    assert not signing.verify(algorithm, new_signing_key(algorithm), message, signature)
    changed = bytearray(signature)
    # A DER signature is now longer, now shorter.
    place = data.draw(st.integers(0, 1 << 16)) % (len(changed) * 8)
    changed[place // 8] ^= 1 << place % 8
    assert not signing.verify(algorithm, key, message, bytes(changed))
    assert not signing.verify(algorithm, key, message + b"x", signature)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(message=st.binary(max_size=60), signature=st.binary(max_size=90))
def test_each_algorithm_refuses_arbitrary_bytes_quietly(
    algorithm: str, message: bytes, signature: bytes
) -> None:
    assert signing.verify(algorithm, SigningKey(bytes([7] * 32)), message, signature) is False


def test_a_key_does_not_show_itself() -> None:
    assert repr(new_signing_key(ED25519)) == "[secret]"
    assert signing.public_pem(HMAC_SHA256, new_signing_key(HMAC_SHA256)) is None
    assert signing.public_jwk(HMAC_SHA256, new_signing_key(HMAC_SHA256)) is None


def openssl(*words: str, check: bool = True) -> bytes:
    """What OpenSSL prints."""
    done = subprocess.run([require("openssl"), *words], capture_output=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout if check else bytes([done.returncode])


def private_pem(algorithm: str, key: SigningKey) -> bytes:
    """The private key as OpenSSL reads it; lango itself never writes one."""
    if algorithm == ED25519:
        made = Ed25519PrivateKey.from_private_bytes(key.reveal())
        return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    scalar = derive_private_key(int.from_bytes(key.reveal(), "big"), SECP256R1())
    return scalar.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


UNCOMPRESSED = (Encoding.X962, PublicFormat.UncompressedPoint)
SIGN = {
    ED25519: [
        "pkeyutl",
        "-sign",
        "-rawin",
        "-inkey",
        "private",
        "-in",
        "message",
        "-out",
        "theirs",
    ],
    ECDSA_P256: ["dgst", "-sha256", "-sign", "private", "-out", "theirs", "message"],
}
VERIFY = {
    ED25519: [
        *("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "public"),
        *("-in", "message", "-sigfile", "ours"),
    ],
    ECDSA_P256: ["dgst", "-sha256", "-verify", "public", "-signature", "ours", "message"],
}


@pytest.mark.parametrize("algorithm", [ED25519, ECDSA_P256])
def test_openssl_verifies_ours_by_the_exported_key_and_we_verify_its(
    algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key, message = new_signing_key(algorithm), b"a message\n"
    pem = signing.public_pem(algorithm, key)
    assert pem is not None
    ours = signing.sign(algorithm, key, message)
    for name, data in (
        ("message", message),
        ("ours", ours),
        ("public", pem.encode()),
        ("private", private_pem(algorithm, key)),
    ):
        (tmp_path / name).write_bytes(data)
    assert openssl("pkey", "-in", "private", "-pubout") == pem.encode()
    openssl(*VERIFY[algorithm])
    openssl(*SIGN[algorithm])
    assert signing.verify(algorithm, key, message, (tmp_path / "theirs").read_bytes())
    (tmp_path / "message").write_bytes(b"another")
    assert openssl(*VERIFY[algorithm], check=False) != b"\0"


def test_openssl_gives_the_same_hmac(tmp_path: Path) -> None:
    key = new_signing_key(HMAC_SHA256)
    (tmp_path / "message").write_bytes(b"a message\n")
    given = ["-mac", "HMAC", "-macopt", f"hexkey:{key.reveal().hex()}", "-binary"]
    theirs = openssl("dgst", "-sha256", *given, str(tmp_path / "message"))
    assert signing.sign(HMAC_SHA256, key, b"a message\n") == theirs


@pytest.mark.parametrize("algorithm", [ED25519, ECDSA_P256])
def test_the_library_reads_the_pem_and_finds_the_jwk_s_point_in_it(algorithm: str) -> None:
    key = new_signing_key(algorithm)
    pem, jwk = signing.public_pem(algorithm, key), signing.public_jwk(algorithm, key)
    assert pem is not None
    assert jwk is not None
    raw = load_pem_public_key(pem.encode()).public_bytes(
        *((Encoding.Raw, PublicFormat.Raw) if algorithm == ED25519 else UNCOMPRESSED)
    )
    point = b"".join(urlsafe_b64decode(jwk[part] + "=") for part in ("x", "y") if part in jwk)
    assert raw == (point if algorithm == ED25519 else b"\x04" + point)

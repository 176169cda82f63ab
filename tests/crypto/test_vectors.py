"""Published test vectors: our functions give the numbers that the standards print.

Each file in `vectors/` names its source; each test says which of our functions it holds to it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from lango_cli.crypto import bip39, passphrase, recipient, signing
from lango_cli.crypto.aead import unseal
from lango_cli.crypto.keys import SigningKey
from lango_cli.crypto.mac import hkdf_sha256, hmac_sha256
from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes

Case = dict[str, Any]
HPKE = openssl.hpke
XWING_SEED = 96


def published(name: str) -> list[Case]:
    """The cases of one file; texts of hex digits become bytes."""
    path = Path(__file__).parent / "vectors" / f"{name}.json"
    entries: list[Case] = json.loads(path.read_text("ascii"))["cases"]
    return [{field: _value(field, value) for field, value in entry.items()} for entry in entries]


def _value(field: str, value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) and field not in _TEXTS else value


_TEXTS = {"words", "from", "thumbprint"}


@pytest.mark.parametrize("case", published("hmac_sha256"))
def test_hmac_sha256_gives_what_rfc_4231_prints(case: Case) -> None:
    """RFC 4231, section 4."""
    assert hmac_sha256(case["key"], case["data"]) == case["mac"]


@pytest.mark.parametrize("case", published("hkdf_sha256"))
def test_hkdf_sha256_gives_what_rfc_5869_prints(case: Case) -> None:
    """RFC 5869, appendix A.1 to A.3."""
    made = hkdf_sha256(case["ikm"], case["salt"], case["info"], case["length"])
    assert made == case["okm"]


@pytest.mark.parametrize("case", published("pbkdf2_sha256"))
def test_pbkdf2_sha256_gives_what_rfc_7914_prints(case: Case) -> None:
    """RFC 7914, section 11; beneath the bounds, since the RFC's cases have too few rounds."""
    made = passphrase._pbkdf2(case["passphrase"], case["salt"], case["rounds"])
    assert made == case["key"]


@pytest.mark.parametrize("case", [c for c in published("argon2id") if "secret" not in c])
def test_argon2id_gives_what_the_reference_implementation_prints(case: Case) -> None:
    """The reference implementation's test.c and OpenSSL's evpkdf_argon2.txt."""
    costs = (case["memory_kib"], case["passes"], case["lanes"])
    assert passphrase.argon2id(case["passphrase"], case["salt"], *costs) == case["key"]


@pytest.mark.parametrize("case", [c for c in published("argon2id") if "secret" in c])
def test_the_library_s_argon2id_gives_what_rfc_9106_prints(case: Case) -> None:
    """RFC 9106, section 5.3: its one case has a secret and associated data, ours has neither."""
    kdf = Argon2id(
        salt=case["salt"],
        length=32,
        iterations=case["passes"],
        lanes=case["lanes"],
        memory_cost=case["memory_kib"],
        ad=case["ad"],
        secret=case["secret"],
    )
    assert kdf.derive(case["passphrase"]) == case["key"]


@pytest.mark.parametrize("case", published("aes256_gcm"))
def test_unseal_opens_and_refuses_what_nist_says(case: Case) -> None:
    """NIST CAVP, gcmDecrypt256.rsp; no plaintext stands for a case that must fail."""
    blob = case["nonce"] + case["ciphertext"] + case["tag"]
    if case["plaintext"] is None:
        with pytest.raises(Tampered):
            unseal(SecretBytes(case["key"]), blob, case["aad"])
    else:
        assert unseal(SecretBytes(case["key"]), blob, case["aad"]) == case["plaintext"]


@pytest.mark.parametrize("case", published("bip39"))
def test_words_and_entropy_are_those_of_bip_39(case: Case) -> None:
    """BIP-39's reference vectors by Trezor, both ways."""
    assert bip39.words_of(case["entropy"]) == case["words"]
    assert bip39.entropy_of(case["words"]) == case["entropy"]


@pytest.mark.parametrize("case", published("ed25519"))
def test_ed25519_gives_what_rfc_8032_prints(case: Case) -> None:
    """RFC 8032, section 7.1, tests 1 to 3."""
    assert signing.ed25519_public(case["seed"]) == case["public"]
    assert signing.ed25519_sign(case["seed"], case["message"]) == case["signature"]
    assert signing.ed25519_verify(case["public"], case["message"], case["signature"])


@pytest.mark.parametrize("case", published("hpke"))
def test_the_library_s_hpke_opens_what_rfc_9180_prints(case: Case) -> None:
    """RFC 9180, X25519 and HKDF-SHA256, with AES-128-GCM (A.1.1) and with our AES-256-GCM."""
    aead = {1: HPKE.AEAD.AES_128_GCM, 2: HPKE.AEAD.AES_256_GCM}[case["aead"]]
    suite = HPKE.Suite(HPKE.KEM.X25519, HPKE.KDF.HKDF_SHA256, aead)
    key = X25519PrivateKey.from_private_bytes(case["sk"])
    blob = case["enc"] + case["ct"]
    assert HPKE._decrypt_with_aad(suite, blob, key, case["info"], case["aad"]) == case["pt"]


@pytest.mark.parametrize("case", published("hpke") + published("hpke_pq"))
def test_the_key_schedule_written_here_gives_what_the_drafts_print(case: Case) -> None:
    """RFC 9180 section 5.1: `key_schedule`, which the next tests lean on, is right itself."""
    suite = (case["kem"], case["kdf"], case["aead"])
    key, nonce = key_schedule(suite, case["shared_secret"], case["info"], len(case["key"]))
    assert (key, nonce) == (case["key"], case["base_nonce"])


@pytest.mark.parametrize("case", published("hpke_pq"))
def test_the_library_s_hpke_opens_what_draft_ietf_hpke_pq_prints(case: Case) -> None:
    """Our KEM and KDF with the AEAD that the draft prints for them, ChaCha20-Poly1305."""
    seed = expand(case["sk"])
    private = HPKE.MLKEM768X25519PrivateKey(*recipient._private(seed))
    aead = {3: HPKE.AEAD.CHACHA20_POLY1305}[case["aead"]]
    suite = HPKE.Suite(HPKE.KEM.MLKEM768_X25519, HPKE.KDF.HKDF_SHA256, aead)
    blob = case["enc"] + case["ct"]
    assert recipient.public_of(seed) == case["pk"]
    assert HPKE._decrypt_with_aad(suite, blob, private, case["info"], case["aad"]) == case["pt"]


@pytest.mark.parametrize("case", published("xwing") + published("hpke_pq"))
def test_open_from_opens_a_seal_made_from_a_published_shared_secret(case: Case) -> None:
    """X-Wing draft, appendix C: seed, public key, `enc` and shared secret, under our own suite."""
    seed = expand(case["sk"])
    suite = (recipient.KEM_ID, recipient.KDF_ID, recipient.AEAD_ID)
    key, nonce = key_schedule(suite, case["shared_secret"], b"some info", 32)
    blob = case["enc"] + AESGCM(key).encrypt(nonce, b"a master key", b"")
    assert recipient.public_of(seed) == case["pk"]
    assert recipient.open_from(seed, blob, b"some info") == b"a master key"


def expand(short: bytes) -> SecretBytes:
    """Our 96-byte seed from the drafts' 32-byte one: SHAKE-256, as X-Wing section 5.2 says."""
    return SecretBytes(hashlib.shake_256(short).digest(XWING_SEED))


def key_schedule(
    suite: tuple[int, int, int], shared: bytes, info: bytes, size: int
) -> tuple[bytes, bytes]:
    """RFC 9180's key and base nonce (sections 4, 5.1): base mode, HKDF-SHA256, one block each."""
    suite_id = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in suite)

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac_sha256(salt, b"HPKE-v1" + suite_id + label + ikm)

    def expand_to(label: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + context
        return hmac_sha256(secret, labelled + b"\x01")[:length]

    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return expand_to(b"key", size), expand_to(b"base_nonce", 12)


@pytest.mark.parametrize("case", published("ecdsa_p256"))
def test_ecdsa_gives_what_rfc_6979_prints(case: Case) -> None:
    """RFC 6979, appendix A.2.5: deterministic, so that the signature itself can be compared."""
    key = SigningKey(case["scalar"])
    r, s = (int.from_bytes(case[part], "big") for part in "rs")
    made = signing.sign(signing.ECDSA_P256, key, case["message"])
    assert decode_dss_signature(made) == (r, s)
    given = encode_dss_signature(r, s)
    assert signing.verify(signing.ECDSA_P256, key, case["message"], given)
    jwk = signing.public_jwk(signing.ECDSA_P256, key)
    assert jwk is not None
    assert [base64.urlsafe_b64decode(jwk[part] + "=") for part in "xy"] == [case["x"], case["y"]]


@pytest.mark.parametrize("case", published("ed25519"))
def test_a_signing_key_s_ed25519_gives_what_rfc_8032_prints(case: Case) -> None:
    """RFC 8032, section 7.1, through the door of the key registry."""
    key = SigningKey(case["seed"])
    assert signing.sign(signing.ED25519, key, case["message"]) == case["signature"]
    assert signing.verify(signing.ED25519, key, case["message"], case["signature"])


@pytest.mark.parametrize("case", published("jwk_thumbprint"))
def test_thumbprints_are_those_that_rfc_8037_and_rfc_9449_print(case: Case) -> None:
    """RFC 7638 over OKP and EC keys."""
    assert signing.thumbprint(case["jwk"]) == case["thumbprint"]


def test_the_jwk_of_rfc_8037_comes_of_its_seed() -> None:
    """RFC 8037, appendix A.1 to A.3: the seed is RFC 8032's first."""
    jwk = signing.public_jwk(signing.ED25519, SigningKey(published("ed25519")[0]["seed"]))
    known = json.loads((Path(__file__).parent / "vectors/jwk_thumbprint.json").read_text())
    case = known["cases"][0]
    assert jwk == {**case["jwk"], "alg": "EdDSA", "use": "sig", "kid": case["thumbprint"]}

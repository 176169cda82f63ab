"""Google Cloud KMS: its own client against a service of its own protocol on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.cloud.kms_v1 import types

from lango_cli.custody.gcp import GcpCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    Tampered,
    UsageProblem,
)
from tests.custody.suite import HERE, KEY, OpenedByName
from tests.doubles.gcp_kms import CloudKms, crc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.custody.suite import Opened

RING = "projects/p/locations/l/keyRings/r/cryptoKeys"


@pytest.fixture
def cloud() -> Iterator[CloudKms]:
    """A Cloud KMS with two keys that wrap and one that signs."""
    cloud = CloudKms()
    for name in ("kek", "spare"):
        cloud.symmetric[f"{RING}/{name}"] = AESGCM(os.urandom(32))
    cloud.signing[f"{RING}/signer"] = ec.generate_private_key(ec.SECP256R1())
    yield cloud
    cloud.stop()


def at(
    cloud: CloudKms, name: str = "kek", *, timeout: float = 20.0, retries: int = 0
) -> GcpCustodian:
    uri = parse(f"gcp-kms:{RING}/{name}?endpoint=http://127.0.0.1:{cloud.port}")
    return open_custodian(uri, Options(lambda: None, {}, timeout, retries))


class TestGcp(OpenedByName):
    """Keys of that service."""

    signer = "signer/cryptoKeyVersions/1"

    @pytest.fixture
    def opened(self, cloud: CloudKms) -> Opened:
        return partial(at, cloud)


STATUSES = [
    (grpc.StatusCode.UNAVAILABLE, CustodyUnavailable, False),
    (grpc.StatusCode.INTERNAL, CustodyUnavailable, False),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, CustodyUnavailable, True),
    (grpc.StatusCode.PERMISSION_DENIED, CustodyDenied, None),
    (grpc.StatusCode.UNAUTHENTICATED, CustodyDenied, None),
    (grpc.StatusCode.UNIMPLEMENTED, CustodyDenied, None),
    (grpc.StatusCode.FAILED_PRECONDITION, KeyUnusable, None),
    (grpc.StatusCode.NOT_FOUND, KeyNotFound, None),
]


@pytest.mark.parametrize(("status", "kind", "throttled"), STATUSES, ids=lambda one: str(one))
def test_errors_are_told_apart_by_status(
    cloud: CloudKms, status: grpc.StatusCode, kind: type[Exception], throttled: bool | None
) -> None:
    cloud.faults["Decrypt"] = lambda context, _answer: context.abort(status, "secret text")
    custodian = at(cloud)
    wrapped = custodian.wrap(KEY, HERE)
    with pytest.raises(kind) as caught:
        custodian.unwrap(wrapped, HERE)
    assert "secret text" not in str(caught.value)
    if throttled is not None:
        assert vars(caught.value).get("throttled", False) is throttled


def wrong(member: str, value: Any) -> Callable[[Any, Any], None]:
    return lambda _context, answer: setattr(answer, member, value)


DAMAGES = [
    ("Encrypt", "ciphertext_crc32c", 1),
    ("Encrypt", "verified_plaintext_crc32c", False),
    ("Encrypt", "verified_additional_authenticated_data_crc32c", False),
    ("Decrypt", "plaintext_crc32c", 1),
    ("Decrypt", "plaintext", bytes(32)),
    ("AsymmetricSign", "signature_crc32c", 1),
    ("AsymmetricSign", "verified_digest_crc32c", False),
    ("GetPublicKey", "pem_crc32c", 1),
]


@pytest.mark.parametrize(("method", "member", "value"), DAMAGES)
def test_a_sum_that_is_wrong_is_noticed_and_asked_for_again(
    cloud: CloudKms, method: str, member: str, value: object
) -> None:
    wrapped = at(cloud).wrap(KEY, HERE)

    def work(key: GcpCustodian) -> object:
        if method == "Encrypt":
            return key.wrap(KEY, HERE)
        if method == "Decrypt":
            return key.unwrap(wrapped, HERE)
        return key.sign(b"text") if method == "AsymmetricSign" else key.public_key()

    name = "kek" if method in ("Encrypt", "Decrypt") else "signer/cryptoKeyVersions/1"
    cloud.faults[method] = wrong(member, value)
    cloud.calls.clear()
    with pytest.raises(CustodyUnavailable, match="CRC32C"):
        work(at(cloud, name, retries=1))
    assert cloud.calls == [method, method]
    del cloud.faults[method]
    assert work(at(cloud, name))


def test_a_version_wraps_and_the_key_unwraps(cloud: CloudKms) -> None:
    wrapped = at(cloud, "kek/cryptoKeyVersions/1").wrap(KEY, HERE)
    assert at(cloud).unwrap(wrapped, HERE) == KEY


def test_a_disabled_key_and_one_that_is_not_there_are_told_apart(cloud: CloudKms) -> None:
    cloud.states[f"{RING}/kek"] = types.CryptoKeyVersion.CryptoKeyVersionState.DISABLED
    health = at(cloud).describe()
    assert (health.usable, health.reason) == (False, "its version is disabled")
    with pytest.raises(KeyUnusable):
        at(cloud).wrap(KEY, HERE)
    with pytest.raises(KeyNotFound):
        at(cloud, "nothing").wrap(KEY, HERE)
    assert not at(cloud, "nothing").describe().usable


def test_how_it_is_takes_no_decryption(cloud: CloudKms) -> None:
    assert at(cloud).describe().usable
    assert cloud.calls == ["GetCryptoKey"]


def test_what_refuses_connections_is_not_available(cloud: CloudKms) -> None:
    cloud.stop()
    with pytest.raises(CustodyUnavailable, match="gcp-kms wrap"):
        at(cloud, timeout=2.0).wrap(KEY, HERE)


def test_what_never_answers_ends_in_time(cloud: CloudKms) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cloud.port = silent.getsockname()[1]
        begun = time.monotonic()
        with pytest.raises(CustodyUnavailable):
            at(cloud, timeout=1.0, retries=9).wrap(KEY, HERE)
        assert time.monotonic() - begun < 30


def test_without_tls_only_this_machine_is_spoken_to() -> None:
    uri = parse(f"gcp-kms:{RING}/kek?endpoint=http://kms.example.com")
    with pytest.raises(UsageProblem, match="without TLS"):
        open_custodian(uri, Options(lambda: None, {}))


@pytest.mark.parametrize(
    "endpoint",
    [
        "kms.example.com",
        "https://kms.example.com",
        "kms.example.com:443",
        "googleapis.com.example.com",
        "https://example.com%23.googleapis.com",
        "https://example.com/.googleapis.com",
        "https://example.com%5C.googleapis.com",
        "https://me@example.com:443",
        "dns://192.0.2.1/cloudkms.googleapis.com",
        "unix:/tmp/socket",
        "localhost.example.com",
    ],
)
def test_googles_token_goes_to_nobody_else(endpoint: str) -> None:
    """A header may come from anybody, and a token is good for more than this key."""
    with pytest.raises(UsageProblem, match="googleapis"):
        open_custodian(parse(f"gcp-kms:{RING}/kek?endpoint={endpoint}"), Options(lambda: None, {}))


@pytest.mark.parametrize(
    "endpoint",
    [
        "cloudkms.googleapis.com",
        "https://cloudkms-corp.p.googleapis.com:443/",
        "cloudkms.europe-west3.rep.googleapis.com",
        "https://localhost:8443",
    ],
)
def test_an_endpoint_may_be_one_of_googles_or_here(endpoint: str) -> None:
    uri = parse(f"gcp-kms:{RING}/kek?endpoint={endpoint}")
    open_custodian(uri, Options(lambda: None, {})).close()


def test_without_credentials_it_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(CustodyDenied, match="no usable credentials"):
        open_custodian(
            parse(f"gcp-kms:{RING}/kek?endpoint=127.0.0.1:1"), Options(lambda: None, {}, 20.0, 9)
        ).wrap(KEY, HERE)


SIGNER = "signer/cryptoKeyVersions/1"


def test_an_answer_of_nothing_has_wrapped_and_signed_nothing(cloud: CloudKms) -> None:
    """The sum of nothing is 0, and so is a sum that is not there."""

    def emptied(member: str) -> Callable[[Any, Any], None]:
        def empty(_context: Any, answer: Any) -> None:
            setattr(answer, member, b"")
            setattr(answer, f"{member}_crc32c", 0)

        return empty

    wrapped = at(cloud).wrap(KEY, HERE)
    cloud.faults["Encrypt"] = emptied("ciphertext")
    cloud.faults["Decrypt"] = emptied("plaintext")
    cloud.faults["AsymmetricSign"] = emptied("signature")
    with pytest.raises(CustodyUnavailable):
        at(cloud).wrap(KEY, HERE)
    with pytest.raises(Tampered):
        at(cloud).unwrap(wrapped, HERE)
    with pytest.raises(KeyUnusable):
        at(cloud, SIGNER).sign(b"a text")


def test_a_key_of_another_size_is_none(cloud: CloudKms) -> None:
    def longer(_context: Any, answer: Any) -> None:
        answer.plaintext = bytes(33)
        answer.plaintext_crc32c = crc(bytes(33))

    wrapped = at(cloud).wrap(KEY, HERE)
    cloud.faults["Decrypt"] = longer
    with pytest.raises(Tampered):
        at(cloud).unwrap(wrapped, HERE)


def test_a_signature_that_is_not_of_p256_is_not_handed_on(cloud: CloudKms) -> None:
    def other(_context: Any, answer: Any) -> None:
        answer.signature = bytes(256)
        answer.signature_crc32c = crc(bytes(256))

    cloud.faults["AsymmetricSign"] = other
    with pytest.raises(KeyUnusable, match="P-256"):
        at(cloud, SIGNER).sign(b"a text")


@pytest.mark.parametrize("kind", ["rsa", "p384", "garbage"])
def test_a_public_key_that_is_not_of_p256_is_none(cloud: CloudKms, kind: str) -> None:
    pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    if kind != "garbage":
        key = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if kind == "rsa"
            else ec.generate_private_key(ec.SECP384R1())
        )
        public = key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def other(_context: Any, answer: Any) -> None:
        answer.pem = pem
        answer.pem_crc32c = crc(pem.encode())

    cloud.faults["GetPublicKey"] = other
    with pytest.raises(Tampered):
        at(cloud, SIGNER).verify(b"a text", b"a signature")


def test_states_and_purposes_of_a_newer_service_are_no_crash(cloud: CloudKms) -> None:
    def newer(_context: Any, answer: Any) -> None:
        bare = types.CryptoKey.pb(answer)
        bare.purpose = bare.primary.state = bare.primary.algorithm = 9999

    cloud.faults["GetCryptoKey"] = newer
    health = at(cloud).describe()
    assert (health.usable, health.purpose) == (False, "")
    assert health.reason == "its version is number 9999"


def test_an_answer_longer_than_any_is_not_taken(cloud: CloudKms) -> None:
    cloud.faults["Encrypt"] = wrong("ciphertext", bytes(5 << 20))
    with pytest.raises(CustodyUnavailable):
        at(cloud).wrap(KEY, HERE)


def test_a_slow_answer_ends_when_the_time_is_over(cloud: CloudKms) -> None:
    over = threading.Event()

    def slow(_context: Any, _answer: Any) -> None:
        over.wait(60)

    cloud.faults["Encrypt"] = slow
    try:
        with pytest.raises(CustodyUnavailable, match="gcp-kms wrap"):
            at(cloud, timeout=1.0, retries=9).wrap(KEY, HERE)
    finally:
        over.set()


def test_what_speaks_no_grpc_is_not_available() -> None:
    """An answer that ends in the middle of its first frame."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"\0\0\x12\4")

        threading.Thread(target=serve, daemon=True).start()
        uri = parse(f"gcp-kms:{RING}/kek?endpoint=http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(CustodyUnavailable):
            open_custodian(uri, Options(lambda: None, {}, 3.0, 1)).wrap(KEY, HERE)
        server.shutdown(socket.SHUT_RDWR)


def test_a_key_that_was_rotated_still_opens_what_its_older_version_wrapped(
    cloud: CloudKms,
) -> None:
    before = at(cloud).wrap(KEY, HERE)
    cloud.rotate(f"{RING}/kek", AESGCM(os.urandom(32)))
    after = at(cloud).wrap(KEY, HERE)
    assert at(cloud).unwrap(before, HERE) == KEY
    assert at(cloud).unwrap(after, HERE) == KEY
    del cloud.older[f"{RING}/kek"]
    with pytest.raises(Tampered):
        at(cloud).unwrap(before, HERE)

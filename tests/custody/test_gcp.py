"""Google Cloud KMS: its own client against a service of its own protocol on this machine."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud.kms_v1 import types

from lango_cli.custody.gcp import GcpCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    UsageProblem,
)
from tests.custody.suite import HERE, KEY, CustodianSuite
from tests.doubles.gcp_kms import CloudKms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


class TestGcp(CustodianSuite):
    """Keys of that service."""

    @pytest.fixture
    def wrapping(self, cloud: CloudKms) -> Iterator[GcpCustodian]:
        custodian = at(cloud)
        yield custodian
        custodian.close()

    @pytest.fixture
    def other(self, cloud: CloudKms) -> Iterator[GcpCustodian]:
        custodian = at(cloud, "spare")
        yield custodian
        custodian.close()

    @pytest.fixture
    def signing(self, cloud: CloudKms) -> Iterator[GcpCustodian]:
        custodian = at(cloud, "signer/cryptoKeyVersions/1")
        yield custodian
        custodian.close()


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


def test_without_credentials_it_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(CustodyDenied, match="no usable credentials"):
        open_custodian(
            parse(f"gcp-kms:{RING}/kek?endpoint=127.0.0.1:1"), Options(lambda: None, {}, 20.0, 9)
        ).wrap(KEY, HERE)

"""Google Cloud KMS: its own client against a service of its own protocol on this machine.

By TLS and with a service account's token throughout. What goes wrong on the way to it stands in
`test_proxied`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
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
from tests.doubles.authority import Authority, rsa_key
from tests.doubles.gcp_kms import RING, CloudKms, State, crc, service_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.custody.suite import Opened

SIGNER = "signer/cryptoKeyVersions/1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def standing(authority: Authority) -> Iterator[CloudKms]:
    """A Cloud KMS that stands for all tests of this module."""
    cloud = CloudKms(authority)
    yield cloud
    cloud.stop()


@pytest.fixture
def cloud(
    standing: CloudKms, authority: Authority, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> CloudKms:
    """That service as on its first day, for an account that it knows."""
    standing.clean()
    account = service_account(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    trust(authority, monkeypatch)
    return standing


def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client believes this authority: else a process has its roots but once."""

    def channel(calls: grpc.CallCredentials) -> grpc.ChannelCredentials:
        trusted = grpc.ssl_channel_credentials(authority.pem)
        return grpc.composite_channel_credentials(trusted, calls)

    monkeypatch.setattr(grpc, "compute_engine_channel_credentials", channel)


def at(
    cloud: CloudKms, name: str = "kek", *, timeout: float = 60.0, retries: int = 0
) -> GcpCustodian:
    uri = parse(f"gcp-kms:{RING}/{name}?endpoint=https://127.0.0.1:{cloud.port}")
    return open_custodian(uri, Options(lambda: None, {}, timeout, retries))


class TestGcp(OpenedByName):
    """Keys of that service."""

    signer = SIGNER

    @pytest.fixture
    def opened(self, cloud: CloudKms) -> Opened:
        return partial(at, cloud)


STATUSES = [
    (grpc.StatusCode.PERMISSION_DENIED, CustodyDenied),
    (grpc.StatusCode.UNIMPLEMENTED, CustodyDenied),
    (grpc.StatusCode.OUT_OF_RANGE, CustodyDenied),
    (grpc.StatusCode.FAILED_PRECONDITION, KeyUnusable),
    (grpc.StatusCode.NOT_FOUND, KeyNotFound),
    (grpc.StatusCode.ABORTED, CustodyUnavailable),
    (grpc.StatusCode.UNKNOWN, CustodyUnavailable),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES, ids=lambda one: str(one))
def test_errors_are_told_apart_by_status(
    cloud: CloudKms, status: grpc.StatusCode, kind: type[Exception]
) -> None:
    cloud.faults["Decrypt"] = lambda context, _answer: context.abort(status, "secret text")
    custodian = at(cloud)
    wrapped = custodian.wrap(KEY, HERE)
    with pytest.raises(kind, match="gcp-kms unwrap") as caught:
        custodian.unwrap(wrapped, HERE)
    assert "secret text" not in str(caught.value)


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


STATES = ("DISABLED", "DESTROYED", "DESTROY_SCHEDULED", "PENDING_GENERATION")


@pytest.mark.parametrize("state", STATES)
def test_a_version_that_is_not_enabled_does_nothing_and_says_which_state_it_is_in(
    cloud: CloudKms, state: str
) -> None:
    wrapped = at(cloud).wrap(KEY, HERE)
    for name in ("kek", "signer"):
        cloud.key(name).states[0] = getattr(State, state)
    for name in ("kek", "kek/cryptoKeyVersions/1", SIGNER):
        health = at(cloud, name).describe()
        said = f"its version is {state.lower().replace('_', ' ')}"
        assert (health.usable, health.reason, health.version) == (False, said, "1")
    works: tuple[Callable[[], object], ...] = (
        lambda: at(cloud).wrap(KEY, HERE),
        lambda: at(cloud).unwrap(wrapped, HERE),
        lambda: at(cloud, SIGNER).sign(b"a text"),
        lambda: at(cloud, SIGNER).public_key(),
    )
    for work in works:
        with pytest.raises(KeyUnusable):
            work()


def test_a_key_or_version_that_is_not_there_is_told_apart(cloud: CloudKms) -> None:
    for name in ("nothing", "kek/cryptoKeyVersions/7"):
        with pytest.raises(KeyNotFound):
            at(cloud, name).wrap(KEY, HERE)
        assert not at(cloud, name).describe().usable


def test_the_primary_version_wraps_and_every_enabled_one_unwraps(cloud: CloudKms) -> None:
    before = at(cloud).wrap(KEY, HERE)
    cloud.key().rotate()
    after = at(cloud).wrap(KEY, HERE)
    assert at(cloud).describe().version == "2"
    assert at(cloud).unwrap(before, HERE) == KEY
    assert at(cloud).unwrap(after, HERE) == KEY
    cloud.key().primary = 1
    assert at(cloud).describe().version == "1"
    cloud.key().states[0] = State.DISABLED
    assert at(cloud).unwrap(after, HERE) == KEY
    with pytest.raises(KeyUnusable):
        at(cloud).unwrap(before, HERE)


def test_a_version_wraps_and_the_key_unwraps(cloud: CloudKms) -> None:
    cloud.key().rotate()
    one = at(cloud, "kek/cryptoKeyVersions/1")
    wrapped = one.wrap(KEY, HERE)
    cloud.key().states[1] = State.DISABLED
    assert at(cloud).unwrap(wrapped, HERE) == KEY
    assert (one.describe().usable, one.describe().version) == (True, "1")
    assert not at(cloud).describe().usable


def test_each_version_of_a_key_that_signs_signs_for_itself(cloud: CloudKms) -> None:
    cloud.key("signer").rotate()
    one, two = at(cloud, SIGNER), at(cloud, "signer/cryptoKeyVersions/2")
    signature = two.sign(b"a text")
    assert two.verify(b"a text", signature)
    assert not one.verify(b"a text", signature)
    assert one.describe().version == "1"


def test_a_key_that_signs_is_named_with_its_version(cloud: CloudKms) -> None:
    bare = at(cloud, "signer")
    with pytest.raises(KeyUnusable, match="named with its version"):
        bare.sign(b"a text")
    with pytest.raises(KeyUnusable, match="named with its version"):
        bare.verify(b"a text", b"")
    health = bare.describe()
    assert (health.usable, health.purpose) == (False, "sign")
    assert "named with its version" in health.reason


def test_a_key_without_a_primary_version_says_so(cloud: CloudKms) -> None:
    cloud.faults["GetCryptoKey"] = lambda _context, answer: setattr(answer, "primary", None)
    health = at(cloud).describe()
    assert (health.usable, health.reason) == (False, "it has no primary version, which wraps")


@pytest.mark.parametrize("method", ["Encrypt", "AsymmetricSign", "GetPublicKey"])
def test_an_answer_about_another_key_is_refused(cloud: CloudKms, method: str) -> None:
    other = f"{RING}/spare/cryptoKeyVersions/1"
    cloud.faults[method] = lambda _context, answer: setattr(answer, "name", other)
    works: dict[str, Callable[[], object]] = {
        "Encrypt": lambda: at(cloud).wrap(KEY, HERE),
        "AsymmetricSign": lambda: at(cloud, SIGNER).sign(b"a text"),
        "GetPublicKey": lambda: at(cloud, SIGNER).public_key(),
    }
    with pytest.raises(CustodyDenied, match="about another key"):
        works[method]()
    number = f"projects/123456/{RING.partition('/p/')[2]}/kek/cryptoKeyVersions/1"
    cloud.faults["Encrypt"] = lambda _context, answer: setattr(answer, "name", number)
    at(cloud).wrap(KEY, HERE)


def test_a_token_goes_with_every_call_and_one_that_is_not_good_is_a_refusal(
    cloud: CloudKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(cloud).wrap(KEY, HERE)
    assert cloud.refused == 0
    monkeypatch.setattr("tests.doubles.gcp_kms.AUDIENCE", "https://other.googleapis.com/")
    with pytest.raises(CustodyDenied, match="UNAUTHENTICATED") as caught:
        at(cloud, retries=3).wrap(KEY, HERE)
    assert cloud.refused == 1
    assert "Bearer" not in str(caught.value)


def test_a_certificate_of_somebody_else_is_not_spoken_to(
    cloud: CloudKms, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(Authority(tmp_path), monkeypatch)
    with pytest.raises(CustodyUnavailable):
        at(cloud).wrap(KEY, HERE)
    assert (cloud.calls, cloud.refused) == ([], 0)


def test_on_this_machine_it_is_spoken_to_without_tls_and_then_without_a_token() -> None:
    plain = CloudKms()
    try:
        uri = parse(f"gcp-kms:{RING}/kek?endpoint=http://127.0.0.1:{plain.port}")
        key = open_custodian(uri, Options(lambda: None, {}, 60.0, 0))
        assert key.unwrap(key.wrap(KEY, HERE), HERE) == KEY
        key.close()
    finally:
        plain.stop()


def test_how_it_is_takes_no_decryption(cloud: CloudKms) -> None:
    assert at(cloud).describe().usable
    assert cloud.calls == ["GetCryptoKey"]


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
        key = rsa_key(1) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())
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

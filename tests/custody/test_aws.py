"""AWS KMS: the suite, its keys, and what goes wrong on the way to it."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.custody.aws import open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    Tampered,
    UsageProblem,
)
from lango_cli.wiring import making, opening
from tests.cli.test_making import quiet
from tests.custody.aws_here import (
    REGION,
    SIGNING,
    account,
    aws,
    endpoint,
    id_of,
    kms,
    made,
    opened_at,
    server,
)
from tests.custody.far import Far
from tests.custody.suite import HERE, KEY, CustodianSuite
from tests.custody.test_kept_slots import flags, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.custody.aws import AwsCustodian
    from lango_cli.wiring.flags import Flags
    from tests.doubles.moto_kms import MotoKms

__all__ = ["account", "aws", "endpoint", "flags", "kms", "server"]


@pytest.fixture
def far() -> Far:
    """Asked by nobody: the custodians here are those that there are."""
    return Far()


class TestAws(CustodianSuite):
    """Keys at moto's server."""

    @pytest.fixture
    def wrapping(self, kms: Any, endpoint: str) -> AwsCustodian:
        return opened_at(made(kms), endpoint)

    @pytest.fixture
    def other(self, kms: Any, endpoint: str) -> AwsCustodian:
        return opened_at(made(kms), endpoint)

    @pytest.fixture
    def signing(self, kms: Any, endpoint: str) -> AwsCustodian:
        return opened_at(made(kms, **SIGNING), endpoint)


def test_moto_as_it_comes_serves_as_well(kms: Any, aws: MotoKms) -> None:
    # Its keys are those of the other server: it is the same moto, without the checks.
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    plain = "http://{}:{}".format(*server.get_host_and_port())
    try:
        custodian, signer = opened_at(made(kms), plain), opened_at(made(kms, **SIGNING), plain)
        key, wrapped = custodian.generate(HERE)
        assert custodian.unwrap(custodian.rewrap(wrapped, HERE), HERE) == key
        signature = signer.sign(b"text")
        assert verify_pem(signer.public_key(), b"text", signature)
        assert (signer.verify(b"text", signature), signer.verify(b"tex", signature)) == (
            True,
            False,
        )
        with pytest.raises(KeyUnusable):
            signer.wrap(KEY, HERE)
    finally:
        server.stop()


def test_an_alias_and_an_id_are_the_key(kms: Any, endpoint: str) -> None:
    arn = made(kms)
    kms.create_alias(AliasName="alias/kek", TargetKeyId=arn)
    wrapped = opened_at("alias/kek", endpoint).wrap(KEY, HERE)
    assert opened_at(id_of(arn), endpoint).unwrap(wrapped, HERE) == KEY


def test_a_key_whose_usage_is_not_said_is_for_encrypt_to_judge(kms: Any, endpoint: str) -> None:
    made_plainly = kms.create_key()["KeyMetadata"]
    assert "KeyUsage" not in kms.describe_key(KeyId=made_plainly["KeyId"])["KeyMetadata"]
    custodian = opened_at(made_plainly["Arn"], endpoint)
    assert custodian.unwrap(custodian.wrap(KEY, HERE), HERE) == KEY


def test_a_key_that_is_not_for_this_is_to_be_looked_at_where_it_is_kept(
    kms: Any, endpoint: str
) -> None:
    signs = opened_at(made(kms, **SIGNING), endpoint)
    with pytest.raises(KeyUnusable) as refused:
        signs.wrap(KEY, HERE)
    assert refused.value.hint.startswith("look at the key where it is kept")


def test_it_is_wrapped_anew_without_coming_here(kms: Any, endpoint: str) -> None:
    custodian = opened_at(made(kms), endpoint)
    wrapped = custodian.wrap(KEY, HERE)
    again = custodian.rewrap(wrapped, HERE)
    assert again != wrapped
    assert custodian.unwrap(again, HERE) == KEY


def test_what_is_not_there_or_disabled_is_told_apart(kms: Any, endpoint: str) -> None:
    arn = made(kms)
    custodian = opened_at(arn, endpoint)
    kms.disable_key(KeyId=id_of(arn))
    health = custodian.describe()
    assert (health.usable, health.reason) == (False, "the key is disabled")
    gone = opened_at(arn[:-4] + "0000", endpoint)
    with pytest.raises(KeyNotFound):
        gone.wrap(KEY, HERE)
    assert not gone.describe().usable


def test_what_never_answers_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        custodian = opened_at("alias/kek", endpoint, timeout=1.0, retries=9)
        begun = time.monotonic()
        with pytest.raises(CustodyUnavailable, match="no answer"):
            custodian.wrap(KEY, HERE)
        assert time.monotonic() - begun < 30
        assert not custodian.describe().usable


def read_request(connection: socket.socket) -> bytes:
    """All of it: what is closed with something unread is reset, and its answer may be lost."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: *([0-9]+)", head)
    missing = (int(found[1]) if found else 0) - len(body)
    while missing > 0:
        missing -= len(connection.recv(1 << 16))
    return head


@contextmanager
def answering(answer: bytes, asked: list[bytes] | None = None) -> Iterator[str]:
    """Where every request gets this, whatever it asks; `asked` gets what came."""
    heads = [] if asked is None else asked
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heads.append(read_request(connection))
                    connection.sendall(b"HTTP/1.0 " + answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "kind", "throttled"),
    [
        (b'500 x\r\n\r\n{"__type":"KMSInternalException"}', CustodyUnavailable, False),
        (b'400 x\r\n\r\n{"__type":"ThrottlingException"}', CustodyUnavailable, True),
        (b'400 x\r\n\r\n{"__type":"AccessDeniedException"}', CustodyDenied, None),
        (b'400 x\r\n\r\n{"__type":"ExpiredTokenException"}', CustodyDenied, None),
        (b'400 x\r\n\r\n{"__type":"\xf0\x9f\x90\xa2 what is this"}', CustodyDenied, None),
        (b'400 x\r\n\r\n{"__type":"KMSInvalidStateException"}', KeyUnusable, None),
        (b'200 x\r\nContent-Length: 999\r\n\r\n{"Cipher', CustodyUnavailable, False),
        (b'200 x\r\n\r\n{"Cipher', CustodyDenied, None),
        (b"200 x\r\n\r\n{}", CustodyDenied, None),
        (b"200 x\r\n\r\n", CustodyDenied, None),
        (b'400 x\r\n\r\n{"__type":"RequestLimitExceeded"}', CustodyUnavailable, True),
        (b'400 x\r\n\r\n{"__type":"ThrottledException"}', CustodyUnavailable, True),
        (b'400 x\r\n\r\n{"__type":"LimitExceededException"}', CustodyUnavailable, True),
        (b'400 x\r\n\r\n{"__type":"DependencyTimeoutException"}', CustodyUnavailable, False),
        (b'400 x\r\n\r\n{"__type":"KeyUnavailableException"}', CustodyUnavailable, False),
        (b'400 x\r\n\r\n{"__type":"KMSInternalException"}', CustodyUnavailable, False),
        (b'400 x\r\n\r\n{"__type":"UnrecognizedClientException"}', CustodyDenied, None),
        (b"200 x\r\n\r\n[1]", CustodyDenied, None),
    ],
)
def test_errors_are_told_apart_by_code_and_status(
    answer: bytes, kind: type[Exception], throttled: bool | None
) -> None:
    with answering(answer) as endpoint:
        with pytest.raises(kind) as caught:
            opened_at("alias/kek", endpoint).wrap(KEY, HERE)
        if throttled is not None:
            assert getattr(caught.value, "throttled") is throttled  # noqa: B009  # of one class alone


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("code", ["ThrottlingException", "KMSInternalException"])
def test_what_is_asked_again_is_for_lango_to_say_and_not_the_sdk(code: str, retries: int) -> None:
    asked: list[bytes] = []
    answer = b'400 x\r\n\r\n{"__type":"' + code.encode() + b'"}'
    with answering(answer, asked) as endpoint, pytest.raises(CustodyUnavailable):
        opened_at("alias/kek", endpoint, retries=retries).sign(b"text")
    assert len(asked) == retries + 1


@pytest.mark.parametrize(
    ("plaintext", "kind"),
    [
        (b"5", CustodyDenied),
        (b'""', CustodyDenied),
        (b'"!"', CustodyDenied),
        (b'"AAAA"', Tampered),
        (b'"' + b"A" * 10_000 + b'"', Tampered),
    ],
    ids=["a number", "nothing", "no base64", "too short", "too long"],
)
def test_what_is_no_key_of_32_bytes_is_never_given_out(
    kms: Any, endpoint: str, plaintext: bytes, kind: type[Exception]
) -> None:
    key = made(kms)
    wrapped = opened_at(key, endpoint).wrap(KEY, HERE)
    reply = b'200 x\r\n\r\n{"Plaintext": ' + plaintext + b"}"
    with answering(reply) as strange, pytest.raises(kind):
        opened_at(key, strange).unwrap(wrapped, HERE)


@pytest.mark.parametrize("member", ["KeyId", "KeyMetadata"])
def test_an_answer_about_another_key_is_a_refusal(kms: Any, endpoint: str, member: str) -> None:
    key, other = made(kms), id_of(made(kms))
    wrapped = opened_at(key, endpoint).wrap(KEY, HERE)
    plain = base64.b64encode(KEY.reveal()).decode()
    about = {"KeyId": other} if member == "KeyId" else {"KeyMetadata": {"KeyId": other}}
    reply = json.dumps(about | {"Plaintext": plain}).encode()
    with answering(b"200 x\r\n\r\n" + reply) as strange:
        custodian = opened_at(key, strange)
        if member == "KeyId":
            with pytest.raises(CustodyDenied, match="not AWS KMS"):
                custodian.unwrap(wrapped, HERE)
        else:
            assert "not AWS KMS" in custodian.describe().reason


@pytest.mark.parametrize("answer", [b"[1]", b'{"KeyMetadata": 5}'])
def test_a_strange_answer_is_no_reason_for_a_traceback_in_status(answer: bytes) -> None:
    with answering(b"200 x\r\n\r\n" + answer) as strange:
        health = opened_at("alias/kek", strange).describe()
    assert not health.usable
    assert "not AWS KMS" in health.reason


def test_without_tls_only_this_machine_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageProblem, match="without TLS"):
        opened_at("alias/kek", "http://kms.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://kms.example.com")
    uri = parse(f"aws-kms:alias/kek?region={REGION}")
    with pytest.raises(UsageProblem, match="without TLS"):
        open_custodian(uri, Options(lambda: None, {}, 60, 9)).wrap(KEY, HERE)


def test_a_vault_opens_through_it(flags: Flags, kms: Any, endpoint: str) -> None:
    uri = f"aws-kms:{made(kms)}?region={REGION}&endpoint={endpoint}"
    with making.make_vault(flags, making.Plan(kms=uri), quiet) as vault:
        from lango_cli.secret import SecretBytes

        vault.secrets.set("db/main", SecretBytes(b"value"))
        vault.keys.custody = opening.custody_of(
            opening.load_settings(flags), opening.folders_of(flags), None
        )
        vault.registry.create("far", "encryption", "aes-256-gcm", default=False, custodian=uri)
        assert vault.registry.rewrap("far") == 1
    assert opened(flags) == "kms"

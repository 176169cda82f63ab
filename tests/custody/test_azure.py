"""Azure Key Vault: its own client against a vault of its own protocol on this machine."""

from __future__ import annotations

import os
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lango_cli.custody import azure
from lango_cli.custody.azure import AzureCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    Tampered,
)
from tests.custody.suite import HERE, KEY, OpenedByName
from tests.doubles import key_vault
from tests.doubles.key_vault import HOST, TOKEN, KeyVault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.custody.suite import Opened


DISABLED = (
    b'{"error":{"code":"Forbidden","message":"nobody\'s business",'
    b'"innererror":{"code":"KeyDisabled"}}}'
)


class Login:
    """A credential whose token the vault takes."""

    def get_token(self, *_scopes: str, **_more: object) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyVault]:
    """A vault with keys that wrap (RSA, AES) and one that signs."""
    vault = KeyVault(tmp_path)
    for name in ("kek", "spare"):
        vault.keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    vault.keys["hsm"] = os.urandom(32)
    vault.keys["signer"] = ec.generate_private_key(ec.SECP256R1())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", vault.authority)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("NO_PROXY", HOST)
    known = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        return known("127.0.0.1" if host == HOST else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(azure, "DefaultAzureCredential", Login)
    yield vault
    vault.stop()


def at(
    vault: KeyVault, name: str = "kek", *, timeout: float = 20.0, retries: int = 0
) -> AzureCustodian:
    uri = parse(f"azure-kv:{vault.url}/keys/{name}")
    return open_custodian(uri, Options(lambda: None, {}, timeout, retries))


class TestAzure(OpenedByName):
    """RSA keys of that vault."""

    @pytest.fixture
    def opened(self, vault: KeyVault) -> Opened:
        return partial(at, vault)


def test_an_aes_key_of_a_managed_hsm_wraps(vault: KeyVault) -> None:
    wrapped = at(vault, "hsm").wrap(KEY, HERE)
    assert at(vault, "hsm").unwrap(wrapped, HERE) == KEY
    with pytest.raises(Tampered):
        at(vault).unwrap(wrapped, HERE)


def test_unwrapping_is_one_request_after_the_challenge(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.calls.clear()
    at(vault).unwrap(wrapped, HERE)
    assert vault.calls == ["unwrapkey"]
    assert vault.challenges > 0


@pytest.mark.parametrize(
    ("status", "body", "kind", "throttled"),
    [
        (500, b"{}", CustodyUnavailable, False),
        (503, b"", CustodyUnavailable, False),
        (429, b"{}", CustodyUnavailable, True),
        (403, b"{}", CustodyDenied, None),
        (418, b"{}", CustodyDenied, None),
        (404, b"{}", KeyNotFound, None),
        (403, DISABLED, KeyUnusable, None),
        (400, b'{"error":{"code":"BadParameter"}}', Tampered, None),
        (200, b'{"val', CustodyUnavailable, False),
    ],
)
def test_errors_are_told_apart_by_status_and_code(
    vault: KeyVault, status: int, body: bytes, kind: type[Exception], throttled: bool | None
) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.answer = (status, body)
    with pytest.raises(kind) as caught:
        at(vault).unwrap(wrapped, HERE)
    if throttled is not None:
        assert vars(caught.value).get("throttled", False) is throttled


def test_a_disabled_key_is_told_apart_from_one_that_is_not_there(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.disabled.add("kek")
    health = at(vault).describe()
    assert (health.usable, health.reason) == (False, "the key is disabled")
    with pytest.raises(KeyUnusable):
        at(vault).unwrap(wrapped, HERE)
    with pytest.raises(KeyNotFound):
        at(vault, "nothing").wrap(KEY, HERE)
    assert not at(vault, "nothing").describe().usable


def test_what_never_answers_ends_in_time(vault: KeyVault) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        vault.url = f"https://{HOST}:{silent.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(CustodyUnavailable):
            at(vault, timeout=1.0, retries=9).wrap(KEY, HERE)
        assert time.monotonic() - begun < 30


def test_a_certificate_of_somebody_else_is_not_spoken_to(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(CustodyUnavailable):
        at(vault).wrap(KEY, HERE)
    assert vault.calls == []


def test_a_challenge_for_another_domain_gets_no_token(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Watched(Login):
        def get_token(self, *scopes: str, **more: object) -> AccessToken:
            asked.extend(scopes)
            return super().get_token(*scopes, **more)

    monkeypatch.setattr(azure, "DefaultAzureCredential", Watched)
    vault.resource = "https://vault.azure.net"
    with pytest.raises(CustodyDenied):
        at(vault, retries=3).wrap(KEY, HERE)
    assert (asked, vault.calls) == ([], [])
    assert vault.challenges == 1


def test_a_token_that_has_expired_is_a_refusal_and_not_tried_again(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Expired(Login):
        def get_token(self, *_scopes: str, **_more: object) -> AccessToken:
            return AccessToken("one of yesterday", int(time.time()) - 86400)

    monkeypatch.setattr(azure, "DefaultAzureCredential", Expired)
    with pytest.raises(CustodyDenied):
        at(vault, retries=3).wrap(KEY, HERE)
    assert vault.calls == []
    assert vault.challenges <= 3


def test_a_key_that_was_rotated_still_opens_what_its_older_version_wrapped(
    vault: KeyVault,
) -> None:
    before = at(vault).wrap(KEY, HERE)
    vault.rotate("kek", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    after = at(vault).wrap(KEY, HERE)
    assert before[2:34] != after[2:34]
    assert at(vault).unwrap(before, HERE) == KEY
    assert at(vault).unwrap(after, HERE) == KEY
    assert at(vault).describe().version == after[2:34].decode()


def test_many_operations_share_one_client_of_a_version(vault: KeyVault) -> None:
    key = at(vault, "signer")
    for _ in range(5):
        key.sign(b"a text")
    assert len(key._clients) == 1
    key.close()
    assert key.verify(b"a text", key.sign(b"a text"))
    key.close()


STRANGE = [
    b"{}",
    b"[1]",
    b"null",
    b"7",
    b'{"value": 5}',
    b'{"value": "!"}',
    b'{"value": ""}',
    b'{"value": "%s"}' % (b"A" * 200_000),
    b'{"key": 5, "attributes": []}',
    b'{"key": {"kid": "https://elsewhere/none", "kty": "RSA"}, "attributes": {}}',
    b'{"key": {"kid": "x"}}',
    b"\xff\xfe",
    b"<html>a portal</html>",
    b"[" * 5_000,
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_answer_is_an_error_of_ours_and_never_a_key(
    vault: KeyVault, body: bytes
) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.answer = (200, body)
    works = (
        lambda: at(vault).wrap(KEY, HERE),
        lambda: at(vault).unwrap(wrapped, HERE),
        lambda: at(vault, "signer").sign(b"a text"),
        lambda: at(vault, "signer").public_key(),
    )
    for work in works:
        with pytest.raises((CustodyDenied, CustodyUnavailable, Tampered, KeyUnusable)):
            work()
    assert not at(vault).describe().usable


def test_a_vault_that_makes_nothing_of_a_key_has_wrapped_nothing(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for made in (b"", bytes(100_000)):
        monkeypatch.setattr(key_vault, "_operation", lambda *_words, made=made: made)
        with pytest.raises(CustodyDenied):
            at(vault).wrap(KEY, HERE)


def test_half_an_answer_is_asked_for_again_and_then_not_available(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.missing = 10
    vault.calls.clear()
    with pytest.raises(CustodyUnavailable, match="azure-kv unwrap"):
        at(vault, retries=1).unwrap(wrapped, HERE)
    assert vault.calls == ["unwrapkey", "unwrapkey"]


def test_what_refuses_connections_is_not_available(vault: KeyVault) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        vault.url = f"https://{HOST}:{gone.getsockname()[1]}"
    with pytest.raises(CustodyUnavailable, match="azure-kv wrap"):
        at(vault).wrap(KEY, HERE)


def test_a_slow_answer_ends_when_the_time_is_over(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.go_on.clear()
    try:
        begun = time.monotonic()
        with pytest.raises(CustodyUnavailable):
            at(vault, timeout=1.0, retries=9).unwrap(wrapped, HERE)
        assert time.monotonic() - begun < 30
    finally:
        vault.go_on.set()


def test_too_many_requests_are_asked_by_us_alone(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.answer = (429, b"{}")
    vault.calls.clear()
    with pytest.raises(CustodyUnavailable) as caught:
        at(vault, retries=2).unwrap(wrapped, HERE)
    assert caught.value.throttled
    assert vault.calls == ["unwrapkey"] * 3


def test_a_disabled_key_does_not_wrap_though_its_public_half_could(vault: KeyVault) -> None:
    vault.disabled.add("kek")
    with pytest.raises(KeyUnusable):
        at(vault).wrap(KEY, HERE)

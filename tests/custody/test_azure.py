"""Azure Key Vault: its own client against a vault of its own protocol on this machine.

What goes wrong on the way to it stands in `test_proxied`.
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from azure.keyvault.keys import KeyClient

from lango_cli.custody import azure
from lango_cli.custody.azure import AzureCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    Tampered,
    UsageProblem,
)
from tests.custody.suite import HERE, KEY, OpenedByName
from tests.doubles.authority import Authority, rsa_key
from tests.doubles.key_vault import DOMAIN, KeyVault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.custody.suite import Opened

DAY = 86400
DISABLED = (
    b'{"error":{"code":"Forbidden","message":"nobody\'s business",'
    b'"innererror":{"code":"KeyDisabled"}}}'
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def standing(authority: Authority) -> Iterator[KeyVault]:
    """A vault that stands for all tests of this module."""
    vault = KeyVault(authority)
    yield vault
    vault.stop()


@pytest.fixture
def vault(standing: KeyVault, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> KeyVault:
    """That vault as on its first day: keys that wrap (RSA, AES) and one that signs."""
    standing.clean()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    for name, value in standing.environment().items():
        monkeypatch.setenv(name, value)
    return standing


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every client that a test made lets go of its connections."""
    made: list[KeyClient] = []

    def remembered(*words: Any, **named: Any) -> KeyClient:
        made.append(KeyClient(*words, **named))
        return made[-1]

    monkeypatch.setattr(azure, "KeyClient", remembered)
    yield
    for client in made:
        client.close()


def at(
    vault: KeyVault, name: str = "kek", *, timeout: float = 60.0, retries: int = 0
) -> AzureCustodian:
    uri = parse(f"azure-kv:{vault.url}/keys/{name}")
    return open_custodian(uri, Options(lambda: None, {}, timeout, retries))


class Login:
    """A credential that says for what it was asked; `give`: its token, by its turn."""

    def __init__(self, give: Callable[[int], tuple[str, float]]) -> None:
        self._give = give
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        self.asked.append((scopes[0], more))
        token, seconds = self._give(len(self.asked))
        return AccessToken(token, int(time.time() + seconds))


def log_in(monkeypatch: pytest.MonkeyPatch, give: Callable[[int], tuple[str, float]]) -> Login:
    login = Login(give)
    monkeypatch.setattr(azure, "DefaultAzureCredential", lambda: login)
    return login


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
    assert at(vault, "hsm").describe().purpose == "wrap"


def test_unwrapping_is_one_request_after_the_challenge(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.calls.clear()
    at(vault).unwrap(wrapped, HERE)
    assert vault.calls == ["unwrapkey"]


def test_every_operation_is_the_vaults_and_none_is_done_here_with_the_public_half(
    vault: KeyVault,
) -> None:
    at(vault).wrap(KEY, HERE)
    at(vault, "signer").sign(b"a text")
    assert vault.calls == ["get", "wrapkey", "sign"]


def test_the_sdk_has_the_public_way_that_all_requests_take() -> None:
    """Where it is gone: send `HttpRequest`s by an `azure.core.PipelineClient` of our own."""
    assert callable(KeyClient.send_request)


def test_many_operations_share_one_client_until_it_is_closed(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(url: str, *words: Any, **named: Any) -> KeyClient:
        made.append(url)
        return KeyClient(url, *words, **named)

    monkeypatch.setattr(azure, "KeyClient", counted)
    key = at(vault, "signer")
    for _ in range(3):
        key.sign(b"a text")
    assert len(made) == 1
    key.close()
    assert key.verify(b"a text", key.sign(b"a text"))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"{}", CustodyDenied),
        (403, b"{}", CustodyDenied),
        (418, b"{}", CustodyDenied),
        (302, b"", CustodyDenied),
        (404, b"{}", KeyNotFound),
        (403, DISABLED, KeyUnusable),
        (408, b"{}", CustodyUnavailable),
        (400, b'{"error":{"code":"BadParameter"}}', Tampered),
        (403, b'{"error":{"code":"KeyDisabled","innererror":5}}', KeyUnusable),
        (403, b'{"error":[]}', CustodyDenied),
        (403, b'{"error":{"code":{}}}', CustodyDenied),
    ],
)
def test_refusals_are_told_apart_by_status_and_code(
    vault: KeyVault, status: int, body: bytes, kind: type[Exception]
) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.answer = (status, body)
    with pytest.raises(kind, match="azure-kv unwrap"):
        at(vault).unwrap(wrapped, HERE)


def test_a_disabled_key_does_nothing(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.about["kek"] = {"enabled": False}
    health = at(vault).describe()
    assert (health.usable, health.reason) == (False, "the key is disabled")
    with pytest.raises(KeyUnusable):
        at(vault).unwrap(wrapped, HERE)
    with pytest.raises(KeyUnusable):
        at(vault).wrap(KEY, HERE)


@pytest.mark.parametrize(
    ("member", "seconds", "reason"), [("exp", -DAY, "has expired"), ("nbf", DAY, "not valid yet")]
)
def test_outside_its_time_a_key_unwraps_and_makes_nothing_new(
    vault: KeyVault, member: str, seconds: int, reason: str
) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    for name in ("kek", "signer"):
        vault.about[name] = {member: int(time.time()) + seconds}
    health = at(vault).describe()
    assert not health.usable
    assert reason in health.reason
    assert at(vault).unwrap(wrapped, HERE) == KEY
    with pytest.raises(KeyUnusable):
        at(vault).wrap(KEY, HERE)
    with pytest.raises(KeyUnusable):
        at(vault, "signer").sign(b"a text")


def test_within_its_time_a_key_is_well(vault: KeyVault) -> None:
    now = int(time.time())
    vault.about["kek"] = {"nbf": now - DAY, "exp": now + DAY}
    assert at(vault).describe().usable


def test_a_key_that_was_deleted_is_not_there_until_it_is_recovered(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.deleted.add("kek")
    with pytest.raises(KeyNotFound, match="or it was deleted"):
        at(vault).unwrap(wrapped, HERE)
    assert not at(vault).describe().usable
    vault.deleted.clear()
    assert at(vault).unwrap(wrapped, HERE) == KEY
    with pytest.raises(KeyNotFound):
        at(vault, "nothing").wrap(KEY, HERE)


def test_the_newest_version_wraps_and_each_unwraps_its_own(vault: KeyVault) -> None:
    before = at(vault).wrap(KEY, HERE)
    first = at(vault).describe().version
    vault.rotate("kek", rsa_key(2))
    after = at(vault).wrap(KEY, HERE)
    assert before[2:34] != after[2:34]
    assert at(vault).unwrap(before, HERE) == KEY
    assert at(vault).unwrap(after, HERE) == KEY
    assert at(vault).describe().version == after[2:34].decode()
    assert at(vault, f"kek/{first}").wrap(KEY, HERE)[2:34] == before[2:34]
    assert at(vault, f"kek/{first}").describe().version == first


def test_a_certificate_of_somebody_else_is_not_spoken_to(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(CustodyUnavailable):
        at(vault).wrap(KEY, HERE)
    assert vault.calls == []
    assert vault.challenges == 0


@pytest.fixture
def unknown(authority: Authority, vault: KeyVault) -> Iterator[KeyVault]:
    """A vault whose challenge nobody has met: the SDK remembers the others by their address."""
    other = KeyVault(authority)
    yield other
    other.stop()


@pytest.mark.parametrize(
    "domain", ["https://vault.azure.net", f"https://{DOMAIN}:1", "https://", "nonsense", " "]
)
def test_a_challenge_for_another_domain_gets_no_token(
    unknown: KeyVault, monkeypatch: pytest.MonkeyPatch, domain: str
) -> None:
    login = log_in(monkeypatch, lambda _turn: (unknown.token, DAY))
    unknown.domain = domain
    with pytest.raises(CustodyDenied, match="none of a Key Vault for this host"):
        at(unknown, retries=3).wrap(KEY, HERE)
    assert (login.asked, unknown.calls, unknown.challenges) == ([], [], 1)


def test_a_token_is_asked_for_this_domain_and_tenant(
    unknown: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = log_in(monkeypatch, lambda _turn: (unknown.token, DAY))
    at(unknown).wrap(KEY, HERE)
    ((scope, more),) = login.asked
    assert scope == f"https://{DOMAIN}:{unknown.port}/.default"
    assert more["tenant_id"].startswith("0a1b2c3d")


def test_a_token_that_the_vault_does_not_take_is_asked_for_anew_once(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claims of its challenge go along: continuous access evaluation."""
    vault.claims = json.dumps({"access_token": {"nbf": {"essential": True}}})
    login = log_in(
        monkeypatch, lambda turn: ("a-revoked-token" if turn == 1 else vault.token, DAY)
    )
    assert at(vault).describe().usable
    assert [more.get("claims") for _, more in login.asked] == [None, vault.claims]
    assert all(more["enable_cae"] for _, more in login.asked)


@pytest.mark.parametrize("seconds", [-DAY, DAY], ids=["as it says", "but says it has not"])
def test_a_token_that_has_expired_is_a_refusal_and_not_tried_again(
    vault: KeyVault, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    log_in(monkeypatch, lambda _turn: ("one-of-yesterday", seconds))
    with pytest.raises(CustodyDenied, match="no usable credentials") as caught:
        at(vault, retries=3).wrap(KEY, HERE)
    assert caught.value.hint == "az login"
    assert "yesterday" not in str(caught.value)
    assert vault.calls == []
    assert vault.challenges <= 3


@pytest.mark.parametrize(
    "address",
    ["http://{}/keys/kek", "https://{}@evil.test/keys/kek", "https://{}/secrets/kek", "https://"],
)
def test_what_is_no_address_of_a_key_in_a_vault_is_none(vault: KeyVault, address: str) -> None:
    with pytest.raises(UsageProblem):
        parse("azure-kv:" + address.format(f"127.0.0.1:{vault.port}"))


STRANGE = [
    b"{}",
    b"[1]",
    b"null",
    b"7",
    b"",
    b'{"value": 5}',
    b'{"value": "!"}',
    b'{"value": "AAAA"}',
    b'{"kid": "https://a.test/keys/other/1", "value": "AAAA"}',
    b'{"kid": "https://a.test/keys/kek/1", "value": ""}',
    b'{"kid": "https://a.test/keys/kek/1", "value": "!"}',
    b'{"kid": "https://a.test/keys/kek/1", "value": "%s"}' % (b"A" * 200_000),
    b'{"kid": "https://[/keys/kek/1", "value": "AAAA"}',
    b'{"key": 5, "attributes": []}',
    b'{"key": {"kid": "https://elsewhere/none", "kty": "RSA"}, "attributes": {}}',
    b'{"key": {"kid": "https://a.test/keys/kek/1"}, "attributes": {}}',
    b'{"key": {"kid": "https://a.test/keys/kek/1", "kty": "RSA"}, "attributes": {"exp": "x"}}',
    b'{"key": {"kid": "https://a.test/keys/signer/1", "kty": "EC", "x": "AAAA", "y": 5},'
    b' "attributes": {"enabled": true}}',
    b"\xff\xfe",
    b'{"val',
    b"<html>a portal</html>",
    b"[" * 5_000,
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_answer_is_a_refusal_and_never_a_key(vault: KeyVault, body: bytes) -> None:
    """It answers, so it is not unavailable, after which a weaker way may be taken."""
    kek, signer = at(vault, retries=3), at(vault, "signer", retries=3)
    wrapped = kek.wrap(KEY, HERE)
    vault.answer = (200, body)
    vault.calls.clear()
    works: tuple[Callable[[], object], ...] = (
        lambda: kek.wrap(KEY, HERE),
        lambda: kek.unwrap(wrapped, HERE),
        lambda: signer.sign(b"a text"),
        signer.public_key,
    )
    for work in works:
        with pytest.raises((CustodyDenied, Tampered, KeyUnusable)):
            work()
    assert not kek.describe().usable
    assert len(vault.calls) == len(works) + 1


def test_a_vault_that_makes_nothing_of_a_key_has_wrapped_nothing(vault: KeyVault) -> None:
    for vault.made in (b"", bytes(100_000)):
        with pytest.raises(CustodyDenied):
            at(vault).wrap(KEY, HERE)


def test_a_signature_that_is_not_of_p256_is_not_handed_on(vault: KeyVault) -> None:
    vault.made = bytes(96)
    with pytest.raises(KeyUnusable, match=r"azure-kv sign .*P-256"):
        at(vault, "signer").sign(b"a text")


def test_another_keys_unwrapping_is_noticed(vault: KeyVault) -> None:
    wrapped = at(vault).wrap(KEY, HERE)
    vault.made = bytes(32)
    with pytest.raises(LangoError) as caught:
        at(vault).unwrap(wrapped, HERE)
    assert isinstance(caught.value, Tampered)


def test_the_machines_own_identity_is_found_and_asked_for_this_domain(vault: KeyVault) -> None:
    at(vault).describe()
    assert set(vault.scopes) == {f"https://{DOMAIN}:{vault.port}"}

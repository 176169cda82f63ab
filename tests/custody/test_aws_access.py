"""Who one is at AWS: variables, profiles, roles that are taken anew, MFA codes, and nobody."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.custody.aws import open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import CustodyDenied, CustodyUnavailable, LangoError, NotApplicable
from lango_cli.secret import SecretBytes
from tests.custody.aws_here import (
    account,
    aws,
    endpoint,
    kms,
    made,
    opened_at,
    server,
    without_account,
)
from tests.custody.suite import HERE, KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.moto_kms import MotoKms

__all__ = ["account", "aws", "endpoint", "kms", "server"]

ROLE = "arn:aws:iam::123456789012:role/lango"
DEVICE = "arn:aws:iam::123456789012:mfa/me"
KEYS = "aws_access_key_id = made\naws_secret_access_key = up\n"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws: MotoKms) -> Path:
    """A home with an empty ~/.aws, whose roles come from the same server."""
    without_account(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.url)
    (tmp_path / ".aws").mkdir()
    return tmp_path


def configure(home: Path, text: str, name: str = "config") -> None:
    (home / ".aws" / name).write_text(text)


def works(key: str, aws: MotoKms, more: str = "") -> bool:
    custodian = opened_at(key, aws.url, more=more)
    return custodian.unwrap(custodian.wrap(KEY, HERE), HERE) == KEY


def refused(key: str, aws: MotoKms, more: str = "", retries: int = 9) -> LangoError:
    with pytest.raises(CustodyDenied) as caught:
        opened_at(key, aws.url, more=more, retries=retries).wrap(KEY, HERE)
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value


def test_without_credentials_it_is_said_in_one_line_what_to_do(home: Path, aws: MotoKms) -> None:
    found = refused("alias/kek", aws)
    assert found.message.endswith("no AWS credentials were found")
    for word in ("profile", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "role"):
        assert word in found.hint
    assert aws.seen == []
    assert refused("alias/kek", aws, f"&role={ROLE}").message == found.message


def test_a_profile_of_the_person_is_used(home: Path, aws: MotoKms, kms: Any) -> None:
    configure(home, KEYS.join(("[work]\n", "")), "credentials")
    assert works(made(kms), aws, "&profile=work")
    refused("alias/kek", aws)
    missing = refused("alias/kek", aws, "&profile=play")
    assert missing.message.endswith("there is no such AWS profile")


def test_a_profile_named_by_the_variable_is_used(
    home: Path, aws: MotoKms, kms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, f"[profile work]\n{KEYS}")
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert works(made(kms), aws)


def test_a_profile_of_the_uri_goes_before_variables(
    home: Path, aws: MotoKms, kms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, f"[profile work]\n{KEYS}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "over")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "and done")
    aws.expired.add("over")
    key = made(kms)
    refused(key, aws)
    assert works(key, aws, "&profile=work")


def test_a_profile_says_the_region_where_nothing_else_does(
    home: Path, aws: MotoKms, kms: Any
) -> None:
    configure(home, f"[profile far]\nregion = ap-south-1\n{KEYS}[profile nowhere]\n{KEYS}")
    options = Options(lambda: None, {}, 60, 0)
    uri = f"aws-kms:alias/kek?endpoint={aws.url}&profile="
    open_custodian(parse(f"{uri}far"), options).describe()
    assert aws.seen == [("ap-south-1", "DescribeKey")]
    health = open_custodian(parse(f"{uri}nowhere"), options).describe()
    assert "no AWS region is named" in health.reason


def test_a_role_is_taken_once_and_anew_before_it_is_over(
    home: Path, aws: MotoKms, kms: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "up")
    custodian = opened_at(made(kms), aws.url, more=f"&role={ROLE}")
    aws.seen.clear()
    wrapped = custodian.wrap(KEY, HERE)
    assert custodian.unwrap(wrapped, HERE) == KEY
    assert aws.operations() == ["AssumeRole", "DescribeKey", "Encrypt", "Decrypt"]
    # From here on each lasts a minute: less than what the SDK wants to have left.
    aws.lease = 60
    custodian = opened_at(custodian.key, aws.url, more=f"&role={ROLE}")
    aws.seen.clear()
    for _ in range(3):
        assert custodian.unwrap(wrapped, HERE) == KEY
    assert aws.operations() == ["AssumeRole", "Decrypt"] * 3


def test_a_role_is_taken_by_a_profile_with_a_source_profile(
    home: Path, aws: MotoKms, kms: Any
) -> None:
    configure(
        home, f"[profile base]\n{KEYS}[profile work]\nrole_arn = {ROLE}\nsource_profile = base\n"
    )
    key = made(kms)
    aws.seen.clear()
    assert works(key, aws, "&profile=work")
    assert aws.operations() == ["AssumeRole", "DescribeKey", "Encrypt", "Decrypt"]
    aws.seen.clear()
    # The URI's role on top of the profile's: one after the other.
    assert works(key, aws, f"&profile=work&role={ROLE}-2")
    assert aws.operations().count("AssumeRole") == 2


def test_a_role_that_is_not_given_is_a_refusal_and_not_asked_for_again(
    home: Path, aws: MotoKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "up")
    aws.denied.add("AssumeRole")
    found = refused("alias/kek", aws, f"&role={ROLE}")
    assert "the role is not given" in found.message
    assert aws.operations() == ["AssumeRole"]


def test_credentials_that_are_over_say_to_log_in_again(aws: MotoKms) -> None:
    aws.expired.add("made")
    found = refused("alias/kek", aws)
    assert "the AWS credentials are over (ExpiredTokenException)" in found.message
    assert "log in to AWS again" in found.hint
    assert set(aws.operations()) <= {"DescribeKey", "Encrypt"}


class Person:
    """Who has an MFA device."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.asked = 0

    def pin(self) -> SecretBytes | None:
        self.asked += 1
        return SecretBytes(self.codes.pop(0).encode()) if self.codes else None


@pytest.fixture
def mfa(home: Path) -> str:
    """A profile whose role wants the code of a device."""
    role = f"role_arn = {ROLE}\nsource_profile = base\nmfa_serial = {DEVICE}\n"
    configure(home, f"[profile base]\n{KEYS}[profile work]\n{role}")
    return "&profile=work"


def test_the_code_of_an_mfa_device_is_asked_for_once(mfa: str, aws: MotoKms, kms: Any) -> None:
    person = Person("123456")
    custodian = opened_at(made(kms), aws.url, more=mfa, pin=person.pin)
    aws.seen.clear()
    assert custodian.unwrap(custodian.wrap(KEY, HERE), HERE) == KEY
    assert person.asked == 1
    assert aws.operations() == ["AssumeRole", "DescribeKey", "Encrypt", "Decrypt"]


def test_where_nobody_types_the_code_nothing_waits(
    mfa: str, aws: MotoKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> str:
        raise AssertionError("the SDK asked by itself")

    monkeypatch.setattr("getpass.getpass", never)
    found = refused("alias/kek", aws, mfa)
    assert "MFA" in found.message
    assert aws.seen == []
    assert "MFA" in opened_at("alias/kek", aws.url, more=mfa).describe().reason


def test_a_quiet_unlock_leaves_the_code_to_the_one_that_asks(mfa: str, aws: MotoKms) -> None:
    def pin() -> SecretBytes | None:
        raise NotApplicable("slot kms wants a PIN")

    with pytest.raises(NotApplicable):
        opened_at("alias/kek", aws.url, more=mfa, pin=pin).describe()


def test_a_session_with_a_code_that_is_over_ends(mfa: str, aws: MotoKms, kms: Any) -> None:
    person = Person("123456")
    aws.lease = 60
    custodian = opened_at(made(kms), aws.url, more=mfa, pin=person.pin)
    with pytest.raises(CustodyDenied, match="MFA"):
        custodian.unwrap(custodian.wrap(KEY, HERE), HERE)
    assert person.asked <= 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[profile work\n", "cannot be read"),
        ("[profile work]\naws_access_key_id = made\n", "half of"),
        ("[profile work]\ncredential_process = /nonexistent/program\n", "cannot be used"),
        ("[profile work]\ncredential_process = false\n", "no credentials came"),
        ("[profile work]\nrole_arn = x\nsource_profile = none\n", "do not fit"),
        (
            "[profile work]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
            "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x.example\n",
            "the login is over",
        ),
        (f"[profile work]\nregion = eu west\n{KEYS}", "no AWS region"),
    ],
    ids=["damaged", "half", "no program", "failing program", "no source", "sso", "region"],
)
def test_what_aws_own_settings_lack_is_a_refusal_in_words(
    home: Path, aws: MotoKms, text: str, reason: str
) -> None:
    configure(home, text)
    region = "" if "region = eu west" in text else "&region=eu-west-1"
    uri = parse(f"aws-kms:alias/kek?endpoint={aws.url}&profile=work{region}")
    with pytest.raises(CustodyDenied, match=reason):
        open_custodian(uri, Options(lambda: None, {}, 60, 9)).wrap(KEY, HERE)


def test_settings_of_aws_that_nobody_may_read_are_no_reason_for_a_traceback(
    home: Path, aws: MotoKms
) -> None:
    (home / ".aws" / "config").mkdir()
    (home / ".aws" / "credentials").mkdir()
    refused("alias/kek", aws)


def test_a_region_for_roles_that_is_down_is_not_available(
    home: Path, aws: MotoKms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "up")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    with pytest.raises(CustodyUnavailable):
        opened_at("alias/kek", aws.url, more=f"&role={ROLE}").wrap(KEY, HERE)


def test_what_the_sdk_logs_is_not_shown(
    mfa: str, aws: MotoKms, capsys: pytest.CaptureFixture[str]
) -> None:
    refused("alias/kek", aws, mfa)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("way", ["role", "process"])
def test_what_never_gives_credentials_ends_in_time(
    home: Path, aws: MotoKms, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        # Whoever waits for the process reads what it prints, and that is not over before it is.
        slow = f"[profile process]\ncredential_process = sleep 20\n[profile role]\n{KEYS}"
        configure(home, f"{slow}role_arn = {ROLE}\nsource_profile = role\n")
        custodian = opened_at("alias/kek", aws.url, more=f"&profile={way}", timeout=1.0, retries=9)
        with pytest.raises(CustodyUnavailable, match="no answer"):
            custodian.wrap(KEY, HERE)
    assert aws.seen == []

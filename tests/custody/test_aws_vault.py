"""A vault whose key AWS keeps, as a command: what is asked of AWS, and what is loaded for it.

The rule: whole processes alone, with the settings of AWS in a home of the test's own.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.custody.aws_here import (
    ALONE,
    CREDENTIALS,
    ELSEWHERE,
    REGION,
    account,
    aws,
    client,
    endpoint,
    id_of,
    kms,
    made,
    server,
)
from tests.terminal import Plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.moto_kms import MotoKms
    from tests.terminal import Outcome

__all__ = ["account", "aws", "endpoint", "kms", "server"]

LANGO = [sys.executable, "-m", "lango_cli"]
SDKS = ("azure", "boto3", "botocore", "google", "grpc", "pkcs11", "urllib3")
ROLE = "arn:aws:iam::123456789012:role/lango"


class Owner:
    """Somebody with an account at AWS, a home and no passphrase."""

    def __init__(self, folder: Path, aws: MotoKms, runtime: str) -> None:
        self.folder = folder
        self.aws = aws
        self.environment = {
            "AWS_ENDPOINT_URL_STS": aws.url,
            "HOME": str(folder),
            "LANGO_HOME": str(folder / "vault"),
            "LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION": "1m",
            "LANGO_UNLOCK_SESSION": "process",
            "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": runtime,
            "XDG_STATE_HOME": str(folder / "state"),
            **ALONE,
            **CREDENTIALS,
        }

    def run(self, *words: str, given: bytes = b"", code: int = 0) -> Outcome:
        """Run lango without a terminal; `aws.seen` is what it asked alone."""
        return self.on(Plan(stdin=given), *words, code=code)

    def on(self, plan: Plan, *words: str, code: int = 0) -> Outcome:
        """Run lango as the plan says."""
        self.aws.seen.clear()
        outcome = play([*LANGO, *words], plan, self.folder, self.environment)
        assert outcome.code == code, outcome
        return outcome

    def begin(self, uri: str) -> None:
        """Make the vault, and keep a secret in it."""
        self.run("init", "--kms", uri, "--no-recovery")
        self.run("secrets", "set", "api/token", "-", given=b"a value")

    def value(self) -> str:
        """The secret, and nothing on stderr."""
        outcome = self.run("secrets", "get", "api/token")
        assert outcome.text("stderr") == ""
        return outcome.text("stdout")

    def loaded(self, **variables: str) -> set[str]:
        """The packages that reading the secret loads."""
        command = [sys.executable, "-X", "importtime", "-m", "lango_cli"]
        words = ["secrets", "get", "api/token"]
        outcome = play([*command, *words], Plan(), self.folder, self.environment | variables)
        assert outcome.text("stdout") == "a value"
        names = re.findall(r"\| +(\S+)$", outcome.text("stderr"), re.MULTILINE)
        return {name.partition(".")[0] for name in names}


def uri_of(aws: MotoKms, key: str, more: str = "", region: str = REGION) -> str:
    return f"aws-kms:{key}?region={region}&endpoint={aws.url}{more}"


@pytest.fixture
def runtime(shared_folder: Path) -> str:
    """A folder with a short path, as sockets want it."""
    return tempfile.mkdtemp(prefix="run-", dir=shared_folder)


@pytest.fixture
def owner(tmp_path: Path, aws: MotoKms, kms: Any, runtime: str) -> Iterator[Owner]:
    owner = Owner(tmp_path, aws, runtime)
    owner.begin(uri_of(aws, made(kms)))
    yield owner
    owner.run("lock")


def test_an_unlock_is_one_request_and_a_session_saves_it(owner: Owner) -> None:
    assert owner.value() == "a value"
    assert owner.aws.seen == [(REGION, "Decrypt")]
    owner.run("unlock", "--ttl", "5m")
    assert owner.aws.operations() == ["Decrypt"]
    for _ in range(2):
        assert owner.value() == "a value"
        assert owner.aws.seen == []


def test_nothing_of_an_sdk_is_loaded_unless_its_slot_is_tried(owner: Owner) -> None:
    assert owner.loaded() & set(SDKS) == {"botocore", "urllib3"}
    owner.run("keys", "slot", "add", "keyfile")
    keyfile = {"LANGO_KEYFILE": str(owner.folder / "vault" / "keyfile")}
    assert owner.loaded(**keyfile) & set(SDKS) == set()
    owner.run("unlock", "--ttl", "5m")
    assert owner.loaded() & set(SDKS) == set()


def test_a_slot_is_made_from_a_key_that_aws_makes_and_tried_once(owner: Owner, kms: Any) -> None:
    uri = uri_of(owner.aws, made(kms))
    owner.run("keys", "slot", "add", "kms", uri, "--label", "second")
    usual = ["DescribeKey", "GenerateDataKey", "Decrypt"]
    assert owner.aws.operations() == ["Decrypt", *usual]
    owner.aws.denied.add("GenerateDataKey")
    owner.run("keys", "slot", "add", "kms", uri_of(owner.aws, made(kms)), "--label", "third")
    assert owner.aws.operations() == ["Decrypt", *usual[:2], "Encrypt", "Decrypt"]
    for name in ("second", "third"):
        owner.run("keys", "slot", "test", name)
        assert owner.aws.operations() == ["Decrypt"]


def test_how_a_key_is_takes_no_right_to_decrypt(owner: Owner) -> None:
    owner.aws.denied |= {"Decrypt", "Encrypt", "GenerateDataKey"}
    told = json.loads(owner.run("keys", "kms", "status", "--fresh", "--json").text("stdout"))
    assert [(slot["usable"], slot["algorithm"]) for slot in told["slots"]] == [
        (True, "SYMMETRIC_DEFAULT")
    ]
    assert owner.aws.operations() == ["DescribeKey"]
    refused = owner.run("keys", "kms", "test", code=41).text("stderr")
    assert "kms:GenerateDataKey or kms:Encrypt" in refused


def test_a_test_of_a_key_wraps_and_unwraps(owner: Owner) -> None:
    told = owner.run("keys", "kms", "test")
    assert owner.aws.operations() == ["DescribeKey", "GenerateDataKey", "Decrypt"]
    assert "its key wraps and unwraps" in told.text("stderr")
    assert "3 calls are billed" in told.text("stderr")


def test_a_refusal_is_followed_by_no_other_way(owner: Owner) -> None:
    owner.run("keys", "slot", "add", "keyfile")
    owner.environment["LANGO_UNLOCK_ORDER"] = "kms,keyfile"
    owner.aws.denied.add("Decrypt")
    refused = owner.run("secrets", "get", "api/token", code=41)
    assert "kms:Decrypt is wanted" in refused.text("stderr")
    assert owner.aws.operations() == ["Decrypt"]


def test_after_a_rotation_the_slot_opens_and_is_wrapped_anew(owner: Owner, kms: Any) -> None:
    slots = json.loads((owner.folder / "vault" / "vault.json").read_text())["slots"]
    arn = slots[0]["custodian"]["uri"].removeprefix("aws-kms:").partition("?")[0]
    kms.rotate_key_on_demand(KeyId=id_of(arn))
    assert owner.value() == "a value"
    owner.run("keys", "slot", "rewrap", "kms")
    assert owner.value() == "a value"


def test_a_key_of_the_registry_is_made_and_wrapped_anew_at_aws(owner: Owner, kms: Any) -> None:
    arn = made(kms)
    owner.run("keys", "create", "prod", "--custodian", uri_of(owner.aws, arn))
    assert "GenerateDataKey" in owner.aws.operations()
    owner.run("secrets", "set", "db/main", "-", "--key", "prod", given=b"another")
    kms.rotate_key_on_demand(KeyId=id_of(arn))
    assert owner.run("secrets", "get", "db/main").text("stdout") == "another"
    owner.run("keys", "rotate", "prod")
    assert "ReEncrypt" in owner.aws.operations()
    assert owner.run("secrets", "get", "db/main").text("stdout") == "another"


def test_a_vault_moves_to_the_replica_of_another_region(owner: Owner, kms: Any) -> None:
    primary = made(kms, MultiRegion=True)
    replica = client(owner.aws).replicate_key(KeyId=id_of(primary), ReplicaRegion=ELSEWHERE)
    owner.run("keys", "slot", "move", "kms", uri_of(owner.aws, primary))
    there = uri_of(owner.aws, replica["ReplicaKeyMetadata"]["Arn"], region=ELSEWHERE)
    owner.run("keys", "slot", "move", "kms", there)
    assert owner.value() == "a value"
    assert owner.aws.seen == [(ELSEWHERE, "Decrypt")]


def test_an_alias_that_was_moved_is_refused_until_the_slot_is_wrapped_anew(
    owner: Owner, kms: Any
) -> None:
    first, second = id_of(made(kms)), id_of(made(kms))
    kms.create_alias(AliasName="alias/vault", TargetKeyId=first)
    owner.run("keys", "slot", "move", "kms", uri_of(owner.aws, "alias/vault"))
    owner.run("keys", "slot", "add", "keyfile")
    kms.update_alias(AliasName="alias/vault", TargetKeyId=second)
    owner.environment["LANGO_UNLOCK_ORDER"] = "kms,keyfile"
    refused = owner.run("secrets", "get", "api/token", code=14).text("stderr")
    assert "stands for another key" in refused
    assert "lango keys slot rewrap" in refused
    told = json.loads(owner.run("keys", "kms", "status", "--fresh", "--json").text("stdout"))
    assert told["slots"][0]["version"] == second
    owner.run("keys", "slot", "rewrap", "kms", "--keyfile", "vault/keyfile")
    kms.disable_key(KeyId=first)
    assert owner.value() == "a value"


def test_without_credentials_one_line_says_what_to_do(owner: Owner) -> None:
    for name in CREDENTIALS:
        del owner.environment[name]
    told = owner.run("secrets", "get", "api/token", code=41).text("stderr")
    assert "no AWS credentials were found" in told
    assert "AWS_PROFILE" in told
    assert len(told.splitlines()) == 2
    owner.environment |= CREDENTIALS


def test_the_code_of_an_mfa_device_is_typed_once_and_nowhere_kept(
    tmp_path: Path, aws: MotoKms, kms: Any, runtime: str
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[profile base]\naws_access_key_id = made\naws_secret_access_key = up\n"
        f"[profile work]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:of:it\n"
    )
    owner = Owner(tmp_path, aws, runtime)
    for name in CREDENTIALS:
        del owner.environment[name]
    uri = uri_of(aws, made(kms), "&profile=work")
    made_so = owner.on(Plan(typed=["123456"]), "init", "--kms", uri, "--no-recovery")
    assert made_so.text("ttyout").count("MFA code for AWS: ") == 1
    assert "123456" not in made_so.text("ttyout")
    locked = owner.run("status", "--json")
    assert "123456" not in locked.text("stdout")
    quiet = owner.run("secrets", "list", code=12)
    assert "the code of an MFA device" in quiet.text("stderr")
    opened = owner.on(Plan(typed=["654321"]), "secrets", "list")
    assert opened.text("ttyout").count("MFA code for slot kms: ") == 1
    assert aws.operations() == ["AssumeRole", "Decrypt"]

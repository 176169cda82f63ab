"""An account at AWS on this machine: the server of `tests.doubles.moto_kms`, and keys in it.

The rule: AWS's own client makes the keys; nothing of this machine's settings has a part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lango_cli.custody.aws import AwsCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from tests.doubles.moto_kms import LEASE, MotoKms, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.secret import SecretBytes

REGION, ELSEWHERE = "eu-west-1", "us-east-1"
SIGNING = {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "made", "AWS_SECRET_ACCESS_KEY": "up"}
ALONE = {"AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1"}
"""What keeps the SDK from asking the machine, or a proxy."""


def without_account(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Nothing of this machine's own, and no credentials."""
    import os

    for name in os.environ:
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials."""
    without_account(monkeypatch, tmp_path)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def server() -> Iterator[MotoKms]:
    """One server for a module's tests."""
    with serving() as kms:
        yield kms


@pytest.fixture
def aws(server: MotoKms) -> MotoKms:
    """The server, with every right and nothing asked yet."""
    server.denied.clear()
    server.expired.clear()
    server.lease = LEASE
    server.seen.clear()
    return server


@pytest.fixture
def endpoint(aws: MotoKms) -> str:
    """Where it answers."""
    return aws.url


@pytest.fixture
def kms(aws: MotoKms) -> Any:
    """AWS's own client of it."""
    return client(aws)


def client(aws: MotoKms, region: str = REGION, service: str = "kms") -> Any:
    """AWS's own client, for one region."""
    account = {name.lower(): value for name, value in CREDENTIALS.items()}
    return boto3.client(service, region_name=region, endpoint_url=aws.url, **account)


def made(kms: Any, **more: Any) -> str:
    """The ARN of a new key."""
    usual = {"KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
    arn: str = kms.create_key(**usual | more)["KeyMetadata"]["Arn"]
    return arn


def id_of(arn: str) -> str:
    """A key's id."""
    return arn.rpartition("/")[2]


def nobody() -> SecretBytes | None:
    """Nobody is asked."""
    return None


def opened_at(
    key: str,
    endpoint: str,
    *,
    timeout: float = 60.0,
    retries: int = 0,
    more: str = "",
    region: str = REGION,
    pin: Callable[[], SecretBytes | None] = nobody,
) -> AwsCustodian:
    """The custodian of a key; `more`: options of its URI."""
    uri = parse(f"aws-kms:{key}?region={region}&endpoint={endpoint}{more}")
    return open_custodian(uri, Options(pin, {}, timeout, retries))

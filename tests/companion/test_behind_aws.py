"""The suite once more, with AWS behind the companion, whose role is taken anew as it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import CustodyDenied
from tests.companion.companions import Companion, custodian
from tests.companion.suite import CompanionSuite, served
from tests.custody.aws_here import ALONE, CREDENTIALS, REGION, SIGNING, client, made
from tests.custody.suite import HERE, KEY
from tests.doubles.moto_kms import LEASE, MotoKms, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/companion"


@pytest.fixture(scope="module")
def aws() -> Iterator[MotoKms]:
    with serving() as kms:
        yield kms


@pytest.fixture(scope="module")
def keeper(aws: MotoKms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    """A companion that serves three keys at AWS by a role."""
    kms = client(aws)
    keys = {"one": made(kms), "two": made(kms), "three": made(kms, **SIGNING)}
    where = f"region={REGION}&endpoint={aws.url}&role={ROLE}"
    named = tuple(f"{name}=aws-kms:{arn}?{where}" for name, arn in keys.items())
    found = Companion(tmp_path_factory.mktemp("aws"), tls=False, keys=named)
    patient = {"LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION": "60s"}
    found.variables = ALONE | CREDENTIALS | patient | {"AWS_ENDPOINT_URL_STS": aws.url}
    yield from served(found)


class TestWithAws(CompanionSuite):
    """AWS KMS behind the companion."""

    @pytest.fixture
    def companion(self, keeper: Companion) -> Companion:
        return keeper


def test_a_companion_takes_its_role_anew_before_it_is_over(
    aws: MotoKms, keeper: Companion
) -> None:
    far = custodian(keeper.root / "client", keeper.url, "one")
    wrapped = far.wrap(KEY, HERE)
    keeper.stop()
    keeper.start()
    aws.lease = 60
    aws.seen.clear()
    for _ in range(3):
        assert far.unwrap(wrapped, HERE) == KEY
    assert aws.operations() == ["AssumeRole", "Decrypt"] * 3
    aws.lease = LEASE
    for _ in range(3):
        assert far.unwrap(wrapped, HERE) == KEY
    assert aws.operations()[6:] == ["AssumeRole", "Decrypt", "Decrypt", "Decrypt"]


def test_what_aws_refuses_the_companion_refuses(aws: MotoKms, keeper: Companion) -> None:
    far = custodian(keeper.root / "client", keeper.url, "one")
    wrapped = far.wrap(KEY, HERE)
    aws.denied.add("Decrypt")
    try:
        with pytest.raises(CustodyDenied):
            far.unwrap(wrapped, HERE)
    finally:
        aws.denied.clear()
    assert far.unwrap(wrapped, HERE) == KEY

"""Keys at AWS KMS over time: replicas, rotation, aliases that move, and who makes a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.custody.aws import CHECK, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    Tampered,
)
from lango_cli.model_custody import Generating, Rewrapping
from tests.custody.aws_here import (
    ELSEWHERE,
    SIGNING,
    account,
    aws,
    client,
    endpoint,
    id_of,
    kms,
    made,
    opened_at,
    server,
)
from tests.custody.suite import ELSEWHERE as OTHER_CONTEXTS
from tests.custody.suite import HERE, KEY
from tests.doubles.moto_kms import HEADER

if TYPE_CHECKING:
    from tests.doubles.moto_kms import MotoKms

__all__ = ["account", "aws", "endpoint", "kms", "server"]


def replica_of(aws: MotoKms, arn: str) -> str:
    """The ARN of a key's replica in the other region."""
    answer = client(aws).replicate_key(KeyId=id_of(arn), ReplicaRegion=ELSEWHERE)
    found: str = answer["ReplicaKeyMetadata"]["Arn"]
    return found


def material_of(wrapped: bytes) -> int:
    """Which version of the key's material wrapped it."""
    size = int.from_bytes(wrapped[CHECK : CHECK + 2], "big")
    version: int = HEADER.unpack(wrapped[CHECK + 2 + size :][: HEADER.size])[1]
    return version


def test_what_one_region_wraps_a_replica_in_another_opens(aws: MotoKms, kms: Any) -> None:
    primary = made(kms, MultiRegion=True)
    replica = replica_of(aws, primary)
    assert id_of(primary).startswith("mrk-")
    assert id_of(replica) == id_of(primary)
    wrapped = opened_at(primary, aws.url).wrap(KEY, HERE)
    aws.seen.clear()
    there = opened_at(replica, aws.url, region=ELSEWHERE)
    assert there.unwrap(wrapped, HERE) == KEY
    assert aws.seen == [(ELSEWHERE, "Decrypt")]
    assert opened_at(id_of(primary), aws.url, region=ELSEWHERE).unwrap(wrapped, HERE) == KEY
    again = there.rewrap(wrapped, HERE)
    assert opened_at(primary, aws.url).unwrap(again, HERE) == KEY
    for context in OTHER_CONTEXTS:
        with pytest.raises(Tampered):
            there.unwrap(wrapped, context)


def test_an_arn_says_its_region_where_the_uri_does_not(aws: MotoKms, kms: Any) -> None:
    replica = replica_of(aws, made(kms, MultiRegion=True))
    uri = parse(f"aws-kms:{replica}?endpoint={aws.url}")
    custodian = open_custodian(uri, Options(lambda: None, {}, 60, 0))
    aws.seen.clear()
    assert custodian.describe().usable
    assert aws.seen == [(ELSEWHERE, "DescribeKey")]


def test_a_region_without_the_replica_has_no_such_key(aws: MotoKms, kms: Any) -> None:
    primary = made(kms, MultiRegion=True)
    wrapped = opened_at(primary, aws.url).wrap(KEY, HERE)
    with pytest.raises(KeyNotFound):
        opened_at(id_of(primary), aws.url, region=ELSEWHERE).unwrap(wrapped, HERE)
    with pytest.raises(KeyNotFound):
        opened_at(primary, aws.url, region=ELSEWHERE).unwrap(wrapped, HERE)


def test_a_replica_signs_as_its_primary_does(aws: MotoKms, kms: Any) -> None:
    primary = made(kms, MultiRegion=True, **SIGNING)
    here = opened_at(primary, aws.url)
    there = opened_at(replica_of(aws, primary), aws.url, region=ELSEWHERE)
    assert there.public_key() == here.public_key()
    assert here.verify(b"text", there.sign(b"text"))
    assert there.verify(b"text", here.sign(b"text"))
    assert verify_pem(here.public_key(), b"text", there.sign(b"text"))


def test_what_was_wrapped_before_a_rotation_opens_after_it(aws: MotoKms, kms: Any) -> None:
    arn = made(kms)
    custodian = opened_at(arn, aws.url)
    wrapped = custodian.wrap(KEY, HERE)
    kms.rotate_key_on_demand(KeyId=id_of(arn))
    assert custodian.unwrap(wrapped, HERE) == KEY
    assert isinstance(custodian, Rewrapping)
    aws.seen.clear()
    again = custodian.rewrap(wrapped, HERE)
    assert aws.operations() == ["ReEncrypt"]
    assert (material_of(wrapped), material_of(again)) == (0, 1)
    assert custodian.unwrap(again, HERE) == KEY


def test_a_rotation_of_the_primary_is_one_of_its_replica(aws: MotoKms, kms: Any) -> None:
    primary = made(kms, MultiRegion=True)
    replica = replica_of(aws, primary)
    kms.rotate_key_on_demand(KeyId=id_of(primary))
    wrapped = opened_at(primary, aws.url).wrap(KEY, HERE)
    assert opened_at(replica, aws.url, region=ELSEWHERE).unwrap(wrapped, HERE) == KEY


def test_an_alias_that_was_moved_opens_nothing_that_the_other_key_wrapped(
    aws: MotoKms, kms: Any
) -> None:
    first, second = made(kms), made(kms)
    kms.create_alias(AliasName="alias/moving", TargetKeyId=id_of(first))
    custodian = opened_at("alias/moving", aws.url)
    wrapped = custodian.wrap(KEY, HERE)
    assert custodian.describe().version == id_of(first)
    kms.update_alias(AliasName="alias/moving", TargetKeyId=id_of(second))
    assert custodian.describe().version == id_of(second)
    for operation in (custodian.unwrap, custodian.rewrap):
        with pytest.raises(Tampered, match="stands for another key") as moved:
            operation(wrapped, HERE)
        assert "lango keys slot rewrap" in moved.value.hint
    assert opened_at(first, aws.url).unwrap(wrapped, HERE) == KEY
    kms.update_alias(AliasName="alias/moving", TargetKeyId=id_of(first))
    assert custodian.unwrap(wrapped, HERE) == KEY


def test_an_alias_never_opens_what_a_key_beside_its_own_wrapped(aws: MotoKms, kms: Any) -> None:
    kms.create_alias(AliasName="alias/beside", TargetKeyId=id_of(made(kms)))
    wrapped = opened_at(made(kms), aws.url).wrap(KEY, HERE)
    with pytest.raises(Tampered):
        opened_at("alias/beside", aws.url).unwrap(wrapped, HERE)


def test_a_new_key_is_made_by_aws_and_bound_as_any_other(aws: MotoKms, kms: Any) -> None:
    custodian = opened_at(made(kms), aws.url)
    assert isinstance(custodian, Generating)
    aws.seen.clear()
    key, wrapped = custodian.generate(HERE)
    assert aws.operations() == ["DescribeKey", "GenerateDataKey"]
    assert len(key) == 32
    assert custodian.unwrap(wrapped, HERE) == key
    assert custodian.generate(HERE)[0] != key
    for context in OTHER_CONTEXTS:
        with pytest.raises(Tampered):
            custodian.unwrap(wrapped, context)


def test_without_that_right_a_key_made_here_is_wrapped(aws: MotoKms, kms: Any) -> None:
    custodian = opened_at(made(kms), aws.url)
    aws.denied.add("GenerateDataKey")
    aws.seen.clear()
    key, wrapped = custodian.generate(HERE)
    assert aws.operations() == ["DescribeKey", "GenerateDataKey", "Encrypt"]
    assert custodian.unwrap(wrapped, HERE) == key
    assert custodian.generate(HERE)[0] != key
    aws.denied.add("Encrypt")
    with pytest.raises(CustodyDenied) as refused:
        custodian.generate(HERE)
    assert "kms:GenerateDataKey or kms:Encrypt" in refused.value.hint


@pytest.mark.parametrize("operation", ["wrap", "generate"])
def test_that_a_key_may_not_be_looked_at_keeps_it_from_nothing(
    aws: MotoKms, kms: Any, operation: str
) -> None:
    custodian = opened_at(made(kms), aws.url)
    aws.denied.add("DescribeKey")
    wrapped = custodian.wrap(KEY, HERE) if operation == "wrap" else custodian.generate(HERE)[1]
    assert len(custodian.unwrap(wrapped, HERE)) == 32
    assert "no right to it" in custodian.describe().reason


@pytest.mark.parametrize(
    "kind",
    [
        SIGNING,
        {"KeySpec": "RSA_2048"},
        {"KeyUsage": "GENERATE_VERIFY_MAC", "KeySpec": "HMAC_256"},
    ],
    ids=["signs", "RSA", "HMAC"],
)
def test_a_key_that_is_no_aes_key_makes_and_wraps_none(
    aws: MotoKms, kms: Any, kind: dict[str, str]
) -> None:
    custodian = opened_at(made(kms, **kind), aws.url)
    aws.seen.clear()
    with pytest.raises(KeyUnusable):
        custodian.generate(HERE)
    with pytest.raises(KeyUnusable):
        custodian.wrap(KEY, HERE)
    assert aws.operations() == ["DescribeKey"] * 2
    aws.denied.add("DescribeKey")
    with pytest.raises(KeyUnusable):
        custodian.wrap(KEY, HERE)


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 100_000])
def test_a_message_of_any_length_is_signed(aws: MotoKms, kms: Any, size: int) -> None:
    custodian = opened_at(made(kms, **SIGNING), aws.url)
    message = b"m" * size
    signature = custodian.sign(message)
    assert verify_pem(custodian.public_key(), message, signature)
    assert custodian.verify(message, signature)
    assert not custodian.verify(message + b"m", signature)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda kms, key: kms.disable_key(KeyId=key), "disabled"),
        (lambda kms, key: kms.schedule_key_deletion(KeyId=key), "state"),
    ],
    ids=["disabled", "waiting for deletion"],
)
def test_a_key_in_no_state_for_it_does_nothing(
    aws: MotoKms, kms: Any, spoil: Any, reason: str
) -> None:
    wraps, signs = made(kms), made(kms, **SIGNING)
    custodian, signer = opened_at(wraps, aws.url), opened_at(signs, aws.url)
    wrapped, signature = custodian.wrap(KEY, HERE), signer.sign(b"text")
    for arn in (wraps, signs):
        spoil(kms, id_of(arn))
    for attempt in (
        lambda: custodian.wrap(KEY, HERE),
        lambda: custodian.generate(HERE),
        lambda: custodian.unwrap(wrapped, HERE),
        lambda: custodian.rewrap(wrapped, HERE),
        lambda: signer.sign(b"text"),
        lambda: signer.verify(b"text", signature),
        signer.public_key,
    ):
        with pytest.raises(KeyUnusable, match=reason):
            attempt()
    assert not custodian.describe().usable
    assert not signer.describe().usable


@pytest.mark.parametrize(
    "operation", ["Decrypt", "ReEncrypt", "Sign", "Verify", "GetPublicKey", "Encrypt"]
)
def test_a_right_that_is_missing_is_named(aws: MotoKms, kms: Any, operation: str) -> None:
    custodian, signer = opened_at(made(kms), aws.url), opened_at(made(kms, **SIGNING), aws.url)
    wrapped, signature = custodian.wrap(KEY, HERE), signer.sign(b"text")
    attempts: dict[str, Any] = {
        "Decrypt": lambda: custodian.unwrap(wrapped, HERE),
        "Encrypt": lambda: custodian.wrap(KEY, HERE),
        "GetPublicKey": signer.public_key,
        "ReEncrypt": lambda: custodian.rewrap(wrapped, HERE),
        "Sign": lambda: signer.sign(b"text"),
        "Verify": lambda: signer.verify(b"text", signature),
    }
    aws.denied.add(operation)
    with pytest.raises(CustodyDenied, match="no right to it") as refused:
        attempts[operation]()
    assert f"kms:{operation}" in refused.value.hint


def test_the_context_goes_to_aws_as_its_encryption_context(aws: MotoKms, kms: Any) -> None:
    arn = made(kms)
    wrapped = opened_at(arn, aws.url).generate(HERE)[1]
    size = int.from_bytes(wrapped[CHECK : CHECK + 2], "big")
    blob = wrapped[CHECK + 2 + size :]
    pairs = {"lango:vault": HERE.vault, "lango:slot": HERE.slot}
    answer = kms.decrypt(CiphertextBlob=blob, EncryptionContext=pairs)
    assert (answer["KeyId"], len(answer["Plaintext"])) == (arn, 32)
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=blob)


def test_a_service_that_is_down_makes_no_key_anywhere(kms: Any, aws: MotoKms) -> None:
    arn = made(kms)
    with pytest.raises(CustodyUnavailable):
        opened_at(arn, "http://127.0.0.1:1").generate(HERE)

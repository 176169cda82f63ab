"""What may be wrong between a custodian and its key: the same faults for all that are far away.

The rule: what cannot be reached, or ends in the middle, is unavailable, and tried again while
there are tries and time; all else is a refusal or damage, is asked once, and opens no other way. A
message names provider, operation and key, the deadline where that was it, and nothing of a value.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import pytest
from google.cloud.kms_v1 import types

from lango_cli.custody import calling
from lango_cli.errors import CustodyDenied, CustodyUnavailable, LangoError, Tampered
from tests.custody.suite import HERE, KEY
from tests.custody.worlds import OTHER, Gcp, World, process_environment, settle, world
from tests.doubles.authority import Authority
from tests.doubles.fault_proxy import (
    Hole,
    Refusing,
    asked,
    changed,
    closed,
    cut,
    dripped,
    ended,
    failed,
    half,
    http,
    instead,
    reset,
    said,
    silent,
    trickled,
)
from tests.doubles.gcp_kms import crc
from tests.terminal import Plan, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.model_custody import Custodian
    from tests.terminal import Outcome

    Fault = Callable[[Any], None]

WORLDS = ("aws", "azure", "gcp", "rpc")
LANGO = [sys.executable, "-m", "lango_cli"]


class Case(NamedTuple):
    """A fault, and what a custodian makes of it."""

    name: str
    kind: type[LangoError]
    fault: Callable[[World], Fault]
    throttled: bool = False


def always(fault: Fault) -> Callable[[Any], Fault]:
    """The same fault in every world."""
    return lambda _world: fault


BYTES = [
    Case("closed without a word", CustodyUnavailable, always(closed)),
    Case("half an answer", CustodyUnavailable, always(half)),
    Case("reset in the middle", CustodyUnavailable, always(reset)),
]
JSON = [
    *BYTES,
    Case("429", CustodyUnavailable, always(said(http(429))), throttled=True),
    Case(
        "429 with Retry-After",
        CustodyUnavailable,
        always(said(http(429, b"{}", "Retry-After: 3600"))),
        throttled=True,
    ),
    Case("500", CustodyUnavailable, always(said(http(500)))),
    Case("503", CustodyUnavailable, always(said(http(503, b"<html>later</html>")))),
    Case("a portal", CustodyDenied, always(said(http(200, b"<html>log in</html>")))),
    Case("an answer to nothing", CustodyDenied, always(said(http(200)))),
    Case("shorter than it says", CustodyUnavailable, always(ended(http(200, b"{}", length=9)))),
    Case("longer than it says", CustodyDenied, always(ended(http(200, b'{"a": 5}', length=-3)))),
    Case("an expired token", CustodyDenied, lambda world: said(world.expired)),
    Case("another key's ciphertext", Tampered, lambda world: asked(world.swap)),
    Case("another's answer", CustodyDenied, lambda world: said(world.stale[0])),
]
RPC = [
    *BYTES,
    Case("503", CustodyUnavailable, always(instead(http(503)))),
    Case("a portal", CustodyDenied, always(instead(http(200, b"<html>log in</html>")))),
    Case("shorter than it says", CustodyUnavailable, always(instead(http(200, b"{}", length=9)))),
    Case("another's answer", CustodyDenied, lambda world: instead(world.stale[0])),
    Case("a changed answer", CustodyDenied, always(changed(lambda body: body[:-1] + b" }"))),
    Case("not known", CustodyDenied, always(instead(http(403)))),
]


def answer(**members: Any) -> Fault:
    """The answer to Decrypt, with other members."""

    def change(body: bytes) -> bytes:
        found = types.DecryptResponse.deserialize(body)
        for name, value in members.items():
            setattr(found, name, value)
        return bytes(types.DecryptResponse.serialize(found))

    return changed(change)


def request(**members: Any) -> Fault:
    """Decrypt is asked with other members."""

    def change(body: bytes) -> bytes:
        found = types.DecryptRequest.deserialize(body)
        for name, value in members.items():
            setattr(found, name, value)
        return bytes(types.DecryptRequest.serialize(found))

    return asked(change)


STATUS = grpc.StatusCode
WHOLE = 1000
"""Bytes, at the least, that a server of gRPC says by TLS until a call is answered."""
GRPC = [
    Case("unavailable", CustodyUnavailable, always(failed(STATUS.UNAVAILABLE))),
    Case("internal", CustodyUnavailable, always(failed(STATUS.INTERNAL))),
    Case(
        "resource exhausted",
        CustodyUnavailable,
        always(failed(STATUS.RESOURCE_EXHAUSTED)),
        throttled=True,
    ),
    Case("an expired token", CustodyDenied, always(failed(STATUS.UNAUTHENTICATED))),
    Case("no right to it", CustodyDenied, always(failed(STATUS.PERMISSION_DENIED))),
    Case("damaged on the way back", CustodyUnavailable, always(answer(plaintext=bytes(32)))),
    Case(
        "its sum damaged on the way back", CustodyUnavailable, always(answer(plaintext_crc32c=1))
    ),
    Case("damaged on the way there", Tampered, always(request(ciphertext=bytes(60)))),
    Case("its sum damaged on the way there", Tampered, always(request(ciphertext_crc32c=1))),
    Case("another key's ciphertext", Tampered, lambda world: asked(world.swap)),
    Case("an answer that is longer", CustodyUnavailable, always(answer(plaintext=bytes(5 << 20)))),
    Case("an answer that is no message", CustodyUnavailable, always(changed(lambda _: b"\xff"))),
]
CASES = [
    pytest.param(name, case, id=f"{name}: {case.name}")
    for name, cases in (("aws", JSON), ("azure", JSON), ("gcp", GRPC), ("rpc", RPC))
    for case in cases
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Callable[[str], World]]:
    """The world of a name, which stands from then on for all tests."""
    known: dict[str, World] = {}
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        settle(patch, tmp_path_factory.mktemp("home"), authority)

        def found(name: str) -> World:
            if name not in known:
                folder = tmp_path_factory.mktemp("w")
                known[name] = stack.enter_context(world(name, folder, authority))
                for variable, value in known[name].environment.items():
                    patch.setenv(variable, value)
                known[name].begin()
                stack.callback(known[name].proxy.stop)
            return known[name]

        yield found


@pytest.fixture
def far(
    request: pytest.FixtureRequest,
    standing: Callable[[str], World],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """That world, in which nothing is wrong yet; what is tried again is tried at once."""
    found = standing(request.param)
    found.warm()
    monkeypatch.setattr(calling, "BASE", 0.0)
    yield found
    found.proxy.clean()
    if isinstance(found, Gcp):
        found.wire.clean()


def failure(far: World, key: Custodian, kind: type[LangoError]) -> LangoError:
    """What unwrapping ends with: it says where that was, and nothing that is secret."""
    with pytest.raises(kind) as caught:
        key.unwrap(far.wrapped, HERE)
    key.close()
    text = f"{caught.value.message} {caught.value.hint}"
    assert type(caught.value) is kind
    assert text.startswith(f"{far.provider} unwrap (key {key.key}): ")
    assert not far.secret or far.secret not in text
    for secret in (KEY, OTHER):
        assert secret.reveal().hex() not in text
    assert "business" not in text
    return caught.value


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize(("far", "case"), CASES, indirect=["far"])
def test_only_what_cannot_be_reached_is_tried_again(far: World, case: Case, retries: int) -> None:
    far.proxy.when(case.fault(far))
    failed_by = failure(far, far.at(retries=retries), case.kind)
    tries = retries + 1 if case.kind is CustodyUnavailable else 1
    assert len(far.proxy.requests) == tries
    assert vars(failed_by).get("throttled", False) is case.throttled


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_what_fails_once_and_then_again_and_then_no_more_has_not_failed(far: World) -> None:
    broken = failed(STATUS.UNAVAILABLE) if isinstance(far, Gcp) else closed
    far.proxy.when(broken, 1, 2)
    with closing(far.at(retries=2)) as key:
        assert key.unwrap(far.wrapped, HERE) == KEY
    assert len(far.proxy.requests) == 3
    far.proxy.when(broken, 4, 5, 6)
    failure(far, far.at(retries=2), CustodyUnavailable)
    assert len(far.proxy.requests) == 6


@pytest.mark.parametrize("far", ["aws", "azure", "rpc"], indirect=True)
def test_an_answer_in_single_bytes_is_one(far: World) -> None:
    far.proxy.when(trickled)
    with closing(far.at()) as key:
        assert key.unwrap(far.wrapped, HERE) == KEY


@pytest.mark.parametrize("fault", [silent, dripped], ids=["silent", "dripping"])
@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_what_does_not_come_to_an_end_ends_with_the_time_and_says_so(
    far: World, fault: Fault
) -> None:
    key = far.at(timeout=0.5, retries=9)
    if isinstance(far, Gcp) and fault is dripped:
        far.wire.when(lambda wire: wire.drip())
    else:
        far.proxy.when(fault)
    begun = time.monotonic()
    assert "no answer within 0.5 s" in failure(far, key, CustodyUnavailable).message
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_a_black_hole_ends_with_the_time_and_says_so(far: World) -> None:
    """Where not even the first packet is answered."""
    with Hole() as hole:
        key = far.at(port=hole.port, timeout=0.5, retries=9)
        assert "no answer within 0.5 s" in failure(far, key, CustodyUnavailable).message


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_where_nobody_listens_it_is_not_available(far: World) -> None:
    with Refusing() as nobody:
        failure(far, far.at(port=nobody.port, retries=2), CustodyUnavailable)
    assert far.proxy.requests == []


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("far", ["gcp"], indirect=True)
def test_a_connection_of_grpc_that_ends_anywhere_is_not_available(far: Gcp, reset: bool) -> None:
    for most in (0, 1, 100, 500, WHOLE - 50):
        far.wire.when(cut(most, reset=reset))
        failure(far, far.at(), CustodyUnavailable)


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_what_another_key_wrapped_is_damaged(far: World) -> None:
    with closing(far.at()) as key, pytest.raises(Tampered):
        key.unwrap(far.other, HERE)


class Owner:
    """Somebody whose vault opens by that key, and by a keyfile beside it."""

    def __init__(self, far: World, folder: Path) -> None:
        self.far, self.folder = far, folder
        self.environment = process_environment(far, folder)

    def run(self, *words: str, given: bytes = b"", code: int = 0) -> Outcome:
        outcome = play([*LANGO, *words], Plan(stdin=given), self.folder, self.environment)
        assert outcome.code == code, outcome
        return outcome

    def begin(self) -> None:
        home = self.folder / "vault"
        home.mkdir(mode=0o700)
        self.far.pair(home)
        self.run("init", "--kms", self.far.uri(), "--keyfile", "--no-recovery")
        self.run("secrets", "set", "api/token", "-", given=b"a value")

    def refused(self, code: int) -> str:
        """It opens no other way: what is said instead, which is one line and its hint."""
        outcome = self.run("secrets", "get", "api/token", code=code)
        assert outcome.text("stdout") == ""
        said = outcome.text("stderr")
        assert "fell back" not in said
        assert "trying the next way" not in said
        assert self.far.provider in said
        return said


@pytest.fixture(scope="module")
def owners() -> dict[str, Owner]:
    """Whose vaults are made."""
    return {}


@pytest.fixture
def owner(
    far: World,
    owners: dict[str, Owner],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Owner:
    """A vault that was made once, for one test."""
    if far.provider not in owners:
        owners[far.provider] = Owner(far, tmp_path_factory.mktemp("o"))
        owners[far.provider].begin()
        far.proxy.clean()
    shutil.copytree(owners[far.provider].folder / "vault", tmp_path / "vault")
    return Owner(far, tmp_path)


def down(far: World) -> Fault:
    return failed(STATUS.UNAVAILABLE) if isinstance(far, Gcp) else closed


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_after_what_is_not_available_a_local_slot_serves_where_that_is_allowed(
    owner: Owner, far: World
) -> None:
    far.proxy.when(down(far))
    fallen = owner.run("secrets", "get", "api/token")
    assert fallen.text("stdout") == "a value"
    lines = fallen.text("stderr").splitlines()
    assert any("fell back to slot keyfile" in line for line in lines)
    assert all(line.startswith("lango: ") for line in lines), lines
    far.proxy.clean()
    status = json.loads(owner.run("keys", "kms", "status", "--json").text("stdout"))
    assert status["last_fallback_at"] is not None
    owner.run("keys", "kms", "fallback", "none")
    assert "vault.fallback" in owner.run("audit", "list").text("stdout")
    far.proxy.when(down(far))
    assert "--slot keyfile" in owner.refused(40)


def refusing(far: World) -> Fault:
    """What the service itself says to whom it does not know any more."""
    if isinstance(far, Gcp):
        return failed(STATUS.UNAUTHENTICATED)
    return instead(far.expired) if far.provider == "rpc" else said(far.expired)


@pytest.mark.parametrize("far", WORLDS, indirect=True)
def test_after_a_refusal_or_damage_no_other_slot_serves(owner: Owner, far: World) -> None:
    far.proxy.when(refusing(far))
    owner.refused(41)
    far.proxy.clean()
    far.proxy.when(swapped(far))
    owner.refused(41 if far.provider == "rpc" else 14)


def swapped(far: World) -> Fault:
    """Another key's ciphertext, or where requests are signed, another's answer."""
    return instead(far.stale[0]) if far.provider == "rpc" else asked(far.swap)


@pytest.mark.parametrize("far", ["gcp"], indirect=True)
def test_a_key_that_is_not_the_slots_is_damage_and_no_reason_to_try_the_next_way(
    owner: Owner, far: World
) -> None:
    """Google's answer does not say which key it is of: the slot it is for does."""
    stranger = OTHER.reveal()
    far.proxy.when(answer(plaintext=stranger, plaintext_crc32c=crc(stranger)))
    said_then = owner.run("secrets", "get", "api/token", code=14)
    assert said_then.text("stdout") == ""
    assert "fell back" not in said_then.text("stderr")

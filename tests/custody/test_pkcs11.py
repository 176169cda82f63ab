"""PKCS#11 against a real SoftHSM2, with OpenSC's pkcs11-tool as the second client."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import time
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.custody import pkcs11
from lango_cli.custody.pkcs11 import GCM, KEY_WRAP, open_custodian
from lango_cli.custody.pkcs11_module import module_of
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
from lango_cli.secret import SecretBytes
from tests.custody.softhsm import PIN, WRONG_PIN, Fault, Token, no_pin
from tests.custody.suite import HERE, KEY, CustodianSuite
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lango_cli.custody.pkcs11 import Pkcs11Custodian

NO_GCM = "C_GetMechanismInfo rv 0x70 0x1087"
NO_KEY_WRAP = "C_GetMechanismInfo rv 0x70 0x2109"
GENERAL_ERROR, DEVICE_ERROR, PIN_INCORRECT, SESSION_GONE = 0x05, 0x30, 0xA0, 0xB3
TOP = Path(__file__).resolve().parent.parent.parent
FINAL_TRY, LOCKED, LOGIN_REQUIRED = 0x20000, 0x40000, 0x4


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """A token that no test changes."""
    token = Token(tmp_path_factory.mktemp("token"))
    token.fill()
    return token


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, filled: Token) -> Fault:
    """A module that fails at will in front of SoftHSM's."""
    require("gcc")
    return Fault(tmp_path_factory.mktemp("fault"), filled.module)


@pytest.fixture
def fault(faulty: Fault) -> Iterator[Fault]:
    """The same, without a plan at first and at last."""
    faulty.when()
    yield faulty
    faulty.when()


@pytest.fixture
def own(tmp_path: Path) -> Token:
    """A token that a test may change."""
    token = Token(tmp_path)
    token.fill()
    return token


class TestPkcs11(CustodianSuite):
    """AES-GCM and ECDSA on the token."""

    variables: dict[str, str] = {}  # noqa: RUF012  a table that subclasses replace

    @pytest.fixture
    def wrapping(self, filled: Token) -> Iterator[Pkcs11Custodian]:
        with_kek = filled.custodian("object=kek", variables=self.variables)
        yield with_kek
        with_kek.close()

    @pytest.fixture
    def other(self, filled: Token) -> Iterator[Pkcs11Custodian]:
        with_spare = filled.custodian("object=spare;id=%02", variables=self.variables)
        yield with_spare
        with_spare.close()

    @pytest.fixture
    def signing(self, filled: Token) -> Iterator[Pkcs11Custodian]:
        with_sig = filled.custodian("id=%03", variables=self.variables)
        yield with_sig
        with_sig.close()

    def test_the_token_s_best_way_is_used(self, wrapping: Pkcs11Custodian) -> None:
        assert wrapping.wrap(KEY, HERE)[:1] == GCM
        assert wrapping.describe().algorithm == "AES-256-GCM"


class TestPkcs11WithoutGcm(TestPkcs11):
    """The same suite on a token without AES-GCM: AES key wrap."""

    @pytest.fixture(autouse=True)
    def _without(self, fault: Fault) -> Iterator[None]:
        fault.when(NO_GCM)
        self.variables = fault.variables
        yield
        self.variables = {}

    def test_the_token_s_best_way_is_used(self, wrapping: Pkcs11Custodian) -> None:
        assert wrapping.wrap(KEY, HERE)[:1] == KEY_WRAP
        assert wrapping.describe().algorithm == "AES-256 key wrap"


class Refusal(NamedTuple):
    """What is asked for, which error it is, and what its message says."""

    key: str
    kind: type[LangoError]
    says: str


def refused(token: Token, refusal: Refusal, *, variables: Mapping[str, str] | None = None) -> str:
    """The message of the error that wrapping ends with."""
    with_it = token.custodian(refusal.key, variables=variables)
    try:
        with pytest.raises(refusal.kind, match=refusal.says) as caught:
            with_it.wrap(KEY, HERE)
    finally:
        with_it.close()
    return caught.value.message


# Two clients of one token.


def test_both_clients_see_the_same_keys_and_none_of_lango_s(own: Token) -> None:
    before = own.tool("--list-objects")
    with_kek, with_sig = own.custodian(), own.custodian("object=sig")
    with_kek.unwrap(with_kek.wrap(KEY, HERE), HERE)
    with_sig.sign(b"a text")
    assert own.tool("--list-objects") == before
    with_kek.close()
    with_sig.close()


def test_the_other_client_verifies_what_lango_signs_and_lango_what_it_signs(
    filled: Token, tmp_path: Path
) -> None:
    from hashlib import sha256

    with_sig = filled.custodian("object=sig")
    (tmp_path / "digest").write_bytes(sha256(b"a text").digest())
    (tmp_path / "ours").write_bytes(with_sig.sign(b"a text"))
    ecdsa = ["--id", "03", "--mechanism", "ECDSA", "--signature-format", "openssl"]
    files = ["--input-file", str(tmp_path / "digest")]
    done = filled.tool("--verify", *ecdsa, *files, "--signature-file", str(tmp_path / "ours"))
    assert b"Signature is valid" in done
    filled.tool("--sign", *ecdsa, *files, "--output-file", str(tmp_path / "theirs"))
    assert with_sig.verify(b"a text", (tmp_path / "theirs").read_bytes())
    with_sig.close()


# Which token, which key.


def test_a_token_is_chosen_by_label_serial_or_slot(filled: Token) -> None:
    serial, slot = filled.serial_and_slot()
    for chosen in (f"serial={serial}", "model=SoftHSM%20v2", f"slot-id={slot}"):
        uri = f"pkcs11:{chosen};object=kek?module-path={filled.module}"
        options = Options(no_pin, filled.environment | {"LANGO_PKCS11_PIN": PIN}, 60, 0)
        found = open_custodian(parse(uri), options)
        assert found.describe().usable
        found.close()


def test_two_tokens_that_fit_are_refused_and_their_serials_named(own: Token) -> None:
    own.initialise(own.name)
    message = refused(own, Refusal("object=kek", KeyNotFound, "2 tokens fit"))
    assert "by its serial" in message


def test_two_keys_that_fit_are_refused_and_their_ids_named(own: Token) -> None:
    own.secret_key("kek", "0a")
    refused(own, Refusal("object=kek", KeyNotFound, "2 keys fit.* %01, %0a"))
    for key_id in ("%01", "%0a"):
        with_one = own.custodian(f"object=kek;id={key_id}")
        assert with_one.unwrap(with_one.wrap(KEY, HERE), HERE) == KEY
        with_one.close()


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("object=nothing", KeyNotFound, "no such key"),
        Refusal("object=kek;id=%02", KeyNotFound, "no such key"),
        Refusal("object=sig", KeyUnusable, "only signs"),
    ],
)
def test_a_key_that_is_not_there_is_said(filled: Token, refusal: Refusal) -> None:
    refused(filled, refusal)


def test_keys_of_other_kinds_are_refused(own: Token) -> None:
    own.secret_key("short", "0b", "AES:16")
    own.pair("wide", "0c", "EC:secp384r1")
    refused(own, Refusal("object=short", KeyUnusable, "256 bits"))
    with_wide = own.custodian("object=wide")
    with pytest.raises(KeyUnusable, match="P-256"):
        with_wide.sign(b"a text")
    with_wide.close()


def test_a_key_that_its_token_guards_loosely_is_remarked_on(own: Token) -> None:
    own.secret_key("open", "0d", private=False)
    own.secret_key("loose", "0e", "AES:32", "--extractable")
    remarks = []
    for key in ("kek", "open", "loose", "sig"):
        with_it = own.custodian(f"object={key}")
        remarks.append(with_it.describe().remark)
        with_it.close()
    none, without_pin, leaves, signs = remarks
    assert none == signs == ""
    assert "without the PIN" in without_pin
    assert "may leave the token" in leaves


def test_a_token_without_either_way_is_refused(filled: Token, fault: Fault) -> None:
    fault.when(NO_GCM, NO_KEY_WRAP)
    refused(filled, Refusal("object=kek", KeyUnusable, "neither"), variables=fault.variables)


def test_what_gcm_wrapped_is_not_opened_by_another_way(filled: Token, fault: Fault) -> None:
    with_gcm = filled.custodian()
    wrapped = with_gcm.wrap(KEY, HERE)
    with_gcm.close()
    fault.when(NO_GCM)
    without = filled.custodian(variables=fault.variables)
    with pytest.raises(KeyUnusable, match="no AES-256-GCM"):
        without.unwrap(wrapped, HERE)
    without.close()


# The PIN.


def test_a_pin_comes_from_a_private_file(filled: Token, tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_text(f"{PIN}\n")
    path.chmod(0o600)
    with_file = filled.custodian(query=f"&pin-source=file:{path}", pin=None)
    assert with_file.describe().usable
    with_file.close()
    path.chmod(0o644)
    open_to_all = filled.custodian(query=f"&pin-source=file:{path}", pin=None)
    with pytest.raises(CustodyDenied, match="the PIN's file"):
        open_to_all.wrap(KEY, HERE)
    path.unlink()
    with pytest.raises(CustodyDenied, match="no file where pin-source says"):
        open_to_all.wrap(KEY, HERE)


def test_a_person_is_asked_only_when_there_is_no_other_pin_and_once(own: Token) -> None:
    asked = []

    def ask() -> SecretBytes:
        asked.append(1)
        return SecretBytes(PIN.encode())

    quiet = own.custodian(ask=ask)
    assert quiet.describe().usable
    quiet.close()
    assert not asked
    asking = own.custodian(pin=None, ask=ask)
    assert not asked
    wrapped = asking.wrap(KEY, HERE)
    own.take_away()
    with pytest.raises(CustodyUnavailable):
        os.kill(asking._worker.pid, signal.SIGKILL) if asking._worker else None
        asking.unwrap(wrapped, HERE)
    own.put_back()
    assert asking.unwrap(wrapped, HERE) == KEY
    assert len(asked) == 1
    asking.close()


def test_without_any_pin_it_is_denied_and_the_ways_are_named(filled: Token) -> None:
    without = filled.custodian(pin=None)
    with pytest.raises(CustodyDenied, match="wants a PIN") as caught:
        without.wrap(KEY, HERE)
    assert "LANGO_PKCS11_PIN" in caught.value.hint
    health = without.describe()
    assert (health.usable, health.algorithm) == (False, "")
    assert "wants a PIN" in health.reason
    without.close()


@pytest.mark.parametrize("pin", [WRONG_PIN, "1", "\udcff\udcfe", "x" * 300])
def test_a_wrong_pin_is_denied_and_never_tried_twice(
    filled: Token, fault: Fault, pin: str
) -> None:
    wrong = filled.custodian(pin=pin, retries=5, variables=fault.variables)
    with pytest.raises(CustodyDenied, match="PIN is wrong") as caught:
        wrong.wrap(KEY, HERE)
    assert pin not in caught.value.message or len(pin) == 1
    fault.when("C_Login crash", "C_Initialize crash")
    for _ in range(3):
        with pytest.raises(CustodyDenied, match="not tried again"):
            wrong.wrap(KEY, HERE)
    wrong.close()


@pytest.mark.parametrize("size", [1025, 100_000])
def test_what_is_too_long_for_a_pin_is_not_tried(
    filled: Token, fault: Fault, tmp_path: Path, size: int
) -> None:
    fault.when("C_Initialize crash")
    long, path = "7" * size, tmp_path / "pin"
    path.write_text(long)
    path.chmod(0o600)
    by_file = f"&pin-source=file:{path}"
    for with_it in (
        filled.custodian(pin=long, variables=fault.variables),
        filled.custodian(pin=None, query=by_file, variables=fault.variables),
    ):
        with pytest.raises(CustodyDenied, match="PIN"):
            with_it.wrap(KEY, HERE)
        with_it.close()


def test_the_last_try_is_left_to_a_person(filled: Token, fault: Fault) -> None:
    fault.when(f"C_GetTokenInfo flags {FINAL_TRY} 0")
    unattended = filled.custodian(variables=fault.variables)
    with pytest.raises(CustodyDenied, match="one more wrong PIN locks"):
        unattended.wrap(KEY, HERE)
    unattended.close()
    typed = filled.custodian(
        pin=None, ask=lambda: SecretBytes(PIN.encode()), variables=fault.variables
    )
    assert typed.describe().usable
    typed.close()


def test_a_locked_token_is_denied_without_a_try(filled: Token, fault: Fault) -> None:
    fault.when(f"C_GetTokenInfo flags {LOCKED} 0", "C_Login crash")
    refused(filled, Refusal("object=kek", CustodyDenied, "locked"), variables=fault.variables)


@pytest.mark.parametrize(
    ("value", "says"), [(0xA4, "locked"), (0xA3, "has expired"), (0x102, "has no PIN yet")]
)
def test_a_pin_that_cannot_be_used_is_denied_and_says_why(
    filled: Token, fault: Fault, value: int, says: str
) -> None:
    fault.when(f"C_Login rv {value}")
    refused(filled, Refusal("object=kek", CustodyDenied, says), variables=fault.variables)


def test_whoever_is_logged_in_already_goes_on(filled: Token, fault: Fault) -> None:
    fault.when("C_Login twice")
    with_kek = filled.custodian(variables=fault.variables)
    assert with_kek.unwrap(with_kek.wrap(KEY, HERE), HERE) == KEY
    with_kek.close()


def test_a_token_that_wants_no_login_gets_no_pin(filled: Token, fault: Fault) -> None:
    fault.when(f"C_GetTokenInfo flags 0 {LOGIN_REQUIRED}", "C_Login crash")
    refused(filled, Refusal("object=kek", KeyNotFound, "no such key"), variables=fault.variables)


def test_no_pin_is_in_the_worker_s_arguments_or_variables(filled: Token) -> None:
    with_kek = filled.custodian()
    with_kek.wrap(KEY, HERE)
    assert with_kek._worker is not None
    for name in ("cmdline", "environ"):
        place = f"/proc/{with_kek._worker.pid}/{name}"
        try:
            with open(place, "rb") as file:
                assert PIN.encode() not in file.read()
        except PermissionError:
            assert name == "environ", "a process that is not traceable hides its variables"
    with_kek.close()


# Many signatures.


def counted(with_it: Pkcs11Custodian) -> list[int]:
    """How many digests each request for signatures that is made from now on has."""
    sizes: list[int] = []
    ask = with_it._ask

    def counting(operation: str, *request: bytes) -> list[bytes]:
        sizes.append(len(request) - 1)
        return ask(operation, *request)

    with_it._ask = counting  # type: ignore[method-assign]
    return sizes


TEXTS = [b"text %d" % number for number in range(1500)]


def test_many_messages_are_signed_in_their_order_by_few_requests(
    filled: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_sig = filled.custodian("object=sig", timeout=6000)
    sizes = counted(with_sig)
    assert with_sig.sign_all([]) == []
    monkeypatch.setattr(pkcs11, "QUICK", 600.0)
    made = with_sig.sign_all(iter(TEXTS))
    assert sizes == [1, 8, 64, 512, 800, 115]
    assert len(set(made)) == len(TEXTS) == len(made)
    public = with_sig.public_key()
    assert all(verify_pem(public, *one) for one in zip(TEXTS, made, strict=True))
    assert not verify_pem(public, TEXTS[0], made[1])
    with_sig.close()


def test_a_slow_token_gets_no_more_in_a_request_than_there_is_time_for(
    filled: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pkcs11, "QUICK", 0.0)
    with_sig = filled.custodian("object=sig")
    sizes = counted(with_sig)
    assert len(with_sig.sign_all(TEXTS[:5])) == 5
    assert sizes == [1] * 5
    with_sig.close()


class Message(bytes):
    """Bytes that are counted while they live."""

    living = 0

    def __init__(self, _content: bytes) -> None:
        Message.living += 1

    def __del__(self) -> None:
        Message.living -= 1


def test_one_message_is_held_at_a_time(filled: Token) -> None:
    with_sig = filled.custodian("object=sig")

    def messages() -> Iterator[bytes]:
        for number in range(50):
            assert Message.living <= 1
            yield Message(b"%d" % number)

    assert len(with_sig.sign_all(messages())) == 50
    with_sig.close()


@pytest.mark.parametrize(
    ("plan", "says"), [("C_Sign hang", "no answer within 1 s"), ("C_Sign crash", "in the middle")]
)
def test_a_module_that_fails_in_the_middle_of_many_ends_it_and_leaves_us_well(
    filled: Token, fault: Fault, plan: str, says: str
) -> None:
    with_sig = filled.custodian("object=sig", timeout=1.0, variables=fault.variables)
    with_sig.sign(b"the session is open")

    def messages() -> Iterator[bytes]:
        yield from TEXTS[:100]
        fault.when(plan)
        yield from TEXTS[100:]

    with pytest.raises(CustodyUnavailable, match=says):
        with_sig.sign_all(messages())
    fault.when()
    assert with_sig.verify(b"a text", with_sig.sign(b"a text"))
    with_sig.close()


def test_a_session_that_is_lost_in_the_middle_of_many_loses_none(filled: Token) -> None:
    with_sig = filled.custodian("object=sig")

    def messages() -> Iterator[bytes]:
        for number, text in enumerate(TEXTS[:60]):
            if number in (1, 30):
                assert with_sig._worker is not None
                os.kill(with_sig._worker.pid, signal.SIGKILL)
            yield text

    made = with_sig.sign_all(messages())
    public = with_sig.public_key()
    assert all(verify_pem(public, *one) for one in zip(TEXTS[:60], made, strict=True))
    with_sig.close()


@pytest.mark.parametrize(
    ("plan", "kind", "says"),
    [
        ("C_SignInit rv 0x63", KeyUnusable, "does not do that with this key"),
        ("C_SignInit rv 0x200", CustodyDenied, "refused"),
        (f"C_SignInit rv {SESSION_GONE}", CustodyUnavailable, "session with it is gone"),
    ],
)
def test_what_the_module_refuses_of_many_is_said_as_of_one(
    filled: Token, fault: Fault, plan: str, kind: type[LangoError], says: str
) -> None:
    with_sig = filled.custodian("object=sig", timeout=600, variables=fault.variables)
    with_sig.sign_all(TEXTS[:5])

    def messages() -> Iterator[bytes]:
        yield from TEXTS[:1]
        fault.when(plan)
        yield from TEXTS[1:5]

    with pytest.raises(kind, match=says):
        with_sig.sign_all(messages())
    fault.when()
    with_sig.close()


# A session that is lost.


def test_a_worker_that_was_killed_is_replaced(filled: Token) -> None:
    with_kek = filled.custodian()
    wrapped = with_kek.wrap(KEY, HERE)
    assert with_kek._worker is not None
    os.kill(with_kek._worker.pid, signal.SIGKILL)
    assert with_kek.unwrap(wrapped, HERE) == KEY
    with_kek.close()


def test_a_token_taken_away_is_unavailable_and_serves_again_when_it_is_back(own: Token) -> None:
    with_kek, with_sig = own.custodian(), own.custodian("object=sig")
    wrapped = with_kek.wrap(KEY, HERE)
    with_sig.sign(b"a text")
    own.take_away()
    for use in (lambda: with_kek.unwrap(wrapped, HERE), lambda: with_sig.sign(b"a text")):
        with pytest.raises(CustodyUnavailable):
            use()
    assert not with_kek.describe().usable
    own.put_back()
    assert with_kek.unwrap(wrapped, HERE) == KEY
    assert with_sig.verify(b"a text", with_sig.sign(b"a text"))
    with_kek.close()
    with_sig.close()


def test_another_token_in_its_place_is_not_the_same_key(own: Token) -> None:
    with_kek = own.custodian()
    wrapped = with_kek.wrap(KEY, HERE)
    with_kek.close()
    own.take_away()
    own.initialise(own.name)
    own.fill()
    with pytest.raises(Tampered):
        with_kek.unwrap(wrapped, HERE)
    with_kek.close()


@pytest.mark.parametrize("value", [SESSION_GONE, DEVICE_ERROR, GENERAL_ERROR])
def test_a_lost_session_is_opened_anew_without_a_retry(
    filled: Token, fault: Fault, value: int
) -> None:
    with_sig = filled.custodian("object=sig", variables=fault.variables)
    with_sig.sign(b"a text")
    assert with_sig._worker is not None
    first = with_sig._worker.pid
    fault.when(f"C_SignInit once {value}")
    assert with_sig.verify(b"a text", with_sig.sign(b"a text"))
    assert not fault.plan.exists(), "it was met"
    assert with_sig._worker is not None
    assert with_sig._worker.pid != first
    fault.when(f"C_SignInit rv {value}")
    with pytest.raises(CustodyUnavailable):
        with_sig.sign(b"a text")
    with_sig.close()


def test_a_module_that_was_finalized_is_loaded_anew(filled: Token, fault: Fault) -> None:
    with_sig = filled.custodian("object=sig", variables=fault.variables)
    with_sig.sign(b"a text")
    fault.when("C_SignInit finalize")
    assert with_sig.verify(b"a text", with_sig.sign(b"a text"))
    assert not fault.plan.exists(), "it was met"
    with_sig.close()


def test_a_token_whose_files_are_deleted_is_unavailable(own: Token) -> None:
    with_sig = own.custodian("object=sig")
    with_sig.sign(b"a text")
    shutil.rmtree(own.tokens)
    with pytest.raises(CustodyUnavailable):
        with_sig.sign(b"a text")
    with_sig.close()


# Several processes.


SIGNS = """
import os, sys
from lango_cli.config.finding import find
from lango_cli.custody.pkcs11 import open_custodian
from lango_cli.custody.pkcs11_module import module_of
from lango_cli.custody.uri import Options, parse
retries = int(find("security.kms.maxRetries").default)
key = open_custodian(parse(sys.argv[1]), Options(lambda: None, dict(os.environ), 60, retries))
for number in range(30):
    assert key.verify(b"%d" % number, key.sign(b"%d" % number))
key.close()
"""
"""Tried again as often as lango does: SoftHSM2 writes its token's file anew at each login, and who
looks at it at that moment finds no token, or one that fails."""


def test_processes_sign_at_the_same_time(filled: Token) -> None:
    words = [sys.executable, "-c", SIGNS, filled.uri("object=sig")]
    variables = {**filled.environment, "LANGO_PKCS11_PIN": PIN}
    several = [Popen(words, env=variables, cwd=TOP) for _ in range(3)]
    assert [one.wait() for one in several] == [0, 0, 0]


def test_what_was_forked_opens_a_session_of_its_own_and_leaves_ours(filled: Token) -> None:
    with_sig = filled.custodian("object=sig")
    with_sig.sign(b"a text")
    assert with_sig._worker is not None
    ours = with_sig._worker.pid
    child = os.fork()
    if not child:
        good = with_sig.verify(b"of the child", with_sig.sign(b"of the child"))
        other = with_sig._worker.pid
        with_sig.close()
        os._exit(0 if good and other != ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert with_sig.verify(b"a text", with_sig.sign(b"a text"))
    assert with_sig._worker.pid == ours
    with_sig.close()


# A module that does not behave.


@pytest.mark.parametrize(
    "place", ["C_Initialize", "C_GetSlotList", "C_OpenSession", "C_Login", "C_EncryptInit"]
)
def test_a_module_that_hangs_ends_at_the_deadline(filled: Token, fault: Fault, place: str) -> None:
    fault.when(f"{place} hang")
    hanging = filled.custodian(timeout=1.0, retries=3, variables=fault.variables)
    begun = time.monotonic()
    with pytest.raises(CustodyUnavailable, match="no answer within 1 s"):
        hanging.wrap(KEY, HERE)
    assert time.monotonic() - begun >= 1.0
    assert hanging._worker is None
    fault.when()
    hanging.close()


@pytest.mark.parametrize("place", ["C_Initialize", "C_Login", "C_Encrypt"])
def test_a_module_that_crashes_takes_nothing_along(
    filled: Token, fault: Fault, place: str
) -> None:
    fault.when(f"{place} crash")
    crashing = filled.custodian(variables=fault.variables)
    with pytest.raises(CustodyUnavailable, match="ended in the middle"):
        crashing.wrap(KEY, HERE)
    fault.when()
    assert crashing.unwrap(crashing.wrap(KEY, HERE), HERE) == KEY
    crashing.close()


def test_what_a_module_prints_is_no_answer(filled: Token, fault: Fault) -> None:
    fault.when("C_Login print", "C_Encrypt print")
    talking = filled.custodian(variables=fault.variables)
    assert talking.unwrap(talking.wrap(KEY, HERE), HERE) == KEY
    talking.close()


def test_a_token_that_fails_is_not_taken_for_a_damaged_key(filled: Token, fault: Fault) -> None:
    with_kek = filled.custodian(variables=fault.variables)
    wrapped = with_kek.wrap(KEY, HERE)
    fault.when(f"C_Decrypt rv {GENERAL_ERROR}")
    with pytest.raises(CustodyUnavailable, match="the token failed"):
        with_kek.unwrap(wrapped, HERE)
    fault.when()
    with_kek.close()


def test_an_answer_that_nobody_knows_is_a_refusal(filled: Token, fault: Fault) -> None:
    fault.when("C_EncryptInit rv 0x80001234")
    refused(filled, Refusal("object=kek", CustodyDenied, "refused"), variables=fault.variables)


def test_a_busy_token_is_tried_again(filled: Token, fault: Fault) -> None:
    fault.when("C_OpenSession rv 0xB1")
    busy = filled.custodian(variables=fault.variables)
    with pytest.raises(CustodyUnavailable, match="no session left") as caught:
        busy.wrap(KEY, HERE)
    assert caught.value.throttled
    busy.close()


# The module.


def test_a_module_that_is_not_there_is_unavailable(filled: Token) -> None:
    missing = filled.custodian(
        variables={"LANGO_PKCS11_MODULE": "/usr/lib/softhsm/no-such-module.so"}
    )
    with pytest.raises(CustodyUnavailable, match="no module at"):
        missing.wrap(KEY, HERE)
    missing.close()


def test_what_is_no_module_is_unavailable(filled: Token, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("not a library")
    broken = filled.custodian(variables={"LANGO_PKCS11_MODULE": str(tmp_path / "text.so")})
    with pytest.raises(CustodyUnavailable, match="cannot be loaded"):
        broken.wrap(KEY, HERE)
    broken.close()


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:token=lango;object=kek",
        "pkcs11:token=lango;object=kek?module-name=softhsm2",
        "pkcs11:token=lango;object=kek?module-path=softhsm2.so",
        "pkcs11:token=lango?module-path=/usr/lib/softhsm/libsofthsm2.so",
    ],
)
def test_a_uri_without_module_or_key_is_refused(uri: str) -> None:
    with pytest.raises(UsageProblem):
        open_custodian(parse(uri), Options(no_pin, {}, 5, 0))


def test_a_uri_does_not_make_lango_load_what_came_along(tmp_path: Path) -> None:
    for place in (tmp_path / "evil.so", tmp_path / "later.so"):
        tmp_path.chmod(0o777)
        if "evil" in place.name:
            place.write_text("")
        uri = f"pkcs11:token=lango;object=kek?module-path={place}"
        with pytest.raises(UsageProblem, match="belong to root"):
            open_custodian(parse(uri), Options(no_pin, {}, 5, 0))


@pytest.mark.parametrize(
    ("mode", "owner", "group", "trusted"),
    [
        (0o755, 0, 50, True),
        (0o775, 0, 0, True),
        (0o2775, 0, 50, False),
        (0o757, 0, 0, False),
        (0o755, 1000, 0, False),
    ],
)
def test_a_module_counts_where_root_alone_can_write(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, group: int, trusted: bool
) -> None:
    found = os.stat_result((stat.S_IFDIR | mode, 1, 1, 1, owner, group, 0, 0, 0, 0))
    with monkeypatch.context() as here:
        here.setattr("lango_cli.custody.pkcs11_module.os.stat", lambda _place: found)
        try:
            loaded = bool(module_of({"module-path": "/usr"}, {}))
        except UsageProblem:
            loaded = False
    assert loaded is trusted


def test_a_link_that_changes_after_it_was_looked_at_changes_nothing(
    filled: Token, tmp_path: Path
) -> None:
    link = tmp_path / "module.so"
    link.symlink_to(filled.module)
    uri = parse(f"pkcs11:token=lango;object=kek?module-path={link}")
    variables = {**filled.environment, "LANGO_PKCS11_PIN": PIN}
    with_it = open_custodian(uri, Options(no_pin, variables, 60, 0))
    link.unlink()
    link.write_text("what came along")
    assert with_it.describe().usable
    with_it.close()

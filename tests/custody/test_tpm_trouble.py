"""What goes wrong with a TPM: wrong PINs, no room, others at it, commands cut off, another TPM.

What is unavailable is tried again until the deadline, what is a refusal never is, and whatever
happened nothing of ours stays in the TPM and nothing of others goes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pexpect
import pytest

from lango_cli.custody.tpm import TpmCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    MissingExtra,
    Tampered,
)
from lango_cli.secret import SecretBytes
from tests.custody.suite import HERE, KEY
from tests.custody.test_tpm import PATIENCE, SIGNER, STORE, Bus, Tpm
from tests.launch.runs import TOKEN, Lango
from tests.parts import find, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIN = b"a long pin"
HANDLES = ("handles-transient", "handles-loaded-session", "handles-saved-session")
UNSEAL = bytes.fromhex("8002") + bytes(4) + bytes.fromhex("0000015e")
"""The head of TPM2_Unseal, with sessions; the four bytes of its size are passed over."""


@pytest.fixture
def tpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tpm]:
    """A TPM of one test's own."""
    made = Tpm(tmp_path_factory.mktemp("tpm"))
    yield made
    made.close()


def held(tpm: Tpm) -> dict[str, str]:
    """What is in the TPM."""
    return {
        what: subprocess.run(
            ["tpm2_getcap", what], env=tpm.environment, capture_output=True, check=True, text=True
        ).stdout.strip()
        for what in HANDLES
    }


def nothing_held() -> dict[str, str]:
    return dict.fromkeys(HANDLES, "")


def wrappers(tpm: Tpm, folder: Path, command: str, script: str) -> dict[str, str]:
    """Variables with which `command` is this script, which finds the real one in $REAL."""
    folder.mkdir(exist_ok=True)
    stand_in = folder / command
    stand_in.write_text(f"#!/bin/sh\nREAL={find(command)}\nDIR={folder}\n{script}\n")
    stand_in.chmod(0o755)
    return {**tpm.environment, "PATH": f"{folder}:{os.environ['PATH']}"}


def custodian(
    environment: dict[str, str],
    query: str = "",
    timeout: float = PATIENCE,
    retries: int = 0,
    pin: bytes | None = None,
) -> TpmCustodian:
    asked = None if pin is None else SecretBytes(pin)
    options = Options(lambda: asked, environment, timeout=timeout, retries=retries)
    return open_custodian(parse(f"tpm2:?{query}"), options)


# Wrong PINs.


def test_a_tpm_locked_by_wrong_pins_says_so_and_is_not_asked_again(tpm: Tpm) -> None:
    wrapped = tpm.custodian("pin=yes", PIN).wrap(KEY, HERE)
    plain, policy = tpm.custodian(), tpm.custodian("pcrs=sha256:16")
    free, bound = plain.wrap(KEY, HERE), policy.wrap(KEY, HERE)
    said = []
    for _ in range(4):
        with pytest.raises(CustodyDenied) as caught:
            tpm.custodian("pin=yes", b"wrong").unwrap(wrapped, HERE)
        said.append(caught.value)
    assert [err.message.rpartition(": ")[2] for err in said[:3]] == ["the PIN is wrong"] * 3
    locked = said[3]
    assert locked.message == (
        "tpm2 unwrap (key owner): the TPM is locked after too many wrong PINs"
    )
    assert "one more try every 1000 s" in locked.hint
    assert "tpm2_dictionarylockout --clear-lockout" in locked.hint
    with pytest.raises(CustodyDenied, match="locked"):
        tpm.custodian("pin=yes", PIN).unwrap(wrapped, HERE)
    # What has no PIN is not locked out by other people's.
    assert plain.unwrap(free, HERE) == KEY
    assert policy.unwrap(bound, HERE) == KEY
    tpm.run("dictionarylockout", "--clear-lockout")
    assert tpm.custodian("pin=yes", PIN).unwrap(wrapped, HERE) == KEY
    assert held(tpm) == nothing_held()


def test_a_wrong_pin_is_one_try_however_many_retries_are_allowed(tpm: Tpm) -> None:
    wrapped = tpm.custodian("pin=yes", PIN).wrap(KEY, HERE)
    with pytest.raises(CustodyDenied, match="PIN is wrong"):
        custodian(tpm.environment, "pin=yes", retries=5, pin=b"wrong").unwrap(wrapped, HERE)
    said = subprocess.run(
        ["tpm2_getcap", "properties-variable"], env=tpm.environment, capture_output=True, text=True
    ).stdout
    assert "TPM2_PT_LOCKOUT_COUNTER: 0x1\n" in said


def test_a_pin_of_the_variable_is_used_and_never_locks_the_tpm(tpm: Tpm) -> None:
    given = {**tpm.environment, "LANGO_PKCS11_PIN": PIN.decode()}
    wrapped = custodian(given, "pin=yes").wrap(KEY, HERE)
    assert custodian(given, "pin=yes").unwrap(wrapped, HERE) == KEY
    wrong = {**tpm.environment, "LANGO_PKCS11_PIN": "wrong"}
    for _ in range(2):
        with pytest.raises(CustodyDenied, match="PIN is wrong"):
            custodian(wrong, "pin=yes").unwrap(wrapped, HERE)
    for _ in range(3):
        with pytest.raises(CustodyDenied, match="one more wrong PIN locks the TPM"):
            custodian(wrong, "pin=yes").unwrap(wrapped, HERE)
    # A person may use the last try.
    assert tpm.custodian("pin=yes", PIN).unwrap(wrapped, HERE) == KEY


# Another TPM, or none.


def test_a_tpm_that_was_cleared_opens_nothing_and_says_why(tpm: Tpm) -> None:
    tpm.fill()
    wrapped = tpm.custodian().wrap(KEY, HERE)
    under = tpm.custodian(f"handle={STORE}").wrap(KEY, HERE)
    tpm.run("clear", "-c", "p")
    with pytest.raises(Tampered, match="not sealed under this TPM's key") as caught:
        tpm.custodian().unwrap(wrapped, HERE)
    assert "cleared" in caught.value.hint
    assert "--slot" in caught.value.hint
    with pytest.raises(KeyNotFound, match="no key at this handle"):
        tpm.custodian(f"handle={STORE}").unwrap(under, HERE)
    with pytest.raises(KeyNotFound, match="no key at this handle"):
        tpm.custodian(f"handle={SIGNER}").sign(b"a text")


def test_another_machines_tpm_does_not_open_it(
    tpm: Tpm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Tpm(tmp_path_factory.mktemp("other"))
    try:
        for query, pin in (("", None), ("pcrs=sha256:16", None), ("pin=yes", PIN)):
            wrapped = tpm.custodian(query, pin).wrap(KEY, HERE)
            with pytest.raises(Tampered, match="not sealed under this TPM's key"):
                other.custodian(query, pin).unwrap(wrapped, HERE)
    finally:
        other.close()


def test_without_the_commands_it_is_said_which_package_has_them(tmp_path: Path) -> None:
    key = custodian({"PATH": str(tmp_path)})
    with pytest.raises(MissingExtra, match="tpm2_createprimary") as caught:
        key.wrap(KEY, HERE)
    assert "apt-get install tpm2-tools" in caught.value.hint
    assert "tpm2-tools" in key.describe().reason


def test_a_tpm_that_hangs_ends_with_the_operations_time(tpm: Tpm) -> None:
    wrapped = tpm.custodian().wrap(KEY, HERE)
    tpm.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(CustodyUnavailable, match=r"did not answer|no answer within"):
            custodian(tpm.environment, timeout=1.0, retries=9).unwrap(wrapped, HERE)
        assert time.monotonic() - began < 30
    finally:
        tpm.process.send_signal(signal.SIGCONT)
    assert tpm.custodian().unwrap(wrapped, HERE) == KEY


def test_a_tpm_that_failed_is_unavailable(tpm: Tpm, tmp_path: Path) -> None:
    said = "echo 'ERROR: Esys_CreatePrimary(0x101) - tpm:error(2.0): a failure' >&2; exit 1"
    environment = wrappers(tpm, tmp_path / "bin", "tpm2_createprimary", said)
    with pytest.raises(CustodyUnavailable, match="has failed, or was not started"):
        custodian(environment).wrap(KEY, HERE)


# Little room, and others.


@pytest.mark.parametrize("code", ["0x902", "0x903", "0x904", "0x905", "0x920", "0x922"])
def test_a_tpm_without_room_or_time_is_asked_again(tpm: Tpm, tmp_path: Path, code: str) -> None:
    script = (
        f'echo x >>"$DIR/asked"; [ $(wc -l <"$DIR/asked") -gt 2 ] && exec "$REAL" "$@"\n'
        f"echo 'ERROR: Esys_Create({code}) - tpm:warn(2.0): busy' >&2; exit 1"
    )
    environment = wrappers(tpm, tmp_path / "bin", "tpm2_create", script)
    wrapped = custodian(environment).wrap(KEY, HERE)
    assert tpm.custodian().unwrap(wrapped, HERE) == KEY
    never = wrappers(
        tpm, tmp_path / "bin", "tpm2_create", f"echo 'ERROR: x({code}) - busy' >&2; exit 1"
    )
    with pytest.raises(CustodyUnavailable, match="no room or no time now") as caught:
        custodian(never, timeout=3.0).wrap(KEY, HERE)
    assert caught.value.throttled


def test_objects_that_another_left_make_room(tpm: Tpm) -> None:
    for number in range(3):
        tpm.run("createprimary", "-C", "o", "-G", "ecc", "-c", f"left{number}")
    assert tpm.try_run("createprimary", "-C", "o", "-G", "ecc", "-c", "left") != 0
    key = tpm.custodian()
    assert key.unwrap(key.wrap(KEY, HERE), HERE) == KEY


def test_sessions_of_others_are_left_alone(tpm: Tpm) -> None:
    tpm.run("startauthsession", "--hmac-session", "-S", "theirs")
    theirs = held(tpm)["handles-saved-session"]
    assert theirs
    for query in ("", "pcrs=sha256:16"):
        key = tpm.custodian(query)
        assert key.unwrap(key.wrap(KEY, HERE), HERE) == KEY
    assert held(tpm) == nothing_held() | {"handles-saved-session": theirs}
    tpm.run("flushcontext", "theirs")


def test_threads_at_one_tpm_all_get_their_keys(tpm: Tpm) -> None:
    wrapped = tpm.custodian("pcrs=sha256:16").wrap(KEY, HERE)
    found: list[object] = []

    def unwrap() -> None:
        try:
            found.append(tpm.custodian("pcrs=sha256:16").unwrap(wrapped, HERE) == KEY)
        except LangoError as err:
            found.append(err.message)

    threads = [threading.Thread(target=unwrap) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 6
    assert held(tpm) == nothing_held()


UNWRAP = """
import os, sys
from lango_cli.custody.tpm import open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.model_custody import Context
options = Options(lambda: None, dict(os.environ), 120, 3, runtime=sys.argv[4])
key = open_custodian(parse("tpm2:?pcrs=sha256:16"), options)
for _ in range(3):
    found = key.unwrap(bytes.fromhex(sys.argv[1]), Context(sys.argv[2], sys.argv[3]))
    assert found.reveal() == bytes(range(32))
"""


def test_processes_at_one_tpm_without_a_resource_manager_all_get_their_keys(
    tpm: Tpm, tmp_path: Path
) -> None:
    wrapped = tpm.custodian("pcrs=sha256:16").wrap(KEY, HERE)
    words = [sys.executable, "-c", UNWRAP, wrapped.hex(), HERE.vault, HERE.slot, str(tmp_path)]
    running = [
        subprocess.Popen(words, env=tpm.environment, stderr=subprocess.PIPE) for _ in range(3)
    ]
    ends = [(one.communicate()[1], one.returncode) for one in running]
    assert ends == [(b"", 0)] * 3
    assert held(tpm) == nothing_held()


def test_a_session_that_another_program_threw_out_is_unavailable_and_tried_again(
    tpm: Tpm, tmp_path: Path
) -> None:
    wrapped = tpm.custodian().wrap(KEY, HERE)
    flush = f'{find("tpm2_flushcontext")} -s; exec "$REAL" "$@"'
    environment = wrappers(tpm, tmp_path / "bin", "tpm2_unseal", flush)
    with pytest.raises(CustodyUnavailable, match="another program is using the TPM too"):
        custodian(environment).unwrap(wrapped, HERE)
    once = f'[ -e "$DIR/x" ] || {{ touch "$DIR/x"; {find("tpm2_flushcontext")} -s; }}'
    environment = wrappers(tpm, tmp_path / "bin", "tpm2_unseal", f'{once}; exec "$REAL" "$@"')
    assert custodian(environment, retries=3).unwrap(wrapped, HERE) == KEY


# Cut off.


@pytest.mark.parametrize("command", ["createprimary", "load", "startauthsession", "unseal"])
def test_a_command_that_is_killed_leaves_nothing_and_is_tried_again(
    tpm: Tpm, tmp_path: Path, command: str
) -> None:
    wrapped = tpm.custodian("pcrs=sha256:16").wrap(KEY, HERE)
    kill = '[ -e "$DIR/x" ] || { touch "$DIR/x"; "$REAL" "$@" >/dev/null; kill -9 $$; }'
    environment = wrappers(tpm, tmp_path / "bin", f"tpm2_{command}", f'{kill}; exec "$REAL" "$@"')
    with pytest.raises(CustodyUnavailable):
        custodian(environment, "pcrs=sha256:16").unwrap(wrapped, HERE)
    assert (tmp_path / "bin" / "x").exists()
    assert held(tpm) == nothing_held()
    (tmp_path / "bin" / "x").unlink()
    assert custodian(environment, "pcrs=sha256:16", retries=3).unwrap(wrapped, HERE) == KEY
    assert held(tpm) == nothing_held()


def test_a_command_that_is_cut_off_while_the_tpm_works_leaves_nothing(tpm: Tpm) -> None:
    wrapped = tpm.custodian("pcrs=sha256:16").wrap(KEY, HERE)
    bus = Bus(tpm, stop=lambda some: some[:2] + bytes(4) + some[6:10] == UNSEAL)
    try:
        with pytest.raises(CustodyUnavailable, match=r"did not answer|no answer within"):
            custodian(bus.environment, "pcrs=sha256:16", timeout=5.0).unwrap(wrapped, HERE)
        assert bus.stopped
    finally:
        bus.close()
    assert held(tpm) == nothing_held()


# A vault.


@pytest.fixture
def lango(tpm: Tpm, tmp_path: Path) -> Lango:
    """A vault that a keyfile opens, in reach of the TPM."""
    (tmp_path / "vault").mkdir()
    found = Lango(tmp_path / "vault")
    found.env["LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION"] = "60s"
    found.env["TPM2TOOLS_TCTI"] = tpm.tcti
    return found


def test_changed_pcrs_are_a_refusal_that_no_local_slot_follows_unless_named(
    tpm: Tpm, lango: Lango, tmp_path: Path
) -> None:
    lango("keys", "slot", "add", "tpm2", "tpm2:?pcrs=sha256:16")
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse battery staple\n")
    phrase.chmod(0o600)
    lango("keys", "slot", "add", "passphrase", "--new-passphrase-file", str(phrase))
    lango("--yes", "keys", "slot", "remove", "keyfile")
    tpm.run("pcrextend", "16:sha256=" + "22" * 32)
    words = [*lango.command, "secrets", "get", "demo/token"]
    done = subprocess.run(words, env=lango.env, capture_output=True)
    assert done.returncode == KeyUnusable.code
    assert b"the PCRs are not as they were" in done.stderr
    assert b"--slot LABEL" in done.stderr
    assert TOKEN.encode() not in done.stdout
    # Named, it is no fallback; then the slot is sealed to the registers as they are now.
    named = ("--passphrase-file", str(phrase))
    assert lango(*named, "secrets", "get", "demo/token") == TOKEN.encode()
    assert b'"last_fallback_at": null' in lango("status", "--json")
    lango(*named, "keys", "slot", "rewrap", "tpm2")
    assert lango("secrets", "get", "demo/token") == TOKEN.encode()


def test_a_key_that_signs_in_the_tpm_is_a_kept_key_and_openssl_agrees(
    tpm: Tpm, lango: Lango, tmp_path: Path
) -> None:
    tpm.fill()
    uri = f"tpm2:?handle={SIGNER}"
    lango("keys", "create", "ci", "--type", "signing", "--custodian", uri)
    lango("keys", "export", "ci", "--output", str(tmp_path / "ci.pem"))
    (tmp_path / "text").write_bytes(b"a text")
    signature = lango("keys", "sign", "ci", "--from-file", str(tmp_path / "text"))
    (tmp_path / "signature").write_bytes(signature)
    words = ["dgst", "-sha256", "-verify", "ci.pem", "-signature", "signature", "text"]
    done = subprocess.run([require("openssl"), *words], cwd=tmp_path, capture_output=True)
    assert done.stdout == b"Verified OK\n"
    lango(
        "keys", "verify", "ci", str(tmp_path / "signature"), "--from-file", str(tmp_path / "text")
    )
    # The TPM's own verification is a third opinion.
    tpm.run("verifysignature", "-c", SIGNER, "-g", "sha256", "-m", str(tmp_path / "text"),
            "-s", str(tmp_path / "signature"), "-f", "ecdsa")  # fmt: skip
    tpm.close()
    lango("keys", "sign", "ci", "--from-file", str(tmp_path / "text"), code=40)


def on_terminal(lango: Lango, *words: str) -> pexpect.spawn:
    """A command on a terminal of its own."""
    return pexpect.spawn(
        lango.command[0],
        [*lango.command[1:], *words],
        env={**lango.env, "NO_COLOR": "1"},
        timeout=PATIENCE,
        encoding="utf-8",
        dimensions=(40, 200),
    )


def answered(child: pexpect.spawn, *answers: tuple[str, str], code: int = 0) -> str:
    """What was shown after each question had its answer."""
    for question, answer in answers:
        child.expect_exact(question)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == code, child.before
    return str(child.before)


def test_a_pin_is_set_by_typing_it_twice_and_changed_by_a_rewrap(lango: Lango) -> None:
    new, again, old = "New PIN", "again", "PIN of slot tpm2"
    words = ("keys", "slot", "add", "tpm2", "tpm2:?pin=yes")
    answered(
        on_terminal(lango, *words),
        (new, "one long pin"), (again, "another"), (new, "one long pin"), (again, "one long pin"),
    )  # fmt: skip
    lango("--yes", "keys", "slot", "remove", "keyfile", "--confirm", "keyfile")
    get = ("secrets", "get", "demo/token")
    assert TOKEN in answered(on_terminal(lango, *get), (old, "one long pin"))
    answered(
        on_terminal(lango, "keys", "slot", "rewrap", "tpm2"),
        (old, "one long pin"), (new, "the next pin"), (again, "the next pin"),
    )  # fmt: skip
    assert TOKEN in answered(on_terminal(lango, *get), (old, "the next pin"))
    assert TOKEN not in answered(on_terminal(lango, *get), (old, "one long pin"), code=41)
    # In scripts the variable has it, and nobody is asked.
    lango.env["LANGO_PKCS11_PIN"] = "the next pin"
    assert lango(*get) == TOKEN.encode()
    lango("keys", "kms", "test", "tpm2")
    del lango.env["LANGO_PKCS11_PIN"]
    lango(*get, code=12)

"""A vault whose key a token keeps, from its making to the day the token is gone.

The rule: whole processes and real parts alone: lango as a command, SoftHSM2 as the token, OpenSC's
pkcs11-tool as the maker of its keys, OpenSSL as the one who checks.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from tests.custody.softhsm import PIN, WRONG_PIN, Fault, Token
from tests.parts import require
from tests.terminal import Plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.terminal import Outcome

LANGO = [sys.executable, "-m", "lango_cli"]
KMS_FIRST = '[unlock]\norder = ["kms", "keyfile"]\n'
TEXT = b"what is agreed\n"


SWAPPING = """
import shutil
from lango_cli.cli import keys_kept
from lango_cli.__main__ import main

read = keys_kept.header

def swapped(call):
    found = read(call)
    for name in ("vault.json", "vault.json.2"):
        shutil.copy(name, f"vault/{name}")
    return found

keys_kept.header = swapped
main()
"""
"""Lango, with somebody beside it who puts the true header back once it was looked at."""


class Owner:
    """Somebody with a token, a home and no passphrase."""

    def __init__(self, folder: Path) -> None:
        self.token = Token(folder / "token")
        self.token.fill()
        self.folder = folder
        self.environment = self.token.environment | {
            "HOME": str(folder),
            "LANGO_HOME": str(folder / "vault"),
            "XDG_STATE_HOME": str(folder / "state"),
            "LANGO_PKCS11_PIN": PIN,
            "LC_ALL": "C.UTF-8",
        }

    def run(self, *words: str, given: bytes = b"", code: int = 0, **variables: str) -> Outcome:
        """Run lango without a terminal."""
        return self.on(Plan(stdin=given), *words, code=code, **variables)

    def on(self, plan: Plan, *words: str, code: int = 0, **variables: str) -> Outcome:
        """Run lango as the plan says."""
        outcome = play([*LANGO, *words], plan, self.folder, self.environment | variables)
        assert outcome.code == code, outcome
        return outcome

    def answer(self, *words: str) -> str:
        """What lango prints, without the last newline."""
        return self.run(*words).text("stdout").rstrip("\n")

    def configure(self, text: str) -> None:
        """Write config.toml."""
        home = self.folder / "vault"
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "config.toml").write_text(text)
        (home / "config.toml").chmod(0o600)

    def begin(self) -> None:
        """Make the vault, and keep a secret in it."""
        self.run("init", "--kms", self.token.uri(), "--no-recovery")
        self.run("secrets", "set", "api/token", "-", given=b"a value")


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    owner = Owner(tmp_path)
    owner.begin()
    return owner


def test_it_opens_by_the_token_alone_without_any_passphrase(owner: Owner) -> None:
    assert owner.answer("secrets", "get", "api/token") == "a value"
    slots = json.loads(owner.answer("keys", "slot", "list", "--json"))["slots"]
    assert [slot["kind"] for slot in slots] == ["kms"]
    header = (owner.folder / "vault" / "vault.json").read_text()
    assert PIN not in header


def test_the_pin_is_typed_on_a_terminal_and_asked_for_once(owner: Owner) -> None:
    del owner.environment["LANGO_PKCS11_PIN"]
    locked = owner.run("secrets", "get", "api/token", code=12)
    assert "PIN" in locked.text("stderr")
    typed = owner.on(Plan(typed=[PIN]), "secrets", "get", "api/token")
    assert typed.text("stdout") == "a value"
    assert typed.text("ttyout").count("PIN") == 1
    assert PIN not in typed.text("ttyout")


def test_a_wrong_pin_is_a_refusal_and_no_other_way_is_tried(owner: Owner) -> None:
    owner.run("keys", "slot", "add", "keyfile")
    owner.configure(KMS_FIRST)
    refused = owner.run("secrets", "get", "api/token", code=41, LANGO_PKCS11_PIN=WRONG_PIN)
    assert "the PIN is wrong" in refused.text("stderr")
    assert WRONG_PIN not in refused.text("stderr")


def test_what_a_key_signs_that_never_left_the_token_openssl_verifies(owner: Owner) -> None:
    before = owner.token.tool("--list-objects")
    (owner.folder / "text").write_bytes(TEXT)
    uri = owner.token.uri("object=sig")
    owner.run("keys", "create", "deploy", "--type", "signing", "--custodian", uri)
    sign = ("--from-file", "text", "--output", "text.sig")
    owner.run("keys", "sign", "deploy", *sign)
    (owner.folder / "deploy.pem").write_text(owner.run("keys", "export", "deploy").text("stdout"))
    words = ["dgst", "-sha256", "-verify", "deploy.pem", "-signature", "text.sig", "text"]
    checked = subprocess.run(
        [require("openssl"), *words],
        cwd=owner.folder,
        capture_output=True,
    )
    assert checked.stdout == b"Verified OK\n"
    owner.run("keys", "verify", "deploy", "text.sig", "--from-file", "text")
    (owner.folder / "text").write_bytes(TEXT + b"and more\n")
    owner.run("keys", "verify", "deploy", "text.sig", "--from-file", "text", code=45)
    assert owner.token.tool("--list-objects") == before
    owner.token.take_away()
    gone = owner.run("keys", "sign", "deploy", "--from-file", "text", code=40)
    assert gone.text("stdout") == ""


@pytest.fixture
def runtime() -> Iterator[str]:
    """A runtime folder with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="lango") as folder:
        yield folder


def test_the_token_unwraps_once_for_an_unlock_and_once_for_a_key_however_many_values(
    owner: Owner, tmp_path: Path, runtime: str
) -> None:
    require("gcc")
    fault = Fault(tmp_path, owner.token.module)
    owner.environment |= fault.variables
    owner.environment |= {"LANGO_UNLOCK_SESSION": "process", "XDG_RUNTIME_DIR": runtime}
    owner.run("keys", "create", "far", "--custodian", owner.token.uri("object=spare"))
    names = [f"many/{number}" for number in range(20)]
    fault.when("C_DecryptInit note")
    for name in names:
        owner.run("secrets", "set", name, "--key", "far", "-", given=b"value")
    assert fault.noted() == ["C_DecryptInit"] * 2 * len(names), "the slot's and the key, each"
    owner.run("secrets", "get", *names, "--json")
    assert fault.noted() == ["C_DecryptInit"] * 2
    owner.run("secrets", "export", "--force", "--format", "json")
    assert fault.noted() == ["C_DecryptInit"] * 2
    owner.run("secrets", "set", "near", "-", given=b"value")
    fault.noted()
    owner.run("unlock")
    assert fault.noted() == ["C_DecryptInit"]
    try:
        owner.run("secrets", "get", "near")
        assert fault.noted() == [], "the unlock session has it"
        owner.run("secrets", "get", *names, "--json")
        assert fault.noted() == ["C_DecryptInit"], "only the key of the values"
    finally:
        owner.run("lock")


def test_a_header_that_is_swapped_for_a_moment_has_nothing_wrapped_by_a_stranger(
    owner: Owner,
) -> None:
    home = owner.folder / "vault"
    for name in ("vault.json", "vault.json.2"):
        shutil.copy(home / name, owner.folder / name)
        forged = (home / name).read_text().replace("object=kek", "object=spare;id=%02")
        (home / name).write_text(forged)
    words = [sys.executable, "-c", SWAPPING, "keys", "slot", "rewrap", "kms"]
    outcome = play(words, Plan(), owner.folder, owner.environment)
    assert outcome.code == 0, outcome
    header = (home / "vault.json").read_text()
    assert header != (owner.folder / "vault.json").read_text()
    assert "object=kek" in header
    assert "spare" not in header
    assert owner.answer("secrets", "get", "api/token") == "a value"


def test_without_the_token_the_passphrase_serves_where_that_is_allowed_and_is_told(
    owner: Owner,
) -> None:
    (owner.folder / "phrase").write_text("a long passphrase of mine")
    (owner.folder / "phrase").chmod(0o600)
    owner.run("keys", "slot", "add", "passphrase", "--new-passphrase-file", "phrase")
    owner.token.take_away()
    missing = owner.run("secrets", "get", "api/token", code=40)
    assert "no such token is there" in missing.text("stderr")
    typed = Plan(typed=["a long passphrase of mine"], on_tty=())
    fallen = owner.on(typed, "secrets", "get", "api/token")
    assert fallen.text("stdout") == "a value"
    assert "fell back to slot passphrase" in fallen.text("stderr")
    owner.token.put_back()
    status = json.loads(owner.answer("keys", "kms", "status", "--json"))
    assert status["fallback"] == "local"
    assert status["last_fallback_at"] is not None
    audit = owner.answer("audit", "list")
    assert "vault.fallback" in audit
    owner.run("audit", "verify")


def test_without_the_token_nothing_serves_where_that_is_not_allowed(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    owner.configure(KMS_FIRST + "[security.kms]\nfallbackToLocal = false\n")
    owner.begin()
    owner.run("keys", "slot", "add", "keyfile")
    owner.token.take_away()
    owner.configure(KMS_FIRST)
    refused = owner.run("secrets", "get", "api/token", code=40)
    assert refused.text("stdout") == ""
    named = owner.run("secrets", "get", "api/token", "--keyfile", "vault/keyfile")
    assert named.text("stdout") == "a value"


@pytest.fixture
def aws(owner: Owner) -> Iterator[str]:
    """The URI of a key at a server that speaks AWS KMS, for which the owner has credentials."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    owner.environment |= {
        "AWS_ACCESS_KEY_ID": "made",
        "AWS_SECRET_ACCESS_KEY": "up",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    client = boto3.client(
        "kms",
        region_name="eu-west-1",
        endpoint_url=address,
        aws_access_key_id="made",
        aws_secret_access_key="up",
        config=Config(proxies={}),
    )
    made = client.create_key(KeyUsage="ENCRYPT_DECRYPT", KeySpec="SYMMETRIC_DEFAULT")
    yield f"aws-kms:{made['KeyMetadata']['Arn']}?region=eu-west-1&endpoint={address}"
    server.stop()


def test_the_same_vault_opens_through_aws_when_the_token_is_gone(owner: Owner, aws: str) -> None:
    owner.run("keys", "slot", "add", "kms", aws, "--label", "aws")
    owner.run("keys", "kms", "fallback", "none")
    owner.token.take_away()
    opened = owner.run(
        "secrets", "get", "api/token", LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION="1m"
    )
    assert opened.text("stdout") == "a value"
    assert "fell back" not in opened.text("stderr")
    owner.token.put_back()
    owner.run("keys", "slot", "remove", "kms", "--yes", "--confirm", "kms")
    assert owner.answer("secrets", "get", "api/token") == "a value"


def test_the_vault_moves_to_another_key_of_the_token(owner: Owner) -> None:
    owner.run("keys", "slot", "add", "kms", owner.token.uri("object=spare"), "--label", "spare")
    owner.run("keys", "slot", "test", "spare")
    owner.run("keys", "slot", "remove", "kms", "--yes", "--confirm", "kms")
    assert owner.answer("secrets", "get", "api/token") == "a value"
    owner.token.tool("--delete-object", "--type", "secrkey", "--label", "spare")
    gone = owner.run("secrets", "get", "api/token", code=43)
    assert "no such key" in gone.text("stderr")


def test_the_doctor_says_how_the_token_is_and_that_the_pin_is_open_to_all(owner: Owner) -> None:
    def found(code: int = 0) -> list[tuple[str, str]]:
        told = owner.run("doctor", "--json", code=code).text("stdout")
        findings = json.loads(told)["findings"]
        return [(one["level"], one["text"]) for one in findings]

    well = found()
    assert ("ok", "slot kms: its key at pkcs11 is there, AES-256-GCM") in well
    assert any(level == "advice" and "LANGO_PKCS11_PIN is set" in text for level, text in well)
    assert not any(level == "error" for level, _ in well)
    owner.token.tool("--delete-object", "--type", "secrkey", "--label", "kek")
    owner.token.secret_key("kek", "01", private=False)
    shutil.rmtree(owner.folder / "state")
    loose = found(code=80)
    assert any(level == "error" and "damaged" in text for level, text in loose)
    assert any("without the PIN" in text for level, text in loose if level == "advice")
    owner.token.take_away()
    shutil.rmtree(owner.folder / "state")
    gone = found()
    assert any("no such token is there" in text for level, text in gone if level == "advice")

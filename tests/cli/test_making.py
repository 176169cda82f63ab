"""Making a vault: with a real OS keyring, at once with somebody else, and where it fails."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from lango_cli import files
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import (
    AlreadyInitialised,
    Conflict,
    CustodyUnavailable,
    FileProblem,
    LangoError,
    Tampered,
)
from lango_cli.model import KeyringVerdict
from lango_cli.secret import SecretBytes
from lango_cli.vault import create, store_open
from lango_cli.vault.home import COPY, HEADER, KEYFILE
from lango_cli.wiring import making, opening, slotting, sources
from lango_cli.wiring.flags import Flags
from tests.parts import require
from tests.stage import Stage
from tests.unlock.conftest import Desk, desk, gnome

__all__ = ["desk", "gnome"]

ENTRY = [sys.executable, str(Path(__file__).parents[1] / "entry.py"), "typer"]


class Ring:
    """An OS keyring in memory; `broken` is why it takes nothing in."""

    def __init__(self, broken: str = "") -> None:
        self.entries: dict[str, bytes] = {}
        self.broken = broken

    def describe(self, *, fresh: bool = False) -> KeyringVerdict:
        return KeyringVerdict(True, "a keyring", "", 1, not fresh)

    def read(self, account: str) -> SecretBytes | None:
        found = self.entries.get(account)
        return None if found is None else SecretBytes(found)

    def write(self, account: str, value: SecretBytes) -> None:
        if self.broken:
            raise CustodyUnavailable(self.broken)
        self.entries[account] = value.reveal()

    def delete(self, account: str) -> bool:
        return self.entries.pop(account, None) is not None


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    """The OS keyring of this test."""
    ring = Ring()
    monkeypatch.setattr(sources, "os_keyring", lambda _folders: ring)
    return ring


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flags:
    """A command line that names a home of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    flags = Flags()
    flags.home = str(tmp_path / "home")
    return flags


def quiet(_text: str) -> None:
    """A warning that nobody hears."""


def on(gnome: Desk, tmp_path: Path) -> Stage:
    """A stage whose runs are logged in on that desk."""
    stage = Stage(tmp_path, ENTRY)
    stage.env["DBUS_SESSION_BUS_ADDRESS"] = gnome.address
    return stage


def entries(desk: Desk) -> list[str]:
    """The accounts that an independent reader finds in this desk's keyring."""
    found = subprocess.run(
        [require("secret-tool"), "search", "--all", "service", "lango"],
        env=desk.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(set(re.findall(r"username = (\S+)", found.stdout + found.stderr)))


def test_quickstart_keeps_the_key_in_the_os_keyring_where_that_answers(
    gnome: Desk, tmp_path: Path
) -> None:
    stage = on(gnome, tmp_path)
    stage.perform(
        "lango quickstart\n"
        "stdout '^it opens with the OS keyring .Secret Service., for this user'\n"
        "! exists home/lango/keyfile\n"
        "lango secrets get demo/quickstart\nstdout '^.{32}$'\n"
        "lango status\n"
        "stdout '^slot: keyring, machine-readable'\nstdout '^keyring: Secret Service'\n"
        "lango doctor\n! stdout '^error'\nstdout '^ok: +the OS keyring opens slot keyring$'\n"
        "lango keys slot test keyring\n"
    )
    assert len(entries(gnome)) == 1
    assert re.fullmatch(r"[0-9a-f]{32}:[0-9a-f]{12}", entries(gnome)[0])


def test_a_keyring_slot_goes_with_its_entry_and_no_other_vaults(
    gnome: Desk, tmp_path: Path
) -> None:
    stage = on(gnome, tmp_path)
    stage.perform(
        "lango init --keyring --keyfile --no-recovery\n"
        "env LANGO_HOME=$WORK/other\nlango init --keyring --no-recovery\n"
        "lango keys slot add keyfile\n"
    )
    assert len(entries(gnome)) == 2
    stage.perform("lango keys slot remove keyring --confirm keyring\nlango secrets list\n")
    assert len(entries(gnome)) == 1
    stage.perform("env LANGO_HOME=$WORK/home/lango\nlango secrets list --slot keyring\n")


def test_a_locked_keyring_is_a_reason_and_leaves_nothing(gnome: Desk, tmp_path: Path) -> None:
    gnome.lock()
    stage = on(gnome, tmp_path)
    stage.perform(
        "exit 40 lango init --keyring --no-recovery\nstderr 'cannot be used: locked'\n"
        "! exists home/lango/vault.json\n"
        "lango quickstart\nstdout 'because the OS keyring does not serve: locked'\n"
    )
    assert entries(gnome) == []


def test_a_lost_entry_is_found_by_the_doctor_and_by_a_drill(gnome: Desk, tmp_path: Path) -> None:
    stage = on(gnome, tmp_path)
    stage.perform("lango init --keyring --keyfile --no-recovery\n")
    gnome.run(require("secret-tool"), "clear", "service", "lango")
    stage.perform(
        "exit 13 lango keys slot test keyring\n"
        "lango doctor\n"
        "stdout 'advice: +slot keyring is of no use here: no entry for slot keyring$'\n"
    )


def test_of_two_that_make_a_vault_at_once_one_does_and_the_other_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    both = [
        subprocess.Popen(
            [*ENTRY, "quickstart", "--json"],
            env=stage.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in both:
        process.communicate()
    assert sorted(process.returncode for process in both) == [0, 11]
    stage.perform("lango secrets get demo/quickstart\nlango doctor\n! stdout '^error'\n")


def has_open(process: subprocess.Popen[bytes], path: Path) -> bool:
    """Whether this process has that file open."""
    try:
        return str(path) in map(os.readlink, Path(f"/proc/{process.pid}/fd").glob("*"))
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("second", [["quickstart"], ["init", "--keyfile", "--no-recovery"]])
def test_a_keyfile_that_is_taken_back_is_nobody_elses(tmp_path: Path, second: list[str]) -> None:
    """One that makes a vault is stopped once its keyfile stands, and ended beside another one."""
    stage = Stage(tmp_path, ENTRY)
    home, phrase = tmp_path / "home" / "lango", tmp_path / "phrase"
    phrase.write_text("open sesame, said he")
    phrase.chmod(0o600)
    slow = ["init", "--keyfile", "--no-recovery", "--kdf", "argon2id"]

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*ENTRY, *arguments], env=stage.env, stdout=-1, stderr=-1)

    first = start(*slow, "--new-passphrase-file", str(phrase))
    while not (home / KEYFILE).exists() and first.poll() is None:
        pass
    first.send_signal(signal.SIGSTOP)
    other = start(*second, "--lock-timeout", "60")
    while other.poll() is None and not has_open(other, home / "vault.lock"):
        pass
    first.send_signal(signal.SIGTERM)
    first.send_signal(signal.SIGCONT)
    for process in (first, other):
        process.communicate()
    # Where it was stopped too late, the first one's vault stands.
    assert {first.returncode, other.returncode} in ({143, 0}, {0, 11}, {143, 11})
    stage.perform("lango secrets list\nlango doctor\n! stdout '^error'\n")


def test_an_interrupted_init_leaves_no_keyfile(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    home = tmp_path / "home" / "lango"
    command = [*ENTRY, "init", "--keyfile", "--recovery-file", str(tmp_path / "words")]
    with subprocess.Popen(command, env=stage.env, stderr=-1) as process:
        while not (home / KEYFILE).exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGTERM)
    assert (home / HEADER).exists() == (home / KEYFILE).exists() == (tmp_path / "words").exists()


def test_a_keyfile_that_something_else_changes_meanwhile_is_noticed(
    flags: Flags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store_open.create_store

    def changing(*arguments: Any) -> None:
        (tmp_path / "home" / KEYFILE).write_bytes(b"x")
        real(*arguments)

    monkeypatch.setattr(create, "create_store", changing)
    with pytest.raises(LangoError):
        making.make_vault(flags, making.Plan(keyfile=True), quiet)
    assert not (tmp_path / "home" / HEADER).exists()


def test_whoever_comes_second_makes_nothing_outside(
    flags: Flags, ring: Ring, tmp_path: Path
) -> None:
    phrase = SecretBytes(b"open sesame")
    making.make_vault(flags, making.Plan(passphrase=phrase), quiet).close()
    with pytest.raises(AlreadyInitialised):
        making.make_vault(flags, plan(tmp_path), quiet)
    assert not (tmp_path / "home" / KEYFILE).exists()
    assert not (tmp_path / "words").exists()
    assert ring.entries == {}


def fail(patch: pytest.MonkeyPatch, where: str) -> None:
    """Making a vault fails right before the header stands, or right after."""
    patch.setattr(create, {"before": "create_store", "after": "open_vault"}[where], _full)


def plan(tmp_path: Path) -> making.Plan:
    """One slot of each kind that leaves something outside the vault."""
    words = str(tmp_path / "words")
    return making.Plan(True, True, recovery=slotting.new_entropy(), recovery_file=words)


def test_a_vault_that_does_not_come_to_be_leaves_nothing(
    flags: Flags, ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, "before")
    with pytest.raises(FileProblem):
        making.make_vault(flags, plan(tmp_path), quiet)
    left = {path.name for path in (tmp_path / "home").iterdir()}
    assert left <= {"vault.lock", "vault-1.db.init"}
    assert not (tmp_path / "words").exists()
    assert ring.entries == {}


def test_from_the_moment_the_header_stands_everything_is_kept(
    flags: Flags, ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail(patch, "after")
        with pytest.raises(FileProblem, match=r"there is a vault at .*: no space left"):
            making.make_vault(flags, plan(tmp_path), quiet)
    assert (tmp_path / "home" / KEYFILE).exists()
    assert (tmp_path / "words").exists()
    assert len(ring.entries) == 1
    with opening.open_vault(flags, None, quiet) as vault:
        assert vault.unlocked_by == "OS keyring"


def test_a_keyfile_that_was_there_before_is_used_and_never_removed(
    flags: Flags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    kept = (tmp_path / "home" / KEYFILE).read_bytes()
    for path in (tmp_path / "home").glob("vault*"):
        path.unlink()
    with monkeypatch.context() as patch:
        fail(patch, "before")
        with pytest.raises(FileProblem):
            making.make_vault(flags, making.Plan(keyfile=True), quiet)
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    assert (tmp_path / "home" / KEYFILE).read_bytes() == kept


def test_quickstart_falls_back_to_a_keyfile_where_the_keyring_keeps_nothing(
    flags: Flags, ring: Ring
) -> None:
    ring.broken = "the OS keyring did not keep what was written"
    first = making.quickstart(flags, quiet)
    assert (first.kind, first.reason) == ("keyfile", ring.broken)
    assert ring.entries == {}


@pytest.mark.parametrize("left", [HEADER, COPY, "vault-1.db", "vault-7.db"])
def test_any_file_of_a_vault_is_a_vault(flags: Flags, tmp_path: Path, left: str) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    home = tmp_path / "home"
    (home / "vault-7.db").write_bytes(b"")
    for path in home.iterdir():
        if path.name != left:
            path.unlink()
    readable = left in (HEADER, COPY)
    with pytest.raises(AlreadyInitialised if readable else Tampered):
        making.refuse_existing(flags)
    with pytest.raises(AlreadyInitialised if readable else Tampered):
        making.quickstart(flags, quiet)
    assert [path.name for path in home.iterdir()] == [left]


def test_an_empty_folder_is_made_private(flags: Flags, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    said: list[str] = []
    making.make_vault(flags, making.Plan(keyfile=True), said.append).close()
    assert home.stat().st_mode & 0o777 == 0o700
    assert said == []


def test_a_folder_with_files_of_ours_is_made_private_and_that_is_said(
    flags: Flags, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    (home / "config.toml").write_text("")
    said: list[str] = []
    making.make_vault(flags, making.Plan(keyfile=True), said.append).close()
    assert home.stat().st_mode & 0o777 == 0o700
    assert said == [f"others could get at {home}; now only you can (mode 0700)"]


def test_a_folder_with_other_files_that_others_use_is_refused_and_left_as_it_is(
    flags: Flags, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    (home / "notes").write_text("mine")
    for make in (
        lambda: making.refuse_existing(flags),
        lambda: making.make_vault(flags, making.Plan(keyfile=True), quiet),
    ):
        with pytest.raises(FileProblem, match="holds other files"):
            make()
    assert home.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in home.iterdir()] == ["notes"]
    home.chmod(0o700)
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()


def test_a_slot_that_is_not_added_leaves_nothing(
    flags: Flags, ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        monkeypatch.setattr(type(vault.home), "write_header", _full)
        undo = slotting.Undo()
        folders = opening.folders_of(flags)
        new = slotting.keyring_slot(folders, vault.id, "keyring", undo)
        assert len(ring.entries) == 1
        with pytest.raises(FileProblem):
            slotting.add(vault, new, undo, quiet)
        undo = slotting.Undo()
        path = str(tmp_path / "stick")
        new = slotting.keyfile_slot(path, "stick", "pbkdf2-sha256", undo, given=True)
        assert files.exists(path)
        with pytest.raises(FileProblem):
            slotting.add(vault, new, undo, quiet)
    assert ring.entries == {}
    assert not files.exists(path)


def test_a_keyfile_that_another_slot_uses_meanwhile_is_not_taken_back(
    flags: Flags, tmp_path: Path
) -> None:
    path = str(tmp_path / "stick")
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        undo = slotting.Undo()
        first = slotting.keyfile_slot(path, "stick", "pbkdf2-sha256", undo, given=True)
        second = slotting.keyfile_slot(path, "two", "pbkdf2-sha256", slotting.Undo(), given=True)
        slotting.add(vault, second, slotting.Undo(), quiet)
        with pytest.raises(Conflict):
            slotting.add(vault, first, undo, quiet)
    assert files.exists(path)


def test_a_slot_whose_keyfile_was_taken_back_meanwhile_goes_with_it(
    flags: Flags, tmp_path: Path
) -> None:
    path = str(tmp_path / "stick")
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        undo = slotting.Undo()
        slotting.keyfile_slot(path, "stick", "pbkdf2-sha256", undo, given=True)
        second = slotting.keyfile_slot(path, "two", "pbkdf2-sha256", slotting.Undo(), given=True)
        undo.take_back(quiet)
        with pytest.raises(Conflict):
            slotting.add(vault, second, slotting.Undo(), quiet)
        assert [slot.label for slot in vault.slots.list()] == ["keyfile"]


def _full(*_arguments: object) -> None:
    raise FileProblem("no space left")


def test_what_cannot_be_taken_back_is_reported(flags: Flags) -> None:
    undo = slotting.Undo()
    undo.made("/a/file", _full)
    said: list[str] = []
    undo.take_back(said.append)
    assert said == ["/a/file is of no use any more, but stays: no space left"]
    undo.take_back(said.append)
    assert len(said) == 1


def test_a_keyring_that_fails_half_way_is_cleared(flags: Flags) -> None:
    class Half(Ring):
        def write(self, account: str, value: SecretBytes) -> None:
            super().write(account, value)
            raise CustodyUnavailable("it did not come back")

    half = Half()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "os_keyring", lambda _folders: half)
        folders = opening.folders_of(flags)
        with pytest.raises(CustodyUnavailable):
            slotting.keyring_slot(folders, random_bytes(16).hex(), "keyring", slotting.Undo())
    assert half.entries == {}


def guide(stage: Stage, **more: str) -> pexpect.spawn:
    return pexpect.spawn(
        ENTRY[0],
        [*ENTRY[1:], "onboard"],
        env={**stage.env, "TERM": "xterm", "SHELL": "/bin/sh", **more},
        encoding="utf-8",
        dimensions=(40, 99),
    )


def test_onboard_goes_from_no_vault_to_doctor_and_asks_nothing_twice(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    child = guide(stage)
    child.expect("What shall open the vault")
    child.send("\x1b[B \r")
    child.expect("How shall the passphrase be stretched")
    child.send("\r")
    child.expect("recovery words")
    child.send("y")
    for prompt in ("New passphrase: ", "The same again: "):
        child.expect(prompt)
        child.send("opensesame\r")
    child.expect("Press Enter")
    words = dict(re.findall(r"(\d+)\. ([a-z]+)", child.before))
    child.send("\r")
    for _ in range(2):
        child.expect(r"Word (\d+): ")
        child.send(f"{words[child.match[1]]}\r")
    child.expect("Try the recovery words now")
    child.send("y")
    child.expect("on one line or several")
    child.send(" ".join(words[str(at)] for at in range(1, 25)) + "\r")
    child.expect("the recovery words open the vault")
    child.expect("Keep an API key of a provider now")
    child.send("\r")
    child.expect("API key of anthropic")
    child.send("sk-made-up\r")
    child.expect("kept as anthropic/api-key")
    child.expect("Will AI agents use this vault")
    child.send("y")
    child.expect("profile default: ")
    child.expect("doctor: 0 errors")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    stage.perform(
        "lango keys slot list\nstdout 'keyfile'\nstdout 'passphrase'\nstdout 'recovery'\n"
        "lango secrets get anthropic/api-key\nstdout '^sk-made-up$'\n"
        "lango settings get providers.anthropic.apiKey --resolve\nstdout '^sk-made-up$'\n"
        "lango settings get security.interceptor.enabled\nstdout '^true$'\n"
        "env LANGO_HOME=$WORK/other\nexit 12 lango onboard\nstderr 'lango quickstart'\n"
    )
    again = guide(stage, LANGO_HOME=str(tmp_path / "home" / "lango"))
    again.expect("the vault is there already")
    again.expect("doctor: 0 errors")
    assert "?" not in again.before
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0


def test_each_step_of_onboard_can_be_skipped(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    child = guide(stage)
    child.expect("What shall open the vault")
    child.send(" \x1b[B \r")
    child.expect("recovery words")
    child.send("n")
    child.expect("Keep an API key of a provider now")
    child.send("\x1b[A\r")
    child.expect("skipped; later: lango secrets set NAME")
    child.expect("Will AI agents use this vault")
    child.send("n")
    child.expect("skipped; the profile is as it comes")
    child.expect("doctor: ")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    stage.perform("lango secrets list\n! stdout .\n")


def test_onboard_interrupted_leaves_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    child = pexpect.spawn(ENTRY[0], [*ENTRY[1:], "onboard"], env=stage.env, encoding="utf-8")
    child.expect("What shall open the vault")
    child.send("\x03")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not (tmp_path / "home" / "lango").exists()

"""Completions put where a person's shell looks for them, and that a new shell has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from lango_cli.errors import FileProblem
from lango_cli.wiring import shells
from tests.parts import require

TOP = Path(__file__).resolve().parents[2]
SHELLS = ("bash", "fish", "zsh")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without start files, and an installation that has all completions."""
    home, prefix = tmp_path / "home", tmp_path / "prefix"
    home.mkdir()
    for shell, inside in shells._INSTALLED.items():
        there = prefix / "share" / inside
        there.parent.mkdir(parents=True)
        there.write_bytes((TOP / "completions" / f"lango.{shell}").read_bytes())
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setenv("HOME", str(home))
    for name in ("ZDOTDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


def found(shell: str, monkeypatch: pytest.MonkeyPatch) -> shells.Completions:
    monkeypatch.setenv("SHELL", require(shell))
    completions = shells.completions()
    assert completions is not None
    return completions


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_shell_completes_once_they_are_installed(
    home: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    (home / ".bashrc").write_text(
        "f=/usr/share/bash-completion/bash_completion\n[ ! -f $f ] || . $f\n"
    )
    shells.install(found(shell, monkeypatch))
    assert shells.completions() is None
    (home / "lango").write_text("#!/bin/sh\n")
    (home / "lango").chmod(0o755)
    child = pexpect.spawn(
        require(shell),
        ["-i"],
        env={"HOME": str(home), "PATH": f"{home}:/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C"},
        encoding="utf-8",
        timeout=60,
        dimensions=(24, 99),
    )
    child.send("echo re''ady\r")
    child.expect("ready")
    child.send("lango quickst\t")
    child.expect("quickstart")
    child.close(force=True)


def test_a_login_bash_has_them_where_its_start_file_reads_bashrc_as_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shells, "_LOOKS_ITSELF", ())
    completions = found("bash", monkeypatch)
    shells.install(completions)

    def completes(*options: str) -> bool:
        done = subprocess.run(
            [require("bash"), *options, "-c", "complete -p lango"],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
        )
        return done.returncode == 0

    assert completes("-i")
    assert not completes("-i", "-l")
    assert "a login bash only where" in completions.takes_effect()
    (home / ".profile").write_text('. "$HOME/.bashrc"\n')
    assert completes("-i", "-l")


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_of_the_person_s_is_replaced_and_lines_are_added_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    completions = found(shell, monkeypatch)
    start = Path(completions.start or home / "none")
    start.write_text("mine\n")
    Path(completions.target).parent.mkdir(parents=True, exist_ok=True)
    Path(completions.target).write_text("mine too\n")
    for _ in range(2):
        shells.install(completions)
    assert start.read_text() == "mine\n" + completions.lines
    assert Path(completions.target).read_text() == "mine too\n"
    assert shells.completions() is None


def test_zsh_says_where_its_start_files_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".zshenv").write_text('ZDOTDIR="$HOME/z"\n')
    completions = found("zsh", monkeypatch)
    assert completions.start == str(home / "z" / ".zshrc")
    assert completions.target == str(home / ".local/share/zsh/site-functions/_lango")


def test_a_start_file_that_is_no_file_is_left_to_the_person(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    completions = found("zsh", monkeypatch)
    Path(completions.start).mkdir()
    with pytest.raises(FileProblem):
        shells.install(completions)


def test_a_shell_that_is_not_known_has_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.is_dir()
    monkeypatch.setenv("SHELL", "/bin/sh")
    assert shells.completions() is None

"""Ctrl-Z at a question, and `fg`: the shell gets its terminal back, and nothing typed is shown.

The shell is a small stand-in with job control, because a process without one is never stopped. It
says how it found the terminal, puts it back as it was at its own start, and waits for `fg`.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.cli.terminal import Terminal
from tests.stage import Stage
from tests.terminal import STREAMS, Outcome, Plan, play

if TYPE_CHECKING:
    from tests.cli.conftest import Tty

ENTRY = [sys.executable, str(Path(__file__).parent.parent / "entry.py"), "front"]
SHELL = """
import os, signal, sys, termios

def echo():
    return "on" if termios.tcgetattr(0)[3] & termios.ECHO else "off"

sane = termios.tcgetattr(0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpid())
    if not os.WIFSTOPPED(status):
        break
    print(f"stopped, echo {echo()}", flush=True)
    termios.tcsetattr(0, termios.TCSANOW, sane)
    input("shell> ")
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
print(f"ended, echo {echo()}")
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A folder and an environment, with no vault yet."""
    return Stage(tmp_path, ENTRY)


def in_a_shell(stage: Stage, typed: list[str], *arguments: str) -> Outcome:
    """Run a command as a job of the stand-in, with these lines typed at the prompts."""
    argv = [sys.executable, "-c", SHELL, *ENTRY, *arguments]
    return play(argv, Plan(typed=typed, on_tty=STREAMS), stage.root, stage.env)


def test_a_hidden_prompt_survives_ctrl_z_and_fg(stage: Stage) -> None:
    stage.perform("lango init --keyfile --no-recovery")
    typed = ["^Z", "fg", "opensesame", "^Z", "fg", "^Z", "fg", "opensesame"]
    outcome = in_a_shell(stage, typed, "secrets", "set", "s")
    shown = outcome.text("ttyout")
    assert outcome.code == 0, shown
    assert shown.count("stopped, echo on") == 3
    assert "echo off" not in shown
    assert "opensesame" not in shown
    assert shown.count("Value of s: ") == 2
    assert shown.count("The same again: ") == 3
    stage.perform("lango secrets get s\nstdout '^opensesame$'")


def test_passphrases_and_recovery_words_survive_it_too(stage: Stage) -> None:
    outcome = in_a_shell(
        stage, ["^Z", "fg", "correct horse", "correct horse"], "init", "--recovery-file", "words"
    )
    assert outcome.code == 0, outcome.text("ttyout")
    assert "correct" not in outcome.text("ttyout")
    outcome = in_a_shell(stage, ["^Z", "fg", "correct horse"], "secrets", "list")
    assert outcome.code == 0, outcome.text("ttyout")
    assert "correct" not in outcome.text("ttyout")
    outcome = in_a_shell(
        stage, ["abandon abandon", "^Z", "fg", "zoo", ""], "secrets", "list", "--recovery"
    )
    shown = outcome.text("ttyout")
    assert outcome.code == 13, shown
    assert "abandon" not in shown
    assert "zoo" not in shown
    assert "stopped, echo on" in shown
    assert shown.count("2 of 24 words: ") == 2


def test_words_on_the_screen_are_covered_while_the_program_is_stopped(stage: Stage) -> None:
    typed = ["^Z", "fg", "", "<word>", "<word>"]
    outcome = in_a_shell(stage, typed, "init", "--keyfile")
    shown = outcome.text("ttyout")
    assert outcome.code == 0, shown
    first, _, rest = shown.partition("stopped, echo on")
    assert first.rindex("\x1b[?1049l") > first.rindex("24. ")
    assert rest.index("\x1b[?1049h") < rest.index(" 1. ")


def test_after_sigstop_the_modes_are_set_again_and_what_was_typed_is_void(tty: Tty) -> None:
    def person() -> None:
        shown = ""
        while not shown.endswith(": "):
            shown += tty.seen()
        tty.type(b"wrong")
        modes = termios.tcgetattr(tty.near)
        modes[3] |= termios.ECHO | termios.ICANON
        termios.tcsetattr(tty.near, termios.TCSANOW, modes)
        os.kill(os.getpid(), signal.SIGCONT)
        shown = ""
        while not shown.endswith("Value: "):
            shown += tty.seen()
        echoed.append(tty.echoes())
        tty.type(b"right\n")

    echoed: list[bool] = []
    before = tty.modes()
    thread = threading.Thread(target=person, daemon=True)
    thread.start()
    assert Terminal(tty.near).secret("Value").text() == "right"
    thread.join()
    assert echoed == [False]
    assert tty.modes() == before
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGCONT) is signal.SIG_DFL


def test_a_stop_that_the_parent_has_ignored_stays_ignored(tty: Tty) -> None:
    was = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Terminal, "_wait", lambda _self: None)
            patch.setattr(Terminal, "_some", lambda _self: _look())
            assert Terminal(tty.near).secret("Value").text() == ""
    finally:
        signal.signal(signal.SIGTSTP, was)


def _look() -> bytes:
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN
    return b"\n"

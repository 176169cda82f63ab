"""`lango run` on a real terminal: jobs, keys, size, full screen, and the terminal afterwards."""

from __future__ import annotations

import os
import shlex
import time
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.launch.runs import TOKEN
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.launch.runs import Lango

PATIENCE = 60
LOOP = "echo ready; while :; do sleep .1; done"
"""What a shell goes on with after its traps: signals come between two short sleeps."""


class Shell:
    """An interactive bash in which `lango` is a command."""

    def __init__(self, lango: Lango) -> None:
        folder = lango.folder / "bin"
        folder.mkdir(exist_ok=True)
        script = folder / "lango"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(lango.command)} "$@"\n')
        script.chmod(0o755)
        env = {
            **lango.env,
            "PATH": f"{folder}:{lango.env['PATH']}",
            "PS1": "outer$ ",
            "LOOP": LOOP,
        }
        self.child = pexpect.spawn(
            require("bash"),
            ["--norc", "--noprofile", "-i"],
            env=env,
            timeout=PATIENCE,
            encoding="utf-8",
            dimensions=(30, 100),
        )
        self.child.sendline("bind 'set enable-bracketed-paste off'")
        self.expect(r"outer\$ ", r"outer\$ ")

    def type(self, line: str) -> None:
        """A line, as a person types it."""
        self.child.sendline(line)

    def key(self, letter: str) -> None:
        """A control key."""
        self.child.sendcontrol(letter)

    def expect(self, *patterns: str) -> None:
        """These appear, one after another."""
        for pattern in patterns:
            self.child.expect(pattern)

    def code(self) -> int:
        """The exit code of the last command, once the prompt is back.

        What is typed before that goes to the command, whose terminal ends with it.
        """
        self.type("echo code=$?=")
        self.expect(r"code=(\d+)=")
        return int(self.child.match.group(1))

    def sane(self) -> bool:
        """Whether the terminal edits lines and echoes, as it did before."""
        self.type("stty -a | tr ' ;' '\\n' | grep -cxE 'icanon|echo|isig|opost|icrnl'; echo =end")
        self.expect(r"(\d+)\r?\n=end")
        return int(self.child.match.group(1)) == 5


@pytest.fixture
def shell(lango: Lango) -> Iterator[Shell]:
    made = Shell(lango)
    yield made
    made.child.close(force=True)


def test_a_command_on_a_terminal_has_one_of_the_same_size(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size; exit 7'")
    shell.expect("30 100")
    shell.expect(r"outer\$ ")
    assert shell.code() == 7
    assert shell.sane()


SIZES = """
import os, signal
def show(*_): print(os.get_terminal_size(0).lines, os.get_terminal_size(0).columns, flush=True)
signal.signal(signal.SIGWINCH, show)
print("ready", flush=True)
input()
"""


def test_the_size_changes_with_the_real_one(shell: Shell, lango: Lango) -> None:
    (lango.folder / "sizes.py").write_text(SIZES)
    shell.type(f"lango run -- python3 {lango.folder}/sizes.py")
    shell.expect("ready\r\n")
    shell.child.setwinsize(41, 123)
    shell.expect("41 123")
    shell.type("one")
    shell.expect(r"outer\$ ")
    assert shell.code() == 0


def test_what_the_terminal_shows_is_masked_also_by_way_of_dev_tty(shell: Shell) -> None:
    shell.type(
        "lango run --set 'T={{secret:demo/token}}' -- sh -c 'echo 1 $T; echo 2 $T > /dev/tty'"
    )
    shell.expect(r"1 \[SECRET:demo/token\]", r"2 \[SECRET:demo/token\]", r"outer\$ ")
    assert TOKEN not in shell.child.before


def test_control_c_interrupts_the_command(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'echo ready; exec sleep 600'")
    shell.expect("ready\r\n")
    shell.key("c")
    shell.expect(r"outer\$ ")
    assert shell.code() == 130
    assert shell.sane()


def test_control_z_stops_the_whole_job_and_fg_goes_on(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'echo ready; read x; echo got $x'")
    shell.expect("ready\r\n")
    shell.key("z")
    shell.expect("Stopped", r"outer\$ ")
    assert shell.sane()
    shell.type("jobs")
    shell.expect("Stopped.*lango run")
    shell.type("fg")
    shell.expect("lango run")
    shell.type("word")
    shell.expect("got word")
    shell.expect(r"outer\$ ")
    assert shell.code() == 0
    assert shell.sane()


def test_a_stopped_command_goes_on_in_the_background(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'echo ready; sleep 1; echo later; exit 6'")
    shell.expect("ready\r\n")
    shell.key("z")
    shell.expect("Stopped", r"outer\$ ")
    shell.type("bg; wait %1; echo ended=$?=")
    shell.expect("later", "ended=6=")
    assert shell.sane()


def test_a_shell_under_lango_has_jobs_of_its_own(shell: Shell) -> None:
    shell.type("PS1='inner> ' lango run -- bash --norc --noprofile -i")
    shell.expect("inner> ")
    shell.type("bind 'set enable-bracketed-paste off'; sleep 600")
    time.sleep(0.5)
    shell.key("z")
    shell.expect("Stopped.*sleep", "inner> ")
    shell.type("kill %1; jobs; echo $-")
    shell.expect("[a-zA-Z]*m[a-zA-Z]*\r\n")
    shell.type("suspend")
    shell.expect("Stopped.*lango run", r"outer\$ ")
    shell.type("fg")
    shell.expect("lango run")
    shell.type("echo in$((1+1))side")
    shell.expect("in2side")
    shell.type("exit 5")
    shell.expect(r"outer\$ ")
    assert shell.code() == 5


def test_a_full_screen_editor_edits(shell: Shell, lango: Lango) -> None:
    require("vim")
    path = lango.folder / "edited"
    shell.type(f"lango run -- vim -u NONE -n {path}")
    shell.expect("\x1b\\[\\?1049h", "~")
    shell.child.send("ihello there\x1b")
    shell.child.send(":wq\r")
    shell.expect("\x1b\\[\\?1049l", r"outer\$ ")
    assert path.read_text() == "hello there\n"
    assert shell.sane()


def test_a_started_in_the_background_command_leaves_the_terminal_alone(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'sleep 1; echo from-behind' & ")
    shell.type("echo here; wait; echo waited=$?=")
    shell.expect("here\r\n", "from-behind", "waited=0=")
    assert shell.sane()


def test_a_terminal_that_goes_away_hangs_up_the_command(lango: Lango, shell: Shell) -> None:
    mark = lango.folder / "hung"
    shell.type(f'lango run -- bash -c \'trap "echo hup > {mark}; exit" HUP; eval "$LOOP"\'')
    shell.expect("ready\r\n")
    shell.child.close(force=False)
    until = time.monotonic() + PATIENCE
    while not mark.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert mark.read_text() == "hup\n"


def test_lango_killed_outright_hangs_up_the_command(shell: Shell, lango: Lango) -> None:
    shell.type("lango run -- sh -c 'echo pid=$$= ppid; exec sleep 600'")
    shell.expect(r"pid=(\d+)=")
    pid = int(shell.child.match.group(1))
    shell.key("z")
    shell.expect("Stopped", r"outer\$ ")
    shell.type("kill -9 %1")
    until = time.monotonic() + PATIENCE
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
        shell.type("")
        time.sleep(0.1)
    assert not os.path.exists(f"/proc/{pid}")
    assert lango.env


def test_a_signal_to_lango_reaches_the_command_behind_its_terminal(shell: Shell) -> None:
    shell.type('lango run -- bash -c \'trap "echo got term; exit 9" TERM; eval "$LOOP"\' &')
    shell.expect("ready\r\n")
    shell.type("kill -TERM $!; wait $!; echo ended=$?=")
    shell.expect("got term", "ended=9=")


def test_input_from_a_file_and_output_on_a_terminal_stay_what_they_are(shell: Shell) -> None:
    shell.type(
        "echo piped | lango run -- sh -c 'cat; test -t 0 || test -t 1 && stty size < /dev/tty'"
    )
    shell.expect("piped\r\n", "30 100")
    shell.type(
        "echo x | lango run --set 'T={{secret:demo/token}}' -- sh -c 'test -t 1 && echo tty $T'"
    )
    shell.expect(r"tty \[SECRET:demo/token\]\r\n")


def test_control_c_in_a_pipeline_reaches_the_command_once(shell: Shell) -> None:
    shell.type(
        "lango run -- bash -c 'trap \"echo int\" INT; echo ready; sleep 60; sleep 1'"
        " | (trap '' INT; cat)"
    )
    shell.expect("ready\r\n")
    shell.key("c")
    shell.expect("int\r\n", r"outer\$ ")
    assert shell.child.before.count("int\r\n") == 0


def test_a_megabyte_pasted_to_a_command_that_does_not_read_hangs_nothing(shell: Shell) -> None:
    shell.type("lango run -- sh -c 'stty raw -echo; echo ready; sleep 2; echo awake; exit 4'")
    shell.expect("ready")
    shell.child.send("x" * 3000)
    shell.expect("awake")

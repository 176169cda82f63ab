"""Runs a transcript: what a person or a script types, and what they see.

A transcript is a script, then `-- name --` sections. Each section is a file in the transcript's
own folder, which is the working folder and `$WORK`. (`-- name bare --`: without the last newline;
`-- name base64 --`: any bytes.) One step a line; `#` starts a comment line; words are quoted as in
a shell, and `$WORK` stands for the folder.

Running:
    lango ARGUMENTS              must end with 0
    sh SCRIPT                    the rest of the line, for a shell; `lango` is on its PATH
    exit N lango|sh ...          must end with N; 128+N where signal N ended it

Before the next run, and for that run alone:
    stdin FILE                   fed to its stdin, which is otherwise a pipe that is closed at once
    tty FILE                     it has a terminal, where FILE is typed: a line at each prompt
    tty                          it has a terminal, where nobody types
    on tty [stdin stdout stderr] these streams are that terminal (without names: all three)
    closed STREAM                it starts with that stream closed
    signal NAME REGEX            send SIGNAME once REGEX was printed anywhere

For the rest of the transcript:
    env NAME=VALUE, unset NAME
    clock 2026-01-31T12:00:00Z   what time it is
    resize ROWS COLUMNS          of the terminals to come
    write FILE SECTION           the section's bytes, 0600, folders made

Checking:
    [!] stdout|stderr|ttyout REGEX   the last run printed this (`! stdout .`: nothing)
    [!] cmp stdout|stderr|ttyout|FILE FILE   equal, byte for byte
    [!] exists FILE
    mode FILE 0600
    needs PROGRAM                a part from tests/parts.py; without it skipped (CI=true: failed)

Without `tty` there is no terminal at all: opening /dev/tty fails, as in cron. What a prompt is,
tests/terminal.py says. A typed line `^C`, `^D` or `^Z` is that key, and `<word>` is the word whose
number the prompt asks for, as the terminal showed it before. `^` and `$` in a REGEX are the ends
of a line.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import signal
import stat
from typing import TYPE_CHECKING

from tests.entry import CLOCK
from tests.parts import require
from tests.terminal import SEEN, STREAMS, Outcome, Plan, play

if TYPE_CHECKING:
    from pathlib import Path

SECTION = re.compile(r"-- (\S+)(?: (bare|base64))? --")


def parse(text: str) -> tuple[list[str], dict[str, bytes]]:
    """The script's lines, and the files that the sections are."""
    script: list[str] = []
    sections: dict[str, tuple[str, list[str]]] = {}
    body = script
    for line in text.splitlines(keepends=True):
        if head := SECTION.fullmatch(line.rstrip("\n")):
            body = []
            sections[head[1]] = (head[2] or "", body)
        else:
            body.append(line)
    return script, {name: _decode(how, "".join(body)) for name, (how, body) in sections.items()}


def _decode(how: str, text: str) -> bytes:
    if how == "base64":
        return base64.b64decode(text)
    return (text.removesuffix("\n") if how == "bare" else text).encode()


class Stage:
    """A folder, an environment, and the command under test."""

    def __init__(self, root: Path, command: list[str]) -> None:
        self.root = root
        self.command = command
        self.plan = Plan()
        self.outcome = Outcome()
        home = root / "home"
        home.mkdir(mode=0o700)
        runtime = root / "run"
        runtime.mkdir(mode=0o700)
        self.env = {
            "PATH": f"{self._wrapper()}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANGO_HOME": str(home / "lango"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_RUNTIME_DIR": str(runtime),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "NO_COLOR": "1",
        }

    def _wrapper(self) -> Path:
        """A folder with a `lango` for shells, and with nothing else."""
        folder = self.root / "bin"
        folder.mkdir()
        script = folder / "lango"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(self.command)} "$@"\n')
        script.chmod(0o755)
        return folder

    def perform(self, text: str) -> None:
        """Lay out the sections, then take the steps; AssertionError names the one that failed."""
        script, files = parse(text)
        for name, data in files.items():
            (self.root / name).write_bytes(data)
        for number, line in enumerate(script, 1):
            step = line.strip()
            if step and not step.startswith("#"):
                try:
                    self.step(step)
                except AssertionError as err:
                    raise AssertionError(f"line {number}: {step}\n{err}") from None

    def step(self, line: str) -> None:
        """Take one step."""
        match line.split(maxsplit=3):
            case ["exit", code, "sh", script]:
                self.run(["sh", "-c", script], int(code))
            case ["sh", *_]:
                self.run(["sh", "-c", line.removeprefix("sh").strip()], 0)
            case ["!", *_]:
                self.check(self._words(line)[1:], negate=True)
            case _:
                words = self._words(line)
                if not (self.command_step(words) or self.prepare(words)):
                    self.check(words)

    def _words(self, line: str) -> list[str]:
        return [word.replace("$WORK", str(self.root)) for word in shlex.split(line)]

    def command_step(self, words: list[str]) -> bool:
        """`[exit N] lango ...`; False for other steps."""
        match words:
            case ["exit", code, "lango", *argv]:
                self.run([*self.command, *argv], int(code))
            case ["lango", *argv]:
                self.run([*self.command, *argv], 0)
            case _:
                return False
        return True

    def run(self, argv: list[str], want: int) -> None:
        """Run a command as planned; the plan is used up."""
        plan, self.plan = self.plan, Plan(rows=self.plan.rows, columns=self.plan.columns)
        self.outcome = play(argv, plan, self.root, self.env)
        said = "".join(f"\n--- {name}:\n{self.outcome.text(name)}" for name in SEEN)
        assert self.outcome.code == want, f"exit {self.outcome.code}, wanted {want}{said}"

    def prepare(self, words: list[str]) -> bool:
        """What the next run, or all later ones, are given; False for other steps."""
        match words:
            case ["stdin", name]:
                self.plan.stdin = (self.root / name).read_bytes()
            case ["tty"]:
                self.plan.typed = []
            case ["tty", name]:
                self.plan.typed = (self.root / name).read_text().splitlines()
            case ["on", "tty", *streams] if set(streams) <= set(STREAMS):
                self.plan.on_tty = tuple(streams) or STREAMS
            case ["closed", stream] if stream in STREAMS:
                self.plan.closed += (stream,)
            case ["signal", name, regex]:
                self.plan.signal = (signal.Signals[f"SIG{name}"], regex)
            case ["resize", rows, columns]:
                self.plan.rows, self.plan.columns = int(rows), int(columns)
            case _:
                return self.furnish(words)
        return True

    def furnish(self, words: list[str]) -> bool:
        """Steps that change the environment or the folder for good; False for other steps."""
        match words:
            case ["env", pair]:
                name, _, value = pair.partition("=")
                self.env[name] = value
            case ["unset", name]:
                self.env.pop(name, None)
            case ["clock", moment]:
                self.env[CLOCK] = moment
            case ["write", name, section]:
                path = self.root / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_bytes((self.root / section).read_bytes())
                path.chmod(0o600)
            case ["needs", *programs]:
                require(*programs)
            case _:
                return False
        return True

    def check(self, words: list[str], *, negate: bool = False) -> None:
        """What the last run printed, and what it left behind."""
        match words:
            case [stream, regex] if stream in SEEN:
                text = self.outcome.text(stream)
                found = re.search(regex, text, re.MULTILINE) is not None
                assert found != negate, f"--- {stream}:\n{text}"
            case ["cmp", left, right]:
                have, want = self.content(left), self.content(right)
                assert (have == want) != negate, (
                    f"{left}: {have[:2000]!r}\n{right}: {want[:2000]!r}"
                )
            case ["exists", name]:
                assert os.path.lexists(self.root / name) != negate
            case ["mode", name, mode] if not negate:
                found_mode = stat.S_IMODE((self.root / name).lstat().st_mode)
                assert found_mode == int(mode, 8), f"{found_mode:04o}"
            case _:
                raise ValueError(f"unknown step: {shlex.join(words)}")

    def content(self, name: str) -> bytes:
        """The bytes of a stream of the last run, or of a file."""
        if name in SEEN:
            return self.outcome.seen[name]
        return (self.root / name).read_bytes()

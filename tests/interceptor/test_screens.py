"""Asked and answered on real terminals: the asker's own, and `lango approve watch` in another.

tmux starts its server away from whoever runs the tests, so that each pane is a terminal of its own
as a person's is, and none descends from another.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.interceptor.conftest import ASKER, ENTRY, USUAL, until
from tests.parts import require
from tests.terminal import Plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interceptor.conftest import Stand

TERMINAL = 'channels = ["terminal"]\n'
LONG = [f"word-{number}" for number in range(60)]


def ask_on_terminal(
    stand: Stand, typed: list[str], *words: str, rows: int = 24, columns: int = 80
) -> tuple[int, str]:
    """The exit code and the screen of somebody who asks on their own terminal."""
    plan = Plan(typed=typed, rows=rows, columns=columns)
    outcome = play([sys.executable, str(ASKER), *words], plan, stand.root, stand.env)
    return outcome.code, outcome.text("ttyout")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["y"], 0),
        (["yes"], 0),
        (["n"], 50),
        ([""], 50),
        (["what", "Y"], 0),
        (["y es", "no"], 50),
        (["^D"], 50),
        (["^C"], 130),
    ],
)
def test_the_asker_can_be_answered_on_its_own_terminal_where_that_is_trusted(
    typed: list[str], code: int, stand: Stand
) -> None:
    stand.settings(below=TERMINAL)
    found, screen = ask_on_terminal(stand, typed, "ls", "a b\x1b[2J\u202e")
    assert found == code
    assert 'argv[1]: "a b\\x1b[2J\\u{202e}"' in screen
    assert "\x1b[2J" not in screen
    assert stand.audit()[-1]["outcome"] == ("allowed" if code == 0 else "denied")


def test_what_does_not_fit_is_seen_before_a_yes_counts(stand: Stand) -> None:
    stand.settings(below=TERMINAL)
    code, screen = ask_on_terminal(stand, ["y", "v", "y", "v", "v", "v", "y"], *LONG)
    assert code == 0
    assert "lines were not shown yet: v to see them." in screen
    shown = re.findall(r"^argv\[\d+\]: (word-\d+)", screen, re.MULTILINE)
    assert shown == LONG


def test_a_line_longer_than_the_screen_is_shown_to_its_end(stand: Stand) -> None:
    stand.settings(below=TERMINAL)
    word = "".join(chr(ord("a") + number % 26) for number in range(5000))
    code, screen = ask_on_terminal(stand, [*["v"] * 8, "y"], word, rows=20, columns=60)
    assert code == 0
    assert f"argv[0]: {word}" in screen.replace("\n", "").replace(
        "Allow? y once, s in this session, a always, N no: ", ""
    ) or word in re.sub(r"Allow\?[^:]*: v?|\n", "", screen)


def test_always_on_the_terminal_is_for_exactly_this(stand: Stand) -> None:
    stand.settings(below=TERMINAL)
    assert ask_on_terminal(stand, ["a"], "ls")[0] == 0
    assert ask_on_terminal(stand, [], "ls")[0] == 0
    assert ask_on_terminal(stand, ["n"], "ls", "x")[0] == 50


def test_values_of_the_vault_are_masked_in_what_is_shown_and_kept(stand: Stand) -> None:
    stand.lango("secrets", "set", "demo/token", "-", stdin="sw0rdfish-and-more")
    stand.settings(below=TERMINAL)
    words = ["curl", "-H", "X: sw0rdfish-and-more", "c3cwcmRmaXNoLWFuZC1tb3Jl"]
    code, screen = ask_on_terminal(stand, ["a"], "--secret", "demo/token", "--", *words)
    assert code == 0
    assert "sw0rdfish" not in screen
    assert 'argv[2]: "X: [SECRET:demo/token]"' in screen
    assert "c3cwcmRmaXNo" not in screen
    assert "secret demo/token: handed over as env TOKEN" in screen
    for said in (stand.lango("approve", "grants", "--json"), stand.lango("audit", "export")):
        assert "sw0rdfish" not in said


class Tmux:
    """A tmux server of the test's own, whose panes are terminals of a person."""

    def __init__(self, stand: Stand) -> None:
        self._tmux = [require("tmux"), "-S", str(stand.root / "tmux"), "-f", "/dev/null"]
        self._env = stand.env
        self._cwd = stand.root

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            env=self._env,
            cwd=self._cwd,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start(self, name: str, command: list[str], columns: int = 80, rows: int = 30) -> None:
        """A new window whose shell runs a command, then says how it ended, and stays."""
        line = f"trap : INT; {shlex.join(command)}; echo ended $?; exec sleep 600"
        size = ("-x", str(columns), "-y", str(rows))
        self.run("new-session", "-d", "-s", name, *size, "sh", "-c", line)

    def type(self, name: str, *keys: str) -> None:
        self.run("send-keys", "-t", name, *keys)

    def screen(self, name: str) -> str:
        return self.run("capture-pane", "-p", "-J", "-S", "-200", "-t", name)

    def shows(self, name: str, text: str) -> None:
        until(lambda: text in self.screen(name), f"{name} shows {text!r}: {self.screen(name)}")

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], env=self._env, capture_output=True)


@pytest.fixture
def tmux(stand: Stand) -> Iterator[Tmux]:
    """Terminals."""
    server = Tmux(stand)
    yield server
    server.end()


def lango(*words: str) -> list[str]:
    return [sys.executable, str(ENTRY), "typer", *words]


def asker(*words: str) -> list[str]:
    return [sys.executable, str(ASKER), *words]


@pytest.mark.parametrize(("columns", "term"), [(80, "xterm"), (60, "dumb"), (40, "xterm")])
def test_watch_asks_one_after_the_other_and_ends_quietly(
    columns: int, term: str, stand: Stand, tmux: Tmux
) -> None:
    stand.settings(below='channels = ["watch"]')
    stand.env["TERM"] = term
    tmux.start("person", lango("approve", "watch"), columns=columns)
    tmux.shows("person", "waiting for requests; Ctrl-C ends this")
    tmux.start("agent", asker("--", "rm", "-r", "x"), columns=columns)
    tmux.shows("person", "argv[2]: x")
    tmux.shows("person", "Allow?")
    tmux.type("person", "y", "Enter")
    tmux.shows("agent", "ended 0")
    tmux.shows("person", ": allowed by watch")
    tmux.start("other", asker("rm", "y"), columns=columns)
    tmux.shows("person", "argv[1]: y")
    tmux.type("person", "Enter")
    tmux.shows("other", "ended 50")
    tmux.shows("person", ": denied by watch")
    tmux.type("person", "C-c")
    tmux.shows("person", "ended 0")
    assert "rror" not in tmux.screen("person").replace("argv", "")


def test_watch_takes_a_question_back_that_is_over(stand: Stand, tmux: Tmux) -> None:
    tmux.start("person", lango("approve", "watch"))
    first = stand.ask("one")
    tmux.shows("person", "argv[0]: one")
    stand.lango("approve", "deny", stand.request())
    tmux.shows("person", "denied by watch")
    assert first.wait() == 50
    second = stand.ask("two")
    tmux.shows("person", "argv[0]: two")
    os.kill(second.pid, signal.SIGKILL)
    tmux.shows("person", "gone, with who asked")
    # What is typed now is about nothing that stands.
    tmux.type("person", "y", "Enter")
    third = stand.ask("three")
    tmux.shows("person", "argv[0]: three")
    assert third.poll() is None
    tmux.type("person", "y", "Enter")
    assert third.wait() == 0


def test_watch_plain_tells_and_asks_nothing(stand: Stand) -> None:
    watcher = subprocess.Popen(
        lango("approve", "watch", "--plain"),
        env=stand.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert watcher.stdout is not None
    assert "waiting" in watcher.stdout.readline()
    asked = stand.ask("ls")
    request = stand.request()
    assert watcher.stdout.readline().startswith(f"{request} run dangerous until 20")
    stand.lango("approve", "deny", request)
    assert watcher.stdout.readline() == f"request {request}: denied by watch\n"
    watcher.send_signal(signal.SIGINT)
    _, err = watcher.communicate()
    assert (watcher.returncode, err, asked.wait()) == (0, "", 50)


def test_an_agent_cannot_answer_itself_from_where_it_asks(stand: Stand, tmux: Tmux) -> None:
    """Its own shell, a session of its own, a terminal of its own: all descend from the agent."""
    stand.settings(below='channels = ["watch"]')
    allow = "lango approve allow $(lango approve list | cut -f1) --yes"
    script = f"""
        lango() {{ {shlex.join(lango())} "$@"; }}
        {shlex.join(asker("ls"))} & sleep 0.2
        until [ -n "$(lango approve list)" ]; do sleep 0.1; done
        {allow}; echo shell $?
        export -f lango
        setsid -w bash -c '{allow}'; echo session $?
        script -qec "bash -c '{allow}'" /dev/null </dev/null; echo terminal $?
        kill %1
    """
    tmux.start("agent", ["bash", "-c", script])
    for how in ("shell", "session", "terminal"):
        tmux.shows("agent", f"{how} 2")
    assert "this answer does not count" in tmux.screen("agent")


def test_a_person_in_another_terminal_can_answer(stand: Stand, tmux: Tmux) -> None:
    stand.settings(below='channels = ["watch"]')
    tmux.start("agent", asker("ls"))
    request = stand.request()
    tmux.start("person", lango("approve", "allow", request))
    tmux.shows("person", "Allow it once? [y/N]")
    tmux.type("person", "y", "Enter")
    tmux.shows("agent", "ended 0")


def test_in_the_background_of_a_terminal_nobody_is_asked_there(stand: Stand, tmux: Tmux) -> None:
    stand.settings(below=TERMINAL)
    tmux.start("agent", ["bash", "-mc", f"{shlex.join(asker('ls'))} & wait; echo done"])
    tmux.shows("agent", "runs in the terminal's background")


def test_whoever_answers_first_counts_and_the_terminal_is_given_back(
    stand: Stand, tmux: Tmux
) -> None:
    stand.settings(below=USUAL.replace('"watch"', '"terminal", "watch"'))
    tmux.start("agent", ["bash", "-c", f"{shlex.join(asker('ls'))}; stty -a"])
    tmux.shows("agent", "Allow?")
    stand.lango("approve", "deny", stand.request())
    tmux.shows("agent", "denied by watch")
    tmux.shows("agent", " icanon")
    assert " echo " in tmux.screen("agent")

"""The progress bar: when it shows, what it shows, and that nothing of it stays."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

import pyte
import pytest

from lango_cli.cli import progress, ui
from lango_cli.model import Progress, Unwatched
from tests.terminal import Plan, play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Said

SLOW = """
import sys, time
from lango_cli.cli.progress import Bar
from lango_cli.cli.ui import Ui
screen = Ui({"TERM": "xterm"})
with Bar(screen) as bar:
    bar.start("copying", 4)
    for number in range(4):
        time.sleep(0.4)
        bar.advance()
        if number == 2:
            screen.warn("half way")
screen.note("copied")
if len(sys.argv) > 1:
    sys.exit(1)
"""


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched() -> Iterator[None]:
    """A person looks at stderr, which is 60 columns wide."""
    with (
        patch.object(ui.Ui, "is_terminal", lambda _self, _fd=1: True),
        patch.object(ui.Ui, "width", lambda _self, _fd=1: 60),
        patch.object(progress, "_in_foreground", lambda: True),
    ):
        yield


def worked(screen: ui.Ui, seconds: float, what: str = "copying") -> None:
    """Ten steps that take so many seconds together."""
    clock = Clock()
    with progress.Bar(screen, clock=clock) as bar:
        bar.start(what, 10)
        for _ in range(10):
            clock.now += seconds / 10
            bar.advance()


@pytest.mark.usefixtures("watched")
def test_it_shows_after_a_second_and_is_gone_at_the_end(said: Said) -> None:
    worked(ui.Ui({"TERM": "xterm"}), 0.9)
    assert said.err == ""
    worked(ui.Ui({"TERM": "xterm"}), 4)
    shown = said.err.split("\r\x1b[K")
    assert shown[1] == "copying [#######------------------]  30 %, 3 s left"
    assert shown[-2:] == ["copying [#########################] 100 %", ""]
    assert said.out == ""


@pytest.mark.usefixtures("watched")
def test_it_is_silent_under_quiet_and_json_and_on_a_dumb_terminal(said: Said) -> None:
    for name in ("quiet", "json"):
        screen = ui.Ui({"TERM": "xterm"})
        setattr(screen, name, True)
        worked(screen, 9)
    worked(ui.Ui({"TERM": "dumb"}), 9)
    worked(ui.Ui({}), 9)
    assert said.err == ""


@pytest.mark.usefixtures("watched")
def test_it_fits_a_narrow_terminal_and_says_minutes_and_an_unknown_total(said: Said) -> None:
    worked(ui.Ui({"TERM": "xterm"}), 1000, "a name that leaves no room for any bar")
    assert "\r\x1b[Ka name that leaves no room for any bar  10 %, 15 min 1 s left" in said.err
    clock = Clock()
    with progress.Bar(ui.Ui({"TERM": "xterm"}), "reading", clock) as bar:
        clock.now += 2
        bar.advance(7)
    assert "\r\x1b[Kreading 7\r\x1b[K" in said.err


def test_off_a_terminal_there_is_none(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SLOW], capture_output=True, text=True)
    assert done.stderr == "lango: warning: half way\ncopied\n"
    assert list(tmp_path.iterdir()) == []


def test_on_a_real_terminal_it_leaves_nothing_but_what_was_said(tmp_path: Path) -> None:
    plan = Plan(typed=[], on_tty=("stderr",))
    outcome = play([sys.executable, "-c", SLOW], plan, tmp_path, {"TERM": "xterm"})
    raw = outcome.text("ttyout")
    assert "copying [" in raw
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(raw.replace("\n", "\r\n"))
    lines = [line.rstrip() for line in screen.display if line.strip()]
    assert lines == ["lango: warning: half way", "copied"]


def test_in_the_background_it_does_not_draw(said: Said) -> None:
    with (
        patch.object(ui.Ui, "is_terminal", lambda _self, _fd=1: True),
        patch.object(progress, "_in_foreground", lambda: False),
    ):
        worked(ui.Ui({"TERM": "xterm"}), 9)
    assert said.err == ""


def test_both_kinds_are_what_the_vault_asks_for() -> None:
    watchers: list[Progress] = [Unwatched(), progress.Bar(ui.Ui({}))]
    for watcher in watchers:
        watcher.start("copying", 2)
        watcher.advance()
        watcher.advance(1)

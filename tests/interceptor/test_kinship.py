"""Who belongs to whom: lines of processes as /proc has them, made up and real."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lango_cli.interceptor import kinship
from lango_cli.interceptor.kinship import Process

PTS = 0x8800
"""The device number of /dev/pts/0."""
CONSOLE = 0x0401

TABLE = {
    # A person's desktop: pid, name, parent, session, terminal.
    10: Process(10, "systemd", 1, 10, 0),
    20: Process(20, "tmux: server", 10, 20, 0),
    # One terminal, with an agent in it that gives its command a terminal of its own.
    30: Process(30, "bash", 20, 30, PTS + 1),
    31: Process(31, "agent", 30, 30, PTS + 1),
    32: Process(32, "sh", 31, 32, PTS + 5),
    33: Process(33, "lango", 32, 32, PTS + 5),
    # The agent again: from the same shell, in a new session, in a new terminal.
    34: Process(34, "lango", 32, 32, PTS + 5),
    35: Process(35, "lango", 31, 35, 0),
    36: Process(36, "sh", 31, 36, PTS + 6),
    37: Process(37, "lango", 36, 36, PTS + 6),
    # Out of its line, but still in its session or terminal.
    38: Process(38, "lango", 1, 30, PTS + 1),
    39: Process(39, "lango", 1, 39, PTS + 5),
    # The person's other terminal.
    40: Process(40, "bash", 20, 40, PTS + 2),
    41: Process(41, "lango", 40, 40, PTS + 2),
    # An agent that is a service.
    50: Process(50, "agentd", 10, 50, 0),
    51: Process(51, "lango", 50, 50, 0),
    52: Process(52, "lango", 50, 52, PTS + 7),
    # One who started the desktop from the console.
    60: Process(60, "bash", 10, 60, CONSOLE),
    61: Process(61, "xterm", 60, 60, CONSOLE),
    62: Process(62, "bash", 61, 62, PTS + 8),
    63: Process(63, "lango", 62, 62, PTS + 8),
    64: Process(64, "xterm", 60, 60, CONSOLE),
    65: Process(65, "bash", 64, 65, PTS + 9),
    66: Process(66, "lango", 65, 65, PTS + 9),
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes as TABLE has them."""
    monkeypatch.setattr(kinship, "process", TABLE.get)


@pytest.mark.parametrize("answerer", [33, 34, 35, 37, 38, 39])
@pytest.mark.usefixtures("table")
def test_an_agent_is_kin_to_its_question_however_it_starts_the_answer(answerer: int) -> None:
    assert kinship.kinship(33, answerer)


@pytest.mark.usefixtures("table")
def test_a_person_in_another_terminal_is_not() -> None:
    assert kinship.kinship(33, 41) == ""
    assert kinship.kinship(51, 41) == ""
    assert kinship.kinship(63, 66) == ""


@pytest.mark.usefixtures("table")
def test_an_agent_that_is_a_service_is_kin_to_all_that_it_starts() -> None:
    assert "agentd" in kinship.kinship(51, 52)


@pytest.mark.usefixtures("table")
def test_who_is_gone_does_not_count_and_who_is_outside_of_the_container_does() -> None:
    assert "is gone" in kinship.kinship(33, 999)
    assert kinship.kinship(33, 0) == ""


@pytest.mark.usefixtures("table")
def test_where_the_system_does_not_tell_nobody_is_kin() -> None:
    assert kinship.kinship(999, 33) == ""


def test_real_processes_are_read_whatever_they_are_called() -> None:
    code = (
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') S 1 (x'); print(flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    found = kinship.process(child.pid)
    assert found is not None
    assert (found.name, found.parent, found.session) == (
        ") S 1 (x",
        os.getpid(),
        os.getsid(0),
    )
    assert kinship.kinship(os.getpid(), child.pid)
    assert kinship.started(child.pid) > 0
    child.communicate()
    assert kinship.process(child.pid) is None

"""A gibibyte of a command's output through `lango run`: whole, and in the same small memory."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.launch.test_pipes import peak_kib

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.launch.runs import Lango

GIBIBYTE = 1 << 30
LIMIT_KIB = 100 << 10


def flood(lango: Lango, *, terminal: bool, size: int = GIBIBYTE) -> str:
    """What came through, and how large lango grew; AssertionError if either is wrong."""
    script = f"{'stty raw; ' if terminal else ''}exec head -c {size} /dev/zero"
    command = [*lango.command, "run", "--", "sh", "-c", script]
    if terminal:
        ours, theirs = pty.openpty()
        login = ["setsid", "--ctty", "--wait", *command]
        process = subprocess.Popen(
            login, env=lango.env, stdin=theirs, stdout=theirs, stderr=theirs
        )
    else:
        ours, theirs = os.pipe()
        process = subprocess.Popen(command, env=lango.env, stdin=subprocess.DEVNULL, stdout=theirs)
    os.close(theirs)
    came, peak = _drain(ours, lambda: _peak(process.pid))
    os.close(ours)
    assert process.wait() == 0
    assert came == size, f"{came} of {size} bytes came through"
    assert peak < LIMIT_KIB, f"{peak >> 10} MiB at its largest"
    return f"{came >> 20} MiB on a {'terminal' if terminal else 'pipe'}, {peak >> 10} MiB at most"


def _drain(fd: int, look: Callable[[], int]) -> tuple[int, int]:
    came = peak = reads = 0
    with suppress(OSError):  # a terminal whose last user has gone
        while chunk := os.read(fd, 1 << 20):
            came += len(chunk)
            reads += 1
            if reads % 256 == 0:
                peak = max(peak, look())
    return came, peak


def _peak(pid: int) -> int:
    """The largest that lango and its monitor have been; what made the session is one of them."""
    peak = 0
    with suppress(OSError, ValueError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            peak = max(peak, peak_kib(each))
    return peak

"""The menu's first screen beside the bare interpreter, and how long a keystroke of a search takes.

The first screen is a whole process on a real terminal: started, the vault opened by its keyfile,
all settings read and drawn, left with Ctrl-C. A keystroke is in this process: the key pressed, all
settings searched, the screen made; its reference is a tenth of a second, which people see as at
once.
"""

from __future__ import annotations

import fcntl
import os
import pty
import statistics
import struct
import sys
import termios
import time
from typing import TYPE_CHECKING

from tests.bench import RUNS, Bench, Row, Spent, spend

if TYPE_CHECKING:
    from lango_cli.tui.draft import Draft

SHOWN, LEFT = b"Esc leaves", b"\x03"
FIRST_LIMIT, AT_ONCE = 25, 0.1


def first_screen(bench: Bench) -> None:
    """`lango settings` until it is shown, and a key of its search."""
    home = bench.vault("menu", 10) | {"TERM": "xterm"}
    mine = [_shown([bench.lango, "settings"], home) for _ in range(RUNS)]
    bare = [spend([bench.python, "-I", "-c", "pass"], home) for _ in range(RUNS)]
    bench.compare("menu, first screen", "cpu", _median(mine), _median(bare), FIRST_LIMIT)
    taken = statistics.median(_keys(_everything()))
    bench.rows.append(
        Row(
            "menu, a key of a search",
            f"{taken * 1e3:.1f} ms",
            f"{AT_ONCE * 1e3:.1f} ms",
            taken / AT_ONCE,
            1,
        )
    )


def _median(side: list[Spent]) -> Spent:
    return Spent(*(statistics.median(part) for part in zip(*side, strict=True)))


def _shown(command: list[str], environment: dict[str, str]) -> Spent:
    """Start it on a terminal, leave once it is shown; what it took."""
    begun = time.perf_counter()
    pid, terminal = pty.fork()
    if not pid:
        os.execve(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))
    seen = b""
    while SHOWN not in seen:
        seen += os.read(terminal, 65536)
    wall = time.perf_counter() - begun
    os.write(terminal, LEFT)
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
    _, status, usage = os.wait4(pid, 0)
    os.close(terminal)
    if status:
        sys.exit(f"bench: lango settings ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def _everything() -> Draft:
    """All settings, at their defaults."""
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.menus import Opened

    flags = Flags()
    flags.home = "/nonexistent"
    return Opened(flags, None).read()


def _keys(draft: Draft) -> list[float]:
    """Seconds that each key of a search takes."""
    from lango_cli.tui.machine import begin, press
    from lango_cli.tui.menu import render

    menu = begin(draft)
    taken = []
    for key in "security approval" + "i" * RUNS:
        begun = time.perf_counter()
        menu = press(menu, key)
        render(menu)
        taken.append(time.perf_counter() - begun)
    return taken

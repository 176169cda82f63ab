"""The menu on a terminal: draws what `tui` renders, feeds it the keys that come.

The rule: the terminal is put back as it was however this ends, a hang-up and Ctrl-Z included
(`cli.modes`); it is drawn on the alternate screen, so that no value stays to be scrolled back to.
Ctrl-C is a key here: the menu asks before anything is lost. Signals wake the loop through a pipe.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lango_cli.cli.modes import Asking, problems
from lango_cli.errors import Cancelled
from lango_cli.tui import cells
from lango_cli.tui.keys import Decoder
from lango_cli.tui.machine import press, resized
from lango_cli.tui.menu import INTERRUPT, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.secret import SecretText
    from lango_cli.tui.menu import Menu

CHUNK = 4096
ESCAPE_SECONDS = 0.1
"""How long after an escape its sequence may still come, as over a slow line."""
_OPEN, _CLOSE = (
    "\x1b[?1049h\x1b[?2004h\x1b[2J",
    "\x1b[?2004l\x1b[?25h\x1b[0m\x1b[2J\x1b[H\x1b[?1049l",
)
_HOME, _LINE_END, _REST = "\x1b[?25l\x1b[H", "\x1b[0m\x1b[K", "\x1b[J"
_PAINTS = {
    cells.BOLD: "\x1b[1m",
    cells.DIM: "\x1b[2m",
    cells.MARK: "\x1b[33m",
    cells.ERROR: "\x1b[31;1m",
    cells.FOCUS: "\x1b[7m",
}


class Screen:
    """A menu on an open terminal, until it ends."""

    def __init__(
        self, fd: int, menu: Menu, *, colours: bool, reveal: Callable[[str], SecretText]
    ) -> None:
        self._fd = fd
        self._menu = menu
        self._colours = colours
        self._reveal = reveal
        self._decoder = Decoder()
        self._interrupts = 0

    def run(self) -> Menu:
        """The menu as it ended."""
        with self._signals() as woken:
            self._measure()
            with Asking(self._fd, self._opened, self._closed, echo=False, lines=False):
                while not self._menu.ending:
                    for key in self._keys(woken):
                        self._press(key)
                    self._draw()
        return self._menu

    def _press(self, key: str) -> None:
        if self._menu.ending:
            return
        self._menu = press(self._menu, key)
        if self._menu.wish:
            from dataclasses import replace

            key, self._menu = self._menu.wish, replace(self._menu, wish="")
            self._menu = replace(self._menu, revealed=(key, self._reveal(key)))

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """A pipe that is readable once the size has changed or Ctrl-C was pressed."""
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        before = {
            signal.SIGWINCH: signal.signal(signal.SIGWINCH, self._heard),
            signal.SIGINT: signal.signal(signal.SIGINT, self._heard),
        }
        old = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)

    def _heard(self, number: int, _frame: object) -> None:
        self._interrupts += number == signal.SIGINT

    def _keys(self, woken: int) -> list[str]:
        """The keys that came next; none if only the terminal's size has changed."""
        wait = ESCAPE_SECONDS if self._decoder.waiting else None
        with problems():
            ready = select.select([self._fd, woken], [], [], wait)[0]
        if not ready:
            return self._decoder.flush()
        keys: list[str] = []
        if woken in ready:
            os.read(woken, CHUNK)
            keys += [INTERRUPT] * self._interrupts
            self._interrupts = 0
            self._measure()
        if self._fd in ready:
            with problems():
                data = os.read(self._fd, CHUNK)
            if not data:
                raise Cancelled("the terminal was closed; nothing was saved")
            keys += self._decoder.feed(data)
        return keys

    def _measure(self) -> None:
        try:
            size = os.get_terminal_size(self._fd)
        except OSError:
            return
        if (
            size.columns
            and size.lines
            and (size.columns, size.lines)
            != (
                self._menu.width,
                self._menu.height,
            )
        ):
            self._menu = resized(self._menu, size.columns, size.lines)

    def _opened(self) -> None:
        self._write(_OPEN)
        self._draw()

    def _closed(self) -> None:
        self._write(_CLOSE)

    def _draw(self) -> None:
        screen = render(self._menu)
        lines = "\r\n".join(
            "".join(self._painted(style, text) for style, text in line) + _LINE_END
            for line in screen.lines
        )
        cursor = ""
        if screen.cursor is not None:
            row, column = screen.cursor
            cursor = f"\x1b[{row + 1};{column + 1}H\x1b[?25h"
        self._write(f"{_HOME}{lines}{_REST}{cursor}")

    def _painted(self, style: str, text: str) -> str:
        if not self._colours or style not in _PAINTS:
            return text
        return f"{_PAINTS[style]}{text}\x1b[0m"

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with problems():
            while data:
                data = data[os.write(self._fd, data) :]

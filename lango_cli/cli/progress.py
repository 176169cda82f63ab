"""A progress bar on stderr, for work that takes longer than a second.

The rule: it appears after `DELAY` seconds, and only where a person watches: stderr is a terminal
that can go back in a line, this process is in its foreground, and neither --quiet nor --json was
given. Where it stood is empty again before anything else is said and at the end, whatever the end
is.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lango_cli.cli import ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

DELAY = 1.0
"""Seconds before it appears."""
EVERY = 0.1
"""Seconds between two looks of it."""
_WIDEST, _NARROWEST = 40, 4
_END = len(" 100 %, 59 min 59 s left ")
"""Columns kept for what follows the bar, so that it does not jump."""
_CLEAR = "\r\x1b[K"


class Bar:
    """A `model.Progress` that draws itself; a context manager. `clock` gives seconds."""

    def __init__(
        self, screen: ui.Ui, what: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._screen = screen
        self._what = what
        self._clock = clock
        self._begun = clock()
        self._next = self._begun + DELAY
        self._done = 0
        self._drawn = False
        dumb = screen.environment.get("TERM", "dumb") == "dumb"
        self._watched = (
            screen.is_terminal(ui.STDERR) and not dumb and not screen.quiet and not screen.json
        )
        self.total = 0

    def start(self, what: str, total: int) -> None:
        """A stretch of work begins; `total` in whatever unit `advance` counts, 0 for unknown."""
        self._what, self.total, self._done = what, total, 0
        self._begun = self._clock()

    def advance(self, count: int = 1) -> None:
        """So much more is done."""
        self._done += count
        if self._watched and (now := self._clock()) >= self._next:
            self._next = now + EVERY
            if _in_foreground():
                self._drawn = True
                self._screen.draw(_CLEAR + self._line(now))

    def hide(self) -> None:
        """Take it off the terminal until the next step."""
        if self._drawn:
            self._drawn = False
            self._screen.draw(_CLEAR)

    def _line(self, now: float) -> str:
        """`what [####----]  50 %, 12 s left`, within one line of the terminal."""
        if not self.total:
            return f"{self._what} {self._done}"
        share = min(1.0, self._done / self.total)
        end = f" {int(share * 100):3} %{self._left(now, share)}"
        room = self._screen.width(ui.STDERR) - len(self._what) - len(" []") - _END
        if room < _NARROWEST:
            return f"{self._what}{end}"
        full = int(share * (width := min(_WIDEST, room)))
        return f"{self._what} [{'#' * full}{'-' * (width - full)}]{end}"

    def _left(self, now: float, share: float) -> str:
        if not share or share == 1:
            return ""
        seconds = int((now - self._begun) / share * (1 - share)) + 1
        minutes = f"{seconds // 60} min " if seconds >= 60 else ""
        return f", {minutes}{seconds % 60} s left"

    def __enter__(self) -> Self:
        self._screen.before_saying = self.hide
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._screen.before_saying = None
        self.hide()


def _in_foreground() -> bool:
    """Whether the terminal is ours to write on: after Ctrl-Z and `bg` it is the shell's."""
    try:
        return os.tcgetpgrp(ui.STDERR) == os.getpgrp()
    except OSError:
        return False

"""Rows to choose from, and one line of text to type: what most views are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.tui.cells import FOCUS, PLAIN, Page, cell, cells, folded, shown
from lango_cli.tui.keys import PASTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.tui.cells import Line

MARGIN = 2
"""Cells before each row, where the chosen one has its sign."""


def listed(before: Sequence[Line], rows: Sequence[Sequence[Line]], at: int) -> Page:
    """Lines, then rows of one line or several, each made `MARGIN` narrower, one of them chosen."""
    lines: list[Line] = list(before)
    focus = None
    for number, row in enumerate(rows):
        chosen = number == at
        if chosen:
            focus = (len(lines), len(lines) + len(row) - 1)
        for place, line in enumerate(row):
            sign = (FOCUS, "> ") if chosen and place == 0 else (PLAIN, " " * MARGIN)
            lines.append((sign, *_lit(line, chosen)))
    return Page(tuple(lines), focus)


def _lit(line: Line, chosen: bool) -> Line:
    return tuple((FOCUS if chosen and not style else style, text) for style, text in line)


def moved(at: int, key: str, count: int) -> int | None:
    """Where an arrow leads to in a list of rows; None for another key."""
    places = {"up": at - 1, "down": at + 1, "home": 0, "end": count - 1}
    return max(0, min(count - 1, places[key])) if key in places else None


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is being typed, and where in it."""

    text: str = ""
    at: int = 0

    def press(self, key: str) -> Typed | None:
        """The text after this key; None if the key is none of its own."""
        if key.startswith(PASTE):
            return self._with(key.removeprefix(PASTE))
        if len(key) == 1:
            return self._with(key)
        return self._moved(key) or self._erased(key)

    def _with(self, more: str) -> Typed:
        text = self.text[: self.at] + more + self.text[self.at :]
        return Typed(text, self.at + len(more))

    def _moved(self, key: str) -> Typed | None:
        places = {
            "left": self.at - 1,
            "right": self.at + 1,
            "home": 0,
            "ctrl-a": 0,
            "end": len(self.text),
            "ctrl-e": len(self.text),
        }
        if key not in places:
            return None
        return replace(self, at=max(0, min(len(self.text), places[key])))

    def _erased(self, key: str) -> Typed | None:
        before, after = self.text[: self.at], self.text[self.at :]
        if key == "backspace":
            return Typed(before[:-1] + after, max(0, self.at - 1))
        if key == "delete":
            return Typed(before + after[1:], self.at)
        if key == "ctrl-u":
            return Typed(after, 0)
        if key == "ctrl-k":
            return Typed(before, self.at)
        return None

    def lines(self, width: int, mask: bool = False) -> tuple[list[str], tuple[int, int]]:
        """As it is shown, wrapped; and the line and cell of the cursor."""
        text, before = (
            ("*" * len(self.text), "*" * self.at)
            if mask
            else (shown(self.text), shown(self.text[: self.at]))
        )
        lines = folded(text, width)
        above = folded(before, width)
        row, column = len(above) - 1, cells(above[-1])
        following = text[len(before) : len(before) + 1]
        if column + (cell(following) if following else 1) > width:
            row, column = row + 1, 0
        if row == len(lines):
            lines.append("")
        return lines, (row, column)

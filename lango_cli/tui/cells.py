r"""Text on a terminal: how wide it is, how it is wrapped, what a control character shows as.

The rule: nothing is ever cut. What does not fit goes on in the next line; a value's lines, put
together, are the value as it is shown. What is not printable shows as an escape such as \n.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

PLAIN, BOLD, DIM, MARK, ERROR, FOCUS = "", "bold", "dim", "mark", "error", "focus"
"""How a stretch of text is drawn; each means something in words too, for those without colour."""
LEAST = 20
"""Cells that a line has at least, however narrow the terminal."""

Line = tuple[tuple[str, str], ...]
"""One line on the screen: stretches of text, each (style, text)."""


@dataclass(frozen=True, slots=True)
class Page:
    """What stands between head and foot: lines, and the ones that must be in sight."""

    lines: tuple[Line, ...]
    focus: tuple[int, int] | None = None
    """The first line in sight and the last one, which win if not all lines fit."""
    cursor: tuple[int, int] | None = None
    """Line and cell of the text cursor."""


def shown(text: str) -> str:
    """The text without control characters: what is not printable becomes an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode()


def cell(one: str) -> int:
    """The cells of one character: 2 for East Asian wide ones, 0 for those that join others."""
    if one.isascii():
        return 1
    if unicodedata.combining(one) or unicodedata.category(one) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1


def cells(text: str) -> int:
    """The cells of a text without control characters."""
    return len(text) if text.isascii() else sum(map(cell, text))


def folded(text: str, width: int) -> list[str]:
    """A value in lines of `width` cells at most; put together they are the value."""
    lines, line, used = [], "", 0
    for one in text:
        wide = cell(one)
        if used + wide > width:
            lines.append(line)
            line, used = "", 0
        line += one
        used += wide
    return [*lines, line]


def wrapped(text: str, width: int) -> list[str]:
    """Prose in lines of `width` cells at most, broken at spaces; a longer word is folded."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        first, *rest = folded(word, width)
        if not line:
            line = first
        elif not rest and cells(line) + 1 + cells(first) <= width:
            line = f"{line} {first}"
        else:
            lines.append(line)
            line = first
        if rest:
            lines += [line, *rest[:-1]]
            line = rest[-1]
    return [*lines, line]


def prose(text: str, width: int, style: str = PLAIN) -> list[Line]:
    """Prose as lines of one style; the text's own line ends stay."""
    return [((style, line),) for part in text.split("\n") for line in wrapped(shown(part), width)]


def value(text: str, width: int, style: str = PLAIN, indent: int = 0) -> list[Line]:
    """A value as lines of one style, each indented by so many cells."""
    pad = " " * indent
    return [((style, pad + line),) for line in folded(shown(text), max(1, width - indent))]


def plain(lines: tuple[Line, ...] | list[Line]) -> list[str]:
    """The lines without their styles."""
    return ["".join(text for _, text in line) for line in lines]

"""Cuts text that never ends into pieces that can be searched by themselves.

The rule: what is found does not depend on how the text arrived. A piece is made of whole lines. A
line of more than `WINDOW` characters is cut in windows that overlap, never inside a finding, and
what came before a cut is there to see, so that half a number is not taken for a whole one. `unit`
gathers whole lines until they are that many characters, for a detector that reads sentences.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lango_cli.interceptor.pii.finding import Finding, union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WINDOW = 65_536
"""Characters of a line that are looked at together."""
OVERLAP = 4_096
"""Characters after a cut that were seen before it: nothing longer that begins before is sure."""
CONTEXT = 256
"""Characters before a cut that are seen again after it."""
_AT_ONCE = 4 * WINDOW
_SPACE = re.compile(r"\s")

Piece = tuple[str, list[Finding]]
"""A piece of the text, and the disjoint findings in it in order."""


class Windows:
    """Takes text as it comes, gives pieces of it with what `find` found in them."""

    def __init__(self, find: Callable[[str], Iterable[Finding]], unit: int = 0) -> None:
        self._find = find
        self._unit = unit
        self._text = ""
        self._more: list[str] = []
        self._length = 0
        self._lead = ""
        self._open = ""

    def feed(self, text: str) -> Iterator[Piece]:
        """The pieces that are sure now."""
        for at in range(0, len(text), _AT_ONCE):
            part = text[at : at + _AT_ONCE]
            self._more.append(part)
            self._length += len(part)
            # Gathering is cheap: what cannot end a piece is not even joined to the rest.
            if "\n" in part or self._length > WINDOW:
                self._gather()
                yield from self._pieces()

    def idle(self) -> Iterator[Piece]:
        """The whole lines there are, though they are no unit yet."""
        self._gather()
        end = self._text.rfind("\n") + 1
        if end:
            yield self._piece(end)

    def finish(self) -> Iterator[Piece]:
        """All the rest."""
        self._gather()
        yield from self._pieces()
        if self._text:
            yield self._piece(len(self._text))
        self._lead = self._open = ""

    def _gather(self) -> None:
        self._text = "".join((self._text, *self._more))
        self._more.clear()

    def _pieces(self) -> Iterator[Piece]:
        while True:
            line = self._text.find("\n")
            if (len(self._text) if line < 0 else line) > WINDOW:
                yield self._window()
            elif line >= 0 and (end := self._lines(line)):
                yield self._piece(end)
            else:
                return

    def _lines(self, first: int) -> int:
        """Where the whole lines end that make a piece, the first at `first`; 0: wait for more."""
        if not self._unit:
            return self._text.rfind("\n", 0, WINDOW + 1) + 1
        least = max(first, self._unit - 1)
        line = self._text.find("\n", least)
        before = self._text.rfind("\n", 0, least) + 1
        if (len(self._text) if line < 0 else line) - before > WINDOW:
            return before
        return line + 1

    def _piece(self, end: int) -> Piece:
        """Whole lines, or the end of the text."""
        piece, found = self._search(end)
        self._text = self._text[end:]
        self._length = len(self._text)
        self._lead = self._open = ""
        return piece, found

    def _window(self) -> Piece:
        """The start of a line that is too long to be looked at as one."""
        text, found = self._search(WINDOW)
        cut = WINDOW - OVERLAP
        for finding in found:
            if finding.start < cut < finding.end:
                cut = finding.start or finding.end
        self._open = next((f.kind for f in found if f.end == cut == WINDOW), "")
        self._lead = (self._lead + text[:cut])[-CONTEXT:]
        self._text = self._text[cut:]
        self._length = len(self._text)
        return text[:cut], [finding for finding in found if finding.end <= cut]

    def _search(self, end: int) -> Piece:
        piece = self._text[:end]
        skip = len(self._lead)
        found = [
            Finding(max(0, f.start - skip), f.end - skip, f.kind, f.score)
            for f in self._find(self._lead + piece)
            if f.end > skip
        ]
        if self._open:
            # It filled a window to its end, and goes on up to the next space.
            space = _SPACE.search(piece)
            found.append(Finding(0, space.start() if space else len(piece), self._open))
        return piece, union(f for f in found if f.end > f.start)


def search(find: Callable[[str], Iterable[Finding]], text: str, unit: int = 0) -> list[Finding]:
    """The disjoint findings in a whole text: the same that a stream of it gives."""
    windows = Windows(find, unit)
    found, done = [], 0
    for source in (windows.feed(text), windows.finish()):
        for piece, findings in source:
            found += [Finding(f.start + done, f.end + done, f.kind, f.score) for f in findings]
            done += len(piece)
    return found

r"""The form of a rule: an expression for candidates, and what a candidate must be besides.

The rule: expressions are RE2's, so that no text takes more than linear time, and they match UTF-8
within one line; `\b`, `\d` and `\w` are ASCII's, so a number with a Korean particle behind it ends
where the number does. What an expression cannot say, a checker in Python does, on candidates
alone. Group 1, where there is one, is what goes; else all of the match.

A number that is one only beside its name is looked for from the name on: names are rare, numbers
are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

END = r"(?:$|[^\w\-]|-(?:$|\W))"
"""The end of a number that has dashes: no further group of it follows."""
REACH = 48
"""Bytes from the end of a name to the start of what it names, unless a rule says less."""
LONGEST_NAMED = 96
"""Bytes of the longest thing that is looked for beside its name."""
AGAIN = 64
"""Bytes of a refused candidate up to which another that begins inside it is looked for."""


@dataclass(frozen=True)
class Rule:
    """One way in which a kind of thing is written.

    `check` judges a candidate's text. `near`: one of these words stands at most `reach` bytes
    before it on its line. `never`: none of these stands right before it. `literal`: it cannot
    match where this is not; a search for it is cheaper. `trim`: what of the text goes.
    """

    expression: str
    check: Callable[[str], bool] | None = None
    near: str = ""
    never: str = ""
    literal: bytes = b""
    trim: Callable[[str], tuple[int, int]] | None = None
    reach: int = REACH
    score: float = 1.0
    whole: bool = False
    """All of the match goes, whatever groups it has."""

    @cached_property
    def _compiled(self) -> re2._Regexp:
        return compiled(self.expression)

    @cached_property
    def _group(self) -> int:
        return 0 if self.whole else min(1, self._compiled.groups)

    @cached_property
    def _near(self) -> re2._Regexp | None:
        return compiled(f"(?i:{self.near})") if self.near else None

    @cached_property
    def _never(self) -> re2._Regexp | None:
        return compiled(rf"(?i)(?:{self.never})[\s:=#.\-]{{0,4}}\z") if self.never else None

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where it matches in UTF-8, as offsets of bytes."""
        if self.literal and self.literal not in data:
            return iter(())
        if self._near is None:
            return self._from(data, 0, len(data), len(data))
        return self._beside(data, self._near)

    def _beside(self, data: bytes, near: re2._Regexp) -> Iterator[tuple[int, int]]:
        done = 0
        for name in near.finditer(data):
            start = max(done, name.end())
            line = data.find(b"\n", start, start + REACH + LONGEST_NAMED)
            end = min(len(data), start + REACH + LONGEST_NAMED) if line < 0 else line
            for span in self._from(data, start, end, name.end() + self.reach):
                done = span[1]
                yield span

    def _from(self, data: bytes, place: int, end: int, last: int) -> Iterator[tuple[int, int]]:
        """Matches between `place` and `end` that begin at `last` at most."""
        search, group = self._compiled.search, self._group
        while place <= end and (match := search(data, place, end)) and match.start() <= last:
            start, stop = match.span(group)
            span = self._judged(data, start, stop)
            if span is not None:
                yield span
                place = max(stop, match.start() + 1)
            elif match.end() - match.start() <= AGAIN:
                place = match.start() + 1
            else:
                place = match.end()

    def _judged(self, data: bytes, start: int, end: int) -> tuple[int, int] | None:
        """What of a candidate goes, None where it is none."""
        if end <= start:
            return None
        if self._never is not None and self._never.search(data[max(0, start - REACH) : start]):
            return None
        if self.check is None and self.trim is None:
            return start, end
        text = data[start:end].decode("utf-8", "replace")
        if self.check is not None and not self.check(text):
            return None
        if self.trim is None:
            return start, end
        first, last = self.trim(text)
        return start + len(text[:first].encode()), start + len(text[:last].encode())


@dataclass(frozen=True)
class Pattern:
    """A kind of personal thing under its name: `on` is whether it is looked for by default."""

    name: str
    label: str
    category: str
    on: bool
    rules: tuple[Rule, ...]


def compiled(expression: str) -> re2._Regexp:
    """The expression in RE2, which says nothing on stderr; `re2.error` if it is none.

    It never matches over a line's end, whatever it says; `^` and `$` are the ends of lines.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True
    return re2.compile(f"(?m)(?:{expression})", options)


def digits(text: str) -> str:
    """The ASCII digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")

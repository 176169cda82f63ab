"""Finding the written forms of many values in one pass, broken by blanks or not.

The rule: text and needles are compared without blanks (space, tab, CR, LF); what was left out is
judged afterwards, where something was found. So a value wrapped at any column is found by the same
single scan as one that stands on one line, and the scan never looks at a position twice.

An automaton holds only the first bytes of each needle: a few thousand states that stay in the
processor's cache, however many needles and however long. What it points at is looked up in the
sorted list of all needles by bisection.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from lango_cli.interceptor.forms import PIECE, forms, hex_forms
from lango_cli.interceptor.strength import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ANCHOR = 6
"""Bytes of a needle that the automaton knows: enough to be rare, few enough to stay small."""
DENSE = 20_000
"""Anchors up to which a table of all transitions is worth its memory (about 2.5 KiB each)."""
CERTAIN = 4
"""Bytes of a needle after which blanks may stand before a line break."""
BACK = 32
"""Bytes that a walk from the end takes more than it needs, as some will be blanks."""
LOOKED_AT = 16
"""Needles with one beginning that are judged before a possible one is taken for granted."""

RUN = re.compile(rb"[ \t\r\n]+")
BREAK = re.compile(rb"[\r\n]{1,4}[ \t]{0,64}")
PADDED = re.compile(rb"[ \t]{0,64}[\r\n]{1,4}[ \t]{0,64}")
PADDED_START = re.compile(rb"[ \t]{0,64}|[ \t]{0,64}[\r\n]{1,4}[ \t]{0,64}")
SPACED = re.compile(rb" {1,2}")
OWN_LIMIT = 128
"""Bytes that blanks inside a value may have become."""
NO_GAPS: dict[int, bytes] = {}


class Hit(NamedTuple):
    """Where a needle was found: offsets in the text that was searched, as it came."""

    start: int
    end: int
    name: str


class Stretch:
    """A stretch of text, and the same without blanks."""

    __slots__ = ("_at", "_before", "bare", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bare = data.translate(None, BLANKS)
        self._at = self._before = 0

    def place(self, index: int) -> int:
        """Where in `data` byte `index` of `bare` is; quick near the end and in ascending order."""
        left = len(self.bare) - index
        if left < index - self._before:
            return self._from_end(left)
        if index < self._before:
            self._at = self._before = 0
        self._at = self.onward(self._at, index - self._before)
        self._before = index
        return self._at

    def _from_end(self, count: int) -> int:
        """Where the last `count` bytes begin that are no blanks."""
        at, missing = len(self.data), count
        while missing > 0:
            step = min(at, missing + BACK)
            missing -= len(self.data[at - step : at].translate(None, BLANKS))
            at -= step
        return self.onward(at, -missing)

    def onward(self, at: int, count: int) -> int:
        """The place of the byte that follows `count` others which are no blanks, from `at` on."""
        data = self.data
        while count:
            bare = len(data[at : at + count].translate(None, BLANKS))
            if bare:
                at += count
                count -= bare
            else:
                at = self._first(at)
        return self._first(at)

    def _first(self, at: int) -> int:
        blank = RUN.match(self.data, at)
        return blank.end() if blank else at


class Needles:
    """All written forms of all values, ready to be found. Holds what it looks for in clear."""

    __slots__ = (
        "_automaton",
        "_beginnings",
        "_gaps",
        "_longest",
        "_loose",
        "_names",
        "_parents",
        "_texts",
    )

    def __init__(self, values: Iterable[tuple[str, bytes]]) -> None:
        self._names: dict[bytes, str] = {}
        # Offset in a needle of the blanks that were there, for those that had any.
        self._gaps: dict[bytes, dict[int, bytes]] = {}
        # Needles whose pairs may stand apart.
        self._loose: set[bytes] = set()
        kept = sorted(values)
        # A value as it is keeps its own name, even if it is also the base64 of another.
        for name, value in kept:
            self._add(name, value[:PIECE].strip(BLANKS))
        for name, value in kept:
            for text in forms(value):
                self._add(name, text)
            self._loose.update(hex_forms(value))
        self._texts = sorted(self._names)
        self._parents = list(_parents(self._texts))
        self._longest = max(map(len, self._texts), default=0)
        anchors = sorted({text[:ANCHOR] for text in self._texts})
        self._beginnings = {text[:size] for text in anchors for size in range(1, len(text))}
        dense = len(anchors) <= DENSE
        self._automaton = BytesAhoCorasick(
            anchors,
            MatchKind.Standard,
            Implementation.DFA if dense else Implementation.ContiguousNFA,
        )

    def _add(self, name: str, text: bytes) -> None:
        """Keep a form under the first name it came with; of two ways to place blanks, either."""
        bare = text.translate(None, BLANKS)
        gaps = {} if len(bare) == len(text) else dict(_gaps(text))
        if bare not in self._names:
            if bare:
                self._names[bare] = name
            if gaps:
                self._gaps[bare] = gaps
        elif gaps != self._gaps.get(bare, NO_GAPS):
            self._gaps[bare] = dict.fromkeys(self._gaps.get(bare, NO_GAPS) | gaps, b"\n")

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)

    def texts(self) -> list[bytes]:
        """All of them, without their blanks."""
        return list(self._texts)

    def search(self, stretch: Stretch, *, last: bool) -> tuple[list[Hit], int]:
        """The longest needle from each place, and from where on a needle may have begun.

        The second is the text's length where none has. `last`: nothing follows the text.
        """
        bare = stretch.bare
        marks = self._automaton.find_matches_as_indexes(bare, overlapping=True)
        hits: list[Hit] = []
        begun = len(stretch.data)
        for start in sorted({start for _, start, _ in marks}) if marks else ():
            ahead = bare[start : start + self._longest]
            hit = self._longest_at(stretch, start, ahead)
            if hit is not None:
                hits.append(hit)
            if not last and len(ahead) < self._longest and self._may_become(stretch, start, ahead):
                begun = min(begun, stretch.place(start))
        if not last:
            begun = min(begun, self._short_beginning(stretch))
        return hits, begun

    def _short_beginning(self, stretch: Stretch) -> int:
        """Where a beginning too short for the automaton stands at the end."""
        bare = stretch.bare
        for size in range(min(ANCHOR - 1, len(bare)), 0, -1):
            start = len(bare) - size
            if bare[start:] in self._beginnings and self._may_become(stretch, start, bare[start:]):
                return stretch.place(start)
        return len(stretch.data)

    def _longest_at(self, stretch: Stretch, start: int, ahead: bytes) -> Hit | None:
        """The longest needle that `ahead` begins with and whose blanks are as they may be."""
        at = bisect_right(self._texts, ahead) - 1
        while at >= 0:
            text = self._texts[at]
            if ahead.startswith(text):
                begin = stretch.place(start)
                end = stretch.onward(begin, len(text) - 1) + 1
                if self._fits(text, stretch.data[begin:end]):
                    return Hit(begin, end, self._names[text])
            at = self._parents[at]
        return None

    def _may_become(self, stretch: Stretch, start: int, ahead: bytes) -> bool:
        """Whether `ahead`, the end of the text, may be the beginning of a needle."""
        at = bisect_right(self._texts, ahead)
        written = stretch.data[stretch.place(start) :]
        for text in self._texts[at : at + LOOKED_AT]:
            if not text.startswith(ahead):
                return False
            if self._fits_so_far(text, written, len(ahead)):
                return True
        following = self._texts[at + LOOKED_AT : at + LOOKED_AT + 1]
        return bool(following) and following[0].startswith(ahead)

    def _fits(self, text: bytes, written: bytes) -> bool:
        """Whether the blanks between a needle's bytes are its own, or a line was broken there."""
        if len(written) == len(text) and text not in self._gaps:
            return True
        return self._gaps_fit(text, dict(_gaps(written)), len(text))

    def _fits_so_far(self, text: bytes, written: bytes, size: int) -> bool:
        """The same for a needle's first `size` bytes, whose last blanks may still go on."""
        gaps = dict(_gaps(written))
        open_end = gaps.pop(size, b"")
        if not self._gaps_fit(text, gaps, size):
            return False
        if not open_end or size in self._gaps.get(text, NO_GAPS):
            return len(open_end) <= OWN_LIMIT
        if size < CERTAIN and text not in self._loose:
            return BREAK.fullmatch(open_end) is not None
        return PADDED_START.fullmatch(open_end) is not None

    def _gaps_fit(self, text: bytes, gaps: dict[int, bytes], size: int) -> bool:
        own = self._gaps.get(text, NO_GAPS)
        for at, blanks in own.items():
            # What was on two lines may have been joined; words are not.
            if at < size and at not in gaps and not (b"\n" in blanks or b"\r" in blanks):
                return False
        loose = text in self._loose
        return all(
            len(blanks) <= OWN_LIMIT if at in own else _may_stand(at, blanks, loose)
            for at, blanks in gaps.items()
        )


def _gaps(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Each run of blanks, and how many bytes that are none stand before it."""
    left_out = 0
    for run in RUN.finditer(text):
        yield run.start() - left_out, run[0]
        left_out += len(run[0])


def _parents(texts: list[bytes]) -> Iterator[int]:
    """For each of the sorted texts the index of the longest other it begins with, or -1."""
    path: list[int] = []
    for index, text in enumerate(texts):
        while path and not text.startswith(texts[path[-1]]):
            path.pop()
        yield path[-1] if path else -1
        path.append(index)


def _may_stand(at: int, blanks: bytes, loose: bool) -> bool:
    """Whether blanks may stand after `at` bytes of a needle that has none there itself."""
    if loose and SPACED.fullmatch(blanks):
        return True
    return (BREAK if at < CERTAIN else PADDED).fullmatch(blanks) is not None

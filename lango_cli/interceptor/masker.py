"""Masking what is known in a stream: every written form of every value becomes `[SECRET:name]`.

The rule: what comes out depends on what went in, never on how it was cut. A byte is passed on as
soon as it can no longer be part of a value, so a prompt shows at once; what is held back begins
with the beginning of a needle and is never longer than the longest of them (and the blanks and
colours in it). Values that overlap are hidden together: no byte of any is left.

The one exception is a pause: with some hundred values every other line ends in two or three bytes
that one of their forms begins with, and whoever waits for that line must not wait for ever.

Colour sequences are looked through: where there is an escape character, the text is searched a
second time without them. Text without one is searched once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from lango_cli.interceptor.needles import Hit, Stretch
from lango_cli.interceptor.strength import BLANKS

if TYPE_CHECKING:
    from lango_cli.interceptor.needles import Needles

BLOCK = 1 << 16
"""Bytes looked at together: what is made of them stays in the processor's cache."""
ESCAPE = b"\x1b"
SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|[()][0-9A-Za-z])")
"""A control sequence (ECMA-48, 5.4) of sane length, or the choice of a character set."""
OPEN_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}|[()])?\Z")
SEQUENCE_LIMIT = 40
GLIMPSE = 3
"""Bytes of a value, but for blanks, that may be seen before it is known; each value has more."""


def placeholder(name: str) -> bytes:
    """What stands for a value."""
    return f"[SECRET:{name}]".encode()


class Masker:
    """A `TextFilter`; any number of streams may share the needles.

    When nothing follows for now, a line that has ended is shown although up to `GLIMPSE` of its
    last bytes begin a value, which could be broken there; what follows later is masked all the
    same. `typed`: a person sits at the other end, who wants to see each key at once, so that
    holds in the middle of a line too.
    """

    __slots__ = ("_covered", "_held", "_needles", "_shown", "_typed", "counts")

    def __init__(self, needles: Needles, *, typed: bool = False) -> None:
        self._needles = needles
        self._typed = typed
        self._held = b""
        # How many of the first bytes held were shown, as they were, when nothing followed.
        self._shown = 0
        # How many of the first bytes held are part of a value that was masked already.
        self._covered = 0
        self.counts: dict[str, int] = {}
        """How often each name was put in place of a value."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""
        if len(chunk) <= BLOCK:
            return self._pass(chunk) if chunk else b""
        blocks = range(0, len(chunk), BLOCK)
        return b"".join([self._pass(chunk[at : at + BLOCK]) for at in blocks])

    def idle(self) -> bytes:
        """What may be shown of what is held back, as nothing follows for now."""
        out = self._held[self._covered :]
        if not out or not (self._typed or self._held.endswith(b"\n")):
            return b""
        if len(SEQUENCE.sub(b"", self._held).translate(None, BLANKS)) > GLIMPSE:
            return b""
        self._covered = self._shown = len(self._held)
        return out

    def finish(self) -> bytes:
        """What is left, at the end of the input."""
        return self._pass(b"", last=True) if self._held else b""

    def _pass(self, chunk: bytes, *, last: bool = False) -> bytes:
        data = self._held + chunk if self._held else chunk
        hits, safe = self._needles.search(Stretch(data), last=last)
        if ESCAPE in data:
            more, limit = _without_sequences(self._needles, data, last=last)
            hits += more
            safe = _outside_sequences(data, min(safe, limit))
        out = self._replaced(data, hits, safe) if hits or self._covered else data[:safe]
        self._held = data[safe:]
        return out

    def _replaced(self, data: bytes, hits: list[Hit], safe: int) -> bytes:
        """`data` up to `safe` with what was found replaced.

        What begins earliest gives its name, of those the longest: all of them are known by then,
        as nothing before `safe` can become another value.
        """
        out = []
        done, shown = self._covered, self._shown
        for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end, hit.name)):
            if shown <= hit.start < done:
                done = max(done, hit.end)
            elif hit.start < max(safe, shown):
                out += [data[done : hit.start], placeholder(hit.name)]
                shown = 0
                self.counts[hit.name] = self.counts.get(hit.name, 0) + 1
                done = hit.end
        if done < safe:
            out.append(data[done:safe])
        self._covered, self._shown = max(0, done - safe), max(0, shown - safe)
        return b"".join(out)


def _without_sequences(needles: Needles, data: bytes, *, last: bool) -> tuple[list[Hit], int]:
    """What is found where sequences are left out, and from where on to hold back."""
    end = len(data)
    unfinished = None if last else OPEN_SEQUENCE.search(data, max(0, end - SEQUENCE_LIMIT))
    if unfinished:
        end = unfinished.start()
    pieces = SEQUENCE.split(data[:end])
    if len(pieces) == 1 and not unfinished:
        return [], end
    stretch = Stretch(b"".join(pieces))
    hits, safe = needles.search(stretch, last=last)
    if not hits and safe == len(stretch.data):
        return [], end
    origin = _Origin(data[:end])
    found = [Hit(origin.of(hit.start), origin.of(hit.end - 1) + 1, hit.name) for hit in hits]
    return found, min(end, origin.of(safe))


def _outside_sequences(data: bytes, place: int) -> int:
    """`place`, or the start of the sequence it is in the middle of."""
    for found in SEQUENCE.finditer(data, max(0, place - SEQUENCE_LIMIT)):
        if found.start() >= place:
            break
        if found.end() > place:
            return found.start()
    return place


class _Origin:
    """Where a byte was before the sequences were left out."""

    __slots__ = ("_left_out", "_starts")

    def __init__(self, data: bytes) -> None:
        self._starts, self._left_out = [0], [0]
        left_out = 0
        for found in SEQUENCE.finditer(data):
            left_out += found.end() - found.start()
            self._starts.append(found.end() - left_out)
            self._left_out.append(left_out)

    def of(self, place: int) -> int:
        return place + self._left_out[bisect_right(self._starts, place) - 1]

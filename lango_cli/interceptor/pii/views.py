r"""Text as the expressions see it: raw, and with disguises taken off.

What lives here: `views`, which gives the raw text and, if it differs, the folded one: NFKC, no
zero-width characters, one kind of dash, ASCII digits for every script's, and decoded `%40`,
`\u0040`, `&#64;`, `\x40`, `\n`. Each view leads its offsets back to the original's. The rule: both
views are searched, so that folding can only add findings. Plain ASCII without an escape costs one
search.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HIDDEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
_HIDDEN += "\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e007f"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_ODD = re.compile(f"[{_HIDDEN}{_DASHES}\u0660-\u0669\u06f0-\u06f9\u0900-\u1099\u17e0-\u1819]")
"""What NFKC leaves alone and folding does not: hidden characters, dashes, most other digits."""
_IS_HIDDEN = re.compile(f"[{_HIDDEN}]")
_IS_DASH = re.compile(f"[{_DASHES}]")

_ESCAPES = r"(?:%(?:25)*[0-9A-Fa-f]{2})+|\\+(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbfv\"'/])"
_ESCAPES += r"|&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|nbsp|commat);"
_ESCAPED = re.compile(_ESCAPES)
_ESCAPED_OR_NOT_ASCII = re.compile(_ESCAPES + r"|[^\x00-\x7f]+")
_HAS_ESCAPE = re.compile(r"[%\\&]")
_BYTE = re.compile(r"%(?:25)*([0-9A-Fa-f]{2})")
_CONTROLS = dict(zip("nrtbfv", "\n\r\t\b\f\v", strict=True))
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_ENTITIES["commat"] = "@"
_SHORT = 64
"""Characters up to which what a stretch becomes is remembered."""
_LONGEST_CLUSTER = 32
"""Marks on one character: sorting many takes the square of their number."""
_CONTINUATION = bytes(range(0x80, 0xC0))
"""The bytes of UTF-8 that begin no character."""


class View:
    """UTF-8 to search in, and the way from its offsets to the original's code points."""

    __slots__ = ("_edits", "_starts", "data")

    def __init__(self, text: str, edits: Sequence[tuple[int, int, int, int]] = ()) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        self._edits = edits
        self._starts = [edit[0] for edit in edits]

    def original(self, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Spans of bytes as spans of the original's code points; whole edits are covered."""
        places = self._code_points({offset for span in spans for offset in span})
        if not self._edits:
            return [(places[start], places[end]) for start, end in spans]
        return [(self._start(places[start]), self._end(places[end])) for start, end in spans]

    def _code_points(self, offsets: set[int]) -> dict[int, int]:
        if self.data.isascii():
            return {offset: offset for offset in offsets}
        counted, last, places = 0, 0, {}
        for offset in sorted(offsets):
            counted += len(self.data[last:offset].translate(None, _CONTINUATION))
            last = offset
            places[offset] = counted
        return places

    def _start(self, place: int) -> int:
        at = bisect_right(self._starts, place) - 1
        if at < 0:
            return place
        _, new_end, old_start, old_end = self._edits[at]
        return old_start if place < new_end else old_end + place - new_end

    def _end(self, place: int) -> int:
        at = bisect_left(self._starts, place) - 1
        if at < 0:
            return place
        _, new_end, _, old_end = self._edits[at]
        return old_end if place <= new_end else old_end + place - new_end


def views(text: str) -> list[View]:
    """The raw view, and the folded one if that is another."""
    plain = text.isascii() or (unicodedata.is_normalized("NFKC", text) and not _ODD.search(text))
    found = [View(text)]
    if plain and not _HAS_ESCAPE.search(text):
        return found
    folded, edits = _folded(text, _ESCAPED if plain else _ESCAPED_OR_NOT_ASCII)
    if edits:
        found.append(View(folded, edits))
    return found


def _folded(text: str, odd: re.Pattern[str]) -> tuple[str, list[tuple[int, int, int, int]]]:
    """The folded text; edits as (start, end) in it and (start, end) in the original."""
    parts: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    done, length = 0, 0
    for match in odd.finditer(text):
        stretch, at = match[0], match.start()
        pieces = _known(stretch) if len(stretch) <= _SHORT else _pieces(stretch)
        if pieces is None:
            continue
        parts.append(text[done:at])
        length += at - done
        for new, old_length in pieces:
            if old_length != 1 or len(new) != 1:
                edits.append((length, length + len(new), at, at + old_length))
            parts.append(new)
            length += len(new)
            at += old_length
        done = match.end()
    if not parts:
        return text, edits
    parts.append(text[done:])
    folded = "".join(parts)
    # An edit that keeps its length needs no map of its own, but it makes the text another one.
    return folded, edits or ([] if folded == text else [(0, 0, 0, 0)])


@lru_cache(maxsize=4096)
def _known(stretch: str) -> tuple[tuple[str, int], ...] | None:
    """`_pieces`, remembered: short stretches come again."""
    return _pieces(stretch)


def _pieces(stretch: str) -> tuple[tuple[str, int], ...] | None:
    """What a stretch becomes, piece by piece with the length it had; None where it stays."""
    first = stretch[0]
    if first in _DECODERS:
        return tuple(_DECODERS[first](stretch))
    if unicodedata.is_normalized("NFKC", stretch) and not _ODD.search(stretch):
        return None
    return tuple((_fold(cluster), len(cluster)) for cluster in _clusters(stretch))


def _clusters(text: str) -> list[str]:
    """Characters together with the marks and Hangul letters that join them."""
    clusters: list[str] = []
    for char in text:
        joins = unicodedata.combining(char) or "\u1161" <= char <= "\u11ff"
        if clusters and joins and len(clusters[-1]) < _LONGEST_CLUSTER:
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _fold(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", cluster)
    return folded if folded.isascii() else "".join(map(_plain, folded))


def _plain(char: str) -> str:
    if _IS_HIDDEN.match(char):
        return ""
    if _IS_DASH.match(char):
        return "-"
    digit = unicodedata.digit(char, None)
    return char if digit is None else str(digit)


def _percent(run: str) -> list[tuple[str, int]]:
    """A run of `%XX` as the UTF-8 it spells, however often the percent sign was encoded."""
    units = list(_BYTE.finditer(run))
    text = bytes(int(unit[1], 16) for unit in units).decode("utf-8", "surrogateescape")
    pieces, at = [], 0
    for char in text:
        size = len(char.encode("utf-8", "surrogateescape"))
        length = units[at + size - 1].end() - units[at].start()
        pieces.append((_fold(char), length))
        at += size
    return pieces


def _backslash(escape: str) -> list[tuple[str, int]]:
    bare = escape.lstrip("\\")
    if bare[0] in "ux" and len(bare) > 1:
        return [(_fold(chr(int(bare[1:], 16))), len(escape))]
    return [(_CONTROLS.get(bare, bare), len(escape))]


def _entity(entity: str) -> list[tuple[str, int]]:
    name = entity[1:-1]
    if name[0] != "#":
        return [(_ENTITIES[name], len(entity))]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return [(_fold(chr(code)) if code < 0x110000 else " ", len(entity))]


_DECODERS: dict[str, Callable[[str], list[tuple[str, int]]]] = {
    "%": _percent,
    "\\": _backslash,
    "&": _entity,
}

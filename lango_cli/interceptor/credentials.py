"""Masking what looks like a credential though no vault knows it: `[REDACTED:kind]`.

The rule: the same as the masker's. What comes out depends on what went in, never on how it was
cut; a byte is passed on as soon as it can no longer be part of a credential. What was passed on
and still decides about what follows (the name before `=`) is kept beside what is held back.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from lango_cli.interceptor.telling import DASHES, beginnings
from lango_cli.interceptor.tokens import Found, View, Wait, may_stand

if TYPE_CHECKING:
    from lango_cli.interceptor.tokens import Rule

BLOCK = 1 << 16
"""Bytes looked at together."""
BEFORE = len(DASHES[0])
"""Bytes before a beginning that a rule looks at."""


class _Book(NamedTuple):
    """All rules, and what finds their beginnings."""

    automaton: BytesAhoCorasick
    rules: list[Rule]
    hidden: dict[bytes, set[tuple[bytes, ...]]]
    """With what a literal that will be hidden may begin, and what must stand before it."""
    shown: frozenset[bytes]
    """With what the others may begin: it is passed on, and remembered."""
    longest: int


class _Place(NamedTuple):
    """What was found, in the order in which it counts."""

    start: int
    minus_end: int
    rank: int
    kind: str
    at: int
    """Where its beginning stands."""


@cache
def _book() -> _Book:
    known = beginnings()
    hidden: dict[bytes, set[tuple[bytes, ...]]] = {}
    shown: set[bytes] = set()
    for text, _, hides, after in known:
        parts = [text[:size] for size in range(1, len(text))]
        if hides:
            for part in parts:
                hidden.setdefault(part, set()).add(after)
        else:
            shown.update(parts)
    texts = [one.text for one in known]
    return _Book(
        BytesAhoCorasick(texts, MatchKind.Standard, Implementation.DFA),
        [one.rule for one in known],
        hidden,
        frozenset(shown),
        max(map(len, texts)),
    )


def find_credentials(data: bytes) -> list[Found]:
    """Every credential in data that is all there is; they may overlap."""
    found, _, _ = CredentialMasker()._judged(data, last=True)
    return [Found(place.start, -place.minus_end, place.kind) for place in found]


class CredentialMasker:
    """A `TextFilter`; `counts` says how many of each kind were hidden.

    `typed`: a person sits at the other end, who wants to see each key at once. Then what may still
    become a credential is shown when nothing follows it for now.
    """

    __slots__ = ("_before", "_book", "_data", "_done", "_typed", "counts")

    def __init__(self, *, typed: bool = False) -> None:
        self._book = _book()
        self._typed = typed
        # What is kept: bytes that were judged and only stand before others, `_before` of them;
        # `_done` bytes were passed on or hidden; the rest is held back.
        self._data = b""
        self._before = self._done = 0
        self.counts: dict[str, int] = {}

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""
        if len(chunk) <= BLOCK:
            return self._pass(chunk) if chunk else b""
        blocks = range(0, len(chunk), BLOCK)
        return b"".join([self._pass(chunk[at : at + BLOCK]) for at in blocks])

    def idle(self) -> bytes:
        """Nothing, as what is safe was passed on already; but see `typed`."""
        if not self._typed:
            return b""
        out = self._data[self._done :]
        self._done = max(self._done, len(self._data))
        return out

    def finish(self) -> bytes:
        """What is left, at the end of the input."""
        return self._pass(b"", last=True)

    def _pass(self, chunk: bytes, *, last: bool = False) -> bytes:
        data = self._data + chunk if self._data else chunk
        found, safe, kept = self._judged(data, last=last)
        if not last:
            safe, kept = self._open_end(data, safe, kept)
        out = self._replaced(data, found, safe)
        # What was found and cannot be passed on yet will be found again.
        kept = min([kept, *(place.at for place in found if place.start >= safe)])
        dropped = max(0, kept - BEFORE)
        self._data = data[dropped:]
        self._before = kept - dropped
        self._done -= dropped
        return out

    def _judged(self, data: bytes, *, last: bool) -> tuple[list[_Place], int, int]:
        """What was found, up to where it is safe, and from where on data must be kept."""
        found: list[_Place] = []
        safe = kept = len(data)
        view = View(data, last=last)
        for rank, at, _ in self._book.automaton.find_matches_as_indexes(data, overlapping=True):
            verdict = self._book.rules[rank](view, at) if at >= self._before else None
            if isinstance(verdict, Found):
                found.append(_Place(verdict.start, -verdict.end, rank, verdict.kind, at))
            elif isinstance(verdict, Wait):
                safe, kept = min(safe, verdict.start), min(kept, at)
        return found, safe, kept

    def _open_end(self, data: bytes, safe: int, kept: int) -> tuple[int, int]:
        """The same limits, where the data ends in what a beginning begins with."""
        size = len(data)
        for at in range(max(self._before, size - self._book.longest + 1), size):
            tail = data[at:]
            afters = self._book.hidden.get(tail, ())
            if any(may_stand(data, at, tail, after) for after in afters):
                safe, kept = min(safe, at), min(kept, at)
            elif tail in self._book.shown:
                kept = min(kept, at)
        return safe, kept

    def _replaced(self, data: bytes, found: list[_Place], safe: int) -> bytes:
        """`data` from what is done up to `safe`, credentials replaced; overlaps hidden together.

        Of several that begin together the longest gives its kind, then the one ranked first.
        """
        out = []
        done = self._done
        for start, end, _, kind, _ in sorted(found):
            if start < done:
                done = max(done, -end)
            elif start < safe:
                out += [data[done:start], f"[REDACTED:{kind}]".encode()]
                self.counts[kind] = self.counts.get(kind, 0) + 1
                done = -end
        if done < safe:
            out.append(data[done:safe])
            done = safe
        self._done = done
        return b"".join(out)

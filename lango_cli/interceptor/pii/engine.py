"""Finds what the patterns describe in one piece of text.

The rule: no finding reaches over a line's end, so that text may be cut at any line; offsets are
code points. The raw view and the folded one are both searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.interceptor.pii.finding import Finding
from lango_cli.interceptor.pii.views import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.interceptor.pii.rules import Pattern

_ESCAPE_LETTERS = frozenset(b"nrtbfv")
_BACKSLASH = ord("\\")


class Detector:
    """The chosen patterns; `find` may be called for any number of texts."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._rules = [(pattern.name, rule) for pattern in patterns for rule in pattern.rules]

    def find(self, text: str) -> list[Finding]:
        """Every finding in the text, in no order, overlapping ones too."""
        found = []
        for view in views(text):
            kinds, spans = [], []
            for kind, rule in self._rules:
                for start, end in rule.spans(view.data):
                    kinds.append((kind, rule.score))
                    spans.append((start + _is_escape(view.data, start), end))
            places = view.original(spans) if spans else ()
            for (kind, score), (first, last) in zip(kinds, places, strict=True):
                found.append(Finding(first, last, kind, score))
        return found


def _is_escape(data: bytes, start: int) -> int:
    r"""1 where a finding begins with the letter of `\n`, which is the text's, else 0."""
    return int(start > 0 and data[start - 1] == _BACKSLASH and data[start] in _ESCAPE_LETTERS)

"""Precision and recall over a labelled file, for `lango pii eval`.

The file has one JSON object a line: `{"text": "...", "spans": [{"start": 0, "end": 5, "type":
"email"}]}`; offsets count code points, types are names of patterns or kinds of Presidio. A line
without spans is a near miss: nothing in it may be found.

The rule: a labelled span is found only if every character of it is covered, whatever by, because
a tail left over is a leak. A finding is right if it touches a span of its own type; `any` counts
one that touches a span of any type, which is what redaction needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lango_cli.errors import InvalidSetting
from lango_cli.interceptor.pii.windows import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lango_cli.interceptor.pii.finding import Finding

TOTAL = "any"


class Span(msgspec.Struct):
    """A labelled stretch."""

    start: int
    end: int
    type: str


class Sample(msgspec.Struct):
    """A line of the file."""

    text: str
    spans: list[Span] = []


@dataclass
class Score:
    """Of one type: spans labelled and found, findings made and right."""

    type: str
    labelled: int = 0
    found: int = 0
    findings: int = 0
    right: int = 0

    @property
    def precision(self) -> float | None:
        """The share of findings that are right; None without findings."""
        return self.right / self.findings if self.findings else None

    @property
    def recall(self) -> float | None:
        """The share of spans that are found; None without spans."""
        return self.found / self.labelled if self.labelled else None


def samples(data: bytes, what: str) -> list[Sample]:
    """The lines of a labelled file; InvalidSetting naming the first bad line."""
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            found.append(_sample(line, f"{what}, line {number}"))
    return found


def _sample(line: bytes, where: str) -> Sample:
    try:
        sample = msgspec.json.decode(line, type=Sample)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        hint = '{"text": "...", "spans": [{"start": 0, "end": 5, "type": "email"}]}'
        raise InvalidSetting(
            f"{where} is not a labelled text", hint=f"one a line: {hint}"
        ) from None
    for span in sample.spans:
        if not 0 <= span.start < span.end <= len(sample.text):
            raise InvalidSetting(f"{where} has a span outside of its text", hint="mend the file")
    return sample


def evaluate(
    find: Callable[[str], Iterable[Finding]], labelled: Iterable[Sample], unit: int = 0
) -> list[Score]:
    """A score for each type that is labelled or found, in order of name, and last for `any`."""
    scores: dict[str, Score] = {}
    total = Score(TOTAL)
    for sample in labelled:
        raw = list(find(sample.text))
        covered = search(find, sample.text, unit)
        for span in sample.spans:
            hit = any(one.start <= span.start and span.end <= one.end for one in covered)
            for score in (scores.setdefault(span.type, Score(span.type)), total):
                score.labelled += 1
                score.found += hit
        for one in covered:
            _count(scores, total, one, sample.spans, raw)
    return [*(scores[name] for name in sorted(scores)), total]


def _count(
    scores: dict[str, Score], total: Score, one: Finding, spans: list[Span], raw: list[Finding]
) -> None:
    """A stretch counts under the type of a span it touches if anything in it is of that type."""
    touched = [span for span in spans if span.start < one.end and one.start < span.end]
    kinds = {found.kind for found in raw if found.start < one.end and one.start < found.end}
    right = next((span.type for span in touched if span.type in kinds), None)
    score = scores.setdefault(right or one.kind, Score(right or one.kind))
    score.findings += 1
    score.right += right is not None
    total.findings += 1
    total.right += bool(touched)

"""What a detector finds, and how findings that overlap become stretches to take out.

The rule: offsets count code points; where findings overlap, the union of all of them goes, so that
no tail of any stays; the score only decides whose name the stretch gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Finding(NamedTuple):
    """Something personal from `start` to before `end`, in code points; `score` from 0 to 1."""

    start: int
    end: int
    kind: str
    score: float = 1.0


def union(findings: Iterable[Finding]) -> list[Finding]:
    """Disjoint stretches that cover every finding, in order.

    A stretch bears the name of its best finding: the highest score, then the longest.
    """
    merged: list[Finding] = []
    best: tuple[float, int] = (0.0, 0)
    for finding in sorted(findings):
        rank = (finding.score, finding.end - finding.start)
        last = merged[-1] if merged else None
        if last is None or finding.start >= last.end:
            merged.append(finding)
            best = rank
            continue
        wins = rank > best
        best = max(best, rank)
        named = finding if wins else last
        end = max(last.end, finding.end)
        merged[-1] = Finding(last.start, end, named.kind, named.score)
    return merged

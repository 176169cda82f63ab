"""A question as a person sees it, on every channel the same; and as lines of a page.

The rule: everything that was digested is shown, masked, a name and a value a line; a text of
several lines is shown a line each. What is long stays whole: whoever shows it may page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.codec import rfc3339
from lango_cli.interceptor.actions import is_plain, quoted, shown, visible
from lango_cli.model_approval import PEER, Question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lango_cli.interceptor.actions import Action, Mask
    from lango_cli.interceptor.policy import Verdict


def question_of(
    action: Action, verdict: Verdict, name: str, mask: Mask, asker: str, now: float
) -> Question:
    """The question that this action is; its `until` is still `now`."""
    request = action.request
    return Question(
        id=name,
        tool=visible(mask(request.tool)),
        level=verdict.level,
        why=verdict.why,
        origin=request.origin,
        session=visible(mask(request.session)),
        asker=visible(asker),
        parameters=tuple(
            (visible(mask(path)) or "value", shown(leaf, mask))
            for path, leaf in action.leaves.items()
        ),
        secrets=tuple((quoted(name), visible(how)) for name, how in request.secrets.items()),
        notes=_notes(action),
        digest=action.digest,
        asked=now,
        until=now,
    )


def _notes(action: Action) -> tuple[str, ...]:
    """What a person should know of this request beside what it shows."""
    odd = [path for path, leaf in action.leaves.items() if not is_plain(leaf + path)]
    if not odd:
        return ()
    more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
    named = ", ".join(visible(path) for path in odd[:5]) + more
    return (f"letters outside ASCII, which can look like others, in: {named}",)


def page(question: Question) -> list[str]:
    """All of a question, line by line; the same for every terminal."""
    lines = [f"request {question.id}: {question.tool}, {question.level}"]
    if question.origin == PEER:
        lines.append("it comes from a peer, not from this machine")
    lines.append(f"why: {question.why}")
    lines.append(f"asked by: {question.asker}, {rfc3339(question.asked)}")
    for name, value in question.parameters:
        lines += _lines(name, value)
    lines += [f"secret {name}: handed over as {how}" for name, how in question.secrets]
    lines += [f"note: {note}" for note in question.notes]
    return lines


def _lines(name: str, value: str) -> Iterator[str]:
    """One line, or one for each that a quoted text has, the end of each still to be seen."""
    if not value.startswith('"') or "\\n" not in value:
        yield f"{name}: {value}"
        return
    parts = _cut(value[1:-1])
    yield f"{name}: ({len(parts)} lines)"
    for part in parts:
        yield f'  "{part}"'


def _cut(text: str) -> list[str]:
    r"""The escaped text cut after each newline's `\n`, which a doubled backslash is not."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] != "\\":
            at += 1
            continue
        at += 2
        if text[at - 1] == "n" and at < len(text):
            parts.append(text[start:at])
            start = at
    parts.append(text[start:])
    return parts


def wire(question: Question) -> dict[str, object]:
    """The question as canonical JSON can hold it; times in milliseconds."""
    return {
        "asked": int(question.asked * 1000),
        "asker": question.asker,
        "digest": question.digest,
        "id": question.id,
        "level": question.level,
        "notes": list(question.notes),
        "origin": question.origin,
        "parameters": [list(pair) for pair in question.parameters],
        "secrets": [list(pair) for pair in question.secrets],
        "session": question.session,
        "tool": question.tool,
        "until": int(question.until * 1000),
        "why": question.why,
    }


def unwire(members: dict[str, Any]) -> Question:
    """The question out of `wire`, made visible once more: it came from another process."""
    texts = ("asker", "digest", "id", "level", "origin", "session", "tool", "why")
    return Question(
        **{name: visible(str(members[name])) for name in texts},
        parameters=_pairs(members["parameters"]),
        secrets=_pairs(members["secrets"]),
        notes=tuple(visible(str(note)) for note in members["notes"]),
        asked=int(members["asked"]) / 1000,
        until=int(members["until"]) / 1000,
    )


def _pairs(listed: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((visible(str(name)), visible(str(value))) for name, value in listed)

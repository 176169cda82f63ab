"""What an earlier yes covers: exactly one action, or those that fit a pattern.

The rule: a grant never covers what its giver was not shown. Without patterns it is for one digest.
With patterns every parameter that has none must be the same, the tool, the origin and the secrets
too; a pattern stands in one text, begins with letters that are given, and its stars stand for
harmless characters alone. Matching takes time in proportion to the text, whatever the pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem
from lango_cli.interceptor.actions import TEXT, quoted
from lango_cli.model_approval import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lango_cli.interceptor.actions import Action
    from lango_cli.model_approval import Grant

LIKES, STARS, LENGTH = 8, 4, 1024
"""Patterns in a grant, stars in a pattern, and its characters, at most."""
BEFORE = 3
"""Characters that a pattern gives before its first star, at least."""
REACH = 256
"""Characters that one star stands for at most."""
FIXED = ("argv[0]", "cwd", "command", "program", "sha256")
"""What decides everything else, so no pattern can stand in it."""

_STAR = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~@+=:,-")
_STARS = _STAR | {"/"}


def covers(grant: Grant, action: Action, now: float) -> bool:
    """Whether this grant allows this action at this time (seconds since 1970 UTC)."""
    request = action.request
    if now >= grant.expires or (grant.tool, grant.origin) != (request.tool, request.origin):
        return False
    if grant.scope == SESSION and not (grant.session and grant.session == request.session):
        return False
    if not grant.likes:
        return grant.digest == action.digest
    if grant.secrets != request.secrets or grant.leaves.keys() != action.leaves.keys():
        return False
    return all(
        fits(grant.likes[path], leaf) if path in grant.likes else grant.leaves[path] == leaf
        for path, leaf in action.leaves.items()
    )


def fits(pattern: str, leaf: str) -> bool:
    """Whether a leaf is a text that this pattern stands for."""
    if not leaf.startswith(TEXT):
        return False
    text = leaf[len(TEXT) :]
    places = {0}
    for part in _parts(pattern):
        reach = {"*": _STAR, "**": _STARS}.get(part)
        if reach is None:
            places = {at + len(part) for at in places if text.startswith(part, at)}
        else:
            places = _reached(text, places, reach)
    return len(text) in places and not _climbs(text)


def _reached(text: str, places: Iterable[int], allowed: frozenset[str]) -> set[int]:
    """Every place to which a star that begins at one of `places` may reach."""
    found: set[int] = set()
    left = 0
    starts = set(places)
    for at in range(len(text) + 1):
        if at in starts:
            left = REACH + 1
        if left:
            found.add(at)
            left -= 1
        if at < len(text) and text[at] not in allowed:
            left = 0
    return found


def _climbs(text: str) -> bool:
    """Whether a path in it goes up: what begins with the given letters may then end elsewhere."""
    return ".." in text.replace("\\", "/").split("/")


def _parts(pattern: str) -> list[str]:
    """`a`, `**`, `b`, `*` of `a**b*`."""
    parts: list[str] = []
    for character in pattern:
        last = parts[-1] if parts else ""
        if character == "*" and last == "*":
            parts[-1] = "**"
        elif character == "*":
            parts.append("*")
        elif last and "*" not in last:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def check_likes(likes: Mapping[str, str], action: Action) -> None:
    """UsageProblem where a pattern could cover what its giver cannot judge, or not this action."""
    if len(likes) > LIKES:
        raise UsageProblem(f"more than {LIKES} patterns in one grant", hint="give fewer")
    for path, pattern in likes.items():
        _check_like(path, pattern, action)


def _check_like(path: str, pattern: str, action: Action) -> None:
    leaf = action.leaves.get(path, "")
    parts = _parts(pattern)
    stars = [part for part in parts if part in ("*", "**")]
    given = parts[0] if parts and "*" not in parts[0] else ""
    problem = ""
    if not leaf.startswith(TEXT):
        problem = f"the request has no text called {path}"
    elif path in FIXED:
        problem = f"no pattern can stand in {path}, which decides all the rest"
    elif len(pattern) > LENGTH or not 1 <= len(stars) <= STARS or "***" in pattern:
        problem = f"{path}: a pattern has 1 to {STARS} stars and at most {LENGTH} characters"
    elif len(given) < BEFORE:
        problem = f"{path}: a pattern gives at least {BEFORE} characters before its first star"
    elif "://" in given and "/" not in given.partition("://")[2]:
        problem = f"{path}: a pattern of addresses gives the whole host and the / behind it"
    elif not fits(pattern, leaf):
        problem = f"{path}: this pattern does not stand for what was asked"
    if problem:
        raise UsageProblem(problem, hint="--like 'argv[2]=https://api.example.com/v1/*'")


def reach(likes: Mapping[str, str]) -> list[str]:
    """What patterns cover beyond the action that was shown, a line for each."""
    lines = []
    for path, pattern in likes.items():
        slash = " and /" if "**" in pattern else ""
        lines.append(
            f"{path} may be anything like {quoted(pattern)}, each star up to {REACH} letters,"
            f" digits, ._~@+=:,-{slash}"
        )
    return lines

"""Nested maps as entries: what JSON, YAML and TOML have in common.

The rule: a map in a map is a folder of names (`{"db": {"password": "x"}}` is `db/password`);
what is no text, number or truth value is a problem with its path, and so is a key that stands
twice. Numbers are taken as they are written. Nothing here recurses deeper than `DEPTH_LIMIT`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.formats.entry import DEPTH_LIMIT, Parsed, check_count
from lango_cli.formats.names import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH_SHOWN = 80
"""Characters of a path that a message shows."""


class Pairs(list[tuple[str, Any]]):
    """A map as it stands in the file: its members in order, a repeated one repeated."""

    def get(self, key: str, otherwise: object = None) -> Any:  # noqa: ANN401  # any JSON value
        """The first member of this name."""
        return next((value for name, value in self if name == key), otherwise)


def text_value(value: object) -> str | None:
    """A scalar as text: numbers as they are written, None for what has no one text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) else None


def shown(path: Sequence[str]) -> str:
    """A path for a message: short, on one line."""
    text = one_line(".".join(path))
    return f"at {text if len(text) <= PATH_SHOWN else text[:PATH_SHOWN] + '...'}"


def entries_of(members: Pairs, skip: Sequence[str] = ()) -> Parsed:
    """An entry for each scalar in a map of maps; top-level members in `skip` are left out."""
    parsed = Parsed()
    _walk(Pairs(pair for pair in members if pair[0] not in skip), (), parsed)
    check_count(len(parsed.entries))
    return parsed


def _walk(members: Pairs, path: tuple[str, ...], parsed: Parsed) -> None:
    times: dict[str, int] = {}
    for key, _ in members:
        times[key] = times.get(key, 0) + 1
    for key, value in members:
        here = (*path, key)
        if times[key] > 1:
            parsed.wrong(shown(here), "it stands here more than once")
        elif isinstance(value, Pairs):
            if len(here) >= DEPTH_LIMIT:
                parsed.wrong(shown(here), f"maps nested deeper than {DEPTH_LIMIT}")
            else:
                _walk(value, here, parsed)
        else:
            _scalar(value, here, parsed)


def _scalar(value: object, path: tuple[str, ...], parsed: Parsed) -> None:
    place, name = shown(path), "/".join(path)
    if isinstance(value, bytes):
        entry = parsed.add(name, "", place)
        if entry is not None:
            entry.value = type(entry.value)(value)
        return
    text = text_value(value)
    if text is not None:
        parsed.add(name, text, place)
    elif value is None:
        parsed.wrong(place, "null is no value")
    else:
        parsed.wrong(place, "a list or date is no value; write it as a text, in quotes")

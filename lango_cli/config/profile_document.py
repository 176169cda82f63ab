"""Documents of settings as people hand them over: JSON, checked; and what may be shown of one.

The rule: what is wrong with a file is an error that names it, and never a value of it. Shown in
full is only what is known not to be sensitive: of a setting that is not known, nobody can say.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lango_cli.config.layers import sealed_values
from lango_cli.config.schema import BY_KEY
from lango_cli.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 16 << 20
"""Bytes of a document."""
REDACTED = "[REDACTED]"


def read(data: bytes, where: str) -> dict[str, Any]:
    """The document in these bytes; InvalidSetting for what is no settings."""
    try:
        document = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_never
        )
    except _Twice as err:
        raise InvalidSetting(f"{where}: {err} stands there twice") from None
    except (ValueError, RecursionError):
        raise InvalidSetting(f"{where} is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidSetting(f"{where} is no JSON object")
    sealed_values(document, where)
    return document


class _Twice(Exception):
    """A member that stands twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _Twice(ascii(name[:80]))
        members[name] = value
    return members


def _never(_text: str) -> float:
    raise ValueError("no number")


def redacted(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The document with `[REDACTED]` for every value but those of settings that lango knows."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        key = f"{prefix}{name}"
        if key in BY_KEY:
            found[name] = value
        elif isinstance(value, dict):
            found[name] = redacted(value, f"{key}.")
        else:
            found[name] = REDACTED
    return found


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value with its dotted name; an empty table is a value."""
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, old value, new value of what differs, as JSON; empty where it is not set."""
    old, new = dict(flat(before)), dict(flat(after))
    return [
        (key, _text(old, key), _text(new, key))
        for key in sorted(old.keys() | new.keys())
        if (key in old) != (key in new) or old[key] != new[key]
    ]


def _text(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key], ensure_ascii=False) if key in values else ""

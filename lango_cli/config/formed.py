"""The kinds of values that only `declared` settings have, loaded when one of them is checked.

The rule: a value is kept as a text. A list, a table or anything free is its JSON, in one spelling,
so that equal values are equal texts. A reference (`${VAR}`, `{{secret:NAME}}`) stands for a text
whose form cannot be known before it is used. What takes a module to check loads it for that value
alone: `lango settings get` checks everything that is set.
"""

from __future__ import annotations

from lango_cli.codec import json_text, parse_json
from lango_cli.config.kinds import JSON_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LISTS = ("list", "regexes", "rules")
UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_ACTIONS = ("allow", "deny")
_RULE = {"peerDid", "action", "tools", "rateLimit"}


def formed(kind: str, text: str) -> str | int | None:
    """The value of one of these kinds, or None if the text is none of it."""
    if kind in JSON_KINDS:
        return _from_json(kind, text)
    if _refers(text):
        return text if kind in ("url", "path") else None
    if kind == "size":
        return _size(text)
    if kind == "decimal":
        return text if not text or _is_decimal(text) else None
    if kind == "url":
        return text if not text or _is_url(text) else None
    return None if "\0" in text else text


def dump(value: object) -> str:
    """A JSON value in the one spelling."""
    return json_text(value, ", ", ": ")


def _refers(text: str) -> bool:
    if "${" not in text and "{{" not in text:
        return False
    from lango_cli.config.forms import REFERENCE

    return REFERENCE.search(text) is not None


def _size(text: str) -> int | None:
    """Bytes of `512KiB`; None for anything else."""
    digits = text.rstrip("BKMGTi")
    unit = text[len(digits) :]
    return int(digits) * UNITS[unit] if _is_number(digits, 9) and unit in UNITS else None


def _is_decimal(text: str) -> bool:
    whole, point, part = text.partition(".")
    return _is_number(whole, 18) and (not point or _is_number(part, 18))


def _is_number(text: str, longest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= longest


def _from_json(kind: str, text: str) -> str | None:
    if not text:
        return dump([] if kind in LISTS else {})
    try:
        value = parse_json(text.strip(" \t\r\n"))
        return dump(value) if fits(kind, value) else None
    except (ValueError, RecursionError):
        return None


def fits(kind: str, value: Any) -> bool:  # noqa: ANN401  # what JSON holds
    """Whether a JSON value is one of this kind."""
    if kind == "free":
        return True
    if kind == "map":
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if not isinstance(value, list):
        return False
    if kind == "rules":
        return all(map(_is_rule, value))
    texts = all(isinstance(one, str) for one in value)
    return texts and (kind == "list" or all(map(_is_regex, value)))


def _is_rule(value: object) -> bool:
    """A rule of the firewall, as the reference writes them."""
    if not isinstance(value, dict) or not set(value) <= _RULE:
        return False
    tools, rate = value.get("tools", []), value.get("rateLimit", 0)
    return (
        isinstance(value.get("peerDid"), str)
        and value.get("action") in _ACTIONS
        and fits("list", tools)
        and isinstance(rate, int)
        and not isinstance(rate, bool)
        and rate >= 0
    )


def _is_regex(text: str) -> bool:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error:
        return False
    return True


def _is_url(text: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

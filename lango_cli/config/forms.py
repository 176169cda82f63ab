"""The kinds of values that only `declared` settings have, loaded when one of them is checked.

The rule: a value is kept as a text. A list, a table or anything free is its JSON, in one spelling,
so that equal values are equal texts. A reference (`${VAR}`, `{{secret:NAME}}`) stands for a text
whose form cannot be known before it is used.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from lango_cli.config.kinds import JSON_KINDS

LISTS = ("list", "regexes", "rules")
UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\{\{secret:[^{}\r\n]+\}\}")
_SIZE = re.compile(r"([0-9]{1,9})([KMGT]iB|B|)")
_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_ACTIONS = ("allow", "deny")
_RULE = {"peerDid", "action", "tools", "rateLimit"}


def formed(kind: str, text: str) -> str | int | None:
    """The value of one of these kinds, or None if the text is none of it."""
    if kind in JSON_KINDS:
        return _from_json(kind, text)
    if REFERENCE.search(text):
        return text if kind in ("url", "path") else None
    if kind == "size":
        found = _SIZE.fullmatch(text)
        return None if found is None else int(found[1]) * UNITS[found[2]]
    if kind == "decimal":
        return text if not text or _DECIMAL.fullmatch(text) else None
    if kind == "url":
        return text if not text or _is_url(text) else None
    return None if "\0" in text else text


def dump(value: object) -> str:
    """A JSON value in the one spelling."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def _from_json(kind: str, text: str) -> str | None:
    if not text:
        return dump([] if kind in LISTS else {})
    try:
        value = json.loads(text)
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
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

"""Settings as a document: nested JSON, from flat names and back.

The rule: a document is read strictly (UTF-8, no name twice, no NaN, no deeper than `DEEPEST`, no
longer than `LIMIT`), and everything that is wrong in it is said at once, each with its path and
the nearest known name, never with a value. A duration or size stays as people write it. What is
empty in a document is an empty value and no default.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lango_cli.config.declared import everything, locate, nearest
from lango_cli.config.durations import spelled
from lango_cli.config.finding import flat
from lango_cli.config.forms import REFERENCE
from lango_cli.config.kinds import JSON_KINDS, STRUCTURED, WORDS, may_refer
from lango_cli.config.references import deferred
from lango_cli.config.rules import broken
from lango_cli.config.texts import text_of
from lango_cli.errors import InvalidSetting, LangoError, TooLarge, UnknownSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lango_cli.config.setting import Setting

LIMIT = 10 << 20
"""Bytes of a document."""
DEEPEST = 64
SHOWN = 50
"""Problems that one message names."""
REDACTED = "[REDACTED]"


def read(data: bytes, where: str) -> dict[str, Any]:
    """The document in these bytes; InvalidSetting or TooLarge."""
    if len(data) > LIMIT:
        raise TooLarge(f"{where} is over {LIMIT} bytes")
    try:
        found = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_no_number
        )
    except InvalidSetting as err:
        raise InvalidSetting(f"{where}: {err.message}") from None
    except json.JSONDecodeError as err:
        raise InvalidSetting(
            f"{where} is not JSON: line {err.lineno}, column {err.colno}"
        ) from None
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError:
        raise InvalidSetting(f"{where} is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise InvalidSetting(f"{where} has no object at its top")
    if _depth(found) > DEEPEST:
        raise _too_deep(where)
    return found


def _too_deep(where: str) -> InvalidSetting:
    return InvalidSetting(f"{where} is over {DEEPEST} levels deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidSetting(f"{twice} stands twice in one object")
    return members


def _no_number(_text: str) -> float:
    raise InvalidSetting("NaN and Infinity are no JSON")


def _depth(value: object) -> int:
    """Levels of a document that was parsed, without going down it by calls."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, level = waiting.pop()
        deepest = max(deepest, level)
        inside = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        waiting.extend((part, level + 1) for part in inside if isinstance(part, dict | list))
    return deepest


def defaults() -> dict[str, Any]:
    """What every setting has before anybody sets it; names with free parts have nothing then."""
    return {one.key: to_json(one, one.default) for one in everything() if "<" not in one.key}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The document of these names and values, its names in byte order."""
    document: dict[str, Any] = {}
    for key in sorted(values):
        put(document, key, values[key])
    return document


def put(document: dict[str, Any], key: str, value: object) -> None:
    """Set one value in a document; InvalidSetting where its path goes through another value."""
    *path, last = key.split(".")
    for name in path:
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            raise InvalidSetting(f"{key} would go through {name}, which has a value")
    document[last] = value


def take(document: dict[str, Any], key: str) -> bool:
    """Remove one value, and what is empty above it; whether it was there."""
    name, _, rest = key.partition(".")
    if not rest or name not in document:
        return document.pop(name, None) is not None
    below_it = document[name]
    found = isinstance(below_it, dict) and take(below_it, rest)
    if found and not below_it:
        del document[name]
    return found


def look(document: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401  # what JSON holds
    """One value of a document; None where it has none."""
    found: Any = document
    for name in key.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def problems(document: Mapping[str, Any]) -> list[LangoError]:
    """Everything that is wrong in a document on its own, each as an error that names its path."""
    found, good = sifted(document)
    return found + [InvalidSetting(one.text) for one in broken(good, defaults())]


def sifted(document: Mapping[str, Any]) -> tuple[list[LangoError], dict[str, Any]]:
    """What is wrong with single values of a document, and those that are right, by name."""
    found: list[LangoError] = []
    good: dict[str, Any] = {}
    for key, value in flat(document):
        setting = locate(key)
        if setting is None:
            near = nearest(key)
            found.append(
                UnknownSetting(
                    f"there is no setting {key}" + (f" (is it {near}?)" if near else "")
                )
            )
            continue
        try:
            good[key] = to_json(setting, to_text(setting, value))
        except InvalidSetting as err:
            found.append(InvalidSetting(f"{err.message}: it takes {setting.takes()}"))
    return found, good


def refuse(found: list[LangoError], where: str) -> None:
    """Raise one error that says all of these; nothing for none."""
    if not found:
        return
    said = "; ".join(err.message for err in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise type(found[0])(f"{where}: {said}{more}", hint="lango settings describe KEY")


def to_text(setting: Setting, value: Any) -> str:  # noqa: ANN401  # what JSON holds
    """A JSON value as the setting's text, checked; InvalidSetting, which holds no value."""
    text = text_of(setting, value)
    if may_refer(text) and deferred(setting, text, "") and setting.kind not in STRUCTURED:
        return text
    try:
        setting.parse(text, "value")
    except InvalidSetting as err:
        raise InvalidSetting(f"{setting.key} cannot have this value", hint=err.hint) from None
    return text


def to_json(setting: Setting, text: str) -> Any:  # noqa: ANN401  # what JSON holds
    """The setting's text as the value that a document has; references stay text."""
    if setting.kind not in STRUCTURED and may_refer(text) and REFERENCE.search(text):
        return text
    return from_text(setting, text)


def from_text(setting: Setting, text: str) -> Any:  # noqa: ANN401  # what JSON holds
    """The same of a text in which nothing is a reference, whatever it looks like."""
    kind = setting.kind
    if kind in JSON_KINDS:
        parsed = setting.parse(text, "value")
        return json.loads(str(parsed))
    if kind == "table":
        pairs = (line.partition("=") for line in text.split("\n") if line)
        return {name: one for name, _, one in pairs}
    if kind in WORDS:
        words = setting.parse(text, "value") if text else ()
        return list(words) if isinstance(words, tuple) else []
    if kind == "switch":
        return text == "true"
    if kind == "count" or (kind == "choice" and text.isascii() and text.isdigit()):
        return int(text)
    if kind == "duration":
        return spelled(text)
    return float(text) if kind == "fraction" else text


def redacted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what is secret, and without free values, of which nobody knows."""
    found = {}
    for key, value in values.items():
        setting = locate(key)
        hidden = setting is None or setting.secret or setting.kind == "free" or _refers(value)
        found[key] = REDACTED if hidden else value
    return found


def _refers(value: object) -> bool:
    return REFERENCE.search(json.dumps(value, ensure_ascii=False)) is not None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, old value, new value of what differs, as JSON; empty where it is not set."""
    old, new = dict(flat(before)), dict(flat(after))
    return [
        (key, _shown(old, key), _shown(new, key))
        for key in sorted(old.keys() | new.keys())
        if (key in old) != (key in new) or old[key] != new[key]
    ]


def _shown(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key], ensure_ascii=False) if key in values else ""

"""All settings as a JSON Schema (draft 2020-12), for editors and other checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.config.declared import everything
from lango_cli.config.document import to_json
from lango_cli.config.durations import UNITS
from lango_cli.config.kinds import STRUCTURED, WORDS

if TYPE_CHECKING:
    from lango_cli.config.setting import Setting

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FREE_PART = "^[A-Za-z0-9_:/-]{1,128}$"
"""What a free part of a name is; a dot would divide it."""
_VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
_REFERENCE = rf"{_VARIABLE}|\{{\{{secret:[^{{}}\r\n]+\}}\}}"
_TEXTS = {"type": "array", "items": {"type": "string"}}
_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["peerDid", "action"],
    "properties": {
        "peerDid": {"type": "string"},
        "action": {"enum": ["allow", "deny"]},
        "tools": _TEXTS,
        "rateLimit": {"type": "integer", "minimum": 0},
    },
}
_KINDS: dict[str, dict[str, Any]] = {
    "switch": {"type": "boolean"},
    "size": {"type": ["string", "integer"], "pattern": "^[0-9]{1,9}([KMGT]iB|B)?$"},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1},
    "decimal": {"type": "string", "pattern": r"^([0-9]{1,18}(\.[0-9]{1,18})?)?$"},
    "url": {"type": "string", "pattern": rf"^$|^https?://|{_REFERENCE}"},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "table": {"type": "object", "additionalProperties": {"type": "string"}},
    "rules": {"type": "array", "items": _RULE},
    "list": _TEXTS,
    "regexes": _TEXTS,
    "free": {},
}


def schema() -> dict[str, Any]:
    """The schema of a whole document."""
    top: dict[str, Any] = {"$schema": DRAFT, "title": "lango settings", **_folder()}
    for setting in everything():
        at = top
        *path, last = setting.key.removesuffix(".*").split(".")
        for name in path:
            at = _inside(at, name)
        if last.startswith("<"):
            at.setdefault("patternProperties", {})[FREE_PART] = leaf(setting)
        else:
            at["properties"][last] = leaf(setting)
    return top


def _folder() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _inside(at: dict[str, Any], name: str) -> dict[str, Any]:
    holder, key = ("patternProperties", FREE_PART) if name[0] == "<" else ("properties", name)
    found: dict[str, Any] = at.setdefault(holder, {}).setdefault(key, _folder())
    return found


def leaf(setting: Setting) -> dict[str, Any]:
    """What one setting takes."""
    found: dict[str, Any] = {"description": setting.doc, **_takes(setting)}
    if setting.key != "apps.<name>.*":
        found["default"] = to_json(setting, setting.default)
    if setting.secret:
        found["writeOnly"] = True
    return found


def _takes(setting: Setting) -> dict[str, Any]:
    """What it takes, a reference among it where it may have one."""
    plain = _kind(setting)
    text = plain.get("type") == "string" and "pattern" not in plain
    if text or setting.guarded or setting.kind in (*STRUCTURED, *WORDS, "url"):
        return plain
    reference = _VARIABLE if setting.bootstrap else _REFERENCE
    return {"anyOf": [plain, {"type": "string", "pattern": reference}]}


def _kind(setting: Setting) -> dict[str, Any]:
    if setting.kind == "count":
        return {"type": "integer", "minimum": setting.low, "maximum": setting.high}
    if setting.kind == "choice":
        return {"enum": [to_json(setting, word) for word in setting.choices]}
    if setting.kind in WORDS:
        some = {"enum": list(setting.choices)} if setting.kind == "order" else {"type": "string"}
        unique = {} if setting.kind == "command" else {"uniqueItems": True}
        return {"type": "array", "items": some, **unique}
    if setting.kind == "duration":
        return {"type": "string", "pattern": _duration(setting)}
    return dict(_KINDS.get(setting.kind, {"type": "string"}))


def _duration(setting: Setting) -> str:
    """The form of a duration, without its bounds; zero is none where nothing is the least."""
    some = "" if setting.endless and not setting.low else "(?=.*[1-9])"
    units = "".join(f"([0-9]{{1,12}}{unit})?" for unit in UNITS)
    return f"^({'forever|' if setting.endless else ''}(?=.){some}{units})$"

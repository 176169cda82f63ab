"""What an application's JSON Schema says of its settings.

The rule: a schema is one document of draft 2020-12, judged before it judges: it refers to nothing
outside itself, and its patterns are RE2, which takes linear time. What is wrong is said with the
path and the schema's keyword, in words of lango's own, because the library's hold values. A text
that refers to a variable or a secret is given, and what it will say is not guessed. What a schema
marks `writeOnly` or `format: password` is sensitive: only a reference is taken for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lango_cli.config.kinds import may_refer
from lango_cli.config.references import is_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.protocols import Validator

LARGEST = 256 << 10
"""Bytes of a schema."""
SHOWN = 50
"""What is said of one application."""
REFERRING = ("$ref", "$dynamicRef")
UNTAKEN = ("patternProperties", "unevaluatedProperties", "$id")
"""Keywords that the library reads with Python's patterns, or that lead elsewhere."""
BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the library raises for numbers without measure, and where a schema leads to none."""
UNJUDGED = (
    "cannot be judged: its schema leads to no schema or has no end, or a number is too large"
)
SENSITIVE = ("writeOnly", "format")
DIALECT = "$schema"
"""Where it stands, the library goes on as it is by itself: with Python's patterns, and with no
value that is sensitive. A `$ref` to the whole schema leads to that at its top."""


def unfit(schema: object) -> str:
    """Why this cannot be an application's schema; empty if it can."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if len(json.dumps(schema)) > LARGEST:
        return f"is over {LARGEST} bytes"
    for keyword, value in _keywords(schema):
        if keyword in UNTAKEN:
            return f"has {keyword}, which is not taken"
        if keyword in REFERRING and not (isinstance(value, str) and value[:1] == "#"):
            return f"has a {keyword} to something outside itself"
        if keyword == "pattern" and isinstance(value, str) and _compiled(value) is None:
            return "has a pattern that is no expression of RE2"
    if any(keyword == DIALECT and isinstance(value, str) for keyword, value in _below(schema)):
        return f"has a {DIALECT} below its top"
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError):
        return "is no JSON Schema of draft 2020-12"
    return ""


def faults(schema: object, values: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Path, what is wrong there, and whether something is only missing."""
    from referencing.exceptions import Unresolvable

    found: list[tuple[str, str, bool]] = []
    try:
        for error in _validator(schema).iter_errors(values):
            if len(found) == SHOWN:
                break
            keyword, path = str(error.validator), ".".join(map(str, error.absolute_path))
            if keyword in SENSITIVE:
                said = "is sensitive by its schema, which takes a reference alone"
            elif isinstance(error.instance, str) and may_refer(error.instance):
                continue
            else:
                said = f"breaks the rule {keyword} of its schema"
            found.append((path, said, keyword == "required"))
    except (*BROKEN, Unresolvable):
        return [("", UNJUDGED, False)]
    return found


def _below(schema: object) -> Iterator[tuple[str, object]]:
    """What `_keywords` has, but for the members of the schema itself."""
    return _keywords(list(schema.values()) if isinstance(schema, dict) else schema)


def _keywords(schema: object) -> Iterator[tuple[str, object]]:
    """Every member of every object in a schema, without going down it by calls."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one.items()
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _compiled(pattern: str) -> Any:  # noqa: ANN401  # re2 has no types
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


def _validator(schema: object) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry

    def pattern(_of: object, expression: str, value: object, _in: object) -> Iterator[Any]:
        if isinstance(value, str) and _compiled(expression).search(value) is None:
            yield ValidationError("pattern")

    def sensitive(_of: object, marked: object, value: object, _in: object) -> Iterator[Any]:
        if marked in (True, "password") and not (isinstance(value, str) and is_reference(value)):
            yield ValidationError("sensitive")

    words = {"pattern": pattern, "writeOnly": sensitive, "format": sensitive}
    kind = extend(Draft202012Validator, words)
    if isinstance(schema, dict):
        schema = {keyword: value for keyword, value in schema.items() if keyword != DIALECT}
    return kind(schema, registry=Registry())

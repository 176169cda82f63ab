"""`appSchemas.<name>`: what it may be, what it refuses, what it never says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.config.document import defaults
from lango_cli.config.rules import broken
from lango_cli.errors import InvalidSetting
from lango_cli.wiring.settings_rules import Whole
from tests.config.test_profile_layer import flags, opened
from tests.config.test_profile_layer import place as place
from tests.vault.conftest import few_rounds as few_rounds

if TYPE_CHECKING:
    from tests.vault.place import Place

KEY, APP = "appSchemas.web", "apps.web"
SCHEMA = {
    "required": ["port"],
    "properties": {
        "port": {"type": "integer", "maximum": 9000},
        "name": {"$ref": "#/$defs/name"},
        "token": {"type": "string", "writeOnly": True},
        "pin": {"format": "password"},
    },
    "$defs": {"name": {"pattern": "^[a-z]{2,4}$"}},
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
GOOD: dict[str, Any] = {"port": 1, "name": "abc", "token": "{{secret:t}}", "pin": "${PIN}"}


def said(schema: object, settings: object) -> list[str]:
    return [one.text for one in broken({KEY: schema, APP: settings}, defaults())]


def test_what_keeps_to_its_schema_is_taken() -> None:
    assert said(SCHEMA, GOOD) == []
    assert said({}, {"anything": 1}) == []
    assert said(SCHEMA, GOOD | {"name": "${NAME}", "port": "{{secret:port}}"}) == []


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"port": "hunter2"}, "apps.web.port breaks the rule type"),
    "range": ({"port": 9001}, "apps.web.port breaks the rule maximum"),
    "pattern": ({"name": "hunter2"}, "apps.web.name breaks the rule pattern"),
    "write only": ({"token": "hunter2"}, "apps.web.token is sensitive"),
    "password": ({"pin": "a hunter2 ${X}"}, "apps.web.pin is sensitive"),
}


@pytest.mark.parametrize(("change", "expected"), WRONG.values(), ids=WRONG)
def test_path_and_rule_are_said_and_no_value(change: dict[str, Any], expected: str) -> None:
    (text,) = said(SCHEMA, GOOD | change)
    assert text.startswith(expected)
    assert "hunter2" not in text


UNFIT: dict[str, tuple[object, str]] = {
    "no schema": (5, "no JSON Schema"),
    "no type": ({"type": "hunter2"}, "no JSON Schema"),
    "far": ({"$ref": "https://schemas.example/x"}, "outside itself"),
    "a file": ({"items": {"$ref": "file:///etc/passwd"}}, "outside itself"),
    "another base": ({"$id": "https://schemas.example/", "$ref": "#"}, "$id"),
    "python's patterns": ({"patternProperties": {"(a+)+$": {}}}, "patternProperties"),
    "look behind": ({"pattern": "(?<=a)b"}, "no expression of RE2"),
    "a dialect of its own": (
        {"properties": {"a": {"$schema": DIALECT, "pattern": "^(a+)+$"}}},
        "$schema below its top",
    ),
    "large": ({"title": "x" * (257 << 10)}, "over 262144 bytes"),
    "round": ({"$ref": "#"}, "cannot be judged"),
    "to no schema": ({"$ref": "#/x", "x": 5}, "cannot be judged"),
    "beyond numbers": ({"properties": {"a": {"multipleOf": 0.5}}}, "cannot be judged"),
    "nowhere": ({"$ref": "#/$defs/none"}, "cannot be judged"),
}


@pytest.mark.parametrize(("schema", "expected"), UNFIT.values(), ids=UNFIT)
def test_a_schema_that_cannot_judge_is_refused(schema: object, expected: str) -> None:
    (text,) = said(schema, {"a": 10**400})
    assert expected in text
    assert "hunter2" not in text


def test_a_pattern_takes_linear_time() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}}
    assert said(schema, {"a": "a" * 50_000 + "!"}) == [
        "apps.web.a breaks the rule pattern of its schema"
    ]


def test_a_schema_that_leads_to_itself_judges_there_as_at_its_top() -> None:
    schema = {
        "$schema": DIALECT,
        "properties": {
            "next": {"$ref": "#"},
            "token": {"writeOnly": True},
            "name": {"pattern": "^(a+)+$"},
        },
    }
    assert said(schema, {"next": {"next": {"token": "hunter2"}}}) == [
        "apps.web.next.next.token is sensitive by its schema, which takes a reference alone"
    ]
    assert said(schema, {"next": {"name": "a" * 50_000 + "!"}}) == [
        "apps.web.next.name breaks the rule pattern of its schema"
    ]
    assert said(schema, {"next": {"token": "{{secret:t}}", "name": "aa"}}) == []


def test_what_is_required_may_come_with_the_next_command_and_not_be_taken_away_unsaid(
    place: Place,
) -> None:
    with opened(place) as vault:
        vault.profiles.write("default", {"appSchemas": {"web": SCHEMA}})
        first = Whole(flags(place), vault.profiles, {"apps.web.name": "abc"})
        first()
        assert first.missing == ["apps.web breaks the rule required of its schema"]
        with pytest.raises(InvalidSetting, match="required"):
            Whole(flags(place), vault.profiles, {"apps.web.name": "abc"}, whole=True)()
        with pytest.raises(InvalidSetting, match=r"apps\.web\.port breaks the rule maximum"):
            Whole(flags(place), vault.profiles, {"apps.web.port": 9001})()
        held = {"appSchemas": {"web": SCHEMA}, "apps": {"web": {"port": 1}}}
        vault.profiles.write("default", held)
        away = Whole(flags(place), vault.profiles, {"apps.web.port": None})
        away()
        assert away.missing == ["apps.web breaks the rule required of its schema"]
        Whole(flags(place), vault.profiles, {"server.port": 1}, whole=True)()

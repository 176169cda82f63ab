"""One form for every action: no two alike, nothing of it invisible."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import ApprovalDenied
from lango_cli.interceptor.actions import action_of, quoted, shown
from lango_cli.interceptor.policy import Rules, judge
from lango_cli.interceptor.questions import page, question_of, unwire, wire
from lango_cli.model_approval import ApprovalRequest

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(st.text(), VALUES, max_size=4)
HIDDEN = "\x00\x1b\x7f\x9b\xad\u200b\u200e\u202e\u2066\ufeff\u3164\u2800\ufe0f\U000e0041\u2028\xa0"


def leaves(parameters: Any) -> dict[str, str]:
    return dict(action_of(ApprovalRequest("run", parameters)).leaves)


def digest(parameters: Any, **members: Any) -> str:
    return action_of(ApprovalRequest("run", parameters, **members)).digest


def exactly(value: Any) -> Any:
    """A value as JSON tells them apart: 1, 1.0 and True are three."""
    if isinstance(value, dict):
        return {name: exactly(member) for name, member in value.items()}
    if isinstance(value, list):
        return [exactly(member) for member in value]
    return (type(value).__name__, repr(value))


@given(MAPS, MAPS)
def test_two_actions_have_one_digest_only_if_they_are_one(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (exactly(one) == exactly(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": True}, {"a": "true"}),
        ({"a": None}, {"a": "null"}),
        ({"a.b": "x"}, {"a": {"b": "x"}}),
        ({"a[0]": "x"}, {"a": ["x"]}),
        ({"a": []}, {"a": {}}),
        ({"a": ["x y"]}, {"a": ["x", "y"]}),
        ({"a": "x"}, {"a": "x "}),
        ({"a": "x"}, {"a": "x\u200b"}),
    ],
)
def test_what_looks_alike_is_not_one_action(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_secrets_origin_and_tool_are_part_of_the_action() -> None:
    plain = digest({"a": 1})
    assert digest({"a": 1}, secrets={"x": "env A"}) != plain
    assert digest({"a": 1}, secrets={"x": "env A"}) != digest({"a": 1}, secrets={"x": "stdin"})
    assert digest({"a": 1}, origin="peer") != plain
    assert action_of(ApprovalRequest("other", {"a": 1})).digest != plain
    assert digest({"b": 2, "a": 1}) == digest({"a": 1, "b": 2})


@given(st.text())
def test_a_shown_text_has_nothing_hidden_in_it_and_can_be_read_back(text: str) -> None:
    said = quoted(text)
    assert not [c for c in said if c in HIDDEN or unicodedata.category(c)[0] == "C"]
    assert "\n" not in said
    back = said[1:-1] if said.startswith('"') else said
    out, at = "", 0
    while at < len(back):
        if back[at] != "\\":
            out, at = out + back[at], at + 1
            continue
        kind = back[at + 1]
        if kind == "x":
            out, at = out + chr(int(back[at + 2 : at + 4], 16)), at + 4
        elif kind == "u":
            end = back.index("}", at)
            out, at = out + chr(int(back[at + 3 : end], 16)), end + 1
        else:
            out, at = out + {"n": "\n", "t": "\t", "r": "\r"}.get(kind, kind), at + 2
    assert out == text


@pytest.mark.parametrize("character", HIDDEN)
def test_each_hidden_character_is_made_visible(character: str) -> None:
    assert character not in quoted(f"a{character}b")
    assert "\\" in quoted(f"a{character}b")


@pytest.mark.parametrize("text", ["5", "-5", "true", "null", "", "{}", "nan", "a b", '"', "\\"])
def test_a_text_that_could_be_taken_for_something_else_is_quoted(text: str) -> None:
    assert quoted(text).startswith('"')


def test_a_long_gap_cannot_push_the_rest_out_of_sight() -> None:
    assert "    " not in quoted("ls" + " " * 500 + "; rm -rf ~")


@pytest.mark.parametrize(
    "parameters",
    [
        {"a": "x" * (1 << 20)},
        {"a": ["x"] * 10_001},
        {"a": b"bytes"},
        {"a": {1: "x"}},
        {"a": object()},
    ],
)
def test_what_cannot_be_shown_is_denied(parameters: Any) -> None:
    with pytest.raises(ApprovalDenied):
        action_of(ApprovalRequest("run", parameters))


def test_what_is_nested_too_deeply_is_denied() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ApprovalDenied):
        action_of(ApprovalRequest("run", {"a": deep}))


def test_values_are_masked_and_the_digest_is_of_what_is_real() -> None:
    assert shown(leaves({"a": "token hunter2"})["a"], lambda t: t.replace("hunter2", "[S]")) == (
        '"token [S]"'
    )
    assert digest({"a": "hunter2"}) != digest({"a": "[S]"})


@given(MAPS)
def test_a_question_goes_over_the_wire_whole_and_every_line_of_it_is_one_line(
    parameters: Any,
) -> None:
    request = ApprovalRequest("run", parameters, session="s\x1b", secrets={"a/b": "env T"})
    action = action_of(request)
    verdict = judge(Rules(True), "run")
    question = question_of(action, verdict, "0a", lambda text: text, "pid 1", 1.5)
    assert unwire(wire(question)) == question
    lines = page(question)
    assert all("\n" not in line and "\x1b" not in line for line in lines)
    assert len(lines) >= 3 + len(question.parameters)
    assert any("handed over as env T" in line for line in lines)


def test_a_text_of_several_lines_is_shown_a_line_each() -> None:
    action = action_of(ApprovalRequest("write", {"content": "one\ntwo\\n\nthree"}))
    verdict = judge(Rules(True), "write")
    lines = page(question_of(action, verdict, "0a", lambda text: text, "pid 1", 0))
    assert lines[-4:] == [
        "content: (3 lines)",
        '  "one\\n"',
        '  "two\\\\n\\n"',
        '  "three"',
    ]

"""Patterns of the person's own: checked when they are read, harmless when they run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import InvalidSetting
from lango_cli.interceptor.pii import custom
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.finding import Finding


def find(expression: str, text: str) -> list[str]:
    """What one pattern finds."""
    detector = Detector(custom.patterns({"own": expression}, "here"))
    return [text[one.start : one.end] for one in detector.find(text)]


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        "[",
        "a**",
        r"(?<=a)b",
        r"(a)\1",
        "(?P<x",
        "",
        "x" * 2001,
        "(((a{1000}){1000}){1000})",
        r"((\pL{1,100}){1,9}){1,9}",
        "x*",
        r"\Astart",
        r"end\z",
        r"(?-m:^a)",
        "\udcff",
        r"\C",
    ],
)
def test_a_bad_expression_is_refused_by_the_name_of_its_pattern(expression: str) -> None:
    with pytest.raises(InvalidSetting, match=r"here: pattern own "):
        custom.patterns({"own": expression}, "here")


@pytest.mark.parametrize("name", ["email", "jwt", "", "a b", "9", "x" * 41, "a\nb"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting):
        custom.patterns({name: "x"}, "here")


def test_too_many_are_refused() -> None:
    with pytest.raises(InvalidSetting):
        custom.patterns({f"own{number}": "x" for number in range(101)}, "here")


@pytest.mark.parametrize(
    "bomb", [r"(a+)+$", r"(a|aa)+$", r"(a|a)*b", r"(.*)*x", r"(x+x+)+y", r"([a-zA-Z]+)*\d"]
)
def test_what_blows_up_other_engines_is_linear_here(bomb: str) -> None:
    detector = Detector(custom.patterns({"own": bomb}, "here"))

    def spent(length: int) -> float:
        begun = time.process_time()
        detector.find("a" * length + "!")
        return time.process_time() - begun

    # 2**30 steps for a backtracking engine at thirty letters; here 60,000 are a moment's work.
    assert spent(60_000) < 60


def test_one_never_reaches_over_the_end_of_a_line() -> None:
    assert find(r"(?s)a.*b", "a 1\n2 b\na x b\n") == ["a x b"]
    assert find(r"a\s+b", "a\nb a b") == ["a b"]
    assert find("^ab$", "xab\nab\nabx") == ["ab"]


def test_all_of_a_match_goes_whatever_groups_it_has() -> None:
    assert find(r"EMP-(\d)(\d+)", "is EMP-123456, ok") == ["EMP-123456"]


def test_a_match_of_nothing_is_no_finding() -> None:
    assert find(r"\b", "a zz b") == []


def test_offsets_are_code_points() -> None:
    detector = Detector(custom.patterns({"own": "김[가-힣]{2}"}, "here"))
    assert detector.find("🙂 é 김민수") == [Finding(4, 7, "own")]


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_pattern_or_our_error(expression: str, text: str) -> None:
    try:
        find(expression, text)
    except InvalidSetting:
        return

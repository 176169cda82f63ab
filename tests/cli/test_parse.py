"""Words that stand for durations, dates and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli import parse
from lango_cli.errors import UsageProblem

NOON = 1_780_315_200.0  # 2026-06-01T12:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("12h", 43_200),
        ("90d", 7_776_000),
        ("2w", 1_209_600),
        ("1h30m", 5400),
        ("2d12h", 216_000),
        ("1w6d23h59m59s", 1_209_599),
        ("36h", 129_600),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_sum_of_numbers_with_units(text: str, seconds: int) -> None:
    assert parse.duration(text, "--x") == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "d", "-1d", "1.5h", "1 d", "5y", "1d5", "٣d", "9" * 13 + "s", "999999999d"),
        *("1h1h", "30m1h", "1h90m", "1h60m", "1H", "1h 30m", "1h30"),
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="--x takes a duration"):
        parse.duration(text, "--x")


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5.0), ("0.25", 0.25), ("2m", 120.0), ("500ms", 0.5)]
)
def test_a_time_to_wait_may_have_a_fraction(text: str, seconds: float) -> None:
    assert parse.seconds(text, "--x") == seconds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1d", NOON + 86_400),
        ("2026-06-01", NOON - 43_200),
        ("2026-06-01T12:00:00Z", NOON),
        ("2026-06-01T12:00:00", NOON),
        ("2026-06-01t14:00:00+02:00", NOON),
    ],
)
def test_a_moment_is_a_date_a_time_or_a_duration_from_now(text: str, moment: float) -> None:
    assert parse.moment(text, NOON, "--x") == moment


@pytest.mark.parametrize("text", ["", "2026", "2026-13-01", "2026-02-30", "1999-1-1", "tomorrow"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="--x takes a date or a duration"):
        parse.moment(text, NOON, "--x")


@given(st.text())
def test_whatever_is_typed_is_read_or_refused_in_words_of_ours(text: str) -> None:
    readers = (
        lambda: parse.duration(text, "--x"),
        lambda: parse.seconds(text, "--x"),
        lambda: parse.moment(text, NOON, "--x"),
        lambda: parse.whole(text, "--x"),
        lambda: parse.text(text, "--x"),
        lambda: parse.choice(text, "--x", ("auto",)),
    )
    messages = set()
    for read in readers:
        try:
            read()
        except UsageProblem as err:
            messages.add(err.message)
    assert messages <= {
        "--x takes a duration",
        "--x takes a date or a duration",
        "--x takes a whole number from 0",
        "--x is not valid UTF-8",
        "--x takes one of: auto",
    }


@pytest.mark.parametrize("text", ["", "-1", "x", "٣", "2147483648", "4294967296", "9" * 30])
def test_no_system_has_such_a_descriptor(text: str) -> None:
    with pytest.raises(UsageProblem, match="number of an open descriptor"):
        parse.descriptor(text, "--from-fd")
    assert parse.descriptor("2147483647", "--from-fd") == 2_147_483_647


@pytest.mark.parametrize("text", ["-1", "+1", "1_0", "٣", "", "1" * 16])
def test_a_whole_number_has_ascii_digits_alone(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse.whole(text, "--x")


def test_an_argument_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(UsageProblem, match="not valid UTF-8"):
        parse.text("\udcff", "--note")

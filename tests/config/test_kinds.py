"""What a text of each kind stands for, and JSON as it is read and written without `json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.codec import json_text, parse_json
from lango_cli.config.declared import everything
from lango_cli.config.durations import LONGEST, UNITS, seconds_of, span, spelled
from lango_cli.config.finding import find
from lango_cli.config.formed import formed
from lango_cli.errors import InvalidSetting

if TYPE_CHECKING:
    from lango_cli.config.setting import Setting

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


@given(JSON)
def test_json_is_written_and_read_as_the_standard_library_does(value: object) -> None:
    text = json_text(value, ", ", ": ")
    assert text == json.dumps(value, ensure_ascii=False)
    assert parse_json(text) == json.loads(text) == value


@pytest.mark.parametrize("value", [float("inf"), float("nan"), {"a": [-float("inf")]}])
def test_infinity_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        json_text(value)


@given(st.text())
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    try:
        parse_json(text)
    except ValueError:
        return
    json.loads(text)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1 2", "[", "NaN", "Infinity", "[" * 100_000])
def test_one_value_and_nothing_around_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("7B", 7), ("512KiB", 1 << 19), ("2GiB", 2 << 30), ("1TiB", 1 << 40)],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert formed("size", text) == size


@pytest.mark.parametrize(
    "text", ["", "KiB", "1K", "1KB", "1kib", "1 KiB", "-1", "1.5MiB", "1000000000", "٣KiB", "1BB"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    assert formed("size", text) is None


@pytest.mark.parametrize("text", ["0", "0.10", "12345.678901234567890123"[:20], ""])
def test_an_amount_is_digits_and_a_point(text: str) -> None:
    assert formed("decimal", text) == text


@pytest.mark.parametrize("text", [".5", "5.", "-1", "1e3", "1,5", "1.2.3", "٣", "1" * 19])
def test_what_is_no_amount_is_refused(text: str) -> None:
    assert formed("decimal", text) is None


# Durations.

DURATIONS = [one for one in everything() if one.kind == "duration"]


@given(st.integers(0, LONGEST))
def test_seconds_are_written_as_a_duration_that_stands_for_them(seconds: int) -> None:
    assert seconds_of(span(seconds)) == seconds
    assert spelled(span(seconds)) == span(seconds)


@given(st.text("0123456789wdhms", max_size=12))
def test_a_duration_is_refused_or_keeps_its_length_in_its_one_spelling(text: str) -> None:
    seconds = seconds_of(text)
    assert seconds_of(spelled(text)) == seconds
    if seconds is not None:
        units = [character for character in text if character in UNITS]
        assert units == [unit for unit in UNITS if unit in units]


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("1h30m", "1h30m"),
        ("01h05m", "1h5m"),
        ("1h0m", "1h"),
        ("0h5m", "5m"),
        ("0s", "0s"),
        ("0h0m", "0m"),
        ("24h", "24h"),
        ("90m", "90m"),
        ("forever", "forever"),
        ("soon", "soon"),
    ],
)
def test_a_duration_is_shown_in_one_spelling_of_the_units_that_were_chosen(
    text: str, spelling: str
) -> None:
    assert spelled(text) == spelling


@pytest.mark.parametrize("setting", DURATIONS, ids=lambda setting: setting.key)
@pytest.mark.parametrize("text", ["1h1h", "30m1h", "1h90m", "90", "1.5h", "-1h", "1 h", ""])
def test_what_is_ambiguous_is_refused_by_each_setting(text: str, setting: Setting) -> None:
    with pytest.raises(InvalidSetting) as caught:
        setting.parse(text, "here")
    assert "a duration" in (caught.value.hint or "")
    several = text in ("1h1h", "30m1h", "1h90m")
    assert ("the greater unit first" in (caught.value.hint or "")) == several


@pytest.mark.parametrize("setting", DURATIONS, ids=lambda setting: setting.key)
def test_no_time_at_all_is_taken_where_it_is_said_to_mean_for_ever(setting: Setting) -> None:
    zero = setting.endless and not setting.low
    for text, taken in (("0s", zero), ("0d", zero), ("forever", setting.endless)):
        if taken:
            assert setting.parse(text, "here") == 0
        else:
            with pytest.raises(InvalidSetting):
                setting.parse(text, "here")
    assert ("(0s is the same)" in setting.takes()) == zero
    assert ("forever" in setting.takes()) == setting.endless
    assert not setting.endless or setting.key == "vault.lockTimeout" or "forever" in setting.doc


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("unlock.ttl", ("1s", "30d", "29d23h"), ("0s", "30d1s", "31d", "forever")),
        ("security.interceptor.presidio.timeout", ("1s", "1h"), ("0s", "1h1s", "forever")),
        ("security.kms.timeoutPerOperation", ("0s", "1d", "forever"), ("1d1s",)),
        ("vault.lockTimeout", ("1s", "forever"), ("0s", "0m")),
        ("audit.retention", ("0s", "forever", "2000w"), ("1000000w",)),
        ("session.ttl", ("1s", "2d12h"), ("0s", "forever")),
    ],
)
def test_a_duration_has_the_range_that_is_said(
    key: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    for text in good:
        find(key).parse(text, "here")
    for text in bad:
        with pytest.raises(InvalidSetting):
            find(key).parse(text, "here")

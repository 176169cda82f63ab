"""What a text of each kind stands for, and JSON as it is read and written without `json`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.codec import json_text, parse_json
from lango_cli.config.formed import formed

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

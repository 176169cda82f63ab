"""Env files: what a line means, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import UsageProblem
from lango_cli.launch.env_file import parse


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A = b c  ", "b c"),
        ("A=", ""),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=$HOME", "$HOME"),
        ("A='as $it \\n is' # note", "as $it \\n is"),
        ('A="tab\\t quote\\" dollar\\$ end"', 'tab\t quote" dollar$ end'),
        ("A='two\nlines'", "two\nlines"),
        ('A="two\r\nlines"', "two\nlines"),
        ('A="\\\\"', "\\"),
        ("A={{secret:demo/token}}", "{{secret:demo/token}}"),
        ("A=x=y", "x=y"),
    ],
)
def test_a_line_means_this(line: str, value: str) -> None:
    assert parse(f"# first\n\n{line}\nB=1\n".encode(), "f") == {"A": value, "B": "1"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A", 1),
        ("A=1\n=2", 2),
        ("A-B=1", 1),
        ("1A=1", 1),
        ("A='open", 1),
        ('A="open\\"', 1),
        ("A='x' y", 1),
        ('A="\\x41"', 1),
        ("A=${HOME}", 1),
        ("A=\"two\nlines\"\nB='x'\nC=$(id)", 4),
        ('A="${HOME}"', 1),
        ("A=it's", 1),
        ("A=a\\b", 1),
        ("A=`id`", 1),
    ],
)
def test_what_readers_disagree_on_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(UsageProblem, match=rf"^f, line {line}: ") as caught:
        parse(text.encode(), "f")
    assert "HOME" not in caught.value.message


@pytest.mark.parametrize("data", [b"A=\xff", b"A=\0"])
def test_a_file_that_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UsageProblem, match=r"^f "):
        parse(data, "f")


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert parse(b"\xef\xbb\xbfA=1", "f") == {"A": "1"}


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse(data, "f")
    except UsageProblem:
        return


@given(st.text(st.characters(exclude_characters="\0\r'", exclude_categories=["Cs"])))
def test_single_quotes_keep_everything(value: str) -> None:
    assert parse(f"A='{value}'".encode(), "f") == {"A": value}

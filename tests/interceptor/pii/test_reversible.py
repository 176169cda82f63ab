"""Placeholders that can be turned back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import LangoError, Tampered
from lango_cli.interceptor.pii.catalogue import select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.redactor import Redactor
from lango_cli.interceptor.pii.reversible import PlaceholderMap, Restorer, sparing

FIND = Detector(select((), ())).find
PARTS = ["jane@example.com", "tom@example.com", " and ", "\n", "[EMAIL_1", ":", "]", "[", "é", "x"]


def hidden(data: bytes, placeholders: PlaceholderMap) -> bytes:
    """With placeholders."""
    through = Redactor(sparing(FIND, placeholders), placeholders)
    return through.feed(data) + through.finish()


def shown(chunks: list[bytes], placeholders: PlaceholderMap) -> bytes:
    """With their texts again."""
    back = Restorer(placeholders)
    return b"".join([*(back.feed(one) + back.idle() for one in chunks), back.finish()])


@given(st.lists(st.sampled_from(PARTS), max_size=30), st.lists(st.integers(0, 900), max_size=9))
def test_the_way_back_gives_the_same_bytes_however_it_is_cut(
    parts: list[str], places: list[int]
) -> None:
    data = "".join(parts).encode()
    placeholders = PlaceholderMap()
    out = hidden(data, placeholders)
    assert hidden(out, placeholders) == out
    ends = sorted({0, len(out), *(place % (len(out) + 1) for place in places)})
    kept = PlaceholderMap.loaded(placeholders.dumped())
    assert shown([out[a:b] for a, b in pairwise(ends)], kept) == data


def test_bytes_that_are_no_text_come_back() -> None:
    placeholders = PlaceholderMap()
    data = b"password='a\xffb\xfe1'\n"
    out = hidden(data, placeholders)
    assert b"\xff" not in out
    assert shown([out], PlaceholderMap.loaded(placeholders.dumped())) == data


def test_two_maps_never_take_one_anothers_placeholders() -> None:
    one, two = PlaceholderMap("aaaaaa"), PlaceholderMap("bbbbbb")
    out = hidden(b"jane@example.com", one)
    hidden(b"tom@example.com", two)
    assert shown([out], two) == out


def test_a_restored_text_is_not_read_again() -> None:
    placeholders = PlaceholderMap("aaaaaa")
    first = placeholders.stand_in("note", "see [NOTE_2:aaaaaa]")
    placeholders.stand_in("note", "second")
    assert shown([first.encode()], placeholders) == b"see [NOTE_2:aaaaaa]"


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_map_or_tampered(data: bytes) -> None:
    with pytest.raises(LangoError):
        PlaceholderMap.loaded(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"v":1,"tag":"aaaaaa","texts":{"[EMAIL_1:bbbbbb]":"eA=="}}',
        b'{"v":1,"tag":"aaaaaa","texts":{"x":"eA=="}}',
        b'{"v":1,"tag":"a|b","texts":{}}',
        b'{"v":1,"tag":"aaaaaa","texts":{"[EMAIL_1:aaaaaa]":"not base64"}}',
    ],
)
def test_a_map_that_makes_no_sense_is_tampered(data: bytes) -> None:
    with pytest.raises(Tampered):
        PlaceholderMap.loaded(data)

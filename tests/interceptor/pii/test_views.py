"""Disguises, and the way from what an expression sees to what stands in the text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.interceptor.pii.catalogue import PATTERNS
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.views import views
from lango_cli.interceptor.pii.windows import search

EVERY = Detector(PATTERNS)


@pytest.mark.parametrize(
    "hidden",
    [
        "jane%40example.com",
        "jane%2540example%252Ecom",
        "%6A%61%6E%65%40example.com",
        r"jane\u0040example.com",
        r"jane\\u0040example\\u002ecom",
        r"jane\x40example.com",
        "jane&#64;example.com",
        "jane&#x40;example&#x2e;com",
        "jane&commat;example.com",
        "jane%EF%BC%A0example.com",
        "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "ja\u200bne@exam\u200dple.com",
        "ja\u00adne@example.com",
        "jane@\u2060example.com",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u00a01111\u20091111\u202f1111",
        "4111\u20101111\u20131111\u22121111",
        "٤١١١ ١١١١ ١١١١ ١١١١",
        "०१० 1234 5678",
        "𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏",
    ],
)
def test_no_disguise_hides_anything_and_all_of_it_goes(hidden: str) -> None:
    for before, after in (("", ""), ("an ", "."), ("김 🙂 ", " 끝"), ("100% ", " &amp; x")):
        text = f"{before}{hidden}{after}"
        spans = [(one.start, one.end) for one in search(EVERY.find, text)]
        assert spans == [(len(before), len(before) + len(hidden))]


def test_plain_ascii_has_one_view_and_escapes_make_another() -> None:
    assert len(views("nothing to see here")) == 1
    assert len(views("한국어 텍스트")) == 1
    assert len(views("100 % of it & more")) == 1
    assert [view.data for view in views("a%41b")] == [b"a%41b", b"aAb"]


@given(st.text(max_size=80))
def test_every_place_of_a_view_leads_into_the_text(text: str) -> None:
    for view in views(text):
        data = view.data
        starts = [at for at in range(len(data) + 1) if at == len(data) or data[at] & 0xC0 != 0x80]
        spans = [(a, b) for a in starts for b in starts if a < b]
        for start, end in view.original(spans):
            assert 0 <= start <= end <= len(text)


@given(st.text(alphabet=st.sampled_from("a1@.%4\\u0x&#;ｊ＠\u200b\u0301é각ᄀ가 "), max_size=40))
def test_the_whole_of_a_view_is_the_whole_of_the_text_but_for_what_is_hidden(text: str) -> None:
    for view in views(text):
        ((start, end),) = view.original([(0, len(view.data))])
        assert not text[:start].strip("\u200b")
        assert not text[end:].strip("\u200b")


def test_a_pile_of_marks_does_not_take_the_square_of_its_length() -> None:
    marks = "".join(chr(0x300 + at % 60) for at in range(60_000))
    assert EVERY.find("a" + marks + "＠") == []
    assert unicodedata.combining(marks[0])


@given(st.text(max_size=200))
def test_any_text_is_searched_without_an_error(text: str) -> None:
    for one in search(EVERY.find, text):
        assert 0 <= one.start < one.end <= len(text)

"""Text in pieces: what is found does not depend on how it came."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.interceptor.pii import windows
from lango_cli.interceptor.pii.catalogue import select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.finding import Finding, union
from lango_cli.interceptor.pii.redactor import Redactor, Typed
from tests.interceptor.pii.corpus import samples

DETECTOR = Detector(select((), ()))
WORDS = st.sampled_from(
    [
        *(one.text.encode() for one in samples()[:40]),
        b"\n",
        b"\r\n",
        b" ",
        b"x" * 300,
        b"4111 1111 1111 1111",
        b"\xff\xfe",
        "é김".encode(),
        b"jane@example.com",
        b"1234567890",
    ]
)


def redacted(chunks: list[bytes], unit: int = 0) -> bytes:
    """What comes out of a redactor that is fed these."""
    through = Redactor(DETECTOR.find, Typed(), unit)
    return b"".join([*map(through.feed, chunks), through.finish()])


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data cut at these places."""
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(ends)]


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=12), st.lists(st.integers(0, 10_000), max_size=12))
@pytest.mark.parametrize(("window", "unit"), [(65_536, 0), (700, 0), (700, 100), (65_536, 300)])
def test_the_output_does_not_depend_on_the_cuts(
    window: int, unit: int, words: list[bytes], places: list[int]
) -> None:
    before = windows.WINDOW, windows.OVERLAP
    windows.WINDOW, windows.OVERLAP = window, window // 4
    try:
        data = b"".join(words)
        assert redacted(cut(data, places), unit) == redacted([data], unit)
    finally:
        windows.WINDOW, windows.OVERLAP = before


def test_every_cut_of_the_corpus_in_two_gives_the_same() -> None:
    data = "\n".join(one.text for one in samples()[:12]).encode()
    whole = redacted([data])
    assert all(redacted([data[:at], data[at:]]) == whole for at in range(len(data)))


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_bytes_without_personal_data_come_out_as_they_came(data: bytes, places: list[int]) -> None:
    through = Redactor(lambda _text: [], Typed())
    out = b"".join([*map(through.feed, cut(data, places)), through.finish()])
    assert out == data


def test_bytes_that_are_no_text_stay_beside_what_goes() -> None:
    assert redacted([b"\xff\xfe jane@example.com \xc3\x28\n"]) == (
        b"\xff\xfe [REDACTED:email] \xc3\x28\n"
    )


def test_a_number_is_found_wherever_a_long_line_is_cut() -> None:
    card = "4111 1111 1111 1111"
    for shift in range(0, 60):
        at = windows.WINDOW - windows.OVERLAP - 30 + shift
        line = "x " * (at // 2) + " " * (at % 2) + card + " y" * 20_000
        assert card.encode() not in redacted([line.encode()])


def test_half_a_number_at_a_cut_is_not_taken_for_a_whole_one() -> None:
    assert b"REDACTED" not in redacted([b"1" * 300_000])


def test_what_fills_a_window_goes_on_to_the_next_space() -> None:
    token = b"password=" + b"Ab3" * 50_000
    assert re.fullmatch(rb"password=(\[REDACTED:password\])+ rest", redacted([token + b" rest"]))


def test_lines_come_out_when_they_are_whole() -> None:
    through = Redactor(DETECTOR.find, Typed())
    assert through.feed(b"jane@example.com\nnext ") == b"[REDACTED:email]\n"
    assert through.idle() == b""
    assert through.finish() == b"next "


def test_lines_that_wait_for_a_unit_come_out_when_nothing_more_comes() -> None:
    through = Redactor(DETECTOR.find, Typed(), unit=4096)
    assert through.feed(b"jane@example.com\nnext ") == b""
    assert through.idle() == b"[REDACTED:email]\n"
    assert through.finish() == b"next "


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20), st.floats(0, 1)), max_size=20))
def test_the_union_covers_every_finding_and_nothing_else(
    parts: list[tuple[int, int, float]],
) -> None:
    findings = [Finding(start, start + length, "k", score) for start, length, score in parts]
    merged = union(findings)
    assert {p for f in findings for p in range(f.start, f.end)} == {
        p for f in merged for p in range(f.start, f.end)
    }
    assert all(a.end <= b.start for a, b in pairwise(merged))


def test_the_best_finding_names_a_stretch_whichever_comes_first() -> None:
    low, high = Finding(0, 9, "low", 0.4), Finding(3, 20, "high", 0.9)
    assert union([high, low]) == [Finding(0, 20, "high", 0.9)]
    assert union([Finding(0, 20, "low", 0.4), Finding(3, 5, "high", 0.9)])[0].kind == "high"


ENDLESS = """
import resource, sys
from lango_cli.interceptor.pii.catalogue import select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.redactor import Redactor, Typed
through = Redactor(Detector(select((), ())).find, Typed())
chunk = b"abc 123 " * 8192
peak = 0
for turn in range(200):
    peak = max(peak, len(through.feed(chunk)))
    if turn == 20:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_line_without_an_end_takes_no_more_memory_than_its_window() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS], capture_output=True, text=True, check=True
    )
    early, peak, late = map(int, done.stdout.split())
    assert peak < 4 * windows.WINDOW
    assert late < early * 1.1, "ten times as much text takes no more memory"

"""The masker: every form of every value is hidden, however the stream was cut."""

from __future__ import annotations

import base64
import itertools
import random
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.interceptor.masker import Masker
from lango_cli.interceptor.needles import Needles
from tests.interceptor.masking import (
    LETTERS_DIGITS,
    MATRIX,
    SPECIAL,
    masked,
    needles,
    pass_through,
    values,
)

FOUR_HUNDRED = [
    *values(200, 1, LETTERS_DIGITS),
    *values(160, 2, SPECIAL),
    *values(20, 3, SPECIAL + "äßñ한글😀\u2028"),
    *values(20, 4, LETTERS_DIGITS, (4, 9)),
]
ALL = needles(*FOUR_HUNDRED)


PLACEHOLDER = re.compile(rb"\[SECRET:v\d+\]")

# The matrix.


@pytest.mark.parametrize("form", MATRIX)
def test_no_value_of_four_hundred_leaks_in_this_form(form: str) -> None:
    leaks = []
    for number, value in enumerate(FOUR_HUNDRED):
        written = MATRIX[form](value)
        out = pass_through(ALL, [b"<< " + written + b" >>\n"])
        left = PLACEHOLDER.sub(b"", out)
        hidden = len(written) + len(b"<<  >>\n") - len(left)
        if hidden < len(value.encode()) or _core(form, value) in left or out[-4:] != b" >>\n":
            leaks.append((number, value, written, out))
    assert not leaks


def _core(form: str, value: str) -> bytes:
    """Of what is written the middle third, of which nothing may be left, if that says anything."""
    written = MATRIX[form](value)
    third = len(written) // 3
    in_context = form.startswith("base64")
    return b"never" if in_context or third < 4 else written[third : 2 * third]


def test_what_is_left_of_base64_at_its_ends_is_four_bits_at_most() -> None:
    value = values(1, 9, LETTERS_DIGITS)[0]
    for before, after in itertools.product(range(3), range(3)):
        written = MATRIX["raw"]("x" * before + value + "y" * after)
        out = masked(base64.b64encode(written), value)
        left = out.replace(b"[SECRET:v0]", b"").rstrip(b"=")
        assert len(left) <= 2 * before + 2 * after
        assert out.count(b"[SECRET:v0]") == 1


def test_text_without_a_value_passes_unchanged() -> None:
    text = random.Random(1).randbytes(300_000) + b"\x1b[31mplain\x1b[0m text \x1b[" * 50
    assert pass_through(ALL, [text]) == text


# Cuts.

PIECES = [
    b"a",
    b"b",
    b"ab",
    b"\n",
    b" ",
    b"\r\n  ",
    b"\x1b[31m",
    b"\x1b[",
    b"\x1b[0;1",
    b"m",
    b"\x1b",
]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """A few short values that are much alike, and a text made of their pieces."""
    letters = st.sampled_from([b"a", b"b", b" ", b"\n", b"m"])
    made = draw(st.lists(st.lists(letters, min_size=2, max_size=9), min_size=1, max_size=4))
    kept = [
        value for value in map(b"".join, made) if len(value.split()) and len(value.strip()) > 1
    ]
    pieces = st.sampled_from([*PIECES, *kept, *(v[: len(v) // 2] for v in kept)])
    return kept, b"".join(draw(st.lists(pieces, max_size=25)))


@settings(max_examples=400, deadline=None)
@given(streams(), st.data())
def test_every_cut_of_a_stream_gives_the_same_output(
    stream: tuple[list[bytes], bytes], data: st.DataObject
) -> None:
    made, text = stream
    found = needles(*made)
    whole = pass_through(found, [text])
    assert pass_through(found, [bytes([byte]) for byte in text]) == whole
    for at in range(len(text) + 1):
        assert pass_through(found, [text[:at], text[at:]]) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    parts = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
    assert pass_through(found, parts) == whole


@settings(max_examples=300, deadline=None)
@given(streams())
def test_what_is_hidden_is_the_union_of_all_occurrences(stream: tuple[list[bytes], bytes]) -> None:
    made, text = stream
    plain = [value.strip() for value in made if not set(value.strip()) & set(b" \n")]
    text = text.replace(b"\x1b", b"").replace(b"\r", b"")
    found = Needles((f"v{number}", value) for number, value in enumerate(plain))
    out = pass_through(found, [text])
    covered = set()
    for value in plain:
        for at in range(len(text)):
            if text.startswith(value, at):
                covered |= set(range(at, at + len(value)))
    # Other forms and broken lines may hide more, never less.
    kept = bytes(b for at, b in enumerate(text) if at not in covered)
    assert _is_subsequence(PLACEHOLDER.sub(b"", out), kept)


def _is_subsequence(short: bytes, long: bytes) -> bool:
    rest = iter(long)
    return all(byte in rest for byte in short)


def long_stream() -> bytes:
    """All forms of forty values between words, the way a log has them."""
    chance = random.Random(5)
    words = [b"INFO", b"request", b"done", b"\x1b[32mok\x1b[0m", b"eyJ", b"%20", b"\\u00", b"&#"]
    parts = []
    for value in FOUR_HUNDRED[::10]:
        for form in MATRIX.values():
            parts += [chance.choice(words), b" ", form(value), chance.choice([b"\n", b" ", b""])]
    return b"".join(parts)


def test_a_long_stream_may_be_cut_at_random() -> None:
    text, chance = long_stream(), random.Random(6)
    whole = pass_through(ALL, [text])
    for size in (1, 7, 100, 4096, 65_536, 70_001):
        parts: list[bytes] = []
        at = 0
        while at < len(text):
            step = chance.randint(1, size) if size > 1 else 1
            parts.append(text[at : at + step])
            at += step
        assert pass_through(ALL, parts) == whole


# Overlaps.


def test_a_value_that_overlaps_itself_leaves_no_byte() -> None:
    assert masked("xx aabaabaabaab yy", "aabaab") == b"xx [SECRET:v0] yy"
    assert masked("abababababX", "abababab") == b"[SECRET:v0]X"
    assert masked("ghp_ghp_ghp_SECRETVALUE", "ghp_ghp_SECRETVALUE") == b"ghp_[SECRET:v0]"


def test_the_longer_of_two_values_that_begin_together_gives_its_name() -> None:
    assert masked("a hunter2 and hunter2-prod.", "hunter2", "hunter2-prod") == (
        b"a [SECRET:v0] and [SECRET:v1]."
    )


def test_a_value_inside_another_does_not_show_the_rest_of_it() -> None:
    assert masked("=prefix-core-suffix=core=", "core", "prefix-core-suffix") == (
        b"=[SECRET:v1]=[SECRET:v0]="
    )


def test_values_that_overlap_are_hidden_together() -> None:
    assert masked("abcdefgh1234", "abcdefgh", "efgh1234") == b"[SECRET:v0]"


def test_values_side_by_side_keep_a_placeholder_each() -> None:
    assert masked("firstsecond", "first", "second") == b"[SECRET:v0][SECRET:v1]"


def test_one_value_under_two_names_shows_the_first() -> None:
    found = Needles([("b", b"same-value"), ("a", b"same-value")])
    assert pass_through(found, [b"same-value"]) == b"[SECRET:a]"


def test_a_placeholder_is_not_masked_again() -> None:
    assert masked("SECRET:v0 other-thing", "SECRET:v0", "other-thing") == (
        b"[SECRET:v0] [SECRET:v1]"
    )


# What is held back.


def test_a_prompt_shows_at_once() -> None:
    masker = Masker(needles(*FOUR_HUNDRED[:100], "nothing at all"))
    for prompt in (b"Password: ", b"Continue? [y/N] ", b"$ ", b"> ", b"45%", b"name?"):
        assert masker.feed(prompt) == prompt


def test_no_more_is_held_back_than_what_may_become_a_value() -> None:
    masker = Masker(needles("correct-horse"))
    assert masker.feed(b"the password is corr") == b"the password is "
    assert masker.idle() == b""
    assert masker.feed(b"ect, mostly") == b"correct, mostly"
    assert masker.feed(b"correct-hors") == b""
    assert masker.finish() == b"correct-hors"


def test_a_person_sees_each_key_at_once_and_no_value() -> None:
    masker = Masker(needles("correct-horse", "cord"), typed=True)
    shown = b"".join(masker.feed(bytes([key])) + masker.idle() for key in b"corn c")
    assert shown == b"corn c"
    assert masker.feed(b"o") + masker.idle() == b"o"
    assert masker.feed(b"rrect-ho") + masker.idle() == b""
    assert masker.feed(b"rse!") == b"[SECRET:v0]!"
    assert masker.feed(b"corr") + masker.idle() + masker.feed(b"upt") == b"corrupt"
    assert masker.feed(b"c") + masker.idle() + masker.feed(b"ord.") == b"c[SECRET:v1]."


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\x1b[0m\r\n", b"\r\n\r\n"])
def test_a_line_that_has_ended_shows_when_nothing_follows(end: bytes) -> None:
    masker = Masker(needles("dye-works", "eady-made"))
    assert masker.feed(b"ready" + end) == b"r"
    assert masker.idle() == b""
    masker = Masker(needles("dye-works"))
    assert masker.feed(b"ready" + end) == b"rea"
    assert masker.idle() == b"dy" + end
    assert masker.idle() == b""
    assert masker.feed(b"e-works") + masker.finish() == b"[SECRET:v0]"


@settings(max_examples=300, deadline=None)
@given(streams(), st.data(), st.booleans())
def test_pauses_show_three_bytes_of_a_value_at_most(
    stream: tuple[list[bytes], bytes], data: st.DataObject, typed: bool
) -> None:
    made, text = stream
    found = needles(*made)
    masker = Masker(found, typed=typed)
    out, cut = b"", sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    for a, b in itertools.pairwise([0, *cut, len(text)]):
        out += masker.feed(text[a:b]) + masker.idle()
    out += masker.finish()
    strict = PLACEHOLDER.sub(b"", pass_through(found, [text]))
    assert len(strict) <= len(PLACEHOLDER.sub(b"", out)) <= len(strict) + 3 * (len(cut) + 1)
    assert _is_subsequence(strict, PLACEHOLDER.sub(b"", out))


def test_a_value_that_goes_on_for_ever_is_not_held_in_memory() -> None:
    masker = Masker(needles("abababab"))
    out = masker.feed(b"abababab")
    for _ in range(1000):
        out += masker.feed(b"ab" * 500)
        assert len(masker._held) < 8
    assert out == b"[SECRET:v0]"
    assert masker.feed(b"X") + masker.finish() == b"X"


def test_memory_stays_the_same_however_much_goes_through() -> None:
    masker = Masker(ALL)
    block = long_stream()[: 1 << 16]
    masker.feed(block)
    tracemalloc.start()
    for _ in range(30):
        masker.feed(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


# Blanks.


def test_a_value_of_several_lines_is_found_whole_and_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
    assert masked(f"<{key}>", key) == b"<[SECRET:v0]\n>"
    for broken in (key.replace("\n", "\r\n"), key.replace("\n", "\n    "), key.replace("\n", "")):
        assert masked(f"<{broken.strip()}>", key) == b"<[SECRET:v0]>"
    assert masked("only hkiG9w0BAQEFAASC of it", key) == b"only [SECRET:v0] of it"
    assert masked("-----BEGIN KEY-----", key) == b"-----BEGIN KEY-----"


def test_words_that_only_resemble_a_value_stay() -> None:
    assert masked("dead line, dead  line", "deadline") == b"dead line, dead  line"
    assert masked("correcthorse", "correct horse") == b"correcthorse"
    assert masked("correct  horse", "correct horse") == b"[SECRET:v0]"


def test_a_long_value_is_hidden_to_its_end() -> None:
    text = "".join(values(1200, 7, LETTERS_DIGITS))
    assert 20_000 < len(text) < 65_536
    assert masked(f"<{text}>", text) == b"<[SECRET:v0]>"
    assert masked(text.encode().hex(), text) == b"[SECRET:v0]"


@pytest.mark.parametrize("size", [8, 16, 32, 100])
def test_binary_values_are_found_in_binary_output(size: int) -> None:
    value = random.Random(size).randbytes(size)
    noise = random.Random(9).randbytes(1000)
    for form in (value, base64.b64encode(b"\0" + value), value.hex().encode(), value[::-1]):
        out = masked(noise + form + noise, value.strip(b" \t\r\n"))
        assert b"[SECRET:v0]" in out
        assert out.startswith(noise)
        assert out.endswith(noise)

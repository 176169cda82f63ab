"""Recovery words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lango_cli.crypto.bip39 import english, entropy_of, words_of
from lango_cli.errors import LangoError, WrongKey

LIST_SHA256 = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
"""Of english.txt as BIP-39 publishes it, each word with a line feed."""

SENTENCES = {
    "there are N recovery words, not N, N, N, N or N",
    "recovery word N is not in the BIP-N English list",
    "the recovery words do not fit together: their checksum is wrong",
}
"""All that is said of words, whatever they are."""

ENTROPY = st.sampled_from([16, 20, 24, 28, 32]).flatmap(
    lambda size: st.binary(min_size=size, max_size=size)
)
SPACES = st.text(" \t\n\r\x0b\f\u00a0\u2003\u3000", min_size=1, max_size=4)


def test_the_list_is_the_published_one() -> None:
    text = "".join(f"{word}\n" for word in english())
    assert hashlib.sha256(text.encode("ascii")).hexdigest() == LIST_SHA256
    assert len(english()) == 2048
    assert list(english()) == sorted(set(english()))


@given(ENTROPY)
def test_words_stand_for_the_bytes_they_were_made_from(entropy: bytes) -> None:
    words = words_of(entropy)
    assert len(words.split(" ")) == len(entropy) * 3 // 4
    assert entropy_of(words) == entropy


@given(ENTROPY, st.data())
def test_case_spacing_and_unicode_form_are_forgiven(entropy: bytes, data: st.DataObject) -> None:
    words = words_of(entropy).split(" ")
    change = st.sampled_from([str.lower, str.upper, str.title, str.swapcase, full_width])
    typed = "".join(data.draw(SPACES) + data.draw(change)(word) for word in words)
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    assert entropy_of(unicodedata.normalize(form, typed + data.draw(SPACES))) == entropy  # type: ignore[arg-type]  # the four names are drawn


def full_width(word: str) -> str:
    """As an East Asian keyboard types it; NFKD makes it ASCII."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in word)


@given(ENTROPY, st.data())
def test_every_wrong_checksum_is_refused(entropy: bytes, data: st.DataObject) -> None:
    """The last word holds the checksum: each other word with the same entropy bits is refused."""
    words = words_of(entropy).split(" ")
    bits = len(entropy) // 4
    last = english().index(words[-1])
    wrong = last ^ data.draw(st.integers(1, (1 << bits) - 1))
    with pytest.raises(WrongKey):
        entropy_of(" ".join([*words[:-1], english()[wrong]]))


@given(ENTROPY, st.data())
def test_a_wrong_word_never_gives_the_same_bytes(entropy: bytes, data: st.DataObject) -> None:
    """A checksum of 4 to 8 bits misses one slip in 16 to 256: then other bytes come out."""
    words = words_of(entropy).split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from(english()))
    assume(other != words[place])
    words[place] = other
    with suppress(WrongKey):
        assert entropy_of(" ".join(words)) != entropy


@pytest.mark.parametrize("count", [0, 1, 11, 13, 14, 16, 23, 25, 48])
def test_another_number_of_words_is_refused(count: int) -> None:
    with pytest.raises(WrongKey, match=rf"there are {count} recovery words"):
        entropy_of("abandon " * count)


def test_a_word_that_is_not_in_the_list_is_named_by_its_place_only() -> None:
    words = ["abandon"] * 11 + ["about"]
    words[6] = "hunter2"
    with pytest.raises(WrongKey, match="recovery word 7 is not") as caught:
        entropy_of(" ".join(words))
    assert "hunter2" not in caught.value.message + caught.value.hint


@given(ENTROPY, st.sampled_from(["swap", "cut", "extra", "letter"]))
def test_no_message_holds_one_of_the_words(entropy: bytes, slip: str) -> None:
    words = words_of(entropy).split(" ")
    if slip == "swap":
        words[0], words[-1] = words[-1], words[0]
    elif slip == "cut":
        words.pop()
    elif slip == "extra":
        words.append("zoo")
    else:
        words[3] += "q"
    try:
        entropy_of(" ".join(words))
    except WrongKey as err:
        assert re.sub("[0-9]+", "N", err.message) in SENTENCES
        assert err.hint == "check each word and their order against the paper"
        assert (err.__cause__, err.__context__) == (None, None)


@given(st.text())
def test_arbitrary_text_is_refused_like_wrong_words(text: str) -> None:
    with pytest.raises(WrongKey):
        entropy_of(text)


@given(st.lists(st.sampled_from(english()), max_size=30))
def test_arbitrary_words_give_bytes_or_a_lango_error(words: list[str]) -> None:
    try:
        entropy = entropy_of(" ".join(words))
    except LangoError:
        return
    assert words_of(entropy) == " ".join(words)


@pytest.mark.parametrize("text", ["\ud800", "zoo " * 1_000_000, "\ufdfa" * 9_999, "\0" * 12])
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(WrongKey):
        entropy_of(text)


@pytest.mark.parametrize("size", [0, 1, 15, 17, 31, 33, 64])
def test_there_are_no_words_for_other_lengths(size: int) -> None:
    with pytest.raises(ValueError, match="no words for"):
        words_of(bytes(size))

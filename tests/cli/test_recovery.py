"""Recovery words: shown for writing down, asked back, and good for what they are for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.cli import credentials
from lango_cli.cli.call import Call
from lango_cli.cli.ui import Ui
from lango_cli.crypto.bip39 import entropy_of
from lango_cli.errors import Cancelled, Locked, UsageProblem
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.wiring import slotting
from lango_cli.wiring.flags import Flags
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTRY = [sys.executable, str(Path(__file__).parents[1] / "entry.py"), "typer"]
ENTROPY = SecretBytes(bytes(range(32)))


class Reader:
    """A person who reads the words and types back what `typing` makes of them."""

    def __init__(self, typing: Sequence[str]) -> None:
        self.pages: list[Sequence[str]] = []
        self.asked: list[int] = []
        self.told: list[str] = []
        self._typing = list(typing)

    @property
    def shown(self) -> dict[int, str]:
        """Number and word, as the last page shows them."""
        page = "\n".join(self.pages[-1])
        return {int(number): word for number, word in re.findall(r"(\d+)\. ([a-z]+)", page)}

    def show_once(self, lines: Sequence[str], prompt: str) -> None:
        assert "Enter" in prompt
        self.pages.append(lines)

    def tell(self, text: str) -> None:
        self.told.append(text)

    def secret(self, prompt: str) -> SecretText:
        number = int(prompt.removeprefix("Word "))
        self.asked.append(number)
        return SecretText(self._typing.pop(0).format(self.shown[number]))

    def words(self, prompt: str, count: int) -> SecretText:
        raise AssertionError(prompt)

    def new_secret(self, prompt: str) -> SecretText:
        raise AssertionError(prompt)

    def line(self, prompt: str) -> str:
        raise AssertionError(prompt)

    def confirm(self, question: str) -> bool:
        raise AssertionError(question)


def call_with(reader: Reader | None) -> Call:
    """A command whose person is this one."""
    flags = Flags()
    flags.no_input = reader is None
    call = Call(Ui({}), flags)
    call._ask = reader
    return call


def test_all_words_are_shown_in_order_on_a_small_terminal() -> None:
    reader = Reader(["{}", "{}"])
    credentials.hand_out_words(call_with(reader), ENTROPY, None, "nothing")
    shown = [reader.shown[number] for number in range(1, 25)]
    assert shown == slotting.words_for(ENTROPY)
    assert entropy_of(" ".join(shown)) == ENTROPY.reveal()
    page = reader.pages[0]
    assert len(page) < 20
    assert all(len(line) <= 80 for line in page)
    # The lines of words fit into 60 columns, so that none of them is broken.
    assert all(len(line) <= 60 for line in page if re.match(r" ?\d", line))


def test_two_words_at_different_random_places_are_asked_back() -> None:
    asked = set()
    for _ in range(20):
        reader = Reader(["{}", "{}"])
        credentials.hand_out_words(call_with(reader), ENTROPY, None, "nothing")
        assert len(set(reader.asked)) == 2
        assert reader.asked == sorted(reader.asked)
        asked.add(tuple(reader.asked))
    assert len(asked) > 1


def test_case_and_spaces_are_forgiven() -> None:
    reader = Reader([" {} ", "{}"])
    reader._typing[1] = "{}\t"
    credentials.hand_out_words(call_with(reader), ENTROPY, None, "nothing")
    assert len(reader.pages) == 1


def test_a_wrong_word_shows_them_again_and_three_are_the_end() -> None:
    reader = Reader(["{}", "x{}", "{}", "{}"])
    credentials.hand_out_words(call_with(reader), ENTROPY, None, "nothing")
    assert len(reader.pages) == 2
    assert not any("not what was shown" in line for line in reader.pages[0])
    assert "not what was shown" in reader.pages[1][0]
    reader = Reader(["wrong"] * 6)
    with pytest.raises(Cancelled, match="the words were not repeated: nothing was changed") as err:
        credentials.hand_out_words(call_with(reader), ENTROPY, None, "nothing was changed")
    assert len(reader.pages) == 3
    assert reader.told == []
    assert not set(slotting.words_for(ENTROPY)) & set(str(err.value).split())


def test_words_that_go_to_a_file_are_not_shown() -> None:
    reader = Reader([])
    credentials.hand_out_words(call_with(reader), ENTROPY, "/a/file", "nothing")
    assert reader.pages == []


def test_without_a_terminal_there_must_be_a_file() -> None:
    credentials.check_words(call_with(None), "/a/file", "")
    credentials.check_words(call_with(Reader([])), None, "")
    with pytest.raises(UsageProblem) as err:
        credentials.check_words(call_with(None), None, " or --no-recovery")
    assert "--recovery-file F or --no-recovery" in err.value.hint


def test_a_new_passphrase_needs_somebody_or_a_source() -> None:
    with pytest.raises(Locked) as err:
        credentials.NewPassphrase(call_with(None), None, None).check(", --keyfile")
    assert "--new-passphrase-file F" in err.value.hint
    assert "--keyfile" in err.value.hint
    with pytest.raises(UsageProblem):
        credentials.NewPassphrase(call_with(None), "3", "file")


def test_the_words_open_the_vault_when_everything_else_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ENTRY)
    stage.perform(
        "lango init --keyfile --recovery-file words\n"
        "stdin value\nlango secrets set a -\n"
        "sh rm -r home/lango/keyfile home/state\n"
        "exit 12 lango secrets get a\n"
        "on tty stdin\ntty words\nlango secrets get a --recovery\ncmp stdout bare\n"
        "! ttyout abandon\n"
        "sh tr ' ' '\\t' <words | sed 's/^/  /; s/$/  /' >spaced\n"
        "on tty stdin\ntty spaced\nlango keys slot add keyfile --recovery --label anew\n"
        "lango secrets get a\ncmp stdout bare\n"
        "exit 12 lango secrets get a --recovery\nstderr 'recovery on a terminal'\n"
        "sh awk '{t=$1;$1=$2;$2=t;print}' words >swapped\n"
        "on tty stdin\ntty swapped\nexit 13 lango secrets get a --recovery\n"
        "-- value --\none\n-- bare bare --\none\n"
    )
    # In no message, file of the home or record is any run of words.
    words = (tmp_path / "words").read_text().split()
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            assert " ".join(words[:3]).encode() not in path.read_bytes()

"""Questions on a terminal; each test has one of its own, with a person at the far end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from lango_cli.cli.terminal import Terminal, open_terminal
from lango_cli.errors import Cancelled, FileProblem, Interrupted, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Tty


class Person:
    """Types one answer after each prompt, and notes whether the terminal echoed then."""

    def __init__(self, tty: Tty, *answers: bytes) -> None:
        self.tty = tty
        self.answers = list(answers)
        self.shown = ""
        self.echoed: list[bool] = []
        self._thread = threading.Thread(target=self._type, daemon=True)

    def _type(self) -> None:
        for answer in self.answers:
            while not self.shown.endswith(": "):
                self.shown += self.tty.seen()
            self.echoed.append(self.tty.echoes())
            self.shown += "|"
            self.tty.type(answer)

    def __enter__(self) -> Person:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()


def test_a_hidden_line_is_not_echoed_and_the_terminal_is_as_before(tty: Tty) -> None:
    before = tty.modes()
    with Person(tty, b"opensesame\r") as person:
        value = Terminal(tty.near).secret("Passphrase")
    assert value.text() == "opensesame"
    assert person.echoed == [False]
    assert tty.modes() == before
    assert "opensesame" not in person.shown + tty.seen()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"ab\x7fc\n", "ac"),
        ("aä\x7fb\n".encode(), "ab"),
        ("a漢\x08b\n".encode(), "ab"),
        (b"\x7f\x7fa\n", "a"),
        (b"wrong\x15right\n", "right"),
        (b"a\x04b\n", "ab"),
        (b"\n", ""),
    ],
)
def test_keys_edit_a_hidden_line(tty: Tty, keys: bytes, text: str) -> None:
    with Person(tty, keys):
        assert Terminal(tty.near).secret("Passphrase").text() == text


def test_a_hidden_line_may_be_longer_than_a_terminals_own_lines(tty: Tty) -> None:
    long = b"x" * 20_000
    with Person(tty, long + b"\n"):
        assert Terminal(tty.near).secret("Value").reveal() == long


def test_bytes_that_are_no_text_come_through(tty: Tty) -> None:
    with Person(tty, b"\xff\xfe\n"):
        assert Terminal(tty.near).secret("Value").reveal() == b"\xff\xfe"


def test_several_lines_at_once_are_refused_and_do_not_spill(tty: Tty) -> None:
    with Person(tty, b"-----BEGIN-----\nsecond\n"), pytest.raises(UsageProblem, match="one line"):
        Terminal(tty.near).secret("Value")
    with Person(tty, b"next\n"):
        assert Terminal(tty.near).line("Name") == "next"


def test_what_was_typed_before_a_question_is_thrown_away(tty: Tty) -> None:
    tty.type(b"y\n")
    with Person(tty, b"n\n"):
        assert not Terminal(tty.near).confirm("Delete x?")


def test_the_end_of_input_is_no_answer(tty: Tty) -> None:
    with Person(tty, b"\x04"), pytest.raises(Cancelled):
        Terminal(tty.near).secret("Passphrase")
    with Person(tty, b"\x04"), pytest.raises(Cancelled):
        Terminal(tty.near).line("Name")
    assert tty.echoes()


def interrupted(*_: object) -> bytes:
    raise KeyboardInterrupt


@pytest.mark.parametrize("ask", [Terminal.secret, Terminal.line, Terminal.new_secret])
def test_ctrl_c_restores_the_terminal(
    tty: Tty, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Terminal, str], object]
) -> None:
    before = tty.modes()
    monkeypatch.setattr("lango_cli.cli.terminal.select.select", interrupted)
    with pytest.raises(Interrupted):
        ask(Terminal(tty.near), "Passphrase")
    assert tty.modes() == before


def test_a_terminal_with_odd_modes_still_interrupts_and_is_restored(tty: Tty) -> None:
    import termios

    modes = termios.tcgetattr(tty.near)
    modes[3] &= ~(termios.ISIG | termios.ECHO | termios.ICANON)
    modes[6][termios.VMIN], modes[6][termios.VTIME] = 0, 1
    termios.tcsetattr(tty.near, termios.TCSANOW, modes)
    before = tty.modes()
    with Person(tty, b"value\n"):
        assert Terminal(tty.near).secret("Value").text() == "value"
    assert tty.modes() == before


def test_a_new_secret_is_typed_twice(tty: Tty) -> None:
    with Person(tty, b"one\n", b"two\n", b"two\n", b"two\n") as person:
        assert Terminal(tty.near).new_secret("New passphrase").text() == "two"
    assert person.echoed == [False] * 4
    assert "The two differ" in person.shown


def test_three_repetitions_that_differ_end_it(tty: Tty) -> None:
    answers = [b"a\n", b"b\n"] * 3
    with Person(tty, *answers), pytest.raises(UsageProblem):
        Terminal(tty.near).new_secret("New passphrase")


@pytest.mark.parametrize(
    ("answers", "agreed"),
    [
        ([b"y\n"], True),
        ([b"YES\n"], True),
        ([b"\n"], False),
        ([b"no\n"], False),
        ([b"perhaps\n", b"y\n"], True),
        ([b"1\n", b"2\n", b"3\n"], False),
    ],
)
def test_only_yes_is_yes(tty: Tty, answers: list[bytes], agreed: bool) -> None:
    with Person(tty, *answers) as person:
        assert Terminal(tty.near).confirm("Delete x?") is agreed
    assert all(person.echoed)


def test_what_is_shown_once_stays_on_the_alternate_screen(tty: Tty) -> None:
    with Person(tty, b"\n") as person:
        Terminal(tty.near).show_once(["1. abandon"], "Written down? Enter")
    text = person.shown
    while "\x1b[?1049l" not in text:
        text += tty.seen()
    assert text.index("\x1b[?1049h") < text.index("abandon") < text.index("\x1b[?1049l")


def test_a_dumb_terminal_gets_no_escapes_and_is_to_be_cleared(tty: Tty) -> None:
    with Person(tty, b"\n") as person:
        Terminal(tty.near, dumb=True).show_once(["1. abandon"], "Written down? Enter")
    assert "\x1b" not in person.shown
    assert "1. abandon" in person.shown
    assert "clear it" in person.shown


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ([b"a b c d\n"], 4),
        ([b"a b\n", b"c\n", b"d\n"], 4),
        ([b"a b\r\n\r\nc d\r\n"], 4),
        ([b"a b c d e\n"], 5),
        ([b"a b\n", b"\n"], 2),
        ([b"\n"], 0),
    ],
)
def test_words_come_on_one_line_or_several_until_there_are_enough(
    tty: Tty, typed: list[bytes], count: int
) -> None:
    with Person(tty, *typed) as person:
        words = Terminal(tty.near).words("Recovery words", 4).text().split()
    assert words == ["a", "b", "c", "d", "e"][:count]
    assert not any(person.echoed)
    assert tty.echoes()
    assert ("2 of 4 words: " in person.shown) == (len(typed) > 1)


def test_a_terminal_that_has_gone_is_a_problem_and_no_traceback(tty: Tty) -> None:
    terminal = open_terminal("/dev/ptmx")
    if terminal is None:
        pytest.skip("no /dev/ptmx here")
    terminal.close()
    with pytest.raises(FileProblem):
        terminal.secret("Passphrase")


@pytest.mark.parametrize("path", ["/dev/null", "/nowhere/tty"])
def test_where_there_is_no_terminal_nobody_can_be_asked(path: str) -> None:
    assert open_terminal(path) is None

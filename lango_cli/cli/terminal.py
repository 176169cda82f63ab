"""Questions on the controlling terminal.

What lives here: `Terminal`, the `Prompter` that reads from /dev/tty. The rule: a question never
touches stdin or stdout, so `cmd | lango secrets set NAME -` works; what was typed before a
question is thrown away; the terminal is put back as it was whatever happens, Ctrl-C, SIGTERM and
Ctrl-Z included (`cli.modes`). Why hidden lines are read byte by byte: a terminal that edits
lines itself cuts them at 4 KiB without a word (1 KiB on macOS), and a pasted token can be longer.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Protocol

from lango_cli.cli.modes import Asking, problems
from lango_cli.errors import Cancelled, Interrupted, UsageProblem
from lango_cli.secret import SecretText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TTY = "/dev/tty"
TRIES = 3
"""How often something may be typed differently twice, or answered with neither yes nor no."""

_ENTER = b"\r\n"
_ERASE = b"\x7f\x08"
_KILL, _END_OF_INPUT = 0x15, 0x04
_ALTERNATE, _NORMAL = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[?1049l"
_STAYS = (
    "This terminal keeps what it showed: clear it afterwards, and what one can scroll back to."
)


class Prompter(Protocol):
    """Whoever can be asked."""

    def secret(self, prompt: str) -> SecretText:
        """A line that is not shown while typed."""

    def new_secret(self, prompt: str) -> SecretText:
        """The same, typed twice."""

    def words(self, prompt: str, count: int) -> SecretText:
        """So many words, on one line or several, not shown while typed."""

    def line(self, prompt: str) -> str:
        """A line that is shown."""

    def confirm(self, question: str) -> bool:
        """Yes or no; no is the default."""

    def show_once(self, lines: Sequence[str], prompt: str) -> None:
        """Show `lines` once, so that nothing of them stays on the screen."""

    def tell(self, text: str) -> None:
        """Say something."""


def open_terminal(path: str = TTY, *, dumb: bool = False) -> Terminal | None:
    """The controlling terminal, None for a process that has none; `dumb`: it obeys no escapes."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    if not os.isatty(fd):
        os.close(fd)
        return None
    return Terminal(fd, dumb=dumb)


class Terminal:
    """Asks on one open terminal; `fd` is closed with `close`."""

    def __init__(self, fd: int, *, dumb: bool = False) -> None:
        self._fd = fd
        self._dumb = dumb

    @property
    def fd(self) -> int:
        """Its descriptor, for who waits for it beside others."""
        return self._fd

    def close(self) -> None:
        """Let go of the terminal."""
        os.close(self._fd)

    def secret(self, prompt: str) -> SecretText:
        """A line that is not shown; Interrupted on Ctrl-C, Cancelled at the end of input."""
        with self._hidden(lambda: f"{prompt}: ") as asking:
            typed, keys, place = next(self._hidden_lines(asking))
            self._refuse_more(keys[place:])
        return SecretText(typed.decode("utf-8", "surrogateescape"))

    def new_secret(self, prompt: str) -> SecretText:
        """A line typed twice, not shown; UsageProblem when the two differ `TRIES` times."""
        for _ in range(TRIES):
            first = self.secret(prompt)
            if first == self.secret("The same again"):
                return first
            self.tell("The two differ.")
        raise UsageProblem("what was typed differs from its repetition", hint="try again")

    def words(self, prompt: str, count: int) -> SecretText:
        """Words until there are `count` of them or Enter is pressed alone, not shown.

        One line may have all of them, or more; after each line it is said how many there are.
        """
        found: list[bytes] = []

        def question() -> str:
            if not found:
                return f"{prompt} ({count}, on one line or several): "
            return f"{len(found)} of {count} words: "

        with self._hidden(question) as asking:
            for typed, keys, _ in self._hidden_lines(asking):
                found += typed.split()
                if len(found) >= count or not (typed or keys.strip(_ENTER)):
                    break
                self.tell(f"\n{question()}", end="")
        return SecretText(b" ".join(found).decode("utf-8", "surrogateescape"))

    def line(self, prompt: str) -> str:
        """A line that is shown, without its end."""
        return self._line(lambda: self.tell(f"{prompt}: ", end=""), _nothing)

    def confirm(self, question: str) -> bool:
        """True for y or yes, False for n, no or an empty line; asks again otherwise."""
        for _ in range(TRIES):
            answer = self.line(f"{question} [y/N]").strip().lower()
            if answer in ("y", "yes"):
                return True
            if answer in ("", "n", "no"):
                return False
            self.tell("Please answer yes or no.")
        return False

    def show_once(self, lines: Sequence[str], prompt: str) -> None:
        """Show `lines` in the alternate screen until Enter; they do not stay in the scrollback.

        A dumb terminal has no such screen: there the person is told to clear it.
        """
        page = "".join(f"{text}\n" for text in (*lines, *([_STAYS] if self._dumb else [])))
        opened, closed = ("", "") if self._dumb else (_ALTERNATE, _NORMAL)
        self._line(
            lambda: self.tell(f"{opened}{page}{prompt}: ", end=""),
            lambda: self.tell(closed, end=""),
        )

    def tell(self, text: str, end: str = "\n") -> None:
        """Write to the terminal itself."""
        data = f"{text}{end}".encode("utf-8", "replace")
        with problems():
            while data:
                data = data[os.write(self._fd, data) :]

    def _hidden(self, question: Callable[[], str]) -> Asking:
        return Asking(
            self._fd,
            lambda: self.tell(question(), end=""),
            lambda: self.tell(""),
            echo=False,
            lines=False,
        )

    def _line(self, draw: Callable[[], None], hide: Callable[[], None]) -> str:
        with Asking(self._fd, draw, hide, echo=True, lines=True):
            data = bytearray()
            while not data.endswith(b"\n"):
                self._wait()
                data += self._some()
        return bytes(data).rstrip(_ENTER).decode("utf-8", "surrogateescape")

    def _hidden_lines(self, asking: Asking) -> Iterator[tuple[bytes, bytes, int]]:
        """Lines as they are ended, each with the keys that came at once, and its end's place."""
        typed, times = bytearray(), asking.resumed
        while True:
            self._wait()
            keys = self._some() if times == asking.resumed else b""
            if times != asking.resumed:
                typed.clear()
                times = asking.resumed
                continue
            for number, code in enumerate(keys):
                if code in _ENTER:
                    yield bytes(typed), keys, number
                    typed.clear()
                else:
                    _edit(typed, code)

    def _refuse_more(self, rest: bytes) -> None:
        """A paste of several lines would lose its rest, or spill it into the shell."""
        if rest.strip(_ENTER) or select.select([self._fd], [], [], 0)[0]:
            raise UsageProblem(
                "more than one line came at once",
                hint="for a value of several lines use - (standard input) or --from-file",
            )

    def _wait(self) -> None:
        """Come back when there is something to read, which `_some` then does not wait for."""
        try:
            with problems():
                select.select([self._fd], [], [])
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    def _some(self) -> bytes:
        try:
            with problems():
                data = os.read(self._fd, 4096)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        if not data:
            raise Cancelled("no answer")
        return data


def _nothing() -> None:
    """Nothing is to be hidden."""


def _edit(typed: bytearray, key: int) -> None:
    """What a key does to a hidden line: erase one character, all of them, or end the input."""
    if key in _ERASE:
        while typed and typed.pop() & 0xC0 == 0x80:
            pass
    elif key == _KILL:
        typed.clear()
    elif key == _END_OF_INPUT:
        if not typed:
            raise Cancelled("no answer")
    else:
        typed.append(key)

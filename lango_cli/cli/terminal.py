"""Questions on the controlling terminal.

What lives here: `Terminal`, the `Prompter` that reads from /dev/tty. The rule: a question never
touches stdin or stdout, so `cmd | lango secrets set NAME -` works; what was typed before a
question is thrown away; the terminal is put back as it was whatever happens, Ctrl-C and SIGTERM
included. Why hidden lines are read byte by byte: a terminal that edits lines itself cuts them at
4 KiB without a word (1 KiB on macOS), and a pasted token can be longer.
"""

from __future__ import annotations

import contextlib
import os
import select
import termios
from typing import TYPE_CHECKING, Any, Protocol

from lango_cli.errors import Cancelled, FileProblem, Interrupted, UsageProblem
from lango_cli.secret import SecretText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TTY = "/dev/tty"
TRIES = 3
"""How often something may be typed differently twice, or answered with neither yes nor no."""

_LOCAL, _KEYS = 3, 6
"""Where `termios.tcgetattr` keeps the local modes and the control characters."""

_ENTER = b"\r\n"
_ERASE = b"\x7f\x08"
_KILL, _END_OF_INPUT = 0x15, 0x04
_ALTERNATE, _NORMAL = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[2J\x1b[?1049l"


class Prompter(Protocol):
    """Whoever can be asked."""

    def secret(self, prompt: str) -> SecretText:
        """A line that is not shown while typed."""

    def new_secret(self, prompt: str) -> SecretText:
        """The same, typed twice."""

    def line(self, prompt: str) -> str:
        """A line that is shown."""

    def confirm(self, question: str) -> bool:
        """Yes or no; no is the default."""

    def show_once(self, lines: Sequence[str], prompt: str) -> None:
        """Show `lines` once, so that nothing of them stays on the screen."""

    def tell(self, text: str) -> None:
        """Say something."""


def open_terminal(path: str = TTY) -> Terminal | None:
    """The controlling terminal, None for a process that has none."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    if not os.isatty(fd):
        os.close(fd)
        return None
    return Terminal(fd)


class Terminal:
    """Asks on one open terminal; `fd` is closed with `close`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        """Let go of the terminal."""
        os.close(self._fd)

    def secret(self, prompt: str) -> SecretText:
        """A line that is not shown; Interrupted on Ctrl-C, Cancelled at the end of input."""
        with self._mode(echo=False, lines=False):
            self.tell(f"{prompt}: ", end="")
            try:
                typed = self._hidden_line()
            finally:
                self.tell("")
        return SecretText(typed.decode("utf-8", "surrogateescape"))

    def new_secret(self, prompt: str) -> SecretText:
        """A line typed twice, not shown; UsageProblem when the two differ `TRIES` times."""
        for _ in range(TRIES):
            first = self.secret(prompt)
            if first == self.secret("The same again"):
                return first
            self.tell("The two differ.")
        raise UsageProblem("what was typed differs from its repetition", hint="try again")

    def line(self, prompt: str) -> str:
        """A line that is shown, without its end."""
        with self._mode(echo=True, lines=True):
            self.tell(f"{prompt}: ", end="")
            data = bytearray()
            while not data.endswith(b"\n"):
                data += self._some()
        return bytes(data).rstrip(_ENTER).decode("utf-8", "surrogateescape")

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
        """Show `lines` in the alternate screen until Enter; they do not stay in the scrollback."""
        self.tell(_ALTERNATE, end="")
        try:
            for text in lines:
                self.tell(text)
            self.line(prompt)
        finally:
            self.tell(_NORMAL, end="")

    def tell(self, text: str, end: str = "\n") -> None:
        """Write to the terminal itself."""
        data = f"{text}{end}".encode("utf-8", "replace")
        with self._problems():
            while data:
                data = data[os.write(self._fd, data) :]

    def _hidden_line(self) -> bytes:
        typed = bytearray()
        while True:
            keys = self._some()
            for number, code in enumerate(keys):
                if code in _ENTER:
                    self._refuse_more(keys[number:])
                    return bytes(typed)
                _edit(typed, code)

    def _refuse_more(self, rest: bytes) -> None:
        """A paste of several lines would lose its rest, or spill it into the shell."""
        if rest.strip(_ENTER) or select.select([self._fd], [], [], 0)[0]:
            raise UsageProblem(
                "more than one line came at once",
                hint="for a value of several lines use - (standard input) or --from-file",
            )

    def _some(self) -> bytes:
        try:
            with self._problems():
                data = os.read(self._fd, 4096)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        if not data:
            raise Cancelled("no answer")
        return data

    @contextlib.contextmanager
    def _mode(self, *, echo: bool, lines: bool) -> Iterator[None]:
        """Set echo and line editing, forget what was typed before; restore at the end."""
        with self._problems():
            before = termios.tcgetattr(self._fd)
        try:
            with self._problems():
                termios.tcsetattr(self._fd, termios.TCSAFLUSH, _asking(before, echo, lines))
            yield
        finally:
            with self._problems():
                termios.tcsetattr(self._fd, termios.TCSAFLUSH, before)

    @staticmethod
    @contextlib.contextmanager
    def _problems() -> Iterator[None]:
        try:
            yield
        except (OSError, termios.error):
            raise FileProblem("the terminal cannot be used", hint="give --no-input") from None


def _asking(before: list[Any], echo: bool, lines: bool) -> list[Any]:
    """The terminal's attributes while a question stands; Ctrl-C always interrupts."""
    wanted = list(before)
    wanted[_LOCAL] &= ~(termios.ECHO | termios.ICANON)
    wanted[_LOCAL] |= termios.ISIG | (termios.ECHO * echo) | (termios.ICANON * lines)
    if not lines:
        wanted[_KEYS] = list(before[_KEYS])
        wanted[_KEYS][termios.VMIN], wanted[_KEYS][termios.VTIME] = 1, 0
    return wanted


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

"""A terminal's modes while a question stands, through Ctrl-Z and back.

The rule: however a process leaves the terminal to others (an answer, Ctrl-C, SIGTERM, Ctrl-Z), it
leaves it as it found it; whenever it comes back, `fg` after SIGSTOP included, its own modes stand
before it reads on, and the question is drawn anew. Otherwise a shell would be left without echo,
and what is typed after `fg` would be shown.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import termios
from typing import TYPE_CHECKING, Any

from lango_cli.errors import FileProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType
    from typing import Self

_LOCAL, _KEYS = 3, 6
"""Where `termios.tcgetattr` keeps the local modes and the control characters."""


@contextlib.contextmanager
def problems() -> Iterator[None]:
    """What the system says about a terminal, as an error a person can act on."""
    try:
        yield
    except (OSError, termios.error):
        raise FileProblem("the terminal cannot be used", hint="give --no-input") from None


class Asking:
    """Sets echo and line editing, forgets what was typed before; restores at the end and at stops.

    `draw` puts the question on the screen, `hide` takes away what must not stay there.
    """

    def __init__(
        self,
        fd: int,
        draw: Callable[[], None],
        hide: Callable[[], None],
        *,
        echo: bool,
        lines: bool,
    ) -> None:
        self._fd = fd
        self._draw, self._hide = draw, hide
        self._echo, self._lines = echo, lines
        self._before: list[Any] = []
        self._handlers: dict[signal.Signals, Any] = {}
        self._stands = self._stopping = False
        self.resumed = 0
        """How often the process went on after a stop: what was typed before is void then."""

    def __enter__(self) -> Self:
        with problems():
            self._before = termios.tcgetattr(self._fd)
        self._listen()
        try:
            self._stands = True
            self._show()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._hide()
        finally:
            self._leave()

    def _listen(self) -> None:
        """Take over SIGTSTP, unless the parent has it ignored, and SIGCONT."""
        for number, handler in ((signal.SIGTSTP, self._stop), (signal.SIGCONT, self._go_on)):
            if signal.getsignal(number) is signal.SIG_DFL:
                # Only a process's main thread can; elsewhere a stop is as it always was.
                with contextlib.suppress(ValueError):
                    self._handlers[number] = signal.signal(number, handler)

    def _leave(self) -> None:
        self._stands = False
        try:
            _set(self._fd, self._before)
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._handlers.clear()

    def _show(self) -> None:
        _set(self._fd, _wanted(self._before, self._echo, self._lines))
        self._draw()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTSTP: put the terminal back, stop, and go on where SIGCONT woke us."""
        self._stopping = True
        self._hide()
        _set(self._fd, self._before)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._stop)
        self._stopping = False
        self._go_on(signal.SIGCONT, None)

    def _go_on(self, _number: int, _frame: FrameType | None) -> None:
        if self._stands and not self._stopping:
            self.resumed += 1
            self._show()


def _set(fd: int, modes: list[Any]) -> None:
    """Set the modes; in the background this waits (SIGTTOU) until `fg`."""
    with problems():
        while True:
            try:
                termios.tcsetattr(fd, termios.TCSAFLUSH, modes)
            except termios.error as err:
                if err.args[0] != errno.EINTR:
                    raise
            else:
                return


def _wanted(before: list[Any], echo: bool, lines: bool) -> list[Any]:
    """The terminal's attributes while a question stands; Ctrl-C always interrupts."""
    wanted = list(before)
    wanted[_LOCAL] &= ~(termios.ECHO | termios.ICANON)
    wanted[_LOCAL] |= termios.ISIG | (termios.ECHO * echo) | (termios.ICANON * lines)
    if not lines:
        wanted[_KEYS] = list(before[_KEYS])
        wanted[_KEYS][termios.VMIN], wanted[_KEYS][termios.VTIME] = 1, 0
    return wanted

"""One run of `lango companion serve`: what is told, and the person who is asked.

The rule: the terminal belongs to the main thread; Enter is no; what was typed before a question is
thrown away, and a question whose asker is gone, or whose time is over, is taken back.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from lango_cli.cli.modes import Asking
from lango_cli.cli.terminal import open_terminal
from lango_cli.errors import Interrupted, Locked, UsageProblem
from lango_cli.wiring import companions

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.cli.terminal import Terminal
    from lango_cli.companion.desk import Question
    from lango_cli.secret import SecretBytes

TICK = 0.25
"""Seconds between two looks at whether a question still stands, or a signal came."""
PROMPT = "[y/N]: "
YES = ("y", "yes")


class Serving:
    """The command while it runs."""

    def __init__(
        self, call: Call, folder: str | None, name: str, *, asks: bool, pairs: bool
    ) -> None:
        self._call = call
        self._terminal: Terminal | None = None
        if asks or pairs:
            self._terminal = None if call.flags.no_input else open_terminal()
            if self._terminal is None:
                raise Locked("nobody can be asked", hint="run it on a terminal")
        self._asks, self._pairs = asks, pairs
        self._running = companions.Running(call.flags, folder, name)
        self._place = ("", 0)

    def begin(self, keys: list[str], listen: str | None, socket: str | None) -> None:
        """Open the keys, then the listeners, and say where they are."""
        host, port = _place(listen) if listen is not None else ("", 0)
        server = self._running.serve(_keys(keys), self._pin, self._call.ui.warn)
        server.asks, server.pairs = self._asks, self._pairs
        ui = self._call.ui
        if listen is not None:
            self._place = (host, server.listen_tls(host, port))
            shown = f"[{host}]" if ":" in host else host
            ui.note(f"serving https://{shown}:{self._place[1]}")
        if socket is not None:
            server.listen_unix(os.path.abspath(socket))
            ui.note(f"serving unix:{os.path.abspath(socket)}")
        ui.note(f"companion {self._running.name} {self._running.us.fingerprint[:16]} is ready")
        if not self._pairs and not self._running.pins.all():
            ui.warn("no client is paired: add --pair, and run lango companion pair there")

    def announce(self, interfaces: list[str]) -> None:
        """Say on the local network that it is there."""
        self._running.announce(*self._place, interfaces)
        self._call.ui.note("announced on the local network")

    def run(self) -> None:
        """Serve until a signal ends it."""
        try:
            while True:
                # Not for ever: a signal that comes just before a wait is seen after it.
                item = self._running.desk.next(TICK)
                if isinstance(item, str):
                    self._call.ui.note(item)
                elif item is not None:
                    self._ask(item)
        except (KeyboardInterrupt, Interrupted):
            self._call.ui.note("stopped")

    def close(self) -> None:
        """Let go of everything."""
        self._running.close()
        if self._terminal is not None:
            self._terminal.close()

    def _pin(self, name: str) -> SecretBytes | None:
        ask = self._call.ask
        return None if ask is None else ask.secret(f"PIN of key {name}")

    def _ask(self, question: Question) -> None:
        terminal = self._terminal
        if terminal is None or not question.stands():
            return
        terminal.tell("\n" + "\n".join(question.lines))
        with Asking(
            terminal.fd,
            lambda: terminal.tell(PROMPT, end=""),
            lambda: None,
            echo=True,
            lines=True,
        ):
            answer = _answer(terminal.fd, question)
        if answer is None:
            terminal.tell("\ntoo late: it is not asked any more")
        else:
            question.answer(yes=answer)


def _answer(fd: int, question: Question) -> bool | None:
    """Whether the line that is typed is a yes; None where the question was taken back."""
    typed = b""
    while question.stands():
        if select.select([fd], [], [], TICK)[0]:
            some = os.read(fd, 4096)
            typed += some
            if not some or b"\n" in typed:
                return typed.partition(b"\n")[0].decode("utf-8", "replace").strip().lower() in YES
    return None


def _place(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
        raise UsageProblem("--listen takes HOST:PORT", hint="such as 0.0.0.0:8467")
    return host, int(port)


def _keys(given: list[str]) -> dict[str, str]:
    """NAME=KEY as a table; the usual two where nothing is given."""
    if not given:
        return dict(companions.USUAL)
    pairs = [one.partition("=") for one in given]
    found = {name: text for name, _, text in pairs}
    if len(found) != len(pairs) or not all(name and text for name, text in found.items()):
        raise UsageProblem(
            "--key takes NAME=KEY, each name once", hint="such as kek=local:wrap or kek=tpm2:"
        )
    return found

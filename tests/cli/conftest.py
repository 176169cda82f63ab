"""What the command line's tests share: a captured pair of streams, a terminal with two ends."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from lango_cli.cli import ui

if TYPE_CHECKING:
    from collections.abc import Iterator


class Said:
    """What was written to descriptor 1 and to descriptor 2."""

    def __init__(self) -> None:
        self._parts: dict[int, list[bytes]] = {ui.STDOUT: [], ui.STDERR: []}

    def write(self, fd: int, data: bytes) -> None:
        self._parts[fd].append(data)

    @property
    def out(self) -> str:
        return b"".join(self._parts[ui.STDOUT]).decode()

    @property
    def err(self) -> str:
        return b"".join(self._parts[ui.STDERR]).decode()


@contextmanager
def listening() -> Iterator[Said]:
    """Catch what `cli.ui` writes."""
    said = Said()
    with patch.object(ui, "_write", said.write):
        yield said


@pytest.fixture
def said() -> Iterator[Said]:
    """What the test makes the command line say."""
    with listening() as caught:
        yield caught


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """`app.main` takes signals over for the rest of its process, which is not ours to give."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Tty:
    """A terminal: `far` is the person's end, `near` the program's."""

    def __init__(self) -> None:
        self.far, self.near = pty.openpty()

    def type(self, keys: bytes) -> None:
        os.write(self.far, keys)

    def seen(self) -> str:
        """What it shows since last asked."""
        return os.read(self.far, 1 << 16).decode()

    def modes(self) -> list[object]:
        return termios.tcgetattr(self.near)

    def echoes(self) -> bool:
        local: int = termios.tcgetattr(self.near)[3]
        return bool(local & termios.ECHO)

    def close(self) -> None:
        for fd in (self.far, self.near):
            os.close(fd)


@pytest.fixture
def tty() -> Iterator[Tty]:
    """A terminal of the test's own."""
    if sys.platform == "win32":
        pytest.skip("no terminals here")
    terminal = Tty()
    yield terminal
    terminal.close()

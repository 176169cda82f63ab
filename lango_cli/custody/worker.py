"""A process of lango's own that serves one custodian: asked, waited for, and ended.

The rule: whoever asks waits until a deadline and no longer; a worker that did not answer in time,
or not in frames, is killed, and nothing of it is used again. It gets the variables that it is
handed, without lango's own, and its secrets through the pipe.

Why `-c` with the package's own folder: it starts from wherever this very package was loaded,
installed or not, with `-I` in force.
"""

from __future__ import annotations

import os
import select
import time
from subprocess import DEVNULL, PIPE, Popen
from sys import executable
from typing import TYPE_CHECKING

from lango_cli.custody.frames import HEAD, LIMIT, decode, encode, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from importlib import import_module; import_module(sys.argv[2]).main()"
)


class Gone(Exception):
    """The worker has ended, or speaks nonsense: it is of no use any more."""


class Hung(Exception):
    """It did not answer in time, and was killed."""


def without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """What a child is given: the passphrase, a PIN and where a keyfile is are none of it."""
    return {name: text for name, text in environment.items() if not name.startswith("LANGO_")}


class Worker:
    """A running `main()` of the module of this name."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        kept = without_ours(environment)
        self._process = Popen(
            [executable, "-I", "-c", _START, _ROOT, module],
            env=kept,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            bufsize=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests = self._process.stdin.fileno()
        self._replies = self._process.stdout.fileno()
        self._owner = os.getpid()
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, seconds: float, *parts: bytes) -> list[bytes]:
        """The reply to a request, which begins with the milliseconds left (0: no end)."""
        if os.getpid() != self._owner:
            # What was forked since shares the pipes: it would take answers to our questions.
            raise Gone
        until = time.monotonic() + seconds
        left = b"0" if seconds == float("inf") else b"%d" % max(1, int(seconds * 1000))
        try:
            os.write(self._requests, encode(left, *parts))
            return self._receive(until)
        except (OSError, ValueError) as err:
            self.stop()
            raise Gone from err
        except BaseException:
            # What was asked may still be answered, and nobody would know to which question.
            self.stop()
            raise

    def _receive(self, until: float) -> list[bytes]:
        data = b""
        while len(data) < HEAD or len(data) < HEAD + size_of(data[:HEAD]):
            left = until - time.monotonic()
            if left <= 0 or not self._poll.poll(None if left == float("inf") else left * 1000):
                raise Hung
            chunk = os.read(self._replies, HEAD + LIMIT)
            if not chunk:
                raise Gone
            data += chunk
        return decode(data[HEAD:])

    def stop(self) -> None:
        """Kill it and wait for its end; more than once is nothing, and so it is after a fork."""
        if os.getpid() == self._owner:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

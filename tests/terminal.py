"""Runs one process with a person in front of it: a real controlling terminal, typed answers, keys.

The rule: answers are typed at a prompt and never before it, because a prompt for a passphrase
throws away what was typed earlier. A prompt is a line that is not ended yet and stops with `:`,
`?`, `]` or `>`, after which the program waits. (A key or signal that came between the prompt and
the wait would be lost to it now and then: no person is that quick.)
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import selectors
import signal
import struct
import subprocess
import termios
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STREAMS = ("stdin", "stdout", "stderr")
SEEN = ("stdout", "stderr", "ttyout")
LIMIT = 60.0
"""Seconds after which a run counts as hung."""
MOMENT = 1.0
"""Seconds given to a program to come to rest before a signal is sent all the same."""
CHUNK = 65536
PROMPT = re.compile(r"[:?\]>] ?\Z")
ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[()][0AB]|[=>78])")
KEYS = {"^C": b"\x03", "^D": b"\x04", "^Z": b"\x1a"}
ASKED_WORD = "<word>"


@dataclass
class Plan:
    """What one run is given."""

    stdin: bytes = b""
    typed: list[str] | None = None
    """Lines to type, one at each prompt; None for no terminal unless `on_tty` names a stream."""
    on_tty: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    signal: tuple[int, str] | None = None
    """A signal, and the regular expression after whose appearance anywhere it is sent."""
    rows: int = 24
    columns: int = 80

    @property
    def terminal(self) -> bool:
        """Whether the run has a controlling terminal."""
        return self.typed is not None or bool(self.on_tty)


@dataclass
class Outcome:
    """How a run ended, and every byte it printed."""

    code: int = 0
    """The exit code; 128+N where signal N ended it."""
    seen: dict[str, bytes] = field(default_factory=lambda: dict.fromkeys(SEEN, b""))

    def text(self, stream: str) -> str:
        """What a stream showed; on a terminal without the carriage returns."""
        return self.seen[stream].decode(errors="replace").replace("\r\n", "\n")


def play(argv: list[str], plan: Plan, cwd: Path, env: Mapping[str, str]) -> Outcome:
    """Run `argv` to its end."""
    return Scene(argv, plan, cwd, env).run()


def states(session: int) -> set[str]:
    """The states (R running, S waiting, ...) of all processes of a session, from /proc."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, own, *_ = stat.read_text().rpartition(")")[2].split()
            if int(own) == session:
                found.add(state)
    return found


class Scene:
    """One process and the far ends of its streams."""

    def __init__(self, argv: list[str], plan: Plan, cwd: Path, env: Mapping[str, str]) -> None:
        self.plan = plan
        self.outcome = Outcome()
        self.lines = list(plan.typed or ())
        self.unanswered = ""
        self.selector = selectors.DefaultSelector()
        self.ended = -1
        self.until = time.monotonic() + LIMIT
        self.master, self.slave = self._terminal()
        ends = {name: self._end(name) for name in STREAMS}
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
            preexec_fn=self._prepare(),
            stdin=ends["stdin"],
            stdout=ends["stdout"],
            stderr=ends["stderr"],
        )
        self.pending = memoryview(plan.stdin)
        self._watch()

    def _terminal(self) -> tuple[int, int]:
        """Both ends of a terminal, or -1 twice."""
        if not self.plan.terminal:
            return -1, -1
        master, slave = pty.openpty()
        size = struct.pack("HHHH", self.plan.rows, self.plan.columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        return master, slave

    def _end(self, name: str) -> int:
        return self.slave if name in self.plan.on_tty else subprocess.PIPE

    def _prepare(self) -> Callable[[], None]:
        """What the child does before it becomes the program."""
        slave = self.slave
        closed = [STREAMS.index(name) for name in self.plan.closed]

        def prepare() -> None:
            # What started the tests may ignore these, and a program keeps what it inherits.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            if slave >= 0:
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in closed:
                os.close(number)

        return prepare

    def _watch(self) -> None:
        """Listen to every far end; what goes to stdin is written as it is taken."""
        readers = {"stdout": self.process.stdout, "stderr": self.process.stderr}
        for name, stream in readers.items():
            if stream is not None:
                self.selector.register(stream, selectors.EVENT_READ, name)
        if self.master >= 0:
            # While no one has the terminal open, its far end reads as gone: hold it open until the
            # process has ended.
            self.selector.register(self.master, selectors.EVENT_READ, "ttyout")
            self.ended = os.pidfd_open(self.process.pid)
            self.selector.register(self.ended, selectors.EVENT_READ, "ended")
        if self.process.stdin is not None:
            os.set_blocking(self.process.stdin.fileno(), False)
            self.selector.register(self.process.stdin, selectors.EVENT_WRITE, "stdin")

    def run(self) -> Outcome:
        """Converse until every stream is closed, then see how the process ended."""
        until = self.until
        try:
            while self.selector.get_map():
                ready = self.selector.select(max(0.0, until - time.monotonic()))
                if not ready:
                    raise AssertionError(f"hung for {LIMIT:.0f} s; it said:\n{self._all()}")
                for key, _ in ready:
                    self._serve(key)
            code = self.process.wait(max(0.1, until - time.monotonic()))
        finally:
            self._close()
        self.outcome.code = code if code >= 0 else 128 - code
        return self.outcome

    def _serve(self, key: selectors.SelectorKey) -> None:
        if key.data == "stdin":
            self._feed(key)
            return
        if key.data == "ended":
            self.selector.unregister(key.fileobj)
            os.close(self.slave)
            self.slave = -1
            return
        try:
            data = os.read(key.fd, CHUNK)
        except OSError:  # a terminal whose last user has gone
            data = b""
        if not data:
            self.selector.unregister(key.fileobj)
            return
        self.outcome.seen[key.data] += data
        self._signal()
        if key.data == "ttyout":
            self._answer(data)

    def _feed(self, key: selectors.SelectorKey) -> None:
        with suppress(BrokenPipeError):
            written = os.write(key.fd, self.pending[:CHUNK]) if self.pending else 0
            self.pending = self.pending[written:]
            if self.pending:
                return
        self.selector.unregister(key.fileobj)
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _signal(self) -> None:
        if self.plan.signal and re.search(self.plan.signal[1], self._all(), re.MULTILINE):
            self._settle(min(self.until, time.monotonic() + MOMENT))
            self.process.send_signal(self.plan.signal[0])
            self.plan.signal = None

    def _answer(self, data: bytes) -> None:
        """Type the next line, if this is a prompt."""
        self.unanswered += ESCAPE.sub("", data.decode(errors="replace"))
        if self.lines and PROMPT.search(self.unanswered):
            self._settle(self.until)
            if select.select([self.master], [], [], 0)[0]:
                return  # there is more to read: it was no prompt yet
            line = self.lines.pop(0)
            if line == ASKED_WORD:
                line = self._asked_word()
            os.write(self.master, KEYS.get(line) or f"{line}\n".encode())
            self.unanswered = ""

    def _settle(self, until: float) -> None:
        """Come back when all that runs here waits for something."""
        while "R" in states(self.process.pid) and time.monotonic() < until:
            time.sleep(0.001)

    def _asked_word(self) -> str:
        """The word whose number the prompt asks for, as it stood on the terminal."""
        numbers = re.findall(r"\d+", self.unanswered.splitlines()[-1])
        assert numbers, f"the prompt asks for no number: {self.unanswered!r}"
        screen = ESCAPE.sub(" ", self.outcome.text("ttyout"))
        shown = re.search(rf"(?<!\d){numbers[-1]}[.):]?\s+([a-z]+)", screen)
        assert shown, f"no word number {numbers[-1]} was shown"
        return shown[1]

    def _all(self) -> str:
        return "".join(self.outcome.text(name) for name in SEEN)

    def _close(self) -> None:
        """Leave nothing open or running, however this ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.selector.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        for number in (self.master, self.slave, self.ended):
            if number >= 0:
                os.close(number)

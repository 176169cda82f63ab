"""A command on a terminal of its own, which stands for the person's: full screen, keys, jobs.

The rule: the real terminal is raw while lango is in its foreground, and is put back whenever
lango leaves it, by end, stop or error. Keys go in as they are typed, and the command's own
terminal makes signals of them; what is sent to lango is sent on. When the command stops, lango
stops with its job, and when the shell wakes lango, lango wakes the command. All that the command
shows, on /dev/tty too, passes through the filter.
"""

from __future__ import annotations

import os
import select
import signal
import termios

from lango_cli.errors_launch import RunFailed
from lango_cli.launch import child, monitor, pipes
from lango_cli.launch.pump import Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from lango_cli.launch.child import Command
    from lango_cli.launch.monitor import Monitor
    from lango_cli.model import TextFilter

REAL = 0
"""The descriptor that the person's terminal is read and set through."""
KEYS = 4096
BEHIND = 200
"""Milliseconds between two looks whether the shell has put us into the foreground."""
SIGNALS = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM", "WINCH", "CONT", "TSTP")


def fits() -> bool:
    """Whether the terminal that stdin and stdout are is the one that controls this process."""
    try:
        os.tcgetpgrp(REAL)
    except OSError:
        return False
    return True


def run(command: Command, filter_for: Callable[[], TextFilter]) -> int:
    """Run to the end; see `pipes.run`."""
    return _Stage(command, filter_for).run()


class _Stage:
    """Both terminals, the monitor, and what waits to go from one to the other."""

    def __init__(self, command: Command, filter_for: Callable[[], TextFilter]) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._modes = termios.tcgetattr(REAL)
        self._raw = False
        self._bare = False
        self._keys: bytes = b""
        self._reading = True
        self._real = os.dup(REAL)
        self._master, slave = os.openpty()
        termios.tcsetattr(slave, termios.TCSANOW, self._modes)
        pipes.copy_size(REAL, self._master)
        self._wakes, self._waking = os.pipe()
        streams = {0: slave, 1: slave, 2: slave}
        sources = [(self._master, 1)]
        if not os.isatty(2):
            error, streams[2] = os.pipe()
            sources.append((error, 2))
        if not self._in_front():
            self._end_lines(False)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        ours = (*(source for source, _ in sources), self._wakes, self._waking, self._real)
        self._monitor: Monitor = monitor.start(command, slave, streams, mask, ours)
        for fd in {slave, *streams.values()}:
            os.close(fd)
        os.set_blocking(self._master, False)
        self._pumps = [Pump(source, sink, filter_for) for source, sink in sources]
        self._pid = 0
        self._status: int | None = None

    def run(self) -> int:
        """Serve both terminals until the command has ended."""
        self._listen()
        for pump in self._pumps:
            pump.start(lambda: signal.raise_signal(signal.SIGCHLD))
        try:
            self._appear()
            while self._status is None:
                self._serve()
            for pump in self._pumps:
                pump.drain(leave=True)
        finally:
            self._leave()
        problem = pipes.failed(self._pumps)
        if problem:
            raise RunFailed(problem)
        return pipes.code_of(os.waitstatus_to_exitcode(self._status))

    def _listen(self) -> None:
        """Let every signal wake the loop, which does what is to be done."""
        os.set_blocking(self._waking, False)
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *(signal.Signals[f"SIG{name}"] for name in SIGNALS)):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _noted)
        # In the background neither reading nor setting the terminal is to stop us: we look first.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._wakes, select.POLLIN)
        poll.register(self._monitor.fd, select.POLLIN)
        if self._keys:
            poll.register(self._master, select.POLLOUT)
        elif self._raw and self._reading:
            poll.register(self._real, select.POLLIN)
        for fd, _ in poll.poll(None if self._raw else BEHIND):
            self._come(fd)
        if not self._raw and self._status is None:
            self._appear()

    def _come(self, fd: int) -> None:
        """One of the descriptors has something for us."""
        if fd == self._monitor.fd:
            for what, number in self._monitor.messages():
                self._told(what, number)
        elif fd == self._wakes:
            for number in os.read(self._wakes, KEYS):
                self._signal(number)
        elif fd == self._real:
            self._read_keys()
        else:
            self._write_keys()

    def _told(self, what: bytes, number: int) -> None:
        if what == monitor.STARTED:
            self._pid = number
        elif what == monitor.STOPPED:
            self._stop()
        elif what == monitor.FAILED:
            raise child.why(number)
        else:
            self._status = number

    def _signal(self, number: int) -> None:
        if number == signal.SIGWINCH:
            pipes.copy_size(self._real, self._master)
        elif number == signal.SIGCHLD:
            if pipes.failed(self._pumps):
                self._send(signal.SIGTERM)
        elif number == signal.SIGCONT:
            self._raw = False
            self._appear()
            self._send_to_group(signal.SIGCONT)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        if self._pid:
            pipes.send(self._pid, number)

    def _send_to_group(self, number: int) -> None:
        if self._pid:
            pipes.send(-self._pid, number)

    def _read_keys(self) -> None:
        try:
            self._keys = os.read(self._real, KEYS)
        except OSError:
            self._raw = self._raw and self._in_front()
            self._reading = self._raw is False
            return
        self._reading = bool(self._keys)

    def _write_keys(self) -> None:
        try:
            self._keys = self._keys[os.write(self._master, self._keys) :]
        except BlockingIOError:
            return
        except OSError:
            self._keys = b""

    def _in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._real) == os.getpgrp()
        except OSError:
            return False

    def _appear(self) -> None:
        """Take the real terminal, if it is ours to take."""
        if self._raw:
            return
        if not self._in_front():
            self._end_lines(False)
            return
        try:
            self._modes = termios.tcgetattr(self._real)
            termios.tcsetattr(self._real, termios.TCSADRAIN, _raw(self._modes))
        except termios.error:
            return
        self._raw = True
        self._end_lines(True)
        pipes.copy_size(self._real, self._master)

    def _end_lines(self, by_ours: bool) -> None:
        """Which terminal turns line ends into what a screen needs: while it is raw, ours."""
        if by_ours != self._bare:
            return
        try:
            modes = termios.tcgetattr(self._master)
            if by_ours or modes[1] & termios.OPOST:
                modes[1] ^= termios.OPOST
                termios.tcsetattr(self._master, termios.TCSANOW, modes)
                self._bare = not by_ours
        except termios.error:
            return

    def _leave(self) -> None:
        """Put the real terminal back."""
        if self._raw and self._in_front():
            try:
                termios.tcsetattr(self._real, termios.TCSADRAIN, self._modes)
            except termios.error:
                pass  # It is gone, and with it what was set.
        self._raw = False

    def _stop(self) -> None:
        """The command has stopped: show what it said, and stop with our whole job."""
        for pump in self._pumps:
            pump.drain()
        self._leave()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._appear()
        self._send_to_group(signal.SIGCONT)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The byte in the pipe says it."""


def _raw(modes: list[Any]) -> list[Any]:
    """A terminal's attributes with every key passed on and every byte shown as it is."""
    wanted: list[Any] = list(modes)
    wanted[6] = list(modes[6])
    wanted[0] &= ~(
        termios.IGNBRK
        | termios.BRKINT
        | termios.PARMRK
        | termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
    )
    wanted[1] &= ~termios.OPOST
    wanted[2] = wanted[2] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    wanted[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    wanted[6][termios.VMIN], wanted[6][termios.VTIME] = 1, 0
    return wanted

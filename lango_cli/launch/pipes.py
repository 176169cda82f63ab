"""A command whose output is no terminal of ours to manage: pipes, and its own place in the job.

The rule: the command stays in lango's session and process group, so keys, job control and
/dev/tty work as if lango were not there; only stdout and stderr pass through. What a person types
reaches both processes by the kernel; what is sent to lango alone is sent on. A stream that is a
terminal, while stdin or the other is none, stays one for the command: a terminal for output alone.

What the command leaves running keeps its output: when the command ends, lango ends with its code,
and a process that stays behind passes on the rest.
"""

from __future__ import annotations

import fcntl
import os
import signal
import termios

from lango_cli.errors_launch import RunFailed
from lango_cli.launch import child
from lango_cli.launch.pump import Pump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.errors import LangoError
    from lango_cli.launch.child import Command
    from lango_cli.model import TextFilter

FORWARDED = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM", "WINCH", "CONT", "TSTP")
SI_KERNEL = 0x80
"""Who sent a signal that a key or the terminal's end made (Linux, siginfo.h)."""


def run(command: Command, filter_for: Callable[[], TextFilter]) -> int:
    """Run to the end; the exit code, 128+N where signal N ended it.

    NotExecutable or CommandNotFound if it could not be started; RunFailed if what it printed could
    not be passed on.
    """
    watched = _watched()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        outputs = [_Output(fd) for fd in (1, 2)]
        pid = child.start(command, {out.fd: out.theirs for out in outputs}, before)
        for out in outputs:
            os.close(out.theirs)
        pumps = [Pump(out.ours, out.fd, filter_for) for out in outputs]
        for pump in pumps:
            pump.start(_wake)
        status = _Watch(pid, pumps, outputs, watched).wait()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return _end(pumps, os.waitstatus_to_exitcode(status), filter_for)


def code_of(status: int) -> int:
    """The exit code of a shell: 128+N for signal N."""
    return status if status >= 0 else 128 - status


def failed(pumps: list[Pump]) -> LangoError | None:
    """What stopped a pump before its time."""
    return next((pump.problem for pump in pumps if pump.problem), None)


def _watched() -> set[signal.Signals]:
    """The signals to send on, and SIGCHLD; what our parent ignores stays ignored by all."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    found = {signal.Signals[f"SIG{name}"] for name in FORWARDED}
    return {one for one in found if signal.getsignal(one) != signal.SIG_IGN} | {signal.SIGCHLD}


def _wake() -> None:
    """From a pump's thread: the main one looks up."""
    os.kill(os.getpid(), signal.SIGCHLD)


class _Output:
    """One stream: our end, and theirs, which is a terminal if the stream is."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.terminal = os.isatty(fd)
        if self.terminal:
            self.ours, self.theirs = os.openpty()
            modes = termios.tcgetattr(fd)
            # The real terminal turns line ends into what it needs: once is enough.
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(self.theirs, termios.TCSANOW, modes)
            self.resize()
        else:
            self.ours, self.theirs = os.pipe()

    def resize(self) -> None:
        """Give the command's terminal the size of the real one."""
        if self.terminal:
            copy_size(self.fd, self.ours)


def copy_size(source: int, target: int) -> None:
    """Rows and columns of one terminal for another."""
    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        return


class _Watch:
    """Waits for the command's end, sends signals on, reaps whatever else is ours to reap."""

    def __init__(
        self, pid: int, pumps: list[Pump], outputs: list[_Output], watched: set[signal.Signals]
    ) -> None:
        self._pid = pid
        self._pumps = pumps
        self._outputs = outputs
        self._watched = watched
        self._told_to_end = False

    def wait(self) -> int:
        """The command's wait status."""
        while True:
            number, from_kernel = _next(self._watched)
            if number == signal.SIGCHLD:
                status = self._reaped()
                if status is not None:
                    return status
                if failed(self._pumps) and not self._told_to_end:
                    self._told_to_end = True
                    send(self._pid, signal.SIGTERM)
            else:
                self._pass_on(number, from_kernel)

    def _reaped(self) -> int | None:
        """The command's status if it has ended; as process 1 we are everybody's parent."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid == self._pid:
                return status
            if not pid:
                return None

    def _pass_on(self, number: int, from_kernel: bool) -> None:
        if number == signal.SIGWINCH:
            for out in self._outputs:
                out.resize()
        if number == signal.SIGTSTP:
            if not from_kernel:
                send(self._pid, number)
            stop_here()
            number, from_kernel = signal.SIGCONT, False
        if not from_kernel or number == signal.SIGWINCH:
            send(self._pid, number)


def _next(watched: set[signal.Signals]) -> tuple[int, bool]:
    """The next signal, and whether a key or the terminal itself sent it, to the command too."""
    if hasattr(signal, "sigwaitinfo"):
        found = signal.sigwaitinfo(watched)
        return found.si_signo, found.si_code == SI_KERNEL
    number = signal.sigwait(watched)
    return number, number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP) and _in_front()


def _in_front() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def send(pid: int, number: int) -> None:
    """Send a signal on; whoever has just ended, or is another user by now, does not get it."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def stop_here() -> None:
    """Stop this process as Ctrl-Z does, and come back when it goes on."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})


def _end(pumps: list[Pump], status: int, filter_for: Callable[[], TextFilter]) -> int:
    for pump in pumps:
        pump.drain(leave=True)
    problem = failed(pumps)
    if problem:
        raise RunFailed(problem)
    behind = [pump for pump in pumps if not pump.ended]
    if behind:
        # What a filter needs of the vault it gets now: a forked process cannot ask the database.
        filter_for().feed(b"\n")
    for pump in behind:
        _leave_behind(pump, pumps)
    return code_of(status)


def _leave_behind(pump: Pump, pumps: list[Pump]) -> None:
    """A process that passes on what comes later; it ends with the last writer."""
    if os.fork():
        return
    try:
        pump.stay_behind(pumps)
    finally:
        os._exit(0)

"""The process between lango and a command on a terminal of its own: it keeps the session.

The rule: the monitor leads the session, the command leads a process group in it. Why not the
command itself: a session's leader has no parent in its session, and the kernel never stops such a
group, so that Ctrl-Z would do nothing. The monitor tells lango through a pipe what becomes of the
command, and ends with it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import termios

from lango_cli.launch import child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lango_cli.launch.child import Command

STARTED, STOPPED, ENDED, FAILED = b"p", b"s", b"e", b"f"
_IGNORED = ("HUP", "INT", "QUIT", "TERM", "TSTP", "TTIN", "TTOU")
"""What reaches the monitor is meant for the command, which gets it too."""


class Monitor:
    """Our end: what the monitor told, line by line."""

    def __init__(self, fd: int, pid: int) -> None:
        self.fd = fd
        self.pid = pid
        self._rest = b""

    def messages(self) -> list[tuple[bytes, int]]:
        """What has come; waits for the first. An end without a word is the command's kill."""
        data = os.read(self.fd, 4096)
        if not data:
            return [(ENDED, signal.SIGKILL)]
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [(line[:1], int(line[1:])) for line in lines]


def start(
    command: Command,
    slave: int,
    streams: Mapping[int, int],
    mask: Iterable[int],
    ours: tuple[int, ...],
) -> Monitor:
    """Fork a monitor that starts the command on the terminal `slave`; it closes `ours`."""
    told, telling = os.pipe()
    pid = os.fork()
    if pid:
        os.close(telling)
        return Monitor(told, pid)
    try:
        for fd in (told, *ours):
            os.close(fd)
        _watch(command, slave, streams, mask, telling)
    finally:
        os._exit(0)


def _watch(
    command: Command,
    slave: int,
    streams: Mapping[int, int],
    mask: Iterable[int],
    telling: int,
) -> None:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    before = {number: _ignored(number) for number in _IGNORED}
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def prepare() -> None:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        for number, handler in before.items():
            signal.signal(getattr(signal, f"SIG{number}"), handler)

    pid, error = child.begin(command, streams, mask, prepare)
    if error:
        _tell(telling, FAILED, error)
        return
    signal.signal(signal.SIGHUP, lambda _number, _frame: _hang_up(pid))
    _tell(telling, STARTED, pid)
    for fd in {0, 1, 2, *streams.values()} - {slave}:
        child.close(fd)
    _follow(pid, telling)


def _follow(pid: int, telling: int) -> None:
    """Tell of every stop and of the end; whatever else is ours to reap is reaped."""
    while True:
        found, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            _tell(telling, STOPPED, os.WSTOPSIG(status))
        elif found == pid:
            _tell(telling, ENDED, status)
            return


def _hang_up(pid: int) -> None:
    """The terminal is gone, and lango with it, which tells the session's leader alone."""
    for number in (signal.SIGHUP, signal.SIGCONT):
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            return


def _ignored(name: str) -> signal.Handlers | int:
    """Ignore a signal; how it was, where a command may know: ignored or not."""
    number = getattr(signal, f"SIG{name}")
    was = signal.getsignal(number)
    signal.signal(number, signal.SIG_IGN)
    return signal.SIG_IGN if was == signal.SIG_IGN else signal.SIG_DFL


def _tell(fd: int, what: bytes, number: int) -> None:
    try:
        os.write(fd, what + b"%d\n" % number)
    except OSError:
        return

"""Starting a command: fork, arrange descriptors, signals and umask as they were, exec.

The rule: the command meets the process as lango itself met it, but for what it is given: no signal
blocked, none ignored but those that lango's parent ignored, the umask of before, no descriptor of
lango's. A failed exec is told to the parent through a pipe, so that it is an error and not a code
that could be the command's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal

from lango_cli import hygiene
from lango_cli.errors_launch import CommandNotFound, NotExecutable
from lango_cli.launch.program import LOOK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import NoReturn

STREAMS = (0, 1, 2)
_RESTORED = ("SIGPIPE", "SIGXFSZ")
"""What Python ignores from its start; what it was before cannot be known."""


class Command:
    """What is to be started. `kept` stay open under their numbers, `placed` move to theirs."""

    __slots__ = ("arguments", "closed", "environment", "kept", "path", "placed")

    def __init__(
        self,
        path: str,
        arguments: Sequence[bytes],
        environment: Mapping[str, bytes],
        placed: Mapping[int, int],
        kept: Sequence[int] = (),
        closed: Sequence[int] = (),
    ) -> None:
        self.path = path
        self.arguments = list(arguments)
        self.environment = dict(environment)
        self.placed = dict(placed)
        """Descriptor in the command: descriptor of ours."""
        self.kept = tuple(kept)
        self.closed = tuple(closed)


def become(command: Command) -> None:
    """Exec in this very process; comes back only by CommandNotFound or NotExecutable."""
    raise why(_exec(command, ()))


def start(command: Command, streams: Mapping[int, int], mask: Iterable[int]) -> int:
    """The pid of the started command, with `streams` placed beside what it has itself.

    `mask` is the signals it starts with blocked. CommandNotFound or NotExecutable otherwise.
    """
    pid, error = begin(command, streams, mask)
    if error:
        raise why(error)
    return pid


def begin(
    command: Command,
    streams: Mapping[int, int],
    mask: Iterable[int],
    prepare: Callable[[], None] = lambda: None,
) -> tuple[int, int]:
    """`start`, with the error number beside the pid, 0 if it runs; `prepare` runs in it first."""
    told, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        _begin_here(command, streams, mask, prepare, telling)
    os.close(telling)
    try:
        failed = os.read(told, 16)
    finally:
        os.close(told)
    if failed:
        os.waitpid(pid, 0)
    return pid, int(failed or 0)


def _begin_here(
    command: Command,
    streams: Mapping[int, int],
    mask: Iterable[int],
    prepare: Callable[[], None],
    telling: int,
) -> NoReturn:
    """In the forked process: exec, or tell why not and end."""
    code = errno.EINVAL
    try:
        prepare()
        command.placed |= streams
        telling = fcntl.fcntl(telling, fcntl.F_DUPFD_CLOEXEC, _beyond(command))
        code = _exec(command, mask)
    except OSError as err:
        code = err.errno or code
    finally:
        os.write(telling, b"%d" % code)
        os._exit(127)


def _beyond(command: Command) -> int:
    """A number that no descriptor of the command has."""
    return max((*STREAMS, *command.placed, *command.kept)) + 1


def _exec(command: Command, mask: Iterable[int]) -> int:
    """Arrange and exec; the error number if that did not work."""
    beyond = _beyond(command)
    sources = {
        there: fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, beyond)
        for there, ours in command.placed.items()
    }
    for fd in command.closed:
        close(fd)
    for there, ours in sources.items():
        os.dup2(ours, there)
    for fd in command.kept:
        os.set_inheritable(fd, True)
    for name in _RESTORED:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    hygiene.give_back_umask()
    try:
        os.execve(command.path, command.arguments, command.environment)  # noqa: S606  # the point
    except OSError as err:
        if err.errno != errno.ENOEXEC:
            return err.errno or errno.EINVAL
    try:
        # A script without a first line that says by what: execvp hands it to the shell.
        script = [b"sh", os.fsencode(command.path), *command.arguments[1:]]
        os.execve("/bin/sh", script, command.environment)  # noqa: S606  # as execvp does
    except OSError as err:
        return err.errno or errno.EINVAL


def close(fd: int) -> None:
    """Close a descriptor that may be closed already."""
    try:
        os.close(fd)
    except OSError:
        return


def why(code: int) -> CommandNotFound | NotExecutable:
    """The error that an exec's error number stands for."""
    if code == errno.ENOENT:
        return CommandNotFound("the command, or what its first line names, is not there")
    if code == errno.E2BIG:
        return NotExecutable(
            "the command cannot be started: a variable or argument, or all together, is too long",
            hint="hand a long value over by --stdin, --file or --fd",
        )
    return NotExecutable(f"the command cannot be started: {os.strerror(code).lower()}", hint=LOOK)

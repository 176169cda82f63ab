"""A helper process of lango's own: a request in, a reply out, never longer than it may take.

The rule: a secret goes through pipes, never by argv or environment; the child gets only the
variables it is handed; whoever waits for it waits until a deadline, then kills and reaps it. The
request is in the pipe before the child exists, so that no write can block or meet a closed end.

Why `-c` with the package's own folder and not `-m`: it starts from wherever this very package was
loaded, installed or not, with `-I` in force, and without `runpy`.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_LIMIT = 16384
"""Bytes that fit into an empty pipe on every system."""
REPLY_LIMIT = 65536

_SIGKILL = 9
"""A number in POSIX; the module `signal` brings `enum` along."""
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from importlib import import_module; import_module(sys.argv.pop(1)).main()"
)


def ask(
    command: tuple[str, ...], request: bytes, environment: Mapping[str, str], seconds: float
) -> bytes | None:
    """What `main()` of a module replies, None if it has not ended its reply after `seconds`.

    `command` is the interpreter, the module's full name and its arguments. A reply that was cut
    short is the caller's to notice. OSError if the interpreter cannot be started.
    """
    until = time.monotonic() + seconds
    assert len(request) <= REQUEST_LIMIT, "the pipe would fill, and nobody reads yet"
    pid, replies = _spawn(command, request, environment)
    reply = None
    try:
        reply = _read(replies, until)
    finally:
        os.close(replies)
        _reap(pid, time.monotonic() if reply is None else until)
    return reply


def _spawn(
    command: tuple[str, ...], request: bytes, environment: Mapping[str, str]
) -> tuple[int, int]:
    python, module, *arguments = command
    requests, requested = os.pipe()
    replies, replied = os.pipe()
    try:
        os.write(requested, request)
        pid = os.posix_spawn(
            python,
            [python, "-I", "-c", _START, _ROOT, module, *arguments],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, requests, 0),
                (os.POSIX_SPAWN_DUP2, replied, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsigmask=(),
        )
    except OSError:
        os.close(replies)
        raise
    finally:
        for fd in (requests, requested, replied):
            os.close(fd)
    return pid, replies


def _read(fd: int, until: float) -> bytes | None:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    reply = b""
    while len(reply) <= REPLY_LIMIT and (left := until - time.monotonic()) > 0:
        if poll.poll(left * 1000):
            chunk = os.read(fd, REPLY_LIMIT)
            if not chunk:
                return reply
            reply += chunk
    return None


def _reap(pid: int, until: float) -> None:
    """Wait for the child's end, which follows its reply at once; kill it when its time is over."""
    try:
        while time.monotonic() < until:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.0005)
        os.kill(pid, _SIGKILL)
        os.waitpid(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        # The program that started us ignores SIGCHLD: the kernel reaps.
        return

"""The resident process that keeps one vault's session bundle until its time is over.

The rule: it holds nothing but the bundle, its socket and its deadline: no terminal, no inherited
files, no environment, no core dump, no debugger. It ends at the deadline, on `drop`, or when it is
killed, and then the bundle is gone. It answers its own uid only.

The deadline is on a clock that runs through suspend. A sleeping process is not woken by it, so the
clock is looked at every 15 seconds and before each answer: after a resume nothing is given out
that is past its time. Tests show a suspend by replay only, moving an injected clock: no machine is
put to sleep.
"""

from __future__ import annotations

import _socket
import os
import select
import sys

from lango_cli import files, hygiene
from lango_cli.errors import Busy, FileProblem
from lango_cli.secret import SecretBytes
from lango_cli.sockets import NO_SIGNAL, accept, peer_uid
from lango_cli.unlock.session import FRAME_LIMIT, HEAD, boottime, deadline_of
from lango_cli.unlock.session_process import (
    DONE,
    DROP,
    GET,
    REMAINING,
    lock_path,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT_SECONDS = 0.5
WAKE_SECONDS = 15.0
BACKLOG = 1024


def main() -> None:
    """Take the frame from stdin, listen, answer `ok`, and stay behind in a process of its own."""
    hygiene.harden()
    path = sys.argv[1]
    framed = SecretBytes(files.read_fd(0, "the bundle", FRAME_LIMIT))
    listener = listen(path)
    if os.fork():
        os._exit(0)
    os.setsid()
    _leave_everything(listener.fileno())
    serve(listener, path, framed, boottime)
    os._exit(0)


def listen(path: str) -> _socket.socket:
    """A socket at `path`, 0600 from the start, in place of what an earlier process left."""
    files.remove(path)
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    before = os.umask(0o777 & ~files.MODE)
    listener.bind(path)
    os.umask(before)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _leave_everything(listener: int) -> None:
    """Keep no folder busy and no file or pipe of the caller open; only then answer."""
    os.chdir("/")
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    for name in os.listdir(folder):
        fd = int(name)
        if fd > 2 and fd != listener:
            try:
                os.close(fd)
            except OSError:
                continue  # the one that listed the folder
    os.write(1, DONE)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def serve(
    listener: _socket.socket, path: str, framed: SecretBytes, clock: Callable[[], int]
) -> None:
    """Answer until the deadline or a `drop`; then wipe, and remove the socket if still ours."""
    about = os.stat(path)
    poll = select.poll()
    poll.register(listener.fileno(), select.POLLIN)
    while (deadline := deadline_of(framed.reveal(), now := clock())) is not None:
        left = min((deadline - now) / 1_000_000_000, WAKE_SECONDS)
        if not poll.poll(left * 1000 + 1):
            continue
        client = accept(listener, CLIENT_SECONDS)
        if client is None:
            continue
        try:
            if _answer(client, framed, clock) == DROP:
                _end(path, about, framed)
                client.send(DONE, NO_SIGNAL)
                return
        except OSError:
            continue  # a client that went away or kept silent
        finally:
            client.close()
    _end(path, about, framed)


def _answer(client: _socket.socket, framed: SecretBytes, clock: Callable[[], int]) -> bytes:
    """Serve one client of our uid; what it wanted."""
    if peer_uid(client) != os.geteuid():
        return b""
    what = client.recv(1)
    content = framed.reveal()
    if deadline_of(content, clock()) is None:
        return b""
    if what == GET:
        client.sendall(content, NO_SIGNAL)
    elif what == REMAINING:
        client.sendall(content[:HEAD], NO_SIGNAL)
    return what


def _end(path: str, about: os.stat_result, framed: SecretBytes) -> None:
    """Whoever holds the lock is putting another socket there, and this one is not touched."""
    framed.wipe()
    try:
        with files.Lock(lock_path(path), 0):
            if os.path.samestat(os.lstat(path), about):
                files.remove(path)
    except (Busy, FileProblem, OSError):
        return

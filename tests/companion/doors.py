"""A door that somebody else stands behind: what a client meets that is not its companion.

A `Door` listens at a private socket and does to each connection what the test says. It is given
the companion's own identity where a test needs answers that are signed rightly and wrong all the
same.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

from lango_cli.codec import b64
from lango_cli.rpc import channel, messages
from lango_cli.rpc.messages import Garbled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from lango_cli.rpc.identity import Identity

    Act = Callable[[socket.socket], None]

PATIENCE = 60.0


class Door:
    """A listener whose every connection is handed to `act`; a context manager."""

    def __init__(self, folder: Path, act: Act) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / "socket"
        self.url = f"unix:{self.path}"
        self._act = act
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self.met = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.met += 1
                with connection, contextlib.suppress(OSError, Garbled):
                    self._act(connection)
                    # A thread that still reads it would keep it open past its close.
                    connection.shutdown(socket.SHUT_RDWR)


def heard(connection: socket.socket) -> tuple[channel.Answerer, str, messages.Request]:
    """A request that was read to its end, and whose it is."""
    answerer = channel.Answerer(connection)
    answerer.until = time.monotonic() + PATIENCE
    _, headers = answerer.head()
    answerer.go_on()
    body = answerer.body(messages.REQUEST_LIMIT)
    return answerer, headers[messages.CLIENT], messages.read_request(body)


def answering(us: Identity, reply: Callable[[messages.Request], bytes]) -> Act:
    """Answer with what `reply` makes, signed by `us`."""

    def act(connection: socket.socket) -> None:
        answerer, client, request = heard(connection)
        body = reply(request)
        over = messages.reply_signed(us.fingerprint, client, request.body, body)
        answerer.answer(channel.OK, body, {messages.SIGNATURE: b64(us.sign(over))})

    return act


def raw(data: bytes) -> Act:
    """Take the request, then send these bytes."""

    def act(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(data)

    return act


def _is_whole(answer: bytes) -> bool:
    """Whether an answer is there to its end: it comes on a connection that stays open."""
    head, end, body = answer.partition(b"\r\n\r\n")
    size = re.search(rb"(?i)content-length: *(\d+)", head)
    return bool(end) and size is not None and len(body) >= int(size[1])


class Relay:
    """An `act` that passes a connection on to the real companion, and keeps what came back."""

    def __init__(
        self, target: str, change: Callable[[bytes], bytes] = lambda reply: reply
    ) -> None:
        self._target = target
        self._change = change
        self.asked = b""
        self.answered = b""

    def __call__(self, connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far:
            far.connect(self._target)
            going = threading.Thread(target=self._ask, args=(connection, far), daemon=True)
            self.asked = self.answered = b""
            going.start()
            while b"\r\n\r\n" not in self.answered:
                self.answered += far.recv(1 << 16)
            going_on, _, rest = self.answered.partition(b"\r\n\r\n")
            connection.sendall(going_on + b"\r\n\r\n")
            while not _is_whole(rest) and (some := far.recv(1 << 16)):
                rest += some
            self.answered = rest
            connection.sendall(self._change(rest))

    def _ask(self, connection: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := connection.recv(1 << 16):
                self.asked += some
                far.sendall(some)

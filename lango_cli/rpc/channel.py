"""HTTP/1.1 on one connection, with a deadline and limits on everything that comes.

The rule: who waits, waits until a moment and no longer, however slowly the bytes come; a head is
bounded, a body has the limit that its reader gives. A connection that ends in the middle is an
OSError; what is no such HTTP, too large, or more than was asked for is Garbled. The parser is h11.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import h11

from lango_cli.rpc.messages import Garbled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEAD_LIMIT = 8192
CHUNK = 1 << 16
OK, BAD, REFUSED, LARGE, FAILED = 200, 400, 403, 413, 500
"""Statuses; FAILED and above: it cannot answer now."""
GO_ON = 100


class Connection(Protocol):
    """A connected socket, or one with TLS on it."""

    def settimeout(self, value: float | None, /) -> None:
        """As sockets have it."""

    def recv(self, size: int, /) -> bytes:
        """As sockets have it."""

    def send(self, data: bytes, /) -> int:
        """As sockets have it."""

    def fileno(self) -> int:
        """As sockets have it."""

    def close(self) -> None:
        """As sockets have it."""


class _End:
    """What both ends have: a connection, a parser, and `until`, the moment to wait for."""

    def __init__(self, connection: Connection, role: type[h11.CLIENT] | type[h11.SERVER]) -> None:
        self.connection = connection
        self.until = time.monotonic()
        self._http = h11.Connection(role, HEAD_LIMIT)

    def _put(self, *events: h11.Event) -> None:
        data = b"".join(self._http.send(event) or b"" for event in events)
        place = 0
        while place < len(data):
            self.connection.settimeout(self._left())
            place += self.connection.send(data[place : place + CHUNK])

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _next(self) -> h11.Event:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self.connection.settimeout(self._left())
                some = self.connection.recv(CHUNK)
                if not some:
                    raise ConnectionResetError
                self._http.receive_data(some)
        except h11.RemoteProtocolError:
            raise Garbled from None
        if event is h11.PAUSED:
            raise Garbled
        assert not isinstance(event, type), "the other two signals are handled"
        return event

    def body(self, limit: int) -> bytes:
        """The rest of the message whose head was read, at most `limit` bytes."""
        parts, size = [], 0
        while isinstance(event := self._next(), h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > limit:
                raise Garbled
        if not isinstance(event, h11.EndOfMessage) or self._http.trailing_data[0]:
            raise Garbled
        return b"".join(parts)

    def again(self) -> None:
        """Make ready for another request on this connection."""
        try:
            self._http.start_next_cycle()
        except h11.LocalProtocolError:
            raise Garbled from None

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()


def _headers(found: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in small letters; Garbled if one stands twice."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in found]
    headers = dict(pairs)
    if len(headers) != len(pairs):
        raise Garbled
    return headers


class Asker(_End):
    """The end that asks."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, h11.CLIENT)

    def begin(self, path: str, headers: Mapping[str, str], size: int) -> int:
        """Send a request's head; GO_ON if the other end wants the body, else the status."""
        usual = {"Host": "companion", "Content-Type": "application/json", "Expect": "100-continue"}
        given = usual | dict(headers) | {"Content-Length": str(size)}
        self._put(h11.Request(method="POST", target=path, headers=list(given.items())))
        return self._head()[0]

    def finish(self, body: bytes) -> tuple[int, dict[str, str]]:
        """Send the body; status and headers of the answer, whose body is to be read."""
        self._put(h11.Data(data=body), h11.EndOfMessage())
        return self._head()

    def _head(self) -> tuple[int, dict[str, str]]:
        event = self._next()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise Garbled
        return event.status_code, _headers(event.headers)


class Answerer(_End):
    """The end that answers."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, h11.SERVER)

    def head(self) -> tuple[str, dict[str, str]]:
        """Path and headers of a request, whose body is to be read."""
        event = self._next()
        if not isinstance(event, h11.Request) or event.method != b"POST":
            raise Garbled
        return event.target.decode("latin-1"), _headers(event.headers)

    def go_on(self) -> None:
        """Ask for the body, if the other end waits for that."""
        if self._http.they_are_waiting_for_100_continue:
            self._put(h11.InformationalResponse(status_code=GO_ON, headers=[]))

    def answer(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the answer."""
        usual = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        given = usual | dict(headers or {})
        self._put(
            h11.Response(status_code=status, headers=list(given.items())),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )

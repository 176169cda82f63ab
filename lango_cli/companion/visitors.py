"""Who is connected to a companion: so many at once, and who is known before who is not.

The rule: where there is no room, the stranger who came first goes, so that connections that say
nothing keep nobody out; who has proved to be paired stays until it is served.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from itertools import count


class Visitors:
    """The connections of one companion, by a ticket each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._tickets = count()
        self._strangers: dict[int, socket.socket] = {}
        self._known: set[int] = set()

    def enter(self, connection: socket.socket) -> int | None:
        """A ticket; None where everybody who is there is known."""
        with self._lock:
            if len(self._strangers) + len(self._known) >= self._most:
                if not self._strangers:
                    return None
                self._forget(next(iter(self._strangers)), end=True)
            ticket = next(self._tickets)
            # A second descriptor: TLS takes the first one over.
            self._strangers[ticket] = connection.dup()
            return ticket

    def is_known(self, ticket: int) -> None:
        """Whoever has this ticket proved who it is; OSError where it had to go before that."""
        with self._lock:
            if ticket not in self._strangers:
                raise ConnectionAbortedError
            self._forget(ticket, end=False)
            self._known.add(ticket)

    def leave(self, ticket: int) -> None:
        """It is over."""
        with self._lock:
            self._known.discard(ticket)
            if ticket in self._strangers:
                self._forget(ticket, end=False)

    def _forget(self, ticket: int, *, end: bool) -> None:
        connection = self._strangers.pop(ticket)
        if end:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        connection.close()

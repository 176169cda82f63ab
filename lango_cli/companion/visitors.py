"""Who is connected to a companion: so many at once, and who is known before who is not.

The rule: where there is no room, the stranger who came first goes, so that connections that say
nothing keep nobody out; who has proved to be paired stays until it is served, and is a stranger
again until its next request.
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
        self._known: dict[int, socket.socket] = {}

    def enter(self, connection: socket.socket) -> int | None:
        """A ticket; None where everybody who is there is known."""
        with self._lock:
            if len(self._strangers) + len(self._known) >= self._most:
                if not self._strangers:
                    return None
                first = self._strangers.pop(next(iter(self._strangers)))
                with suppress(OSError):
                    first.shutdown(socket.SHUT_RDWR)
                first.close()
            ticket = next(self._tickets)
            # A second descriptor: TLS takes the first one over.
            self._strangers[ticket] = connection.dup()
            return ticket

    def is_known(self, ticket: int) -> None:
        """Whoever has this ticket proved who it is; OSError where it had to go before that."""
        with self._lock:
            if ticket not in self._strangers:
                raise ConnectionAbortedError
            self._known[ticket] = self._strangers.pop(ticket)

    def is_served(self, ticket: int) -> None:
        """It has its answer, and may ask again."""
        with self._lock:
            self._strangers[ticket] = self._known.pop(ticket)

    def leave(self, ticket: int) -> None:
        """It is over."""
        with self._lock:
            for there in (self._known, self._strangers):
                if ticket in there:
                    there.pop(ticket).close()

"""The connection to a companion that a client keeps between two requests.

The rule: one request at a time; what was left for a while, or ends before the companion asks for
the body of the next, is replaced without a word, because nothing of that request was taken yet.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from lango_cli.rpc import channel, places
from lango_cli.rpc.messages import Garbled

if TYPE_CHECKING:
    from lango_cli.rpc.identity import Identity, Pin

KEEP_SECONDS = 20.0
"""How long a connection is kept unused: less than a companion waits for a next request."""


class Line:
    """At most one connection to the companion of a pin."""

    def __init__(self, us: Identity, pin: Pin) -> None:
        self._us, self._pin = us, pin
        self._lock = threading.Lock()
        self._kept: channel.Asker | None = None
        self._since = 0.0

    def take(self) -> channel.Asker | None:
        """The connection that was kept, which whoever takes it keeps or closes; None if none."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None and time.monotonic() - self._since > KEEP_SECONDS:
            kept.close()
            return None
        return kept

    def open(self, until: float) -> channel.Asker:
        """A new one; OSError or NotTheOne."""
        connection, _ = places.connect(self._pin.url, self._us, self._pin.certificate, until)
        return channel.Asker(connection)

    def keep(self, asker: channel.Asker) -> None:
        """Have it ready for the next request, in place of one that another thread kept."""
        try:
            asker.again()
        except Garbled:
            asker.close()
            return
        with self._lock:
            before, self._kept, self._since = self._kept, asker, time.monotonic()
        if before is not None:
            before.close()

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

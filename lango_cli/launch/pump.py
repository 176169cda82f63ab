"""A command's output on its way out: read, filtered, written, each stream on its own thread.

The rule: what is read is passed on before more is read, so a reader that stalls stalls the command
as it would without lango, and memory stays the same however much comes. One stream never waits
for the other. The filter is made when the first byte comes; when nothing comes for a moment, what
it can spare is written: prompts show.
"""

from __future__ import annotations

import _thread
import errno
import os
import select

from lango_cli.errors import FileProblem, LangoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.model import TextFilter

CHUNK = 1 << 16
MOMENT = 15
"""Milliseconds without input after which a filter gives what it can spare."""


class Pump:
    """One stream. `problem`: why it stopped before its end; `ended`: its source said so."""

    def __init__(self, source: int, sink: int, filter_for: Callable[[], TextFilter]) -> None:
        self.source = source
        self.ended = False
        self.problem: LangoError | None = None
        self._sink = sink
        self._filter_for = filter_for
        self._filter: TextFilter | None = None
        self._held = False
        self._drained = _thread.allocate_lock()
        self._asked, self._asking = os.pipe()
        self._leaving = False
        self._running = False

    def start(self, on_problem: Callable[[], None]) -> None:
        """Begin on a thread of its own; `on_problem` is called there when something went wrong."""

        def work() -> None:
            self.run()
            if self.problem is not None:
                on_problem()

        self._running = True
        _thread.start_new_thread(work, ())

    def drain(self, *, leave: bool = False) -> None:
        """Wait until all that the command has printed so far is passed on; `leave`: then stop."""
        self._leaving = leave
        self._drained.acquire()
        if not self._running:
            self._drained.release()
            return
        os.write(self._asking, b".")
        self._drained.acquire()
        self._drained.release()

    def stay_behind(self, others: Sequence[Pump]) -> None:
        """Go on alone, in a forked process that holds nothing open but its own two ends."""
        for other in others:
            if other is not self:
                other._close()
        for fd in (0, 1, 2):
            if fd != self._sink:
                os.close(fd)
        self.run()

    def run(self) -> None:
        """Pass on until the source ends, the sink fails, or `drain` says to leave."""
        try:
            self._until_end()
        except LangoError as err:
            self.problem = err
        except OSError as err:
            # The reader has gone: the command learns it from its own next write.
            if err.errno != errno.EPIPE:
                text = (err.strerror or "failed").lower()
                self.problem = FileProblem(f"what the command prints cannot be passed on: {text}")
        except Exception as err:  # noqa: BLE001  # a bug in a filter: nothing passes unfiltered
            self.problem = LangoError(f"unexpected ({type(err).__name__})")
        if self.ended or self.problem or not self._leaving:
            self._close()
        self._running = False
        self._answer()

    def _close(self) -> None:
        self.ended = True
        try:
            os.close(self.source)
        except OSError:
            return

    def _answer(self) -> None:
        if self._drained.locked():
            self._drained.release()

    def _until_end(self) -> None:
        poll = select.poll()
        poll.register(self.source, select.POLLIN)
        poll.register(self._asked, select.POLLIN)
        asked = False
        while True:
            ready = dict(poll.poll(0 if asked else MOMENT if self._held else None))
            if self._asked in ready:
                os.read(self._asked, 1)
                asked = True
            if self.source in ready:
                if not self._pass_on():
                    return
                continue
            if self._held and self._filter is not None:
                self._held = False
                self._write(self._filter.idle())
            if asked and self.source not in ready:
                asked = False
                if self._leaving:
                    return
                self._answer()

    def _pass_on(self) -> bool:
        try:
            chunk = os.read(self.source, CHUNK)
        except BlockingIOError:
            return True
        except OSError as err:
            # A terminal whose last user has gone reads as an error.
            if err.errno != errno.EIO:
                raise
            chunk = b""
        if not chunk:
            if self._filter is not None:
                self._write(self._filter.finish())
            self.ended = True
            return False
        if self._filter is None:
            self._filter = self._filter_for()
        self._held = True
        self._write(self._filter.feed(chunk))
        return True

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._sink, view) :]
            except BlockingIOError:
                select.select([], [self._sink], [])

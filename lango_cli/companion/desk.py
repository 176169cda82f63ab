"""The companion's person: what waits to be told or asked, in the order in which it came.

The rule: connections are served by threads, and the terminal by the main thread alone; a question
is put here, and whoever put it waits until it is answered, it is withdrawn, or its time is over.
No answer is a no.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Question:
    """One question; `gone` says whether whoever asks is still there."""

    def __init__(self, lines: Sequence[str], seconds: float, gone: Callable[[], bool]) -> None:
        self.lines = tuple(lines)
        self._until = time.monotonic() + seconds
        self._gone = gone
        self._answered = threading.Event()
        self._withdrawn = threading.Event()
        self._yes = False

    def stands(self) -> bool:
        """Whether an answer still counts."""
        over = self._answered.is_set() or self._withdrawn.is_set()
        return not over and time.monotonic() < self._until and not self._gone()

    def answer(self, *, yes: bool) -> None:
        """What the person said."""
        self._yes = yes
        self._answered.set()

    def withdraw(self) -> None:
        """It need not be answered any more."""
        self._withdrawn.set()

    def wait(self) -> bool | None:
        """What was said; None where nobody answered in time."""
        answered = self._answered.wait(max(0.0, self._until - time.monotonic()))
        self._withdrawn.set()
        return self._yes if answered else None


class Desk:
    """A queue of lines to tell and questions to ask."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Question | str] = queue.SimpleQueue()

    def tell(self, line: str) -> None:
        """Have a line shown."""
        self._waiting.put(line)

    def put(self, question: Question) -> None:
        """Have a question asked."""
        self._waiting.put(question)

    def next(self, seconds: float) -> Question | str | None:
        """The next of them; None where none comes in time."""
        try:
            return self._waiting.get(timeout=seconds)
        except queue.Empty:
            return None

"""Calls to something far away: tried again while there is time, and not at all while it is down.

The rule: only what is unavailable is tried again, after a random wait that may double each time
(exponential back-off with full jitter, AWS Architecture Blog 2015), and the deadline stands over
everything: whoever calls waits no longer, however many tries are left. After several failures in a
row nothing is tried for a while (a circuit breaker), then one call is let through to see.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, NoReturn, TypeVar

from lango_cli.errors import CustodyUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.custody.fault import Where

    T = TypeVar("T")

BASE, CAP = 0.1, 5.0
"""Seconds: the longest wait before the first retry, and before any."""
FAILURES = 5
"""Calls that fail in a row, each with all its tries, before the breaker opens."""
OPEN_FOR = 30.0
"""Seconds for which it stays open."""
_FINE = 1 << 30


class Calls:
    """The calls of one custodian. `timeout` in seconds; `retries` may be 0."""

    def __init__(
        self,
        where: Where,
        timeout: float,
        retries: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._where = where
        self._timeout = timeout
        self._retries = retries
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._failed = 0
        self._opened = 0.0

    def call(self, operation: str, attempt: Callable[[float], T]) -> T:
        """What `attempt(seconds left)` returns; CustodyUnavailable when time or tries are over.

        `attempt` keeps to the seconds it is given, with its SDK's own retries off.
        """
        self._check_breaker(operation)
        try:
            result = self._tries(operation, attempt)
        except CustodyUnavailable:
            self._count_failure()
            raise
        except Exception:
            # It answered: what it said is no sign of being down.
            self._forget_failures()
            raise
        self._forget_failures()
        return result

    def _tries(self, operation: str, attempt: Callable[[float], T]) -> T:
        end = self._clock() + self._timeout
        for number in range(self._retries + 1):
            left = end - self._clock()
            if left <= 0:
                break
            try:
                return attempt(left)
            except CustodyUnavailable:
                wait = jitter(min(CAP, BASE * 2**number))
                if self._clock() >= end:
                    break
                if number == self._retries or self._clock() + wait >= end:
                    raise
                self._sleep(wait)
        raise self._where.unavailable(operation, f"no answer within {self._timeout:g} s")

    def _check_breaker(self, operation: str) -> None:
        with self._lock:
            if self._failed < FAILURES:
                return
            wait = self._opened + OPEN_FOR - self._clock()
            if wait > 0:
                reason = f"down {self._failed} times in a row, not tried for {wait:.0f} s more"
                raise self._where.unavailable(operation, reason)
            self._opened = self._clock()

    def _count_failure(self) -> None:
        with self._lock:
            self._failed += 1
            if self._failed >= FAILURES:
                self._opened = self._clock()

    def _forget_failures(self) -> None:
        with self._lock:
            self._failed = 0


def jitter(most: float) -> float:
    """A random number of seconds up to `most`."""
    return most * secrets.randbelow(_FINE) / _FINE


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError if that takes longer.

    For SDKs that keep to no time of their own. What was begun goes on in its thread, which nobody
    waits for any more.
    """
    done: list[Callable[[], T]] = []

    def run() -> None:
        try:
            result = work()
        except BaseException as err:  # noqa: BLE001  # handed to whoever waits
            failure = err
            done.append(lambda: _raise(failure))
        else:
            done.append(lambda: result)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise TimeoutError
    return done[0]()


def _raise(err: BaseException) -> NoReturn:
    raise err

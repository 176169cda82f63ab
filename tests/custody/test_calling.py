"""Retries, the deadline and the breaker, on a clock that the test turns."""

from __future__ import annotations

import pytest

from lango_cli.custody.calling import BASE, CAP, FAILURES, OPEN_FOR, Calls
from lango_cli.custody.fault import Where
from lango_cli.errors import CustodyDenied, CustodyUnavailable

WHERE = Where("far", "key")


class Clock:
    """Time that passes when something sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


class Far:
    """Something far away that fails so often and takes so long."""

    def __init__(self, clock: Clock, failures: int, takes: float = 0.0) -> None:
        self.clock, self.failures, self.takes = clock, failures, takes
        self.left: list[float] = []

    def __call__(self, left: float) -> str:
        self.left.append(left)
        self.clock.now += min(self.takes, left)
        if len(self.left) <= self.failures:
            raise WHERE.unavailable("wrap", "not there")
        return "done"


def calls(clock: Clock, timeout: float = 60.0, retries: int = 3) -> Calls:
    return Calls(WHERE, timeout, retries, clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_it_is_tried_again_as_often_as_it_may(retries: int) -> None:
    clock = Clock()
    far = Far(clock, failures=9)
    with pytest.raises(CustodyUnavailable, match="not there"):
        calls(clock, retries=retries).call("wrap", far)
    assert len(far.left) == retries + 1


def test_waits_are_random_and_grow_up_to_a_cap() -> None:
    longest = [0.0] * 9
    for _ in range(50):
        clock = Clock()
        calls(clock, timeout=1000, retries=9).call("wrap", Far(clock, failures=9))
        assert len(clock.waits) == 9
        longest = [max(pair) for pair in zip(longest, clock.waits, strict=True)]
    for number, wait in enumerate(longest):
        assert 0 < wait <= min(CAP, BASE * 2**number)
    assert len(set(longest)) == 9


def test_the_deadline_stands_over_all_tries() -> None:
    clock = Clock()
    far = Far(clock, failures=9, takes=2.0)
    with pytest.raises(CustodyUnavailable, match=r"no answer within 5 s|not there"):
        calls(clock, timeout=5, retries=9).call("wrap", far)
    assert clock.now <= 105
    assert all(left <= 5 for left in far.left)
    assert far.left == sorted(far.left, reverse=True)


def test_a_refusal_is_not_tried_again() -> None:
    clock = Clock()
    tried = []

    def refuse(left: float) -> None:
        tried.append(left)
        raise CustodyDenied("no")

    with pytest.raises(CustodyDenied):
        calls(clock).call("wrap", refuse)
    assert len(tried) == 1


def test_what_is_down_is_left_alone_for_a_while_and_then_tried_once() -> None:
    clock = Clock()
    through = calls(clock, retries=0)
    far = Far(clock, failures=FAILURES + 1)
    for _ in range(FAILURES):
        with pytest.raises(CustodyUnavailable, match="not there"):
            through.call("wrap", far)
    with pytest.raises(CustodyUnavailable, match="not tried for 30 s more"):
        through.call("wrap", far)
    clock.now += OPEN_FOR
    with pytest.raises(CustodyUnavailable, match="not there"):
        through.call("wrap", far)
    with pytest.raises(CustodyUnavailable, match="not tried"):
        through.call("wrap", far)
    clock.now += OPEN_FOR
    assert through.call("wrap", far) == "done"
    assert through.call("wrap", far) == "done"


def test_a_refusal_closes_the_breaker() -> None:
    clock = Clock()
    through = calls(clock, retries=0)
    far = Far(clock, failures=100)
    for _ in range(FAILURES - 1):
        with pytest.raises(CustodyUnavailable):
            through.call("wrap", far)

    def refuse(_left: float) -> None:
        raise CustodyDenied("no")

    with pytest.raises(CustodyDenied):
        through.call("wrap", refuse)
    with pytest.raises(CustodyUnavailable, match="not there"):
        through.call("wrap", far)
    with pytest.raises(CustodyUnavailable, match="not there"):
        through.call("wrap", far)

"""Slow key derivation and its bounds."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.crypto import passphrase
from lango_cli.crypto.passphrase import argon2id, calibrated_rounds, pbkdf2_sha256
from lango_cli.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Callable

SALT = bytes(16)
LEAST = passphrase.PBKDF2_MIN_ROUNDS


def test_no_bound_on_the_rounds_is_below_600_000() -> None:
    assert LEAST == 600_000


@pytest.mark.parametrize("rounds", [-1, 0, 1, LEAST - 1, 100_000_001, 1 << 53])
def test_rounds_out_of_bounds_are_tampered(rounds: int) -> None:
    with pytest.raises(Tampered):
        pbkdf2_sha256(b"passphrase", SALT, rounds)


@pytest.mark.parametrize(
    ("memory_kib", "passes", "lanes"),
    [
        (65536, 3, 0),
        (65536, 3, 65),
        (65536, 0, 4),
        (65536, 65, 4),
        (31, 3, 4),
        (4 * 1024 * 1024 + 1, 3, 4),
        (0, 3, 4),
        (1 << 53, 1 << 53, 1 << 53),
        (-1, -1, -1),
    ],
)
def test_costs_out_of_bounds_are_tampered(memory_kib: int, passes: int, lanes: int) -> None:
    with pytest.raises(Tampered):
        argon2id(b"passphrase", SALT, memory_kib, passes, lanes)


@pytest.mark.parametrize("size", [0, 7])
def test_a_salt_that_is_too_short_is_tampered(size: int) -> None:
    with pytest.raises(Tampered):
        pbkdf2_sha256(b"passphrase", bytes(size), LEAST)
    with pytest.raises(Tampered):
        argon2id(b"passphrase", bytes(size), 8, 1, 1)


def test_the_least_rounds_are_accepted_and_give_32_bytes() -> None:
    assert len(pbkdf2_sha256(b"passphrase", SALT, LEAST)) == 32


def test_the_bounds_themselves_are_accepted() -> None:
    assert len(argon2id(b"", SALT, 8, 1, 1)) == 32
    assert len(argon2id(b"", SALT, 512, 1, passphrase.ARGON2_MAX_LANES)) == 32
    assert len(argon2id(b"", SALT, 8, passphrase.ARGON2_MAX_PASSES, 1)) == 32


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_different_passphrases_give_different_keys(left: bytes, right: bytes) -> None:
    """PBKDF2 is left out: HMAC fills a short key up with zero bytes, so one more is nothing."""
    assert (argon2id(left, SALT, 8, 1, 1) == argon2id(right, SALT, 8, 1, 1)) == (left == right)


@pytest.mark.parametrize("size", [0, 1, 64, 65, 1 << 20])
def test_a_passphrase_may_have_any_length(size: int) -> None:
    assert len(passphrase._pbkdf2(b"p" * size, SALT, 2)) == 32
    assert len(argon2id(b"p" * size, SALT, 8, 1, 1)) == 32


def test_another_salt_or_cost_gives_another_key() -> None:
    made = {
        argon2id(b"p", SALT, 8, 1, 1),
        argon2id(b"p", bytes(15) + b"\1", 8, 1, 1),
        argon2id(b"p", SALT, 9, 1, 1),
        argon2id(b"p", SALT, 8, 2, 1),
        argon2id(b"p", SALT, 16, 1, 2),
        passphrase._pbkdf2(b"p", SALT, 2),
        passphrase._pbkdf2(b"p", SALT, 3),
    }
    assert len(made) == 7


def ticking(*seconds: float) -> Callable[[], float]:
    """A clock on which the probes take these times."""
    readings = iter([reading for s in seconds for reading in (0.0, s)])
    return lambda: next(readings)


def test_a_slow_machine_gets_the_least_rounds() -> None:
    assert calibrated_rounds(0.25, ticking(10, 10)) == LEAST


def test_rounds_follow_the_faster_of_two_probes() -> None:
    assert calibrated_rounds(0.25, ticking(0.025, 0.0125)) == 2_000_000


@pytest.mark.parametrize("seconds", [0.0, 1e-9, -1.0])
def test_a_clock_that_stands_still_does_not_pass_the_upper_bound(seconds: float) -> None:
    rounds = calibrated_rounds(0.25, ticking(seconds, seconds))
    assert rounds == passphrase.PBKDF2_MAX_ROUNDS


def test_rounds_calibrated_here_are_accepted_here() -> None:
    assert LEAST <= calibrated_rounds(0.01) <= passphrase.PBKDF2_MAX_ROUNDS


def test_too_little_memory_is_said_plainly() -> None:
    script = (
        "import resource\n"
        "from lango_cli.crypto.passphrase import argon2id\n"
        "from lango_cli.errors import TooLarge\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "try:\n"
        "    argon2id(b'passphrase', bytes(16), 4 * 1024 * 1024, 1, 1)\n"
        "except TooLarge as err:\n"
        "    print(err)"
    )
    command = [sys.executable, "-c", script]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "Argon2id needs 4194304 KiB of memory, more than there is\n"

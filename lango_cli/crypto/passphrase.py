"""Slow key derivation for what a person can remember.

What lives here: PBKDF2-HMAC-SHA256 (RFC 8018), Argon2id (RFC 9106) and the bounds of both. The
rule: parameters are checked here, right before they are used, because they come from a header that
is not yet authenticated; anything outside the bounds is `Tampered`. Why an upper bound too: a
changed header must not be able to keep a machine busy for a day or take all its memory.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from lango_cli.errors import Tampered, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_BYTES = 32
SALT_BYTES = 16
"""What lango makes (RFC 9106 section 3.1 recommends it)."""
MIN_SALT_BYTES = 8
"""The least that Argon2id takes."""

PBKDF2_MIN_ROUNDS = 600_000
"""OWASP's figure for PBKDF2-HMAC-SHA256; fewer are neither made nor accepted."""
PBKDF2_MAX_ROUNDS = 100_000_000

ARGON2_MEMORY_KIB = 65_536
ARGON2_PASSES = 3
ARGON2_LANES = 4
"""RFC 9106 section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes."""
ARGON2_MIN_MEMORY_KIB_PER_LANE = 8
ARGON2_MAX_MEMORY_KIB = 4 * 1024 * 1024
ARGON2_MAX_PASSES = 64
ARGON2_MAX_LANES = 64

_PROBE_ROUNDS = 100_000


def pbkdf2_sha256(passphrase: bytes, salt: bytes, rounds: int) -> bytes:
    """32 bytes; Tampered if `rounds` or the salt is out of bounds."""
    _within(rounds, PBKDF2_MIN_ROUNDS, PBKDF2_MAX_ROUNDS, "the rounds of PBKDF2")
    _check_salt(salt)
    return _pbkdf2(passphrase, salt, rounds)


def argon2id(passphrase: bytes, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    """32 bytes; Tampered if a cost or the salt is out of bounds.

    TooLarge where the machine does not give that much memory: the header may well be right.
    """
    _within(lanes, 1, ARGON2_MAX_LANES, "the lanes of Argon2id")
    _within(passes, 1, ARGON2_MAX_PASSES, "the passes of Argon2id")
    least = ARGON2_MIN_MEMORY_KIB_PER_LANE * lanes
    _within(memory_kib, least, ARGON2_MAX_MEMORY_KIB, "the KiB of Argon2id")
    _check_salt(salt)
    try:
        return _argon2id(passphrase, salt, memory_kib, passes, lanes)
    except MemoryError:
        pass
    raise TooLarge(
        f"Argon2id needs {memory_kib} KiB of memory, more than there is",
        hint="close other programs, or unlock with another slot",
    )


def calibrated_rounds(target: float = 0.25, clock: Callable[[], float] = time.thread_time) -> int:
    """PBKDF2 rounds for about `target` seconds of processor time here, never below the least.

    Processor time and the faster of two probes: a busy machine must not make for a weaker slot.
    """
    seconds = min(_probe(clock), _probe(clock))
    rounds = PBKDF2_MAX_ROUNDS if seconds <= 0 else int(_PROBE_ROUNDS * target / seconds)
    return max(PBKDF2_MIN_ROUNDS, min(rounds - rounds % 1000, PBKDF2_MAX_ROUNDS))


def _probe(clock: Callable[[], float]) -> float:
    start = clock()
    _pbkdf2(b"", bytes(SALT_BYTES), _PROBE_ROUNDS)
    return clock() - start


def _pbkdf2(passphrase: bytes, salt: bytes, rounds: int) -> bytes:
    return PBKDF2HMAC(SHA256(), KEY_BYTES, salt, rounds).derive(passphrase)


def _argon2id(passphrase: bytes, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    kdf = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib
    )
    return kdf.derive(passphrase)


def _within(value: int, least: int, most: int, what: str) -> None:
    if not least <= value <= most:
        raise Tampered(f"{what} are not within {least} and {most}")


def _check_salt(salt: bytes) -> None:
    if len(salt) < MIN_SALT_BYTES:
        raise Tampered(f"a salt is shorter than {MIN_SALT_BYTES} bytes")

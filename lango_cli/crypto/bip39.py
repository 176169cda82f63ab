"""Recovery words: 16 to 32 bytes as 12 to 24 English words with a checksum (BIP-39).

The rule: what a person copies from paper is forgiven its case, its spaces and its Unicode form
(NFKD), but not one wrong word: the checksum decides. No word ever stands in a message, only its
place. The words stand for the entropy itself; BIP-39's PBKDF2 step towards a wallet is not used.

`english.txt` is the list that BIP-39 publishes, byte for byte.
"""

from __future__ import annotations

import functools
import unicodedata
from importlib import resources

from lango_cli.crypto.mac import digest
from lango_cli.errors import WrongKey

ENTROPY_BYTES = 32
"""What lango makes: 24 words."""
_LENGTHS = (16, 20, 24, 28, 32)
_COUNTS = (12, 15, 18, 21, 24)
_WORD_BITS = 11
_LONGEST = 10_000
"""Characters: far beyond 24 words with any spacing; what is longer is no set of words."""

_HINT = "check each word and their order against the paper"


@functools.cache
def english() -> tuple[str, ...]:
    """The 2048 words, in order."""
    text = resources.files("lango_cli.crypto").joinpath("english.txt").read_text("ascii")
    return tuple(text.split())


def words_of(entropy: bytes) -> str:
    """The words for 16, 20, 24, 28 or 32 bytes, one space between them."""
    if len(entropy) not in _LENGTHS:
        raise ValueError("entropy of a length that BIP-39 has no words for")
    bits = len(entropy) // 4
    number = int.from_bytes(entropy, "big") << bits | _checksum(entropy)
    count = (len(entropy) * 8 + bits) // _WORD_BITS
    words = english()
    return " ".join(words[number >> _WORD_BITS * i & 2047] for i in reversed(range(count)))


def entropy_of(text: str) -> bytes:
    """The bytes that the words stand for; WrongKey unless they are words with a right checksum."""
    if len(text) > _LONGEST:
        raise WrongKey("that is too long to be recovery words", hint=_HINT)
    words = unicodedata.normalize("NFKD", text).lower().split()
    if len(words) not in _COUNTS:
        raise WrongKey(
            f"there are {len(words)} recovery words, not 12, 15, 18, 21 or 24", hint=_HINT
        )
    number = 0
    for place, word in enumerate(words, 1):
        number = number << _WORD_BITS | _index(word, place)
    bits = len(words) // 3
    entropy = (number >> bits).to_bytes(bits * 4, "big")
    if _checksum(entropy) != number & (1 << bits) - 1:
        raise WrongKey(
            "the recovery words do not fit together: their checksum is wrong", hint=_HINT
        )
    return entropy


@functools.cache
def _places() -> dict[str, int]:
    return {word: place for place, word in enumerate(english())}


def _index(word: str, place: int) -> int:
    index = _places().get(word)
    if index is None:
        raise WrongKey(f"recovery word {place} is not in the BIP-39 English list", hint=_HINT)
    return index


def _checksum(entropy: bytes) -> int:
    return digest(entropy)[0] >> 8 - len(entropy) // 4

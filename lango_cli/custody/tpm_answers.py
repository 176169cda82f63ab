"""What a TPM says no with: its response codes (TPM 2.0 Part 2, 6.6), and what they are here.

The rule: by number, never by text. A library's own codes have higher bits, and say only that the
TPM was not reached.
"""

from __future__ import annotations

import re

from lango_cli.errors import CustodyDenied, KeyNotFound, KeyUnusable, LangoError, Tampered

CODE = re.compile(rb"\((0x[0-9A-Fa-f]{1,8})\)")
FORMAT_ONE, NUMBER = 0x80, 0x3F
"""Of a response code: the bit of its format, and its number in that (TPM 2.0 Part 2, 6.6)."""
WARNING = 0x800
LOCKED = 0x921
NO_ROOM = frozenset({0x902, 0x903, 0x904, 0x905, 0x906})
"""Out of memory or handles for objects and sessions: there is room when others have ended."""
NO_TIME = frozenset({0x908, 0x90A, 0x920, 0x922, 0x923})
"""Yielded, testing itself, writing too often, retry, NV not available: soon again."""
BROKEN = frozenset({0x100, 0x101})
"""It was not started, or has failed: it answers nothing else until the machine starts again."""
Meaning = tuple[type[LangoError], str, str | None]
"""Kind, reason and hint; None: the hint of the kind."""
CHANGED = (
    "if firmware or boot changed, open with another slot (--slot LABEL), then:"
    " lango keys slot rewrap"
)
FOREIGN = "was the TPM cleared, or is it another machine's? open with another slot: --slot LABEL"
_BY_NUMBER: dict[int, Meaning] = {
    0x0B: (KeyNotFound, "there is no key at this handle", None),
    0x0E: (CustodyDenied, "the PIN is wrong", None),
    0x22: (CustodyDenied, "the PIN is wrong", None),
    0x1D: (KeyUnusable, "the PCRs are not as they were when it was sealed", CHANGED),
    0x1F: (Tampered, "that was not sealed under this TPM's key, or is damaged", FOREIGN),
    0x03: (KeyUnusable, "the key cannot do this", None),
    0x02: (KeyUnusable, "the key cannot do this", None),
    0x1C: (KeyUnusable, "the key is of another kind", None),
    0x04: (Tampered, "what was sealed is damaged", None),
    0x15: (Tampered, "what was sealed is damaged", None),
    0x1A: (Tampered, "what was sealed is damaged", None),
}
"""Response codes of format one, without the parameter they speak of."""
_WHOLE: dict[int, Meaning] = {
    0x126: (KeyUnusable, "the PCRs changed while it was opened", CHANGED)
}


def codes(said: bytes) -> set[int]:
    """The TPM's own response codes in what a command says; a library's have higher bits."""
    found = {int(one[1], 16) for one in CODE.finditer(said)}
    return {code for code in found if 0 < code < 0x1000}


def counter(name: bytes, said: bytes) -> int | None:
    """A number that `tpm2_getcap properties-variable` shows."""
    found = re.search(rb"TPM2_PT_" + name + rb": (0x[0-9A-Fa-f]+|[0-9]+)", said)
    return int(found[1], 0) if found else None


def meaning(code: int) -> Meaning | None:
    """What a refusal is about, where it can be anything else than a refusal."""
    if code in _WHOLE:
        return _WHOLE[code]
    return _BY_NUMBER.get(code & NUMBER) if code & FORMAT_ONE else None

"""Durations as people write them: `90s`, `15m`, `1h30m`, `2d12h`, `2w`.

The rule: numbers with units from the greatest to the least, each unit once, and no number that
makes a whole one of the unit before it: `1h90m` may be a slip for something else and is none. So a
duration has one spelling in the units that somebody chose, less zeros that say nothing. Standard
library's `re` and `datetime` are not needed for it, and cost more than all of a small command.
"""

from __future__ import annotations

UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit, the greatest first."""
FOREVER = "forever"
LONGEST = 1000 * 365 * 86_400
"""The longest duration, in seconds: a thousand years."""
ORDER = "the greater unit first, each once, and no 90m after an h"
EXAMPLES = f"90s, 15m, 1h30m, 90d or 2w: {ORDER}"
_DIGITS = 12


def seconds_of(text: str) -> int | None:
    """Whole seconds of a duration; None for a text that is none, or over `LONGEST`."""
    parts = _parts(text)
    if parts is None:
        return None
    total = sum(number * UNITS[unit] for number, unit in parts)
    return total if total <= LONGEST else None


def is_disordered(text: str) -> bool:
    """Whether a text that is no duration is one but for the order or size of its parts."""
    units = [character for character in text if character in UNITS]
    plain = all(character in UNITS or character in "0123456789" for character in text)
    return plain and len(units) > 1 and _parts(text) is None


def spelled(text: str) -> str:
    """A duration without zeros in front of a number or in place of one; anything else as it is."""
    parts = _parts(text)
    if parts is None:
        return text
    kept = [part for part in parts if part[0]] or parts[-1:]
    return "".join(f"{number}{unit}" for number, unit in kept)


def span(seconds: int) -> str:
    """Seconds as people write them: `90d`, `1h30m`, `45s`; weeks are written as days."""
    found = ""
    for unit in "dhms":
        number, seconds = divmod(seconds, UNITS[unit])
        found += f"{number}{unit}" if number else ""
    return found or "0s"


def _parts(text: str) -> list[tuple[int, str]] | None:
    """The numbers with their units; None where that is no duration."""
    parts: list[tuple[int, str]] = []
    digits, above = "", LONGEST + 1
    for character in text:
        if character in "0123456789":
            digits += character
            continue
        unit = UNITS.get(character, above)
        if unit >= above or not 0 < len(digits) <= _DIGITS:
            return None
        if parts and int(digits) * unit >= above:
            return None
        parts.append((int(digits), character))
        digits, above = "", unit
    return None if digits else parts or None

"""All built-in patterns by name, and which of them are looked for.

The rule: names are the settings' and the placeholders' (`[REDACTED:email]`); a category, or `all`,
stands for its patterns; a name that is none is an error, never passed over.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lango_cli.errors import InvalidSetting
from lango_cli.interceptor.pii import addresses, births, contact, identity, national, network

if TYPE_CHECKING:
    from collections.abc import Collection

    from lango_cli.interceptor.pii.rules import Pattern

PATTERNS: tuple[Pattern, ...] = (
    *contact.PATTERNS,
    addresses.STREET_ADDRESS,
    births.BIRTH_DATE,
    *identity.PATTERNS,
    *national.PATTERNS,
    *network.PATTERNS,
)
NAMES = {pattern.name: pattern for pattern in PATTERNS}
CATEGORIES = tuple(dict.fromkeys(pattern.category for pattern in PATTERNS))
ALL = "all"


def named(words: Collection[str], where: str) -> set[str]:
    """The names that these names, categories or `all` stand for; InvalidSetting for others."""
    found: set[str] = set()
    for word in words:
        if word == ALL:
            found |= NAMES.keys()
        elif word in CATEGORIES:
            found |= {pattern.name for pattern in PATTERNS if pattern.category == word}
        elif word in NAMES:
            found.add(word)
        else:
            near = get_close_matches(word, [*NAMES, *CATEGORIES, ALL], n=1)
            raise InvalidSetting(
                f"{where}: there is no such pattern"
                + (f"; did you mean {near[0]}?" if near else ""),
                hint="see their names: lango pii list",
            )
    return found


def select(enabled: Collection[str], disabled: Collection[str]) -> list[Pattern]:
    """The patterns that are on: those on by default and `enabled`, less `disabled`."""
    return [
        pattern
        for pattern in PATTERNS
        if (pattern.on or pattern.name in enabled) and pattern.name not in disabled
    ]

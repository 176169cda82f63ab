"""`lango __complete [--slots|--keys] [--home DIR] [--] PREFIX`: what shells' completions ask.

The rule: one answer a line and nothing else. What it does not understand, or what goes wrong, is
silence; it never unlocks, and no Typer is imported for it.
"""

from __future__ import annotations

from lango_cli.wiring import completing
from lango_cli.wiring.flags import Flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def offers(words: Sequence[str]) -> list[str]:
    """Names of secrets, or with --slots, --keys of those, that begin with the prefix."""
    flags, what = Flags(), ""
    prefixes: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            prefixes.extend(rest)
        elif word in ("--slots", "--keys"):
            what = word
        elif word == "--home":
            flags.home = next(rest, None)
        elif word.startswith("--home="):
            flags.home = word[len("--home=") :]
        elif word.startswith("-"):
            return []
        else:
            prefixes.append(word)
    if len(prefixes) != 1:
        return []
    return [name for name in _names(flags, what, prefixes[0]) if name.startswith(prefixes[0])]


def _names(flags: Flags, what: str, prefix: str) -> list[str]:
    if what == "--slots":
        return completing.slot_names(flags, prefix)
    return completing.names(flags, keys=what == "--keys")

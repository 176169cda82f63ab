"""`lango __complete [--slots] [--home DIR] [--] PREFIX`: what the completions of the shells ask.

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
    """Names of secrets, or with --slots of slots, that begin with the prefix."""
    flags, slots = Flags(), False
    prefixes: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            prefixes.extend(rest)
        elif word == "--slots":
            slots = True
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
    prefix = prefixes[0]
    found = completing.slot_names(flags, prefix) if slots else completing.secret_names(flags)
    return [name for name in found if name.startswith(prefix)]

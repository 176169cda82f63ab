"""`lango __complete [--slots|--keys|--settings|--profiles] [--home DIR] [--] PREFIX`.

The rule: what shells' completions ask is answered with one name a line and nothing else. What is
not understood, or goes wrong, is silence; it never unlocks, and no Typer is imported for it.
"""

from __future__ import annotations

from lango_cli.wiring.flags import Flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def offers(words: Sequence[str]) -> list[str]:
    """Names of secrets, or of what the option says, that begin with the prefix."""
    flags, what = Flags(), ""
    prefixes: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            prefixes.extend(rest)
        elif word in ("--slots", "--keys", "--settings", "--profiles"):
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
    if what == "--settings":
        from lango_cli.wiring import completing_settings

        return completing_settings.setting_names(flags, prefix)
    from lango_cli.wiring import completing

    if what == "--slots":
        return completing.slot_names(flags, prefix)
    return completing.names(flags, what)

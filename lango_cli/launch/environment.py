"""What a command gets as its environment: what it inherits, and never lango's own variables.

The rule: every variable that begins with `LANGO_` stays behind, because some of them unlock the
vault; whoever wants one in the command sets it by name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OWN = "LANGO_"
KEPT = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "TZ", "TMPDIR")
)
"""What stays with --no-inherit, beside LC_*: where things are, who it is, how text looks."""

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_REST = _FIRST | frozenset("0123456789")


def inherited(
    environment: Mapping[str, str], *, everything: bool, asked_for: Collection[str] = ()
) -> dict[str, str]:
    """The variables that a command has from us; what is `asked_for` by name comes along always."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(OWN)
        and (everything or name in KEPT or name in asked_for or name.startswith("LC_"))
    }


def is_name(name: str) -> bool:
    """Whether every shell can have a variable of this name."""
    return name[:1] in _FIRST and _REST.issuperset(name) if name else False

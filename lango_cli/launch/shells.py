"""Lines that set a variable in a shell, whatever bytes its value has.

The rule: a value stands in single quotes, in which a shell obeys nothing; what ends or escapes
them is written in the one way that this shell takes. So `eval "$(lango env)"` runs no part of a
value. A zero byte has no place in any variable.
"""

from __future__ import annotations

from lango_cli.errors import UsageProblem

SHELLS = ("bash", "dash", "fish", "sh", "zsh")


def line(shell: str, name: str, value: bytes) -> bytes:
    """The line for this shell."""
    if b"\0" in value:
        raise UsageProblem(f"env {name}: the value holds a zero byte, which no variable can")
    if shell == "fish":
        return b"set -gx %s %s\n" % (name.encode(), _fish(value))
    return b"export %s=%s\n" % (name.encode(), _posix(value))


def _posix(value: bytes) -> bytes:
    return b"'" + value.replace(b"'", b"'\\''") + b"'"


def _fish(value: bytes) -> bytes:
    return b"'" + value.replace(b"\\", b"\\\\").replace(b"'", b"\\'") + b"'"

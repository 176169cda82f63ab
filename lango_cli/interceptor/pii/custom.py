r"""Patterns of the person's own, from `piiCustomPatterns`.

The rule: each is checked when it is read, and a bad one is an error that names it, never one that
is passed over. They run in RE2, in linear time, with a bound on what they may expand to. Each
matches within one line, `^` and `$` are a line's ends, and what asks for the ends of the whole
text (`\A`, `\z`) is refused: text comes in pieces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import re2

from lango_cli.errors import InvalidSetting
from lango_cli.interceptor.pii.catalogue import NAMES
from lango_cli.interceptor.pii.rules import Pattern, Rule, compiled

if TYPE_CHECKING:
    from collections.abc import Mapping

CATEGORY = "custom"
MOST, LONGEST = 100, 2000
"""Custom patterns, and characters of one."""
LARGEST = 10_000
"""Instructions of a compiled pattern: a nest of counted repetitions grows beyond all measure."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,39}")
_WHOLE_TEXT = re.compile(r"\\[AzC]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
_ESCAPED_BACKSLASH = re.compile(r"\\\\")


def patterns(table: Mapping[str, str], where: str) -> list[Pattern]:
    """The patterns of a table of names and expressions; InvalidSetting for a bad one."""
    if len(table) > MOST:
        raise InvalidSetting(f"{where}: more than {MOST} custom patterns")
    return [_pattern(name, expression, where) for name, expression in table.items()]


def _pattern(name: str, expression: str, where: str) -> Pattern:
    if not _NAME.fullmatch(name):
        hint = "a letter, then letters, digits, _ and -, at most 40"
        raise InvalidSetting(f"{where}: a custom pattern's name is none", hint=hint)
    if name in NAMES:
        raise InvalidSetting(f"{where}: {name} is a pattern that lango has", hint="rename yours")
    if not expression or len(expression) > LONGEST:
        raise InvalidSetting(f"{where}: pattern {name} is empty or over {LONGEST} characters")
    if _WHOLE_TEXT.search(_ESCAPED_BACKSLASH.sub("", expression)):
        raise InvalidSetting(
            f"{where}: pattern {name} asks for the ends of the whole text",
            hint="^ and $ are the ends of a line",
        )
    rule = Rule(expression, whole=True)
    _refuse_bad(rule, name, where)
    return Pattern(name, f"Custom pattern {name}", CATEGORY, True, (rule,))


def _refuse_bad(rule: Rule, name: str, where: str) -> None:
    try:
        program = compiled(rule.expression)
    except (re2.error, UnicodeEncodeError) as err:
        said = err.args[0] if err.args else b""
        reason = said.decode(errors="replace") if isinstance(said, bytes) else "not a text"
        raise InvalidSetting(
            f"{where}: pattern {name} is no regular expression",
            hint=f"{reason.partition(':')[0]}; RE2's syntax has no look-around and no references",
        ) from None
    if program.programsize > LARGEST:
        raise InvalidSetting(f"{where}: pattern {name} expands to too much", hint="count less")
    if program.search(b"") is not None:
        raise InvalidSetting(f"{where}: pattern {name} matches nothing at all", hint="use + for *")

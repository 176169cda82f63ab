"""TOML: a map of names to values, tables as folders.

The rule: what is read goes through the standard library; what is written is basic strings with
every key quoted. TOML has no binary, so a value that is not UTF-8 is refused.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import DEPTH_LIMIT, Unfit, bytes_of, decoded, spelled
from lango_cli.formats.tree import Pairs, entries_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.formats.entry import Entry, Parsed

BAD_HINT = "mend the file, or name its form with --format"
_LINE = re.compile(r"\(at line (\d+),")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def read(data: bytes) -> Parsed:
    """The entries of a TOML document."""
    try:
        body = tomllib.loads(decoded(data, "the file"), parse_float=str)
    except (ValueError, RecursionError, IndexError) as err:
        # The library's text may repeat a piece of the file: its line number alone is passed on.
        line = _LINE.search(str(err))
        place = f"line {line[1]}: " if line else ""
        raise UsageProblem(f"{place}this is not TOML", hint=BAD_HINT) from None
    return entries_of(_pairs(body, 0))


def _pairs(members: dict[str, object], depth: int) -> Pairs:
    if depth > DEPTH_LIMIT:
        raise UsageProblem("the TOML is nested too deep", hint=BAD_HINT)
    return Pairs(
        (key, _pairs(value, depth + 1) if isinstance(value, dict) else value)
        for key, value in members.items()
    )


def write(entries: Sequence[Entry]) -> bytes:
    """A line for each value."""
    lines = spelled(entries, _line, "TOML", "take --format lango or yaml, which carry all")
    return "".join(lines).encode()


def _line(entry: Entry) -> str:
    try:
        text = bytes_of(entry).decode()
    except UnicodeDecodeError:
        raise Unfit("binary, not UTF-8") from None
    return f"{quoted(entry.key)} = {quoted(text)}\n"


def quoted(text: str) -> str:
    """A basic string."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return _SHORT.get(character) or (
        f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    )

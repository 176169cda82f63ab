r"""`.env` files, as python-dotenv and node's dotenv read them.

The two disagree on escapes, comments and `${NAME}`, and there is no standard that says who is
right. The rule: `dotenv` is what both read alike. A line that they read differently is refused on
import, and a value that they would read differently is written in another spelling, or refused;
`dotenv-python` and `dotenv-node` are what one of them reads. So a value is never changed in
passing, whoever reads the file.

Of python-dotenv: single quotes with `\\` and `\'`; double quotes with `\n` and the like; without
quotes up to ` #`; `${NAME}` is replaced wherever it stands, even in single quotes. Of node's:
quotes, backticks too, are taken off; `\n` and `\r` mean something in double quotes alone; without
quotes up to the first `#`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lango_cli.formats.entry import (
    Parsed,
    Unfit,
    check_count,
    check_variable,
    decoded,
    spelled,
    with_unix_lines,
)
from lango_cli.formats.entry import text_of as value_text
from lango_cli.formats.names import NAME_COMMENT, named_by, with_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lango_cli.formats.entry import Entry

    Reader = Callable[[str], str | None]

INSTEAD = "take --format lango or json, or dotenv-python or dotenv-node for one of the readers"

_BLANK = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_HEAD = re.compile(r"[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*=([^\S\n]*)", re.ASCII)
_PLAIN = re.compile(r"(?:export )?([A-Za-z_]\w*)=([\w./:@%+,=-]*)\n", re.ASCII)
_REST = re.compile(r"[^\n]*(?:\n|\Z)")
_QUOTED = {
    "'": re.compile(r"'((?:\\'|[^'])*)'"),
    '"': re.compile(r'"((?:\\"|[^"])*)"'),
    "`": re.compile(r"`((?:\\`|[^`])*)`"),
}
_REFERENCE = re.compile(r"\$\{[^}:]*(?::-[^}]*)?\}")
_PYTHON_DOUBLE = re.compile(r"\\[\\'\"abfnrtv]")
_PYTHON_ESCAPES = dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True))
_PYTHON_SINGLE = re.compile(r"\\([\\'])")


def read(data: bytes, dialect: str = "dotenv") -> Parsed:
    """The entries of a file."""
    text = with_unix_lines(decoded(data, "the file"))
    if not text.endswith("\n"):
        text += "\n"
    parsed = Parsed()
    readers = DIALECTS[dialect]
    at, line, end, name = 0, 1, len(text), ""
    while at < end:
        if plain := _PLAIN.match(text, at):
            key, value = plain.groups()
            parsed.add(named_by(name, key), value, f"line {line}", key)
            at, line, name = plain.end(), line + 1, ""
            continue
        if blank := _BLANK.match(text, at):
            comment = NAME_COMMENT.fullmatch(blank[0].strip())
            at, line, name = blank.end(), line + 1, comment[1] if comment else ""
            continue
        after = _take(text, at, line, name, readers, parsed)
        line += text.count("\n", at, after)
        at, name = after, ""
    check_count(len(parsed.entries))
    return parsed


def _take(
    text: str, at: int, line: int, name: str, readers: Sequence[Reader], parsed: Parsed
) -> int:
    """Read one line that is not plain, or more where quotes span them; where the next begins."""
    place = f"line {line}"
    rest = _REST.match(text, at)
    assert rest is not None
    head = _HEAD.match(text, at)
    if head is None:
        parsed.wrong(place, "this is not NAME=value")
        return rest.end()
    begin, key = head.end(), head[1]
    pattern = _QUOTED.get(text[begin : begin + 1])
    quoted = pattern.match(text, begin) if pattern else None
    if quoted and (blank := _BLANK.match(text, quoted.end())):
        raw, after = quoted[0], blank.end()
    elif pattern and text[begin] != "`":
        open_ended = "the quote is not closed" if quoted is None else "text after the quote"
        parsed.wrong(place, open_ended)
        return rest.end()
    else:
        raw, after = text[begin : rest.end()].removesuffix("\n"), rest.end()
        if head[2] and raw.startswith("#"):
            raw = ""
    found = {reader(raw) for reader in readers}
    value = found.pop() if len(found) == 1 else None
    if value is None:
        parsed.wrong(place, _why_not(raw, readers))
    else:
        parsed.add(named_by(name, key), value, place, key)
    return after


def _why_not(raw: str, readers: Sequence[Reader]) -> str:
    if _REFERENCE.search(raw) and _python in readers:
        return "${...} is replaced by some readers (--format dotenv-node takes it as it is)"
    if len(readers) > 1:
        return (
            "python-dotenv and node's dotenv read this differently; "
            "say which is right: --format dotenv-python or dotenv-node"
        )
    return "this cannot be read"


def _python(raw: str) -> str | None:
    """What python-dotenv makes of a value, None where that depends on other variables."""
    if raw[:1] in ("'", '"'):
        inner = raw[1:-1]
        if raw[0] == "'":
            value = _PYTHON_SINGLE.sub(r"\1", inner)
        else:
            value = _PYTHON_DOUBLE.sub(lambda found: _PYTHON_ESCAPES[found[0][1]], inner)
    else:
        value = re.sub(r"\s+#.*", "", raw).rstrip()
    return None if _REFERENCE.search(value) else value


def _node(raw: str) -> str | None:
    """What node's dotenv makes of a value."""
    quote = raw[:1]
    if quote in _QUOTED:
        whole = _QUOTED[quote].fullmatch(raw)
        if whole is None and quote != "`":
            return None
        if whole is not None:
            inner = whole[1]
            return inner.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else inner
    value = raw.partition("#")[0].strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == "`" else value


DIALECTS: dict[str, tuple[Reader, ...]] = {
    "dotenv": (_python, _node),
    "dotenv-python": (_python,),
    "dotenv-node": (_node,),
}
"""Format: those who are to read it alike."""


def write(entries: Sequence[Entry], dialect: str = "dotenv") -> bytes:
    """The entries as a file that the dialect's readers read alike."""
    readers = DIALECTS[dialect]

    def line(entry: Entry) -> str:
        check_variable(entry)
        return f"{entry.key}={_spelling(value_text(entry), readers)}"

    lines = spelled(entries, line, f"a {dialect} file", INSTEAD)
    return with_names(entries, lines)


def _spelling(value: str, readers: Sequence[Reader]) -> str:
    """The first spelling that every reader reads as this value."""
    for raw in _spellings(value):
        if all(reader(raw) == value for reader in readers):
            return raw
    if _REFERENCE.search(value) and _python in readers:
        raise Unfit("python-dotenv replaces ${...}")
    raise Unfit("the readers of such files agree on no spelling of its quotes and escapes")


def _spellings(value: str) -> Iterator[str]:
    """Ways to write a value that each stand by themselves, whatever follows on later lines.

    A quote that follows a backslash does not end a value for all of them, so none ends like that;
    a carriage return is a line end to all of them.
    """
    if value and re.fullmatch(r"[\w./:@%+,-]+", value, re.ASCII):
        yield value
    carriage, ends_badly = "\r" in value, value.endswith("\\")
    if not (carriage or ends_badly or "'" in value):
        yield f"'{value}'"
    if not (ends_badly or '"' in value):
        yield '"' + value.replace("\r", "\\r") + '"'
    if value.isascii() and value.isprintable() and value[:1] not in ("", "'", '"', "`", " ", "#"):
        yield value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    if not (carriage or ends_badly):
        yield f"'{escaped}'"
    if not ends_badly:
        doubled = value.replace("\\", "\\\\").replace('"', '\\"')
        yield '"' + doubled.replace("\r", "\\r").replace("\n", "\\n") + '"'
    if not (carriage or ends_badly or "`" in value):
        yield f"`{value}`"

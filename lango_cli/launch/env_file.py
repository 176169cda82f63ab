r"""Files of `NAME=value` lines for `lango run --env-file`, read strictly.

The rule: what the readers of such files disagree on is refused with its line number, so that no
value is changed in passing. Nothing is expanded and no command is run: `$` in a value that is not
in single quotes is fine alone, but `${` and `$(` there, which other readers replace, are not.

    # a comment            NAME=plain text          export NAME=the same
    NAME='as it is'        NAME="with \n, \t, \\, \" and \$"
"""

from __future__ import annotations

from lango_cli.errors import UsageProblem
from lango_cli.launch.environment import is_name

LIMIT = 1 << 20
"""Bytes of a file."""

HINT = "see README, Env files"

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


def parse(data: bytes, path: str) -> dict[str, str]:
    """Variables in order; of one that comes twice, the last. UsageProblem names file and line."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageProblem(f"{path} is not UTF-8", hint=HINT) from None
    if "\0" in text:
        raise UsageProblem(f"{path} holds a zero byte", hint=HINT)
    found: dict[str, str] = {}
    at, number = 0, 1
    while at < len(text):
        end = text.find("\n", at) % (len(text) + 1)
        line = text[at:end].strip()
        if line and not line.startswith("#"):
            name, value, end = _take(text, at, end, f"{path}, line {number}")
            found[name] = value
        number += text.count("\n", at, end) + 1
        at = end + 1
    return found


def _take(text: str, at: int, end: int, where: str) -> tuple[str, str, int]:
    """Name, value, and where the line ends; a quoted value may go on over several lines."""
    head, equals, value = text[at:end].partition("=")
    name = head.strip().removeprefix("export ").strip()
    if not equals or not is_name(name):
        raise _wrong(where, "this is no NAME=value")
    if value.strip()[:1] not in ("'", '"'):
        return name, _plain(value.strip(), where), end
    opening = at + len(head) + 1 + len(value) - len(value.lstrip())
    closing = _closing(text, opening)
    if closing < 0:
        raise _wrong(where, "the quote is not closed")
    end = text.find("\n", closing) % (len(text) + 1)
    rest = text[closing + 1 : end].strip()
    if rest and not rest.startswith("#"):
        raise _wrong(where, "there is text after the quote")
    return name, _unquoted(text[opening], text[opening + 1 : closing], where), end


def _closing(text: str, opening: int) -> int:
    """Where the quote at `opening` ends, or -1."""
    quote = text[opening]
    at = text.find(quote, opening + 1)
    if quote == '"':
        while at >= 0 and _backslashes(text, at) % 2:
            at = text.find(quote, at + 1)
    return at


def _backslashes(text: str, at: int) -> int:
    """How many stand before `at`."""
    begin = at
    while text[begin - 1] == "\\":
        begin -= 1
    return at - begin


def _unquoted(quote: str, inner: str, where: str) -> str:
    if quote == "'":
        return inner
    out, at = [], 0
    while at < len(inner):
        character = inner[at]
        if character == "\\":
            at += 1
            if inner[at : at + 1] not in _ESCAPES or not inner[at : at + 1]:
                raise _wrong(where, 'in double quotes only \\n \\r \\t \\\\ \\" \\$ are escapes')
            character = _ESCAPES[inner[at]]
        elif character == "$" and inner[at + 1 : at + 2] in ("{", "("):
            raise _expands(where)
        out.append(character)
        at += 1
    return "".join(out)


def _plain(value: str, where: str) -> str:
    for mark in (" #", "\t#"):
        value = value.partition(mark)[0]
    if any(one in value for one in ("'", '"', "\\", "`")):
        raise _wrong(where, "quotes and backslashes need quotes round the whole value")
    if "${" in value or "$(" in value:
        raise _expands(where)
    return value.rstrip()


def _expands(where: str) -> UsageProblem:
    return _wrong(where, "${...} and $(...) are not expanded here; single quotes keep them")


def _wrong(where: str, what: str) -> UsageProblem:
    return UsageProblem(f"{where}: {what}", hint=HINT)

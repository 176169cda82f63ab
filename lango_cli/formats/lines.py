r"""Files of variables that other programs read line by line: docker, systemd, GitHub Actions.

The rule: each is written so that its reader, by its documented grammar, gets exactly the value,
or it is refused. `docker run --env-file` takes what follows the `=` to the end of the line as it
is, so it carries no newline, and no carriage return at the end. systemd's EnvironmentFile= (247
or newer) has double quotes with `\"`, `\\`, `\$` and a backquote escaped. `$GITHUB_ENV` has
heredocs; each has a delimiter made at random that is no line of the value, so that a value cannot
end its own and set another variable.

Sources: docker's pkg/kvfile; systemd.exec(5) and its env-file.c; GitHub's "Workflow commands".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.formats.entry import (
    Parsed,
    Unfit,
    check_count,
    decoded,
    refuse_beyond,
    spelled,
    variable_text,
)
from lango_cli.formats.names import NAME_COMMENT, named_by, with_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.formats.entry import Entry

DOCKER_LINE = 65_536 - 1
"""Bytes of a line, its end not counted, that docker's scanner takes."""
SYSTEMD_FILE = 4 << 20
"""Bytes of a file that every systemd since 247 takes; a name's comment is counted generously."""
GITHUB_KEPT = ("GITHUB_", "RUNNER_", "ACTIONS_")
INSTEAD = "take --format lango, or shell"


def read_docker(data: bytes) -> Parsed:
    """The lines of a file for `docker run --env-file`."""
    parsed, name = Parsed(), ""
    for number, line in enumerate(decoded(data, "the file").split("\n"), 1):
        line = line.removesuffix("\r").lstrip()
        comment = NAME_COMMENT.fullmatch(line)
        if line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if not equals:
                parsed.wrong(f"line {number}", "a name without a value")
            elif not key or re.search(r"\s", key):
                parsed.wrong(f"line {number}", "this is not NAME=value")
            else:
                parsed.add(named_by(name, key), value, f"line {number}", key)
        name = comment[1] if comment else ""
    check_count(len(parsed.entries))
    return parsed


def write_docker(entries: Sequence[Entry]) -> bytes:
    """A file for `docker run --env-file`."""
    return with_names(entries, spelled(entries, _docker_line, "a docker env file", INSTEAD))


def _docker_line(entry: Entry) -> str:
    value = variable_text(entry)
    if "\n" in value:
        raise Unfit("a newline")
    if value.endswith("\r"):
        raise Unfit("a carriage return at its end")
    line = f"{entry.key}={value}"
    if len(line.encode()) > DOCKER_LINE:
        raise Unfit("longer than docker reads a line (64 KiB)")
    return line


def write_systemd(entries: Sequence[Entry]) -> bytes:
    """A file for `EnvironmentFile=`."""
    lines = spelled(entries, _systemd_line, "a systemd environment file", INSTEAD)
    sizes = [
        len(line.encode()) + len(one.name.encode()) + 16
        for one, line in zip(entries, lines, strict=True)
    ]
    what = "a systemd environment file"
    refuse_beyond(entries, sizes, SYSTEMD_FILE, what, "export a folder at a time")
    return with_names(entries, lines)


def _systemd_line(entry: Entry) -> str:
    value = variable_text(entry)
    return f'{entry.key}="{_SYSTEMD_SPECIAL.sub(_ESCAPED, value)}"'


_SYSTEMD_SPECIAL, _ESCAPED = re.compile(r'(["\\`$])'), r"\\\1"
_SYSTEMD_HEAD = re.compile(r"[ \t]*([^\s=#;][^\r\n=]*?)[ \t]*=[ \t]*")
_SYSTEMD_REST = re.compile(r"[ \t]*(?:\r?\n|\r|\Z)")
_SYSTEMD_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\[\s\S])*)"|"""
    r"""(?P<bare>(?:[^\s'"\\]|\\[\s\S])(?:(?:[^\r\n\\]|\\[\s\S])*(?:[^\s\\]|\\[\s\S]))?)"""
)
_SYSTEMD_COMMENT = re.compile(r"[ \t]*(?:[#;](?:[^\r\n\\]|\\[\s\S])*\\?)?(?:\r?\n|\r|\Z)")


def read_systemd(data: bytes) -> Parsed:
    """The assignments of an environment file of systemd."""
    text = decoded(data, "the file")
    parsed, name = Parsed(), ""
    at, line = 0, 1
    while at < len(text):
        if blank := _SYSTEMD_COMMENT.match(text, at):
            comment = NAME_COMMENT.fullmatch(blank[0].strip())
            name, after = comment[1] if comment else "", blank.end()
        else:
            after = _take_systemd(text, at, f"line {line}", name, parsed)
            name = ""
        line += text.count("\n", at, after)
        at = after
    check_count(len(parsed.entries))
    return parsed


def _take_systemd(text: str, at: int, place: str, name: str, parsed: Parsed) -> int:
    head = _SYSTEMD_HEAD.match(text, at)
    value = None if head is None else _systemd_value(text, head.end())
    if head is None or value is None:
        reason = "this is not NAME=value" if head is None else "the quotes do not fit together"
        parsed.wrong(place, reason)
        end = text.find("\n", at)
        return len(text) if end < 0 else end + 1
    parsed.add(named_by(name, head[1]), value[0], place, head[1])
    return value[1]


def _systemd_value(text: str, at: int) -> tuple[str, int] | None:
    """A value, quoted pieces joined, and where the next line begins."""
    parts: list[str] = []
    while not (rest := _SYSTEMD_REST.match(text, at)):
        found = _SYSTEMD_PIECE.match(text, at)
        if found is None:
            return None
        single, double, bare = found["single"], found["double"], found["bare"]
        if single is not None:
            parts.append(single)
        elif double is not None:
            parts.append(
                re.sub(r"\\([\s\S])", lambda one: _systemd_escape(one[1], one[0]), double)
            )
        else:
            parts.append(re.sub(r"\\([\s\S])", lambda one: one[1].replace("\n", ""), bare))
        at = found.end()
        while text[at : at + 1] in (" ", "\t"):
            at += 1
    return "".join(parts), rest.end()


def _systemd_escape(character: str, whole: str) -> str:
    if character == "\n":
        return ""
    return character if character in '"\\`$' else whole


def write_github(entries: Sequence[Entry]) -> bytes:
    """Lines to append to the file that `$GITHUB_ENV` names."""
    lines = spelled(entries, _github_lines, "$GITHUB_ENV", INSTEAD)
    return "".join(lines).encode()


def _github_lines(entry: Entry) -> str:
    if entry.key.upper().startswith(GITHUB_KEPT) or entry.key.upper() == "NODE_OPTIONS":
        raise Unfit(f"GitHub does not let {entry.key} be set")
    value = variable_text(entry)
    delimiter = f"lango_{random_bytes(16).hex()}"
    while delimiter in value:
        delimiter = f"lango_{random_bytes(16).hex()}"
    return f"{entry.key}<<{delimiter}\n{value}\n{delimiter}\n"


def read_github(data: bytes) -> Parsed:
    """The variables of a file in the form of `$GITHUB_ENV`."""
    parsed = Parsed()
    lines = decoded(data, "the file").split("\n")
    at = 0
    while at < len(lines):
        line, place = lines[at], f"line {at + 1}"
        at += 1
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc > 0 and (equals < 0 or heredoc < equals):
            key, delimiter = line[:heredoc], line[heredoc + 2 :]
            end = next((n for n in range(at, len(lines)) if lines[n] == delimiter), -1)
            if end < 0 or not delimiter:
                parsed.wrong(place, "the delimiter does not come again")
                continue
            parsed.add(key, "\n".join(lines[at:end]), place)
            at = end + 1
        elif equals > 0:
            parsed.add(line[:equals], line[equals + 1 :], place)
        elif line:
            parsed.wrong(place, "this is not NAME=value and not NAME<<DELIMITER")
    check_count(len(parsed.entries))
    return parsed

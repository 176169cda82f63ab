r"""What a shell evaluates: `eval "$(lango secrets export --format shell)"`, and fish's own form.

The rule: every value stands in single quotes, in which nothing means anything: not `$`, not a
backquote, not a newline. `shell` is read alike by POSIX shells, bash, dash and zsh; the text is
bytes to them, so a value need not be UTF-8. fish has escapes of its own. Variables that a shell
keeps for itself (`UID`, `PPID`...) cannot be set and are refused by name; so is a zero byte.

On import the same is read, and what people write by hand: assignments with or without `export`,
quotes of every kind, backslashes. What would have to be run to be known (`$NAME`, `$(...)`) is
refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lango_cli.formats.entry import (
    VARIABLE_LIMIT,
    Entry,
    Parsed,
    Unfit,
    bytes_of,
    check_count,
    check_variable,
    refuse,
)
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INSTEAD = "take --format lango, or another name"

# fmt: off
KEPT = frozenset((
    # bash
    "BASHOPTS", "BASHPID", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_ALIASES", "BASH_CMDS",
    "BASH_COMMAND", "BASH_LINENO", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "COMP_CWORD",
    "COMP_KEY", "COMP_LINE", "COMP_POINT", "COMP_TYPE", "COMP_WORDS", "COPROC", "DIRSTACK",
    "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "LINENO", "OPTARG",
    "OPTIND", "OPTERR", "PIPESTATUS", "PPID", "RANDOM", "READLINE_LINE", "READLINE_POINT",
    "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID", "_", "IFS", "PWD", "OLDPWD",
    # zsh
    "ARGC", "COLUMNS", "EGID", "ERRNO", "FUNCNEST", "GID", "HISTCHARS", "HISTSIZE", "KEYTIMEOUT",
    "LINES", "LISTMAX", "LOGCHECK", "MAILCHECK", "SAVEHIST", "TRY_BLOCK_ERROR",
    "TRY_BLOCK_INTERRUPT", "TTYIDLE", "USERNAME", "ZSH_EVAL_CONTEXT", "ZSH_SUBSHELL", "aliases",
    "argv", "builtins", "cdpath", "commands", "dirstack", "errnos", "fignore", "fpath",
    "functions", "functrace", "galiases", "histchars", "history", "historywords", "jobdirs",
    "jobstates", "jobtexts", "mailpath", "manpath", "modules", "module_path", "nameddirs",
    "options", "parameters", "patchars", "path", "pipestatus", "psvar", "reswords", "signals",
    "status", "userdirs", "usergroups", "watch", "words", "zsh_eval_context",
    "zsh_scheduled_events", "keymaps", "dis_patchars", "funcsourcetrace", "dis_aliases",
    "dis_reswords", "terminfo", "dis_saliases", "KEYBOARD_HACK", "WATCH", "saliases", "funcstack",
    "widgets", "dis_functions_source", "termcap", "dis_builtins", "dis_functions",
    "functions_source", "funcfiletrace", "dis_galiases",
    # Locale and mail variables of which a shell reads more than text.
    "MAIL", "MAILPATH", "POSIXLY_CORRECT", "LANG", "LC_ALL", "LC_CTYPE", "LC_COLLATE",
    "LC_MESSAGES", "LC_NUMERIC", "LC_TIME",
))
"""Variables of bash, dash and zsh that do not hold what one puts there, or change how it reads."""

KEPT_BY_FISH = frozenset((
    "_", "argv", "fish_kill_signal", "fish_killring", "fish_pid", "fish_read_limit", "history",
    "hostname", "last_pid", "pipestatus", "pid", "PWD", "SHLVL", "status", "status_generation",
    "umask", "version", "FISH_VERSION", "COLUMNS", "LINES", "fish_history", "fish_term256",
    "fish_term24bit", "fish_trace", "fish_ambiguous_width", "fish_emoji_width", "HOME",
    "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_COLLATE", "LC_NUMERIC", "LC_TIME", "TERM",
    "LANGUAGE", "LC_MONETARY", "LC_ADDRESS", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_NAME",
    "LC_PAPER", "LC_TELEPHONE", "TZ", "TERMINFO", "TERMINFO_DIRS", "CURSES",
))
# fmt: on
"""Variables of fish that do not hold what one puts there, or change how it reads."""


def write(entries: Sequence[Entry]) -> bytes:
    """`export NAME='value'` lines."""

    def line(entry: Entry) -> bytes:
        value = _bytes(entry, KEPT).replace(b"'", b"'\\''")
        return b"export %s='%s'\n" % (entry.key.encode(), value)

    return _written(entries, line, "a shell")


def write_fish(entries: Sequence[Entry]) -> bytes:
    """`set -gx NAME 'value'` lines."""

    def line(entry: Entry) -> bytes:
        value = _bytes(entry, KEPT_BY_FISH).replace(b"\\", b"\\\\").replace(b"'", b"\\'")
        return b"set -gx %s '%s'\n" % (entry.key.encode(), value)

    return _written(entries, line, "fish")


def _written(entries: Sequence[Entry], line: Callable[[Entry], bytes], what: str) -> bytes:
    lines, unfit = [], []
    for entry in entries:
        try:
            lines.append(line(entry))
        except Unfit as err:
            unfit.append((entry.name, str(err)))
    if unfit:
        refuse(unfit, what, INSTEAD)
    return b"".join(lines)


def _bytes(entry: Entry, kept: frozenset[str]) -> bytes:
    check_variable(entry)
    if entry.key in kept:
        raise Unfit(f"the shell keeps {entry.key} for itself")
    value = bytes_of(entry)
    if b"\0" in value:
        raise Unfit("a zero byte")
    if len(entry.key) + len(value) + len("=\0") > VARIABLE_LIMIT:
        raise Unfit("too long for a variable (128 KiB with its name)")
    return value


_SKIP = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z)|[ \t]*;+)")
_ASSIGNMENT = re.compile(rb"[ \t]*(?:export[ \t]+(?:--[ \t]+)?)?([A-Za-z_][A-Za-z0-9_]*)=")
_FISH_SET = re.compile(
    rb"[ \t]*set[ \t]+(?:(?:-[gxUl]+|--export|--global|--universal)[ \t]+)*"
    rb"([A-Za-z_][A-Za-z0-9_]*)[ \t]+"
)
_SAFE = re.compile(rb"[A-Za-z0-9_./:@%+,=^{}\x80-\xff-]+")
_SINGLE = re.compile(rb"'([^']*)'")
_DOUBLE = re.compile(rb'"((?:[^"\\$`]|\\[\s\S])*)"')
_ANSI = re.compile(rb"\$'((?:[^'\\]|\\[\s\S])*)'")
_BARE = re.compile(rb"\\([^\n])")
_DOUBLE_ESCAPE = re.compile(rb'\\(["\\$`])|\\\n')
_ANSI_ESCAPE = re.compile(rb"\\(?:([abeEfnrtv\\'\"?])|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([\s\S]))")
_ANSI_LETTERS = dict(zip(b"abeEfnrtv\\'\"?", b"\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))
_FISH_SINGLE = re.compile(rb"'((?:[^'\\]|\\[\s\S])*)'")
_FISH_ESCAPE = re.compile(rb"\\([\\'])")


def read(data: bytes) -> Parsed:
    """The assignments of a shell script that has nothing else."""
    return _read(data, _ASSIGNMENT, _posix_piece)


def read_fish(data: bytes) -> Parsed:
    """The `set` commands of a fish script that has nothing else."""
    return _read(data, _FISH_SET, _fish_piece)


def _read(
    data: bytes,
    head: re.Pattern[bytes],
    piece: Callable[[bytes, int], tuple[bytes, int] | None],
) -> Parsed:
    data = data.removeprefix(b"\xef\xbb\xbf")
    parsed = Parsed()
    at, line = 0, 1
    while at < len(data):
        after = at
        if blank := _SKIP.match(data, at):
            after = blank.end()
        elif found := head.match(data, at):
            taken = _word(data, found.end(), piece)
            if taken is None:
                parsed.wrong(f"line {line}", "this would have to be run to be known")
                after = _line_end(data, at)
            else:
                value, after = taken
                name = found[1].decode()
                entry = Entry(name, SecretBytes(value), place=f"line {line}")
                parsed.entries.append(entry)
        else:
            parsed.wrong(f"line {line}", "this is no assignment of a variable")
            after = _line_end(data, at)
        line += data.count(b"\n", at, after)
        at = after
    check_count(len(parsed.entries))
    return parsed


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end + 1


def _word(
    data: bytes, at: int, piece: Callable[[bytes, int], tuple[bytes, int] | None]
) -> tuple[bytes, int] | None:
    """The word that begins here and where it ends; None for more than quoting."""
    parts = []
    while at < len(data) and data[at : at + 1] not in (b" ", b"\t", b"\n", b";"):
        found = piece(data, at)
        if found is None:
            return None
        parts.append(found[0])
        at = found[1]
    rest = _SKIP.match(data, at)
    return (b"".join(parts), at) if rest or at == len(data) else None


def _posix_piece(data: bytes, at: int) -> tuple[bytes, int] | None:
    if found := _SINGLE.match(data, at) or _SAFE.match(data, at):
        return found[1] if found.re is _SINGLE else found[0], found.end()
    if found := _DOUBLE.match(data, at):
        return _DOUBLE_ESCAPE.sub(lambda one: one[1] or b"", found[1]), found.end()
    if found := _ANSI.match(data, at):
        try:
            return _ANSI_ESCAPE.sub(_ansi, found[1]), found.end()
        except Unfit:
            return None
    if found := _BARE.match(data, at):
        return found[1], found.end()
    return None


def _ansi(found: re.Match[bytes]) -> bytes:
    letter, hexadecimal, octal, other = found.groups()
    if letter:
        return bytes([_ANSI_LETTERS[letter[0]]])
    if other:
        raise Unfit("an escape that shells read differently")
    number = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
    if not 0 < number < 256:
        raise Unfit("an escape that shells read differently")
    return bytes([number])


def _fish_piece(data: bytes, at: int) -> tuple[bytes, int] | None:
    if found := _FISH_SINGLE.match(data, at):
        return _FISH_ESCAPE.sub(rb"\1", found[1]), found.end()
    if (found := _SAFE.match(data, at)) and not set(found[0]) & set(b"{}^%"):
        return found[0], found.end()
    return None

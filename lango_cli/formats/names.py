"""What a secret is called in a file, and the way back.

The rule: a map of names to values (JSON, YAML, TOML) takes lango's names as they are. Where the
file is for variables of the environment, or for keys of Kubernetes, a name is made to fit: letters
become capitals and everything else than A-Z, 0-9 and _ becomes _ (`db/main-password` is
`DB_MAIN_PASSWORD`), or, in Kubernetes, `/` becomes `.`. That loses something, so the name itself
goes along where the format has room for it, as a comment or annotation, and import takes it from
there. Two names that would become one are an error.

Titles of other password managers hold characters that a name cannot; those become `-`, and the
title stays, whole, in the note.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import SHOWN, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lango_cli.formats.entry import Entry

NAME_COMMENT = re.compile(r"#\s*lango: (.+)")
NAMES_MEMBER = "lango/names"
"""The annotation that holds `key=name` lines in a Kubernetes Secret."""
NAMES_EXTENSION = "x-lango-names"
"""The top-level member of a compose file that holds the name of each variable."""
TITLE = "title: "
"""Begins the line of a note that holds a title which could not be a name."""
NAME_LIMIT = 255
_PUNCTUATION = " ._/@+:#-"
_CATEGORIES = ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd")


def variable(name: str) -> str:
    """The variable that a name stands for; one that is a variable's name already stays."""
    if VARIABLE.fullmatch(name):
        return name
    fitted = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    return f"_{fitted}" if fitted[:1].isdigit() else fitted


def manifest_key(name: str) -> str:
    """The key of a Kubernetes Secret that a name stands for."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name.replace("/", "."))


def as_it_is(name: str) -> str:
    """The name itself."""
    return name


def assign_keys(entries: Iterable[Entry], fit: Callable[[str], str], prefix: str) -> None:
    """Give each entry its key in the file; UsageProblem naming the names that become one."""
    taken: dict[str, str] = {}
    clashes = []
    for entry in entries:
        entry.key = prefix + fit(entry.name)
        other = taken.setdefault(entry.key, entry.name)
        if other != entry.name:
            clashes.append(f"{other} and {entry.name} would both be {entry.key}")
    if clashes:
        more = f"; and {len(clashes) - SHOWN} more" if len(clashes) > SHOWN else ""
        raise UsageProblem(
            "; ".join(clashes[:SHOWN]) + more,
            hint="nothing was written; rename one, export a folder, or take --format lango",
        )


def named_by(comment: str, key: str) -> str:
    """The name in a comment before a variable, if it is that variable's; else the variable."""
    return comment if comment and key.endswith(variable(comment)) else key


def with_names(entries: Sequence[Entry], lines: Sequence[str]) -> bytes:
    """The lines, each with a comment before it where the key does not give the name."""
    parts = []
    for entry, line in zip(entries, lines, strict=True):
        if entry.key != entry.name:
            parts.append(f"# lango: {entry.name}\n")
        parts.append(f"{line}\n")
    return "".join(parts).encode()


def from_title(*parts: str) -> tuple[str, str]:
    """A name for a title and the folders it is in, and the note's line if it is not the title."""
    title = "/".join(part for part in parts if part)
    fitted = "/".join(filter(None, (_fitted(part) for part in title.split("/")))) or "untitled"
    fitted = _shortened(re.sub(r"@(\d+)$", r"-\1", fitted))
    return fitted, "" if fitted == title else f"{TITLE}{one_line(title)}"


def title_of(name: str, note: str) -> str:
    """The title that a name was made of: what `from_title` left in the note, else the name."""
    for line in note.split("\n"):
        if line.startswith(TITLE):
            return without_escapes(line.removeprefix(TITLE))
    return name


def _fitted(part: str) -> str:
    normal = unicodedata.normalize("NFC", part)
    kept = "".join(c if _allowed(c) else "-" for c in normal).strip(" ").lstrip("- ")
    return "" if kept in ("", ".", "..") else kept


def _allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character) in _CATEGORIES


def _shortened(name: str) -> str:
    data = name.encode()
    return (
        name
        if len(data) <= NAME_LIMIT
        else data[:NAME_LIMIT].decode("utf-8", "ignore").strip(" /")
    )


def one_line(text: str) -> str:
    """A text without line ends: backslashes and what is not printable as escapes."""
    return "".join(
        c.encode("unicode_escape").decode() if c == "\\" or not c.isprintable() else c
        for c in text
    )


def without_escapes(text: str) -> str:
    """The text that `one_line` was given."""
    return re.sub(
        r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\\ntr]))",
        lambda found: (
            {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}[found[4]]
            if found[4]
            else chr(int(found[1] or found[2] or found[3], 16))
        ),
        text,
    )

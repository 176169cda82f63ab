"""What passes between a file of secrets and the rest of lango: entries, and what is wrong.

The rule: this room takes bytes and gives entries, or the reverse; it knows no vault, no terminal
and no file. A message names a line, a path or a secret, never a value; a line that was not
understood is never repeated, because a piece of a value may stand in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from lango_cli.errors import TooLarge, UsageProblem
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

INPUT_LIMIT = 256 << 20
"""Bytes of a file that is imported."""
ENTRY_LIMIT = 1_000_000
DEPTH_LIMIT = 32
"""How deep maps may stand in one another; each level becomes a folder of names."""
VARIABLE_LIMIT = 131_072
"""Bytes of `NAME=value` and its zero byte that Linux hands to a program (MAX_ARG_STRLEN)."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SHOWN = 8
"""How many names an error lists."""


class Entry:
    """A secret outside the vault: what the file calls it, what lango does, and what is known.

    Times are seconds since 1970 UTC, `rotate_every` seconds. What is None was not said.
    """

    __slots__ = (
        "expires_at",
        "key",
        "name",
        "note",
        "owner",
        "place",
        "rotate_every",
        "tags",
        "value",
    )

    def __init__(
        self, name: str, value: SecretBytes, *, key: str | None = None, place: str = ""
    ) -> None:
        self.name = name
        self.value = value
        self.key = name if key is None else key
        self.place = place
        self.note: str | None = None
        self.owner: str | None = None
        self.tags: tuple[str, ...] | None = None
        self.expires_at: float | None = None
        self.rotate_every: float | None = None


class Problem(NamedTuple):
    """Why something cannot be imported, and where it stands."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class Parsed:
    """What a file holds: entries in its order, all that is wrong, and what was passed over."""

    __slots__ = ("entries", "ignored", "problems")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.ignored: list[Problem] = []

    def add(self, name: str, text: str, place: str, key: str | None = None) -> Entry | None:
        """An entry whose value is a text; a problem if that is not Unicode."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            self.problems.append(Problem(place, "half a surrogate pair is no text"))
            return None
        entry = Entry(name, SecretBytes(data), key=key, place=place)
        self.entries.append(entry)
        return entry

    def wrong(self, place: str, reason: str) -> None:
        """One more problem."""
        self.problems.append(Problem(place, reason))


class Unfit(Exception):
    """A reader's or writer's way to say why not; its caller makes one error of all of them."""


def decoded(data: bytes, what: str) -> str:
    """The input as text, without a byte order mark; UsageProblem where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise UsageProblem(
            f"line {line}: {what} is not UTF-8", hint="save it as UTF-8 and import it again"
        ) from None


def with_unix_lines(text: str) -> str:
    """CRLF and CR as LF, as every reader of such files takes them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def check_count(count: int) -> None:
    """TooLarge for more entries than one import takes."""
    if count > ENTRY_LIMIT:
        raise TooLarge(
            f"the input has more than {ENTRY_LIMIT} entries", hint="import it in several parts"
        )


def text_of(entry: Entry) -> str:
    """The value as text; Unfit for what no text file or variable carries."""
    data = bytes_of(entry)
    if b"\0" in data:
        raise Unfit("a zero byte")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unfit("binary, not UTF-8") from None


def bytes_of(entry: Entry) -> bytes:
    """The value, for a writer: what it writes is the export that was asked for."""
    return entry.value.reveal()


def check_variable(entry: Entry) -> None:
    """Unfit unless its key is a variable's name."""
    if not VARIABLE.fullmatch(entry.key):
        raise Unfit(f"{entry.key} is no variable's name")


def variable_text(entry: Entry) -> str:
    """The value as text that fits into one variable of a program's environment."""
    check_variable(entry)
    text = text_of(entry)
    if len(entry.key.encode()) + len(entry.value) + len("=\0") > VARIABLE_LIMIT:
        raise Unfit("too long for a variable (128 KiB with its name)")
    return text


def spelled(
    entries: Iterable[Entry], how: Callable[[Entry], str], what: str, instead: str
) -> list[str]:
    """Each entry as the format writes it; UsageProblem naming all that it cannot carry."""
    written, unfit = [], []
    for entry in entries:
        try:
            written.append(how(entry))
        except Unfit as err:
            unfit.append((entry.name, str(err)))
    if unfit:
        refuse(unfit, what, instead)
    return written


def refuse(unfit: Sequence[tuple[str, str]], what: str, instead: str) -> NoReturn:
    """UsageProblem: these secrets cannot be written as `what`, each with its reason."""
    named = "; ".join(f"{name}: {reason}" for name, reason in unfit[:SHOWN])
    more = f"; and {len(unfit) - SHOWN} more" if len(unfit) > SHOWN else ""
    raise UsageProblem(
        f"{what} cannot carry {named}{more}", hint=f"nothing was written; {instead}"
    )


def refuse_beyond(
    entries: Sequence[Entry], sizes: Sequence[int], limit: int, what: str, instead: str
) -> None:
    """UsageProblem naming the secret with which all before it are over `limit` bytes."""
    total = 0
    for entry, size in zip(entries, sizes, strict=True):
        total += size
        if total > limit:
            refuse([(entry.name, f"with those before it over {limit} bytes")], what, instead)

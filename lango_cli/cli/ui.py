"""What a person and a script get to see: stdout for data, stderr for everything else.

The rule: data goes to file descriptor 1 and nowhere else; errors, warnings, hints and notes go to
2; questions are `cli.terminal`'s. Each stream is judged by itself: a pipe on stdout says nothing
of stderr. Nothing here can show a value by accident: only `out` and `document` write data, and
every other text has its control characters escaped.

`--quiet` silences notes ("stored NAME") and progress. Warnings stay: each of them is about safety
(an expired secret, a stale credential, a header read from its copy).

Why so few imports: the scripted `secrets get` goes through this module, so json, rich and msgspec
are loaded only by what draws a document or a table.
"""

from __future__ import annotations

import errno
import os
import select
import time

from lango_cli.codec import canonical
from lango_cli.errors import FileProblem, LangoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

STDIN, STDOUT, STDERR = 0, 1, 2
LIST_CHUNK = 1000
"""Members of a long list that are written at once."""
COLOURS = ("auto", "always", "never")
_RED, _YELLOW, _DIM, _END = "\x1b[31;1m", "\x1b[33;1m", "\x1b[2m", "\x1b[0m"


FOLD_FIRST, FOLD, GAP = 16, 10, 2
"""Cells to which a table's first column folds at most, the others, and cells between them."""

NO = ("", "0", "no", "false", "off")
"""What LANGO_NO_INPUT may hold to mean no."""


class StdoutGone(Exception):
    """Whoever read stdout has stopped: the command ends quietly, as by SIGPIPE."""


def guard_streams() -> None:
    """Put something on descriptors 0, 1 and 2 that were closed before we started.

    Otherwise the first file opened, the database, would become stdout. What is put there fails
    on use: a closed stdin cannot be read, a closed stdout not be written; stderr is swallowed.
    """
    for fd, mode in ((STDIN, os.O_WRONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, mode)


def never_ask(environment: Mapping[str, str]) -> bool:
    """Whether LANGO_NO_INPUT forbids questions."""
    return environment.get("LANGO_NO_INPUT", "").lower() not in NO


def plain(text: str) -> str:
    r"""One line without control characters: what is not printable becomes an escape like \x1b."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_object(members: Mapping[str, object]) -> str:
    """A JSON object on one line, members in the order given, without loading a JSON library."""
    return (
        "{"
        + ", ".join(
            f"{canonical(k).decode()}: {canonical(_joined(v)).decode()}"
            for k, v in members.items()
        )
        + "}"
    )


def _joined(value: object) -> object:
    """Bytes of an undecodable argument (lone surrogates) as JSON can hold them."""
    return plain(value) if isinstance(value, str) else value


def json_bytes(body: Mapping[str, object], indent: int = 0) -> bytes:
    """A JSON document that starts with "v": 1, and a newline; `indent` 0 is one line."""
    import msgspec

    return msgspec.json.format(_encoded({"v": 1, **body}), indent=indent) + b"\n"


def _encoded(value: object) -> bytes:
    """As JSON; bytes of an undecodable path or argument (lone surrogates) as escapes."""
    import msgspec

    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_escaped(value))


def _escaped(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(name): _escaped(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(member) for member in value]
    return value


class Ui:
    """The two output streams of one command, and how the person wants them."""

    __slots__ = (
        "_last",
        "before_saying",
        "colour",
        "debugging",
        "environment",
        "json",
        "preferred",
        "quiet",
    )

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.json = False
        self.quiet = False
        self.debugging = False
        self.colour: str | None = None
        self.preferred: Callable[[], str] | None = None
        self.before_saying: Callable[[], None] | None = None
        self._last = time.perf_counter()

    def is_terminal(self, fd: int = STDOUT) -> bool:
        """Whether this one stream is a terminal."""
        return os.isatty(fd)

    def colours(self, fd: int = STDOUT) -> bool:
        """Whether to colour this stream.

        --color, else NO_COLOR, CLICOLOR_FORCE, the setting; auto is: on a terminal that can.
        """
        variable = self.environment.get
        wish = self.colour
        if wish is None and variable("NO_COLOR"):
            return False
        if wish is None and variable("CLICOLOR_FORCE", "0") not in ("", "0"):
            return True
        wish = wish or self._preferred_colour()
        if wish != "auto":
            return wish == "always"
        return variable("TERM", "dumb") != "dumb" and os.isatty(fd)

    def _preferred_colour(self) -> str:
        try:
            return self.preferred() if self.preferred else "auto"
        except Exception:  # noqa: BLE001  # colour is never the reason why an error is not told
            # Settings that cannot be read are reported by what needs them, without colour.
            return "auto"

    def out(self, data: bytes | str) -> None:
        """Write data to stdout, all of it; StdoutGone when the reader has stopped."""
        try:
            _write(STDOUT, data.encode() if isinstance(data, str) else data)
        except BrokenPipeError:
            raise StdoutGone from None
        except OSError as err:
            if err.errno == errno.EBADF:
                raise FileProblem("standard output is closed", hint="open it") from None
            raise FileProblem(f"standard output: {(err.strerror or 'failed').lower()}") from None

    def note(self, text: str) -> None:
        """What was done, for a person: silent under --quiet and --json."""
        if not (self.quiet or self.json):
            self._say(plain(text))

    def warn(self, text: str) -> None:
        """Something that bears on safety: shown under --quiet too, an object under --json."""
        if self.json:
            self._say(one_object({"warning": text}))
        else:
            self._say(f"{self._painted('lango: warning:', _YELLOW)} {plain(text)}")

    def fail(self, err: LangoError) -> None:
        """An error and its hint; under --json one object."""
        if self.json:
            members = {"error": err.id, "code": err.code, "message": err.message, "hint": err.hint}
            self._say(one_object(members))
            return
        self._say(f"{self._painted('lango: error:', _RED)} {plain(err.message)}")
        if err.hint:
            self._say(f"{self._painted('lango: hint:', _DIM)} {plain(err.hint)}")

    def debug(self, text: str) -> None:
        """With --debug: one step and the milliseconds since the step before. Never a value."""
        if self.debugging:
            now = time.perf_counter()
            spent, self._last = (now - self._last) * 1000, now
            self._say(f"{self._painted('lango: debug:', _DIM)} {spent:8.1f} ms  {plain(text)}")

    def document(self, body: Mapping[str, object]) -> None:
        """One JSON document on stdout that starts with "v": 1; indented on a terminal."""
        self.out(json_bytes(body, indent=2 if self.is_terminal() else 0))

    def aside(self, body: Mapping[str, object]) -> None:
        """One JSON document on stderr, of a command whose stdout is somebody's stream."""
        self._say(json_bytes(body).decode().rstrip("\n"))

    def document_of(self, name: str, members: Iterable[Mapping[str, object]]) -> None:
        """A document with one list, written as it comes: it may be longer than memory likes."""
        if self.is_terminal():
            self.document({name: list(members)})
            return
        from itertools import islice

        import msgspec

        rest, before = iter(members), f'{{"v": 1, "{name}": ['.encode()
        # What goes wrong at the first member goes wrong before anything is written.
        while chunk := list(islice(rest, LIST_CHUNK)):
            listed = msgspec.json.format(_encoded(chunk), indent=0)
            self.out(before + listed[1:-1])
            before = b", "
        self.out((before if before != b", " else b"") + b"]}\n")

    def lines(self, lines: Sequence[str]) -> None:
        """One entry a line."""
        self.out("".join(f"{plain(line)}\n" for line in lines))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table with a head on a terminal; elsewhere tabs between the cells, and no head."""
        if self.is_terminal():
            self.out(self._drawn(head, rows))
        else:
            self.lines_of_cells(rows)

    def lines_of_cells(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows for a script: one a line, cells divided by tabs."""
        self.out("".join("\t".join(plain(cell) for cell in row) + "\n" for row in rows))

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """`name: value` lines; the values stand below one another on a terminal."""
        width = max(len(name) for name, _ in rows) + 2 if self.is_terminal() else 0
        self.lines([f"{name + ': ':<{width}}{value}" for name, value in rows])

    def _drawn(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """All columns if they can be folded to fit; else those at the end are named below it."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        coloured = self.colours()
        shown = [[plain(cell) for cell in row] for row in rows]
        widths = _fitting(head, shown, self.width())
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
        for title, width in zip(head, widths, strict=False):
            table.add_column(title, overflow="fold", width=width)
        for row in shown:
            cells = zip(row, widths, strict=False)
            table.add_row(*(Text(_foldable(cell, width)) for cell, width in cells))
        console = Console(
            color_system="standard" if coloured else None,
            force_terminal=coloured,
            no_color=not coloured,
            width=self.width(),
            _environ={},
        )
        with console.capture() as captured:
            console.print(table)
        drawn = "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
        missing = [title for title in head[len(widths) :] if title]
        return drawn + _left_out(missing) if missing else drawn

    def width(self, fd: int = STDOUT) -> int:
        """Columns of the terminal on this stream; $COLUMNS, else 80, where it is none."""
        try:
            return os.get_terminal_size(fd).columns or 80
        except OSError:
            columns = self.environment.get("COLUMNS", "")
            return int(columns) if columns.isascii() and columns.isdigit() else 80

    def _painted(self, label: str, paint: str) -> str:
        return f"{paint}{label}{_END}" if self.colours(STDERR) else label

    def _say(self, line: str) -> None:
        if self.before_saying:
            self.before_saying()
        self.draw(f"{line}\n")

    def draw(self, text: str) -> None:
        """Put this on stderr as it is: for what says more than a line, such as a progress bar."""
        try:
            _write(STDERR, text.encode())
        except OSError:
            # Nobody listens to stderr any more; the exit code still tells.
            return


def _fitting(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The widths of as many columns as fit beside one another when folded; the first folds last.

    The widest gives way first, so that short cells stay whole.
    """
    from rich.cells import cell_len

    widths = [max(1, *(cell_len(row[at]) for row in (head, *rows))) for at in range(len(head))]
    least = [min(wide, FOLD_FIRST if at == 0 else FOLD) for at, wide in enumerate(widths)]
    while len(least) > 1 and sum(least) + GAP * (len(least) - 1) > width:
        least.pop()
    widths = widths[: len(least)]
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    while excess > 0 and len(widths) > 1:
        spare = [wide - low for wide, low in zip(widths[1:], least[1:], strict=True)]
        at = 1 + max(range(len(spare)), key=lambda one: (spare[one] > 0, widths[one + 1]))
        if widths[at] <= least[at]:
            break
        widths[at] -= 1
        excess -= 1
    widths[0] = max(1, widths[0] - max(0, excess))
    return widths


def _foldable(cell: str, width: int) -> str:
    """A time that does not fit folds between its date and its hour."""
    is_time = len(cell) == 20 and cell[10] == "T" and cell[19] == "Z"
    return cell.replace("T", " ") if is_time and width < len(cell) else cell


def _left_out(titles: Sequence[str]) -> str:
    return f"columns left out: {', '.join(titles)} (--json has all)\n"


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            # The other end made the pipe non-blocking: wait until it takes more.
            select.select([], [fd], [])

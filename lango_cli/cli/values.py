"""Where a new value comes from: a hidden prompt, stdin, a file, a descriptor, a variable, a spec.

The rule: never an argument, and one source at a time. Standard input loses exactly one final line
end unless `--raw`; everything else is taken byte for byte. No message repeats what was given: a
variable's or a file's name may be the value itself, expanded by the shell.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.cli import parse, ui
from lango_cli.errors import FileProblem, TooLarge, UsageProblem
from lango_cli.secret import SecretBytes
from lango_cli.unlock.sources import refuse_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.cli.call import Call

LIMIT = 16 * 1024 * 1024
"""Bytes of the longest value."""

WAYS = "--from-file F, --from-fd N, --from-env VAR, --generate SPEC, - for standard input"
SPILL = (
    "a value is never an argument: it is in the shell's history now, so change it; "
    f"give it at the prompt (no argument), or by {WAYS}"
)


class Source:
    """Which of the sources was named; none means the prompt."""

    def __init__(
        self,
        words: Sequence[str],
        from_file: str | None,
        from_fd: str | None,
        from_env: str | None,
        generate: str | None,
    ) -> None:
        if any(word != "-" for word in words):
            raise UsageProblem("the value stands on the command line", hint=SPILL)
        self.stdin = bool(words)
        self.file = from_file
        self.fd = None if from_fd is None else parse.descriptor(from_fd, "--from-fd")
        self.variable = from_env
        self.spec = generate
        named = [part is not None for part in (from_file, from_fd, from_env, generate)]
        if sum(named) + len(words) > 1:
            raise UsageProblem("the value has more than one source", hint=f"one of: {WAYS}")

    @property
    def asks(self) -> bool:
        """Whether it is the prompt."""
        named = (self.file, self.fd, self.variable, self.spec)
        return not self.stdin and all(part is None for part in named)


def read(call: Call, source: Source, name: str, *, raw: bool, allow_empty: bool) -> SecretBytes:
    """The value, at most `LIMIT` bytes; empty only if allowed."""
    refuse_shared(call, ui.STDIN if source.stdin else source.fd)
    value = _read(call, source, name, raw)
    if len(value) > LIMIT:
        raise TooLarge(f"the value is over {LIMIT} bytes")
    if not len(value) and not allow_empty:
        raise UsageProblem("the value is empty", hint="add --allow-empty if it shall be")
    return value


def _read(call: Call, source: Source, name: str, raw: bool) -> SecretBytes:
    if source.stdin:
        return _from_stdin(call, raw)
    if source.file is not None:
        return SecretBytes(from_file(source.file, "--from-file", LIMIT))
    if source.fd is not None:
        what = f"file descriptor {source.fd}"
        refuse_own(source.fd, what)
        return SecretBytes(files.read_fd(source.fd, what, LIMIT))
    if source.variable is not None:
        return _from_variable(call, source.variable)
    if source.spec is not None:
        from lango_cli.crypto.generate import generate

        return generate(source.spec)
    ask = call.asking("the value", hint=f"give it by {WAYS}")
    return ask.new_secret(f"Value of {name}")


def refuse_shared(call: Call, fd: int | None) -> None:
    """A passphrase and a value cannot both be all that one descriptor has."""
    taken = call.flags.passphrase_fd
    if taken is not None and taken == fd:
        raise UsageProblem(
            "the passphrase and the value come from the same descriptor",
            hint="give the passphrase by --passphrase-file",
        )


def _from_stdin(call: Call, raw: bool) -> SecretBytes:
    try:
        data = from_stdin(call, LIMIT + len(b"\r\n"))
    except TooLarge:
        raise TooLarge(f"the value is over {LIMIT} bytes") from None
    return SecretBytes(data if raw else without_line_end(data))


def from_stdin(call: Call, limit: int) -> bytes:
    """All of standard input, byte for byte."""
    if call.ui.is_terminal(ui.STDIN):
        call.ui.note("reading the value as you type it, shown, up to Ctrl-D")
    return files.read_fd(ui.STDIN, "standard input", limit)


def without_line_end(data: bytes) -> bytes:
    """The same less exactly one final LF or CRLF."""
    if data.endswith(b"\r\n"):
        return data[:-2]
    return data[:-1] if data.endswith(b"\n") else data


def from_file(path: str, option: str, limit: int) -> bytes:
    """All of a file, pipe or link that the person named; `-` is standard input, verbatim."""
    if path == "-":
        return files.read_fd(ui.STDIN, "standard input", limit)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as err:
        reason = (getattr(err, "strerror", None) or "not a path").lower()
        raise FileProblem(f"the file that {option} names: {reason}", hint="check it") from None
    try:
        return files.read_fd(fd, f"the file that {option} names", limit)
    finally:
        os.close(fd)


def _from_variable(call: Call, name: str) -> SecretBytes:
    value = call.ui.environment.get(name)
    if value is None:
        raise UsageProblem(
            "the variable that --from-env names is not set",
            hint="give the variable's name alone, without $",
        )
    return SecretBytes(os.fsencode(value))

"""The small front: answers the scripted reads before Typer is imported, and only those.

The rule: `secrets get` in its plain forms, and the names that completion asks for. For anything it
does not know to the letter it returns None and the whole command line goes to Typer's front, which
answers the same; the transcripts run through both. Why: importing Typer costs as much as reading a
secret does altogether, and scripts read a thousand times a day.
"""

from __future__ import annotations

import os

from lango_cli.cli import show, ui
from lango_cli.config import load
from lango_cli.errors import Interrupted, LangoError
from lango_cli.wiring import opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.secret import SecretText

COMPLETE = "__complete"
"""`lango __complete PREFIX`: secret names for the shell, from an unlock session alone."""

_SWITCHES = {
    "-0": "null",
    "--null": "null",
    "--base64": "base64",
    "--force": "force",
    "--strict": "strict",
}
_WORDS = {"--newline": "newline", "--output": "output"}
_FLAGS = {
    "--home": "home",
    "--keyfile": "keyfile",
    "--passphrase-file": "passphrase_file",
    "--passphrase-command": "passphrase_command",
    "--slot": "slot",
}


class _Elsewhere(Exception):
    """This needs the other front."""


class _Person:
    """Stands where somebody could be asked; asking is the other front's work."""

    def secret(self, prompt: str) -> SecretText:
        """Never answers."""
        raise _Elsewhere(prompt)


def main(argv: Sequence[str]) -> int | None:
    """The exit code, or None where the command line is for the other front."""
    if len(argv) >= 2 and argv[0] == "secrets" and argv[1] in ("get", "read"):
        return _get(argv[2:])
    if len(argv) == 2 and argv[0] == COMPLETE:
        return _complete(argv[1])
    return None


def _get(words: Sequence[str]) -> int | None:
    flags, wish, names, quiet = opening.Flags(), show.Wish(), [], False
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            names.append(word)
        elif word in _SWITCHES:
            setattr(wish, _SWITCHES[word], True)
        elif word == "--quiet":
            quiet = True
        elif word == "--no-input":
            flags.no_input = True
        elif name in _WORDS or name in _FLAGS:
            if not equals:
                value = next(rest, "")
            if not value:
                return None
            setattr(*(wish, _WORDS[name]) if name in _WORDS else (flags, _FLAGS[name]), value)
        else:
            return None
    if not names:
        return None
    return _answer(flags, wish, names, quiet=quiet)


def _answer(
    flags: opening.Flags, wish: show.Wish, names: list[str], *, quiet: bool
) -> int | None:
    ui.guard_streams()
    screen = ui.Ui(load.environment())
    screen.quiet = quiet
    warnings: list[str] = []
    try:
        show.check(wish, len(names))
        person = None if flags.no_input or _asked_not_to_ask() else _person()
        with opening.open_vault(flags, person, warnings.append) as vault:
            values = [vault.reader.get(name) for name in names]
        _tell(screen, warnings)
        show.show(values, wish, screen, lambda: opening.load_settings(flags).text("output.newline"))
    except _Elsewhere:
        return None
    except LangoError as err:
        _tell(screen, warnings)
        screen.fail(err)
        return err.code
    except KeyboardInterrupt:
        screen.fail(Interrupted("interrupted"))
        return Interrupted.code
    except ui.StdoutGone:
        return 128 + 13
    return 0


def _tell(screen: ui.Ui, warnings: list[str]) -> None:
    for text in warnings:
        screen.warn(text)


def _asked_not_to_ask() -> bool:
    return (load.variable("LANGO_NO_INPUT") or "").lower() not in ("", "0", "no", "false", "off")


def _person() -> _Person | None:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return None
    return _Person()


def _complete(prefix: str) -> int:
    """Names that begin with `prefix`, one a line; nothing, quietly, where the vault is locked."""
    try:
        names = opening.names_in_session()
        ui.Ui(load.environment()).lines([name for name in names if name.startswith(prefix)])
    except (LangoError, ui.StdoutGone):
        return 0
    return 0

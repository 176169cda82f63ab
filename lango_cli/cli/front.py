"""The small front: answers the scripted reads before Typer is imported, and only those.

The rule: `secrets get`, `settings get KEY` and `run` in their plain forms, and the names that
completion asks for. For anything it does not know to the letter it returns None and the whole
command line goes to Typer's front, which answers the same; the transcripts run through both. Why:
importing Typer costs as much as reading a secret does altogether, and scripts read a thousand
times a day.
"""

from __future__ import annotations

import os

from lango_cli.cli import show, ui
from lango_cli.cli.running import Elsewhere
from lango_cli.config import load
from lango_cli.errors import Interrupted, LangoError
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.secret import SecretText

_SWITCHES = {
    "-0": "null",
    "--null": "null",
    "--base64": "base64",
    "--force": "force",
    "--strict": "strict",
}
_WORDS = ("--newline", "--output")
_FLAGS = ("--home", "--keyfile", "--passphrase-file", "--passphrase-command", "--slot")


class _Person:
    """Stands where somebody could be asked; asking is the other front's work."""

    def secret(self, prompt: str) -> SecretText:
        """Never answers."""
        raise Elsewhere(prompt)

    def words(self, prompt: str, count: int) -> SecretText:
        """Never answers."""
        raise Elsewhere(prompt, count)


def main(argv: Sequence[str]) -> int | None:
    """The exit code, or None where the command line is for the other front."""
    if len(argv) >= 2 and argv[0] == "secrets":
        return _get(argv[2:])
    if argv[:1] == ["run"]:
        return _run(argv[1:])
    if len(argv) == 3 and argv[0] == "settings" and argv[1] == "get":
        return _setting(argv[2])
    return _complete(argv[1:]) if argv[:1] == ["__complete"] else None


def _get(words: Sequence[str]) -> int | None:
    screen = ui.Ui(load.environment())
    flags, wish = Flags(), show.Wish()
    switches = dict.fromkeys(_SWITCHES, wish) | {"--quiet": screen, "--no-input": flags}
    takers = dict.fromkeys(_WORDS, wish) | dict.fromkeys(_FLAGS, flags)
    names = []
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            names.append(word)
        elif word in switches:
            setattr(switches[word], _SWITCHES.get(word) or word[2:].replace("-", "_"), True)
        elif option in takers and (value := value if equals else next(rest, "")):
            setattr(takers[option], option[2:].replace("-", "_"), value)
        else:
            return None
    return _answer(flags, wish, names, screen) if names else None


def _answer(flags: Flags, wish: show.Wish, names: list[str], screen: ui.Ui) -> int | None:
    warnings: list[str] = []
    try:
        ui.guard_streams()
        show.check(wish, len(names))
        mute = flags.no_input or ui.never_ask(screen.environment)
        person = None if mute else _person()
        with opening.open_vault(flags, person, warnings.append) as vault:
            values = [vault.reader.get(name) for name in names]
        _tell(screen, warnings)
        show.show(
            values, wish, screen, lambda: opening.load_settings(flags).text("output.newline")
        )
    except Elsewhere:
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
    except Exception as err:  # noqa: BLE001  # a bug, shown without a traceback
        screen.fail(LangoError(f"unexpected ({type(err).__name__})"))
        return LangoError.code
    return 0


def _setting(key: str) -> int | None:
    """The value of a setting that stands before the vault; what is wrong is told elsewhere."""
    try:
        text = load.plain_text(load.folders(None).config, key)
        if text is None:
            return None
        ui.guard_streams()
        ui.Ui(load.environment()).out(f"{text}\n")
    except LangoError:
        return None
    except ui.StdoutGone:
        return 128 + 13
    return 0


def _run(words: Sequence[str]) -> int | None:
    from lango_cli.cli import front_run

    try:
        return front_run.run(words, _person)
    except Elsewhere:
        return None


def _tell(screen: ui.Ui, warnings: list[str]) -> None:
    for text in warnings:
        screen.warn(text)


def _person() -> _Person | None:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return None
    return _Person()


def _complete(words: Sequence[str]) -> int:
    """What the shells' completions ask; whatever goes wrong, nothing, quietly."""
    try:
        from lango_cli.cli import completing

        ui.Ui(load.environment()).lines(completing.offers(words))
    except Exception:  # noqa: BLE001  # a shell that completes shows no error
        return 0
    return 0

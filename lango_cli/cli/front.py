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
from lango_cli.config.finding import known
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import Interrupted, LangoError
from lango_cli.wiring.flags import Flags
from lango_cli.wiring.settings import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.config.setting import Setting
    from lango_cli.secret import SecretText
    from lango_cli.vault.vault import Vault

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

    def new_secret(self, prompt: str) -> SecretText:
        """Never answers."""
        raise Elsewhere(prompt)

    def words(self, prompt: str, count: int) -> SecretText:
        """Never answers."""
        raise Elsewhere(prompt, count)


def main(argv: Sequence[str]) -> int | None:
    """The exit code, or None where the command line is for the other front."""
    if len(argv) >= 2 and argv[0] == "secrets":
        return _get(argv[2:])
    if argv[:2] == ["settings", "get"]:
        return _setting(argv[2:])
    if argv[:1] == ["run"]:
        return _run(argv[1:])
    return _complete(argv[1:]) if argv[:1] == ["__complete"] else None


class _Line:
    """A command line: the shared options that this front knows, and the words besides."""

    def __init__(self) -> None:
        self.screen = ui.Ui(load.environment())
        self.flags = Flags()
        self.names: list[str] = []
        self.warnings: list[str] = []
        self.screen.preferred = lambda: self.settled("output.color")

    def read(self, words: Sequence[str], wish: show.Wish | None, more: Sequence[str] = ()) -> bool:
        """Take it in; False where it is for the other front. `more`: options with a value."""
        flags, screen = self.flags, self.screen
        switches: dict[str, object] = {"--quiet": screen, "--no-input": flags}
        takers: dict[str, object] = dict.fromkeys((*_FLAGS, *more), flags)
        if wish is not None:
            switches |= dict.fromkeys(_SWITCHES, wish)
            takers |= dict.fromkeys(_WORDS, wish)
        rest = iter(words)
        for word in rest:
            option, equals, value = word.partition("=")
            if not word.startswith("-"):
                self.names.append(word)
            elif word in switches:
                name = _SWITCHES.get(word) or word[2:].replace("-", "_")
                setattr(switches[word], name, True)
            elif option in takers and (value := value if equals else next(rest, "")):
                setattr(takers[option], option[2:].replace("-", "_"), value)
            else:
                return False
        return bool(self.names)

    def settled(self, key: str) -> str:
        """A setting that stands before the vault."""
        return load.load(load.folders(self.flags.home).config, {}).text(key)

    def vault(self) -> Vault:
        """The open vault; Elsewhere if somebody must be asked."""
        from lango_cli.wiring import opening

        mute = self.flags.no_input or ui.never_ask(self.screen.environment)
        return opening.open_vault(self.flags, None if mute else _person(), self.warnings.append)

    def tell(self) -> None:
        """Say what is to be warned of."""
        for text in self.warnings:
            self.screen.warn(text)
        self.warnings.clear()

    def answer(self, work: Callable[[], None]) -> int | None:
        """Do it and say how it ended; None where it is for the other front."""
        screen = self.screen
        try:
            ui.guard_streams()
            work()
        except Elsewhere:
            return None
        except LangoError as err:
            self.tell()
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


def _get(words: Sequence[str]) -> int | None:
    line, wish = _Line(), show.Wish()

    def work() -> None:
        show.check(wish, len(line.names))
        with line.vault() as vault:
            values = [vault.reader.get(name) for name in line.names]
        line.tell()
        show.show(values, wish, line.screen, lambda: line.settled("output.newline"))

    return line.answer(work) if line.read(words, wish) else None


def _setting(words: Sequence[str]) -> int | None:
    """One setting; a name that is none, or a part of a table, is told of elsewhere."""
    line = _Line()
    if not line.read(words, None, ("--profile",)) or len(line.names) != 1:
        return None
    setting = known(line.names[0])
    if setting is None:
        return None

    def work() -> None:
        text = _text_of(line, setting)
        line.tell()
        line.screen.out(f"{text}\n")

    return line.answer(work)


def _text_of(line: _Line, setting: Setting) -> str:
    """What is in force; the vault is opened where a profile may say it, and where there is one."""
    flags = line.flags
    if not setting.bootstrap or flags.profile is not None:
        from lango_cli.wiring import opening

        if opening.home_of(opening.folders_of(flags)).vault_files():
            with line.vault() as vault:
                return _text_in(line, setting, vault)
    return _text_in(line, setting, None)


def _text_in(line: _Line, setting: Setting, vault: Vault | None) -> str:
    text = text_of(line.flags, setting, vault)
    if setting.key == FALLBACK:
        from lango_cli.wiring import fallback

        said = fallback.in_force(line.flags)
        return text if said is None else fallback.as_setting(said)
    return text


def _run(words: Sequence[str]) -> int | None:
    from lango_cli.cli import front_run

    try:
        return front_run.run(words, _person)
    except Elsewhere:
        return None


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

"""One command's circumstances: what was given with it, its streams, its terminal, its vault.

What lives here: `Given`, which gathers the shared options from every place they may stand, and
`Call`, which a command's function gets. The rule: a command opens the vault, asks and prints
through its `Call`, so that --no-input, --yes, --json and --quiet mean the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.cli import parse, ui
from lango_cli.errors import Cancelled, Locked, UsageProblem

if TYPE_CHECKING:
    from lango_cli.cli.progress import Bar
    from lango_cli.cli.terminal import Prompter
    from lango_cli.cli.ui import Ui
    from lango_cli.config.load import Settings
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags


class Given:
    """The shared options as they come in while the command line is read; later ones win."""

    def __init__(self, screen: Ui) -> None:
        self.ui = screen
        self.yes = False
        self.no_input = False
        self.takers: set[str] = set()
        """Options that take a value, of the commands whose words were read so far."""
        self.runs = False
        """Whether it is one of `lango run`, whose codes are its command's but for a few."""
        self.complete = False
        """Whether the whole command line has been read."""
        self._flags: dict[str, Any] = {}
        self._unlocking: dict[str, Any] = {}
        self._settings: dict[str, str] = {}
        """Settings that an option stands for, as texts."""

    def shared(self, name: str, value: str) -> None:
        """Take one global option; those of the streams work at once."""
        _refuse_empty(name, value)
        if name in ("json", "quiet"):
            setattr(self.ui, name, True)
        elif name == "debug":
            self.ui.debugging = True
        elif name == "color":
            self.ui.colour = parse.choice(value, "--color", ui.COLOURS)
            self._settings["output.color"] = value
        elif name == "yes":
            self.yes = True
        elif name == "no_input":
            self.no_input = True
        elif name == "lock_timeout":
            self._flags[name] = parse.seconds(value, "--lock-timeout")
        else:
            self._flags[name] = value

    def unlocking(self, name: str, value: str) -> None:
        """Take one unlock option."""
        _refuse_empty(name, value)
        if name == "share":
            _refuse_empty(name, "" if "" in value else value)
            self._unlocking[name] = (*self._unlocking.get(name, ()), *value)
        elif name == "passphrase_fd":
            self._unlocking[name] = parse.descriptor(value, "--passphrase-fd")
        else:
            self._unlocking[name] = value

    def refuse_unlocking(self, command: str) -> None:
        """UsageProblem if an unlock option stands with a command that opens no vault."""
        if self._unlocking:
            option = next(iter(self._unlocking)).replace("_", "-")
            raise UsageProblem(f"{command} takes no --{option}", hint=f"{command} --help")

    def call(self) -> Call:
        """What the command's function gets."""
        from lango_cli.wiring.flags import Flags

        self.complete = True
        flags = Flags()
        for name, value in (self._flags | self._unlocking).items():
            setattr(flags, name, value)
        flags.settings |= self._settings
        flags.no_input = self.no_input or ui.never_ask(self.ui.environment)
        call = Call(self.ui, flags, yes=self.yes)
        self.ui.preferred = lambda: call.settings().text("output.color")
        return call


def _refuse_empty(name: str, value: object) -> None:
    """An empty value is a variable that was not set: never the default in disguise."""
    if value == "":
        parse.refuse_empty(f"--{name.replace('_', '-')}")


class Call:
    """What a command may use: `ui`, `flags`, `yes` (--yes was given), the vault, a person."""

    def __init__(self, screen: Ui, flags: Flags, *, yes: bool = False) -> None:
        self.ui = screen
        self.flags = flags
        self.yes = yes
        self._ask: Prompter | None = None

    @property
    def ask(self) -> Prompter | None:
        """The person at the controlling terminal; None without one or with --no-input."""
        if self._ask is None and not self.flags.no_input:
            from lango_cli.cli.terminal import open_terminal

            dumb = self.ui.environment.get("TERM", "dumb") == "dumb"
            self._ask = open_terminal(dumb=dumb)
        return self._ask

    def asking(self, for_what: str, hint: str) -> Prompter:
        """The same, but Locked (12) with the ways that work where nobody can be asked."""
        if self.ask is None:
            raise Locked(f"nobody can be asked for {for_what}", hint=hint)
        return self.ask

    def vault(self, *, real: bool = False) -> Vault:
        """The open vault, a context manager; `real`: an unlock session is not enough."""
        from lango_cli.wiring import opening

        self.ui.debug("command read")
        vault = opening.open_vault(self.flags, self.ask, self.ui.warn, real=real)
        self.ui.debug(f"vault opened by {vault.unlocked_by}")
        return vault

    def progress(self) -> Bar:
        """A progress bar for work that may take long; a context manager."""
        from lango_cli.cli.progress import Bar

        return Bar(self.ui)

    def settings(self) -> Settings:
        """The settings in force, flags included."""
        from lango_cli.wiring import opening

        return opening.load_settings(self.flags)

    def can_agree(self, verb: str, given: bool = False, option: str = "--yes") -> None:
        """Fail early, naming `option`, where a question would come that nobody answers."""
        if not given and self.ask is None:
            raise UsageProblem(f"{verb} asks first, and nobody can be asked", hint=f"add {option}")

    def agree(self, question: str) -> None:
        """Ask unless --yes; Cancelled if the answer is no."""
        if not self.yes and not (self.ask and self.ask.confirm(question)):
            raise Cancelled("nothing was changed")

    def agree_by_name(self, question: str, name: str, typed: str | None) -> None:
        """What cannot be undone: the name itself is the yes, typed now or given by --confirm."""
        if typed is None and self.ask:
            typed = self.ask.line(f"{question} Type its name")
            if typed != name:
                raise Cancelled("that is not its name; nothing was changed")
        if typed != name:
            raise UsageProblem("--confirm does not hold the same name", hint="repeat NAME exactly")

"""The table of commands: which module has which, and what the root's help says of each.

The rule: the root imports a module when one of its commands is asked for, and its help page
imports none. To add a group, add a row and write the module with an `app`; a test compares the
lines of help. A module's `app` is a plain `typer.Typer()`, and `options.command` declares commands
on it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperOption

from lango_cli import __version__
from lango_cli.cli.options import Group
from lango_cli.exit_codes import EXIT_CODES

if TYPE_CHECKING:
    from typer._click import Command as AnyCommand
    from typer._click import Context

    from lango_cli.cli.ui import Ui

GROUP, SINGLE = True, False

COMMANDS: dict[str, tuple[str, bool, str]] = {
    "quickstart": (
        "vault",
        SINGLE,
        "Make a vault if there is none, keep a first secret in it and read it back.",
    ),
    "onboard": (
        "onboard",
        SINGLE,
        "Set up a vault step by step, with questions, and see that all is well.",
    ),
    "init": ("vault", SINGLE, "Make a new vault, where there is none."),
    "status": (
        "vault",
        SINGLE,
        "Say where the vault is, which slots it has, and how it would open now; unlocks nothing.",
    ),
    "doctor": ("doctor", SINGLE, "Look for what is wrong or weak, and mend what is safe to mend."),
    "unlock": (
        "vault",
        SINGLE,
        "Keep the vault open for this login session, so that the next commands do not ask.",
    ),
    "lock": ("vault", SINGLE, "Forget at once what `lango unlock` kept."),
    "env": ("env", SINGLE, "Print lines that set the project's variables in a shell."),
    "inject": (
        "env",
        SINGLE,
        "Fill the references in a template, such as a configuration file.",
    ),
    "check": (
        "check",
        SINGLE,
        "Say what the nearest lango.toml asks for and what of it is missing; exit 80 if anything"
        " is.",
    ),
    "run": (
        "run",
        SINGLE,
        "Run a command, with the secrets it needs and with none in its output.",
    ),
    "secrets": ("secrets", GROUP, "Keep, read and look after secrets."),
    "settings": (
        "settings",
        GROUP,
        "What lango goes by: look, change, import; profiles.",
    ),
    "keys": ("keys", GROUP, "What seals values, what signs, and who may unlock the vault."),
    "db": ("db", GROUP, "The database as a whole: check it, back it up, bring it back."),
    "mask": ("mask", SINGLE, "Pass a stream on with every value of the vault in it masked."),
    "redact": ("redact", SINGLE, "Take personal data out of a stream, or put it back."),
    "pii": ("pii", GROUP, "Which personal data is looked for, and how well it is found."),
    "approve": (
        "approve",
        GROUP,
        "Actions that wait for a yes: see them, answer them, take a yes back.",
    ),
    "companion": (
        "companion",
        GROUP,
        "Keys that another machine or process keeps: be one, or pair with one.",
    ),
    "audit": ("audit", GROUP, "Who did what with the vault, and whether the record is whole."),
}
"""Name: module in `lango_cli.cli`, whether it is a group of its own, one line of help."""


ALONE = {"settings": "menu"}
"""What a group does where no command of it is named."""


class Alone(Group):
    """A group that does something by itself: its options are that command's then."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the command's name in where no word is one."""
        helped = any(word in ("-h", "--help") for word in args)
        named = any(word in self.names(ctx) for word in args)
        if not helped and not named and (not args or args[0].startswith("-")):
            args = [ALONE[str(self.name)], *args]
        return super().parse_args(ctx, args)


class Root(Group):
    """`lango` itself: its commands come from the table; it alone has --version, --exit-codes."""

    def __init__(self) -> None:
        super().__init__("lango", typer.Typer(), "Keep secrets in a vault on this machine.")
        self.params.extend(
            TyperOption(param_decls=[f"--{name}"], is_flag=True, default=False, help=text)
            for name, text in (
                ("version", "Print the version."),
                ("exit-codes", "Print the table of exit codes."),
            )
        )

    def list_commands(self, _ctx: Context) -> list[str]:
        """The table's names, in its order."""
        return list(COMMANDS)

    def summary(self, name: str) -> str:
        """The table's line."""
        return COMMANDS[name][2]

    def get_command(self, ctx: Context, cmd_name: str) -> AnyCommand | None:
        """Import the module that has it."""
        if cmd_name not in COMMANDS:
            return None
        module, grouped, text = COMMANDS[cmd_name]
        app: typer.Typer = import_module(f"lango_cli.cli.{module}").app
        kind = Alone if cmd_name in ALONE else Group
        group = kind(cmd_name, app, text)
        return group if grouped else group.get_command(ctx, cmd_name)

    def invoke(self, ctx: Context) -> object:
        """Answer --version and --exit-codes, show help for nothing, or run a command."""
        screen: Ui = ctx.obj.ui
        if ctx.params["version"]:
            _print_version(screen)
        elif ctx.params["exit_codes"]:
            _print_exit_codes(screen)
        elif not ctx._protected_args:
            screen.out(f"{ctx.get_help()}\n")
        else:
            return super().invoke(ctx)
        return None


def _print_version(screen: Ui) -> None:
    if screen.json:
        screen.document({"version": __version__})
    else:
        screen.lines([f"lango {__version__}"])


def _print_exit_codes(screen: Ui) -> None:
    if screen.json:
        codes = [{"code": code, "meaning": meaning} for code, meaning in EXIT_CODES.items()]
        screen.document({"exit_codes": codes})
    else:
        screen.table(("code", "meaning"), [(str(code), text) for code, text in EXIT_CODES.items()])

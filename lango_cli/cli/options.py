"""How a command is declared: `@command(app, "name")`, and the options that all of them share.

The rule: the global options stand at the root, at every group and at every command, so they may be
typed before or after the command's name; so do the unlock options, which a command that opens no
vault refuses. Later ones win. A command's function takes a `Call` first and its own arguments
after it, and can be called without any command line.

Commands are built from their functions one at a time, when one is asked for: Typer would build all
of a group's to run one. Nothing typed is ever repeated in a message: a stray word may be a value.
"""

from __future__ import annotations

import inspect
from copy import copy
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info

from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.pages import word, write_options
from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    # Typer 0.28 carries its own Click; pyproject pins it below 0.29.
    from typer._click import Command as AnyCommand
    from typer._click import Context, HelpFormatter, Parameter

P = ParamSpec("P")

FILLED = ("FILE", "KEY", "LABEL", "WHEN")
"""What an option takes that cannot be the empty text."""

SEVERAL = ("share",)
"""Shared options that may be given more than once; all of them count."""
GLOBAL, UNLOCKING = "Global options", "Unlocking"
"""Headings of the shared options in a help page."""

ALIASES = {
    "rm": ("delete", "remove"),
    "ls": ("list",),
    "mv": ("rename",),
    "cp": ("copy",),
    "read": ("get",),
}
"""Short names, wherever a group has the command they stand for."""


def command(
    app: typer.Typer,
    name: str,
    *,
    unlocks: bool = False,
    spill: str = "",
    runs: bool = False,
) -> Callable[[Callable[Concatenate[Call, P], None]], Callable[Concatenate[Call, P], None]]:
    """Make the function a command of `app`; its docstring is the help page.

    `unlocks`: it opens the vault, so it takes the unlock options. `spill`: the hint when a word is
    left over, for a command whose users may type a value there. `runs`: its last words are a
    command line of their own, and what it finds wrong with its own has the code of `lango run`.
    """

    def register(
        function: Callable[Concatenate[Call, P], None],
    ) -> Callable[Concatenate[Call, P], None]:
        app.command(name, cls=_kind(unlocks, spill, runs))(function)
        return function

    return register


def _kind(opens: bool, hint: str, starts: bool) -> type[Command]:
    class Kind(Command):
        unlocks = opens
        spill = hint
        runs = starts
        allow_interspersed_args = not starts

    return Kind


def _for_typer(function: Callable[..., None]) -> Callable[..., None]:
    """The function as Typer reads it: the Click context in place of the `Call`."""

    def run(ctx: typer.Context, **arguments: object) -> None:
        function(ctx.obj.call(), **arguments)

    signature = inspect.signature(function, eval_str=True)
    context = inspect.Parameter(
        "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    own = [context, *list(signature.parameters.values())[1:]]
    run.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]  # read by inspect
    run.__annotations__ = {part.name: part.annotation for part in own}
    run.__doc__ = function.__doc__
    return run


class _Shared(TyperOption):
    """An option of every command: it goes to the `Given` of the whole command line."""

    def __init__(self, heading: str, name: str, metavar: str | None, text: str) -> None:
        super().__init__(
            param_decls=[name.replace("-", "_"), f"--{name}"],
            multiple=name in SEVERAL,
            metavar=metavar,
            is_flag=metavar is None,
            type=None if metavar is None else str,
            default=None,
            help=text,
            expose_value=False,
            # Those of the streams come first: they say how an error about the others is shown.
            is_eager=name in ("json", "debug"),
            rich_help_panel=heading,
            callback=_give_unlock if heading == UNLOCKING else _give,
        )


def _give(ctx: Context, param: Parameter, value: object) -> None:
    if value is not None and value is not False:
        ctx.obj.shared(param.name, value)


def _give_unlock(ctx: Context, param: Parameter, value: object) -> None:
    if value is not None and value is not False and value != ():
        ctx.obj.unlocking(param.name, value)


_GLOBAL_OPTIONS = [
    _Shared(GLOBAL, name, metavar, text)
    for name, metavar, text in (
        ("home", "DIR", "The vault's home (else LANGO_HOME, else the platform's data folder)."),
        ("profile", "NAME", "Settings of this profile, for this command."),
        ("json", None, "One JSON document; errors as JSON on stderr."),
        ("quiet", None, "No notes; warnings stay."),
        ("no-input", None, "Never ask; fail at once instead (LANGO_NO_INPUT=1)."),
        ("yes", None, "Yes to every question but those that want a name typed."),
        ("color", "WHEN", "auto, always or never."),
        ("lock-timeout", "TIME", "How long to wait for another writer, such as 5s."),
        ("debug", None, "A log of steps and times on stderr, without any value in it."),
    )
]
_UNLOCK_OPTIONS = [
    _Shared(UNLOCKING, name, metavar, text)
    for name, metavar, text in (
        ("passphrase-fd", "N", "Read the passphrase from this open file descriptor."),
        ("passphrase-file", "FILE", "Read the passphrase from this file."),
        ("passphrase-command", "COMMAND", "Run this; what it prints is the passphrase."),
        ("keyfile", "FILE", "Unlock with this keyfile."),
        ("recovery", None, "Ask for the recovery words."),
        ("slot", "LABEL", "Use this slot and no other."),
        ("share", "FILE", "What a member of a group holds; may be given again."),
    )
]


class _Help(TyperOption):
    """-h and --help, printed where all data is printed."""

    def __init__(self) -> None:
        super().__init__(
            param_decls=["help", "-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Show this page.",
            callback=_show_help,
            rich_help_panel=GLOBAL,
        )


def _show_help(ctx: Context, _param: Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        ctx.obj.ui.out(f"{ctx.get_help()}\n")
        ctx.exit()


_HELP = _Help()


class Command(TyperCommand):
    """A command with the shared options; a word too many is refused without being repeated."""

    unlocks = False
    spill = ""
    runs = False
    allow_extra_args = True

    def get_params(self, _ctx: Context) -> list[Parameter]:
        """Its own parameters, then the shared ones, as far as their names are free."""
        names = {option for param in self.params for option in param.opts}
        unlocking = [option for option in _UNLOCK_OPTIONS if not names & set(option.opts)]
        return [*self.params, *unlocking, *_GLOBAL_OPTIONS, _HELP]

    def get_help_option(self, _ctx: Context) -> TyperOption:
        """The one help option."""
        return _HELP

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse, then refuse what is left over."""
        note_takers(ctx, self)
        ctx.obj.runs = self.runs
        rest = super().parse_args(ctx, args)
        self._refuse_empty_paths(ctx)
        if rest:
            raise UsageProblem(
                "there is a word too many (not repeated here: it may be a value)",
                hint=self.spill or f"{ctx.command_path} --help",
            )
        if not self.unlocks:
            ctx.obj.refuse_unlocking(ctx.command_path)
        return rest

    def _refuse_empty_paths(self, ctx: Context) -> None:
        for param in self.params:
            if param.metavar in FILLED and param.name and ctx.params.get(param.name) == "":
                parse.refuse_empty(max(param.opts, key=len))

    def collect_usage_pieces(self, _ctx: Context) -> list[str]:
        """`[OPTIONS] NAME [PREFIX]`: brackets round what may be left out."""
        words = [param for param in self.params if param.param_type_name == "argument"]
        return ["[OPTIONS]"] + [
            word(param) if param.required else f"[{word(param)}]" for param in words
        ]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Arguments, options, then the shared ones under headings of their own."""
        shown = [
            param
            for param in self.get_params(ctx)
            if self.unlocks or getattr(param, "rich_help_panel", None) != UNLOCKING
        ]
        write_options(shown, ctx, formatter)


class Group(TyperGroup):
    """Commands declared on a Typer app, each built when it is asked for."""

    def __init__(self, name: str, app: typer.Typer, text: str) -> None:
        super().__init__(name=name, help=text, rich_markup_mode=None)
        self._infos = {info.name: info for info in app.registered_commands if info.name}
        self._functions = {
            name: info.callback for name, info in self._infos.items() if info.callback
        }
        self._groups = {
            info.name: info for info in app.registered_groups if isinstance(info.name, str)
        }

    def list_commands(self, _ctx: Context) -> list[str]:
        """All names, as they were declared."""
        return [*self._infos, *self._groups]

    def summary(self, name: str) -> str:
        """The one line of help for one of the commands."""
        group = self._groups.get(name)
        text = group.help if group else inspect.getdoc(self._functions[name])
        return str(text).strip().partition("\n")[0]

    def get_command(self, _ctx: Context, cmd_name: str) -> AnyCommand | None:
        """Build the command of this name or alias; None where there is none."""
        name = self.canonical(cmd_name)
        if name in self._infos:
            info = copy(self._infos[name])
            info.callback = _for_typer(self._functions[name])
            return get_command_from_info(
                info, pretty_exceptions_short=False, rich_markup_mode=None
            )
        if name in self._groups and (app := self._groups[name].typer_instance):
            return Group(name, app, str(self._groups[name].help))
        return None

    def canonical(self, name: str) -> str:
        """The command that an alias stands for in this group; other names as they are."""
        known = [*self._infos, *self._groups]
        return next((full for full in ALIASES.get(name, ()) if full in known), name)

    def names(self, ctx: Context) -> list[str]:
        """All names one may type, aliases included."""
        listed = self.list_commands(ctx)
        return listed + [alias for alias in ALIASES if self.canonical(alias) in listed]

    def get_params(self, _ctx: Context) -> list[Parameter]:
        """The shared options."""
        return [*self.params, *_UNLOCK_OPTIONS, *_GLOBAL_OPTIONS, _HELP]

    def get_help_option(self, _ctx: Context) -> TyperOption:
        """The one help option."""
        return _HELP

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the words up to the command's name."""
        note_takers(ctx, self)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, AnyCommand | None, list[str]]:
        """The command that the first word names; UsageProblem with the nearest name if none."""
        found = self.get_command(ctx, args[0])
        if found is None:
            raise UsageProblem(
                f"no such command{nearest(args[0], self.names(ctx))}",
                hint=f"{ctx.command_path} --help",
            )
        return self.canonical(args[0]), found, args[1:]

    def invoke(self, ctx: Context) -> object:
        """Run the command; without one say so."""
        if not ctx._protected_args:
            raise UsageProblem("a command is missing", hint=f"{ctx.command_path} --help")
        return super().invoke(ctx)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The commands, then the options."""
        rows = [(name, self.summary(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        listed = self.list_commands(ctx)
        short = [
            f"{alias} = {self.canonical(alias)}"
            for alias in ALIASES
            if self.canonical(alias) in listed
        ]
        if short:
            with formatter.section("Aliases"):
                formatter.write_text(", ".join(short))
        write_options([*self.params, *_GLOBAL_OPTIONS, _HELP], ctx, formatter)


def note_takers(ctx: Context, kind: Command | Group) -> None:
    """Remember which options take a value: the word after one of them is no flag."""
    for param in kind.get_params(ctx):
        if param.param_type_name == "option" and not getattr(param, "is_flag", False):
            ctx.obj.takers.update(param.opts)


def nearest(word: str, names: Iterable[str]) -> str:
    """`; did you mean NAME?` for the nearest name, else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""

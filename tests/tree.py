"""The command tree as plain data: every page of help, read from the commands themselves.

The rule: nothing here knows what is made of it; tests/completions.py and tests/generate.py do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typer._click import Context

from lango_cli.cli.groups import Root
from lango_cli.cli.keys_registry import TYPES
from lango_cli.cli.options import UNLOCKING, Group
from lango_cli.cli.secrets_import import CONFLICTS
from lango_cli.cli.show import NEWLINE
from lango_cli.cli.ui import COLOURS
from lango_cli.crypto.generate import kinds
from lango_cli.crypto.signing import ALGORITHMS
from lango_cli.formats.catalogue import IMPORTABLE, WRITABLE
from lango_cli.launch.shells import SHELLS
from lango_cli.model_approval import LEVELS
from lango_cli.vault.envelope import LOCAL, NONE
from lango_cli.vault.keys import AES
from lango_cli.wiring.slotting import KDFS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click import Command, Parameter

FILES = ("FILE", "DIR", "PATH")
"""What a parameter that takes the name of a file is called in usage lines."""
NAMES = ("NAME", "PREFIX", "OLD")
"""What an argument of `lango secrets` is called that takes the name of a secret there is."""
SLOTS = ("--slot", "ID")
"""What takes the label or id of a slot there is."""
KEYS = ("--key", "KEY")
"""What takes the name of a key there is."""
SPECS = tuple(spec.partition(":")[0] for spec in kinds().split(", "))
CHOICES = {
    "--color": COLOURS,
    "--newline": NEWLINE,
    "--kdf": tuple(KDFS),
    "--type": TYPES,
    "--algorithm": (AES, *ALGORITHMS),
    "--level": LEVELS,
    "--shell": SHELLS,
    "--generate": SPECS,
    "SPEC": SPECS,
    "KIND": KINDS,
    "POLICY": (LOCAL, NONE),
    "--on-conflict": CONFLICTS,
    "lango secrets import --format": IMPORTABLE,
    "lango secrets export --format": WRITABLE,
}
"""What options and arguments take that are checked by the command itself.

Where commands differ in that, a command's path stands before the option.
"""

FILE, SECRET, SLOT, KEY = "file", "secret", "slot", "key"
SETTING, PROFILE = "setting", "profile"
OF_SETTINGS = {"KEY": SETTING, "PREFIX": SETTING}
"""What an argument of `lango settings` takes; one of `lango settings profile` is PROFILES'."""
PROFILES = ("NAME", "A", "B")


@dataclass(frozen=True)
class Fill:
    """What completion offers for one word: choices, or `what` is one of the six above."""

    what: str = ""
    choices: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.what or self.choices)


@dataclass(frozen=True)
class Option:
    """One option: all its spellings, what it takes (nothing: a flag), and one line on it."""

    names: tuple[str, ...]
    metavar: str
    text: str
    fill: Fill = Fill()
    heading: str = ""
    """That of the options which many commands share; empty for a command's own."""


@dataclass(frozen=True)
class Argument:
    """One word that stands without a name."""

    metavar: str
    text: str
    fill: Fill = Fill()
    repeated: bool = False


@dataclass
class Page:
    """One command or group, as its help shows it."""

    path: str
    summary: str
    text: str
    usage: str
    arguments: list[Argument] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path.rpartition(" ")[2]

    @property
    def unlocking(self) -> list[Option]:
        """The options that say how to unlock."""
        return [option for option in self.options if option.heading == UNLOCKING]

    def all(self) -> Iterator[Page]:
        """This page and those below it, in order."""
        yield self
        for page in self.pages:
            yield from page.all()

    def words(self) -> list[tuple[str, str]]:
        """What may be typed next, aliases too, each with its line."""
        named = {page.name: page.summary for page in self.pages}
        short = [(alias, f"{full}: {named[full]}") for alias, full in self.aliases.items()]
        return [*named.items(), *short]


def tree() -> Page:
    """The whole command tree."""
    return _page(Root(), "lango", None)


def _page(command: Command, name: str, above: Context | None, summary: str = "") -> Page:
    context = Context(command, info_name=name, parent=above)
    text = (command.help or "").replace("\b\n", "").strip()
    page = Page(
        path=context.command_path,
        summary=summary or text.partition("\n")[0],
        text=text,
        usage=" ".join(command.collect_usage_pieces(context)),
    )
    for param in command.get_params(context):
        if param.param_type_name == "argument":
            page.arguments.append(_argument(param, context))
        elif not getattr(param, "hidden", False) and _taken(command, param):
            page.options.append(_option(param, context))
    if isinstance(command, Group):
        listed = command.list_commands(context)
        for word in command.names(context):
            below = command.get_command(context, word)
            if word in listed and below is not None:
                page.pages.append(_page(below, word, context, command.summary(word)))
            elif word not in listed:
                page.aliases[word] = command.canonical(word)
    return page


def _taken(command: Command, param: Parameter) -> bool:
    """Whether the command takes it: one that opens no vault refuses to be told how."""
    unlocks: bool = getattr(command, "unlocks", True)
    return unlocks or getattr(param, "rich_help_panel", None) != UNLOCKING


def _argument(param: Parameter, context: Context) -> Argument:
    record = param.get_help_record(context)
    metavar = param.make_metavar(context).strip("[]")
    word = metavar.rstrip(".")
    text = record[1].removesuffix("[required]").rstrip() if record else ""
    fill = _fill(word, word, param, context)
    if context.command_path.startswith("lango secrets ") and word in NAMES:
        fill = Fill(SECRET)
    if context.command_path.startswith("lango settings "):
        fill = _of_settings(context.command_path, word, fill)
    return Argument(metavar, text, fill, param.nargs == -1)


def _of_settings(path: str, word: str, fill: Fill) -> Fill:
    """What a word of a command of settings is."""
    if not path.startswith("lango settings profile "):
        return Fill(OF_SETTINGS[word]) if word in OF_SETTINGS else fill
    return Fill(PROFILE) if word in PROFILES else fill


def _option(param: Parameter, context: Context) -> Option:
    flag = getattr(param, "is_flag", False) or getattr(param, "count", False)
    metavar = "" if flag else param.make_metavar(context)
    names = (*param.opts, *param.secondary_opts)
    heading = getattr(param, "rich_help_panel", None) or ""
    fill = Fill() if flag else _fill(param.opts[-1], metavar, param, context)
    return Option(names, metavar, getattr(param, "help", "") or "", fill, heading)


def _fill(name: str, metavar: str, param: Parameter, context: Context) -> Fill:
    listed = CHOICES.get(f"{context.command_path} {name}", CHOICES.get(name, ()))
    choices = getattr(param.type, "choices", listed)
    if choices:
        return Fill(choices=tuple(str(choice) for choice in choices))
    if name in SLOTS:
        return Fill(SLOT)
    if metavar == "PROFILE" or name == "--profile":
        return Fill(PROFILE)
    if name in KEYS:
        return Fill(KEY)
    return Fill(FILE) if metavar in FILES else Fill()


def common(root: Page) -> list[Option]:
    """The options that every command takes."""
    return [option for option in root.options if all(option in p.options for p in root.all())]

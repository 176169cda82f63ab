"""`lango redact`: personal data out of a stream, and back again from a map."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from lango_cli.cli import ui
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.pump import pump, wait
from lango_cli.errors import UsageProblem
from lango_cli.interceptor.pii.reversible import PlaceholderMap, Restorer
from lango_cli.wiring import redacting

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from lango_cli.interceptor.pii.redactor import Redactor

app = typer.Typer()

Enable = Annotated[
    list[str] | None,
    Option("--enable", metavar="NAME", help="Look for this pattern or category too; or all."),
]
Disable = Annotated[
    list[str] | None,
    Option("--disable", metavar="NAME", help="Do not look for this pattern or category."),
]


def chosen(enable: list[str] | None, disable: list[str] | None) -> redacting.Choice:
    """What --enable and --disable say; a comma may divide names."""

    def names(words: list[str] | None) -> list[str]:
        return [name for word in words or () for name in word.replace(",", " ").split()]

    return redacting.Choice(names(enable), names(disable))


@command(app, "redact", unlocks=True)
def redact(
    call: Call,
    enable: Enable = None,
    disable: Disable = None,
    typed: Annotated[bool, Option("--typed", help="Put [REDACTED:email] in its place.")] = False,
    plain: Annotated[bool, Option("--plain", help="Put [REDACTED] in its place.")] = False,
    reversible: Annotated[
        bool, Option("--reversible", help="Put a placeholder that is always the same text's.")
    ] = False,
    restore: Annotated[
        bool, Option("--restore", help="The way back: texts in place of the map's placeholders.")
    ] = False,
    placeholders: Annotated[
        str | None,
        Option("--map", metavar="FILE", help="Keep the placeholders here, sealed by the vault."),
    ] = None,
    summary: Annotated[
        bool, Option("--summary", help="Say on stderr how much of what was found.")
    ] = False,
) -> None:
    """Take personal data out of a stream, or put it back.

    The rest of standard input goes to standard output as it came.

    What is looked for: lango pii list. A line comes out when it is whole.
    """
    _check(typed, plain, reversible, restore, placeholders)
    if call.flags.passphrase_fd == ui.STDIN:
        raise UsageProblem(
            "standard input is what is redacted, so it cannot hold the passphrase",
            hint="give it by another descriptor: --passphrase-fd 3",
        )
    settings = call.settings()
    if restore:
        # What makes the map may stand in the same pipeline, and has locked it before it speaks.
        wait()
        with _map(call, placeholders, must_exist=True) as kept:
            pump(call.ui, Restorer(kept))
        return
    with redacting.finder(settings, chosen(enable, disable), call.ui.warn) as finds:
        if reversible:
            with _map(call, placeholders, must_exist=False) as kept:
                _pump(call, redacting.build(finds, kept), summary)
            return
        stands = redacting.placeholders(settings, plain=plain or (False if typed else None))
        _pump(call, redacting.build(finds, stands), summary)


def _pump(call: Call, through: Redactor, summary: bool) -> None:
    pump(call.ui, through)
    if summary:
        counts = sorted(through.counts.items())
        text = ", ".join(f"{number} {kind}" for kind, number in counts) or "nothing"
        call.ui.note(f"redacted: {text}")


def _check(
    typed: bool, plain: bool, reversible: bool, restore: bool, placeholders: str | None
) -> None:
    if sum((typed, plain, reversible, restore)) > 1:
        raise UsageProblem("--typed, --plain, --reversible and --restore exclude one another")
    if restore and placeholders is None:
        raise UsageProblem("--restore needs the map", hint="name it: --map FILE")
    if placeholders is not None and not (reversible or restore):
        raise UsageProblem("--map stands with --reversible or --restore alone")


def _map(
    call: Call, path: str | None, *, must_exist: bool
) -> AbstractContextManager[PlaceholderMap]:
    """The map in the file, or one for this pipe alone; the vault is open as long as the map."""
    if path is None:
        return nullcontext(PlaceholderMap())
    return redacting.vault_map(path, call.vault(), must_exist=must_exist)

"""`lango settings menu`, which `lango settings` alone means too."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.settings_app import app


@command(app, "menu", unlocks=True)
def menu(
    call: Call,
    plain: Annotated[
        bool, Option("--plain", help="Numbered choices and lines: for screen readers.")
    ] = False,
) -> None:
    """Look for settings and change them on a terminal; so does `lango settings` alone.

    Nothing is saved before the yes of the summary.
    """
    from lango_cli.cli.menu import open_menu

    open_menu(call, wordy=plain)

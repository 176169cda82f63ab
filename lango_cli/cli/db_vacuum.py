"""`lango db vacuum`: give back the room that nothing is in."""

from __future__ import annotations

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.db_app import app, size_text
from lango_cli.cli.options import command
from lango_cli.vault.vacuum import vacuum as reclaim


@command(app, "vacuum", unlocks=True)
def vacuum(call: Call) -> None:
    """Make the database as small as what is in it; others can read meanwhile.

    It needs room for two more copies of the database while it works.
    """
    with call.vault() as vault, call.progress() as progress:
        won = reclaim(vault, progress)
    call.ui.note(
        f"{size_text(won.before - won.after)} won: {size_text(won.before)} before,"
        f" {size_text(won.after)} now"
    )
    if call.ui.json:
        call.ui.document({"before": won.before, "after": won.after})

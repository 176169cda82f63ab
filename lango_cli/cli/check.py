"""`lango check`: what a project's commands need and what of it is missing; no value is shown."""

from __future__ import annotations

import typer

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.run import EnvFiles  # noqa: TC001  # the same
from lango_cli.errors import Findings
from lango_cli.wiring import projects
from lango_cli.wiring.ordering import Order

app = typer.Typer()


@command(app, "check", unlocks=True)
def check(call: Call, env_file: EnvFiles = None) -> None:
    """Say what the nearest lango.toml asks for and what of it is missing; exit 80 if anything is.

    No value is read or shown: of a secret only whether it is there.
    """
    order = Order()
    order.env_files = env_file or ()
    path, needs = projects.check(order, call.vault)
    missing = [need for need in needs if need.problem]
    if call.ui.json:
        call.ui.document({"project": path, "variables": [need.described() for need in needs]})
    else:
        rows = [(n.name, n.problem or "ok", n.source, n.description) for n in needs]
        call.ui.table(("variable", "state", "from", "what for"), rows)
    if missing:
        names = ", ".join(need.name for need in missing)
        raise Findings(f"{path} asks for more than there is: {names}")

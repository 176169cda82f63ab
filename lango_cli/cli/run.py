"""`lango run`: a command with secrets in its environment, and none in what it prints."""

from __future__ import annotations

from typing import Annotated

import typer
from typer import Argument, Option

from lango_cli.cli import handing
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.wiring import running
from lango_cli.wiring.ordering import Order

app = typer.Typer()

EnvFiles = Annotated[
    list[str] | None,
    Option("--env-file", metavar="FILE", help="Variables from this file; may be given again."),
]
Only = Annotated[
    list[str] | None,
    Option("--only", metavar="VAR", help="Of the variables that lango sets, these alone."),
]
Sets = Annotated[
    list[str] | None,
    Option(
        "--set", metavar="VAR=REF", help="A variable with a reference, {{secret:NAME}}, in it."
    ),
]
NoProject = Annotated[bool, Option("--no-project", help="Do not look for a lango.toml.")]


@command(app, "run", unlocks=True, runs=True)
def run(
    call: Call,
    argv: Annotated[
        list[str], Argument(metavar="COMMAND...", help="What to run, with its own words.")
    ],
    env_file: EnvFiles = None,
    only: Only = None,
    set_: Sets = None,
    stdin: Annotated[
        str | None, Option("--stdin", metavar="REF", help="What the command reads as its stdin.")
    ] = None,
    file: Annotated[
        list[str] | None,
        Option("--file", metavar="VAR=REF", help="A file in memory, whose path VAR has."),
    ] = None,
    fd: Annotated[
        list[str] | None,
        Option("--fd", metavar="N=REF", help="An open descriptor of this number."),
    ] = None,
    no_inherit: Annotated[
        bool,
        Option("--no-inherit", help="Of the environment only PATH, HOME, TERM and the like."),
    ] = False,
    no_masking: Annotated[
        bool,
        Option("--no-masking", help="Pass on secrets that the command prints; on record."),
    ] = False,
    no_project: NoProject = False,
) -> None:
    """Run a command, with the secrets it needs and with none in its output.

    References, {{secret:NAME}}, in variables are replaced by values.
    Exit code: the command's own; 125 where lango itself failed, 126 and 127 as in a shell.
    """
    order = Order()
    order.argv, order.env_files, order.only = argv, env_file or (), only or ()
    order.sets, order.files, order.descriptors = set_ or (), file or (), fd or ()
    order.stdin, order.inherit = stdin, not no_inherit
    order.masked, order.project = not no_masking, not no_project
    approve = handing.approval_of(call, "run", argv)
    raise typer.Exit(running.run(order, call.flags, call.vault, approve, call.ui.warn))

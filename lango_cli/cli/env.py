"""`lango env` and `lango inject`: values for a shell to take in, and in a file's template.

The rule: what leaves here is read by nobody knows whom, so a secret whose policy names commands
does not leave here. Values go out as they are, into no shell's text but in quotes of that shell.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer
from typer import Option

from lango_cli import files
from lango_cli.cli import handing, parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.run import EnvFiles, NoProject, Only, Sets  # noqa: TC001  # the same
from lango_cli.errors import FileProblem, UsageProblem
from lango_cli.wiring import filling
from lango_cli.wiring.ordering import Order

app = typer.Typer()


@command(app, "env", unlocks=True)
def env(
    call: Call,
    shell: Annotated[
        str, Option("--shell", metavar="SHELL", help="bash, dash, fish, sh or zsh.")
    ] = "sh",
    env_file: EnvFiles = None,
    only: Only = None,
    set_: Sets = None,
    no_project: NoProject = False,
) -> None:
    """Print lines that set the project's variables in a shell.

    For a shell or .envrc: eval "$(lango env)"; in fish: lango env --shell fish | source.
    """
    parse.choice(shell, "--shell", filling.SHELLS)
    order = Order()
    order.env_files, order.only, order.sets = env_file or (), only or (), set_ or ()
    order.project = not no_project
    approve = handing.approval_of(call, "env", ["lango", "env", "--shell", shell])
    call.ui.out(filling.environment(order, shell, call.vault, approve, call.ui.warn))


@command(app, "inject", unlocks=True)
def inject(
    call: Call,
    source: Annotated[
        str, Option("--in", metavar="FILE", help="The template; else standard input.")
    ] = "-",
    target: Annotated[
        str | None,
        Option("--out", metavar="FILE", help="A new file that only you can read."),
    ] = None,
    replace: Annotated[
        bool, Option("--replace", help="With --out: in place of the file that is there.")
    ] = False,
) -> None:
    """Fill the references in a template, such as a configuration file.

    {{secret:NAME}} becomes the value as it is; everything else stays as it is.
    """
    if replace and target is None:
        raise UsageProblem("--replace goes with --out", hint="lango inject --help")
    where = "standard output" if target is None else os.path.abspath(target)
    approve = handing.approval_of(call, "inject", ["lango", "inject", "--out", where])
    data = filling.template(source, where, call.vault, approve, call.ui.warn)
    if target is None:
        call.ui.out(data)
    elif replace:
        files.replace(target, data)
    else:
        if files.exists(target):
            raise FileProblem(f"{target}: file exists", hint="name a new file, or add --replace")
        files.create(target, data)

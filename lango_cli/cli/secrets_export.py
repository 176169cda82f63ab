"""`lango secrets export`: secrets as a file that another program reads.

The rule: what a format cannot carry exactly is an error that names the secret, and nothing is
written; values do not go to a terminal unless --force; what left is one audit record.
"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from lango_cli import files
from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import app
from lango_cli.errors import SecretNotFound, UsageProblem
from lango_cli.vault.names import check_prefix


@command(app, "export", unlocks=True)
def export(
    call: Call,
    folder: Annotated[
        str, Argument(metavar="PREFIX", help="This folder alone; names are relative to it.")
    ] = "",
    form: Annotated[
        str, Option("--format", metavar="FORMAT", help="lango (all of it), json, dotenv, ...")
    ] = "lango",
    prefix: Annotated[
        str, Option("--prefix", metavar="TEXT", help="Put before each key, such as APP_.")
    ] = "",
    full_names: Annotated[
        bool, Option("--full-names", help="Names as they are in the vault, PREFIX too.")
    ] = False,
    title: Annotated[
        str | None,
        Option("--title", metavar="TEXT", help="What a manifest or compose service is called."),
    ] = None,
    output: Annotated[
        str | None,
        Option("--output", metavar="FILE", help="Into a new file that only you can read."),
    ] = None,
    force: Annotated[bool, Option("--force", help="On a terminal too.")] = False,
) -> None:
    """Print secrets with their values, in a format that another program reads.

    What the format cannot carry is an error, and then nothing is printed. Formats: lango (all of
    it, notes and dates too), json, yaml, toml; dotenv (dotenv-python, dotenv-node), shell, fish,
    docker, compose, systemd, kubernetes, github, whose keys are made of the names: db/password is
    DB_PASSWORD (Kubernetes: db.password).
    """
    from lango_cli.formats import catalogue
    from lango_cli.wiring import transfer

    parse.choice(form, "--format", catalogue.WRITABLE)
    if output == "-":
        output = None
    if output is None:
        _check_stdout(call, form, force)
    folder = check_prefix(folder)
    wish = transfer.Wish(form, folder, parse.text(prefix, "--prefix"), full_names)
    if title is not None:
        if not catalogue.FORMATS[form].titled:
            raise UsageProblem(f"{form} has no title", hint="leave out --title")
        wish.title = parse.text(title, "--title")
    with call.vault() as vault:
        data, names = transfer.export(vault, wish)
    if folder and not names:
        raise SecretNotFound(f"there is nothing in {folder}")
    if output is None:
        call.ui.out(data)
        return
    files.create(output, data)
    told = "1 secret is" if len(names) == 1 else f"{len(names)} secrets are"
    call.ui.note(f"{told} in {output} now, readable by you alone")
    if call.ui.json:
        call.ui.document({"format": form, "output": output, "secrets": names})


def _check_stdout(call: Call, form: str, force: bool) -> None:
    """UsageProblem where what is printed would be no JSON, or stay on a screen."""
    if call.ui.json and form != "lango":
        raise UsageProblem(
            f"--json prints one JSON document, and {form} is none",
            hint="add --output FILE, or leave out --json",
        )
    if call.ui.is_terminal() and not force:
        raise UsageProblem(
            "standard output is a terminal, which keeps what it shows",
            hint="add --output FILE, a pipe, or --force",
        )

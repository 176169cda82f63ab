"""`lango secrets import`: a file of secrets, all of it or nothing.

The rule: everything that is wrong with the input is said at once, with its place and without a
value; what exists already is changed only if somebody agrees (or --yes, --on-conflict replace);
the same import twice does nothing the second time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from lango_cli import files
from lango_cli.cli import parse, shredded, ui
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import app
from lango_cli.cli.shredded import Shred  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.errors import Conflict, FileProblem, UsageProblem
from lango_cli.vault import bulk

if TYPE_CHECKING:
    from lango_cli.formats.entry import Parsed
    from lango_cli.wiring.transfer import Plan

CONFLICTS = ("skip", "replace", "fail")
LISTED = 50
"""Problems that are said one by one."""


@command(app, "import", unlocks=True)
def import_file(
    call: Call,
    source: Annotated[
        str, Argument(metavar="FILE", help="A file, a folder of pass, or - (standard input).")
    ],
    form: Annotated[
        str | None, Option("--format", metavar="FORMAT", help="What it is, if it does not show.")
    ] = None,
    prefix: Annotated[
        str, Option("--prefix", metavar="TEXT", help="Put before each name, such as team/app/.")
    ] = "",
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what it would do, and change nothing.")
    ] = False,
    on_conflict: Annotated[
        str | None,
        Option("--on-conflict", metavar="HOW", help="What exists: skip, replace or fail."),
    ] = None,
    skip_refused: Annotated[
        bool, Option("--skip-refused", help="Import the rest of what cannot all be imported.")
    ] = False,
    shred: Shred = False,
) -> None:
    """Keep the secrets of a file: .env, JSON, YAML, other password managers.

    All of it or nothing; the same file twice changes nothing the second time. Formats: lango,
    json, yaml, toml, dotenv (dotenv-python, dotenv-node), shell, fish, docker, compose, systemd,
    kubernetes, github; from other managers: bitwarden, bitwarden-csv, 1pux, 1password-csv,
    keepassxc, keepassxc-csv, llm, pass.
    """
    from lango_cli.wiring import transfer

    if on_conflict is not None:
        parse.choice(on_conflict, "--on-conflict", CONFLICTS)
    if shred and (dry_run or skip_refused or on_conflict == "skip"):
        raise UsageProblem("--shred is for a file that is imported whole", hint="leave it out")
    if shred:
        shredded.check(source)
    named, parsed = _parsed(call, source, form)
    with call.vault() as vault:
        plan = transfer.plan(vault, named, parsed, parse.text(prefix, "--prefix"))
        if dry_run:
            transfer.note_dry_run(vault, plan)
            _show(call, plan)
            _refuse(call, plan, skip_refused)
            return
        _refuse(call, plan, skip_refused)
        _settle(call, plan, on_conflict)
        with call.progress() as progress:
            transfer.carry_out(vault, plan, progress)
    if shred:
        shredded.remove(call, source)
    _say(call, plan)


def _parsed(call: Call, source: str, form: str | None) -> tuple[str, Parsed]:
    """The format's name, and what the input holds."""
    from lango_cli.formats import catalogue

    if form is not None:
        parse.choice(form, "--format", catalogue.IMPORTABLE)
    if form == catalogue.STORE or (source != "-" and os.path.isdir(source)):
        return catalogue.STORE, _decrypted(call, source, form)
    data = _read(call, source)
    found = form or catalogue.detect("" if source == "-" else source, data)
    call.ui.debug(f"read {len(data)} bytes, format {found}")
    parsed = catalogue.read(found, data)
    call.ui.debug(f"parsed {len(parsed.entries)} entries")
    return found, parsed


def _decrypted(call: Call, folder: str, form: str | None) -> Parsed:
    """A store of pass."""
    from lango_cli.formats import catalogue
    from lango_cli.wiring import pass_store

    if form not in (None, catalogue.STORE):
        raise UsageProblem("a folder is a store of pass, or nothing", hint="name a file")
    with call.progress() as progress:
        return pass_store.read(folder, progress)


def _read(call: Call, source: str) -> bytes:
    """All of the input, which the person named: links and pipes are theirs to name."""
    from lango_cli.formats.entry import INPUT_LIMIT

    if source == "-":
        if call.flags.passphrase_fd == ui.STDIN:
            raise UsageProblem(
                "the passphrase and the secrets come from the same descriptor",
                hint="give the passphrase by --passphrase-file",
            )
        return files.read_fd(ui.STDIN, "standard input", INPUT_LIMIT)
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as err:
        reason = (getattr(err, "strerror", None) or "not a path").lower()
        raise FileProblem(f"{source}: {reason}", hint="check its name") from None
    try:
        return files.read_fd(fd, source, INPUT_LIMIT)
    finally:
        os.close(fd)


def _refuse(call: Call, plan: Plan, skip: bool) -> None:
    """Say all that cannot be imported; UsageProblem unless the rest is wanted."""
    for problem in plan.refused[:LISTED]:
        call.ui.warn(str(problem))
    if len(plan.refused) > LISTED:
        call.ui.warn(f"and {len(plan.refused) - LISTED} more like these")
    if plan.refused and not skip:
        raise UsageProblem(
            f"{_counted(len(plan.refused), 'entry')} cannot be imported; nothing was written",
            hint="mend the input, or import the rest with --skip-refused",
        )


def _settle(call: Call, plan: Plan, how: str | None) -> None:
    """What to do about what exists and differs: as told, else as answered."""
    differing = plan.names(bulk.CHANGED, bulk.DESCRIBED)
    if not differing or how == "replace":
        return
    if how == "skip":
        plan.keep_what_is_there()
        return
    if how is None and (call.yes or call.ask):
        call.agree(f"Replace {_named(differing)}?")
        return
    what = "other values" if plan.names(bulk.CHANGED) else "other notes, owners, tags or dates"
    raise Conflict(
        f"the vault has {what} for {_named(differing)}",
        hint="say what to do: --on-conflict replace or skip; see first: --dry-run",
    )


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _counted(count: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count} {what if count == 1 else plural}"


def _show(call: Call, plan: Plan) -> None:
    """What a dry run found: a line for each secret, its kind before its name."""
    if call.ui.json:
        _document(call, plan, dry_run=True)
        return
    kinds = (bulk.NEW, bulk.CHANGED, bulk.DESCRIBED, bulk.SAME)
    rows = [(kind, name) for kind in kinds for name in plan.names(kind)]
    call.ui.lines_of_cells(rows)
    call.ui.note(f"would import: {_summary(plan)}")


def _say(call: Call, plan: Plan) -> None:
    call.ui.note(f"imported: {_summary(plan)}")
    if call.ui.json:
        _document(call, plan, dry_run=False)


def _summary(plan: Plan) -> str:
    changed = len(plan.names(bulk.CHANGED, bulk.DESCRIBED))
    parts = [
        f"{len(plan.names(bulk.NEW))} new",
        f"{changed} changed",
        f"{len(plan.names(bulk.SAME))} the same",
    ]
    if plan.refused:
        parts.append(f"{len(plan.refused)} refused")
    if plan.ignored:
        parts.append(f"{len(plan.ignored)} passed over")
    return ", ".join(parts)


def _document(call: Call, plan: Plan, *, dry_run: bool) -> None:
    body: dict[str, object] = {"format": plan.source, "dry_run": dry_run}
    for kind in (bulk.NEW, bulk.CHANGED, bulk.DESCRIBED, bulk.SAME):
        body[kind] = plan.names(kind)
    for name, listed in (("refused", plan.refused), ("ignored", plan.ignored)):
        body[name] = [{"place": one.place, "reason": one.reason} for one in listed]
    call.ui.document(body)

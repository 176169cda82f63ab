"""`lango secrets policy`: which commands, tools and hosts may receive a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import Name, app
from lango_cli.errors import UsageProblem
from lango_cli.wiring import policies

if TYPE_CHECKING:
    from lango_cli.vault.policies import SecretPolicy

policy = typer.Typer()
app.add_typer(policy, name="policy", help="Which commands, tools and hosts may receive a secret.")


@command(policy, "show", unlocks=True)
def show(
    call: Call,
    name: Annotated[
        str | None, Argument(metavar="NAME", help="A secret; else all that have a policy.")
    ] = None,
) -> None:
    """Show a secret's policy, or the names of all secrets that have one."""
    if name is not None:
        with call.vault() as vault:
            found = vault.policies.of(name)
        _print(call, found)
        return
    with call.vault() as vault:
        names = vault.policies.names()
    if call.ui.json:
        call.ui.document({"secrets": names})
    else:
        call.ui.lines(names)


@command(policy, "set", unlocks=True)
def set_policy(
    call: Call,
    name: Name,
    commands: Annotated[
        list[str] | None,
        Option("--command", metavar="PATH", help="Only this command may receive it."),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        Option("--argument", metavar="PATH", help="This one may, among its arguments too."),
    ] = None,
    tools: Annotated[
        list[str] | None,
        Option("--tool", metavar="PATTERN", help="Only this tool of an agent; * is anything."),
    ] = None,
    hosts: Annotated[
        list[str] | None,
        Option("--host", metavar="HOST", help="Only this host, or *.example.org."),
    ] = None,
) -> None:
    """Say who may receive a secret, in place of all that was said before.

    A command is a path, or a name that is looked up now. Each option may be given again.
    """
    entries = {
        "commands": policies.paths(commands or ()),
        "arguments": policies.paths(arguments or ()),
        "tools": tools or (),
        "hosts": hosts or (),
    }
    if not any(entries.values()):
        raise UsageProblem(
            "nothing is said about who may receive it",
            hint="give --command, --argument, --tool or --host, or: lango secrets policy clear",
        )
    with call.vault() as vault:
        before = vault.policies.of(name)
        found = vault.policies.set(name, entries)
    _print(call, found)
    _warn_of_lost(call, before, found)
    if hosts:
        call.ui.warn("lango run cannot see where a command connects to: hosts do not bind it")


@command(policy, "clear", unlocks=True)
def clear(call: Call, name: Name) -> None:
    """Take a secret's policy away: every command may receive it, none among its arguments."""
    with call.vault() as vault:
        vault.policies.set(name, {})
    call.ui.note(f"{name} has no policy now")


def _warn_of_lost(call: Call, before: SecretPolicy, now: SecretPolicy) -> None:
    """What was said before and no longer is: a rule that goes may be one that guarded."""
    kept = now.entries()
    lost = [
        f"{kind} {pattern}"
        for kind, of in before.entries().items()
        for pattern in of
        if pattern not in kept.get(kind, ())
    ]
    if lost:
        call.ui.warn(f"no longer in the policy of {now.name}: {', '.join(lost)}")


def _print(call: Call, found: SecretPolicy) -> None:
    if call.ui.json:
        call.ui.document({"name": found.name, "policy": found.entries()})
        return
    rows = [(kind, pattern) for kind, of in found.entries().items() for pattern in of]
    if rows:
        call.ui.table(("what", "which"), rows)
    else:
        call.ui.note(f"{found.name} has no policy")

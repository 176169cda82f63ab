"""`lango doctor`: what is wrong, what could be better, and mending what is safe to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.errors import Findings
from lango_cli.wiring.checkup import Doctor
from lango_cli.wiring.findings import ADVICE, ERROR

if TYPE_CHECKING:
    from lango_cli.wiring.checkup import Checkup
    from lango_cli.wiring.findings import Finding

app = typer.Typer()


@command(app, "doctor", unlocks=True)
def doctor(
    call: Call,
    fix: Annotated[bool, Option("--fix", help="Mend what is safe to mend.")] = False,
    strict: Annotated[bool, Option("--strict", help="Advice counts as an error.")] = False,
) -> None:
    """Look for what is wrong or weak, and mend what is safe to mend.

    It ends with 80 if there are errors, with --strict if there is advice too. Nothing is asked,
    unless --fix needs the vault unlocked.
    """
    checkup = Doctor(call.flags, call.ask, fix=fix).examine()
    if call.ui.json:
        call.ui.document(_members(checkup))
    else:
        call.ui.lines([line for finding in checkup.findings for line in lines_of(finding)])
        call.ui.lines(
            ["versions: " + ", ".join(f"{name} {it}" for name, it in checkup.versions.items())]
        )
    errors, more = checkup.count(ERROR), checkup.count(ADVICE)
    if errors or (strict and more):
        raise Findings(f"{counted(errors, 'error')}, {counted(more, 'piece')} of advice")


def counted(number: int, what: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def lines_of(finding: Finding) -> list[str]:
    """A finding for a person, with what to do about it on a second line."""
    label = "mended" if finding.fixed else finding.level
    lines = [f"{label + ':':<9}{finding.text}"]
    if finding.hint and not finding.fixed:
        lines.append(f"{'':<9}-> {finding.hint}")
    return lines


def _members(checkup: Checkup) -> dict[str, object]:
    return {
        "errors": checkup.count(ERROR),
        "advice": checkup.count(ADVICE),
        "findings": [members_of(finding) for finding in checkup.findings],
        "versions": checkup.versions,
    }


def members_of(finding: Finding) -> dict[str, object]:
    """A finding as JSON has it."""
    return {
        "id": finding.id,
        "level": finding.level,
        "text": finding.text,
        "hint": finding.hint,
        "fixable": finding.fixable,
        "fixed": finding.fixed,
    }

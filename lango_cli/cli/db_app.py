"""What the commands of `lango db` share: the app, and how sizes and findings are told.

The rule: the modules beside this one declare their commands on `app`; `cli.db` names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lango_cli.cli.doctor import counted, lines_of, members_of
from lango_cli.errors import Findings
from lango_cli.wiring.findings import ERROR, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.cli.call import Call
    from lango_cli.wiring.findings import Finding

app = typer.Typer()

File = Annotated[str, typer.Argument(metavar="FILE", help="The file.")]


def size_text(count: int) -> str:
    """Bytes for a person: `512 bytes`, `1.5 MiB`."""
    if count < 1024:
        return f"{count} bytes"
    size, power = count / 1024, 0
    while size >= 1024 and power < 2:
        size, power = size / 1024, power + 1
    return f"{size:.1f} {('KiB', 'MiB', 'GiB')[power]}"


def report(call: Call, found: Sequence[Finding], about: dict[str, object]) -> None:
    """Print findings, or one document with `about` in front of them; Findings if some count."""
    errors = sum(finding.level == ERROR for finding in found)
    left = sum(finding.level == SKIPPED for finding in found)
    if call.ui.json:
        members = {"errors": errors, "skipped": left}
        call.ui.document({**about, **members, "findings": [members_of(one) for one in found]})
    else:
        call.ui.lines([line for finding in found for line in lines_of(finding)])
    if errors or left:
        parts = f"{counted(left, 'part')} not checked"
        raise Findings(
            f"{counted(errors, 'error')}, {parts}" if left else counted(errors, "error")
        )

"""`--shred` of the commands that import a file: the file goes once all of it is imported.

The rule: whether it can go is known before anything is imported, and what overwriting does not
reach is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from typer import Option

from lango_cli.errors import FileProblem, UsageProblem

if TYPE_CHECKING:
    from lango_cli.cli.call import Call

Shred = Annotated[
    bool, Option("--shred", help="Overwrite and remove FILE once all of it is imported.")
]


def check(source: str) -> None:
    """UsageProblem for what is no regular file under its own name."""
    if source == "-" or not os.path.isfile(source) or os.path.islink(source):
        raise UsageProblem("--shred takes a file, not a link, pipe or folder", hint="leave it out")


def remove(call: Call, source: str) -> None:
    """Remove the source, and say what that does not reach."""
    from lango_cli.shredding import shred

    try:
        shred(source)
    except FileProblem as err:
        raise FileProblem(
            f"all is imported, but {err.message}", hint="remove it yourself"
        ) from None
    call.ui.note(
        f"{source} is overwritten and removed; copies in backups, snapshots, editors and the"
        " disk's own reserves are not"
    )

"""What can go wrong with the command that `lango run` starts; see `errors` for the whole tree.

The rule: the same as there, with the exit codes that shells use.
"""

from __future__ import annotations

from lango_cli.errors import LangoError


class RunFailed(LangoError):
    """`lango run` itself failed; message and, under --json, id are those of what went wrong."""

    code = 125
    id = "run_failed"

    def __init__(self, cause: LangoError) -> None:
        super().__init__(f"{cause.id}: {cause.message}", hint=cause.hint)
        self.id = cause.id


class NotExecutable(LangoError):
    """The command is there and cannot be started."""

    code = 126
    id = "not_executable"


class CommandNotFound(LangoError):
    """No such command."""

    code = 127
    id = "command_not_found"
    default_hint = "is it installed, and on PATH?"

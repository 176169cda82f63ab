"""What a person typed as a command of a policy: the one path it stands for."""

from __future__ import annotations

import os

from lango_cli.config import load
from lango_cli.errors import UsageProblem
from lango_cli.errors_launch import CommandNotFound, NotExecutable
from lango_cli.interceptor.use_policy import place
from lango_cli.launch import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def paths(commands: Sequence[str]) -> list[str]:
    """Absolute paths; a bare name is looked up on PATH, now and once."""
    return [_path(command) for command in commands]


def _path(command: str) -> str:
    if os.path.isabs(command):
        return command
    try:
        return place(program.find(command, load.variable("PATH")))
    except (CommandNotFound, NotExecutable):
        raise UsageProblem(
            "a command of a policy is an absolute path, or on PATH", hint="such as /usr/bin/curl"
        ) from None

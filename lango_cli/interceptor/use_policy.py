"""Who may receive a secret: its policy, held against one use of it.

The rule: without a policy, a secret may go to any command that the person runs, by environment,
stdin, descriptor or memory file, and into files and shells that the person asks for; never into
arguments, which every user of the machine can read. A policy narrows that, but for `arguments`,
which opens the one way that is closed otherwise. What lango cannot see it does not pretend to
check: `hosts` and `tools` are for the layers that see a request or an agent's tool.
"""

from __future__ import annotations

import os

from lango_cli.errors import PolicyDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.model_policies import PolicyView

ENVIRONMENT, STDIN, DESCRIPTOR, FILE = "environment", "stdin", "descriptor", "file"
ARGUMENT, TEMPLATE, SHELL = "argument", "template", "shell"

_GOING = {
    ENVIRONMENT: "the environment",
    STDIN: "stdin",
    DESCRIPTOR: "a file descriptor",
    FILE: "a file in memory",
    ARGUMENT: "the arguments",
    TEMPLATE: "a filled template",
    SHELL: "a shell's variables",
}


def check(policy: PolicyView, way: str, command: str) -> None:
    """PolicyDenied unless the secret may go this way to the command at this path.

    `command` is empty where nobody knows who will read what is written.
    """
    if way == ARGUMENT:
        if not _named(policy.arguments, command):
            raise PolicyDenied(
                f"{policy.name} may not go into the arguments of {_base(command)}",
                hint="arguments can be read by every user of this machine: use the environment,"
                f" or allow it: lango secrets policy set {policy.name} --argument {command}",
            )
        return
    allowed = (*policy.commands, *policy.arguments) if policy.commands else ()
    if allowed and not _named(allowed, command):
        whom = f"of {_base(command)}" if command else "(who reads that is not known)"
        raise PolicyDenied(
            f"{policy.name} is for certain commands alone, not for {_GOING[way]} {whom}",
            hint=f"see which: lango secrets policy show {policy.name}",
        )


def _named(allowed: tuple[str, ...], command: str) -> bool:
    return bool(command) and place(command) in {place(path) for path in allowed}


def place(path: str) -> str:
    """The path with its folder's links followed and its own name kept.

    One program under many names, such as busybox, is a different command under each.
    """
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _base(command: str) -> str:
    return os.path.basename(command)

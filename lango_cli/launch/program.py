"""Which file a command's name means: what execvp would find, and the shells' codes where it fails.

The rule: the search uses the PATH that the command itself will have. 127 is for nothing found, 126
for something that is there and cannot be started.
"""

from __future__ import annotations

import os

from lango_cli.errors_launch import CommandNotFound, NotExecutable

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
LOOK = "see its mode: ls -l"


def find(name: str, path: str | None) -> str:
    """The file to start for a command called `name`; CommandNotFound or NotExecutable."""
    if "/" in name:
        if not os.path.exists(name):
            raise CommandNotFound("there is no such command")
        if not _startable(name):
            raise NotExecutable("the command is not an executable file", hint=LOOK)
        return name
    seen = False
    for folder in (DEFAULT_PATH if path is None else path).split(":"):
        candidate = os.path.join(folder or ".", name)
        if name and _startable(candidate):
            return candidate
        seen = seen or (bool(name) and os.path.isfile(candidate))
    if seen:
        raise NotExecutable("the command is on PATH, but not executable", hint=LOOK)
    raise CommandNotFound("there is no such command on PATH")


def _startable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)

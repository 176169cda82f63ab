"""Completions of a person's shell: where it looks for them, and what else makes it look there.

The rule: nothing of the person's is replaced. A file goes where the shell looks for the user's
own; where the shell looks nowhere by itself (zsh, and bash without its bash-completion), lines are
added at the end of the file that it starts with, after they were shown and agreed to.
"""

from __future__ import annotations

import os
import shlex
import site
import subprocess
import sys
from typing import NamedTuple

from lango_cli import files
from lango_cli.config import load
from lango_cli.errors import FileProblem

LIMIT = 1 << 20
PROBE_SECONDS = 5.0
BASH, ZSH, FISH = "bash", "zsh", "fish"
_INSTALLED = {
    BASH: "bash-completion/completions/lango",
    ZSH: "zsh/site-functions/_lango",
    FISH: "fish/vendor_completions.d/lango.fish",
}
"""By shell: where an installation has them below its `share`."""
_LOOKS_ITSELF = (
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/opt/homebrew/share/bash-completion/bash_completion",
    "/etc/bash_completion",
)
"""One of these makes bash look for completions when they are first needed."""


class Completions(NamedTuple):
    """Completions to install: for which shell, from where, to where.

    `start`: the file that gets `lines` at its end, which are empty where the shell needs none.
    """

    shell: str
    source: str
    target: str
    start: str = ""
    lines: str = ""

    def takes_effect(self) -> str:
        """Which shells have them once they are installed: bash reads one file or another."""
        if self.shell != BASH:
            return f"a new {self.shell} has them"
        if not self.lines:
            return "a new bash has them, if it loads bash-completion as it starts"
        return (
            "a new bash has them; a login bash only where its own start file "
            "(.bash_profile, .bash_login or .profile) reads .bashrc"
        )


def completions() -> Completions | None:
    """What is not yet as the person's shell needs it; None if all is, or the shell is unknown."""
    path = load.variable("SHELL") or ""
    shell, home = os.path.basename(path), load.variable("HOME")
    source = None if shell not in _INSTALLED else _source(_INSTALLED[shell])
    if source is None or home is None:
        return None
    if shell == FISH:
        config = _base("XDG_CONFIG_HOME", home, ".config")
        found = Completions(shell, source, f"{config}/fish/completions/lango.fish")
    else:
        target = os.path.join(_base("XDG_DATA_HOME", home, ".local/share"), _INSTALLED[shell])
        found = (_for_zsh if shell == ZSH else _for_bash)(path, source, target, home)
    return None if _is_done(found) else found


def _source(inside: str) -> str | None:
    """Where the installation has them; the user's own `share` is one of its places."""
    places = (os.path.join(top, "share", inside) for top in (sys.prefix, site.getuserbase()))
    return next((path for path in places if files.exists(path)), None)


def _base(variable: str, home: str, usual: str) -> str:
    """A base folder; a relative path is to be ignored (XDG Base Directory Specification)."""
    given = load.variable(variable) or ""
    return given if os.path.isabs(given) else os.path.join(home, usual)


def _for_bash(_path: str, source: str, target: str, home: str) -> Completions:
    if any(map(files.exists, _LOOKS_ITSELF)):
        return Completions(BASH, source, target)
    lines = f"\n# completions of lango\n. {shlex.quote(target)}\n"
    return Completions(BASH, source, target, os.path.join(home, ".bashrc"), lines)


def _for_zsh(path: str, source: str, target: str, home: str) -> Completions:
    """Without a `compinit` of the person's own, the lines have one."""
    dot, *looks = _probed(path) or [load.variable("ZDOTDIR") or home]
    inside = next((p for p in looks if files.exists(os.path.join(p, "_lango"))), None)
    if inside is not None:
        return Completions(ZSH, source, os.path.join(inside, "_lango"))
    folder = shlex.quote(os.path.dirname(target))
    lines = (
        "\n# completions of lango\n"
        f"fpath+=({folder})\n"
        "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
        "autoload -Uz _lango && compdef _lango lango\n"
    )
    return Completions(ZSH, source, target, os.path.join(dot, ".zshrc"), lines)


def _probed(path: str) -> list[str]:
    """The folder of zsh's start files, and where it looks for functions before it reads them.

    It is asked itself, since `.zshenv` may say so without exporting it.
    """
    try:
        done = subprocess.run(
            [path, "-c", 'print -rN -- "${ZDOTDIR:-$HOME}" $fpath'],
            env=load.child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=PROBE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [os.fsdecode(one) for one in done.stdout.split(b"\0") if one]


def _is_done(found: Completions) -> bool:
    return files.exists(found.target) and not _is_missing(found)


def _is_missing(found: Completions) -> bool:
    """Whether the start file is still without the lines."""
    if not found.lines:
        return False
    try:
        data = files.read(found.start, LIMIT)
    except FileProblem:
        return True
    return found.lines.strip().encode() not in (data or b"")


def install(found: Completions) -> None:
    """Put them where the shell looks, then make it look there.

    FileProblem where the start file is no plain file of the person's: lines are for them to add.
    """
    if not files.exists(found.target):
        data = files.read(found.source, LIMIT)
        files.ensure_folder(os.path.dirname(found.target))
        files.create(found.target, data or b"")
    if _is_missing(found):
        files.append(found.start, found.lines.encode())

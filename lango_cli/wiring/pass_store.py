"""A password store of `pass`: its files decrypted by the user's own gpg, one after another.

The rule: gpg asks for its passphrase itself, through its agent; lango sees neither key nor
passphrase, and what was decrypted goes through a pipe and to no file.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.errors import FileProblem
from lango_cli.formats.entry import Problem
from lango_cli.formats.items import read_pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.formats.entry import Parsed
    from lango_cli.model import Progress

ENDING = ".gpg"


def read(folder: str, progress: Progress) -> Parsed:
    """Every entry of the store; a problem for each that gpg does not decrypt."""
    names = sorted(_names(folder))
    if not names:
        raise FileProblem(f"{folder}: no file of pass in it ({ENDING})", hint="name its folder")
    progress.start("decrypting", len(names))
    texts, failed = [], []
    for name in names:
        data = _decrypted(os.path.join(folder, name + ENDING))
        if data is None:
            failed.append(Problem(name, "gpg does not decrypt it"))
        else:
            texts.append((name, data))
        progress.advance()
    parsed = read_pass(texts)
    parsed.problems += failed
    return parsed


def _names(folder: str) -> Iterator[str]:
    for above, folders, found in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        inside = os.path.relpath(above, folder)
        for one in found:
            if one.endswith(ENDING) and not one.startswith("."):
                path = one if inside == "." else os.path.join(inside, one)
                yield path.removesuffix(ENDING)


def _decrypted(path: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["gpg", "--quiet", "--batch", "--decrypt", "--", path],  # noqa: S607  # theirs, on PATH
            env=load.child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        raise FileProblem("gpg cannot be started", hint="install it, or mend PATH") from None
    return done.stdout if done.returncode == 0 else None

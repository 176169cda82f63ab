"""Checks of the files: who may read them, links, what was left over."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import Busy, FileProblem
from lango_cli.vault.home import COPY, HEADER, KEYFILE, PENDING
from lango_cli.vault.store import UNFINISHED
from lango_cli.wiring.findings import ADVICE, ERROR, Finding, advice, error, ok

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lango_cli.config.load import Folders
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home

LOCK = "vault.lock"
LOG_ENDS = ("", "-wal", "-shm")
ANYONE_MAY_READ = 0o755
OURS = ("permissions", "owner", "links", "files")
"""Findings about one path, which stand for whatever else fails because of it."""


def permissions(folders: Folders, home: Home) -> Iterator[Finding]:
    """Folders 0700, files 0600, all of them ours and none of them a link."""
    found = list(_problems(folders, home))
    yield from found
    if not found:
        yield ok("permissions", "only you can read the vault's files")


def _problems(folders: Folders, home: Home) -> Iterator[Finding]:
    for path in (folders.home, folders.state):
        yield from _judge(path, files.FOLDER_MODE, stat.S_ISDIR)
    for path in _paths(home):
        yield from _judge(path, files.MODE, stat.S_ISREG)
    # It holds no secret, but what it says must be its owner's.
    yield from _judge(folders.config, ANYONE_MAY_READ, stat.S_ISREG)


def _paths(home: Home) -> list[str]:
    """Everything of the vault that may hold something; what is not there is passed over."""
    names = [HEADER, COPY, KEYFILE, PENDING, LOCK]
    bases = [name for name in home.vault_files() if name.endswith(".db")]
    names += [base + end for base in bases for end in LOG_ENDS]
    return [home.path(name) for name in names]


def _judge(path: str, mode: int, is_right: Callable[[int], bool]) -> Iterator[Finding]:
    try:
        about = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(about.st_mode):
        hint = "put the real file there, or name the real folder: --home DIR"
        yield error("links", f"{path} is a symbolic link, and lango follows none here", hint)
    elif not is_right(about.st_mode):
        what = "folder" if is_right is stat.S_ISDIR else "regular file"
        yield error("files", f"{path} is not a {what}", "move it away")
    elif about.st_uid != os.geteuid():
        yield error("owner", f"{path} belongs to another user", f"chown it to you: {path}")
    elif about.st_mode & 0o777 & ~mode:
        what = "write to it" if mode == ANYONE_MAY_READ else "get at it"
        yield Finding(
            "permissions",
            ERROR,
            f"{path} has mode {stat.S_IMODE(about.st_mode):04o}, others can {what}",
            f"chmod go-w {path}" if mode == ANYONE_MAY_READ else f"chmod {mode:o} {path}",
            fix=lambda: _restrict(path, mode),
        )


def _restrict(path: str, mode: int) -> None:
    files.restrict(path, mode)
    left = os.lstat(path).st_mode & 0o777 & ~mode
    if left:
        raise FileProblem(f"the file system keeps {left:04o}")


def complaints(found: Iterable[Finding], folders: Folders, home: Home) -> list[str]:
    """The paths of which something here was said that still stands."""
    said = [finding.text for finding in found if finding.id in OURS and finding.counts]
    paths = [folders.home, folders.state, folders.config, *_paths(home)]
    return [path for path in paths if any(text.startswith(f"{path} ") for text in said)]


def witness(home: Home, envelope: Envelope | None) -> Iterator[Finding]:
    """The state folder, without which a vault that was rolled back is not noticed."""
    if envelope is None:
        return
    if files.exists(home.counters(envelope.vault)):
        yield ok("state", f"{home.state} remembers how new the vault is")
        return
    yield Finding(
        "state",
        ADVICE,
        f"{home.state} does not remember how new this vault is: an older copy would pass for it",
        "the next change of the vault is remembered, if the folder can be written",
        fix=lambda: files.ensure_folder(home.state),
    )


def leftovers(home: Home, generation: int | None) -> Iterator[Finding]:
    """Files that an interrupted command left, which nothing needs any more."""
    try:
        names = sorted(os.listdir(home.folder))
    except OSError:
        return
    current = None if generation is None else os.path.basename(home.database(generation))
    left = _left(home, current)
    if left:
        yield Finding(
            "leftovers",
            ADVICE,
            f"an interrupted command left {', '.join(left)}",
            "lango doctor --fix",
            fix=lambda: _remove(home, left),
        )
    for name in names:
        if name.startswith("vault-") and name.endswith(".db") and current not in (None, name):
            yield advice("leftovers", f"{name} is not the database that the header names")


def _left(home: Home, current: str | None) -> list[str]:
    """What nobody needs; while another process writes it is not left over but in use."""

    def look() -> list[str]:
        names = sorted(os.listdir(home.folder))
        return [name for name in names if _is_left(name, names, current)]

    found, lock = look(), home.path(LOCK)
    if not found or not files.exists(lock):
        return found
    try:
        with files.Lock(lock, 0.0):
            return look()
    except Busy:
        return []
    except FileProblem:
        return found  # Read-only for us: then nobody else is known to write.


def _is_left(name: str, names: list[str], current: str | None) -> bool:
    if name.endswith(files.PASSING):
        return True
    base, found, log = name.partition(UNFINISHED)
    # While only the unfinished name is there, the next command gives the database its right one.
    return (
        bool(found)
        and log in LOG_ENDS
        and (current is None or current in names or base != current)
    )


def _remove(home: Home, names: list[str]) -> None:
    """Under the writer's lock, so that no command in another process still needs them."""
    with files.Lock(home.path(LOCK), 0.0):
        for name in names:
            files.remove(home.path(name))

"""A file that is nowhere: a value in memory, behind an open descriptor that has a path.

The rule: 0600, complete before anybody sees it, never written again. On Linux it is a sealed
memfd; elsewhere a file in the runtime folder that is unlinked before it is filled, so that nothing
is left behind however the process ends. Which way it was is for the caller to say.
"""

from __future__ import annotations

import fcntl
import os

from lango_cli import files
from lango_cli.errors import FileProblem

PLACE = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"


def memory_file(data: bytes, folder: str) -> tuple[int, bool]:
    """An open descriptor at the start of `data`, and whether it is in memory for sure.

    `folder` is where it goes otherwise.
    """
    if hasattr(os, "memfd_create"):
        fd, sealed = os.memfd_create("lango", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), True
    else:
        fd, sealed = _unlinked(folder), False
    try:
        os.fchmod(fd, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        if sealed:
            seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals | fcntl.F_SEAL_WRITE)
    except OSError as err:
        os.close(fd)
        raise files.problem("a file in memory", err) from None
    return fd, sealed


def _unlinked(folder: str) -> int:
    files.ensure_folder(folder)
    path = os.path.join(folder, f"passing.{os.getpid()}")
    files.remove(path)
    files.create(path, b"")
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as err:
        raise files.problem(path, err) from None
    finally:
        files.remove(path)


def path_of(fd: int) -> str:
    """The path under which the holder of the descriptor can open the file anew."""
    return f"{PLACE}/{fd}"


def above(fd: int, least: int) -> int:
    """The same descriptor under a number from `least` on; the old number is closed."""
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)
    except OSError:
        raise FileProblem(
            "there is no room for another open file", hint="see: ulimit -n"
        ) from None
    os.close(fd)
    return moved

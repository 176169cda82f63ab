"""Removing a file whose content went into the vault, as far as a program can.

The rule: only a regular file of one name, reached without a link; its bytes are overwritten on
disk before it is removed. What that cannot reach, and whoever offers it has to say so: blocks
that a journal, a copy-on-write file system or an SSD put elsewhere, snapshots, backups, copies
that an editor made.
"""

from __future__ import annotations

import os
import stat

from lango_cli import files
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import FileProblem

CHUNK = 1 << 20


def shred(path: str) -> None:
    """Overwrite the file once with random bytes, to disk, and unlink it."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            about = os.fstat(fd)
            if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
                raise FileProblem(
                    f"{path} is no file, or has a second name; it stays", hint="remove it yourself"
                )
            for at in range(0, about.st_size, CHUNK):
                left = memoryview(random_bytes(min(CHUNK, about.st_size - at)))
                while left:
                    left = left[os.write(fd, left) :]
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as err:
        raise files.problem(path, err) from None
    files.remove(path)
    files.sync_folder(os.path.dirname(path) or ".")

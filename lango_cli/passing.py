"""A new file outside the vault: nothing under its name until it is whole.

What lives here: `Passing`, a file made beside its name under a passing one. The rule: 0600, made
exclusively, locked while it is written, and given its name by a link, which fails if anything
stands there. What a killed process left is removed by the next one that writes to the same name:
nobody holds its lock any more.

Why a lock and not a process id alone: ids come round again. Why the descriptor stays open to the
end: closing any descriptor of a file drops SQLite's own locks on it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from lango_cli import files
from lango_cli.errors import Conflict, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""How a file system says that it has no hard links."""


class Passing:
    """A file on its way to the name `path`; a context manager. Conflict if that is taken."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.name = f"{self.path}.{os.getpid()}{files.PASSING}"
        self._fd = -1
        self._published = False

    def __enter__(self) -> Self:
        refuse_existing(self.path)
        clear_leftovers(self.path)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._fd = os.open(self.name, flags, files.MODE)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            self._let_go()
            raise files.problem(self.path, err) from None
        return self

    def append(self, data: bytes) -> None:
        """Write at the end; nobody else may have the file open."""
        try:
            os.lseek(self._fd, 0, os.SEEK_END)
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as err:
            raise files.problem(self.path, err) from None

    def sync(self) -> None:
        """Put what is in it on the disk."""
        try:
            os.fsync(self._fd)
        except OSError as err:
            raise files.problem(self.path, err) from None

    def publish(self) -> None:
        """Give the file its name, to disk; Conflict if something stands there by now."""
        self.sync()
        try:
            os.link(self.name, self.path, follow_symlinks=False)
        except FileExistsError:
            raise _taken(self.path) from None
        except OSError as err:
            if err.errno not in _NO_LINKS:
                raise files.problem(self.path, err) from None
            _rename(self.name, self.path)
        self._published = True
        files.remove(self.name)
        files.sync_folder(os.path.dirname(self.path))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._fd >= 0:
            try:
                if not self._published:
                    files.remove(self.name)
            finally:
                os.close(self._fd)
                self._fd = -1


def refuse_existing(path: str) -> None:
    """Conflict if anything stands at `path`, a dangling link included."""
    if files.exists(path):
        raise _taken(path)


def _taken(path: str) -> Conflict:
    return Conflict(f"{path} is there already", hint="name a new file, nothing is overwritten")


def _rename(name: str, path: str) -> None:
    """Where there are no links: take the name with an empty file of ours, then replace that."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, files.MODE))
    except FileExistsError:
        raise _taken(path) from None
    except OSError as err:
        raise files.problem(path, err) from None
    files.move(name, path)


def leftovers(path: str) -> list[str]:
    """What interrupted commands left beside `path`, whether or not somebody still writes it."""
    folder, base = os.path.split(os.path.abspath(path))
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(os.path.join(folder, name) for name in names if _is_passing(name, base))


def _is_passing(name: str, base: str) -> bool:
    middle = name.removeprefix(f"{base}.").removesuffix(files.PASSING)
    return name == f"{base}.{middle}{files.PASSING}" and middle.isascii() and middle.isdigit()


def clear_leftovers(path: str) -> None:
    """Remove what interrupted commands left beside `path` and nobody writes any more."""
    for name in leftovers(path):
        try:
            fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                files.remove(name)
        except (OSError, FileProblem):
            continue
        finally:
            os.close(fd)

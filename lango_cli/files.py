"""The only file writing: modes, locks, whole-file replacement.

What lives here: reading without following links, exclusive creation, atomic replacement,
appending, and the writer lock. The rule: 0600 in a 0700 folder, no symlink followed, and a write
is finished only when the file and its folder are on disk. Why here alone: a second place that
writes files is a second place to forget one of these.

Paths are plain strings: `pathlib` costs the scripted path as much as opening the database.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time

from lango_cli.errors import Busy, FileProblem, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

MODE = 0o600
FOLDER_MODE = 0o700
PASSING = ".new"
"""Ends the name of a file that is to replace another."""
LOCK_POLL = 0.005
"""Seconds between two tries for a lock that another process holds."""

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_HINTS = {errno.EEXIST: "name a new file", errno.ENOENT: "check it", errno.ENOSPC: "make room"}


def problem(path: str, err: OSError) -> FileProblem:
    """What the system said about `path`, as an error a person can act on."""
    if err.errno == errno.ELOOP:
        reason = f"{path} is a symbolic link, and lango follows none here"
        return FileProblem(reason, hint="name the real path")
    reason = (err.strerror or "input or output error").lower()
    return FileProblem(f"{path}: {reason}", hint=_HINTS.get(err.errno or 0))


def exists(path: str) -> bool:
    """Whether anything stands at `path`, a dangling link included."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as err:
        raise problem(path, err) from None
    return True


def read(path: str, limit: int) -> bytes | None:
    """The whole regular file, None where there is none; TooLarge above `limit` bytes."""
    try:
        fd = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise problem(path, err) from None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileProblem(f"{path} is not a regular file")
        return _drain(fd, path, limit)
    finally:
        os.close(fd)


def read_private(path: str, limit: int, *, given: bool = False) -> bytes | None:
    """Like `read`, for a file that holds a key: no bits for group and others, owned by the caller.

    `given`: the person named this path, so it may also belong to root, be a link or a pipe, and
    what root lays out (container engines mount secrets so) may be read by others.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC if given else _READ)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise problem(path, err) from None
    try:
        about = os.fstat(fd)
        if not given and not stat.S_ISREG(about.st_mode):
            raise FileProblem(f"{path} is not a regular file")
        if stat.S_ISREG(about.st_mode) and not (given and _is_laid_out(fd, about)):
            _check_private(path, about, {os.geteuid(), 0} if given else {os.geteuid()})
        return _drain(fd, path, limit)
    finally:
        os.close(fd)


def _is_laid_out(fd: int, about: os.stat_result) -> bool:
    """Whether root gives this to us, for nobody to write, with bits that are not ours to mend."""
    given = os.geteuid() != 0 or bool(os.fstatvfs(fd).f_flag & os.ST_RDONLY)
    return about.st_uid == 0 and not about.st_mode & 0o022 and given


def _check_private(path: str, about: os.stat_result, owners: set[int]) -> None:
    if about.st_uid not in owners:
        raise FileProblem(f"{path} belongs to another user", hint=f"chown it to you: {path}")
    if about.st_mode & 0o077:
        raise FileProblem(
            f"{path} can be read or written by others (mode {stat.S_IMODE(about.st_mode):04o})",
            hint=f"chmod 600 {path}" + (" (as root)" if about.st_uid != os.geteuid() else ""),
        )


def read_fd(fd: int, what: str, limit: int) -> bytes:
    """Everything up to the end of an open file descriptor, which is left open."""
    return _drain(fd, what, limit)


def _drain(fd: int, what: str, limit: int) -> bytes:
    chunks = []
    left = limit + 1
    try:
        while left and (chunk := os.read(fd, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
    except OSError as err:
        raise problem(what, err) from None
    if not left:
        raise TooLarge(f"{what} is over {limit} bytes", hint=f"the limit is {limit} bytes")
    return b"".join(chunks)


def ensure_folder(path: str) -> None:
    """Make the folder 0700 if it is absent, parents too; refuse a link or a stranger's folder."""
    try:
        _make_folders(path)
        about = os.lstat(path)
    except OSError as err:
        raise problem(path, err) from None
    if stat.S_ISLNK(about.st_mode):
        raise FileProblem(
            f"{path} is a symbolic link, and lango follows none here", hint="name the real path"
        )
    if about.st_uid != os.geteuid():
        raise FileProblem(f"{path} belongs to another user", hint="choose another --home")


def _make_folders(path: str) -> None:
    if path and not os.path.isdir(path):
        _make_folders(os.path.dirname(path.rstrip("/")))
        try:
            os.mkdir(path, FOLDER_MODE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise


def create(path: str, data: bytes, mode: int = MODE) -> None:
    """Write a new file, exclusively and to disk; FileProblem if anything stands there."""
    try:
        fd = os.open(path, _CREATE, mode)
    except OSError as err:
        raise problem(path, err) from None
    try:
        _write_out(fd, data)
        os.fsync(fd)
    except OSError as err:
        os.unlink(path)
        raise problem(path, err) from None
    finally:
        os.close(fd)
    sync_folder(os.path.dirname(path) or ".")


def replace(path: str, data: bytes, mode: int = MODE) -> None:
    """Whole new content or the old: temporary file, fsync, rename, fsync of the folder."""
    replace_all((path,), data, mode)


def replace_all(paths: tuple[str, ...], data: bytes, mode: int = MODE) -> None:
    """`replace` for copies of one content, in this order.

    All of them are on disk before the first is renamed: a disk that is full changes nothing.
    """
    passing = [f"{path}.{os.getpid()}{PASSING}" for path in paths]
    try:
        for name in passing:
            remove(name)
            create(name, data, mode)
        for name, path in zip(passing, paths, strict=True):
            move(name, path)
    except FileProblem:
        for name in passing:
            remove(name)
        raise


def _open_to_write(path: str, flags: int) -> int:
    """A descriptor of a regular file; what stands there instead never makes us wait."""
    wanted = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | flags
    fd = os.open(path, wanted, MODE)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    return fd


def append(path: str, record: bytes) -> None:
    """Add one record at the end with a single write, to disk; the file is made 0600 if absent."""
    try:
        fd = _open_to_write(path, os.O_APPEND | os.O_CREAT)
        try:
            if os.write(fd, record) != len(record):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as err:
        raise problem(path, err) from None


def overwrite(path: str, data: bytes) -> None:
    """Put `data` at the start of a small file, not synced: for best-effort state alone."""
    try:
        fd = _open_to_write(path, os.O_CREAT)
        try:
            os.pwrite(fd, data, 0)
        finally:
            os.close(fd)
    except OSError as err:
        raise problem(path, err) from None


def read_count(path: str) -> int:
    """The number that a small state file keeps in 20 digits, 0 where there is none to be had."""
    try:
        data = read(path, 64)
    except (FileProblem, TooLarge):
        return 0
    return int(data) if data and len(data) == 21 and data[:20].isdigit() else 0


def truncate(path: str) -> None:
    """Empty the file, to disk."""
    try:
        fd = _open_to_write(path, 0)
        try:
            os.ftruncate(fd, 0)
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as err:
        raise problem(path, err) from None


def move(path: str, target: str) -> None:
    """Rename within one folder, to disk."""
    try:
        os.rename(path, target)
    except OSError as err:
        raise problem(path, err) from None
    sync_folder(os.path.dirname(target) or ".")


def restrict(path: str, mode: int) -> None:
    """Take away what `mode` does not allow from a file or folder of ours; no link is followed."""
    try:
        fd = os.open(path, _READ)
        try:
            os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) & mode)
        finally:
            os.close(fd)
    except OSError as err:
        raise problem(path, err) from None


def remove(path: str) -> bool:
    """Unlink; False where there was nothing."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as err:
        raise problem(path, err) from None
    return True


def sync_folder(path: str) -> None:
    """Put a folder's entries on disk."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as err:
        raise problem(path, err) from None


def _write_out(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Lock:
    """`flock` on a file, for one writer at a time; a context manager.

    Waits up to `timeout` seconds, then Busy. The lock goes with the process, however it ends.
    """

    __slots__ = ("_fd", "_path", "_timeout", "_what")

    def __init__(self, path: str, timeout: float, what: str = "the vault") -> None:
        self._path = path
        self._timeout = timeout
        self._what = what
        self._fd = -1

    def __enter__(self) -> Lock:
        try:
            self._fd = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE
            )
        except OSError as err:
            raise problem(self._path, err) from None
        until = time.monotonic() + self._timeout
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    self._close()
                    raise Busy(f"another process is writing to {self._what}") from None
                time.sleep(LOCK_POLL)
            except OSError as err:
                self._close()
                raise problem(self._path, err) from None
            else:
                return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1

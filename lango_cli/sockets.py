"""Sockets between processes of one user: private, and each end knows who is at the other.

The rule: a socket is 0600 in a folder of ours that is 0700, and both ends ask the kernel for the
other's uid before a byte counts. Why `_socket`: the small C module beneath `socket` is all that
the scripted path can afford.
"""

from __future__ import annotations

import _socket
import os
import stat
import sys
import time

PATH_LIMIT = 100
"""Bytes of a socket's path; 104 on macOS, 108 on Linux, the final zero included."""
NO_SIGNAL = getattr(_socket, "MSG_NOSIGNAL", 0)
NO_MORE = _socket.SHUT_WR
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID, _XUCRED = 0, 1, 2, 76


def is_private(folder: str) -> bool:
    """Whether this is a real folder of ours that nobody else can use."""
    try:
        about = os.lstat(folder)
    except OSError:
        return False
    mine = about.st_uid == os.geteuid()
    return stat.S_ISDIR(about.st_mode) and mine and not about.st_mode & 0o077


def read_out(connection: _socket.socket, limit: int, seconds: float) -> bytes:
    """Everything up to the end of the stream; OSError after `seconds`, or over `limit` bytes."""
    until = time.monotonic() + seconds
    data = b""
    while len(data) <= limit:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        chunk = connection.recv(limit + 1)
        if not chunk:
            return data
        data += chunk
        if time.monotonic() > until:
            raise TimeoutError
    raise OSError("an answer over its limit")


def peer_uid(connection: _socket.socket) -> int:
    """The uid of the process at the other end: unix(7) SO_PEERCRED, or macOS's LOCAL_PEERCRED."""
    if sys.platform == "darwin":
        credentials = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED)
    else:
        credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder)


def peer_pid(connection: _socket.socket) -> int:
    """The process at the other end when it connected, as the kernel knows it."""
    if sys.platform == "darwin":
        return connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder)


def listen(path: str, backlog: int) -> _socket.socket:
    """A non-blocking listener, 0600 from the start, which appears at `path` when it is ready.

    FileExistsError if something stands there.
    """
    folder, name = os.path.split(path)
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    before = os.umask(0o177)
    place = _Place(folder)
    passing = f"{name}.new"
    try:
        listener.bind(place.address(passing))
        listener.listen(backlog)
        # Linked and not renamed: nothing that stands there is ever replaced.
        os.link(passing, name, src_dir_fd=place.fd, dst_dir_fd=place.fd, follow_symlinks=False)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
        try:
            os.unlink(passing, dir_fd=place.fd)
        except FileNotFoundError:
            pass
        place.close()
    listener.setblocking(False)
    return listener


def connect(path: str, seconds: float) -> _socket.socket:
    """A connection whose every step ends within `seconds`; OSError otherwise."""
    folder, name = os.path.split(path)
    place = _Place(folder)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(place.address(name))
    except BaseException:
        connection.close()
        raise
    finally:
        place.close()
    return connection


def accept(listener: _socket.socket, seconds: float) -> _socket.socket | None:
    """The next connection, None where none waits (any more)."""
    try:
        fd, _ = listener._accept()  # type: ignore[attr-defined]  # what socket.accept is made of
    except OSError:
        return None
    connection = _socket.socket(fileno=fd)
    connection.settimeout(seconds)
    return connection


class _Place:
    """An open folder, by which a socket in it has a short address, however long its path is."""

    __slots__ = ("_folder", "fd")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def address(self, name: str) -> str:
        path = os.path.join(self._folder, name)
        if sys.platform == "linux" and len(os.fsencode(path)) > PATH_LIMIT:
            return f"/proc/self/fd/{self.fd}/{name}"
        return path

    def close(self) -> None:
        os.close(self.fd)

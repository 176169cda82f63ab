"""The unlock session in a small resident process, where the kernel keyring does not work.

What lives here: the client. `put` starts the process (`session_server`), which listens on
`<runtime folder>/<vault id>.sock`. The rule: the folder is ours and 0700, the socket 0600, both
ends check the other's uid (SO_PEERCRED; LOCAL_PEERCRED on macOS), and the bundle goes over by an
inherited pipe. Every answer is awaited for one second; a process that is gone, silent or another
user's counts as none, and the caller unlocks in another way.

On the wire: one byte that says what is wanted, then the answer until the end of the stream: the
frame of `session` for `get`, its head alone for `remaining`, `ok` for `drop`.
"""

from __future__ import annotations

import _socket
import os
import sys

from lango_cli import files
from lango_cli.errors import CustodyUnavailable, FileProblem
from lango_cli.secret import SecretBytes
from lango_cli.sockets import NO_SIGNAL, PATH_LIMIT, is_private, peer_uid, read_out
from lango_cli.unlock.session import (
    FRAME_LIMIT,
    HEAD,
    boottime,
    checked,
    deadline_of,
    frame,
    seconds_left,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GET = b"G"
REMAINING = b"R"
DROP = b"D"
DONE = b"ok"
ANSWER_SECONDS = 1.0
START_SECONDS = 5.0
LOCK_SECONDS = 10.0

_SERVER = "lango_cli.unlock.session_server"


class SessionProcess:
    """One process a vault, in `runtime_folder`; `clock` is nanoseconds since boot, for tests."""

    __slots__ = ("_clock", "_folder", "_python", "name")

    def __init__(
        self,
        runtime_folder: str,
        python: str = sys.executable,
        clock: Callable[[], int] = boottime,
    ) -> None:
        self.name = "session process"
        self._folder = os.path.abspath(runtime_folder)
        self._python = python
        self._clock = clock

    def available(self) -> bool:
        """Whether the runtime folder is ours alone, or can be made; nothing is made here."""
        if len(os.fsencode(self._socket("0" * 32))) > PATH_LIMIT:
            return False
        folder = self._folder
        try:
            if files.exists(folder):
                return is_private(folder)
            while not files.exists(folder):
                folder = os.path.dirname(folder)
        except FileProblem:
            return False
        return os.access(folder, os.W_OK | os.X_OK)

    def put(self, vault_id: str, bundle: SecretBytes, ttl: int) -> None:
        """Start a process with `bundle` for `ttl` seconds, in place of the one before."""
        path = self._socket(vault_id)
        request = frame(bundle, ttl, self._clock())
        if len(os.fsencode(path)) > PATH_LIMIT:
            raise CustodyUnavailable("the runtime folder's path is too long for a socket")
        files.ensure_folder(self._folder)
        if not is_private(self._folder):
            raise FileProblem(
                f"{self._folder} can be used by others", hint=f"chmod 700 {self._folder}"
            )
        with files.Lock(lock_path(path), LOCK_SECONDS, "the unlock session"):
            self.drop(vault_id)
            self._start(path, request)

    def get(self, vault_id: str) -> SecretBytes | None:
        """What is kept, None where nothing is or its time is over."""
        answer = self._asked(vault_id, GET)
        return None if deadline_of(answer, self._clock()) is None else SecretBytes(answer[HEAD:])

    def remaining(self, vault_id: str) -> int | None:
        """Whole seconds left."""
        now = self._clock()
        deadline = deadline_of(self._asked(vault_id, REMAINING), now)
        return None if deadline is None else seconds_left(deadline, now)

    def drop(self, vault_id: str) -> bool:
        """End the process, which wipes and removes its socket before it answers."""
        return self._asked(vault_id, DROP) == DONE

    def _socket(self, vault_id: str) -> str:
        return os.path.join(self._folder, f"{checked(vault_id)}.sock")

    def _start(self, path: str, request: bytes) -> None:
        from lango_cli.unlock import child

        try:
            reply = child.ask((self._python, _SERVER, path), request, {}, START_SECONDS)
        except OSError as err:
            raise CustodyUnavailable(
                f"the session process does not start: {(err.strerror or '').lower()}"
            ) from None
        if reply != DONE:
            raise CustodyUnavailable("the session process does not start")

    def _asked(self, vault_id: str, what: bytes) -> bytes:
        """The answer of the process, empty where none of ours answers in time."""
        path = self._socket(vault_id)
        try:
            if not is_private(self._folder):
                return b""
            connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            try:
                connection.settimeout(ANSWER_SECONDS)
                connection.connect(path)
                if peer_uid(connection) != os.geteuid():
                    return b""
                connection.send(what, NO_SIGNAL)
                return read_out(connection, FRAME_LIMIT, ANSWER_SECONDS)
            finally:
                connection.close()
        except OSError:
            return b""


def lock_path(socket_path: str) -> str:
    """The lock that whoever replaces or removes the socket holds."""
    return f"{socket_path}.lock"

"""The channel `command`: a program of the user's that is handed the question and says yes or no.

The rule: it is the one that the settings name, by its full path, with its fixed words and without
a shell, in an environment of our making, because the asker's could lead it astray. It gets one
JSON document on stdin and answers by its exit code: 0 is yes, 1 is no, and everything else, a
signal included, is no answer. With 0 it may print a JSON object: `allow` (then that counts),
`scope` (`once` or `session`) and `why`; what is printed and makes no sense is no answer. The
program ends with the question.
"""

from __future__ import annotations

import os
import pwd
import select
import signal
from typing import TYPE_CHECKING

from lango_cli.errors import NotApplicable, UsageProblem
from lango_cli.model_approval import ONCE, SESSION, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from subprocess import Popen
    from typing import Any

    from lango_cli.model_approval import Question

YES, NO = 0, 1
PIPE = 16_384
"""Bytes that an empty pipe holds on every system, and that a program may print."""
WHY = 500
"""Characters of a reason that are kept."""
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Program:
    """One run of `words`; `document` makes JSON of a question."""

    name = "command"

    def __init__(self, words: Sequence[str], document: Callable[[Question], bytes]) -> None:
        self._words = list(words)
        self._document = document
        self._process: Popen[bytes] | None = None
        self._end: _Descriptor | None = None
        self._printed = -1
        self._check: Callable[[Answer], None] = lambda _answer: None

    def open(self, question: Question, check: Callable[[Answer], None]) -> None:
        """Start it; NotApplicable if it cannot be."""
        from subprocess import DEVNULL, Popen

        self._check = check
        if not self._words or not os.path.isabs(self._words[0]):
            raise NotApplicable("security.interceptor.approval.command names no full path")
        questions = _in_memory(self._document(question))
        self._printed, printing = os.pipe()
        try:
            self._process = Popen(
                self._words,
                cwd="/",
                env=_environment(),
                stdin=questions,
                stdout=printing,
                stderr=DEVNULL,
                start_new_session=True,
            )
        except OSError as err:
            self._forget()
            reason = (err.strerror or "no reason given").lower()
            raise NotApplicable(f"{self._words[0]} does not start: {reason}") from None
        finally:
            os.close(printing)
            os.close(questions)
        self._end = _end_of(self._process.pid)

    def filenos(self) -> Sequence[int]:
        """What can be read when the program has ended."""
        return () if self._end is None else (self._end.fileno(),)

    def ready(self, fileno: int) -> Answer | None:
        """What the program said; None, and the channel is gone, where that is no answer."""
        del fileno
        assert self._process is not None, "nothing to read before `open`"
        code = self._process.wait()
        printed = _read(self._printed)
        self._forget()
        who = f"exit code {code} of {self._words[0]}"
        if code == NO:
            return Answer(False, channel=self.name, who=who)
        if code != YES or printed is None:
            return None
        return self._understood(printed, who) if printed.strip() else self._yes(who)

    def _yes(self, who: str) -> Answer:
        return Answer(True, channel=self.name, who=who)

    def _understood(self, printed: bytes, who: str) -> Answer | None:
        import json

        try:
            said = json.loads(printed)
            allow, scope, why = said["allow"], said.get("scope", ONCE), said.get("why", "")
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return None
        if not isinstance(allow, bool) or scope not in (ONCE, SESSION) or not isinstance(why, str):
            return None
        answer = Answer(allow, scope if allow else ONCE, self.name, who=who, why=why[:WHY])
        try:
            self._check(answer)
        except UsageProblem:
            return None
        return answer

    def close(self, ending: str) -> None:
        """End it, with everything that it started."""
        del ending
        if self._process is not None and self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # It ended in between.
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        if self._printed >= 0:
            os.close(self._printed)
            self._printed = -1
        if self._end is not None:
            self._end.close()
            self._end = None
        self._process = None


class _Descriptor:
    """A file descriptor as an object, like the other thing that can be waited for."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)


def _end_of(pid: int) -> _Descriptor:
    """What can be waited for with `poll` until a child of ours ends: pidfd_open(2), kqueue(2)."""
    if hasattr(os, "pidfd_open"):
        return _Descriptor(os.pidfd_open(pid))
    kernel: Any = select
    queue = kernel.kqueue()
    flags = kernel.KQ_EV_ADD | kernel.KQ_EV_ONESHOT
    event = kernel.kevent(pid, kernel.KQ_FILTER_PROC, flags, kernel.KQ_NOTE_EXIT)
    queue.control([event], 0)
    found: _Descriptor = queue
    return found


def _in_memory(data: bytes) -> int:
    """A descriptor from which `data` can be read, without anybody who writes."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("lango")
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd
    if len(data) > PIPE:
        raise NotApplicable("the question is too long for a program on this system")
    fd, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return fd


def _read(fd: int) -> bytes | None:
    """What was printed, None if it is more than a pipe holds; never waits."""
    os.set_blocking(fd, False)
    try:
        data = os.read(fd, PIPE + 1)
    except BlockingIOError:
        return b""  # Something that the program started still holds the other end.
    return data if len(data) <= PIPE else None


def _environment() -> dict[str, str]:
    """What a login has, and nothing of the asker's: no LD_PRELOAD, no PATH of an agent's."""
    user = pwd.getpwuid(os.geteuid())
    runtime = f"/run/user/{user.pw_uid}"
    return {
        "HOME": user.pw_dir,
        "LANG": "C.UTF-8",
        "LOGNAME": user.pw_name,
        "PATH": _PATH,
        "USER": user.pw_name,
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus",
        "XDG_RUNTIME_DIR": runtime,
    }

"""The commands of tpm2-tools, a few of them as one piece of work.

The rule: files are memory that the commands open by its descriptor, so nothing is left on a disk;
what they loaded is put out of the TPM after, and nothing of another program's that a resource
manager keeps apart; a TPM that has no room or no time is asked again until the deadline, which
stands over the whole; what went wrong is told by the TPM's response code.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.custody import tpm_answers as answers
from lango_cli.custody.calling import jitter
from lango_cli.custody.worker import without_ours
from lango_cli.errors import (
    Busy,
    CustodyDenied,
    FileProblem,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    MissingExtra,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lango_cli.custody.fault import Where
    from lango_cli.secret import SecretBytes

PRIMARY = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt|noda"
"""Of the owner's primary key, as TCG's templates have it: other people's wrong PINs do not lock
it. Part of what makes the key: with other attributes it is another one."""
LIMIT = 65_536
"""Bytes of a file that a command writes; the largest has a few thousand."""
OTHERS = "another program is using the TPM too"
PAUSE = 0.2
"""Seconds, at most, before a TPM without room or time is asked again."""
CLEANING = 1.0
"""Seconds, at most, in which what was loaded is put out again."""

_turn = threading.Lock()
"""Threads take turns, as a TPM does one thing at a time and has room for three objects."""
LOCK = "tpm.lock"
MANAGED = ("device:/dev/tpmrm", "tabrmd")
"""How a TPM is reached that is shared by a resource manager."""


@dataclass(frozen=True, slots=True)
class Tpm:
    """Which TPM, and what of it: `handle` of a persistent key, `pcrs` to seal to; or empty."""

    where: Where
    handle: str
    pcrs: str
    tcti: str
    environment: Mapping[str, str]
    runtime: str = ""

    def lock(self, seconds: float) -> files.Lock | None:
        """What keeps other processes of this user off it, where no resource manager does."""
        way = self.tcti or self.environment.get("TPM2TOOLS_TCTI", "")
        if not self.runtime or way.startswith(MANAGED):
            return None
        try:
            files.ensure_folder(self.runtime)
        except FileProblem:
            return None
        return files.Lock(os.path.join(self.runtime, LOCK), seconds, "the TPM")


class Work:
    """A few commands, with files in memory; what they loaded is put out of the TPM after."""

    def __init__(
        self, tpm: Tpm, operation: str, left: float, pin: SecretBytes | None = None
    ) -> None:
        self._tpm = tpm
        self._operation = operation
        self._end = time.monotonic() + left
        self._files: dict[str, int] = {}
        self._pin = ""
        if pin is not None:
            self.write("pin", pin.reveal())
            self._pin = f"file:{self.path('pin')}"
        self._ran = self._cut = False
        self._lock: files.Lock | None = None

    def __enter__(self) -> Work:
        try:
            self._take_turn()
        except BaseException:
            self._forget()
            raise
        return self

    def _take_turn(self) -> None:
        where, reason = self._tpm.where, "others keep the TPM busy"
        if not _turn.acquire(timeout=max(self._end - time.monotonic(), 0)):
            raise where.unavailable(self._operation, reason, throttled=True)
        try:
            self._lock = self._tpm.lock(max(self._end - time.monotonic(), 0))
            if self._lock is not None:
                self._lock.__enter__()
        except Busy:
            _turn.release()
            raise where.unavailable(self._operation, reason, throttled=True) from None
        except BaseException:
            _turn.release()
            raise

    def __exit__(self, *_error: object) -> None:
        try:
            if self._ran:
                self._clean(time.monotonic() + CLEANING)
        finally:
            if self._lock is not None:
                self._lock.__exit__(None, None, None)
            _turn.release()
            self._forget()

    def _clean(self, end: float) -> None:
        """Put out of the TPM what this work loaded; a resource manager would do it anyway.

        The session by its own file: others may have theirs. One that is loaded while no command
        runs is nobody's any more: `createpolicy` leaves one, and so does a command that was cut.
        """
        self._quietly(end, "-t")
        kept = "session" in self._files and not self._quietly(end, self.path("session"))
        if kept or self._cut or "policy" in self._files:
            self._quietly(end, "-l")

    def _forget(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def run(self, command: str, *words: str, given: bytes = b"") -> bytes:
        """One command; what it printed. Again while the TPM has no room or no time for it."""
        self._ran = True
        while True:
            done = self._once(command, words, given)
            if not done.returncode:
                return done.stdout
            wait = jitter(PAUSE)
            codes = answers.codes(done.stderr)
            late = time.monotonic() + wait + CLEANING >= self._end
            if late or not codes & (answers.NO_ROOM | answers.NO_TIME):
                raise self._problem(done.stderr)
            if codes & answers.NO_ROOM:
                self._quietly(self._end, "-t")
            time.sleep(wait)

    def _once(
        self, command: str, words: Sequence[str], given: bytes
    ) -> subprocess.CompletedProcess[bytes]:
        left = max(self._end - time.monotonic(), 0.001)
        try:
            return self._process(command, words, given, left)
        except subprocess.TimeoutExpired:
            self._cut = True
            raise self._tpm.where.unavailable(self._operation, "the TPM did not answer") from None
        except FileNotFoundError:
            raise MissingExtra(
                f"tpm2 needs the commands of tpm2-tools, and there is no tpm2_{command}",
                hint="such as: apt-get install tpm2-tools",
            ) from None
        except OSError as err:
            text = (err.strerror or "failed").lower()
            raise self._tpm.where.unavailable(self._operation, f"tpm2-tools: {text}") from None

    def _process(
        self, command: str, words: Sequence[str], given: bytes, left: float
    ) -> subprocess.CompletedProcess[bytes]:
        variables = {**without_ours(self._tpm.environment), "TSS2_LOG": "all+error", "LC_ALL": "C"}
        if self._tpm.tcti:
            variables["TPM2TOOLS_TCTI"] = self._tpm.tcti
        return subprocess.run(
            [f"tpm2_{command}", *words],
            env=variables,
            input=given,
            capture_output=True,
            timeout=left,
            pass_fds=tuple(self._files.values()),
            check=False,
        )

    def _quietly(self, end: float, what: str) -> bool:
        """Whether the TPM put this away, in time."""
        left = end - time.monotonic()
        try:
            return left > 0 and not self._process("flushcontext", [what], b"", left).returncode
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _problem(self, said: bytes) -> LangoError:
        where, codes = self._tpm.where, answers.codes(said)
        state = self._state(said, codes)
        if state is not None:
            return state
        for code in sorted(codes):
            found = answers.meaning(code)
            if found is None:
                continue
            kind, reason, hint = found
            if kind is KeyNotFound and self._is_there():
                return where.unavailable(self._operation, OTHERS)
            return where.problem(kind, self._operation, reason, hint=hint)
        refused = [code for code in sorted(codes) if not code & answers.WARNING]
        if refused:
            reason = f"the TPM refused ({refused[0]:#05x})"
            return where.problem(CustodyDenied, self._operation, reason)
        return where.unavailable(self._operation, "the TPM cannot be reached, or is busy")

    def _state(self, said: bytes, codes: set[int]) -> LangoError | None:
        """What is wrong with the TPM as a whole, whatever was asked."""
        where = self._tpm.where
        if answers.LOCKED in codes:
            reason = "the TPM is locked after too many wrong PINs"
            return where.problem(CustodyDenied, self._operation, reason, hint=self._unlocking())
        if codes & answers.BROKEN:
            return where.unavailable(self._operation, "the TPM has failed, or was not started")
        if codes & (answers.NO_ROOM | answers.NO_TIME):
            reason = "the TPM has no room or no time now"
            return where.unavailable(self._operation, reason, throttled=True)
        if b"Esys_ContextLoad(" in said:
            # Only what this work had saved is loaded by that: another program threw it out.
            return where.unavailable(self._operation, OTHERS)
        return None

    def _is_there(self) -> bool:
        """Whether the handle that was named has a key: then what is missing was taken away."""
        if not self._tpm.handle:
            return True
        try:
            return not self._once("readpublic", ["-c", self._tpm.handle], b"").returncode
        except LangoError:
            return False

    def _unlocking(self) -> str:
        """What ends a lock; how long that takes, as the TPM says it."""
        administrator = "at once by its administrator: tpm2_dictionarylockout --clear-lockout"
        try:
            said = self._once("getcap", ["properties-variable"], b"").stdout
        except LangoError:
            said = b""
        seconds = answers.counter(b"LOCKOUT_INTERVAL", said)
        if seconds is None:
            return f"wait, or {administrator}"
        return f"one more try every {seconds} s without a wrong one; {administrator}"

    def has_tries(self) -> bool:
        """Whether one wrong PIN more would leave the TPM unlocked."""
        said = self.run("getcap", "properties-variable")
        done, most = (
            answers.counter(b"LOCKOUT_COUNTER", said),
            answers.counter(b"MAX_AUTH_FAIL", said),
        )
        return done is None or most is None or done + 1 < most

    def parent(self) -> str:
        """The key to seal under: the owner's primary, or the one at the handle."""
        if self._tpm.handle:
            return self._tpm.handle
        form = ("-G", "ecc", "-a", PRIMARY)
        self.run("createprimary", "-C", "o", *form, "-c", self.path("primary"))
        self.run("flushcontext", "-t")
        return self.path("primary")

    def signer(self) -> str:
        """The handle of a key that signs."""
        if not self._tpm.handle:
            raise self._tpm.where.problem(
                KeyUnusable, self._operation, "the owner's primary key only wraps"
            )
        return self._tpm.handle

    def policy(self) -> str:
        """A file with the digest of the policy."""
        policy = self.path("policy")
        self.run("createpolicy", "--policy-pcr", "-l", self._tpm.pcrs, "-L", policy)
        return policy

    def session(self, kind: str, key: str, crypt: str) -> str:
        """A session salted by `key`, whose first parameter is encrypted on the way."""
        session = self.path("session")
        self.run("startauthsession", kind, "-S", session, "--tpmkey-context", key)
        self.run("sessionconfig", session, crypt)
        return session

    def auth(self, option: str) -> tuple[str, ...]:
        """The option that hands over the PIN, where there is one."""
        return (option, self._pin) if self._pin else ()

    def salt(self) -> str:
        """The key that salts a session, so that nobody between hears what it protects."""
        return self._tpm.handle or self.path("primary")

    def halves(self, name: str) -> tuple[str, ...]:
        """The options for the public and the private half of an object."""
        return ("-u", self.path(name), "-r", self.path(f"{name}-private"))

    def load(self, parent: str, name: str, *auth: str) -> str:
        """Load the halves called so; the name of its context."""
        context = self.path(f"{name}-context")
        self.run("load", "-C", parent, *auth, *self.halves(name), "-c", context)
        self.run("flushcontext", "-t")
        return context

    def path(self, name: str) -> str:
        """What stands for a file: memory that the commands open by its descriptor."""
        if name not in self._files:
            self._files[name] = os.memfd_create(name)
        return f"/dev/fd/{self._files[name]}"

    def write(self, name: str, data: bytes) -> None:
        """A file for a command to read."""
        self.path(name)
        os.write(self._files[name], data)

    def read(self, name: str) -> bytes:
        """A file that a command wrote."""
        return os.pread(self._files[name], LIMIT, 0)

"""The commands of tpm2-tools, a few of them as one piece of work.

The rule: files are memory that the commands open by its descriptor, so nothing is left on a disk;
what they loaded is put out of the TPM after; each ends with the deadline of the whole; what went
wrong is told by the TPM's response code.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.custody.worker import without_ours
from lango_cli.errors import (
    CustodyDenied,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    MissingExtra,
    Tampered,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lango_cli.custody.fault import Where
    from lango_cli.secret import SecretBytes

CODE = re.compile(rb"\((0x[0-9A-Fa-f]{1,8})\)")
LIMIT = 65_536
"""Bytes of a file that a command writes; the largest has a few thousand."""
FORMAT_ONE, NUMBER = 0x80, 0x3F
"""Of a response code: the bit of its format, and its number in that (TPM 2.0 Part 2, 6.6)."""

_BY_NUMBER: dict[int, tuple[type[LangoError], str]] = {
    0x0B: (KeyNotFound, "there is no key at this handle"),
    0x0E: (CustodyDenied, "the PIN is wrong"),
    0x22: (CustodyDenied, "the PIN is wrong"),
    0x1D: (KeyUnusable, "the PCRs are not as they were when it was sealed"),
    0x1F: (Tampered, "that was not sealed under this TPM's key, or is damaged"),
    0x03: (KeyUnusable, "the key cannot do this"),
    0x02: (KeyUnusable, "the key cannot do this"),
    0x1C: (KeyUnusable, "the key is of another kind"),
    0x04: (Tampered, "what was sealed is damaged"),
    0x15: (Tampered, "what was sealed is damaged"),
    0x1A: (Tampered, "what was sealed is damaged"),
}
"""Response codes of format one, without the parameter they speak of."""
_WHOLE: dict[int, tuple[type[LangoError], str]] = {
    0x921: (CustodyDenied, "the TPM is locked after too many wrong PINs"),
    0x126: (KeyUnusable, "the PCRs changed while it was opened"),
    0x18B: (KeyNotFound, "there is no key at this handle"),
}


@dataclass(frozen=True, slots=True)
class Tpm:
    """Which TPM, and what of it: `handle` of a persistent key, `pcrs` to seal to; or empty."""

    where: Where
    handle: str
    pcrs: str
    tcti: str
    environment: Mapping[str, str]


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
        self._ran = False

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            if self._ran:
                for what in ("-t", "-l", "-s"):
                    self._quietly("flushcontext", what)
        finally:
            for descriptor in self._files.values():
                os.close(descriptor)
            self._files.clear()

    def run(self, command: str, *words: str, given: bytes = b"") -> bytes:
        """One command; what it printed."""
        self._ran = True
        left = max(self._end - time.monotonic(), 0.001)
        try:
            done = self._process(command, words, given, left)
        except subprocess.TimeoutExpired:
            raise self._tpm.where.unavailable(self._operation, "the TPM did not answer") from None
        except FileNotFoundError:
            raise MissingExtra(
                "tpm2 needs the commands of tpm2-tools", hint="such as: apt-get install tpm2-tools"
            ) from None
        except OSError as err:
            text = (err.strerror or "failed").lower()
            raise self._tpm.where.unavailable(self._operation, f"tpm2-tools: {text}") from None
        if done.returncode:
            raise self._problem(done.stderr)
        return done.stdout

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

    def _quietly(self, command: str, *words: str) -> None:
        """Put away what is loaded, if there is time; a resource manager would do it anyway."""
        try:
            self._process(command, words, b"", 5)
        except (OSError, subprocess.TimeoutExpired):
            return

    def _problem(self, said: bytes) -> LangoError:
        where = self._tpm.where
        codes = [int(found[1], 16) for found in CODE.finditer(said)]
        for code in codes:
            if code in _WHOLE:
                return where.problem(_WHOLE[code][0], self._operation, _WHOLE[code][1])
            if code < 0x1000 and code & FORMAT_ONE and code & NUMBER in _BY_NUMBER:
                kind, reason = _BY_NUMBER[code & NUMBER]
                return where.problem(kind, self._operation, reason)
        of_tpm = [code for code in codes if 0 < code < 0x1000]
        if of_tpm and not of_tpm[0] & 0x800:
            reason = f"the TPM refused ({of_tpm[0]:#05x})"
            return where.problem(CustodyDenied, self._operation, reason)
        return where.unavailable(self._operation, "the TPM cannot be reached, or is busy")

    def parent(self) -> str:
        """The key to seal under: the owner's primary, or the one at the handle."""
        if self._tpm.handle:
            return self._tpm.handle
        self.run("createprimary", "-C", "o", "-G", "ecc", "-c", self.path("primary"))
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

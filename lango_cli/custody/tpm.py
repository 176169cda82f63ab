"""A key in this machine's TPM 2.0, by the commands of tpm2-tools.

Why those and no binding: there is no wheel of one, and the commands are on every distribution. The
rule: what is secret goes to them by a pipe or a descriptor in memory, never as a word, and between
them and the chip under a session's encryption, so that a listener on the bus hears nothing. What
went wrong is told by the TPM's response code. Each command ends with the deadline of the whole.

Wrapping: 32 bytes are sealed under the owner hierarchy's primary key, which the TPM makes anew
from its own seed each time (`handle` names a persistent parent instead), with a policy over PCRs
where the URI asks for one. With a PIN there is a storage key between the two, which opens by that:
so the PIN never stands beside a session on a command line. The context is bound by `binding`.
Signing: `handle` names a persistent ECDSA P-256 key.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.crypto.mac import digest, pack
from lango_cli.custody.binding import bind, unbind
from lango_cli.custody.calling import Calls
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, WRAP, Where
from lango_cli.errors import (
    CustodyDenied,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    MissingExtra,
    Tampered,
    UsageProblem,
)
from lango_cli.model_custody import KEY_BYTES, Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

PROVIDER = "tpm2"
HANDLE = re.compile(r"0x81[0-9a-fA-F]{6}")
PCRS = re.compile(r"[a-z0-9_]+:[0-9,]+(?:\+[a-z0-9_]+:[0-9,]+)*")
CODE = re.compile(rb"\((0x[0-9A-Fa-f]{1,8})\)")
SIZE = 4
LIMIT = 65_536
"""Bytes of a file that a command writes; the largest has a few thousand."""
STORAGE = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt"
"""Of the key between: without `noda`, so that wrong PINs lock the TPM."""
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


def open_custodian(uri: KeyUri, options: Options) -> TpmCustodian:
    """The custodian of a `tpm2:` URI; nothing is asked yet."""
    wanted = uri.options
    good = HANDLE.fullmatch(wanted.get("handle", "0x81000000"))
    good = good and PCRS.fullmatch(wanted.get("pcrs", "sha256:7"))
    if not good or wanted.get("pin", "yes") != "yes":
        raise UsageProblem(
            "that is no tpm2 URI", hint="such as tpm2:?pcrs=sha256:7&pin=yes&handle=0x81000001"
        )
    return TpmCustodian(uri, options)


class TpmCustodian:
    """A `Custodian`; nothing is kept open, and nothing stays in the TPM."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self._handle = uri.options.get("handle", "")
        self.key = self._handle or "owner"
        self._where = Where(PROVIDER, self.key)
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._pcrs = uri.options.get("pcrs", "")
        self._options = options
        self._with_pin = "pin" in uri.options
        self._pin: SecretBytes | None = None
        self._tcti = uri.options.get("tcti", "")

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Seal under the parent, with the policy of the URI."""
        check_key(data)
        pin = self._asked_pin(WRAP)
        return bind(data, context, lambda key: self._seal(key, pin))

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """Load and unseal."""
        check_wrapped(wrapped)
        pin = self._asked_pin(UNWRAP)
        return unbind(wrapped, context, lambda outer: self._unseal(outer, pin))

    def sign(self, message: bytes) -> bytes:
        """ECDSA over a digest that is made here, as DER."""
        pin = self._asked_pin(SIGN)

        def attempt(left: float) -> bytes:
            with _Work(self, SIGN, left, pin) as work:
                work.write("digest", digest(message))
                key = ("-c", work.signer())
                form = ("-g", "sha256", "-s", "ecdsa", "-f", "plain", "-d")
                work.run(
                    "sign",
                    *key,
                    *form,
                    *work.auth("-p"),
                    "-o",
                    work.path("signature"),
                    work.path("digest"),
                )
                return work.read("signature")

        return self._calls.call(SIGN, attempt)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Checked here, under the public key that the TPM shows."""
        return verify_pem(self.public_key(), message, signature)

    def public_key(self) -> bytes:
        """The public half of the key at the handle, as PEM."""

        def attempt(left: float) -> bytes:
            with _Work(self, PUBLIC_KEY, left) as work:
                work.run("readpublic", "-c", work.signer(), "-f", "pem", "-o", work.path("public"))
                return work.read("public")

        return self._calls.call(PUBLIC_KEY, attempt)

    def describe(self) -> Health:
        """What kind of key stands there; the owner hierarchy has one always."""
        begun = time.monotonic()
        try:
            with _Work(self, DESCRIBE, self._options.timeout) as work:
                words = ("readpublic", "-c", self._handle) if self._handle else ("getrandom", "1")
                said = work.run(*words)
        except LangoError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        signs = b"sign" in said.partition(b"attributes:")[2].partition(b"raw:")[0]
        return Health(
            PROVIDER,
            self.key,
            usable=True,
            algorithm="ECDSA P-256" if signs else "TPM storage key",
            purpose="sign" if signs else "wrap",
            milliseconds=round((time.monotonic() - begun) * 1000),
        )

    def close(self) -> None:
        """Nothing is held but a PIN."""
        if self._pin is not None:
            self._pin.wipe()
            self._pin = None

    def _asked_pin(self, operation: str) -> SecretBytes | None:
        if self._with_pin and self._pin is None:
            self._pin = self._options.pin()
            if self._pin is None:
                raise self._where.problem(
                    CustodyDenied, operation, "it needs a PIN", hint="give LANGO_PKCS11_PIN"
                )
        return self._pin

    def _seal(self, key: SecretBytes, pin: SecretBytes | None) -> bytes:
        def attempt(left: float) -> bytes:
            with _Work(self, WRAP, left, pin) as work:
                parent = work.parent()
                above: list[bytes] = []
                if pin is not None:
                    form = ("-G", "ecc", "-a", STORAGE, *work.auth("-p"))
                    work.run("create", "-C", parent, *form, *work.halves("upper"))
                    above = [work.read("upper"), work.read("upper-private")]
                    parent = work.load(parent, "upper")
                policy = ("-L", work.policy()) if self._pcrs else ()
                session = work.session("--hmac-session", work.salt(), "--enable-decrypt")
                words = ("-C", parent, *work.auth("-P"), "-i", "-", *policy, "-S", session)
                work.run("create", *words, *work.halves("lower"), given=key.reveal())
                return pack(*above, work.read("lower"), work.read("lower-private"))

        return self._calls.call(WRAP, attempt)

    def _unseal(self, outer: bytes, pin: SecretBytes | None) -> SecretBytes:
        parts = self._parts(outer, 2 if pin is None else 4)

        def attempt(left: float) -> bytes:
            with _Work(self, UNWRAP, left, pin) as work:
                parent = work.parent()
                if pin is not None:
                    work.write("upper", parts[0])
                    work.write("upper-private", parts[1])
                    parent = work.load(parent, "upper")
                work.write("lower", parts[-2])
                work.write("lower-private", parts[-1])
                sealed = work.load(parent, "lower", *work.auth("-P"))
                kind = "--policy-session" if self._pcrs else "--hmac-session"
                session = work.session(kind, work.salt(), "--enable-encrypt")
                if self._pcrs:
                    work.run("policypcr", "-S", session, "-l", self._pcrs)
                return work.run("unseal", "-c", sealed, "-p", f"session:{session}")

        key = self._calls.call(UNWRAP, attempt)
        if len(key) != KEY_BYTES:
            raise self._where.problem(Tampered, UNWRAP, "what was sealed is no key of lango")
        return SecretBytes(key)

    def _parts(self, outer: bytes, count: int) -> list[bytes]:
        """The public and private halves in what was sealed."""
        parts, at = [], 0
        while at < len(outer):
            size = int.from_bytes(outer[at : at + SIZE], "big")
            parts.append(outer[at + SIZE : at + SIZE + size])
            at += SIZE + size
        if at != len(outer) or len(parts) != count or not all(parts):
            raise self._where.problem(Tampered, UNWRAP, "what was sealed is damaged")
        return parts


class _Work:
    """A few commands, with files in memory; what they loaded is put out of the TPM after."""

    def __init__(
        self, owner: TpmCustodian, operation: str, left: float, pin: SecretBytes | None = None
    ) -> None:
        self._owner = owner
        self._operation = operation
        self._end = time.monotonic() + left
        self._files: dict[str, int] = {}
        self._pin = ""
        if pin is not None:
            self.write("pin", pin.reveal())
            self._pin = f"file:{self.path('pin')}"
        self._ran = False

    def __enter__(self) -> _Work:
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
            raise self._owner._where.unavailable(
                self._operation, "the TPM did not answer"
            ) from None
        except FileNotFoundError:
            raise MissingExtra(
                "tpm2 needs the commands of tpm2-tools", hint="such as: apt-get install tpm2-tools"
            ) from None
        except OSError as err:
            text = (err.strerror or "failed").lower()
            raise self._owner._where.unavailable(self._operation, f"tpm2-tools: {text}") from None
        if done.returncode:
            raise self._problem(done.stderr)
        return done.stdout

    def _process(
        self, command: str, words: Sequence[str], given: bytes, left: float
    ) -> subprocess.CompletedProcess[bytes]:
        variables = {**self._owner._options.environment, "TSS2_LOG": "all+error", "LC_ALL": "C"}
        if self._owner._tcti:
            variables["TPM2TOOLS_TCTI"] = self._owner._tcti
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
        where = self._owner._where
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
        if self._owner._handle:
            return self._owner._handle
        self.run("createprimary", "-C", "o", "-G", "ecc", "-c", self.path("primary"))
        self.run("flushcontext", "-t")
        return self.path("primary")

    def signer(self) -> str:
        """The handle of a key that signs."""
        if not self._owner._handle:
            raise self._owner._where.problem(
                KeyUnusable, self._operation, "the owner's primary key only wraps"
            )
        return self._owner._handle

    def policy(self) -> str:
        """A file with the digest of the policy."""
        policy = self.path("policy")
        self.run("createpolicy", "--policy-pcr", "-l", self._owner._pcrs, "-L", policy)
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
        return self._owner._handle or self.path("primary")

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

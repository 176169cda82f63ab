"""A key in this machine's TPM 2.0, by the commands of tpm2-tools.

Why those and no binding: there is no wheel of one, and the commands are on every distribution. The
rule: what is secret goes to them by a pipe or a descriptor in memory, never as a word. Keys go
between them and the chip under a session's encryption, so that a listener on the bus hears none; a
PIN it does hear, because the commands take one for such a session as a word alone, for all to
read. What went wrong is told by the TPM's response code. Each command ends with the deadline of
the whole.

Wrapping: 32 bytes are sealed under the owner hierarchy's primary key, which the TPM makes anew
from its own seed each time (`handle` names a persistent parent instead), with a policy over PCRs
where the URI asks for one. With a PIN there is a storage key between the two, which opens by that:
so the PIN never stands beside a session on a command line. The context is bound by `binding`.
Signing: `handle` names a persistent ECDSA P-256 key.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from lango_cli.config.load import PIN
from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.crypto.mac import digest, pack
from lango_cli.custody.binding import bind, unbind
from lango_cli.custody.calling import Calls
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, WRAP, Where
from lango_cli.custody.tpm_tools import Tpm, Work
from lango_cli.errors import (
    CustodyDenied,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.model_custody import KEY_BYTES, Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

PROVIDER = "tpm2"
HANDLE = re.compile(r"0x81[0-9a-fA-F]{6}")
DEVICE = re.compile(r"device:/dev/tpm(?:rm)?[0-9]{1,3}")
"""What a URI may say of how the TPM is reached. A header is read before its MAC can be checked:
one that came from elsewhere must not run a program (`cmd:`), load a library or send a PIN away."""
PCRS = re.compile(r"[a-z0-9_]+:[0-9,]+(?:\+[a-z0-9_]+:[0-9,]+)*")
SIZE = 4
STORAGE = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt"
"""Of the key between: without `noda`, so that wrong PINs lock the TPM."""
SEALED_BY_POLICY = "fixedtpm|fixedparent|noda"
SEALED = f"{SEALED_BY_POLICY}|userwithauth"
"""Of what is sealed, which has no PIN of its own to be guessed: the lock is none of its business,
whoever brought it about. With a policy nothing but that opens it."""


def open_custodian(uri: KeyUri, options: Options) -> TpmCustodian:
    """The custodian of a `tpm2:` URI; nothing is asked yet."""
    wanted = uri.options
    good = HANDLE.fullmatch(wanted.get("handle", "0x81000000"))
    good = good and PCRS.fullmatch(wanted.get("pcrs", "sha256:7"))
    if not DEVICE.fullmatch(wanted.get("tcti", "device:/dev/tpm0")):
        raise UsageProblem(
            "a tpm2 URI names a device of this machine or none",
            hint="tcti=device:/dev/tpmrm0; any other way by the variable TPM2TOOLS_TCTI",
        )
    if not good or wanted.get("pin", "yes") != "yes":
        raise UsageProblem(
            "that is no tpm2 URI", hint="such as tpm2:?pcrs=sha256:7&pin=yes&handle=0x81000001"
        )
    return TpmCustodian(uri, options)


class TpmCustodian:
    """A `Custodian`; nothing is kept open, and nothing stays in the TPM."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        handle, pcrs = uri.options.get("handle", ""), uri.options.get("pcrs", "")
        self.key = handle or "owner"
        self._where = Where(PROVIDER, self.key)
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._options = options
        tcti = uri.options.get("tcti", "")
        self._tpm = Tpm(self._where, handle, pcrs, tcti, options.environment, options.runtime)
        self._with_pin = "pin" in uri.options
        self._pin: SecretBytes | None = None

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Seal under the parent, with the policy of the URI."""
        check_key(data)
        pin = self._asked_pin(WRAP, self._options.new_pin)
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
            with Work(self._tpm, SIGN, left, pin) as work:
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
            with Work(self._tpm, PUBLIC_KEY, left) as work:
                work.run("readpublic", "-c", work.signer(), "-f", "pem", "-o", work.path("public"))
                return work.read("public")

        return self._calls.call(PUBLIC_KEY, attempt)

    def describe(self) -> Health:
        """What kind of key stands there; the owner hierarchy has one always."""
        begun = time.monotonic()
        try:
            with Work(self._tpm, DESCRIBE, self._options.timeout) as work:
                words = (
                    ("readpublic", "-c", self._tpm.handle)
                    if self._tpm.handle
                    else ("getrandom", "1")
                )
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

    def _asked_pin(
        self, operation: str, new: Callable[[], SecretBytes | None] | None = None
    ) -> SecretBytes | None:
        """The PIN of the variable, else one that a person types; `new`: asks for one to be set."""
        if not self._with_pin or self._pin is not None:
            return self._pin
        given = self._options.environment.get(PIN)
        if given:
            if operation != WRAP:
                self._check_tries(operation)
            self._pin = SecretBytes(os.fsencode(given))
        else:
            self._pin = (new or self._options.pin)()
        if self._pin is None:
            raise self._where.problem(
                CustodyDenied, operation, "it needs a PIN", hint=f"give {PIN}, or a terminal"
            )
        return self._pin

    def _check_tries(self, operation: str) -> None:
        """A PIN that nobody typed is tried while wrong ones do not lock the TPM."""

        def attempt(left: float) -> bool:
            with Work(self._tpm, operation, left) as work:
                return work.has_tries()

        if not self._calls.call(operation, attempt):
            reason = "one more wrong PIN locks the TPM: a person has to type it"
            raise self._where.problem(CustodyDenied, operation, reason, hint=f"unset {PIN}")

    def _seal(self, key: SecretBytes, pin: SecretBytes | None) -> bytes:
        def attempt(left: float) -> bytes:
            with Work(self._tpm, WRAP, left, pin) as work:
                parent = work.parent()
                above: list[bytes] = []
                if pin is not None:
                    form = ("-G", "ecc", "-a", STORAGE, *work.auth("-p"))
                    work.run("create", "-C", parent, *form, *work.halves("upper"))
                    above = [work.read("upper"), work.read("upper-private")]
                    parent = work.load(parent, "upper")
                policy = ("-L", work.policy()) if self._tpm.pcrs else ()
                session = work.session("--hmac-session", work.salt(), "--enable-decrypt")
                form = ("-a", SEALED_BY_POLICY if policy else SEALED)
                words = ("-C", parent, *work.auth("-P"), "-i", "-", *form, *policy, "-S", session)
                work.run("create", *words, *work.halves("lower"), given=key.reveal())
                return pack(*above, work.read("lower"), work.read("lower-private"))

        return self._calls.call(WRAP, attempt)

    def _unseal(self, outer: bytes, pin: SecretBytes | None) -> SecretBytes:
        parts = self._parts(outer, 2 if pin is None else 4)

        def attempt(left: float) -> bytes:
            with Work(self._tpm, UNWRAP, left, pin) as work:
                parent = work.parent()
                if pin is not None:
                    work.write("upper", parts[0])
                    work.write("upper-private", parts[1])
                    parent = work.load(parent, "upper")
                work.write("lower", parts[-2])
                work.write("lower-private", parts[-1])
                sealed = work.load(parent, "lower", *work.auth("-P"))
                kind = "--policy-session" if self._tpm.pcrs else "--hmac-session"
                session = work.session(kind, work.salt(), "--enable-encrypt")
                if self._tpm.pcrs:
                    work.run("policypcr", "-S", session, "-l", self._tpm.pcrs)
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

"""Keys that a companion keeps: another machine, or another process, that one has paired with.

The rule: one companion is asked, the pinned one, and its answer is bound to the request (see
`rpc.messages`). Reaching it has the time of any operation (`timeoutPerOperation`), and so has its
taking of the request; then a person may be asked there, and the answer has 30 seconds in all.
Whoever else answers, or answers something else, is a refusal and never `unavailable`: only who
cannot be reached, or ends in the middle, is that.

`key` is the key's name at the companion and the start of the companion's fingerprint: a companion
that moves to another address is the same, and another at the same address is not.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lango_cli.codec import b64, unb64
from lango_cli.crypto import certificates
from lango_cli.crypto.mac import random_bytes
from lango_cli.custody.calling import Calls
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, VERIFY, WRAP, Where
from lango_cli.errors import (
    CustodyDenied,
    CustodyError,
    CustodyUnavailable,
    KeyUnusable,
    LangoError,
    Tampered,
    TooLarge,
)
from lango_cli.model_custody import KEY_BYTES, Health
from lango_cli.rpc import channel, identity, messages, places
from lango_cli.rpc.line import Line
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context
    from lango_cli.rpc.identity import Identity, Pin

PROVIDER = "rpc"
DEFAULT_KEY = "default"
LOST = "lost"
"""In place of a result: whether it was made is not known, and it is not asked for again."""
KEPT_SECONDS = 2.0
"""How long a kept connection is waited for before a new one is made."""
SHOWN = 16
"""Digits of a fingerprint that stand in a key's name."""


def open_custodian(uri: KeyUri, options: Options) -> RpcCustodian:
    """The key of a paired companion; CustodyDenied where there is no pairing."""
    url = places.check(uri.key)
    name = identity.check_name(uri.options.get("key", DEFAULT_KEY), "the companion's key")
    us = identity.load(os.path.join(options.folder, identity.CLIENT))
    pin = identity.Pins(os.path.join(options.folder, identity.COMPANIONS)).at(url)
    if us is None or pin is None:
        where = Where(PROVIDER, name)
        reason = "not paired with a companion at this address"
        hint = "lango companion pair URL"
        raise where.problem(CustodyDenied, "open", reason, hint=hint)
    return RpcCustodian(us, pin, name, timeout=options.timeout, retries=options.retries)


class RpcCustodian:
    """A `Custodian`: one key at one companion. `timeout`: seconds in which it must take a request.

    `patience`: seconds for the answer, retries and a person who is asked there included.
    """

    provider = PROVIDER

    def __init__(
        self,
        us: Identity,
        pin: Pin,
        name: str,
        *,
        timeout: float,
        retries: int,
        patience: float = messages.REPLY_SECONDS,
    ) -> None:
        self.key = f"{name}@{pin.fingerprint[:SHOWN]}"
        self._us, self._pin, self._name = us, pin, name
        self._where = Where(PROVIDER, self.key)
        self._line = Line(us, pin)
        self._timeout = min(timeout, patience)
        self._calls = Calls(self._where, patience, retries)

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Wrapped by what is behind the companion, with its way of binding the context."""
        check_key(data)
        return self._sealing(WRAP, data.reveal(), context)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`."""
        check_wrapped(wrapped)
        found = SecretBytes(self._sealing(UNWRAP, wrapped, context))
        if len(found) != KEY_BYTES:
            raise self._where.problem(Tampered, UNWRAP, "what came back is no key of 32 bytes")
        return found

    def encrypt(self, data: SecretBytes, context: Context) -> bytes:
        """Up to 64 KiB sealed by the companion, which sees them; lango itself only wraps keys."""
        if len(data) > messages.DATA_LIMIT:
            raise self._where.problem(TooLarge, messages.ENCRYPT, "over 65536 bytes")
        return self._sealing(messages.ENCRYPT, data.reveal(), context)

    def decrypt(self, sealed: bytes, context: Context) -> SecretBytes:
        """The data out of `encrypt`."""
        if len(sealed) > 2 * messages.DATA_LIMIT:
            raise self._where.problem(Tampered, messages.DECRYPT, "too long to be sealed here")
        return SecretBytes(self._sealing(messages.DECRYPT, sealed, context))

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256, as DER; messages up to 16 MiB."""
        self._check_size(SIGN, message)
        return self._bytes(SIGN, self._ask(SIGN, {"message": b64(message)}), "signature")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the companion says that `signature` is its key's."""
        self._check_size(VERIFY, message)
        if len(signature) > messages.DATA_LIMIT:
            return False
        asked = {"message": b64(message), "signature": b64(signature)}
        return self._ask(VERIFY, asked).get("valid") is True

    def public_key(self) -> bytes:
        """The public half as PEM."""
        found = self._ask(PUBLIC_KEY, {}, messages.DESCRIBE).get("public_key")
        if not isinstance(found, str) or not found:
            raise self._where.problem(KeyUnusable, PUBLIC_KEY, "this key has no public half")
        return found.encode()

    def describe(self) -> Health:
        """What the companion says of the key, and how long it took to say so."""
        began = time.monotonic()
        try:
            found = self._ask(DESCRIBE, {})
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        took = round((time.monotonic() - began) * 1000)
        said = {name: _plain(found.get(name)) for name in ("reason", "algorithm", "purpose")}
        usable = found.get("usable") is True
        version = _plain(found.get("version"))
        return Health(
            PROVIDER, self.key, usable=usable, version=version, milliseconds=took, **said
        )

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _check_size(self, operation: str, message: bytes) -> None:
        if len(message) > messages.MESSAGE_LIMIT:
            raise self._where.problem(TooLarge, operation, "the text is over 16 MiB")

    def _sealing(self, operation: str, data: bytes, context: Context) -> bytes:
        asked = {"data": b64(data), "vault": context.vault, "slot": context.slot}
        return self._bytes(operation, self._ask(operation, asked), "data")

    def _bytes(self, operation: str, result: Mapping[str, Any], member: str) -> bytes:
        try:
            return unb64(result.get(member), member)
        except Tampered:
            raise self._refused(operation, "its answer makes no sense") from None

    def _refused(self, operation: str, reason: str) -> LangoError:
        return self._where.problem(CustodyDenied, operation, reason)

    def _ask(self, operation: str, asked: Mapping[str, Any], method: str = "") -> dict[str, Any]:
        """The result of one call, tried again while that may help.

        A request to sign is not sent again once the companion has it all: nobody is to sign twice
        what was asked for once.
        """
        reach_until = time.monotonic() + self._timeout

        def attempt(left: float) -> dict[str, Any]:
            now = time.monotonic()
            if now >= reach_until:
                raise self._too_late(operation)
            exchange = _Exchange(self._us, self._pin, self._line, reach_until, now + left)
            return self._once(operation, exchange, self._request(method or operation, asked))

        result = self._calls.call(operation, attempt)
        if LOST in result:
            reason = "the connection ended before the answer; it may have signed"
            raise self._where.unavailable(operation, reason)
        if "code" in result:
            raise self._meaning(operation, result["code"])
        return result

    def _once(
        self, operation: str, exchange: _Exchange, request: messages.Request
    ) -> dict[str, Any]:
        try:
            return exchange.run(request)
        except OSError as err:
            if exchange.sent and operation == SIGN:
                return {LOST: True}
            if isinstance(err, TimeoutError):
                raise self._too_late(operation) from None
            raise self._unreached(operation, err) from None
        except places.NotTheOne as err:
            raise self._refused(operation, str(err)) from None
        except messages.Garbled:
            raise self._refused(operation, "its answer is not one to this request") from None

    def _too_late(self, operation: str) -> CustodyUnavailable:
        return self._where.unavailable(operation, f"no answer within {self._timeout:g} s")

    def _unreached(self, operation: str, err: OSError) -> LangoError:
        """By what kind of error it is: a TLS alert and a missing right are refusals."""
        import ssl

        if isinstance(err, ssl.SSLError) and not isinstance(
            err, ssl.SSLEOFError | ssl.SSLZeroReturnError
        ):
            return self._refused(operation, "it does not know us, or speaks no TLS 1.3")
        if isinstance(err, PermissionError):
            return self._refused(operation, "this user may not use its socket")
        if isinstance(err, ConnectionRefusedError | FileNotFoundError):
            return self._where.unavailable(operation, "no companion is there")
        return self._where.unavailable(operation, "the connection failed")

    def _request(self, method: str, asked: Mapping[str, Any]) -> messages.Request:
        made = messages.Request(
            id=random_bytes(messages.ID // 2).hex(),
            method=method,
            nonce=random_bytes(messages.NONCE),
            companion=self._pin.fingerprint,
            key=self._name,
            parameters=asked,
            body=b"",
        )
        return messages.with_body(made)

    def _meaning(self, operation: str, code: int) -> LangoError:
        kind, reason = messages.MEANINGS.get(code, (CustodyDenied, "the companion refuses"))
        if issubclass(kind, CustodyUnavailable):
            throttled = code == messages.THROTTLED
            return self._where.unavailable(operation, reason, throttled=throttled)
        return self._where.problem(kind, operation, reason)


class _Exchange:
    """One request and its answer, on the connection that was kept or on a new one."""

    def __init__(
        self, us: Identity, pin: Pin, line: Line, reach_until: float, until: float
    ) -> None:
        self._us, self._pin, self._line = us, pin, line
        self._reach_until, self._until = min(reach_until, until), until
        self.sent = False
        """Whether the companion may have the whole request."""

    def run(self, request: messages.Request) -> dict[str, Any]:
        """The result, or `{"code": N}`; Garbled, OSError or NotTheOne."""
        asker, status = self._begun(request)
        try:
            result = self._rest(asker, status, request)
        except BaseException:
            asker.close()
            raise
        self._line.keep(asker)
        return result

    def _begun(self, request: messages.Request) -> tuple[channel.Asker, int]:
        """A connection on which the companion answered the request's head, and how."""
        kept = self._line.take()
        if kept is not None:
            try:
                until = min(self._reach_until, time.monotonic() + KEPT_SECONDS)
                return kept, self._begin(kept, request, until)
            except OSError:
                kept.close()  # it ended since, and nothing of the request was taken
            except BaseException:
                kept.close()
                raise
        asker = self._line.open(self._reach_until)
        try:
            return asker, self._begin(asker, request, self._reach_until)
        except BaseException:
            asker.close()
            raise

    def _begin(self, asker: channel.Asker, request: messages.Request, until: float) -> int:
        asker.until = until
        signed = messages.request_signed(self._pin.fingerprint, self._us.fingerprint, request.body)
        headers = {
            messages.CLIENT: self._us.fingerprint,
            messages.SIGNATURE: b64(self._us.sign(signed)),
        }
        return asker.begin(messages.PATH, headers, len(request.body))

    def _rest(
        self, asker: channel.Asker, status: int, request: messages.Request
    ) -> dict[str, Any]:
        if status != channel.GO_ON:
            _check_status(status)
            raise messages.Garbled
        asker.until = self._until
        self.sent = True
        status, found = asker.finish(request.body)
        _check_status(status)
        body = asker.body(messages.REPLY_LIMIT)
        self._check_signature(request, body, found.get(messages.SIGNATURE))
        return messages.read_reply(body, request)

    def _check_signature(
        self, request: messages.Request, body: bytes, signature: str | None
    ) -> None:
        signed = messages.reply_signed(
            self._pin.fingerprint, self._us.fingerprint, request.body, body
        )
        given = messages.data({"signature": signature}, "signature")
        if not certificates.verify(self._pin.certificate, signed, given):
            raise places.NotTheOne("its answer is not signed by the one that was paired with")


def _check_status(status: int) -> None:
    """What is refused before it is answered, which nobody signs."""
    if status == channel.REFUSED:
        raise places.NotTheOne("it does not know us: it is not paired with this client")
    if status >= channel.FAILED:
        raise ConnectionAbortedError
    if status != channel.OK:
        raise messages.Garbled


def _plain(text: object) -> str:
    """What a companion says of a key, fit to be shown."""
    if not isinstance(text, str):
        return ""
    return "".join(c for c in text[:200] if c.isprintable())

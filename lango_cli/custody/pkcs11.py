"""A key on a PKCS#11 token: a smart card, a USB token, an HSM, SoftHSM.

The rule: the module is loaded in a worker process, so that one that hangs or crashes takes nothing
along; keys are used on the token and never leave it; a PIN that was refused is not tried again,
because too many tries lock the token. A lost session is opened anew, once, with the PIN that was
accepted before.

Wrapped keys: a byte that says how, then with AES-GCM nonce and ciphertext under the context as
AAD, or, where token or key has no AES-GCM, AES key wrap over the construction of `binding`.
"""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from lango_cli import files
from lango_cli.config.load import PIN
from lango_cli.crypto.ecdsa import der_of_raw, pem_of_point, verify_pem
from lango_cli.crypto.mac import digest, random_bytes
from lango_cli.custody.binding import bind, unbind
from lango_cli.custody.calling import Calls
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, WRAP, Where
from lango_cli.custody.pkcs11_module import EXAMPLE, module_of
from lango_cli.custody.worker import Gone, Hung, Worker
from lango_cli.errors import (
    CustodyDenied,
    FileProblem,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    Tampered,
    TooLarge,
    UsageProblem,
)
from lango_cli.model_custody import Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

if find_spec("pkcs11") is None:
    raise ImportError("python-pkcs11 is not installed", name="pkcs11")

PROVIDER = "pkcs11"
WORKER = "lango_cli.custody.pkcs11_worker"
GCM, KEY_WRAP = b"\x01", b"\x02"
NONCE, TAG, KEY_BYTES, WRAPPED_KEY = 12, 16, 32, 40
MOST, QUICK, MORE = 800, 0.05, 8
"""Digests in a request, at most, whose signatures fit into a frame. After one that took less than
so many seconds comes one larger by this factor, because each costs a turn of two processes.
"""
PIN_LIMIT = 1024
"""Bytes of a PIN, or of a file with one."""
PIN_HINT = f"give it by {PIN}, pin-source=file:PATH in the URI, or at the prompt"

_KINDS: dict[bytes, type[LangoError]] = {
    b"denied": CustodyDenied,
    b"missing": KeyNotFound,
    b"unusable": KeyUnusable,
    b"tampered": Tampered,
}


def open_custodian(uri: KeyUri, options: Options) -> Pkcs11Custodian:
    """The custodian of a `pkcs11:` URI; asks neither token nor person yet."""
    if not uri.key:
        raise UsageProblem("a pkcs11 URI names a key", hint=f"by object or id: {EXAMPLE}")
    return Pkcs11Custodian(uri, options, module_of(uri.options, options.environment))


class Pkcs11Custodian:
    """A `Custodian`; sign and wrap look for a private and for a secret key under one URI."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options, module: str) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._options = options
        self._module = module
        self._source = uri.options.get("pin-source", "").removeprefix("file:")
        self._filters = _filters(uri.options)
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._pin: SecretBytes | None = None
        self._typed = False
        self._refused: SecretBytes | None = None
        self._scheme = b""
        self._public = b""

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """AES-GCM on the token, else AES key wrap."""
        check_key(data)
        if not self._scheme:
            self._scheme = self._do(WRAP, b"scheme")
        if self._scheme == b"kw":
            return KEY_WRAP + bind(data, context, self._wrap_bare)
        nonce = random_bytes(NONCE)
        sealed = self._do(WRAP, b"encrypt", nonce, GCM + context.packed(), data.reveal())
        return GCM + nonce + sealed

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`, by the way that it was wrapped."""
        check_wrapped(wrapped)
        scheme, rest = wrapped[:1], wrapped[1:]
        if scheme == KEY_WRAP:
            return unbind(rest, context, self._unwrap_bare)
        if scheme != GCM or len(rest) != NONCE + KEY_BYTES + TAG:
            raise self._where.problem(Tampered, UNWRAP, "that was not wrapped here, or is damaged")
        aad = GCM + context.packed()
        return SecretBytes(self._do(UNWRAP, b"decrypt", rest[:NONCE], aad, rest[NONCE:]))

    def _wrap_bare(self, key: SecretBytes) -> bytes:
        return self._do(WRAP, b"wrap", key.reveal())

    def _unwrap_bare(self, wrapped: bytes) -> SecretBytes:
        if len(wrapped) != WRAPPED_KEY:
            raise self._where.problem(Tampered, UNWRAP, "the wrapped key is damaged")
        return SecretBytes(self._do(UNWRAP, b"unwrap", wrapped))

    def sign(self, message: bytes) -> bytes:
        """ECDSA P-256 on the token, over a digest made here."""
        return der_of_raw(self._do(SIGN, b"sign", digest(message)))

    def sign_all(self, messages: Iterable[bytes]) -> list[bytes]:
        """The same for many, of which as many go in a request as take a small part of its time."""
        waiting, made, size = iter(messages), list[bytes](), 1
        quick = min(QUICK, self._options.timeout / 50)
        while digests := [digest(message) for message in islice(waiting, size)]:
            begun = time.monotonic()
            made += self._ask(SIGN, b"sign", *digests)
            fast = time.monotonic() - begun < quick
            size = min(size * MORE, MOST) if fast else max(size // MORE, 1)
        return [der_of_raw(raw) for raw in made]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Checked here, under the public key that the token shows."""
        return verify_pem(self.public_key(), message, signature)

    def public_key(self) -> bytes:
        """The public half as PEM; asked for once."""
        if not self._public:
            self._public = pem_of_point(_point(self._do(PUBLIC_KEY, b"point")))
        return self._public

    def describe(self) -> Health:
        """Logs in and looks for the keys, and uses none."""
        begun = time.monotonic()
        health = partial(Health, PROVIDER, self.key)
        try:
            algorithm, purpose, remark = self._ask(DESCRIBE, b"describe")
        except LangoError as err:
            return health(usable=False, reason=err.message, milliseconds=_since(begun))
        told = {"algorithm": algorithm.decode(), "purpose": purpose.decode()}
        return health(usable=True, milliseconds=_since(begun), remark=remark.decode(), **told)

    def close(self) -> None:
        """End the worker and with it the session; forget the PIN."""
        with self._lock:
            self._drop()
        for pin in (self._pin, self._refused):
            if pin is not None:
                pin.wipe()
        self._pin = self._refused = None

    def _do(self, operation: str, *request: bytes) -> bytes:
        return self._ask(operation, *request)[0]

    def _ask(self, operation: str, *request: bytes) -> list[bytes]:
        """The token's answer. A person's time at the prompt is not the token's."""
        attempt = partial(self._attempt, operation, request)
        self._find_module(operation)
        if self._pin is None:
            self._take_pin(operation, self._given_pin(operation), typed=False)
        try:
            return self._calls.call(operation, attempt)
        except _PinWanted:
            self._take_pin(operation, self._options.pin(), typed=True)
        try:
            return self._calls.call(operation, attempt)
        except _PinWanted:
            raise self._denied(operation, "the token wants a PIN, and there is none") from None

    def _attempt(self, operation: str, request: tuple[bytes, ...], left: float) -> list[bytes]:
        """One try. A session that was open before may be lost: then once more with a new one."""
        until = time.monotonic() + left
        if not self._lock.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
            raise self._where.unavailable(operation, "it is busy with something else")
        try:
            if self._worker is not None:
                try:
                    return self._answer(operation, self._worker, until, request)
                except Gone:
                    self._drop()
            try:
                worker = self._opened(operation, until)
                return self._answer(operation, worker, until, request)
            except Gone as err:
                self._drop()
                reason = str(err) or "the module ended in the middle of it"
                raise self._where.unavailable(operation, reason) from None
        finally:
            self._lock.release()

    def _opened(self, operation: str, until: float) -> Worker:
        self._worker = Worker(WORKER, self._options.environment)
        pin = b"" if self._pin is None else self._pin.reveal()
        typed = b"1" if self._typed else b"0"
        request = (b"open", os.fsencode(self._module), self._filters, pin, typed)
        try:
            self._answer(operation, self._worker, until, request)
        except BaseException:
            self._drop()
            raise
        return self._worker

    def _answer(
        self, operation: str, worker: Worker, until: float, request: tuple[bytes, ...]
    ) -> list[bytes]:
        try:
            kind, *rest = worker.ask(max(0.0, until - time.monotonic()), *request)
        except Hung:
            self._drop()
            reason = f"no answer within {self._options.timeout:g} s"
            raise self._where.unavailable(operation, reason) from None
        if kind != b"ok":
            self._fail(operation, kind, rest[0].decode())
        return rest

    def _fail(self, operation: str, kind: bytes, reason: str) -> NoReturn:
        if kind == b"gone":
            raise Gone(reason)
        if kind == b"busy":
            raise self._where.unavailable(operation, reason, throttled=True)
        if kind == b"pin":
            raise _PinWanted
        if kind == b"refused":
            self._refused, self._pin = self._pin, None
            raise self._denied(operation, reason)
        raise self._where.problem(_KINDS.get(kind, CustodyDenied), operation, reason)

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _given_pin(self, operation: str) -> SecretBytes | None:
        """The PIN that is there without asking: of the variable, else of the file."""
        given = self._options.environment.get(PIN)
        if given:
            return SecretBytes(os.fsencode(given))
        return _pin_file(self._where, operation, self._source) if self._source else None

    def _take_pin(self, operation: str, pin: SecretBytes | None, *, typed: bool) -> None:
        if pin is not None and len(pin) > PIN_LIMIT:
            raise self._denied(operation, f"that is no PIN: it is over {PIN_LIMIT} bytes")
        if pin is not None and pin == self._refused:
            raise self._denied(operation, "the PIN was refused before, and is not tried again")
        self._pin, self._typed = pin, typed

    def _denied(self, operation: str, reason: str) -> LangoError:
        return self._where.problem(CustodyDenied, operation, reason, hint=PIN_HINT)

    def _find_module(self, operation: str) -> None:
        """Not tried again and again where it cannot be there."""
        if self._worker is None and not os.path.isfile(self._module):
            raise self._where.unavailable(operation, f"no module at {self._module}")


class _PinWanted(Exception):
    """The token wants a PIN, and none was there without asking."""


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _filters(options: Mapping[str, str]) -> bytes:
    """What chooses library, token and key, as the worker reads it."""
    return "\n".join(f"{n}={v}" for n, v in options.items() if n not in _NOT_FILTERS).encode()


_NOT_FILTERS = ("module-path", "module-name", "pin-source")


def _point(der: bytes) -> bytes:
    """The point out of CKA_EC_POINT: an OCTET STRING, or bare where a token got that wrong."""
    return der[2:] if der[:2] == b"\x04\x41" and len(der) == 67 else der


def _pin_file(where: Where, operation: str, path: str) -> SecretBytes:
    """A private file that the URI names, without its final newline."""
    try:
        content = files.read_private(path, PIN_LIMIT, given=True)
    except (FileProblem, TooLarge) as err:
        raise where.problem(CustodyDenied, operation, "the PIN's file: " + err.message) from None
    if content is None:
        reason = "there is no file where pin-source says"
        raise where.problem(CustodyDenied, operation, reason, hint=PIN_HINT)
    return SecretBytes(content.removesuffix(b"\n").removesuffix(b"\r"))

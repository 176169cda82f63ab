"""What a companion does for its clients: one request in, one answer out.

The rule: a key is asked one thing at a time, by name, and only for what its kind does. Where a
person is asked, they see what will be done, with which key, and for whom, and that very request is
what is done after a yes. Nothing that a client sent is shown but its pinned name, checked names
and digests.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lango_cli.codec import b64
from lango_cli.crypto.mac import digest
from lango_cli.errors import LangoError, TooLarge
from lango_cli.model_custody import Context
from lango_cli.rpc import messages
from lango_cli.rpc.messages import Garbled, data, text
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from lango_cli.model_custody import Custodian

VAULT = re.compile(r"[0-9a-f]{32}")
SLOT = re.compile(r"[A-Za-z0-9._@:/-]{1,128}")
QUIET = (messages.DESCRIBE, messages.VERIFY)
"""What nobody is asked about: it gives away nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """A key that is served, and what seals data beside it."""

    custodian: Custodian
    encrypt: Callable[[SecretBytes, Context], bytes]
    decrypt: Callable[[bytes, Context], SecretBytes]
    lock: threading.Lock = field(default_factory=threading.Lock)


class Refused(Exception):
    """What is asked for is not done; `code` is the number to answer with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def described(request: messages.Request, client: str, served: Mapping[str, Served]) -> list[str]:
    """What a person has to know before a yes."""
    custodian = served[request.key].custodian
    lines = [
        f"client     {client}",
        f"wants to   {request.method}",
        f"with key   {request.key} ({custodian.provider} {_shown(custodian.key)})",
    ]
    if request.method == messages.SIGN:
        message = data(request.parameters, "message")
        lines += [f"a text of  {len(message)} bytes", f"SHA-256    {digest(message).hex()}"]
    else:
        context = _context(request)
        lines += [f"for vault  {context.vault}", f"for slot   {context.slot}"]
    return lines


def check(request: messages.Request, served: Mapping[str, Served]) -> None:
    """Refused unless there is such a method and key, with exactly its parameters, well-formed."""
    if request.method not in messages.METHODS:
        raise Refused(messages.UNKNOWN_METHOD)
    if request.key not in served:
        raise Refused(messages.NO_KEY)
    if set(request.parameters) != messages.PARAMETERS[request.method]:
        raise Refused(messages.BAD_PARAMETERS)
    try:
        for name in messages.PARAMETERS[request.method] & {"data", "message", "signature"}:
            data(request.parameters, name)
        if messages.PARAMETERS[request.method] == messages.SEALING:
            _context(request)
    except Garbled:
        raise Refused(messages.BAD_PARAMETERS) from None


def perform(request: messages.Request, served: Mapping[str, Served]) -> dict[str, Any]:
    """The result of a checked request; Refused with the number of what the custodian says."""
    one = served[request.key]
    try:
        with one.lock:
            return _METHODS[request.method](one, request)
    except LangoError as err:
        raise Refused(messages.code_of(err)) from None
    except Exception:  # noqa: BLE001  # a bug here is a refusal there, and nobody falls back for it
        raise Refused(messages.BUG) from None


def _context(request: messages.Request) -> Context:
    vault, slot = text(request.parameters, "vault"), text(request.parameters, "slot")
    if not VAULT.fullmatch(vault) or not SLOT.fullmatch(slot):
        raise Garbled
    return Context(vault, slot)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)


def _wrap(one: Served, request: messages.Request) -> dict[str, Any]:
    key = SecretBytes(data(request.parameters, "data"))
    return {"data": b64(one.custodian.wrap(key, _context(request)))}


def _unwrap(one: Served, request: messages.Request) -> dict[str, Any]:
    wrapped = data(request.parameters, "data")
    return {"data": b64(one.custodian.unwrap(wrapped, _context(request)).reveal())}


def _encrypt(one: Served, request: messages.Request) -> dict[str, Any]:
    given = SecretBytes(data(request.parameters, "data"))
    if len(given) > messages.DATA_LIMIT:
        raise TooLarge("data over its limit")
    return {"data": b64(one.encrypt(given, _context(request)))}


def _decrypt(one: Served, request: messages.Request) -> dict[str, Any]:
    sealed = data(request.parameters, "data")
    if len(sealed) > 2 * messages.DATA_LIMIT:
        raise TooLarge("data over its limit")
    return {"data": b64(one.decrypt(sealed, _context(request)).reveal())}


def _sign(one: Served, request: messages.Request) -> dict[str, Any]:
    return {"signature": b64(one.custodian.sign(data(request.parameters, "message")))}


def _verify(one: Served, request: messages.Request) -> dict[str, Any]:
    message, signature = (data(request.parameters, name) for name in ("message", "signature"))
    return {"valid": one.custodian.verify(message, signature)}


def _describe(one: Served, _request: messages.Request) -> dict[str, Any]:
    health = one.custodian.describe()
    signs = health.usable and health.purpose == "sign"
    return {
        "algorithm": health.algorithm,
        "provider": health.provider,
        "public_key": one.custodian.public_key().decode() if signs else "",
        "purpose": health.purpose,
        "reason": "" if health.usable else "what is behind the companion is not usable now",
        "usable": health.usable,
        "version": health.version,
    }


_METHODS: Mapping[str, Callable[[Served, messages.Request], dict[str, Any]]] = {
    messages.DECRYPT: _decrypt,
    messages.DESCRIBE: _describe,
    messages.ENCRYPT: _encrypt,
    messages.SIGN: _sign,
    messages.UNWRAP: _unwrap,
    messages.VERIFY: _verify,
    messages.WRAP: _wrap,
}

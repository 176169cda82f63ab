"""What a client and a companion say to each other: JSON-RPC 2.0 with both ends named and bound.

The rule: a request names the companion that is asked and a nonce of its own and is signed by its
client; the answer repeats id, nonce and companion, and is signed over the very request. So an
answer of another companion, to another client or to an earlier request is none, over TLS and over
a socket alike. One request at a time on a connection. Anything else than below is refused.

    POST /rpc     Lango-Client: <fingerprint>   Lango-Signature: <base64>
    {"jsonrpc": "2.0", "id": "<32 hex>", "method": M, "params": {"companion": "<fingerprint>",
     "nonce": "<base64 of 32 bytes>", "key": NAME, ...}}
    {"jsonrpc": "2.0", "id": ..., "result": {"companion": ..., "nonce": ..., ...}}
    {"jsonrpc": "2.0", "id": ..., "error": {"code": N, "message": ..., "data": {companion, nonce}}}

    wrap, unwrap, encrypt, decrypt   data, vault (32 hex), slot        -> data
    sign                             message                           -> signature (DER)
    verify                           message, signature                -> valid
    describe                                                           -> usable, reason, ...

Bytes are in base64, a fingerprint is the SHA-256 of a certificate's DER in hex. A signature is
ECDSA P-256 over SHA-256 of the parts below, each behind its length in 4 bytes:

    request   "lango/rpc/request/v1", companion, client, body
    answer    "lango/rpc/reply/v1", companion, client, SHA-256 of the request's body, body
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.codec import b64, canonical, unb64
from lango_cli.crypto.mac import digest, pack
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    MissingExtra,
    Tampered,
    TooLarge,
    UsageProblem,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lango_cli.errors import LangoError

PATH, PAIRING = "/rpc", "/pair"
CLIENT, SIGNATURE = "lango-client", "lango-signature"
WRAP, UNWRAP, ENCRYPT, DECRYPT = "wrap", "unwrap", "encrypt", "decrypt"
SIGN, VERIFY, DESCRIBE = "sign", "verify", "describe"
METHODS = (ENCRYPT, DECRYPT, SIGN, VERIFY, WRAP, UNWRAP, DESCRIBE)
COMMON = frozenset({"companion", "nonce", "key"})
SEALING = frozenset({"data", "vault", "slot"})
PARAMETERS: Mapping[str, frozenset[str]] = {
    WRAP: SEALING,
    UNWRAP: SEALING,
    ENCRYPT: SEALING,
    DECRYPT: SEALING,
    SIGN: frozenset({"message"}),
    VERIFY: frozenset({"message", "signature"}),
    DESCRIBE: frozenset(),
}
NONCE = 32
ID = 32
MESSAGE_LIMIT = 16 << 20
"""Bytes of a text to be signed."""
DATA_LIMIT = 1 << 16
"""Bytes of what `encrypt` takes; what is kept for long is sealed beside a wrapped key instead."""
REQUEST_LIMIT = MESSAGE_LIMIT * 4 // 3 + 16_384
REPLY_LIMIT = 4 * DATA_LIMIT
PERSON_SECONDS = 25.0
"""How long a person may think; less than what a client waits."""
REPLY_SECONDS = 30.0
"""How long a client waits for an answer, at most."""

UNPARSED, INVALID, UNKNOWN_METHOD, BAD_PARAMETERS, BUG = -32700, -32600, -32601, -32602, -32603
UNAVAILABLE, THROTTLED, DENIED, NOT_INSTALLED = -32040, -32049, -32041, -32042
NO_KEY, UNUSABLE, DAMAGED, TOO_LARGE = -32043, -32044, -32014, -32024
SAID_NO, NOBODY = -32050, -32051

CODES: tuple[tuple[type[LangoError], int], ...] = (
    (CustodyUnavailable, UNAVAILABLE),
    (CustodyDenied, DENIED),
    (MissingExtra, NOT_INSTALLED),
    (KeyNotFound, NO_KEY),
    (KeyUnusable, UNUSABLE),
    (Tampered, DAMAGED),
    (TooLarge, TOO_LARGE),
    (UsageProblem, BAD_PARAMETERS),
)
"""An error of the companion's own custodian, and its number."""
MEANINGS: Mapping[int, tuple[type[LangoError], str]] = {
    UNAVAILABLE: (CustodyUnavailable, "what is behind the companion does not answer"),
    THROTTLED: (CustodyUnavailable, "what is behind the companion has no time now"),
    DENIED: (CustodyDenied, "what is behind the companion refuses"),
    NOT_INSTALLED: (CustodyDenied, "the companion lacks an extra for this key"),
    NO_KEY: (KeyNotFound, "the companion has no such key of this kind"),
    UNUSABLE: (KeyUnusable, "the key is not usable for this"),
    DAMAGED: (Tampered, "it was damaged, or is another key's or of another context"),
    TOO_LARGE: (TooLarge, "it is too large"),
    BAD_PARAMETERS: (UsageProblem, "the companion does not take this"),
    SAID_NO: (CustodyDenied, "the person at the companion said no"),
    NOBODY: (CustodyDenied, "nobody at the companion answered in time"),
}
"""What a number means here; any other is a refusal."""


class Garbled(Exception):
    """What came is not what this protocol has."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, with the bytes that were sent for it."""

    id: str
    method: str
    nonce: bytes
    companion: str
    key: str
    parameters: Mapping[str, Any]
    body: bytes


def with_body(request: Request) -> Request:
    """The same with the bytes to be sent for it."""
    common = {"companion": request.companion, "key": request.key, "nonce": b64(request.nonce)}
    body = canonical(
        {
            "id": request.id,
            "jsonrpc": "2.0",
            "method": request.method,
            "params": dict(request.parameters) | common,
        }
    )
    return replace(request, body=body)


def read_request(body: bytes) -> Request:
    """The request in a body; Garbled where it lacks what binds an answer to it."""
    found = parse(body)
    params = found.get("params")
    if set(found) != {"jsonrpc", "id", "method", "params"} or found["jsonrpc"] != "2.0":
        raise Garbled
    if not isinstance(params, dict) or not COMMON.issubset(params):
        raise Garbled
    nonce, name = data(params, "nonce"), text(found, "id")
    if len(nonce) != NONCE or not 0 < len(name) <= 2 * ID:
        raise Garbled
    rest = {member: value for member, value in params.items() if member not in COMMON}
    method = text(found, "method")
    return Request(name, method, nonce, text(params, "companion"), text(params, "key"), rest, body)


def request_signed(companion: str, client: str, body: bytes) -> bytes:
    """What the client's signature is over."""
    return pack(b"lango/rpc/request/v1", companion.encode(), client.encode(), body)


def reply_signed(companion: str, client: str, request: bytes, body: bytes) -> bytes:
    """What the companion's signature is over."""
    parts = (b"lango/rpc/reply/v1", companion.encode(), client.encode(), digest(request), body)
    return pack(*parts)


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 without fractions, and with no member twice; Garbled otherwise."""
    try:
        found = json.loads(
            data.decode(),
            object_pairs_hook=_once,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        raise Garbled from None
    if not isinstance(found, dict):
        raise Garbled
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _refuse(_text: str) -> float:
    raise ValueError


def text(members: Mapping[str, Any], name: str) -> str:
    """A member that is a text; Garbled otherwise."""
    found = members.get(name)
    if not isinstance(found, str):
        raise Garbled
    return found


def data(members: Mapping[str, Any], name: str) -> bytes:
    """A member that is bytes in base64; Garbled otherwise."""
    try:
        return unb64(members.get(name), name)
    except Tampered:
        raise Garbled from None


def read_reply(body: bytes, request: Request) -> dict[str, Any]:
    """The result, or the error as `{"code": N}`, of an answer to this request; Garbled if none.

    Whether it is signed is another question.
    """
    found = parse(body)
    inside = found.get("result")
    if "error" in found:
        error = found["error"]
        inside = error.get("data") if isinstance(error, dict) else None
    known = {"jsonrpc", "id", "error" if "error" in found else "result"}
    if set(found) != known or found["jsonrpc"] != "2.0" or found["id"] != request.id:
        raise Garbled
    if not isinstance(inside, dict) or data(inside, "nonce") != request.nonce:
        raise Garbled
    if text(inside, "companion") != request.companion:
        raise Garbled
    return {"code": _number(found["error"])} if "error" in found else inside


def _number(error: Mapping[str, Any]) -> int:
    code = error.get("code")
    if type(code) is not int:
        raise Garbled
    return code


def result_bytes(request: Request, result: Mapping[str, Any]) -> bytes:
    """An answer with a result."""
    return canonical(
        {"id": request.id, "jsonrpc": "2.0", "result": dict(result) | _bound(request)}
    )


def error_bytes(request: Request, code: int) -> bytes:
    """An answer with an error; its text is for people who read the wire."""
    meaning = MEANINGS[code][1] if code in MEANINGS else "refused"
    error = {"code": code, "data": _bound(request), "message": meaning}
    return canonical({"error": error, "id": request.id, "jsonrpc": "2.0"})


def _bound(request: Request) -> dict[str, str]:
    return {"companion": request.companion, "nonce": b64(request.nonce)}


def code_of(err: LangoError) -> int:
    """The number of what a custodian raised."""
    if isinstance(err, CustodyUnavailable) and err.throttled:
        return THROTTLED
    return next((code for kind, code in CODES if isinstance(err, kind)), DENIED)

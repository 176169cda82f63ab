"""What an answer of a Key Vault has to be before anything in it is believed.

The rule: an answer names the key it is about, and one that names another, or that is no answer of
a vault (a login page, a proxy, nothing at all), is a refusal. Only what cannot be reached, or ends
in the middle, is unavailable, since that may be followed by a weaker way.

Source: Key Vault REST API, keys: KeyBundle, KeyOperationResult, Error.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lango_cli.crypto.ecdsa import HALF

LIMIT = 4096
"""Bytes that a vault makes of 32: a few hundred."""
_PATH = re.compile(r"/keys/([A-Za-z0-9-]+)/([A-Za-z0-9]{1,64})")
_TEXT = re.compile(r"[A-Za-z0-9_-]+")


class Strange(ValueError):
    """That is no answer of a Key Vault to what was asked."""


@dataclass(frozen=True, slots=True)
class KeyShown:
    """What Get Key says of one version."""

    kind: str
    version: str
    point: bytes
    """Of a key that signs, uncompressed (SEC 1, 2.3.3); else empty."""
    enabled: bool
    begins: float
    ends: float
    """Seconds since 1970 between which it may be used."""


def key_shown(answer: object, name: str, version: str) -> KeyShown:
    """The key in a KeyBundle, which is of this name and version (`""`: the newest)."""
    key = _member(answer, "key", dict)
    about = _member(answer, "attributes", dict)
    return KeyShown(
        kind=_member(key, "kty", str),
        version=_version(key, name, version),
        point=_point(key),
        enabled=about.get("enabled") is True,
        begins=_moment(about.get("nbf"), 0.0),
        ends=_moment(about.get("exp"), float("inf")),
    )


def made_by(answer: object, name: str, version: str) -> bytes:
    """What a key made, or found in what it had made: the value of a KeyOperationResult."""
    _version(answer, name, version)
    found = _unb64(_member(answer, "value", str))
    if len(found) > LIMIT:
        raise Strange
    return found


def code_of(answer: object) -> str:
    """The code of an Error, the inner one where there is one."""
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    inner = error.get("innererror")
    code = (inner if isinstance(inner, dict) else {}).get("code") or error.get("code")
    return code if isinstance(code, str) else ""


def _version(about: object, name: str, version: str) -> str:
    """The version that a `kid` names; names of keys are the same in capitals."""
    try:
        path = urlsplit(_member(about, "kid", str)).path
    except ValueError:
        raise Strange from None
    found = _PATH.fullmatch(path)
    if not found or found[1].casefold() != name.casefold() or version not in ("", found[2]):
        raise Strange
    return found[2]


def _point(key: dict[str, Any]) -> bytes:
    if "x" not in key or "y" not in key:
        return b""
    both = [_unb64(_member(key, member, str)) for member in ("x", "y")]
    return b"\4" + b"".join(half.rjust(HALF, b"\0") for half in both)


def _member(about: object, name: str, kind: type) -> Any:  # noqa: ANN401  # of that type
    found = about.get(name) if isinstance(about, dict) else None
    if not isinstance(found, kind):
        raise Strange
    return found


def _moment(given: object, otherwise: float) -> float:
    if given is None:
        return otherwise
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Strange
    return float(given)


def _unb64(text: str) -> bytes:
    """Base64 as in RFC 7515, section 2: for addresses, without `=`; Strange if it is nothing."""
    if not _TEXT.fullmatch(text) or len(text) % 4 == 1:
        raise Strange
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))

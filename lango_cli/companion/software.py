"""Keys in software: what a companion serves that has no token or TPM behind it.

The rule: 32 random bytes for each name, made when it is first served, in one 0600 file of the
companion's folder. They lie there in clear: the companion's user is their guard, and nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto.mac import random_bytes
from lango_cli.crypto.signing import ECDSA_P256, new_signing_key
from lango_cli.errors import Conflict, Tampered
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from typing import Any

FILE = "keys.json"
LIMIT = 1 << 20
WRAP, SIGN = "wrap", "sign"
KINDS = (WRAP, SIGN)
KEY_BYTES = 32


def load_or_make(folder: str, name: str, kind: str) -> SecretBytes:
    """The key of this name; Conflict where one of the other kind has it."""
    path = os.path.join(folder, FILE)
    data = files.read_private(path, LIMIT)
    found = {} if data is None else parse_canonical(data, path)
    if not isinstance(found, dict):
        raise Tampered(f"{path} holds no keys")
    if name not in found:
        found[name] = {"key": b64(_new(kind)), "kind": kind}
        files.replace(path, canonical(found))
    return _read(found[name], path, name, kind)


def _new(kind: str) -> bytes:
    return random_bytes(KEY_BYTES) if kind == WRAP else new_signing_key(ECDSA_P256).reveal()


def _read(one: Any, path: str, name: str, kind: str) -> SecretBytes:  # noqa: ANN401  # any JSON value
    if not isinstance(one, dict) or set(one) != {"key", "kind"} or one["kind"] not in KINDS:
        raise Tampered(f"{path} holds no keys")
    if one["kind"] != kind:
        raise Conflict(f"key {name} is of the other kind", hint="give it another name")
    key = SecretBytes(unb64(one["key"], path))
    if len(key) != KEY_BYTES:
        raise Tampered(f"{path} holds no keys")
    return key

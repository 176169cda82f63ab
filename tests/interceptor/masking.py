"""What the tests of masking share: made-up values, a stream cut at will, and a plain oracle."""

from __future__ import annotations

import base64
import html
import json
import random
import shlex
import string
import urllib.parse
import xml.sax.saxutils
from typing import TYPE_CHECKING

from lango_cli.interceptor.masker import Masker
from lango_cli.interceptor.needles import Needles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LETTERS_DIGITS = string.ascii_letters + string.digits
SPECIAL = LETTERS_DIGITS + string.punctuation + " "


def values(count: int, seed: int, characters: str, sizes: tuple[int, int] = (16, 40)) -> list[str]:
    """Made-up values that no test run sees differently."""
    chance = random.Random(seed)
    made: list[str] = []
    while len(made) < count:
        size = chance.randint(*sizes)
        text = "".join(chance.choice(characters) for _ in range(size)).strip()
        if len(text) == size:
            made.append(text)
    return made


def pass_through(needles: Needles, parts: Iterable[bytes]) -> bytes:
    """What comes out of a fresh stream that is fed these parts without a pause."""
    masker = Masker(needles)
    out = [masker.feed(part) for part in parts]
    return b"".join(out) + masker.finish()


def needles(*given: str | bytes) -> Needles:
    """For values that are called v0, v1 and so on."""
    encoded = (value.encode() if isinstance(value, str) else value for value in given)
    return Needles((f"v{number}", value) for number, value in enumerate(encoded))


def masked(text: str | bytes, *given: str | bytes) -> bytes:
    """One text through one stream."""
    return pass_through(needles(*given), [text.encode() if isinstance(text, str) else text])


def lower_percent(text: str) -> bytes:
    """Percent-encoding with small hexadecimal digits."""
    return b"".join(
        bytes([b]) if chr(b) in LETTERS_DIGITS + "-._~" else b"%%%02x" % b for b in text.encode()
    )


def wrapped(data: bytes, width: int, end: bytes = b"\n") -> bytes:
    """Broken into lines of so many bytes."""
    return end.join(data[at : at + width] for at in range(0, len(data), width))


def dumps(text: str, times: int = 1) -> bytes:
    """A JSON document with the text in it, in a JSON document, and so on."""
    document: object = {"k": text}
    for _ in range(times):
        document = json.dumps(document)
    return str(document).encode()


MATRIX: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "base64 alone": lambda v: base64.b64encode(v.encode()),
    "base64 after one byte": lambda v: base64.b64encode(b"a" + v.encode() + b"tail"),
    "base64 after two bytes": lambda v: base64.b64encode(b"ab" + v.encode() + b"t"),
    "base64 of user and value": lambda v: base64.b64encode(b"user:" + v.encode() + b"@host/x"),
    "base64url in context": lambda v: base64.urlsafe_b64encode(b"u:" + v.encode() + b"~~"),
    "base64 without padding": lambda v: base64.b64encode(b"x" + v.encode()).rstrip(b"="),
    "base64 in an address": lambda v: urllib.parse.quote_plus(
        base64.b64encode(v.encode())
    ).encode(),
    "base64 in lines of 76": lambda v: base64.encodebytes(b"some more " * 9 + v.encode() * 3),
    "base64 in lines of 64": lambda v: wrapped(base64.b64encode(b"q" * 50 + v.encode()), 64),
    "base64 of UTF-16": lambda v: base64.b64encode(f"echo {v}".encode("utf-16-le")),
    "hex": lambda v: v.encode().hex().encode(),
    "HEX": lambda v: v.encode().hex().upper().encode(),
    "hex with colons": lambda v: v.encode().hex(":").encode(),
    "hex in pairs": lambda v: v.encode().hex(" ").encode(),
    "percent": lambda v: urllib.parse.quote(v, safe="").encode(),
    "percent, slash kept": lambda v: urllib.parse.quote(v).encode(),
    "percent in small digits": lower_percent,
    "percent, every byte": lambda v: b"".join(b"%%%02X" % b for b in v.encode()),
    "form": lambda v: urllib.parse.quote_plus(v).encode(),
    "form in full": lambda v: urllib.parse.urlencode({"k": v}).encode(),
    "JSON": dumps,
    "JSON twice": lambda v: dumps(v, 2),
    "JSON three times": lambda v: dumps(v, 3),
    "JSON, unescaped": lambda v: json.dumps(v, ensure_ascii=False).encode(),
    "every character as \\u00xx": lambda v: "".join(f"\\u{ord(c):04x}" for c in v).encode(),
    "every character as \\u00XX": lambda v: "".join(f"\\u{ord(c):04X}" for c in v).encode(),
    "XML": lambda v: xml.sax.saxutils.escape(v).encode(),
    "XML attribute": lambda v: xml.sax.saxutils.escape(v, {'"': "&quot;", "'": "&apos;"}).encode(),
    "HTML": lambda v: html.escape(v).encode(),
    "decimal entities": lambda v: "".join(f"&#{ord(c)};" for c in v).encode(),
    "hexadecimal entities": lambda v: "".join(f"&#x{ord(c):x};" for c in v).encode(),
    "POSIX shell": lambda v: shlex.quote(v).encode(),
    "POSIX shell, the other way": lambda v: v.replace("'", "'\\''").encode(),
    "PowerShell": lambda v: v.replace("'", "''").encode(),
    "Python's repr": lambda v: repr(v).encode(),
    "repr of bytes": lambda v: repr(v.encode()).encode(),
    "\\xhh": lambda v: "".join(f"\\x{b:02x}" for b in v.encode()).encode(),
    "octal": lambda v: "".join(f"\\{b:03o}" for b in v.encode()).encode(),
    "UTF-16 LE": lambda v: v.encode("utf-16-le"),
    "UTF-16 BE": lambda v: v.encode("utf-16-be"),
    "reversed": lambda v: v[::-1].encode(),
    "coloured in the middle": lambda v: f"{v[:2]}\x1b[1;31m{v[2:3]}\x1b[0m{v[3:]}".encode(),
    "every character coloured": lambda v: "".join(f"\x1b[32m{c}\x1b[m" for c in v).encode(),
    "wrapped at 20 columns": lambda v: wrapped(v.encode(), 20),
    "wrapped at 7 by a terminal": lambda v: wrapped(v.encode(), 7, b"\r\n"),
    "wrapped and indented": lambda v: wrapped(v.encode(), 12, b"\n      "),
    "wrapped and coloured": lambda v: wrapped(v.encode(), 9, b"\x1b[K\r\n\x1b[32m"),
}
"""How others write a value: encoders that share nothing with what is tested."""

"""The written forms of a value: what a program may print that still gives the value away.

The rule: a form is only as long as what the value alone decides, so that it is found with anything
before and after it. For base64 these are the characters that hold no bit of a neighbour: of the
first and the last byte up to four bits may stay readable beside a placeholder.

A value longer than `PIECE` is looked for in overlapping pieces, up to `WHOLE` bytes of it; a text
of several lines also line by line.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from lango_cli.interceptor import escapes
from lango_cli.interceptor.escapes import write
from lango_cli.interceptor.strength import BLANKS, SHORTEST, WHOLE, weakness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.interceptor.escapes import Escape, Family

PIECE = 4096
OVERLAP = 64
"""Bytes that pieces share: more than any form leaves out at its ends, so masked pieces touch."""
LINE = 8
"""Bytes from which a line of a longer text is looked for alone."""
LINES = 1000
LEVELS = 3
"""How many times a text may have been put into JSON."""

_TO_URL = bytes.maketrans(b"+/", b"-_")


def forms(value: bytes) -> Iterator[bytes]:
    """Every form of a value, itself not among them; the same one may come twice.

    None begins with a percent sign that is not the value's own, so that a progress bar's `45%` is
    not held back because `%41` could follow.
    """
    value = value.strip(BLANKS)[:WHOLE]
    if b"%" in (value[:1], value[-1:]):
        yield from _forms(value)
    else:
        yield from (form.removeprefix(b"%") for form in _forms(value))


def _forms(value: bytes) -> Iterator[bytes]:
    if len(value) > PIECE:
        for at in range(0, len(value) - OVERLAP, PIECE - OVERLAP):
            piece = value[at : at + PIECE]
            yield piece
            yield from _of_any(piece)
            yield from _json_once(piece)
    else:
        yield from _of_any(value)
        yield from _of_text(value)
    yield from _lines(value)


def hex_forms(value: bytes) -> tuple[bytes, bytes]:
    """The two forms in which blanks may stand anywhere, as in a hex dump."""
    digits = value.strip(BLANKS)[:PIECE].hex()
    return digits.encode(), digits.upper().encode()


def _json_once(piece: bytes) -> Iterator[bytes]:
    yield write(escapes.PLAIN_JSON, piece.decode("latin-1")).encode("latin-1")


def _lines(value: bytes) -> Iterator[bytes]:
    """Each line that is long enough and no everyday text."""
    lines = value.splitlines()
    if len(lines) == 1:
        return
    for line in lines[:LINES]:
        bare = line.strip()
        if len(bare) >= LINE and not weakness(bare) and not _is_armour(bare):
            yield bare
            yield from _json_once(bare)


def _is_armour(line: bytes) -> bool:
    """Whether it only says that a key begins or ends here, or is a rule."""
    return line.startswith((b"-----", b"==")) or not any(b in escapes.ALPHANUMERIC for b in line)


def _of_any(data: bytes) -> Iterator[bytes]:
    """Forms of bytes, whatever they mean."""
    yield data[::-1]
    yield from hex_forms(data)
    for digits in (data.hex(":"), data.hex(":").upper()):
        yield digits.encode()
    yield from _base64(data)
    as_text = data.decode("latin-1")
    for table in (*escapes.PERCENT_ALL, *escapes.C_ALL):
        yield as_text.translate(table).encode()


def _base64(data: bytes) -> Iterator[bytes]:
    """Base64 at the three places in a group where a value can begin, in both alphabets.

    With the end of the text after it, its last characters and the padding belong to it too.
    """
    for shift in range(3):
        whole = b64encode(bytes(shift) + data)
        # A character holds 6 bits; those of the bytes before are in the first ones.
        first = (shift * 8 + 5) // 6
        sure = whole[first : (shift + len(data)) * 8 // 6]
        for text in (sure, whole[first:], whole[first:].rstrip(b"=")):
            if len(text) >= SHORTEST:
                yield text
                yield text.translate(_TO_URL)
                if b"+" in text or b"/" in text or b"=" in text:
                    yield from _base64_in_address(text)


def _base64_in_address(text: bytes) -> Iterator[bytes]:
    for plus, slash, equals in ((b"%2B", b"%2F", b"%3D"), (b"%2b", b"%2f", b"%3d")):
        escaped = text.replace(b"+", plus)
        yield escaped.replace(b"=", equals)
        yield escaped.replace(b"/", slash).replace(b"=", equals)
    yield text.replace(b"/", b"\\/")


def _of_text(data: bytes) -> Iterator[bytes]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        yield from _special(data, "")
        return
    for encoding in ("utf-16-le", "utf-16-be"):
        wide = text.encode(encoding)
        yield wide
        if encoding.endswith("le"):
            # What PowerShell's -EncodedCommand takes.
            yield from _base64(wide)
    if not data.isascii():
        yield text[::-1].encode()
    yield from _all_escaped(text)
    yield from _special(data, text)


def _all_escaped(text: str) -> Iterator[bytes]:
    """Forms that change every character."""
    for table in escapes.XML_ALL:
        yield text.translate(table).encode()
    for table in escapes.JSON_ALL:
        once = text.translate(table)
        yield once.encode()
        # Nothing in it but backslashes is escaped again.
        for count in (2, 4):
            yield once.replace("\\", "\\" * count).encode()


def _of_python(text: str) -> Iterator[bytes]:
    """What Python's own escapes make of a text that is not plain ASCII."""
    yield repr(text)[1:-1].encode()
    yield ascii(text)[1:-1].encode()
    for form in ("\\u%04x", "\\u%04X"):
        # Wrong for what is above U+FFFF, and seen all the same.
        yield "".join(form % ord(c) for c in text).encode()


def _special(data: bytes, text: str) -> Iterator[bytes]:
    """Forms that only change what is no letter and no digit."""
    if all(byte in escapes.ALPHANUMERIC for byte in data):
        return
    printable = text.isascii() and text.isprintable()
    if text and not printable:
        yield from _of_python(text)
    tables = escapes.PRINTABLE if text and printable else escapes.ANY
    octets = data.decode("latin-1")
    found = {write(table, octets).encode("latin-1") for table in tables.octets}
    found |= {write(table, text).encode() for table in tables.text}
    yield from found | set(_twice(octets, text, tables)) | set(_in_json(text, tables))


def _twice(octets: str, text: str, tables: Family) -> Iterator[bytes]:
    """What was escaped for one place is escaped for another."""
    for table in tables.octets[:2]:
        yield write(table, write(table, octets)).encode("latin-1")
    for table in tables.text[:6]:
        yield write(table, write(table, text)).encode()
    in_json = write(tables.plain_json, text)
    for outer in escapes.QUOTED:
        yield write(outer, in_json).encode()
        yield write(tables.plain_json, write(outer, text)).encode()


def _in_json(text: str, tables: Family) -> Iterator[bytes]:
    """In JSON, that in JSON, and that again; and base64 of JSON, as in a Kubernetes secret."""
    plain = tables.plain_json
    in_json = write(plain, text)
    for once in {write(table, text) for table in tables.json}:
        yield once.encode()
        yield from _nested(once, plain)
    for table in tables.json:
        # The outer document may be by another hand than the inner one.
        twice = write(table, in_json)
        yield twice.encode()
        yield write(table, twice).encode()
    if in_json != text:
        yield from _base64(in_json.encode())


def _nested(once: str, table: Escape) -> Iterator[bytes]:
    text = once
    for _ in range(LEVELS - 1):
        text = write(table, text)
        yield text.encode()

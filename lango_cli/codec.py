"""Canonical JSON, base64 and RFC 3339 times, without the modules that make them slow to import.

The rule: one spelling for each value, so that a MAC over the bytes is a MAC over the meaning.
Why not `json`, `base64`, `datetime`: each pulls in `re` or `collections`, together as much as the
bare interpreter, and `lango secrets get` runs a thousand times a day. `_json` is CPython's own
accelerator beneath `json`; where it is absent, `json` itself is used.
"""

from __future__ import annotations

import binascii
import time

from lango_cli.errors import Tampered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Strict:
    """What the C scanner asks of its context; floats and constants have no place in our files."""

    strict = True
    object_hook = None
    parse_int = int

    @staticmethod
    def object_pairs_hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("a member stands twice")
        return members

    @staticmethod
    def parse_float(_text: str) -> float:
        raise ValueError("a fraction in a file that has none")

    parse_constant = parse_float


class _Lenient:
    """The same for JSON of people, which has fractions; of a name twice the last one counts."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_int = int
    parse_float = float

    @staticmethod
    def parse_constant(_text: str) -> float:
        raise ValueError("NaN and Infinity are no JSON")


def _unencodable(value: object) -> object:
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _codec() -> tuple[Callable[[str, int], tuple[Any, int]], Callable[[Any, int], Any]]:
    import _json

    rules: Any = _Strict
    scan = _json.make_scanner(rules)
    encode = _json.make_encoder(
        None, _unencodable, _json.encode_basestring_ascii, None, ":", ",", True, False, False
    )
    return scan, encode


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, ASCII only; ints, strings, bools, None, lists, maps."""
    return "".join(_codec()[1](value, 0)).encode()


def parse_canonical(data: bytes, what: str) -> Any:  # noqa: ANN401  # any JSON value
    """The value whose canonical form is `data`; anything else is `Tampered`."""
    try:
        text = data.decode("ascii")
        value, end = _codec()[0](text, 0)
        if end == len(text) and canonical(value) == data:
            return value
    except (ValueError, StopIteration, RecursionError, TypeError, SystemError):
        # SystemError: the scanner of 3.11 finds no JSONDecodeError to raise unless json is loaded.
        pass
    raise Tampered(f"{what} is not in its canonical form")


def parse_json(text: str) -> Any:  # noqa: ANN401  # any JSON value
    """The value of one JSON text without space around it; ValueError for anything else."""
    import _json

    rules: Any = _Lenient
    try:
        value, end = _json.make_scanner(rules)(text, 0)
    except (StopIteration, RecursionError, SystemError):
        raise ValueError("not JSON") from None
    if end != len(text):
        raise ValueError("more than one JSON value")
    return value


def json_text(value: object, item: str = ",", name: str = ":") -> str:
    """JSON in the order given, not escaped beyond need, with these two between its parts.

    TypeError or ValueError for what JSON cannot hold.
    """
    import _json

    encode = _json.make_encoder(
        None, _unencodable, _json.encode_basestring, None, name, item, False, False, False
    )
    return "".join(encode(value, 0))


def b64(data: bytes) -> str:
    """Standard base64 with padding, on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unb64(text: object, what: str) -> bytes:
    """The bytes of strict base64; anything else is `Tampered`."""
    if isinstance(text, str):
        try:
            data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        except (ValueError, UnicodeError):
            data = None
        if data is not None and b64(data) == text:
            return data
    raise Tampered(f"{what} is not base64")


def in_rfc3339(seconds: float) -> bool:
    """Whether a time can be kept: from 1970 on, and in a year of four digits."""
    return 0 <= seconds < 253_402_300_800


def rfc3339(seconds: float) -> str:
    """`2026-01-31T12:00:00Z`, for seconds since 1970 UTC."""
    moment = time.gmtime(seconds)
    # strftime leaves the zeros before a year of fewer than four digits to the C library.
    return f"{moment.tm_year:04}{time.strftime('-%m-%dT%H:%M:%SZ', moment)}"

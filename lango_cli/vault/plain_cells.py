"""What the cells of a plaintext SQLite file may hold: numbers, texts, times.

The rule: a file comes from outside, so that every cell is checked before it is used.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lango_cli.codec import in_rfc3339, rfc3339
from lango_cli.errors import Tampered

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
HIGHEST = 1 << 53


def whole(value: object) -> int:
    """A number from 0, as SQLite keeps them; Tampered for anything else."""
    if type(value) is not int or not 0 <= value < HIGHEST:
        raise Tampered("a number is none, or out of range")
    return value


def text_of(value: object) -> str:
    """A text; Tampered for anything else."""
    if not isinstance(value, str):
        raise Tampered("a text is none")
    return value


def time_text(milliseconds: int) -> str:
    """`2026-01-31T12:00:00.250Z`."""
    return f"{rfc3339(milliseconds // 1000)[:-1]}.{milliseconds % 1000:03}Z"


def milliseconds_of(text: object) -> int:
    """What `time_text` was made of; Tampered if it is no time."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not in_rfc3339(moment.timestamp()):
        raise Tampered("a time is not RFC 3339 with a zone, from 1970 on")
    return (moment - _EPOCH) // _MILLISECOND

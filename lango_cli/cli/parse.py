"""Words of the command line that stand for something: durations, dates, numbers, text.

The rule: what cannot be read is a UsageProblem that names the option and never repeats the word,
which may be a value typed in the wrong place.
"""

from __future__ import annotations

from typing import NoReturn

from lango_cli.codec import in_rfc3339
from lango_cli.config.durations import EXAMPLES, seconds_of
from lango_cli.errors import UsageProblem

LAST_DESCRIPTOR = (1 << 31) - 1


def duration(text: str, option: str) -> int:
    """Whole seconds of `90d`, `15m`, `1h30m`; see `config.durations`."""
    found = seconds_of(text)
    if found is None:
        raise UsageProblem(f"{option} takes a duration", hint=f"such as {EXAMPLES}")
    return found


def seconds(text: str, option: str) -> float:
    """Seconds to wait: a number, a fraction allowed, milliseconds (`500ms`), or a duration."""
    number = text.removesuffix("ms")
    if number != text and number.isascii() and number.isdigit() and len(text) <= 12:
        return int(number) / 1000
    whole, _, fraction = text.partition(".")
    if (whole + fraction).isascii() and (whole + fraction).isdigit() and len(text) <= 12:
        return float(text)
    return float(duration(text, option))


def moment(text: str, now: float, option: str) -> float:
    """Seconds since 1970 UTC of a date, a time or a duration from `now`.

    A date alone is midnight UTC at its beginning; a time without an offset is UTC.
    """
    try:
        return _date(text) if text[4:5] == "-" else now + duration(text, option)
    except (ValueError, OverflowError, UsageProblem):
        raise UsageProblem(
            f"{option} takes a date or a duration", hint="such as 2027-01-31 or 90d"
        ) from None


def _date(text: str) -> float:
    import datetime

    when = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    found = (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    if not in_rfc3339(found):
        raise ValueError
    return found


def whole(text: str, option: str, least: int = 0) -> int:
    """A whole number from `least`, in ASCII digits."""
    if text.isascii() and text.isdigit() and len(text) <= 15 and int(text) >= least:
        return int(text)
    raise UsageProblem(f"{option} takes a whole number from {least}", hint="see --help")


def descriptor(text: str, option: str) -> int:
    """The number of a file descriptor, as far as a system can have one."""
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LAST_DESCRIPTOR:
        return int(text)
    raise UsageProblem(
        f"{option} takes the number of an open descriptor", hint=f"such as {option} 3 3<FILE"
    )


def refuse_empty(option: str) -> NoReturn:
    """UsageProblem for an option whose value is the empty text."""
    raise UsageProblem(f"{option} has an empty value", hint="is a variable not set? see --help")


def text(given: str, option: str) -> str:
    """The same text, if it is valid UTF-8."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise UsageProblem(f"{option} is not valid UTF-8", hint="see --help") from None
    return given


def choice(given: str, option: str, allowed: tuple[str, ...]) -> str:
    """The same word, if it is one of `allowed`."""
    if given not in allowed:
        raise UsageProblem(f"{option} takes one of: {', '.join(allowed)}", hint="see --help")
    return given

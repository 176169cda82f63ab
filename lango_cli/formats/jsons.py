"""JSON: a map of names to texts, and lango's own form, which loses nothing.

The rule: `json` has no way to write a value that is not UTF-8, so it refuses one; `lango` writes
such a value in base64 and says so, together with note, owner, tags and dates. It is also what
`lango secrets list --json --reveal` prints, so that may be imported too. Numbers keep the digits
they are written with; NaN and Infinity are no JSON.
"""

from __future__ import annotations

import binascii
import datetime
import json
from typing import TYPE_CHECKING, Any

from lango_cli.codec import b64, in_rfc3339, rfc3339
from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import (
    Entry,
    Parsed,
    Unfit,
    bytes_of,
    check_count,
    decoded,
    spelled,
)
from lango_cli.formats.tree import Pairs, entries_of, text_value
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
BAD_HINT = "mend the file, or name its form with --format"


def document(data: bytes) -> Any:  # noqa: ANN401  # any JSON value
    """The value of a JSON text, maps as `Pairs`; UsageProblem with the line where it is none."""
    text = decoded(data, "the file")
    try:
        return json.loads(
            text, object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=_constant
        )
    except json.JSONDecodeError as err:
        raise UsageProblem(f"line {err.lineno}: this is not JSON", hint=BAD_HINT) from None
    except RecursionError:
        raise UsageProblem("the JSON is nested too deep", hint=BAD_HINT) from None


def _constant(_text: str) -> None:
    raise UsageProblem("NaN and Infinity are no JSON", hint=BAD_HINT)


def read(data: bytes) -> Parsed:
    """The entries of a map of names, or of lango's own form."""
    body = document(data)
    if not isinstance(body, Pairs):
        raise UsageProblem("the JSON is no map of names to values", hint=BAD_HINT)
    return _read_own(body) if is_own(body) else entries_of(body)


def is_own(body: object) -> bool:
    """Whether this is lango's own form."""
    return (
        isinstance(body, Pairs)
        and isinstance(body.get("secrets"), list)
        and (body.get("v") is not None)
    )


def _read_own(body: Pairs) -> Parsed:
    if body.get("v") != str(VERSION):
        raise UsageProblem("this form was written by a newer lango", hint="upgrade lango")
    parsed = Parsed()
    listed = body.get("secrets")
    check_count(len(listed))
    for number, member in enumerate(listed, 1):
        place = f"secret {number}"
        try:
            parsed.entries.append(_entry(member, place))
        except Unfit as err:
            parsed.wrong(place, str(err))
    return parsed


def _entry(member: object, place: str) -> Entry:
    if not isinstance(member, Pairs) or not isinstance(member.get("name"), str):
        raise Unfit("it is no map with a name")
    if len({key for key, _ in member}) != len(member):
        raise Unfit("a member of it stands twice")
    entry = Entry(member.get("name"), SecretBytes(_value(member)), place=place)
    entry.note, entry.owner = _text(member, "note"), _text(member, "owner")
    tags = member.get("tags")
    if tags is not None:
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise Unfit("tags are a list of texts")
        entry.tags = tuple(tags)
    entry.expires_at = _moment(member)
    every = member.get("rotate_every")
    if every is not None:
        if not (isinstance(every, str) and every.isascii() and every.isdigit()):
            raise Unfit("rotate_every is a number of seconds")
        if len(every) > 11:
            raise Unfit("rotate_every is too long")
        entry.rotate_every = int(every)
    return entry


def _value(member: Pairs) -> bytes:
    value, encoding = member.get("value"), member.get("encoding", "utf-8")
    if not isinstance(value, str):
        raise Unfit("it has no value (were values left out? see --reveal)")
    try:
        if encoding == "base64":
            return binascii.a2b_base64(value.encode("ascii"), strict_mode=True)
        if encoding == "utf-8":
            return value.encode()
    except ValueError:
        raise Unfit("its value is not in its encoding") from None
    raise Unfit("encoding is utf-8 or base64")


def _text(member: Pairs, key: str) -> str | None:
    text = member.get(key)
    if text is None:
        return None
    try:
        if isinstance(text, str):
            text.encode()
            return text
    except UnicodeEncodeError:
        pass
    raise Unfit(f"{key} is a text")


def _moment(member: Pairs) -> float | None:
    text = member.get("expires_at")
    if text is None:
        return None
    try:
        when = datetime.datetime.fromisoformat(text)
        found = (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise Unfit("expires_at is no RFC 3339 time") from None
    if not in_rfc3339(found):
        raise Unfit("expires_at is before 1970 or after 9999")
    return found


def write(entries: Sequence[Entry]) -> bytes:
    """A map of names to values."""
    lines = spelled(entries, _member, "a JSON map", "take --format lango, which carries all")
    body = ",\n".join(lines)
    return f"{{\n{body}\n}}\n".encode() if lines else b"{}\n"


def _member(entry: Entry) -> str:
    try:
        text = bytes_of(entry).decode()
    except UnicodeDecodeError:
        raise Unfit("binary, not UTF-8") from None
    return f"  {_quoted(entry.key)}: {_quoted(text)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write_own(entries: Sequence[Entry]) -> bytes:
    """The secrets in lango's own form: everything that can be taken along, a secret a line."""
    lines = [f"    {json.dumps(_described(entry), ensure_ascii=False)}" for entry in entries]
    body = ",\n".join(lines)
    listed = f"[\n{body}\n  ]" if lines else "[]"
    return f'{{\n  "v": {VERSION},\n  "secrets": {listed}\n}}\n'.encode()


def _described(entry: Entry) -> dict[str, object]:
    data = bytes_of(entry)
    try:
        value, encoding = data.decode(), "utf-8"
    except UnicodeDecodeError:
        value, encoding = b64(data), "base64"
    members: dict[str, object] = {"name": entry.name, "value": value, "encoding": encoding}
    if entry.note:
        members["note"] = entry.note
    if entry.owner:
        members["owner"] = entry.owner
    if entry.tags:
        members["tags"] = list(entry.tags)
    if entry.expires_at is not None:
        members["expires_at"] = rfc3339(entry.expires_at)
    if entry.rotate_every is not None:
        members["rotate_every"] = int(entry.rotate_every)
    return members


def scalar(value: object) -> str:
    """A member of somebody else's JSON as text, empty where it is none."""
    return text_value(value) or ""

"""What a secret may be called, and how a version is asked for.

Names are NFC; letters, marks and digits of any script, space and `._/@+:#-`; at most 255 bytes of
UTF-8; parts divided by `/`, none of them empty, `.` or `..`, starting with `-`, or beginning or
ending with a space. A final `@digits` is always a version, so no name ends like that.
"""

from __future__ import annotations

from lango_cli.errors import InvalidName, UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 255
_PUNCTUATION = " ._/@+:#-"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + _PUNCTUATION)


def check_name(text: str) -> str:
    """The name in NFC, or InvalidName saying which rule it breaks."""
    name = text
    if not text.isascii():
        import unicodedata

        name = unicodedata.normalize("NFC", text)
    if not name:
        raise InvalidName("a name cannot be empty")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidName("a name must be valid UTF-8") from None
    if size > LIMIT:
        raise InvalidName(f"a name has at most {LIMIT} bytes, this one has {size}")
    if not _PLAIN.issuperset(name) and not all(map(_allowed, name)):
        raise InvalidName("a name has letters, digits, space and ._/@+:#- alone")
    for part in name.split("/"):
        _check_part(part)
    if _version_mark(name) >= 0:
        raise InvalidName(
            "a name cannot end with @ and digits: that asks for a version",
            hint="give the name alone; every write makes the next version",
        )
    return name


def _check_part(part: str) -> None:
    if part in ("", ".", ".."):
        raise InvalidName("no part of a name between slashes is empty, . or ..")
    if part[0] in "- " or part[-1] == " ":
        raise InvalidName("no part of a name begins with - or a space, or ends with a space")


def check_prefix(text: str) -> str:
    """A folder, or the start of one, in NFC; InvalidName if no name can begin so."""
    if text.isascii():
        return text
    import unicodedata

    try:
        return unicodedata.normalize("NFC", text).encode().decode()
    except UnicodeEncodeError:
        raise InvalidName("a name must be valid UTF-8") from None


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags in order, each once; UsageProblem for one that is empty or not printable."""
    for tag in tags:
        if not tag or not tag.isprintable():
            raise UsageProblem("a tag is a text of printable characters")
    return tuple(sorted(set(tags)))


def split_reference(text: str) -> tuple[str, int | None]:
    """`NAME` or `NAME@3`, as name and version (None: the current one)."""
    mark = _version_mark(text)
    if mark < 0:
        return check_name(text), None
    digits = text[mark + 1 :]
    if len(digits) > 15 or int(digits) < 1:
        raise InvalidName("a version is a number from 1")
    return check_name(text[:mark]), int(digits)


def _version_mark(text: str) -> int:
    mark = text.rfind("@")
    digits = text[mark + 1 :]
    return mark if mark >= 0 and digits.isascii() and digits.isdigit() else -1


def _allowed(character: str) -> bool:
    import unicodedata

    return character in _PUNCTUATION or unicodedata.category(character)[0:2] in (
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "Mn",
        "Mc",
        "Nd",
    )

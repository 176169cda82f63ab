"""One action in the one form that is compared, digested and shown.

What lives here: flattening parameters to leaves, the digest, and text in which nothing is
invisible. The rule: two actions that differ in anything differ in their digest, and a person sees
all of what is digested: no character is left out, drawn over what stands before it, or cut off.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.codec import canonical
from lango_cli.crypto.mac import digest, pack
from lango_cli.errors import ApprovalDenied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.model_approval import ApprovalRequest

    Mask = Callable[[str], str]

DEPTH, LEAVES, BYTES = 32, 10_000, 1 << 20
"""What a request may have at most; one that is larger cannot be shown, so it is denied."""
TEXT = "s:"
"""Before a leaf that is a text; other kinds have other letters, so that 1 is not "1"."""

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
"""Unicode's categories of what has no ink: controls, formats (bidi, zero width), odd spaces."""
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0} | {
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
"""What has no ink though its category says letter, mark or sign."""
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-{}~^")
_WORDS = ("true", "false", "null", "nan", "inf", "-inf", "[]", "{}", "")
_LONGEST_SPACE = 3


@dataclass(frozen=True, slots=True)
class Action:
    """A request flattened: `leaves` maps each parameter's path to its kind and text."""

    request: ApprovalRequest
    leaves: Mapping[str, str]
    digest: str


def action_of(request: ApprovalRequest) -> Action:
    """The action of a request; ApprovalDenied if it is too large to be shown, or no JSON."""
    leaves: dict[str, str] = {}
    size = 0
    for path, text in _flat(request.parameters, "", 0):
        leaves[path] = text
        size += len(path) + len(text)
        if size > BYTES or len(leaves) > LEAVES:
            raise ApprovalDenied(
                f"{request.tool}: its parameters are too large to be shown, so nobody can agree",
                hint=f"the limits are {BYTES} characters and {LEAVES} values",
            )
    return Action(request, leaves, _digest(request, leaves))


def _digest(request: ApprovalRequest, leaves: Mapping[str, str]) -> str:
    said = [request.tool, request.origin, dict(leaves), dict(request.secrets)]
    return digest(pack(b"lango/action/v1", canonical(said))).hex()


def _flat(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEPTH:
        raise ApprovalDenied("the parameters are nested too deeply to be shown")
    members = _members(value, path)
    if members is None:
        yield path, _leaf(value)
    elif members:
        for below, member in members:
            yield from _flat(member, below, depth + 1)
    else:
        yield path, "e:[]" if isinstance(value, list | tuple) else "e:{}"


def _members(value: object, path: str) -> list[tuple[str, object]] | None:
    """Paths and members of a map, by name, or of a list; None for anything else."""
    if isinstance(value, list | tuple):
        return [(f"{path}[{number}]", member) for number, member in enumerate(value)]
    if not isinstance(value, Mapping):
        return None
    if any(not isinstance(name, str) for name in value):
        raise ApprovalDenied("a parameter has a name that is no text")
    return [(_below(path, name), value[name]) for name in sorted(value)]


def _below(path: str, name: str) -> str:
    if name.replace("_", "").replace("-", "").isalnum() and name.isascii():
        return f"{path}.{name}" if path else name
    return f"{path}[{canonical(name).decode()}]"


def _leaf(value: object) -> str:
    if isinstance(value, str):
        return TEXT + value
    if isinstance(value, bool):
        return f"b:{str(value).lower()}"
    if isinstance(value, int | float):
        return f"n:{value!r}"
    if value is None:
        return "z:null"
    raise ApprovalDenied(f"a parameter is a {type(value).__name__}, which cannot be shown")


def shown(leaf: str, mask: Mask) -> str:
    """A leaf for a person: masked, a text bare or quoted, other kinds as JSON has them."""
    kind, text = leaf[:2], leaf[2:]
    return quoted(mask(text)) if kind == TEXT else text


def quoted(text: str) -> str:
    """A text in which nothing is invisible; bare where that cannot be taken for anything else."""
    if text in _WORDS or not _BARE.issuperset(text) or text.lstrip("-")[:1].isdigit():
        return f'"{_escaped(text)}"'
    return text


def _escaped(text: str) -> str:
    out, spaces = [], 0
    for character in text:
        spaces = spaces + 1 if character == " " else 0
        if character in '"\\':
            out.append(f"\\{character}")
        elif spaces > _LONGEST_SPACE:
            out.append("\\x20")  # A long gap would push what follows out of sight.
        elif character != " " and is_hidden(character):
            out.append(_escape(character))
        else:
            out.append(character)
    return "".join(out)


def _escape(character: str) -> str:
    plain = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    code = ord(character)
    return plain or (f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}")


def is_hidden(character: str) -> bool:
    """Whether a screen shows nothing for this character, or lets it change what is beside it."""
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return False
    return code in _BLANK or unicodedata.category(character) in _HIDDEN


def visible(text: str) -> str:
    """One line of text from elsewhere, with everything hidden in it escaped; not quoted."""
    return "".join(_escape(one) if one != " " and is_hidden(one) else one for one in text)


def is_plain(text: str) -> bool:
    """Whether every letter is one of ASCII: none can look like another."""
    return text.isascii()

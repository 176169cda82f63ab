"""References to secrets in other text: `{{secret:NAME}}`, and `{{secret:NAME@3}}` for version 3.

What lives here: cutting a text at its references, and putting values in their places. The rule: a
text is cut once and filled once, so a value that looks like a reference stays what it is; and what
opens like a reference but is none is an error, because passing it on would hand the command a
placeholder where it needs a secret. Other braces (`{{ name }}`, `${{ secrets.NAME }}`) are text.
"""

from __future__ import annotations

from lango_cli.errors import InvalidName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lango_cli.secret import SecretBytes

OPENING, CLOSING = b"{{", b"}}"
WORD = b"secret"
FORM = "{{secret:NAME}}, or {{secret:NAME@3}} for version 3"

_BLANK = b" \t"
_NOT_IN_A_NAME = b"{}\r\n"


class SecretRef:
    """A reference as it was written: `NAME` or `NAME@3`."""

    __slots__ = ("reference",)

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    def __repr__(self) -> str:
        return f"{{{{secret:{self.reference}}}}}"


def cut(text: bytes, where: str) -> list[bytes | SecretRef]:
    """The text as literal pieces and references, in order.

    InvalidName, naming `where` and repeating nothing of the text, for what opens like a reference
    and is none.
    """
    pieces: list[bytes | SecretRef] = []
    done = at = 0
    while (at := text.find(OPENING, at)) >= 0:
        name = _after_colon(text, at)
        if name < 0:
            at += 1
            continue
        end = text.find(CLOSING, name)
        if end < 0 or text[at:name] != b"{{secret:":
            raise _malformed(where)
        if at > done:
            pieces.append(text[done:at])
        pieces.append(SecretRef(_name(text[name:end], where)))
        done = at = end + len(CLOSING)
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def _after_colon(text: bytes, at: int) -> int:
    """Where the name begins if something at `at` opens like a reference, however sloppily; or -1.

    No slice is longer than it must be: a text of opening braces alone costs no more than itself.
    """
    at = _skip(text, at + len(OPENING))
    if text[at : at + len(WORD)].lower() != WORD:
        return -1
    at = _skip(text, at + len(WORD))
    return at + 1 if text[at : at + 1] == b":" else -1


def _skip(text: bytes, at: int) -> int:
    limit = at + 16
    while at < limit and text[at : at + 1] in (b" ", b"\t"):
        at += 1
    return at


def _name(written: bytes, where: str) -> str:
    if not written.strip(_BLANK) or any(byte in _NOT_IN_A_NAME for byte in written):
        raise _malformed(where)
    try:
        return written.decode()
    except UnicodeDecodeError:
        raise _malformed(where) from None


def _malformed(where: str) -> InvalidName:
    return InvalidName(f"{where}: what looks like a reference to a secret is none", hint=FORM)


def references(pieces: Iterable[bytes | SecretRef]) -> list[str]:
    """The references among the pieces, each once, in order."""
    return list(dict.fromkeys(p.reference for p in pieces if isinstance(p, SecretRef)))


def fill(pieces: Sequence[bytes | SecretRef], values: Mapping[str, SecretBytes]) -> bytes:
    """The text with every reference's value in its place."""
    return b"".join(
        values[piece.reference].reveal() if isinstance(piece, SecretRef) else piece
        for piece in pieces
    )

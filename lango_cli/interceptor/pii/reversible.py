"""Placeholders that can be turned back: `[EMAIL_1:k7q2xw]` for one text, always the same.

The rule: a placeholder stands for exactly one text, as it was written, so that the way back gives
it byte for byte; the tag after the colon is this map's alone, so that what somebody else writes is
never turned into a text by chance. A placeholder that is in a text already stays as it is. Who
sees the placeholders can write one and have it turned back where they please: that is what
turning back means.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import msgspec

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.interceptor.pii.finding import Finding

TAG = 6
LONGEST = 80
"""Bytes of the longest placeholder, which is all that the way back ever holds."""
_NOT_IN_LABEL = re.compile(r"[^A-Z0-9_]+")
_ANY = re.compile(rb"\[[A-Z0-9_]{1,50}_[0-9]{1,10}:[a-z2-7]{6}\]")
_START = re.compile(rb"\[[A-Z0-9_]{0,61}(?::[a-z2-7]{0,6})?\Z")


class _Kept(msgspec.Struct):
    """A map as it is stored: texts in UTF-8 by placeholder, in the order they were found."""

    v: int
    tag: str
    texts: dict[str, bytes]


class PlaceholderMap:
    """Texts and their placeholders, both ways."""

    def __init__(self, tag: str = "") -> None:
        self.tag = tag or base64.b32encode(random_bytes(5)).decode().lower()[:TAG]
        self.changed = False
        self._texts: dict[bytes, bytes] = {}
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def stand_in(self, kind: str, text: str) -> str:
        """The placeholder of this text; a new one where it has none of this kind."""
        label = _NOT_IN_LABEL.sub("_", kind.upper()).strip("_")[:40] or "TEXT"
        known = self._placeholders.get((label, text))
        if known is not None:
            return known
        return self._add(label, self._counts.get(label, 0) + 1, text)

    def _add(self, label: str, number: int, text: str) -> str:
        placeholder = f"[{label}_{number}:{self.tag}]"
        self._counts[label] = max(number, self._counts.get(label, 0))
        self._placeholders[label, text] = placeholder
        self._texts[placeholder.encode()] = text.encode("utf-8", "surrogateescape")
        self.changed = True
        return placeholder

    def text_of(self, placeholder: bytes) -> bytes | None:
        """What a placeholder stands for, None where it is none of this map."""
        return self._texts.get(placeholder)

    def dumped(self) -> bytes:
        """The map as bytes, to be sealed."""
        texts = {name.decode(): text for name, text in self._texts.items()}
        return msgspec.json.encode(_Kept(1, self.tag, texts))

    @classmethod
    def loaded(cls, data: bytes) -> PlaceholderMap:
        """The map out of `dumped`; Tampered for anything else."""
        try:
            kept = msgspec.json.decode(data, type=_Kept)
            if not re.fullmatch(f"[a-z2-7]{{{TAG}}}", kept.tag):
                raise Tampered("the map's tag is none")
            found = cls(kept.tag)
            for placeholder, text in kept.texts.items():
                label, _, number = placeholder[1 : -TAG - 2].rpartition("_")
                whole = text.decode("utf-8", "surrogateescape")
                if found._add(label, int(number), whole) != placeholder:
                    raise Tampered("the map has a placeholder that is none of its own")
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise Tampered("the map cannot be read") from None
        found.changed = False
        return found


def sparing(
    find: Callable[[str], list[Finding]], placeholders: PlaceholderMap
) -> Callable[[str], list[Finding]]:
    """`find` without what lies inside of this map's own placeholders: those stay."""
    own = re.compile(rf"\[[A-Z0-9_]{{1,50}}_[0-9]{{1,10}}:{placeholders.tag}\]")

    def spared(text: str) -> list[Finding]:
        found = find(text)
        kept = [match.span() for match in own.finditer(text)] if found else []
        return [one for one in found if not any(a <= one.start and one.end <= b for a, b in kept)]

    return spared


class Restorer:
    """The way back, as a `TextFilter`: placeholders of the map become their texts."""

    def __init__(self, placeholders: PlaceholderMap) -> None:
        self._map = placeholders
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; all but the start of a placeholder comes out."""
        data = self._held + chunk
        start = _START.search(data, max(0, len(data) - LONGEST))
        cut = start.start() if start else len(data)
        self._held = data[cut:]
        return _ANY.sub(self._restored, data[:cut])

    def idle(self) -> bytes:
        """Nothing: what is held is the start of a placeholder."""
        return b""

    def finish(self) -> bytes:
        """What was held."""
        held, self._held = self._held, b""
        return held

    def _restored(self, match: re.Match[bytes]) -> bytes:
        text = self._map.text_of(match[0])
        return match[0] if text is None else text

"""What a terminal sends, as keys with names.

The rule: a character is itself (`a`), a key has a name (`up`, `enter`, `ctrl-r`), a paste is
`paste:` and its text. Bytes may come in any pieces, as they do over ssh: a sequence is complete or
waits for its rest. An escape byte alone is Esc only once nothing has followed it (`flush`).
"""

from __future__ import annotations

import codecs

PASTE = "paste:"
LETTERS = 26
_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
_FINALS = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end", "Z": "up",
}  # fmt: skip
_NUMBERS = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown",
    "7": "home", "8": "end",
}  # fmt: skip
_CONTROLS = {"\r": "enter", "\n": "enter", "\t": "down", "\x7f": "backspace", "\x08": "backspace"}


class Decoder:
    """Bytes in, keys out."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""

    @property
    def waiting(self) -> bool:
        """Whether an escape was seen whose rest has not come."""
        return bool(self._text) and not self._text.startswith(_PASTE_START)

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete now."""
        self._text += self._utf8.decode(data)
        found: list[str] = []
        while self._text:
            key, length = _first(self._text)
            if not length:
                break
            self._text = self._text[length:]
            if key:
                found.append(key)
        return found

    def flush(self) -> list[str]:
        """The keys, now that nothing else has come for a while: an escape alone is Esc."""
        if not self.waiting:
            return []
        rest, self._text = self._text[1:], ""
        return ["esc", *self.feed(rest.encode())] if len(rest) < 2 else []


def _first(text: str) -> tuple[str, int]:
    """The first key and how many characters it has; 0 if more must come; "" for none of ours."""
    one = text[0]
    if one == "\x1b":
        return _sequence(text)
    if one in _CONTROLS:
        return _CONTROLS[one], 1
    if one < " ":
        return f"ctrl-{chr(ord(one) + 96)}" if 0 < ord(one) <= LETTERS else "", 1
    return one if one.isprintable() else "", 1


def _sequence(text: str) -> tuple[str, int]:
    if text.startswith(_PASTE_START):
        end = text.find(_PASTE_END)
        if end < 0:
            return "", 0
        return PASTE + _lines(text[len(_PASTE_START) : end]), end + len(_PASTE_END)
    if len(text) < 2:
        return "", 0
    if text[1] == "\x1b":
        return "esc", 1
    if text[1] not in "[O":
        return "", 2
    for at in range(2, len(text)):
        if "@" <= text[at] <= "~":
            return _named(text[2:at], text[at]), at + 1
    return "", 0


def _named(parameters: str, final: str) -> str:
    if final == "~":
        return _NUMBERS.get(parameters.partition(";")[0], "")
    return _FINALS.get(final, "")


def _lines(text: str) -> str:
    """A paste's line ends as a file has them; one at its end is the hand's, not its own."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")

"""XML exports of KeePassXC and KeePass. What becomes what: `items`.

The rule: an old version of an entry (its history) is not imported, and a file with a document
type, which could define entities, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from lango_cli.errors import UsageProblem
from lango_cli.formats.items import BAD_HINT, Item, collect, take_notes

if TYPE_CHECKING:
    from lango_cli.formats.entry import Parsed


class _KeePass:
    """The items of a KeePass XML export, as expat tells of them."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._groups: list[str] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._fields: list[dict[str, tuple[str, bool]]] = []
        self._pair = ["", ""]
        self._hidden = False
        self._history = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._path) > 100:
            raise UsageProblem("the XML is nested too deep", hint=BAD_HINT)
        self._path.append(tag)
        self._text = []
        self._history += tag == "History"
        if tag == "Group":
            self._groups.append("")
        elif tag == "Entry":
            self._fields.append({})
        elif tag == "String":
            self._pair, self._hidden = ["", ""], False
        elif tag == "Value":
            marks = ("Protected", "ProtectInMemory")
            self._hidden = any(attributes.get(mark) == "True" for mark in marks)
            if attributes.get("Protected") == "True":
                raise UsageProblem("its values are encrypted", hint=BAD_HINT)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        text = "".join(self._text)
        above = self._path[-2] if len(self._path) > 1 else ""
        if tag == "Name" and above == "Group":
            self._groups[-1] = text
        elif tag in ("Key", "Value") and above == "String":
            self._pair[tag == "Value"] = text
        elif tag == "String" and self._fields:
            self._fields[-1][self._pair[0]] = (self._pair[1], self._hidden)
        elif tag == "Entry" and self._fields:
            fields = self._fields.pop()
            if not self._history:
                self.items.append(self._item(fields))
        elif tag == "Group" and self._groups:
            self._groups.pop()
        self._history -= tag == "History"
        self._path.pop()
        self._text = []

    def _item(self, fields: dict[str, tuple[str, bool]]) -> Item:
        def take(name: str) -> str:
            return fields.pop(name, ("", False))[0]

        # The outermost group is the database itself.
        item = Item(f"entry {len(self.items) + 1}", "/".join(self._groups[1:]), take("Title"))
        item.user, item.secret, notes = take("UserName"), take("Password"), take("Notes")
        item.about.append(("url", take("URL")))
        item.more.append(("totp", take("otp")))
        for name, (value, hidden) in fields.items():
            (item.more if hidden else item.about).append((name, value))
        take_notes(item, notes)
        return item


def read_keepassxc(data: bytes) -> Parsed:
    """An XML export of KeePassXC or KeePass, without document types and entities of its own."""
    found, parser = _KeePass(), expat.ParserCreate()

    def refuse(*_arguments: object) -> None:
        raise UsageProblem("the XML has a document type, which is not read", hint=BAD_HINT)

    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError):
        raise UsageProblem(
            f"line {parser.ErrorLineNumber}: this is not XML", hint=BAD_HINT
        ) from None
    if not found.items and b"<KeePassFile" not in data:
        raise UsageProblem("this is not an export of KeePassXC", hint=BAD_HINT)
    return collect(found.items)

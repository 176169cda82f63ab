"""Lists and tables, item by item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.tui.cells import PLAIN, Page, prose, value
from lango_cli.tui.draft import TABLE, Pairs
from lango_cli.tui.form import DEFAULT, Form, about, taken, typing, wrong
from lango_cli.tui.menu import BACK, Menu
from lango_cli.tui.question import dropping
from lango_cli.tui.rows import MARGIN, Typed, listed, moved

if TYPE_CHECKING:
    from lango_cli.tui.cells import Line
    from lango_cli.tui.draft import Field, Value

Item = str | tuple[str, str]
"""One member: of a list its text, of a table its name and text."""
EARLIER, LATER = "ctrl-p", "ctrl-n"


def whole(field: Field, items: tuple[Item, ...]) -> Value:
    """The items as the setting's value."""
    if field.shape == TABLE:
        return Pairs(tuple(item for item in items if isinstance(item, tuple)))
    return tuple(item for item in items if isinstance(item, str))


@dataclass(frozen=True, slots=True)
class ListForm(Form):
    """The items of a list or table; then what adds one, and what takes them all."""

    field: Field
    items: tuple[Item, ...]
    begun: tuple[Item, ...]
    at: int = 0
    said: str = ""

    def page(self, menu: Menu, width: int) -> Page:
        """The help, the items, what is wrong with them."""
        rows = [self._row(item, width - MARGIN) for item in self.items]
        rows += [prose(words, width - MARGIN) for words in ("Add an item", "Take this list")]
        before = about(menu, self.field, width)
        page = listed(before, rows, self.at)
        return (
            Page((*page.lines, *(prose(self.said, width, "error"))), page.focus)
            if self.said
            else page
        )

    def _row(self, item: Item, width: int) -> list[Line]:
        text = item if isinstance(item, str) else f"{item[0]} = {item[1]}"
        return value(f"- {text}", width)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        order = ", ^P/^N move it" if self.field.shape != TABLE else ""
        return f"Enter edits, ^K removes the item{order}, ^D default, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose, edit, move, remove, take."""
        if key == BACK:
            return dropping(menu, "the changes to this list")
        if key == DEFAULT:
            return taken(menu, self.field, None)
        if key == "enter":
            return self._enter(menu)
        if self.at < len(self.items) and key in (EARLIER, LATER, "ctrl-k", "delete"):
            return menu.shows(self._arranged(key))
        at = moved(self.at, key, len(self.items) + 2)
        return menu if at is None else menu.shows(replace(self, at=at))

    def _enter(self, menu: Menu) -> Menu:
        if self.at < len(self.items):
            return menu.opened(ItemForm.of(self.field, self.items[self.at], self.at))
        if self.at == len(self.items):
            return menu.opened(ItemForm.of(self.field, None, self.at))
        new = whole(self.field, self.items)
        said = wrong(menu, self.field, new)
        if said:
            return menu.shows(replace(self, said=said))
        return menu.back() if self.items == self.begun else taken(menu, self.field, new)

    def _arranged(self, key: str) -> ListForm:
        """Without the item, or with it a place earlier or later."""
        items = list(self.items)
        item = items.pop(self.at)
        at = self.at
        if key in (EARLIER, LATER):
            at = max(0, min(len(items), at + (1 if key == LATER else -1)))
            items.insert(at, item)
        return replace(self, items=tuple(items), at=at, said="")

    def typed(self, menu: Menu) -> bool:
        """Whether the items are others."""
        del menu
        return self.items != self.begun


@dataclass(frozen=True, slots=True)
class ItemForm(Form):
    """One item being typed: a text, or a name and a text."""

    field: Field
    place: int
    parts: tuple[Typed, ...]
    begun: tuple[str, ...]
    at: int = 0
    said: str = ""

    @classmethod
    def of(cls, field: Field, item: Item | None, place: int) -> ItemForm:
        """The form for this item, or for a new one."""
        new = ("", "") if field.shape == TABLE else ("",)
        texts = new if item is None else (item,) if isinstance(item, str) else item
        return cls(field, place, tuple(Typed(text, len(text)) for text in texts), texts)

    def page(self, menu: Menu, width: int) -> Page:
        """What an item is, its parts, what is wrong."""
        del menu
        lines = [*prose(self.field.doc, width), *prose(f"Takes: {self.field.takes}", width, "dim")]
        cursor = (0, 0)
        for number, part in enumerate(self.parts):
            label = ("Name:", "Text:")[number] if len(self.parts) > 1 else "Item:"
            page = typing([*lines, ((PLAIN, label),)], part, width, "")
            lines = list(page.lines)
            if number == self.at and page.cursor:
                cursor = page.cursor
        lines += prose(self.said, width, "error") if self.said else []
        return Page(tuple(lines), cursor=cursor)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        other = "Up/Down change the line, " if len(self.parts) > 1 else ""
        return f"{other}Enter takes it, ^U erases to the start, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Type, take."""
        if key == BACK:
            return dropping(menu, "what you typed")
        if key == "enter":
            return self._take(menu)
        if key in ("up", "down"):
            return menu.shows(replace(self, at=moved(self.at, key, len(self.parts)) or 0))
        part = self.parts[self.at].press(key)
        if part is None:
            return menu
        parts = (*self.parts[: self.at], part, *self.parts[self.at + 1 :])
        return menu.shows(replace(self, parts=parts, said=""))

    def _take(self, menu: Menu) -> Menu:
        texts = tuple(part.text for part in self.parts)
        if len(texts) > 1 and self.at == 0:
            return menu.shows(replace(self, at=1))
        below = menu.views[-2]
        if not isinstance(below, ListForm):
            return menu.back()
        item: Item = texts[0] if len(texts) == 1 else (texts[0], texts[1])
        items = (*below.items[: self.place], item, *below.items[self.place + 1 :])
        said = wrong(menu, self.field, whole(self.field, items))
        if said:
            return menu.shows(replace(self, said=said))
        added = self.place == len(below.items)
        return menu.back().shows(
            replace(below, items=items, at=self.place + 1 if added else self.place, said="")
        )

    def typed(self, menu: Menu) -> bool:
        """Whether something else stands in it."""
        del menu
        return tuple(part.text for part in self.parts) != self.begun

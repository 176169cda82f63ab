"""The forms: one setting with its help, and its value as a person changes it.

The rule: what is wrong with a value is said in the form, under the value, and it stays there to be
mended. A secret shows as stars; what it is shows on request, until the next key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.secret import SecretText
from lango_cli.tui.cells import BOLD, DIM, ERROR, MARK, PLAIN, Page, prose, value
from lango_cli.tui.draft import FREE, named, text_of
from lango_cli.tui.menu import BACK, Menu, View
from lango_cli.tui.question import dropping
from lango_cli.tui.rows import MARGIN, Typed, listed, moved

if TYPE_CHECKING:
    from lango_cli.tui.cells import Line
    from lango_cli.tui.draft import Field, Value

DEFAULT, REVEAL = "ctrl-d", "ctrl-r"
SWITCHES = ("true", "false")
EMPTY = Typed()


def about(menu: Menu, field: Field, width: int) -> list[Line]:
    """The help of a setting: what it is, what it takes, what counts now and why."""
    draft = menu.draft
    lines = [*prose(field.doc, width), ((PLAIN, ""),)]
    if field.takes:
        lines += prose(f"Takes:   {field.takes}", width, DIM)
    lines += value(f"Default: {text_of(field.default)}", width, DIM)
    changed = field.key in draft.changes
    now = f"{text_of(draft.value(field.key))}  ({draft.origin(field.key)})"
    lines += value(f"{'* ' if changed else ''}Now:     {now}", width, MARK if changed else PLAIN)
    if changed:
        lines += value(f"Before:  {text_of(draft.was(field.key))}", width, DIM)
    if field.home:
        lines += prose(f"Kept in: {field.home}", width, DIM)
    for note in field.notes:
        lines += prose(note, width, MARK)
    return [*lines, ((PLAIN, ""),)]


def taken(menu: Menu, field: Field, new: Value | None) -> Menu:
    """Back to the view below, with this value in the draft."""
    return menu.back(menu.draft.with_change(field.key, new))


def wrong(menu: Menu, field: Field, new: Value) -> str:
    """What is wrong with a value, or ""."""
    return menu.draft.check(field.key, new)


class Form(View):
    """What all forms of one setting have."""

    __slots__ = ()
    field: Field

    def title(self, menu: Menu) -> str:
        """Its key."""
        del menu
        return self.field.key


@dataclass(frozen=True, slots=True)
class Fixed(Form):
    """A setting that cannot be changed now: its help alone."""

    field: Field

    def page(self, menu: Menu, width: int) -> Page:
        """The help, and why."""
        return Page((*about(menu, self.field, width), *prose(self.field.fixed, width, ERROR)))

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Go back."""
        return menu.back() if key in (BACK, "enter") else menu


@dataclass(frozen=True, slots=True)
class ChoiceForm(Form):
    """One of several values."""

    field: Field
    choices: tuple[str, ...]
    at: int

    def page(self, menu: Menu, width: int) -> Page:
        """The help, then the choices."""
        rows = [value(choice, width - MARGIN) for choice in self.choices]
        return listed(about(menu, self.field, width), rows, self.at)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Up/Down choose, Enter takes it, ^D default, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose, take."""
        if key == BACK:
            return menu.back()
        if key == DEFAULT:
            return taken(menu, self.field, None)
        if key in ("enter", " "):
            new = self.choices[self.at]
            said = wrong(menu, self.field, new)
            return replace(menu, note=said) if said else taken(menu, self.field, new)
        at = moved(self.at, key, len(self.choices))
        return menu if at is None else menu.shows(replace(self, at=at))


def typing(before: list[Line], text: Typed, width: int, said: str, mask: bool = False) -> Page:
    """Lines, then a text that is being typed with what is wrong with it below."""
    lines, (row, column) = text.lines(width - MARGIN, mask)
    shown: list[Line] = [((PLAIN, ("> " if at == 0 else "  ") + line),)
                         for at, line in enumerate(lines)]  # fmt: skip
    told = prose(said, width, ERROR) if said else []
    return Page((*before, *shown, *told), cursor=(len(before) + row, MARGIN + column))


@dataclass(frozen=True, slots=True)
class ValueForm(Form):
    """A value that is typed: a text, a number, a duration."""

    field: Field
    text: Typed
    begun: str
    said: str = ""

    def page(self, menu: Menu, width: int) -> Page:
        """The help, the value, what is wrong with it."""
        return typing(about(menu, self.field, width), self.text, width, self.said)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Enter takes it, ^U erases to the start, ^D default, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Type, take."""
        if key == BACK:
            return dropping(menu, "what you typed")
        if key == DEFAULT:
            return taken(menu, self.field, None)
        if key == "enter":
            said = wrong(menu, self.field, self.text.text)
            if said:
                return menu.shows(replace(self, said=said))
            # What counts by a default or another layer is not kept a second time.
            same = self.text.text == self.begun
            return menu.back() if same else taken(menu, self.field, self.text.text)
        text = self.text.press(key)
        return menu if text is None else menu.shows(replace(self, text=text, said=""))

    def typed(self, menu: Menu) -> bool:
        """Whether something else stands in it."""
        del menu
        return self.text.text != self.begun


@dataclass(frozen=True, slots=True)
class SecretForm(Form):
    """A value that is not shown: typed anew, or revealed on request."""

    field: Field
    text: Typed = EMPTY
    bare: bool = False
    said: str = ""

    def page(self, menu: Menu, width: int) -> Page:
        """The help, what is kept if that was asked for, the stars, what is wrong."""
        before = about(menu, self.field, width)
        if menu.revealed and menu.revealed[0] == self.field.key:
            before += value(f"Value:   {menu.revealed[1].text()}", width, BOLD)
        before += prose("New value (Enter alone keeps it as it is):", width)
        return typing(before, self.text, width, self.said, mask=not self.bare)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        what = "what you typed" if self.text.text else "what is kept"
        return f"Enter takes it, ^R shows {what} until the next key, ^D default, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Type, take, reveal."""
        if key == BACK:
            return dropping(menu, "what you typed")
        if key == DEFAULT:
            return taken(menu, self.field, None)
        if key == REVEAL:
            return self._reveal(menu)
        if key == "enter":
            return self._take(menu)
        text = self.text.press(key)
        if text is None:
            return menu.shows(replace(self, bare=False))
        return menu.shows(replace(self, text=text, said="", bare=False))

    def _reveal(self, menu: Menu) -> Menu:
        kept = menu.draft.kept(self.field.key)
        if self.text.text:
            return menu.shows(replace(self, bare=True))
        if isinstance(kept, SecretText):
            return replace(menu, revealed=(self.field.key, kept))
        if kept is None:
            return replace(menu, note="no value is kept for it")
        return replace(menu, wish=self.field.key)

    def _take(self, menu: Menu) -> Menu:
        if not self.text.text:
            return menu.back()
        new = SecretText(self.text.text)
        said = wrong(menu, self.field, new)
        if said:
            return menu.shows(replace(self, said=said, bare=False))
        return taken(menu, self.field, new)

    def typed(self, menu: Menu) -> bool:
        """Whether something stands in it."""
        del menu
        return bool(self.text.text)


@dataclass(frozen=True, slots=True)
class Naming(View):
    """The name for the free part of settings such as `providers.<id>.apiKey`."""

    pattern: Field
    text: Typed = EMPTY
    said: str = ""

    def title(self, menu: Menu) -> str:
        """What is named."""
        del menu
        return f"Add to {self.pattern.key.partition(FREE)[0].rstrip('.')}"

    def page(self, menu: Menu, width: int) -> Page:
        """What the name is for, the name, what is wrong with it."""
        del menu
        before = [*prose(self.pattern.doc, width), ((PLAIN, ""),)]
        before += prose(f"The name that stands in {self.pattern.key}:", width)
        return typing(before, self.text, width, self.said)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Enter adds it, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Type, add."""
        if key == BACK:
            return dropping(menu, "what you typed")
        if key == "enter":
            made = named(self.pattern, self.text.text)
            said = menu.draft.check_name(made.key) if self.text.text else "a name is missing"
            if said:
                return menu.shows(replace(self, said=said))
            draft = menu.draft.with_name(self.pattern, self.text.text)
            return menu.back(draft, note=f"added; set its values: {made.key} and its like")
        text = self.text.press(key)
        return menu if text is None else menu.shows(replace(self, text=text, said=""))

    def typed(self, menu: Menu) -> bool:
        """Whether something stands in it."""
        del menu
        return bool(self.text.text)

"""Where one looks for a setting: the sections, the settings of one, and search as one types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.tui.cells import BOLD, DIM, MARK, PLAIN, Page, cells, prose, shown, value
from lango_cli.tui.draft import FREE, text_of
from lango_cli.tui.ending import leaving, reviewing
from lango_cli.tui.form import Naming
from lango_cli.tui.keys import PASTE
from lango_cli.tui.menu import BACK, Menu, View
from lango_cli.tui.rows import MARGIN, Typed, listed, moved
from lango_cli.tui.shapes import form_for

if TYPE_CHECKING:
    from lango_cli.tui.cells import Line
    from lango_cli.tui.draft import Draft, Field

INDENT = 4
_SEARCHED = "Search: "


def opening(menu: Menu, key: str) -> Menu:
    """The form that edits this setting, above the view."""
    return menu.opened(form_for(menu.draft, menu.draft.fields[key]))


def row(draft: Draft, field: Field, width: int) -> list[Line]:
    """A setting in a list: its key, its value, where that comes from; on one line if it fits."""
    changed = field.key in draft.changes
    mark = (MARK, "* " if changed else "")
    text, origin = shown(text_of(draft.value(field.key))), f"({draft.origin(field.key)})"
    whole = f"{mark[1]}{field.key}  {text}  {origin}"
    if cells(whole) <= width and "\n" not in whole:
        return [(mark, (BOLD, field.key), (PLAIN, f"  {text}  "), (DIM, origin))]
    first, *rest = value(mark[1] + field.key, width, BOLD)
    return [first, *rest, *value(text, width, indent=INDENT), *_aside(origin, width)]


def _aside(text: str, width: int) -> list[Line]:
    return [((DIM, " " * INDENT + line[0][1]),) for line in prose(text, width - INDENT)]


def names(draft: Draft) -> list[str]:
    """The sections by name; those that so far have nothing but names to add, too."""
    return sorted({field.section for field in (*draft.fields.values(), *draft.patterns)})


@dataclass(frozen=True, slots=True)
class Sections(View):
    """All sections: where the menu opens."""

    at: int = 0

    def title(self, menu: Menu) -> str:
        """The menu's name, and the profile that it edits."""
        profile = menu.draft.profile
        return f"lango settings, profile {profile}" if profile else "lango settings"

    def page(self, menu: Menu, width: int) -> Page:
        """A row for each section, then how to end."""
        rows = [self._row(menu.draft, name, width - MARGIN) for name in names(menu.draft)]
        count = len(menu.draft.changes)
        rows.append(prose(f"Review and save ({count} changed)", width - MARGIN))
        rows.append(prose("Leave", width - MARGIN))
        return listed((), rows, self.at)

    def _row(self, draft: Draft, name: str, width: int) -> list[Line]:
        mine = [field.key for field in draft.fields.values() if field.section == name]
        changed = sum(key in draft.changes for key in mine)
        mark = f"* {changed} changed of " if changed else ""
        return prose(f"{name}  ({mark}{len(mine)})", width)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Type to search, Up/Down choose, Enter opens, ^X review and save, Esc leaves"

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose a section or an ending; what is typed begins a search."""
        found = names(menu.draft)
        if key == BACK:
            return leaving(menu)
        if key == "enter" and self.at < len(found):
            return menu.opened(Section(found[self.at]))
        if key == "enter":
            return reviewing(menu) if self.at == len(found) else leaving(menu)
        return _chosen(menu, self, key, len(found) + 2)


@dataclass(frozen=True, slots=True)
class Section(View):
    """The settings of one section, and the names that can be added to it."""

    name: str
    at: int = 0

    def title(self, menu: Menu) -> str:
        """Its name."""
        del menu
        return self.name

    def page(self, menu: Menu, width: int) -> Page:
        """A row for each setting, then one for each kind of name that can be added."""
        draft = menu.draft
        rows = [row(draft, field, width - MARGIN) for field in self._fields(draft)]
        rows += [
            prose(f"Add: {field.key.partition(FREE)[0]}{FREE}{_free(field)}", width - MARGIN)
            for field in self._patterns(draft)
        ]
        return listed((), rows, self.at)

    def _fields(self, draft: Draft) -> list[Field]:
        mine = (field for field in draft.fields.values() if field.section == self.name)
        return sorted(mine, key=lambda field: field.key)

    def _patterns(self, draft: Draft) -> list[Field]:
        """One for each prefix before a free part."""
        mine = {field.key.partition(FREE)[0]: field for field in reversed(draft.patterns)
                if field.section == self.name}  # fmt: skip
        return [mine[prefix] for prefix in sorted(mine)]

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return (
            "Type to search, Up/Down choose, Enter opens, ^D default, ^X review and save, Esc back"
        )

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose a setting; what is typed begins a search."""
        fields, patterns = self._fields(menu.draft), self._patterns(menu.draft)
        if key == BACK:
            return menu.back()
        if key == "enter" and self.at < len(fields):
            return opening(menu, fields[self.at].key)
        if key == "enter" and self.at < len(fields) + len(patterns):
            return menu.opened(Naming(patterns[self.at - len(fields)]))
        if key == "ctrl-d" and self.at < len(fields):
            return defaulted(menu, fields[self.at])
        return _chosen(menu, self, key, len(fields) + len(patterns))


def defaulted(menu: Menu, field: Field) -> Menu:
    """The setting without a value of its own; a change like others, saved by the summary only."""
    if field.fixed:
        return replace(menu, note=field.fixed)
    return replace(menu, draft=menu.draft.with_change(field.key, None))


def _free(field: Field) -> str:
    return field.key.partition(FREE)[2].partition(">")[0] + ">"


def _chosen(menu: Menu, view: Sections | Section, key: str, count: int) -> Menu:
    if len(key) == 1 or key.startswith(PASTE):
        begun = Typed().press(key)
        return menu.opened(Search(begun)) if begun else menu
    at = moved(view.at, key, count)
    return menu if at is None else menu.shows(replace(view, at=at))


@dataclass(frozen=True, slots=True)
class Search(View):
    """All settings that have the typed words in key, documentation or value."""

    text: Typed
    at: int = 0

    def title(self, menu: Menu) -> str:
        """How many were found."""
        count = len(found(menu.draft, self.text.text))
        return f"Search: {count} of {len(menu.draft.fields)} settings"

    def page(self, menu: Menu, width: int) -> Page:
        """What was typed, then a row for each setting found."""
        lines, _ = self.text.lines(width - len(_SEARCHED))
        before: list[Line] = [
            ((PLAIN, _SEARCHED + lines[0] + ("_" if _has_room(lines, width) else "")),)
        ]
        before += [((PLAIN, " " * len(_SEARCHED) + line),) for line in lines[1:]]
        fields = found(menu.draft, self.text.text)
        rows = [row(menu.draft, field, width - MARGIN) for field in fields]
        return listed(before, rows, self.at)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Type words, Up/Down choose, Enter opens, ^D default, ^X review and save, Esc back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Type, choose, open."""
        fields = found(menu.draft, self.text.text)
        if key == BACK:
            return menu.back()
        if key == "enter" and fields:
            return opening(menu, fields[self.at].key)
        if key == "ctrl-d" and fields:
            return defaulted(menu, fields[self.at])
        at = moved(self.at, key, len(fields)) if fields and key in ("up", "down") else None
        if at is not None:
            return menu.shows(replace(self, at=at))
        text = self.text.press(key)
        return menu if text is None else menu.shows(Search(text))


def _has_room(lines: list[str], width: int) -> bool:
    return len(lines) == 1 and cells(lines[0]) < width - len(_SEARCHED)


def found(draft: Draft, text: str) -> list[Field]:
    """The settings with all these words; those with them in their keys first.

    Of these, first the ones where each word begins a part of the key: `ttl` is more likely meant
    for `unlock.ttl` than for `settlement`. A `/` in front, as other programs want it, is no word.
    """
    words = text.casefold().removeprefix("/").split()
    named, told = [], []
    for field in draft.fields.values():
        key = field.key.casefold()
        if all(word in key for word in words):
            named.append(field)
        elif all(word in _told(draft, field) for word in words):
            told.append(field)
    named.sort(key=lambda field: not all(_begins(word, field.key) for word in words))
    return named + told


def _begins(word: str, key: str) -> bool:
    """Whether a part of the key, after a dot or at a capital letter, begins with this word."""
    at = key.casefold().find(word)
    while at > 0 and key[at - 1] != "." and not key[at].isupper():
        at = key.casefold().find(word, at + 1)
    return at >= 0


def _told(draft: Draft, field: Field) -> str:
    value = text_of(draft.value(field.key))
    return f"{field.key} {field.doc} {value}".casefold()

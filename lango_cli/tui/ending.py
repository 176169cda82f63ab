"""How the menu ends: the summary, which alone can say save; leaving; what others changed too.

The rule: nobody can say yes to what they were not shown: a summary longer than the screen is read
to its end before it can be answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.tui.cells import BOLD, DIM, PLAIN, Page, prose, value
from lango_cli.tui.draft import counted, text_of
from lango_cli.tui.menu import BACK, LEAVE, SAVE, Menu, View, framed, scrolled
from lango_cli.tui.question import Question
from lango_cli.tui.rows import MARGIN, listed, moved

if TYPE_CHECKING:
    from lango_cli.tui.cells import Line
    from lango_cli.tui.draft import Clash, Draft, Value
    from lango_cli.tui.question import Answer

READING = -1
"""Where the choice of a summary stands while not all of it has been in sight."""
INDENT = 4


def leaving(menu: Menu) -> Menu:
    """The end, if nothing would be lost; else a question."""
    if not menu.at_stake:
        return replace(menu, ending=LEAVE)
    if isinstance(menu.view, Question):
        menu = menu.back()
    count = len(menu.draft.changes)
    what = f"changes of {counted(count)}" if count else "what you typed"
    answers: tuple[Answer, ...] = (
        ("No, stay", lambda same: same),
        ("Leave, and save nothing", lambda same: replace(same, ending=LEAVE)),
    )
    return menu.opened(Question(f"Leave without saving {what}?", answers))


def reviewing(menu: Menu) -> Menu:
    """The summary, once nothing is half done."""
    if any(isinstance(view, Conflicts) for view in menu.views):
        return replace(menu, note="choose first which of the two values counts")
    if any(view.typed(menu) for view in menu.views):
        return replace(menu, note="take what you typed first (Enter), or drop it (Esc)")
    if not menu.draft.changes:
        return replace(menu, note="nothing was changed")
    if isinstance(menu.view, Summary):
        return menu
    if isinstance(menu.view, Question):
        menu = menu.back()
    opened = menu.opened(Summary())
    return opened if framed(opened).last == 0 else opened.shows(Summary(READING))


def told(draft: Draft, width: int) -> list[Line]:
    """Each change: the key, where it goes, its value before and after; secrets are not shown."""
    lines: list[Line] = []
    for key, new in draft.changes.items():
        lines += value(key, width, BOLD)
        lines += prose(f"in {draft.fields[key].home}", width, DIM)
        lines += value(f"before: {_before(draft, key)}", width, indent=INDENT)
        lines += _stands("after ", new, width)
        if new is None:
            lines += _stands("so the default counts", draft.fields[key].default, width)
        lines.append(((PLAIN, ""),))
    return lines


def _before(draft: Draft, key: str) -> str:
    """The value that is replaced; where none is kept, what counted instead and why."""
    kept = draft.was(key)
    found = draft.standing.get(key)
    if kept is not None or found is None:
        return text_of(kept)
    return f"{text_of(found.value)}  ({found.origin})"


def _stands(label: str, what: Value | None, width: int) -> list[Line]:
    """`label: value`; a long value goes on below, as far in."""
    return value(f"{label}: {text_of(what)}", width, indent=INDENT)


@dataclass(frozen=True, slots=True)
class Summary(View):
    """All changes, and the one question whose yes saves."""

    at: int = 0

    def title(self, menu: Menu) -> str:
        """What it is."""
        return f"Summary: {counted(len(menu.draft.changes))} to be changed"

    def page(self, menu: Menu, width: int) -> Page:
        """The changes, then the answers."""
        rows: list[list[Line]] = [
            prose(words, width - MARGIN) for words in ("Save", "Go back, change more")
        ]
        return listed(told(menu.draft, width), rows, self.at)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        if self.at == READING:
            return "Down and PgDn read on; at the end you can save; Esc goes back"
        return "Up/Down choose, Enter answers, Esc goes back"

    def press(self, menu: Menu, key: str) -> Menu:
        """Read on, choose, answer."""
        if key == BACK:
            return menu.back()
        if self.at == READING:
            return self._read(menu, key)
        if key == "enter":
            return replace(menu, ending=SAVE) if self.at == 0 else menu.back()
        if key == "up" and self.at == 0 and framed(menu).last:
            return menu.shows(Summary(READING))
        at = moved(self.at, key, 2)
        return menu if at is None else menu.shows(Summary(at))

    def _read(self, menu: Menu, key: str) -> Menu:
        frame = framed(menu)
        if key == "up":
            return scrolled(menu, -1)
        if key != "down":
            return menu
        ended = frame.start(menu.scroll) >= frame.last
        return menu.shows(Summary(0)) if ended else scrolled(menu, 1)


@dataclass(frozen=True, slots=True)
class Conflicts(View):
    """Keys that were changed here and elsewhere; one after another, which value counts."""

    clashes: tuple[Clash, ...]
    number: int = 0
    at: int = 0

    @property
    def _clash(self) -> Clash:
        return self.clashes[self.number]

    def title(self, menu: Menu) -> str:
        """Which one of how many."""
        del menu
        return f"Changed elsewhere too ({self.number + 1} of {len(self.clashes)})"

    def page(self, menu: Menu, width: int) -> Page:
        """The three values, and the choice."""
        del menu
        clash = self._clash
        before = [
            *value(clash.key, width, BOLD),
            *_stands("before", clash.was, width),
            ((PLAIN, ""),),
        ]
        rows = [
            value(f"Yours:  {text_of(clash.mine)}", width - MARGIN),
            value(f"Theirs: {text_of(clash.theirs)}", width - MARGIN),
        ]
        return listed(before, rows, self.at)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Up/Down choose, Enter takes that value, Ctrl-C leaves"

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose; after the last one comes the summary."""
        if key == BACK:
            return leaving(menu)
        if key != "enter":
            at = moved(self.at, key, 2)
            return menu if at is None else menu.shows(replace(self, at=at))
        draft = menu.draft
        if self.at == 1:
            draft = draft.with_change(self._clash.key, self._clash.theirs)
        menu = replace(menu, draft=draft)
        if self.number + 1 < len(self.clashes):
            return menu.shows(replace(self, number=self.number + 1, at=0))
        return reviewing(menu.back())

    def typed(self, menu: Menu) -> bool:
        """A choice that was not made yet."""
        del menu
        return True

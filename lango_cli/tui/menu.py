"""The menu as a state, and the screen that shows it.

The rule: a menu is a value, and what draws it is a function of it. Views are a stack: the last one
is shown, Esc goes back to the one below. What keys do everywhere is `machine`'s. Why no library
of prompts: those draw one question after another and take asyncio and its start for it, where a
search redraws at each key, a resize keeps the place, and a test has to press any key in any state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.tui.cells import BOLD, DIM, ERROR, LEAST, Page, prose

if TYPE_CHECKING:
    from lango_cli.secret import SecretText
    from lango_cli.tui.cells import Line
    from lango_cli.tui.draft import Draft

SAVE, LEAVE = "save", "leave"
BACK, INTERRUPT, REVIEW = "esc", "ctrl-c", "ctrl-x"
LOW = 3
"""Lines of the page below which the foot gives way."""


class View:
    """One screenful of the menu; each kind draws itself and knows its keys."""

    __slots__ = ()

    def title(self, menu: Menu) -> str:
        """What stands above it."""
        raise NotImplementedError

    def page(self, menu: Menu, width: int) -> Page:
        """What stands in it, at this width."""
        raise NotImplementedError

    def keys(self, menu: Menu) -> str:
        """Which keys do what, for the foot."""
        raise NotImplementedError

    def press(self, menu: Menu, key: str) -> Menu:
        """The menu after this key."""
        raise NotImplementedError

    def typed(self, menu: Menu) -> bool:
        """Whether leaving the view would lose something that was typed in it."""
        del menu
        return False


@dataclass(frozen=True, slots=True)
class Menu:
    """The whole state. `ending` is SAVE or LEAVE once it is over; `wish` a key to be revealed."""

    draft: Draft
    views: tuple[View, ...]
    width: int = 80
    height: int = 24
    scroll: int = 0
    note: str = ""
    ending: str = ""
    wish: str = ""
    revealed: tuple[str, SecretText] | None = None

    @property
    def view(self) -> View:
        """The view that is shown."""
        return self.views[-1]

    @property
    def columns(self) -> int:
        """The width that lines are made for."""
        return max(self.width, LEAST)

    def opened(self, view: View) -> Menu:
        """The same with this view above the others."""
        return replace(self, views=(*self.views, view), scroll=0, note="", revealed=None)

    def shows(self, view: View, note: str = "") -> Menu:
        """The same with this view in the place of the last one."""
        return replace(self, views=(*self.views[:-1], view), note=note)

    def back(self, draft: Draft | None = None, note: str = "") -> Menu:
        """The view below, with this draft if there is a new one."""
        return replace(
            self,
            views=self.views[:-1],
            draft=draft or self.draft,
            scroll=0,
            note=note,
            revealed=None,
        )

    @property
    def at_stake(self) -> bool:
        """Whether leaving now would lose anything."""
        return bool(self.draft.changes) or any(view.typed(self) for view in self.views)


@dataclass(frozen=True, slots=True)
class Screen:
    """What the terminal shall show: as many lines as it has at most, and where its cursor is."""

    lines: tuple[Line, ...]
    cursor: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """How the screen is shared out: head, what is said, foot, and `room` lines for the page."""

    head: list[Line]
    said: list[Line]
    foot: list[Line]
    page: Page
    room: int

    @property
    def last(self) -> int:
        """The first line in sight when the page is scrolled to its end."""
        return max(0, len(self.page.lines) - self.room)

    def start(self, scroll: int) -> int:
        """The first line in sight: the focus is, unless it was scrolled away."""
        near = 0
        if self.page.cursor is not None:
            near = self.page.cursor[0] - self.room // 2
        elif self.page.focus is not None:
            first, end = self.page.focus
            near = min(first, max(end - self.room + 1, first - self.room // 2))
        return max(0, min(self.last, max(0, min(self.last, near)) + scroll))


def framed(menu: Menu) -> Frame:
    """The screen shared out; on a low one the foot gives way to the page."""
    width = menu.columns
    head = prose(menu.view.title(menu), width, BOLD)
    foot = prose(menu.view.keys(menu), width, DIM)
    said = prose(menu.note, width, ERROR) if menu.note else []
    room = menu.height - len(head) - len(said) - 2
    if room - len(foot) < LOW:
        foot = []
    return Frame(head, said, foot, menu.view.page(menu, width), max(1, room - len(foot)))


def render(menu: Menu) -> Screen:
    """The screen. What does not fit is counted above and below, and scrolls into sight."""
    frame = framed(menu)
    start = frame.start(menu.scroll)
    shown = frame.page.lines[start : start + frame.room]
    below = len(frame.page.lines) - start - len(shown)
    above: Line = ((DIM, f"({start} above: PgUp)" if start else ""),)
    under: Line = ((DIM, f"({below} below: PgDn)" if below else ""),)
    lines = (*frame.head, above, *shown, under, *frame.said, *frame.foot)
    cursor = frame.page.cursor
    if cursor is None or not start <= cursor[0] < start + len(shown):
        return Screen(lines[: menu.height])
    return Screen(lines[: menu.height], (cursor[0] - start + len(frame.head) + 1, cursor[1]))


def scrolled(menu: Menu, lines: int) -> Menu:
    """The same, so many lines further down, as far as there are any."""
    frame = framed(menu)
    at = max(0, min(frame.last, frame.start(menu.scroll) + lines))
    return replace(menu, scroll=at - frame.start(0))

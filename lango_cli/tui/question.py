"""A question over the view it is about: the first answer is the one that loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lango_cli.tui.cells import Page, prose
from lango_cli.tui.menu import BACK, Menu, View
from lango_cli.tui.rows import MARGIN, listed, moved

Answer = tuple[str, Callable[[Menu], Menu]]
"""An answer's words, and what becomes of the menu without the question."""


@dataclass(frozen=True, slots=True)
class Question(View):
    """Asks; Esc is the first answer, which stays."""

    text: str
    answers: tuple[Answer, ...]
    at: int = 0

    def title(self, menu: Menu) -> str:
        """The question."""
        del menu
        return self.text

    def page(self, menu: Menu, width: int) -> Page:
        """The answers."""
        del menu
        rows = [prose(words, width - MARGIN) for words, _ in self.answers]
        return listed((), rows, self.at)

    def keys(self, menu: Menu) -> str:
        """Which keys do what."""
        del menu
        return "Up/Down choose, Enter answers, Esc stays"

    def press(self, menu: Menu, key: str) -> Menu:
        """Choose or answer."""
        if key == BACK:
            return menu.back()
        if key == "enter":
            return self.answers[self.at][1](menu.back())
        at = moved(self.at, key, len(self.answers))
        return menu if at is None else menu.shows(replace(self, at=at))


def dropping(menu: Menu, what: str) -> Menu:
    """Back from a view; a question first if something typed in it would be lost."""
    if not menu.view.typed(menu):
        return menu.back()
    answers: tuple[Answer, ...] = (
        ("No, go on with it", _same),
        (f"Yes, drop {what}", lambda without: without.back()),
    )
    return menu.opened(Question(f"Drop {what}?", answers))


def _same(menu: Menu) -> Menu:
    return menu

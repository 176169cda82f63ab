"""What a key does to the menu, whichever view is shown.

The rule: the only way to `SAVE` is the yes of the summary (`ending`); Ctrl-C, and Esc out of the
first view, end the menu at once only if nothing was changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lango_cli.tui.ending import Conflicts, leaving, reviewing
from lango_cli.tui.menu import INTERRUPT, REVIEW, Menu, framed, scrolled
from lango_cli.tui.sections import Sections

if TYPE_CHECKING:
    from lango_cli.tui.draft import Draft


def begin(draft: Draft, width: int = 80, height: int = 24) -> Menu:
    """The menu as it opens."""
    return Menu(draft, (Sections(),), width, height)


def press(menu: Menu, key: str) -> Menu:
    """The menu after this key."""
    menu = replace(menu, wish="", note="")
    if key in ("pageup", "pagedown"):
        step = max(1, framed(menu).room - 1)
        return scrolled(menu, -step if key == "pageup" else step)
    if key == INTERRUPT:
        return leaving(menu)
    if key == REVIEW:
        return reviewing(menu)
    before = menu.scroll
    pressed = menu.view.press(replace(menu, revealed=None), key)
    return pressed if pressed.scroll != before else replace(pressed, scroll=0)


def resized(menu: Menu, width: int, height: int) -> Menu:
    """The same on a terminal of another size."""
    return replace(menu, width=width, height=height, scroll=0)


def brought_together(menu: Menu, fresh: Draft) -> Menu:
    """The same upon settings that were read anew, after they were changed elsewhere too.

    Where both changed one key to different values, a person is asked first; then the summary
    comes again, since it is another one.
    """
    draft, others, clashes = menu.draft.merged(fresh)
    menu = begin(draft, menu.width, menu.height)
    said = f"changed elsewhere meanwhile: {', '.join(others)}"
    if clashes:
        return replace(menu.opened(Conflicts(tuple(clashes))), note=said)
    return replace(reviewing(menu), note=said)

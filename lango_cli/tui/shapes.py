"""Which form edits which setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.tui.draft import CHOICE, LIST, SECRET, SWITCH, TABLE, Pairs
from lango_cli.tui.form import SWITCHES, ChoiceForm, Fixed, SecretForm, ValueForm
from lango_cli.tui.items import ListForm
from lango_cli.tui.rows import Typed

if TYPE_CHECKING:
    from lango_cli.tui.draft import Draft, Field
    from lango_cli.tui.items import Item
    from lango_cli.tui.menu import View


def form_for(draft: Draft, field: Field) -> View:
    """The form that edits a setting of this shape, with its value in it."""
    now = draft.value(field.key)
    if field.fixed:
        return Fixed(field)
    if field.shape in (SWITCH, CHOICE):
        choices = field.choices or SWITCHES
        return ChoiceForm(field, choices, choices.index(now) if now in choices else 0)
    if field.shape in (LIST, TABLE):
        items: tuple[Item, ...] = now if isinstance(now, tuple) else ()
        if isinstance(now, Pairs):
            items = now.members
        return ListForm(field, items, items)
    if field.shape == SECRET:
        return SecretForm(field)
    begun = now if isinstance(now, str) else ""
    return ValueForm(field, Typed(begun, len(begun)), begun)

"""The menu as a conversation: numbered choices and typed lines, for screen readers too.

The rule: nothing is drawn twice and nothing is moved; each step says what there is and asks one
question. Its methods are generators: they yield what to say and ask, and are sent the line that
was typed. As in the menu, only the yes after the summary saves, and leaving asks if anything was
changed.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.secret import SecretText
from lango_cli.tui.cells import plain, shown
from lango_cli.tui.draft import (
    CHOICE,
    FREE,
    LIST,
    SECRET,
    SWITCH,
    TABLE,
    Pairs,
    counted,
    named,
    text_of,
)
from lango_cli.tui.ending import told
from lango_cli.tui.form import SWITCHES
from lango_cli.tui.items import whole
from lango_cli.tui.menu import LEAVE, SAVE
from lango_cli.tui.sections import found, names

if TYPE_CHECKING:
    from lango_cli.tui.draft import Clash, Draft, Field, Value
    from lango_cli.tui.items import Item

WIDE = 10_000
"""Cells of a line here: the terminal itself goes on in the next one."""
YES = ("y", "yes")


@dataclass(frozen=True, slots=True)
class Ask:
    """What to say, line by line, and what to ask; `hidden`: the answer is not shown.

    `reveal`: a key whose secret is to be said before the question.
    """

    lines: tuple[str, ...]
    prompt: str
    hidden: bool = False
    reveal: str = ""


Talk = Generator[Ask, str, None]
Answer = Generator[Ask, str, str]


class Leaving(Exception):
    """The person wants out: thrown into the conversation at Ctrl-C."""


class Conversation:
    """One conversation about a draft; `ending` is SAVE or LEAVE once it is over."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.ending = ""
        self._line = ""
        self._half = False
        """Whether a list is changed and not taken yet."""

    def talk(self, clashes: tuple[Clash, ...] = (), said: str = "") -> Talk:
        """All of it; first of all what clashes with somebody else's changes."""
        for clash in clashes:
            yield from self._settle(clash)
        self._line = said
        while not self.ending:
            try:
                yield from self._top()
            except Leaving:
                self.ending = LEAVE
            if self.ending == LEAVE and (self.draft.changes or self._half):
                yield from self._stay()

    def _stay(self) -> Talk:
        """Leaving loses something: only a yes leaves; Ctrl-C here is no yes."""
        count = len(self.draft.changes)
        what = f"changes of {counted(count)}" if count else "what you typed"
        try:
            answer = yield from _ask((), f"Leave without saving {what}? [y/N]")
        except Leaving:
            answer = ""
        if answer.lower() not in YES:
            self.ending, self._half = "", False

    def _top(self) -> Talk:
        sections = names(self.draft)
        lines = [self._line, ""] if self._line else [""]
        lines += [f"{number}. {self._named(name)}" for number, name in enumerate(sections, 1)]
        self._line = ""
        prompt = "Number of a section, words to search, s to save, q to leave"
        answer = yield from _ask(tuple(lines), prompt)
        place = _number(answer, len(sections))
        if answer == "q":
            self.ending = LEAVE
        elif answer == "s":
            yield from self._review()
        elif place is not None:
            yield from self._section(sections[place])
        elif answer:
            keys = [field.key for field in found(self.draft, answer)]
            yield from self._list(f"Found for {shown(answer)}: {len(keys)}", keys)

    def _named(self, name: str) -> str:
        mine = [one.key for one in self.draft.fields.values() if one.section == name]
        changed = sum(key in self.draft.changes for key in mine)
        return f"{name}, {counted(len(mine))}" + (f", {changed} changed" if changed else "")

    def _section(self, name: str) -> Talk:
        fields = self.draft.fields.values()
        keys = sorted(one.key for one in fields if one.section == name)
        mine = [one for one in self.draft.patterns if one.section == name]
        patterns = {one.key.partition(FREE)[0]: one for one in mine}
        yield from self._list(name, keys, tuple(patterns.values()))

    def _list(self, head: str, keys: list[str], patterns: tuple[Field, ...] = ()) -> Talk:
        wrong: tuple[str, ...] = ()
        while True:
            lines = ["", head, *wrong]
            wrong = ()
            for number, key in enumerate(keys, 1):
                mark = "changed, " if key in self.draft.changes else ""
                lines.append(f"{number}. {mark}{key}: {self._said(key)}")
            lines += [f"{len(keys) + n}. add {one.key}" for n, one in enumerate(patterns, 1)]
            answer = yield from _ask(tuple(lines), "Number, or Enter to go back")
            if not answer:
                return
            place = _number(answer, len(keys) + len(patterns))
            if place is not None and place < len(keys):
                yield from self._edit(self.draft.fields[keys[place]])
            elif place is not None:
                before = set(self.draft.fields)
                yield from self._add(patterns[place - len(keys)])
                keys = sorted({*keys, *(set(self.draft.fields) - before)})
            else:
                wrong = (_strange(answer),)

    def _add(self, pattern: Field) -> Talk:
        answer = yield from _ask((pattern.doc,), f"The name that stands in {pattern.key}")
        if not answer:
            return
        if wrong := self.draft.check_name(named(pattern, answer).key):
            yield from _ask((f"Error: {wrong}",), "Enter to go on")
        else:
            self.draft = self.draft.with_name(pattern, answer)

    def _said(self, key: str) -> str:
        return f"{shown(text_of(self.draft.value(key)))} ({self.draft.origin(key)})"

    def _help(self, field: Field) -> tuple[str, ...]:
        lines = ["", field.key, field.doc]
        lines += [f"Takes: {field.takes}"] if field.takes else []
        lines += [f"Default: {shown(text_of(field.default))}", f"Now: {self._said(field.key)}"]
        lines += [f"Kept in: {field.home}"] if field.home else []
        return (*lines, *field.notes)

    def _put(self, field: Field, new: Value | None) -> None:
        self.draft = self.draft.with_change(field.key, new)

    def _edit(self, field: Field) -> Talk:
        lines = self._help(field)
        if field.fixed:
            yield from _ask((*lines, field.fixed), "Enter to go back")
        elif field.shape in (LIST, TABLE):
            yield from self._items(field, lines)
        elif field.shape == SECRET:
            yield from self._secret(field, lines)
        else:
            yield from self._value(field, lines)

    def _value(self, field: Field, lines: tuple[str, ...]) -> Talk:
        choices = (field.choices or SWITCHES) if field.shape in (SWITCH, CHOICE) else ()
        lines += tuple(f"{number}. {choice}" for number, choice in enumerate(choices, 1))
        what = "Number" if choices else "New value"
        while True:
            answer = yield Ask(lines, f"{what}, - for the default, Enter to keep it")
            place = _number(answer, len(choices))
            new = answer if place is None else choices[place]
            if not answer:
                return
            if answer == "-":
                return self._put(field, None)
            wrong = self.draft.check(field.key, new)
            if not wrong:
                return self._put(field, new)
            lines = (f"Error: {wrong}",)

    def _secret(self, field: Field, lines: tuple[str, ...]) -> Talk:
        reveal = ""
        while True:
            prompt = "n new value, r reveal, - default, Enter to go back"
            answer = (yield Ask(lines, prompt, reveal=reveal)).strip()
            lines, reveal = (), field.key if answer == "r" else ""
            if not answer:
                return
            if answer == "-":
                return self._put(field, None)
            if answer == "n":
                typed = yield Ask((), "New value, not shown", hidden=True)
                wrong = self.draft.check(field.key, SecretText(typed))
                if typed and not wrong:
                    return self._put(field, SecretText(typed))
                lines = (f"Error: {wrong}",) if typed else ()

    def _items(self, field: Field, lines: tuple[str, ...]) -> Talk:
        now = self.draft.value(field.key)
        items: list[Item] = list(now.members if isinstance(now, Pairs) else ())
        if isinstance(now, tuple):
            items = list(now)
        begun = list(items)
        while True:
            self._half = items != begun
            said = tuple(f"{n}. {_item(item)}" for n, item in enumerate(items, 1))
            prompt = (
                "Number to change, a add, d NUMBER remove, t take, - default, Enter to go back"
            )
            answer = yield from _ask((*lines, *(said or ("no items",))), prompt)
            lines = ()
            if answer in ("", "-", "t"):
                wrong = yield from self._taken(field, items, begun, answer)
                if not wrong:
                    self._half = False
                    return
                lines = (f"Error: {wrong}",)
            elif answer == "a":
                items.append((yield from _typed(field)))
            elif (place := _number(answer.removeprefix("d").strip(), len(items))) is not None:
                removed = answer.startswith("d")
                items[place : place + 1] = [] if removed else [(yield from _typed(field))]
            else:
                lines = (_strange(answer),)

    def _taken(self, field: Field, items: list[Item], begun: list[Item], answer: str) -> Answer:
        """Whether the list is done with: what is wrong, or "" if it is."""
        new: Value = whole(field, tuple(items))
        if answer == "-":
            self._put(field, None)
        elif items == begun:
            return ""
        elif not answer:
            sure = yield from _ask((), "Drop the changes to this list? [y/N]")
            return "" if sure.lower() in YES else "the list is changed and not taken yet"
        elif wrong := self.draft.check(field.key, new):
            return wrong
        else:
            self._put(field, new)
        return ""

    def _review(self) -> Talk:
        if not self.draft.changes:
            self._line = "nothing was changed"
            return
        lines = (
            "",
            f"{counted(len(self.draft.changes))} to be changed:",
            *plain(told(self.draft, WIDE)),
        )
        answer = yield from _ask(lines, "Save? [y/N]")
        if answer.lower() in YES:
            self.ending = SAVE
        else:
            self._line = "not saved"

    def _settle(self, clash: Clash) -> Talk:
        lines = (
            f"{clash.key} was changed elsewhere too",
            f"before: {shown(text_of(clash.was))}",
            f"1. yours: {shown(text_of(clash.mine))}",
            f"2. theirs: {shown(text_of(clash.theirs))}",
        )
        answer = ""
        while answer not in ("1", "2"):
            answer = yield from _ask(lines, "Which one counts, 1 or 2")
        if answer == "2":
            self.draft = self.draft.with_change(clash.key, clash.theirs)


def _ask(lines: tuple[str, ...], prompt: str) -> Answer:
    answer = yield Ask(lines, prompt)
    return answer.strip()


def _number(answer: str, count: int) -> int | None:
    """The place that a typed number means; None where it is none of them."""
    if answer.isascii() and answer.isdigit() and len(answer) < 10 and 1 <= int(answer) <= count:
        return int(answer) - 1
    return None


def _strange(answer: str) -> str:
    return f"Error: {shown(answer)} is none of these"


def _item(item: Item) -> str:
    return shown(item if isinstance(item, str) else f"{item[0]} = {item[1]}")


def _typed(field: Field) -> Generator[Ask, str, Item]:
    if field.shape == TABLE:
        name = yield from _ask((), "Name")
        return name, (yield Ask((), "Text"))
    return (yield Ask((), "Item"))

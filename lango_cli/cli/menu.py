"""`lango settings` without a subcommand: the menu, on a terminal or as a conversation.

The rule: the menu edits a draft and this saves it, after the yes of the summary. What goes wrong
while saving is said in the menu, which goes on with the same draft; what another process changed
meanwhile is brought together with it, and then there is another summary.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from lango_cli.cli.terminal import Terminal
from lango_cli.cli.ui import plain
from lango_cli.errors import Cancelled, Conflict, Interrupted, LangoError, UsageProblem
from lango_cli.tui.draft import counted
from lango_cli.tui.machine import begin, brought_together
from lango_cli.tui.menu import SAVE
from lango_cli.tui.plain import Leaving
from lango_cli.wiring import fallback, menus, onboarding

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.tui.draft import Clash, Draft
    from lango_cli.tui.menu import Menu
    from lango_cli.tui.plain import Ask, Talk

SCRIPTED = "use lango settings get, set, unset, list, describe, export or import"
STDIN = 0


def open_menu(call: Call, *, wordy: bool) -> None:
    """Show the menu and save what it ends with; UsageProblem where there is no terminal."""
    terminal = _terminal(call)
    dumb = call.ui.environment.get("TERM", "dumb") == "dumb"
    with call.vault() if onboarding.has_vault(call.flags) else nullcontext() as vault:
        opened = menus.Opened(call.flags, vault, lambda: call.vault(real=True))
        done = _talk(opened, terminal) if wordy or dumb else _draw(call, opened, terminal)
    if done.changes:
        call.ui.note(f"saved: {counted(len(done.changes))}")
    for text in opened.missing:
        call.ui.warn(f"{text}, which is not set yet")
    if opened.policy:
        call.ui.note(fallback.told(opened.policy))


def _terminal(call: Call) -> Terminal:
    if call.flags.no_input or not os.isatty(STDIN):
        raise UsageProblem("the menu needs a terminal on standard input", hint=SCRIPTED)
    found = call.ask
    if not isinstance(found, Terminal):
        raise UsageProblem("the menu needs a terminal", hint=SCRIPTED)
    return found


def _draw(call: Call, opened: menus.Opened, terminal: Terminal) -> Draft:
    from lango_cli.cli.menu_screen import Screen

    menu = begin(opened.read())
    colours = call.ui.colours(terminal.fd)
    while True:
        menu = Screen(terminal.fd, menu, colours=colours, reveal=opened.reveal).run()
        if menu.ending != SAVE:
            return _left(menu.draft)
        menu = replace(menu, ending="")
        try:
            opened.save(menu.draft)
        except Conflict:
            menu = brought_together(menu, opened.read())
        except LangoError as err:
            menu = _told(menu, err)
        else:
            return menu.draft


def _told(menu: Menu, err: LangoError) -> Menu:
    """The menu as it was, with what went wrong."""
    return replace(menu.back(), note=_why(err))


def _why(err: LangoError) -> str:
    return f"not saved: {err.message}" + (f" ({err.hint})" if err.hint else "")


def _left(draft: Draft) -> Draft:
    if draft.changes:
        raise Cancelled("nothing was saved")
    return draft


def _talk(opened: menus.Opened, terminal: Terminal) -> Draft:
    from lango_cli.tui.plain import Conversation

    talking = Conversation(opened.read())
    talk = talking.talk()
    while True:
        _converse(talk, opened, terminal)
        if talking.ending != SAVE:
            return _left(talking.draft)
        clashes: list[Clash] = []
        try:
            opened.save(talking.draft)
        except Conflict:
            draft, others, clashes = talking.draft.merged(opened.read())
            said = f"not saved: changed elsewhere meanwhile: {', '.join(others)}"
        except LangoError as err:
            draft, said = talking.draft, _why(err)
        else:
            return talking.draft
        talking = Conversation(draft)
        talk = talking.talk(tuple(clashes), said)


def _converse(talk: Talk, opened: menus.Opened, terminal: Terminal) -> None:
    """Say, ask, hand in the answer, until the conversation is over."""
    try:
        ask = next(talk)
        while True:
            try:
                answer = _answered(ask, opened, terminal)
            except (Interrupted, Cancelled):
                terminal.tell("")
                ask = talk.throw(Leaving())
            else:
                ask = talk.send(answer)
    except StopIteration:
        return


def _answered(ask: Ask, opened: menus.Opened, terminal: Terminal) -> str:
    for line in ask.lines:
        terminal.tell(line)
    if ask.reveal:
        terminal.tell(plain(opened.reveal(ask.reveal).text()))
    return terminal.secret(ask.prompt).text() if ask.hidden else terminal.line(ask.prompt)

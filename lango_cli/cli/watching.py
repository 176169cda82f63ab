"""`lango approve watch`: requests as they come, asked one after the other.

The rule: lines that follow one another, and no screen of its own: it reads the same on a dumb
terminal, at 40 columns, in a log and aloud. The oldest request is asked first; one that is
answered elsewhere, times out or loses its asker is taken back. Ctrl-C ends it without a word.
"""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

from lango_cli.cli.asking import Dialogue
from lango_cli.cli.terminal import open_terminal
from lango_cli.codec import rfc3339
from lango_cli.errors import LangoError, UsageProblem
from lango_cli.interceptor import answering
from lango_cli.wiring import approving

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.cli.terminal import Terminal
    from lango_cli.model_approval import Answer, Question
    from lango_cli.vault.vault import Vault

TICK = 0.25
"""Seconds between two looks at what waits."""


class Watcher:
    """One run of the command; `asks`: on the terminal, else it only tells."""

    def __init__(self, call: Call, vault: Vault, *, asks: bool) -> None:
        self._call = call
        self._vault = vault
        self._line = approving.line_of(call.flags, vault)
        self._terminal = self._person() if asks else None
        self._known: dict[str, Question] = {}
        self._done: set[str] = set()
        self._dialogue: Dialogue | None = None

    def _person(self) -> Terminal:
        terminal = None if self._call.flags.no_input else open_terminal()
        if terminal is None:
            raise UsageProblem("watch asks on a terminal, and there is none", hint="add --plain")
        return terminal

    def run(self) -> None:
        """Watch until Ctrl-C."""
        self._say("waiting for requests; Ctrl-C ends this")
        try:
            while True:
                self._look()
                self._wait()
        except KeyboardInterrupt:
            self._say("")
        finally:
            self._drop()
            if self._terminal is not None:
                self._terminal.close()

    def _look(self) -> None:
        """Take in what came and what went; ask the next."""
        found = {question.id: question for question in answering.pending(self._line)}
        for request in [name for name in self._known if name not in found]:
            self._ended(self._known.pop(request))
        for request, question in found.items():
            if request not in self._known and request not in self._done:
                self._known[request] = question
                self._arrived(question)
        if self._terminal is not None and self._dialogue is None and self._known:
            self._ask(self._terminal, next(iter(self._known.values())))

    def _wait(self) -> None:
        if self._dialogue is None or self._terminal is None:
            time.sleep(TICK)
        elif select.select([self._terminal.fd], [], [], TICK)[0]:
            answer = self._dialogue.ready()
            if answer is not None:
                self._answer(self._dialogue.question, answer)

    def _ask(self, terminal: Terminal, question: Question) -> None:
        dialogue = Dialogue(terminal.fd, terminal.tell, question, _anything, "watch")
        dialogue.begin()
        self._dialogue = dialogue

    def _answer(self, question: Question, answer: Answer) -> None:
        self._drop()
        self._known.pop(question.id, None)
        self._done.add(question.id)
        try:
            ending = approving.send(self._call.flags, self._vault, question, answer)
        except UsageProblem as err:
            # It still stands: what was said of it did not count.
            self._say(f"{err.message}; {err.hint}")
        except LangoError as err:
            self._say(err.message)
        else:
            self._say(f"request {question.id}: {ending}")

    def _arrived(self, question: Question) -> None:
        if self._terminal is None:
            until = rfc3339(question.until)
            self._say(f"{question.id} {question.tool} {question.level} until {until}")

    def _ended(self, question: Question) -> None:
        """It was answered elsewhere, timed out, or who asked is gone."""
        if self._dialogue is not None and self._dialogue.question.id == question.id:
            self._drop()
            self._say("")
        ending = self._vault.approvals.ending(question.id)
        by = f" by {ending.channel}" if ending and ending.channel else ""
        how = f"{ending.outcome.replace('_', ' ')}{by}" if ending else "gone, with who asked"
        self._say(f"request {question.id}: {how}")

    def _drop(self) -> None:
        if self._dialogue is not None:
            self._dialogue.end()
            self._dialogue = None

    def _say(self, text: str) -> None:
        if self._terminal is not None:
            self._terminal.tell(text)
        elif text:
            self._call.ui.lines([text])


def _anything(_answer: Answer) -> None:
    """Who asks judges the answer."""

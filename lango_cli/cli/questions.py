"""Questions with choices, drawn by questionary on the controlling terminal.

The rule: like every question they leave stdin and stdout alone; Ctrl-C interrupts, the end of
input cancels. Nothing secret is asked here: hidden lines are `cli.terminal`'s.
"""

from __future__ import annotations

import os
import textwrap
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import questionary
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from lango_cli.cli.terminal import TTY
from lango_cli.errors import Cancelled, FileProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from questionary import Choice, Question

    from lango_cli.cli.ui import Ui

NARROWEST = 20
"""Columns: below that, lines of whole words are no easier to read."""


class Questions:
    """A terminal that is open for questions; a context manager."""

    def __init__(self, screen: Ui) -> None:
        self._ui = screen
        self._stack = ExitStack()
        self._options: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            reading = self._stack.enter_context(open(TTY, encoding="utf-8"))
            writing = self._stack.enter_context(
                os.fdopen(os.open(TTY, os.O_WRONLY | os.O_NOCTTY), "w")
            )
        except OSError:
            self._stack.close()
            raise FileProblem("the terminal cannot be used", hint="use lango init") from None
        output = Vt100_Output.from_pty(writing)
        # Not every terminal answers where its cursor is, and nothing here needs to know.
        output.enable_cpr = False
        self._options = {"input": Vt100Input(reading), "output": output}
        if not self._ui.colours(writing.fileno()):
            self._options["color_depth"] = ColorDepth.DEPTH_1_BIT
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def several(self, text: str, choices: Sequence[Choice]) -> list[str]:
        """The values chosen, one at least."""
        question = questionary.checkbox(
            text,
            choices=choices,
            instruction="(space chooses, Enter ends)",
            validate=lambda chosen: bool(chosen) or "choose one at least",
            **self._options,
        )
        found: list[str] = _answer(question)
        return found

    def one(self, text: str, choices: Sequence[Choice], usual: str) -> str:
        """The value chosen."""
        question = questionary.select(text, choices=choices, default=usual, **self._options)
        found: str = _answer(question)
        return found

    def yes(self, text: str) -> bool:
        """Yes, which is the default, or no."""
        found: bool = _answer(
            questionary.confirm(self._folded(text), default=True, **self._options)
        )
        return found

    def _folded(self, text: str) -> str:
        """The text in lines of whole words, with room for the marks around it."""
        width = self._options["output"].get_size().columns - len("?  (Y/n) ")
        return textwrap.fill(text, max(width, NARROWEST), break_long_words=False)


def _answer(question: Question) -> Any:  # noqa: ANN401  # each kind of question has its own
    try:
        return question.unsafe_ask()
    except EOFError:
        raise Cancelled("no answer") from None

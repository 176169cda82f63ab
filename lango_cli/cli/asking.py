"""Approval on a terminal: the question as a person reads and answers it.

What lives here: the one call that a command makes before an action (`approve`), and `Dialogue`,
which puts one question on a terminal, for the channel `terminal` and for `lango approve watch`
alike. The rule: nobody can say yes to what they were not shown; what does not fit on the screen
comes a screen at a time, and until the last of it a yes does not count. Enter is no. What was
typed before the question is thrown away.
"""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

from lango_cli.cli import ui
from lango_cli.cli.modes import Asking
from lango_cli.cli.terminal import open_terminal
from lango_cli.codec import rfc3339
from lango_cli.errors import FileProblem, NotApplicable, UsageProblem
from lango_cli.interceptor.questions import page
from lango_cli.model_approval import ALWAYS, ONCE, SESSION, Answer
from lango_cli.wiring import approving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.cli.call import Call
    from lango_cli.cli.terminal import Terminal
    from lango_cli.model_approval import ApprovalRequest, Decision, Question
    from lango_cli.vault.vault import Vault

SPARE = 4
"""Rows that are left for the prompt."""
LEAST_ROWS = 6
CHUNK = 4096
YES = {"y": ONCE, "yes": ONCE, "s": SESSION, "session": SESSION, "a": ALWAYS, "always": ALWAYS}
NO = ("", "n", "no")
MORE = ("v", "view")


def approve(call: Call, vault: Vault, request: ApprovalRequest) -> Decision:
    """Whether this may go on: see `wiring.approving.approve`, which raises where it may not."""

    def person() -> TerminalChannel:
        return TerminalChannel(None if call.flags.no_input else open_terminal())

    return approving.approve(
        call.flags,
        vault,
        request,
        person=person,
        document=lambda question: ui.json_bytes(members(question)),
        note=call.ui.note,
        warn=call.ui.warn,
    )


def members(question: Question) -> dict[str, object]:
    """A question as JSON has it."""
    return {
        "id": question.id,
        "tool": question.tool,
        "level": question.level,
        "why": question.why,
        "origin": question.origin,
        "session": question.session,
        "asker": question.asker,
        "parameters": [{"name": name, "value": value} for name, value in question.parameters],
        "secrets": [{"name": name, "how": how} for name, how in question.secrets],
        "notes": list(question.notes),
        "digest": question.digest,
        "asked_at": rfc3339(question.asked),
        "until": rfc3339(question.until),
    }


class Dialogue:
    """One question on a terminal whose descriptor is `fd`; `tell` writes to it."""

    def __init__(
        self,
        fd: int,
        tell: Callable[[str, str], None],
        question: Question,
        check: Callable[[Answer], None],
        channel: str,
    ) -> None:
        self.question = question
        self._fd = fd
        self._tell = tell
        self._check = check
        self._channel = channel
        self._left = page(question)
        self._typed = bytearray()
        self._asking = Asking(fd, self._prompt, _nothing, echo=True, lines=True)

    def begin(self) -> None:
        """Show the first screen, and ask."""
        self._tell("", "\n")
        self._show()
        self._asking.__enter__()

    def end(self) -> None:
        """Leave the terminal as it was."""
        self._asking.__exit__(None, None, None)

    def ready(self) -> Answer | None:
        """Read what was typed; the answer, if it is one."""
        try:
            keys = os.read(self._fd, CHUNK)
        except OSError:
            raise FileProblem("the terminal cannot be used", hint="give --no-input") from None
        if not keys:
            return self._no("the terminal was closed")
        self._typed += keys
        if b"\n" not in keys:
            return None
        line = bytes(self._typed).partition(b"\n")[0].decode("utf-8", "replace").strip().lower()
        self._typed.clear()
        return self._understood(line)

    def _understood(self, line: str) -> Answer | None:
        if line in NO:
            return self._no("")
        if line in MORE and self._left:
            self._show()
        elif line in YES and self._left:
            self._tell(f"{len(self._left)} lines were not shown yet: v to see them.", "\n")
        elif line in YES:
            return self._yes(YES[line])
        self._prompt()
        return None

    def _no(self, why: str) -> Answer:
        return Answer(False, channel=self._channel, who=self._who(), why=why)

    def _yes(self, scope: str) -> Answer | None:
        answer = Answer(True, scope, self._channel, who=self._who())
        try:
            self._check(answer)
        except UsageProblem as err:
            self._tell(f"That cannot be: {err.message}.", "\n")
            self._prompt()
            return None
        return answer

    def _who(self) -> str:
        return f"uid {os.geteuid()} on {os.ttyname(self._fd)}"

    def _prompt(self) -> None:
        view = f", v view {len(self._left)} more lines" if self._left else ""
        session = ", s in this session" if self.question.session else ""
        self._tell(f"Allow? y once{session}, a always{view}, N no: ", "")

    def _show(self) -> None:
        """The next lines that fit on the screen; one at least."""
        columns, rows = _size(self._fd)
        room = max(rows - SPARE, LEAST_ROWS)
        while self._left:
            room -= _rows(self._left[0], columns)
            if room < 0:
                break
            self._tell(self._left.pop(0), "\n")
            if room == 0:
                break
        else:
            return
        if room < 0 and _rows(self._left[0], columns) > rows - SPARE:
            self._cut(columns * max(rows - SPARE, LEAST_ROWS))

    def _cut(self, cells: int) -> None:
        """Show the start of a line that is longer than the screen; the rest of it is a line."""
        self._tell(f"{self._left[0][:cells]}", "\n")
        self._left[0] = self._left[0][cells:]


class TerminalChannel:
    """The channel `terminal`: the asker's own, which a person has to trust by a setting."""

    name = "terminal"

    def __init__(self, terminal: Terminal | None) -> None:
        self._terminal = terminal
        self._dialogue: Dialogue | None = None

    def open(self, question: Question, check: Callable[[Answer], None]) -> None:
        """Ask there; NotApplicable without a terminal, or in its background."""
        terminal = self._terminal
        if terminal is None:
            raise NotApplicable("there is no terminal, or --no-input was given")
        if os.tcgetpgrp(terminal.fd) != os.getpgrp():
            raise NotApplicable("this command runs in the terminal's background")
        dialogue = Dialogue(terminal.fd, terminal.tell, question, check, self.name)
        dialogue.begin()
        self._dialogue = dialogue

    def filenos(self) -> Sequence[int]:
        """The terminal."""
        return () if self._dialogue is None or self._terminal is None else (self._terminal.fd,)

    def ready(self, fileno: int) -> Answer | None:
        """What was typed."""
        del fileno
        return None if self._dialogue is None else self._dialogue.ready()

    def close(self, ending: str) -> None:
        """Take the question back, and say what became of it if somebody else answered."""
        if self._dialogue is not None and self._terminal is not None:
            self._dialogue.end()
            if not ending.endswith(f"by {self.name}") and f"by {self.name}," not in ending:
                self._terminal.tell(f"\n{ending}")
            self._dialogue = None
        if self._terminal is not None:
            self._terminal.close()
            self._terminal = None


def _nothing() -> None:
    """Nothing has to be hidden when the question goes."""


def _size(fd: int) -> tuple[int, int]:
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24


def _rows(line: str, columns: int) -> int:
    """How many rows a line takes."""
    cells = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
    return max(1, -(-cells // columns))

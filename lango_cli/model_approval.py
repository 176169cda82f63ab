"""The shape of the doors that approval has: what is asked, who asks, what the answer was.

The rule: like `model`, value types and Protocols alone. A request is complete before it is asked:
what is not in it is not approved. A parameter's value may be secret; whoever shows one masks it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SAFE, MODERATE, DANGEROUS = "safe", "moderate", "dangerous"
LEVELS = (SAFE, MODERATE, DANGEROUS)
LOCAL, PEER = "local", "peer"
ONCE, SESSION, ALWAYS = "once", "session", "always"
ALLOWED, DENIED, TIMED_OUT, UNAVAILABLE = "allowed", "denied", "timed_out", "unavailable"


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """One action that may need a yes.

    `parameters` are JSON's types alone (texts, numbers, truth values, lists, maps with texts as
    names): all that decides what the action does, such as the whole argv and the working folder.
    `secrets` maps each secret's name to how it is handed over (`env TOKEN`, `stdin`, `file`).
    `level` is empty where nobody said: that counts as dangerous. `session` and `turn` are the
    caller's names for a conversation and one turn in it; empty where there is none.
    """

    tool: str
    parameters: Mapping[str, object]
    level: str = ""
    session: str = ""
    turn: str = ""
    origin: str = LOCAL
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an action may go on. `by` is `policy`, `grant`, `headless` or `person`.

    `channel` is how a person was asked, `grant` the id of the grant that was used or made;
    `request` the request's id where one was asked.
    """

    by: str
    why: str
    channel: str = ""
    grant: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A request as a person sees it: masked, complete, with what the person must know to judge.

    `parameters` are lines of name and value, in which no character is invisible. `digest` is that
    of the action itself, in hex. `asked` and `until` are seconds since 1970 UTC.
    """

    id: str
    tool: str
    level: str
    why: str
    origin: str
    session: str
    asker: str
    parameters: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    digest: str
    asked: float
    until: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `likes` maps parameter paths to patterns, for `always` alone.

    `seconds` is how long an `always` lasts (0: as the settings say); `who` says for the audit log
    who answered, as far as the system tells.
    """

    allow: bool
    scope: str = ONCE
    channel: str = ""
    likes: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 0
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes that lasts: for one digest, or with `likes` for what fits; times are seconds UTC.

    `leaves` are the parameters that were shown (`interceptor.actions`), by path.
    """

    id: str
    tool: str
    origin: str
    scope: str
    session: str
    digest: str
    leaves: Mapping[str, str]
    likes: Mapping[str, str]
    secrets: Mapping[str, str]
    created: float
    expires: float
    used: float | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended: what the log and a late answer are told."""

    id: str
    outcome: str
    channel: str
    at: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision to be kept: what was asked, how it ended, in which turn, by which grant.

    `keep` is a grant that the answer made; `used` the id of one that decided.
    """

    ending: Ending
    tool: str
    digest: str
    turn: str
    detail: str
    keep: Grant | None = None
    used: str = ""


class ApprovalMemory(Protocol):
    """What a vault keeps of decisions: grants, how requests ended, and the audit log."""

    def grants(self) -> Sequence[Grant]:
        """Every grant that has not expired, the oldest first."""

    def outcomes(self, turn: str, digest: str) -> Sequence[str]:
        """How this action ended before in this turn, the oldest first."""

    def record(self, entry: Entry) -> bool:
        """Keep a decision with its audit record, at once; False if the grant used is gone."""

    def ending(self, request: str) -> Ending | None:
        """How the request with this id ended; None where that is not known (any more)."""


class ApprovalChannel(Protocol):
    """One way to reach a person: a terminal, a notification, a program, later a page.

    Several are open at once and the first answer counts, so none of them may wait: the asker
    waits for all `filenos` together and calls `ready` when one of them can be read.
    """

    @property
    def name(self) -> str:
        """As in the setting of the channels."""

    def open(self, question: Question, check: Callable[[Answer], None]) -> None:
        """Put the question; NotApplicable with the reason where this channel cannot.

        `check` raises UsageProblem for an answer that cannot be; the person is told, and the
        question stands.
        """

    def filenos(self) -> Sequence[int]:
        """What to wait for, asked anew before each wait; empty when the channel has gone."""

    def ready(self, fileno: int) -> Answer | None:
        """Take what came on this one; the answer if that was it."""

    def close(self, ending: str) -> None:
        """Take the question back; `ending` says in a few words what became of it."""

"""The gate: whether an action may go on, by rule, by grant, or by asking.

The rule: everything that is not a yes is a no. A channel that breaks, a question that nobody
answers, a record that cannot be written: the action does not happen. An action that was denied in
a turn stays denied in it, and one that nobody answered is asked three times in a turn at most, so
that nobody is worn down by being asked again. The decision is kept before it is told.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.config.setting import is_tool
from lango_cli.crypto.mac import digest, pack, random_bytes
from lango_cli.errors import (
    ApprovalDenied,
    ApprovalTimedOut,
    InvalidSetting,
    NotApplicable,
    UsageProblem,
)
from lango_cli.interceptor import policy
from lango_cli.interceptor.actions import Action, action_of, visible
from lango_cli.interceptor.grants import check_likes, covers
from lango_cli.interceptor.questions import question_of
from lango_cli.model_approval import (
    ALLOWED,
    ALWAYS,
    DENIED,
    LOCAL,
    ONCE,
    PEER,
    SESSION,
    TIMED_OUT,
    UNAVAILABLE,
    Decision,
    Ending,
    Entry,
    Grant,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.interceptor.actions import Mask
    from lango_cli.interceptor.policy import Rules, Verdict
    from lango_cli.model_approval import (
        Answer,
        ApprovalChannel,
        ApprovalMemory,
        ApprovalRequest,
        Question,
    )

TIMEOUTS = 3
"""How often one action may go unanswered in one turn."""
SESSION_SECONDS = 12 * 3600
"""How long a yes for a session lasts at most."""
LONGEST = 366 * 86_400
"""How long a grant can last, in seconds."""
ID_BYTES = 6
WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a gate asks: channels in their order, seconds to wait, and what a grant lasts."""

    channels: Sequence[ApprovalChannel]
    timeout: float
    grant_seconds: int
    headless: bool = False
    asker: str = ""


class Gate:
    """Decides whether an action may go on. `warn` says what must not be overlooked."""

    def __init__(
        self,
        rules: Rules,
        memory: ApprovalMemory,
        ways: Ways,
        mask: Mask,
        clock: Callable[[], float],
        warn: Callable[[str], None],
    ) -> None:
        if not 1 <= ways.timeout <= 86_400:
            raise InvalidSetting(
                "security.interceptor.approvalTimeoutSec is not from 1 to 86400",
                hint="a question that nobody answers has to end",
            )
        self._rules = rules
        self._memory = memory
        self._ways = ways
        self._mask = mask
        self._clock = clock
        self._warn = warn

    def decide(self, request: ApprovalRequest) -> Decision:
        """The decision that allows it; ApprovalDenied or ApprovalTimedOut otherwise."""
        verdict = policy.judge(self._rules, request.tool, request.level)
        if verdict.rule == "off":
            return Decision("policy", verdict.why)
        action = action_of(request)
        one = _One(action, verdict, random_bytes(ID_BYTES).hex(), turn_of(request))
        if not verdict.needed:
            self._keep(one, ALLOWED, "", f"not needed: {verdict.why}")
            return Decision("policy", verdict.why)
        self._refuse_repetition(one)
        return self._granted(one) or self._asked(one)

    def _refuse_repetition(self, one: _One) -> None:
        before = self._memory.outcomes(one.turn, one.action.digest)
        if DENIED in before:
            self._keep(one, "replayed", "", "denied before in this turn")
            raise ApprovalDenied(
                f"{one.tool} was denied before in this turn, so nobody was asked again",
                hint="it can be asked again in the next turn",
            )
        if before.count(TIMED_OUT) >= TIMEOUTS:
            self._keep(one, "replayed", "", f"unanswered {TIMEOUTS} times in this turn")
            raise ApprovalTimedOut(
                f"{one.tool} went unanswered {TIMEOUTS} times in this turn: nobody is asked again",
                hint="it can be asked again in the next turn",
            )

    def _granted(self, one: _One) -> Decision | None:
        now = self._clock()
        for grant in self._memory.grants():
            if covers(grant, one.action, now):
                detail = f"grant {grant.id}, {grant.scope}"
                if self._keep(one, ALLOWED, "grant", detail, used=grant.id):
                    return Decision("grant", detail, "grant", grant.id)
        return None

    def _asked(self, one: _One) -> Decision:
        question = question_of(
            one.action, one.verdict, one.id, self._mask, self._ways.asker, self._clock()
        )
        question = replace(question, until=question.asked + self._ways.timeout)
        open_, reasons = self._open(one, question)
        try:
            if not [channel for channel in open_ if channel.name != WATCH]:
                decision = self._headless(one)
                if decision:
                    return decision
            answer, expired = self._wait(open_)
        except BaseException as err:
            _close(open_, "the asker was interrupted")
            self._keep(one, DENIED, "", f"the asker ended: {type(err).__name__}")
            raise
        try:
            if answer is None:
                raise self._unanswered(one, reasons, expired)
            return self._conclude(one, answer)
        finally:
            _close(open_, one.ending)

    def _headless(self, one: _One) -> Decision | None:
        """A yes without anybody, if the settings say so; never for a peer, and never quietly."""
        if not self._ways.headless or one.action.request.origin != LOCAL:
            return None
        self._warn(
            f"{one.tool} was allowed without asking anybody:"
            " security.interceptor.headlessAutoApprove is on"
        )
        self._keep(one, ALLOWED, "headless", "headlessAutoApprove: nobody was asked")
        one.ending = "allowed without asking"
        return Decision("headless", "headlessAutoApprove is on", "headless")

    def _open(self, one: _One, question: Question) -> tuple[list[ApprovalChannel], list[str]]:
        """Channels that could put the question, and why the others could not."""
        open_: list[ApprovalChannel] = []
        reasons = []

        def check(answer: Answer) -> None:
            check_answer(one.action, answer)

        try:
            for channel in self._ways.channels:
                try:
                    channel.open(question, check)
                except NotApplicable as err:
                    reasons.append(f"{channel.name}: {err.message}")
                else:
                    open_.append(channel)
        except BaseException:
            _close(open_, "the asker was interrupted")
            raise
        return open_, reasons

    def _wait(self, channels: list[ApprovalChannel]) -> tuple[Answer | None, bool]:
        """The first answer; else None, and whether the time is over or no channel is left."""
        until = time.monotonic() + self._ways.timeout
        while (left := until - time.monotonic()) > 0:
            watched = {fd: channel for channel in channels for fd in channel.filenos()}
            if not watched:
                return None, False
            poll = select.poll()
            for fd in watched:
                poll.register(fd, select.POLLIN)
            for fd, _ in poll.poll(left * 1000 + 1):
                answer = watched[fd].ready(fd)
                if answer is not None:
                    return answer, False
        return None, True

    def _conclude(self, one: _One, answer: Answer) -> Decision:
        """What the answer means, once it is kept; ApprovalDenied unless it is a yes."""
        who = f"{answer.channel}, {answer.who}" if answer.who else answer.channel
        if not answer.allow:
            said = visible(self._mask(answer.why))
            self._keep(one, DENIED, answer.channel, f"by {who}; {said or 'no'}")
            one.ending = f"denied by {answer.channel}"
            why = f": {said}" if said else ""
            raise ApprovalDenied(f"{one.tool} was denied by {answer.channel}{why}", hint="")
        grant = self._grant(one, answer)
        made = "" if grant is None else grant.id
        detail = f"by {who}; {answer.scope}" + (f", grant {made}" if made else "")
        self._keep(one, ALLOWED, answer.channel, detail, keep=grant)
        one.ending = f"allowed by {answer.channel}" + (f", grant {made}" if made else "")
        return Decision("person", detail, answer.channel, made, one.id)

    def _unanswered(
        self, one: _One, reasons: list[str], expired: bool
    ) -> ApprovalDenied | ApprovalTimedOut:
        if expired:
            said = f"nobody answered in {self._ways.timeout:.0f} s"
            self._keep(one, TIMED_OUT, "", said)
            one.ending = "timed out"
            return ApprovalTimedOut(f"{one.tool} needs a yes, and {said}")
        why = "; ".join(reasons) or "every channel ended without an answer"
        self._keep(one, UNAVAILABLE, "", f"no channel could ask: {why}")
        one.ending = "no channel is left"
        return ApprovalDenied(
            f"{one.tool} needs a yes, and no channel could ask ({why})",
            hint="see which are trusted: security.interceptor.approval.channels",
        )

    def _grant(self, one: _One, answer: Answer) -> Grant | None:
        """The grant that a yes for longer makes; UsageProblem if it would cover too much."""
        check_answer(one.action, answer)
        if answer.scope == ONCE:
            return None
        now = self._clock()
        lasts = answer.seconds or self._ways.grant_seconds or LONGEST
        if answer.scope == SESSION:
            lasts = SESSION_SECONDS
        request = one.action.request
        return Grant(
            id=random_bytes(ID_BYTES).hex(),
            tool=request.tool,
            origin=request.origin,
            scope=answer.scope,
            session=request.session if answer.scope == SESSION else "",
            digest=one.action.digest,
            leaves=one.action.leaves,
            likes=answer.likes,
            secrets=request.secrets,
            created=now,
            expires=now + min(lasts, LONGEST),
        )

    def _keep(
        self,
        one: _One,
        outcome: str,
        channel: str,
        detail: str,
        *,
        keep: Grant | None = None,
        used: str = "",
    ) -> bool:
        about = f"request {one.id}, action {one.action.digest[:16]}"
        origin = ", for a peer" if one.action.request.origin == PEER else ""
        ending = Ending(one.id, outcome, channel, self._clock())
        # A name that is none may hold anything; for a proper one no value has to be read.
        tool = one.tool if is_tool(one.tool) else visible(self._mask(one.tool))
        text = f"{about}{origin}; {detail}"
        entry = Entry(ending, tool, one.action.digest, one.turn, text, keep, used)
        return self._memory.record(entry)


class _One:
    """One action on its way through the gate; `ending` is what channels are told at last."""

    def __init__(self, action: Action, verdict: Verdict, name: str, turn: str) -> None:
        self.action = action
        self.verdict = verdict
        self.id = name
        self.turn = turn
        self.ending = "the decision could not be kept"

    @property
    def tool(self) -> str:
        return visible(self.action.request.tool)


def check_answer(action: Action, answer: Answer) -> None:
    """UsageProblem where an answer's reach makes no sense for this action, or is too wide."""
    if answer.scope not in (ONCE, SESSION, ALWAYS):
        raise UsageProblem("a yes is for once, for the session or always", hint="allow it once")
    if answer.scope == SESSION and not action.request.session:
        raise UsageProblem("the request names no session", hint="allow it once")
    if answer.scope != ALWAYS and (answer.likes or answer.seconds):
        raise UsageProblem(
            "patterns and a duration go with always alone", hint="--always --like PATH=PATTERN"
        )
    check_likes(answer.likes, action)


def turn_of(request: ApprovalRequest) -> str:
    """The turn's name in the vault; empty where the caller named no turn."""
    if not request.turn:
        return ""
    return digest(pack(b"lango/turn/v1", request.turn.encode("utf-8", "replace"))).hex()[:32]


def _close(channels: Sequence[ApprovalChannel], ending: str) -> None:
    for channel in channels:
        channel.close(ending)

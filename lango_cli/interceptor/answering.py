"""The other end of the channel `watch`: who sees the questions that stand, and answers one.

The rule: nothing is believed that is not sealed under the vault's key by who asks. A socket on
which nobody listens is what a killed asker left: it is removed, and was never a question.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files, sockets
from lango_cli.errors import (
    ApprovalTimedOut,
    Conflict,
    FileProblem,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.interceptor.questions import unwire
from lango_cli.interceptor.watching import ANSWERING, ASKING
from lango_cli.model_approval import ALLOWED, TIMED_OUT

if TYPE_CHECKING:
    from typing import Any

    from lango_cli.interceptor.watching import Line
    from lango_cli.model_approval import Answer, ApprovalMemory, Question

SHOW_SECONDS = 2.0
"""How long an asker may take to show a question."""
ANSWER_SECONDS = 30.0
"""And to keep a decision: it may have to wait for another writer."""
REPLY_LIMIT = 16 << 20


def pending(line: Line) -> list[Question]:
    """Every question that stands now, the oldest first."""
    found = []
    for request in _requests(line):
        question = show(line, request)
        if question is not None:
            found.append(question)
    return sorted(found, key=lambda question: (question.asked, question.id))


def show(line: Line, request: str) -> Question | None:
    """One question; None where nobody asks it (any more), or who asks is silent."""
    try:
        reply = _exchange(line, request, {"want": "show"}, SHOW_SECONDS)
        return None if reply is None or "question" not in reply else unwire(reply["question"])
    except (OSError, Tampered, KeyError, TypeError, ValueError):
        return None


def find(line: Line, memory: ApprovalMemory, name: str) -> Question:
    """The question with this id or start of one; an error that says what became of it if none."""
    known = [request for request in _requests(line) if name and request.startswith(name)]
    if len(known) > 1 and name not in known:
        raise UsageProblem(f"several requests begin with {name}", hint="lango approve list")
    for request in [name] if name in known else known:
        question = show(line, request)
        if question is not None:
            return question
    raise gone(memory, name)


def send(
    line: Line, memory: ApprovalMemory, question: Question, answer: Answer, proof: str
) -> str:
    """Answer a question; how it ended. Conflict or ApprovalTimedOut where it had ended before."""
    message = {
        "allow": answer.allow,
        "digest": question.digest,
        "likes": dict(answer.likes),
        "proof": proof,
        "scope": answer.scope,
        "seconds": answer.seconds,
        "want": "answer",
    }
    try:
        reply = _exchange(line, question.id, message, ANSWER_SECONDS)
    except OSError:
        reply = None
    if reply is None:
        raise gone(memory, question.id)
    if "refused" in reply:
        raise UsageProblem(str(reply["refused"]), hint=str(reply["hint"]))
    ending = str(reply["ended"])
    if not reply["yours"]:
        raise _late(question.id, ending)
    if answer.allow and not ending.startswith(ALLOWED):
        raise Conflict(
            f"request {question.id}: this answer came first and does not count: {ending}",
            hint="lango audit list",
        )
    return ending


def _late(request: str, ending: str) -> LangoError:
    if ending == "timed out":
        return ApprovalTimedOut(f"request {request} timed out: this answer changes nothing")
    return Conflict(
        f"request {request} was answered before: {ending}; this answer changes nothing",
        hint="lango audit list",
    )


def gone(memory: ApprovalMemory, name: str) -> LangoError:
    """What to say of a request that nobody asks (any more)."""
    ending = memory.ending(name)
    if ending is None:
        return UsageProblem(
            "no such request stands, and none of this name ended in the last days; who asked may"
            " have been ended too",
            hint="lango approve list",
        )
    if ending.outcome == TIMED_OUT:
        return _late(ending.id, "timed out")
    by = f" by {ending.channel}" if ending.channel else ""
    return _late(ending.id, f"{ending.outcome}{by}")


def _requests(line: Line) -> list[str]:
    try:
        names = os.listdir(line.folder)
    except FileNotFoundError:
        return []
    except OSError as err:
        raise files.problem(line.folder, err) from None
    return sorted(filter(None, map(line.request_of, names)))


def _exchange(
    line: Line, request: str, message: dict[str, Any], seconds: float
) -> dict[str, Any] | None:
    """One message each way; None where nobody listens, OSError where there is no answer."""
    path = line.path(request)
    if not sockets.is_private(line.folder):
        raise FileProblem(f"{line.folder} can be used by others", hint=f"chmod 700 {line.folder}")
    try:
        connection = sockets.connect(path, seconds)
    except ConnectionRefusedError:
        files.remove(path)
        return None
    except FileNotFoundError:
        return None
    try:
        if sockets.peer_uid(connection) != os.geteuid():
            return None
        connection.sendall(line.sealed(request, ANSWERING, message), sockets.NO_SIGNAL)
        connection.shutdown(sockets.NO_MORE)
        data = sockets.read_out(connection, REPLY_LIMIT, seconds)
    finally:
        connection.close()
    return line.unsealed(request, ASKING, data) if data else None

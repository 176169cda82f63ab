"""The channel `watch`: a question that other terminals of the same user can see and answer.

What lives here: the asker's end, a socket that stands in the state folder for as long as somebody
asks, and no longer. The rule: the asker alone decides which answer was the first; an answer counts
only if it comes from our uid, is sealed under the vault's approval key, names the action's digest,
and comes from elsewhere (`kinship`). A question whose asker was killed is a socket that nobody
listens on: nothing that is said to it can ever do anything.

On the wire: one sealed message each way, ended by the end of the stream. Messages are canonical
JSON under AES-256-GCM, bound to vault, request and direction.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files, sockets
from lango_cli.codec import canonical, parse_canonical
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.mac import pack
from lango_cli.errors import LangoError, NotApplicable, UsageProblem
from lango_cli.interceptor.kinship import kinship, process
from lango_cli.interceptor.questions import wire
from lango_cli.model_approval import Answer

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Sequence
    from typing import Any

    from lango_cli.crypto.keys import ApprovalKey
    from lango_cli.model_approval import Question

SUFFIX = ".asks"
BACKLOG = 64
MESSAGE_LIMIT = 64 << 10
"""Bytes of an answer."""
CLIENT_SECONDS = 0.5
"""How long somebody who has connected may take to say what they want."""
ASKING, ANSWERING = b"asker", b"answerer"
"""Who speaks, in what a message is bound to."""


class Line:
    """How messages about one vault's requests are sealed, and where its sockets stand."""

    def __init__(self, folder: str, vault: str, key: ApprovalKey) -> None:
        self.folder = folder
        self.vault = vault
        self._key = key

    def path(self, request: str) -> str:
        """The socket of one request."""
        return os.path.join(self.folder, f"{self.vault[:8]}-{request}{SUFFIX}")

    def request_of(self, name: str) -> str:
        """The request that a file of this name belongs to; empty if it is none of this vault."""
        start = f"{self.vault[:8]}-"
        inside = name.startswith(start) and name.endswith(SUFFIX)
        return name[len(start) : -len(SUFFIX)] if inside else ""

    def sealed(self, request: str, speaker: bytes, message: dict[str, Any]) -> bytes:
        """A message as it goes over the wire."""
        return seal(self._key, canonical(message), self._bound(request, speaker))

    def unsealed(self, request: str, speaker: bytes, data: bytes) -> dict[str, Any]:
        """The message; Tampered if it is not of this vault, request and speaker."""
        plain = unseal(self._key, data, self._bound(request, speaker))
        found: dict[str, Any] = parse_canonical(plain, "a message about a request")
        return found

    def _bound(self, request: str, speaker: bytes) -> bytes:
        return pack(b"lango/ask/v1", self.vault.encode(), request.encode(), speaker)


class Watch:
    """The asker's end; `refused` hears of every answer that did not count, and why.

    `announce` hears of a question that can be seen now. `anywhere`: who answers may belong to who
    asks. `person`: it takes a passphrase typed there.
    """

    name = "watch"

    def __init__(
        self,
        line: Line,
        refused: Callable[[str], None],
        announce: Callable[[Question], None],
        *,
        anywhere: bool,
        person: bool,
    ) -> None:
        self._line = line
        self._refused = refused
        self._announce = announce
        self._anywhere = anywhere
        self._person = person
        self._question: Question | None = None
        self._check: Callable[[Answer], None] = lambda _answer: None
        self._listener: socket | None = None
        self._first: socket | None = None

    def open(self, question: Question, check: Callable[[Answer], None]) -> None:
        """Stand where others look."""
        self._question, self._check = question, check
        try:
            files.ensure_folder(self._line.folder)
            if not sockets.is_private(self._line.folder):
                raise NotApplicable(f"{self._line.folder} can be used by others")
            self._listener = sockets.listen(self._line.path(question.id), BACKLOG)
        except OSError as err:
            reason = (err.strerror or str(err)).lower()
            raise NotApplicable(f"no socket in {self._line.folder}: {reason}") from None
        self._announce(question)

    def filenos(self) -> Sequence[int]:
        """The listener."""
        return () if self._listener is None else (self._listener.fileno(),)

    def ready(self, fileno: int) -> Answer | None:
        """Serve one who came; the answer if it counts, whose giver waits for the ending."""
        del fileno
        client = None if self._listener is None else sockets.accept(self._listener, CLIENT_SECONDS)
        if client is None:
            return None
        answer = None
        try:
            answer = self._served(client)
        except (OSError, LangoError, KeyError, TypeError, ValueError) as err:
            self._refused(f"from {_who(client)}: {getattr(err, 'message', 'no sense in it')}")
        if answer is None:
            client.close()
        else:
            self._first = client
        return answer

    def close(self, ending: str) -> None:
        """Tell the first, and whoever came after, what became of it; then be gone."""
        if self._first is not None:
            self._say(self._first, {"ended": ending, "yours": True})
            self._first.close()
        listener, question = self._listener, self._question
        self._first = self._listener = None
        if listener is None or question is None:
            return
        files.remove(self._line.path(question.id))
        while (late := sockets.accept(listener, CLIENT_SECONDS)) is not None:
            self._say(late, {"ended": ending, "yours": False})
            late.close()
        listener.close()

    def _served(self, client: socket) -> Answer | None:
        question = self._question
        assert question is not None, "nobody connects before `open`"
        uid = sockets.peer_uid(client)
        if uid != os.geteuid():
            self._refused(f"from uid {uid}, who is another user")
            return None
        data = sockets.read_out(client, MESSAGE_LIMIT, CLIENT_SECONDS)
        message = self._line.unsealed(question.id, ANSWERING, data)
        if message["want"] == "show":
            self._say(client, {"question": wire(question)})
            return None
        try:
            return self._judged(client, message, question)
        except UsageProblem as err:
            self._refused(f"from {_who(client)}: {err.message}")
            self._say(client, {"refused": err.message, "hint": err.hint})
        return None

    def _judged(self, client: socket, message: dict[str, Any], question: Question) -> Answer:
        """The answer, if it may count; UsageProblem otherwise."""
        if message["digest"] != question.digest:
            raise UsageProblem("the answer is about another action", hint="lango approve show")
        kin = "" if self._anywhere else kinship(os.getpid(), sockets.peer_pid(client))
        if kin:
            raise UsageProblem(
                f"this answer does not count: {kin}",
                hint="answer in a terminal of your own that the asker was not started from",
            )
        if self._person and message["proof"] != "person":
            raise UsageProblem(
                "this answer does not count: it takes the passphrase, typed by a person",
                hint="security.interceptor.approval.proof says so",
            )
        answer = Answer(
            allow=message["allow"] is True,
            scope=str(message["scope"]),
            channel=self.name,
            likes={str(path): str(like) for path, like in message["likes"].items()},
            seconds=int(message["seconds"]),
            who=_who(client),
        )
        if answer.allow:
            self._check(answer)
        return answer

    def _say(self, client: socket, message: dict[str, Any]) -> None:
        """Answer, if anybody still listens."""
        question = self._question
        assert question is not None, "nobody connects before `open`"
        try:
            data = self._line.sealed(question.id, ASKING, message)
            client.settimeout(CLIENT_SECONDS)
            client.sendall(data, sockets.NO_SIGNAL)
        except OSError:
            return


def _who(client: socket) -> str:
    """The process at the other end, for the log."""
    try:
        pid, uid = sockets.peer_pid(client), sockets.peer_uid(client)
    except OSError:
        return "a process that is gone"
    found = process(pid)
    parent = None if found is None else process(found.parent)
    return f"uid {uid} pid {pid}" + (f" of {parent.name}" if parent else "")

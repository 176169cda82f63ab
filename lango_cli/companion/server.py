"""The companion's listeners: TLS for paired clients, a private socket for this user's processes.

The rule: so many connections at once and no more, each with a deadline until its request is read,
and where there is no room whoever said nothing yet goes first;
over TLS nobody unknown gets past the handshake, unless a pairing is awaited, and then to the
pairing alone. The pins are read anew for each connection: who was forgotten is out at once. What
goes wrong with one connection ends that connection.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import stat
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from lango_cli import files, sockets
from lango_cli.codec import b64
from lango_cli.companion import serving
from lango_cli.companion.desk import Question
from lango_cli.companion.visitors import Visitors
from lango_cli.crypto import certificates
from lango_cli.errors import FileProblem, LangoError
from lango_cli.rpc import channel, messages, pairing, places
from lango_cli.rpc.messages import Garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.companion.desk import Desk
    from lango_cli.companion.serving import Served
    from lango_cli.rpc.channel import Connection
    from lango_cli.rpc.identity import Identity, Pin, Pins

HEAD_SECONDS = 10.0
"""For the handshake and a request's head, from whoever connects."""
IDLE_SECONDS = 30.0
"""For the next request on the same connection."""
BODY_SECONDS = 30.0
DRAIN_SECONDS, DRAIN_LIMIT = 1.0, 1 << 17
AT_ONCE = 32
BACKLOG = 64
NONCES = 4096
"""Nonces that are remembered: a request with one of them has been answered before."""
TRIES = 3
"""Pairings that may fail before no more are taken: each gives a guess at the code."""


class Server:
    """A companion: who it is, whom it knows, and the keys that it serves."""

    def __init__(
        self, us: Identity, name: str, pins: Pins, served: Mapping[str, Served], desk: Desk
    ) -> None:
        self._us, self._name, self._pins = us, name, pins
        self._served, self._desk = served, desk
        self.asks = False
        """Whether a person is asked before each operation."""
        self.pairs = False
        """Whether a pairing is taken now."""
        self._failed = 0
        self._pairing = threading.Lock()
        self._visitors = Visitors(AT_ONCE)
        self._seen: deque[bytes] = deque(maxlen=NONCES)
        self._seeing = threading.Lock()
        self._sockets: list[tuple[str, os.stat_result]] = []

    def listen_tls(self, host: str, port: int) -> int:
        """Serve paired clients at an address; the port, chosen by the system where it was 0."""
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as err:
            raise files.problem(f"port {port}", err) from None
        listener.setblocking(False)
        self._start(listener, self._take_tls)
        return cast("int", listener.getsockname()[1])

    def listen_unix(self, path: str) -> None:
        """Serve this user's processes at a socket; what a killed companion left there goes."""
        folder = os.path.dirname(path)
        files.ensure_folder(folder)
        if not sockets.is_private(folder):
            raise FileProblem(f"{folder} can be used by others", hint="choose a folder of its own")
        listener = _listener(path)
        self._sockets.append((path, os.lstat(path)))
        self._start(listener, self._take_local)

    def close(self) -> None:
        """Remove the sockets, as far as they are still ours; the process is about to end."""
        for path, about in self._sockets:
            if files.exists(path) and os.path.samestat(os.lstat(path), about):
                files.remove(path)

    def _start(
        self, listener: Connection, take: Callable[[socket.socket], Connection | None]
    ) -> None:
        def accept() -> None:
            found = cast("socket.socket", listener)
            while True:
                select.select([found], [], [])
                connection = sockets.accept(found, HEAD_SECONDS)
                if connection is None:
                    continue
                plain = socket.socket(fileno=connection.detach())
                ticket = self._visitors.enter(plain)
                if ticket is None:
                    plain.close()
                    continue
                given = (ticket, plain, take)
                threading.Thread(target=self._serve, args=given, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    def _serve(
        self,
        ticket: int,
        plain: socket.socket,
        take: Callable[[socket.socket], Connection | None],
    ) -> None:
        try:
            plain.settimeout(HEAD_SECONDS)
            connection = take(plain)
            if connection is not None:
                self._talk(connection, ticket)
                connection.close()
        except (OSError, Garbled):
            pass  # whoever it was went away, was too slow, or speaks something else
        except LangoError as err:
            self._desk.tell(f"a connection ended: {err.message}")
        except Exception as err:  # noqa: BLE001  # a thread's traceback would reach the terminal
            self._desk.tell(f"a connection ended: unexpected ({type(err).__name__})")
        finally:
            plain.close()
            self._visitors.leave(ticket)

    def _take_local(self, plain: socket.socket) -> Connection | None:
        if sockets.peer_uid(plain) != os.geteuid():
            self._desk.tell("another user was turned away")
            return None
        return plain

    def _take_tls(self, plain: socket.socket) -> Connection | None:
        known = [pin.certificate for pin in self._pins.all()]
        context = places.server_context(self._us, known, strangers=self.pairs)
        found = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        try:
            found.do_handshake()
        except ssl.SSLError:
            self._desk.tell("a client that is not paired was turned away")
            _drain(found)
            return None
        return found

    def _talk(self, connection: Connection, ticket: int) -> None:
        answerer = channel.Answerer(connection)
        answerer.until = time.monotonic() + HEAD_SECONDS
        while self._talk_once(answerer, ticket):
            self._visitors.is_served(ticket)
            answerer.again()
            answerer.until = time.monotonic() + IDLE_SECONDS

    def _talk_once(self, answerer: channel.Answerer, ticket: int) -> bool:
        """Take one request; whether another may follow."""
        try:
            path, headers = answerer.head()
        except Garbled:
            answerer.answer(channel.BAD)
            return False
        if path == messages.PATH:
            return self._answer(answerer, headers, ticket)
        if path == messages.PAIRING:
            self._pair(answerer, ticket)
        else:
            answerer.answer(channel.BAD)
        return False

    def _answer(self, answerer: channel.Answerer, headers: Mapping[str, str], ticket: int) -> bool:
        answerer.until = time.monotonic() + HEAD_SECONDS
        pin = self._pins.of(headers.get(messages.CLIENT, ""))
        if pin is None or not _is_shown(answerer.connection, pin):
            self._desk.tell("a client that is not paired was turned away")
            answerer.answer(channel.REFUSED)
            return False
        answerer.go_on()
        answerer.until = time.monotonic() + BODY_SECONDS
        body = answerer.body(messages.REQUEST_LIMIT)
        signed = messages.request_signed(self._us.fingerprint, pin.fingerprint, body)
        signature = messages.data(headers, messages.SIGNATURE)
        if not certificates.verify(pin.certificate, signed, signature):
            self._desk.tell(f"{pin.name}: a request that it did not sign was refused")
            answerer.answer(channel.REFUSED)
            return False
        try:
            self._visitors.is_known(ticket)
            request = messages.read_request(body)
            self._check_fresh(request)
        except Garbled:
            answerer.answer(channel.BAD)
            return False
        reply = self._reply(request, pin, answerer.connection)
        over = messages.reply_signed(self._us.fingerprint, pin.fingerprint, body, reply)
        answerer.until = time.monotonic() + HEAD_SECONDS
        answerer.answer(channel.OK, reply, {messages.SIGNATURE: b64(self._us.sign(over))})
        return True

    def _check_fresh(self, request: messages.Request) -> None:
        if request.companion != self._us.fingerprint:
            raise Garbled
        with self._seeing:
            if request.nonce in self._seen:
                raise Garbled
            self._seen.append(request.nonce)

    def _reply(self, request: messages.Request, pin: Pin, connection: Connection) -> bytes:
        try:
            serving.check(request, self._served)
            what = f"{pin.name}: {request.method} with {request.key}"
            if self.asks and request.method not in serving.QUIET:
                self._ask(request, pin, connection)
            reply = messages.result_bytes(request, serving.perform(request, self._served))
        except serving.Refused as err:
            self._desk.tell(f"{pin.name}: refused ({err.code})")
            return messages.error_bytes(request, err.code)
        self._desk.tell(what)
        return reply

    def _ask(self, request: messages.Request, pin: Pin, connection: Connection) -> None:
        lines = serving.described(request, pin.name, self._served)
        question = Question(lines, messages.PERSON_SECONDS, lambda: _is_gone(connection))
        self._desk.put(question)
        said = question.wait()
        if not said:
            raise serving.Refused(messages.NOBODY if said is None else messages.SAID_NO)

    def _pair(self, answerer: channel.Answerer, ticket: int) -> None:
        if not self.pairs or not self._pairing.acquire(blocking=False):
            answerer.answer(channel.REFUSED)
            return
        try:
            self._visitors.is_known(ticket)
            agreed = self._pair_once(answerer)
        except (OSError, Garbled):
            agreed = False
        finally:
            self._pairing.release()
        if agreed or self._failed >= TRIES:
            self.pairs = False
            self._desk.tell("no further pairing is taken")

    def _pair_once(self, answerer: channel.Answerer) -> bool:
        answerer.until = time.monotonic() + pairing.SECONDS
        receiving = pairing.Receiving(answerer, self._us, self._name)
        code, pin = receiving.begin()
        # From here on there is a code to be guessed.
        self._failed += 1
        question = Question(self._pairing_lines(code, pin), pairing.SECONDS, lambda: False)
        self._desk.put(question)
        theirs = False
        try:
            theirs = receiving.prove()
        finally:
            if not theirs:
                question.withdraw()
        ours = bool(theirs and question.wait())
        if ours:
            self._pins.add(pin)
        receiving.end(agreed=ours)
        self._desk.tell(f"paired with {pin.name}" if ours else f"not paired with {pin.name}")
        return ours

    def _pairing_lines(self, code: str, pin: Pin) -> list[str]:
        lines = [f"client     {pin.name}", "wants to   pair", f"code       {code}"]
        if any(one.name == pin.name for one in self._pins.all()):
            lines.append(f"it takes the place of the client {pin.name} that is known now")
        return [*lines, "say yes only if the client shows the same code"]


def _is_shown(connection: Connection, pin: Pin) -> bool:
    """Whether the connection's certificate is the client's; a socket has none to show."""
    if not isinstance(connection, ssl.SSLSocket):
        return True
    return connection.getpeercert(binary_form=True) == pin.certificate


def _is_gone(connection: Connection) -> bool:
    """A client that waits for its answer sends nothing more: what can be read is its end."""
    return bool(select.select([connection.fileno()], [], [], 0)[0])


def _drain(found: ssl.SSLSocket) -> None:
    """Read what a refused client still sends, so that it gets to see why."""
    found.shutdown(socket.SHUT_WR)
    found.settimeout(DRAIN_SECONDS)
    left, until = DRAIN_LIMIT, time.monotonic() + DRAIN_SECONDS
    while left > 0 and time.monotonic() < until and (some := found.recv(4096)):
        left -= len(some)


def _listener(path: str) -> socket.socket:
    """A new listener at `path`, in place of one that nobody listens at any more."""
    files.remove(f"{path}.new")
    for last in (False, True):
        try:
            return cast("socket.socket", sockets.listen(path, BACKLOG))
        except FileExistsError:
            if last or not _is_left_over(path):
                raise FileProblem(f"{path} is in use", hint="name another socket") from None
            files.remove(path)
        except OSError as err:
            raise files.problem(path, err) from None
    raise FileProblem(f"{path} is in use", hint="name another socket")


def _is_left_over(path: str) -> bool:
    """Whether it is a socket without a listener; nothing else is anybody's left-over."""
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        return False
    try:
        sockets.connect(path, HEAD_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False

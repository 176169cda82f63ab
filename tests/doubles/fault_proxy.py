"""A fault between a client and its server: of the bytes, of HTTP, or of gRPC.

The rule: the proxy counts what comes to it and lets the fault that is set do with it as it likes:
pass it on, say something else, say half of it, say nothing. A fault is for every request, or for
the nth alone. Where there is TLS the proxy ends it, under an authority that the client is told of,
except at the level of bytes, where it sees none.

    WireProxy    bytes: what is behind TLS, and HTTP that asks for leave before it says all
    HttpProxy    requests and answers of HTTP/1.1, whole
    GrpcProxy    calls with one message each way, as they are on the wire
    Refusing, Hole    an address where nobody listens; and one that never even takes a connection
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import grpc

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Self

    from tests.doubles.authority import Authority

LOCAL = "127.0.0.1"
PATIENCE = 60.0
CHUNK = 1 << 16
END = b"\r\n\r\n"
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER: what is closed is reset."""


class Exchange(Protocol):
    """One request, and what may be done about it."""

    request: bytes
    over: threading.Event
    """Set when nobody waits for it any more."""

    def ask(self, request: bytes | None = None) -> bytes:
        """The server's answer, to this request or to another one in its place."""

    def send(self, data: bytes) -> None:
        """Give the client this."""

    def end(self, *, reset: bool = False) -> None:
        """Let the connection go."""

    def body(self, answer: bytes) -> bytes:
        """The part of an answer that is its content."""

    def with_body(self, answer: bytes, body: bytes) -> bytes:
        """An answer with other content, which says so rightly."""


def passed(exchange: Exchange) -> None:
    """Nothing is wrong."""
    exchange.send(exchange.ask())


def trickled(exchange: Exchange) -> None:
    """Nothing is wrong but that each byte comes by itself."""
    for byte in exchange.ask():
        exchange.send(bytes([byte]))


def dripped(exchange: Exchange) -> None:
    """As slow as to come to no end."""
    for byte in exchange.ask():
        exchange.send(bytes([byte]))
        if exchange.over.wait(1):
            return


def silent(exchange: Exchange) -> None:
    """It never answers."""
    exchange.over.wait(PATIENCE)


def closed(exchange: Exchange) -> None:
    """It goes without a word."""
    exchange.end()


def half(exchange: Exchange) -> None:
    """It goes in the middle of its answer."""
    exchange.send(_half(exchange))
    exchange.end()


def reset(exchange: Exchange) -> None:
    """It is gone in the middle of its answer."""
    exchange.send(_half(exchange))
    exchange.end(reset=True)


def _half(exchange: Exchange) -> bytes:
    answer = exchange.ask()
    return answer[: len(answer) - (len(exchange.body(answer)) + 1) // 2]


def asked(change: Callable[[bytes], bytes]) -> Callable[[Exchange], None]:
    """The server is asked something else."""
    return lambda exchange: exchange.send(exchange.ask(change(exchange.request)))


def changed(change: Callable[[bytes], bytes]) -> Callable[[Exchange], None]:
    """What it says is changed on the way, and well formed all the same."""

    def fault(exchange: Exchange) -> None:
        answer = exchange.ask()
        exchange.send(exchange.with_body(answer, change(exchange.body(answer))))

    return fault


def ended(answer: bytes) -> Callable[[Exchange], None]:
    """This is the answer, and then the connection is let go."""

    def fault(exchange: Exchange) -> None:
        exchange.send(answer)
        exchange.end()

    return fault


def instead(answer: bytes) -> Callable[[Exchange], None]:
    """It was asked, and what comes is this; then the connection is let go."""

    def fault(exchange: Exchange) -> None:
        exchange.ask()
        exchange.send(answer)
        exchange.end()

    return fault


def kept(answers: list[bytes]) -> Callable[[Exchange], None]:
    """Nothing is wrong; the answer is remembered."""

    def fault(exchange: Exchange) -> None:
        answers.append(exchange.ask())
        exchange.send(answers[-1])

    return fault


def relayed(exchange: Wire) -> None:
    """Nothing is wrong with a connection that serves for many requests."""
    exchange.relay()


def cut(most: int, *, reset: bool = False) -> Callable[[Wire], None]:
    """Such a connection ends when the server has said so many bytes."""

    def fault(exchange: Wire) -> None:
        exchange.relay(most)
        exchange.end(reset=reset)

    return fault


def said(answer: bytes) -> Callable[[Exchange], None]:
    """It is not asked at all, and this is the answer."""
    return lambda exchange: exchange.send(answer)


def http(status: int, body: bytes = b"{}", *headers: str, length: int = 0) -> bytes:
    """An answer of HTTP; `length`: by how many bytes its Content-Length is wrong."""
    lines = [
        f"HTTP/1.1 {status} X",
        "Content-Type: application/json",
        f"Content-Length: {len(body) + length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + END + body


def failed(status: grpc.StatusCode) -> Callable[[GrpcExchange], None]:
    """A call of gRPC ends with this status."""
    return lambda exchange: exchange.fail(status, "what it says here is nobody's business")


class Proxy:
    """What came, and what is done about it; `usual`: what is done where nothing is wrong."""

    def __init__(self, usual: Callable[[Any], None] = passed) -> None:
        self._usual = usual
        self._lock = threading.Lock()
        self._epoch = 0
        self.over = threading.Event()
        self.clean()

    def clean(self) -> None:
        """Nothing is wrong, nothing has come yet, and nobody is kept waiting."""
        self.over.set()
        with self._lock:
            self.over = threading.Event()
            self._epoch += 1
            self.requests: list[bytes] = []
            self._each = self._usual
            self._nth: dict[int, Callable[[Any], None]] = {}

    def when(self, fault: Callable[[Any], None], *numbers: int) -> None:
        """This is wrong with the requests of these numbers, from 1; without any, with each."""
        self._nth |= dict.fromkeys(numbers, fault)
        self._each = self._each if numbers else fault

    def stop(self) -> None:
        """Keep nobody waiting, and take nothing any more."""
        self.over.set()

    def _met(self, exchange: Exchange, epoch: int | None = None) -> None:
        """Note it and do what is to be done; `epoch`: when its connection was taken."""
        with self._lock:
            if epoch not in (None, self._epoch):
                raise ConnectionAbortedError
            self.requests.append(exchange.request)
            fault = self._nth.get(len(self.requests), self._each)
            exchange.over = self.over
        fault(exchange)


class WireProxy(Proxy):
    """In front of what `dial` reaches, for each connection anew."""

    def __init__(
        self,
        listener: socket.socket,
        dial: Callable[[], Any],
        tls: ssl.SSLContext | None = None,
        usual: Callable[[Any], None] = passed,
    ) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._accepting = threading.Lock()
        super().__init__(usual)
        self.dial = dial
        self._tls = tls
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def port(self) -> int:
        number: int = self._listener.getsockname()[1]
        return number

    def stop(self) -> None:
        super().stop()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def clean(self) -> None:
        """The same; a client of before, who gave up, counts no more when its turn comes."""
        with self._accepting:
            while (late := self._accepted()) is not None:
                late.close()
            super().clean()

    def _accepted(self) -> socket.socket | None:
        try:
            return self._listener.accept()[0]
        except BlockingIOError:
            return None

    def _run(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the latter once it is closed
            while select.select([self._listener], [], []):
                with self._accepting:
                    connection, epoch = self._accepted(), self._epoch
                if connection is not None:
                    given = (connection, epoch)
                    threading.Thread(target=self._meet, args=given, daemon=True).start()

    def _meet(self, connection: socket.socket, epoch: int) -> None:
        with connection, contextlib.suppress(OSError):
            if self._tls is None:
                self.serve(connection, epoch)
                return
            with self._tls.wrap_socket(connection, server_side=True) as safe:
                self.serve(safe, epoch)

    def serve(self, connection: socket.socket, epoch: int) -> None:
        """Until it is closed."""
        with self.dial() as far:
            wire = Wire(connection, far)
            try:
                while not wire.done and connection.recv(1, socket.MSG_PEEK):
                    self._met(wire, epoch)
            finally:
                _end(connection, reset=False)


class Wire:
    """Bytes both ways, or requests one after another: what the server says in the end counts."""

    def __init__(self, connection: socket.socket, far: socket.socket) -> None:
        self.request = b""
        self.over = threading.Event()
        self.done = False
        """Whether nothing more is to come by this connection."""
        self._connection, self._far = connection, far

    def ask(self, request: bytes | None = None) -> bytes:
        """What it says after its leave to go on, if it gives one."""
        assert request is None
        head, rest = _head(self._connection)
        self._far.sendall(head)
        leave, answer = _head(self._far)
        if b" 100 " in leave:
            self.send(leave)
            self._far.sendall(_rest(self._connection, head, rest))
            leave, answer = _head(self._far, answer)
        return leave + _rest(self._far, leave, answer)

    def relay(self, most: int = 1 << 40) -> int:
        """Both ways until one closes, or the server has said so many bytes; how many it said."""
        threading.Thread(target=self.pump, daemon=True).start()
        self.done = True
        count = 0
        with contextlib.suppress(OSError):
            while count < most and (some := self._far.recv(min(CHUNK, most - count))):
                count += len(some)
                self.send(some)
        return count

    def drip(self) -> None:
        """Both ways, a byte a second."""
        threading.Thread(target=self.pump, daemon=True).start()
        self.done = True
        while some := self._far.recv(1):
            self.send(some)
            if self.over.wait(1):
                return

    def pump(self) -> None:
        """What the client says goes on to the server."""
        with contextlib.suppress(OSError):
            while some := self._connection.recv(CHUNK):
                self._far.sendall(some)
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def end(self, *, reset: bool = False) -> None:
        self.done = True
        _end(self._connection, reset=reset)
        self._far.close()

    def body(self, answer: bytes) -> bytes:
        return answer.partition(END)[2]

    def with_body(self, answer: bytes, body: bytes) -> bytes:
        return _with_body(answer, body)


def _end(connection: socket.socket, *, reset: bool) -> None:
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    # A thread that still reads it would keep it open past its close.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
    connection.close()


def _with_body(answer: bytes, body: bytes) -> bytes:
    head = answer.partition(END)[0]
    length = f"Content-Length: {len(body)}".encode()
    return re.sub(rb"(?i)content-length: *[0-9]+", length, head) + END + body


class HttpProxy(WireProxy):
    """In front of a server of HTTP at this port; `authority`: both sides speak TLS under it."""

    def __init__(
        self, port: int, authority: Authority | None = None, *, plain_behind: bool = False
    ) -> None:
        self._behind = port
        self._trust = None if authority is None or plain_behind else authority.client()
        tls = None if authority is None else authority.server()
        super().__init__(socket.create_server((LOCAL, 0)), self._dial, tls)

    def _dial(self) -> socket.socket:
        plain = socket.create_connection((LOCAL, self._behind))
        if self._trust is None:
            return plain
        return self._trust.wrap_socket(plain, server_hostname=LOCAL)

    def serve(self, connection: socket.socket, epoch: int) -> None:
        while request := _message(connection):
            self._met(Http(connection, request, self.dial), epoch)


class Http:
    """One request of HTTP."""

    def __init__(
        self, connection: socket.socket, request: bytes, dial: Callable[[], socket.socket]
    ) -> None:
        self.request = request
        self.over = threading.Event()
        self._connection, self._dial = connection, dial

    def ask(self, request: bytes | None = None) -> bytes:
        with self._dial() as far:
            far.sendall(self.request if request is None else request)
            return _message(far)

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def end(self, *, reset: bool = False) -> None:
        _end(self._connection, reset=reset)

    def body(self, answer: bytes) -> bytes:
        return answer.partition(END)[2]

    def with_body(self, answer: bytes, body: bytes) -> bytes:
        return _with_body(answer, body)


def _message(connection: socket.socket) -> bytes:
    """A head, and the body whose length it says; nothing where the connection ended before."""
    try:
        head, rest = _head(connection)
    except ConnectionAbortedError:
        return b""
    return head + _rest(connection, head, rest)


def _head(connection: socket.socket, data: bytes = b"") -> tuple[bytes, bytes]:
    """A head to its end, and what came with it."""
    while END not in data:
        data += _more(connection)
    head, _, rest = data.partition(END)
    return head + END, rest


def _rest(connection: socket.socket, head: bytes, data: bytes) -> bytes:
    """The body whose length a head says."""
    found = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    size = int(found[1]) if found else 0
    while len(data) < size:
        data += _more(connection)
    return data


def _more(connection: socket.socket) -> bytes:
    some = connection.recv(CHUNK)
    if not some:
        raise ConnectionAbortedError
    return some


class GrpcProxy(Proxy):
    """In front of a gRPC service at this port, under an authority on both sides."""

    def __init__(self, port: int, authority: Authority) -> None:
        super().__init__()
        trust = grpc.ssl_channel_credentials(authority.pem)
        self.channel = grpc.secure_channel(f"{LOCAL}:{port}", trust)
        certificate, key = authority.pair()
        mine = grpc.ssl_server_credentials([(key, certificate)])
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((_Passing(self._call),))
        self.port = self._server.add_secure_port(f"{LOCAL}:0", mine)
        self._server.start()

    def stop(self) -> None:
        super().stop()
        self._server.stop(None).wait()
        self.channel.close()

    def _call(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        call = GrpcExchange(self.channel, method, request, context)
        self._met(call)
        return call.answer


class _Passing(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types of its own
    """Every method there is, without a look at its messages."""

    def __init__(self, call: Callable[[str, bytes, grpc.ServicerContext], bytes]) -> None:
        self._call = call

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = details.method
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._call(method, request, context)
        )


class GrpcExchange:
    """One call of gRPC: its messages as they are on the wire."""

    def __init__(
        self, channel: grpc.Channel, method: str, request: bytes, context: grpc.ServicerContext
    ) -> None:
        self.request = request
        self.over = threading.Event()
        self.answer = b""
        self._channel, self._method, self._context = channel, method, context

    def ask(self, request: bytes | None = None) -> bytes:
        call = self._channel.unary_unary(self._method)
        given = [
            (name, value)
            for name, value in self._context.invocation_metadata()
            if name in ("authorization", "x-goog-request-params")
        ]
        try:
            found: bytes = call(self.request if request is None else request, metadata=given)
        except grpc.RpcError as err:
            self.fail(err.code(), err.details())
        return found

    def fail(self, status: grpc.StatusCode, text: str) -> NoReturn:
        self._context.abort(status, text)
        raise AssertionError

    def send(self, data: bytes) -> None:
        self.answer += data

    def end(self, *, reset: bool = False) -> None:
        """There is no half of an answer here."""
        assert not reset
        self.fail(grpc.StatusCode.UNAVAILABLE, "")

    def body(self, answer: bytes) -> bytes:
        return answer

    def with_body(self, _answer: bytes, body: bytes) -> bytes:
        return body


class Refusing:
    """A port that is taken, and where nobody listens; a context manager."""

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.bind((LOCAL, 0))
        self.port: int = self._held.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()


class Hole(Refusing):
    """One that takes no connection and refuses none: its queue is full, so a SYN is lost."""

    def __init__(self) -> None:
        super().__init__()
        self._held.listen(0)
        self._waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect((LOCAL, self.port))
            self._waiting.append(one)

    def __exit__(self, *_: object) -> None:
        for one in self._waiting:
            one.close()
        super().__exit__()

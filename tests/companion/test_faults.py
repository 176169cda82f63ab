"""What a client makes of a companion that is away, slow, broken, or another.

Only what cannot be reached, or ends in the middle, is unavailable; everything else is refused.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lango_cli.codec import b64, canonical
from lango_cli.custody.rpc import RpcCustodian, open_custodian
from lango_cli.custody.uri import Options, parse
from lango_cli.errors import CustodyDenied, CustodyUnavailable, Tampered, UsageProblem
from lango_cli.rpc import channel, identity, messages
from lango_cli.rpc.identity import Pin, Pins
from tests.companion.companions import Companion, closed_after, custodian
from tests.companion.doors import Door, Relay, answering, heard, raw
from tests.custody.suite import HERE, KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.rpc.identity import Identity
    from lango_cli.rpc.messages import Request


@pytest.fixture(scope="module", params=["socket", "tls"])
def companion(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Companion]:
    """A companion over each transport."""
    found = Companion(tmp_path_factory.mktemp("c"), tls=request.param == "tls")
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    """A companion at a socket."""
    found = Companion(tmp_path_factory.mktemp("local"), tls=False)
    found.start()
    found.client(found.root / "client")
    yield found
    found.stop()


@pytest.fixture
def us(tmp_path: Path) -> Identity:
    return identity.load_or_make(str(tmp_path / "us.pem"), "client")


@pytest.fixture
def them(tmp_path: Path) -> Identity:
    return identity.load_or_make(str(tmp_path / "them.pem"), "companion")


def reach(
    us: Identity, them: Identity, url: str, *, timeout: float = 60.0, patience: float = 60.0
) -> RpcCustodian:
    """The custodian of a key at whoever is there, where `them` is pinned."""
    pin = Pin("companion", url, them.certificate)
    far = RpcCustodian(us, pin, "one", timeout=timeout, retries=0, patience=patience)
    return closed_after(far)


# Away.


def test_where_nobody_is_it_is_unavailable(us: Identity, them: Identity, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (
        f"unix:{tmp_path / 'socket'}",
        f"unix:{tmp_path / 'no' / 'socket'}",
        f"https://127.0.0.1:{port}",
        "https://no-such-host.invalid",
    ):
        with pytest.raises(CustodyUnavailable, match="rpc wrap"):
            reach(us, them, url).wrap(KEY, HERE)
        assert not reach(us, them, url).describe().usable


def test_a_black_hole_ends_when_the_operations_time_is_over(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as local,
    ):
        local.bind(str(tmp_path / "socket"))
        local.listen()
        port = listener.getsockname()[1]
        for url in (f"https://127.0.0.1:{port}", f"unix:{tmp_path / 'socket'}"):
            began = time.monotonic()
            with pytest.raises(CustodyUnavailable, match=r"rpc wrap .*no answer"):
                reach(us, them, url, timeout=0.5).wrap(KEY, HERE)
            assert time.monotonic() - began < 60


def test_one_that_drips_is_given_up_at_the_deadline(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    def drip(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)

    with Door(tmp_path / "d", drip) as door, pytest.raises(CustodyUnavailable, match="no answer"):
        reach(us, them, door.url, patience=1.0).wrap(KEY, HERE)


def test_half_an_answer_is_unavailable_and_tried_again(local: Companion, tmp_path: Path) -> None:
    parts = [0, 10, 100, -1]
    relay = Relay(local.url[5:], lambda reply: reply[: parts.pop()])
    with Door(tmp_path / "half", relay) as door:
        while parts:
            with pytest.raises(CustodyUnavailable, match="connection failed"):
                through(local, door).wrap(KEY, HERE)
    cuts = [20, None]
    relay = Relay(local.url[5:], lambda reply: reply[: cuts.pop(0)])
    with Door(tmp_path / "again", relay) as door:
        far = through(local, door, retries=1)
        assert local_key(local).unwrap(far.wrap(KEY, HERE), HERE) == KEY
        assert door.met == 2


def through(local: Companion, door: Door, retries: int = 0) -> RpcCustodian:
    """The paired client of `local`, led to a door."""
    us = identity.load(str(local.root / "client" / identity.CLIENT))
    assert us is not None
    pin = Pin("companion", door.url, local.us.certificate)
    far = RpcCustodian(us, pin, "one", timeout=60, retries=retries, patience=60)
    return closed_after(far)


def local_key(local: Companion) -> RpcCustodian:
    return custodian(local.root / "client", local.url, "one")


# Broken.

GARBAGE = {
    "no HTTP": b"\x00\xff" * 100,
    "a page": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "no signature": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a redirection": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\nx: " + b"x" * 100_000,
    "a huge answer": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 9_999_999,
    "a header twice": b"HTTP/1.1 200 OK\r\nLango-Signature: AA==\r\nLango-Signature: AA==\r\n"
    b"Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_refused(us: Identity, them: Identity, tmp_path: Path, what: str) -> None:
    with (
        Door(tmp_path / "d", raw(GARBAGE[what])) as door,
        pytest.raises(CustodyDenied, match="not one to this request"),
    ):
        reach(us, them, door.url).wrap(KEY, HERE)


def test_a_server_that_fails_is_unavailable(us: Identity, them: Identity, tmp_path: Path) -> None:
    failing = raw(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
    with Door(tmp_path / "d", failing) as door, pytest.raises(CustodyUnavailable):
        reach(us, them, door.url).wrap(KEY, HERE)


def test_two_answers_are_none(local: Companion, tmp_path: Path) -> None:
    with (
        Door(tmp_path / "d", Relay(local.url[5:], lambda reply: reply + reply)) as door,
        pytest.raises(CustodyDenied, match="not one to this request"),
    ):
        through(local, door).wrap(KEY, HERE)


# Signed by the right companion, and wrong.


def changed(**members: object) -> Callable[[Request], bytes]:
    """A right answer with some of its members changed; `in_result` goes into the result."""

    def reply(request: Request) -> bytes:
        right = messages.parse(messages.result_bytes(request, {"data": b64(b"wrapped")}))
        right["result"].update(members.get("in_result", {}))
        right.update({name: value for name, value in members.items() if name != "in_result"})
        return canonical(right)

    return reply


WRONG = {
    "another id": changed(id="0" * 32),
    "a number for an id": changed(id=1),
    "another nonce": changed(in_result={"nonce": b64(bytes(32))}),
    "another companion": changed(in_result={"companion": "0" * 64}),
    "another version": changed(jsonrpc="1.0"),
    "result and error": changed(error={"code": -32041}),
    "more members": changed(more=1),
    "no object": lambda _request: b"[]",
    "no bytes": changed(in_result={"data": "???"}),
    "no data": changed(in_result={"data": None}),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_answer_to_something_else_is_refused(
    us: Identity, them: Identity, tmp_path: Path, what: str
) -> None:
    with (
        Door(tmp_path / "d", answering(them, WRONG[what])) as door,
        pytest.raises(CustodyDenied, match=r"not one to this request|makes no sense"),
    ):
        reach(us, them, door.url).wrap(KEY, HERE)
    with Door(tmp_path / "d", answering(them, changed())) as door:
        assert reach(us, them, door.url).wrap(KEY, HERE) == b"wrapped"


@pytest.mark.parametrize("code", [*messages.MEANINGS, messages.BUG, -1, 7])
def test_errors_are_told_by_their_number(
    us: Identity, them: Identity, tmp_path: Path, code: int
) -> None:
    kind = messages.MEANINGS.get(code, (CustodyDenied, ""))[0]

    def reply(request: Request) -> bytes:
        return messages.error_bytes(request, code)

    with Door(tmp_path / "d", answering(them, reply)) as door, pytest.raises(kind) as caught:
        reach(us, them, door.url).wrap(KEY, HERE)
    assert type(caught.value) is kind
    assert getattr(caught.value, "throttled", False) == (code == messages.THROTTLED)


def test_what_is_unwrapped_must_be_a_key(us: Identity, them: Identity, tmp_path: Path) -> None:
    with (
        Door(tmp_path / "d", answering(them, changed())) as door,
        pytest.raises(Tampered, match="no key of 32 bytes"),
    ):
        reach(us, them, door.url).unwrap(b"x" * 60, HERE)


def test_what_a_companion_says_of_a_key_cannot_draw_on_the_terminal(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    said = {"usable": True, "algorithm": "AES\x1b[2J\n" + "x" * 999, "purpose": 7}
    with Door(tmp_path / "d", answering(them, changed(in_result=said))) as door:
        health = reach(us, them, door.url).describe()
    assert health.usable
    assert health.algorithm.isprintable()
    assert len(health.algorithm) <= 200
    assert health.purpose == ""


# Another.


def test_an_earlier_answer_is_refused(local: Companion, tmp_path: Path) -> None:
    relay = Relay(local.url[5:])
    with Door(tmp_path / "d", relay) as door:
        through(local, door).wrap(KEY, HERE)
    with Door(tmp_path / "d", raw(relay.answered)) as door, pytest.raises(CustodyDenied):
        through(local, door).wrap(KEY, HERE)


def test_a_request_is_answered_once(local: Companion, tmp_path: Path) -> None:
    relay = Relay(local.url[5:])
    with Door(tmp_path / "d", relay) as door:
        through(local, door).wrap(KEY, HERE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as again:
        again.connect(local.url[5:])
        again.sendall(relay.asked)
        answer = b""
        while some := again.recv(1 << 16):
            answer += some
    assert b"HTTP/1.1 400" in answer
    assert b"HTTP/1.1 200" not in answer


def test_a_companion_that_was_swapped_is_refused(
    companion: Companion, tmp_path: Path, us: Identity
) -> None:
    home = tmp_path / "home"
    companion.client(home)
    ours = identity.load(str(home / identity.CLIENT))
    assert ours is not None
    assert custodian(home, companion.url, "one").describe().usable
    other = identity.load_or_make(str(tmp_path / "other.pem"), "companion")
    with pytest.raises(CustodyDenied, match="paired"):
        reach(ours, other, companion.url).wrap(KEY, HERE)


def test_an_answer_that_another_signed_is_refused(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    other = identity.load_or_make(str(tmp_path / "other.pem"), "companion")
    with (
        Door(tmp_path / "d", answering(other, changed())) as door,
        pytest.raises(CustodyDenied, match="not signed by the one that was paired with"),
    ):
        reach(us, them, door.url).wrap(KEY, HERE)


def test_a_client_that_is_not_paired_is_turned_away(companion: Companion, us: Identity) -> None:
    with pytest.raises(CustodyDenied, match="does not know us"):
        reach(us, companion.us, companion.url).wrap(KEY, HERE)
    companion.hear("not paired was turned away")


def test_a_client_that_is_forgotten_is_turned_away_at_once(
    companion: Companion, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    companion.client(home, name="laptop")
    far = custodian(home, companion.url, "one")
    wrapped = far.wrap(KEY, HERE)
    assert Pins(str(companion.folder / identity.CLIENTS)).remove("laptop")
    with pytest.raises(CustodyDenied, match="does not know us"):
        far.unwrap(wrapped, HERE)


def test_a_client_cannot_speak_for_another(local: Companion, us: Identity) -> None:
    known = identity.load(str(local.root / "client" / identity.CLIENT))
    assert known is not None
    us.fingerprint = known.fingerprint
    with pytest.raises(CustodyDenied, match="not paired"):
        reach(us, local.us, local.url).wrap(KEY, HERE)
    local.hear("did not sign")


def test_a_key_of_another_kind_or_name_is_not_used(companion: Companion, tmp_path: Path) -> None:
    companion.client(tmp_path / "home")
    with pytest.raises(Exception, match="no such key") as caught:
        custodian(tmp_path / "home", companion.url, "none").wrap(KEY, HERE)
    assert caught.value.code == 43  # type: ignore[attr-defined]  # the class is known by its code


def test_without_a_pairing_nothing_is_asked(tmp_path: Path) -> None:
    options = Options(pin=lambda: None, environment={}, folder=str(tmp_path))
    with pytest.raises(CustodyDenied, match="not paired") as caught:
        open_custodian(parse("rpc:https://host:1"), options)
    assert "lango companion pair" in caught.value.hint
    with pytest.raises(UsageProblem):
        open_custodian(parse("rpc:https://host:1?key=../x"), options)


def test_a_plain_server_gets_no_request(us: Identity, them: Identity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        code = (
            "import socket, sys\n"
            "s = socket.socket(fileno=int(sys.argv[1])); c, _ = s.accept(); c.recv(9999)\n"
            "c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'); c.recv(1)\n"
        )
        number = listener.fileno()
        plain = subprocess.Popen([sys.executable, "-c", code, str(number)], pass_fds=[number])
        with pytest.raises(CustodyDenied, match="speaks no TLS"):
            reach(us, them, url).wrap(KEY, HERE)
        plain.wait()


# Another user.

LISTEN = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
listener.listen()
print("ready", flush=True)
listener.accept()[0].recv(1)
"""
CONNECT = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
found = socket.socket(socket.AF_UNIX)
found.connect("socket")
try:
    found.sendall(b"POST /rpc HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n")
    sys.exit(len(found.recv(1)))
except ConnectionError:
    sys.exit(0)
"""


def test_a_socket_at_which_another_user_listens_is_refused(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    tmp_path.chmod(0o700)
    path = str(tmp_path / "socket")
    other = subprocess.Popen([sys.executable, "-c", LISTEN, path], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"ready\n"
    with pytest.raises(CustodyDenied, match="another user listens"):
        reach(us, them, f"unix:{path}").wrap(KEY, HERE)
    other.stdout.close()
    other.wait()


def test_another_user_at_the_socket_is_turned_away(local: Companion) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    path = local.root / "run" / "socket"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.chmod(0o711)
    path.chmod(0o666)
    try:
        done = subprocess.run([sys.executable, "-c", CONNECT, str(path.parent)])
    finally:
        path.chmod(0o600)
        path.parent.chmod(0o700)
    assert done.returncode == 0
    local.hear("another user was turned away")


def test_a_socket_in_a_folder_of_others_is_refused(
    us: Identity, them: Identity, tmp_path: Path
) -> None:
    with Door(tmp_path / "d", raw(b"")) as door:
        (tmp_path / "d").chmod(0o755)
        with pytest.raises(CustodyDenied, match="can be used by others"):
            reach(us, them, door.url).wrap(KEY, HERE)
        assert door.met == 0


def test_a_companions_own_refusals_have_their_numbers(local: Companion) -> None:
    far = local_key(local)
    for method, asked, code in (
        ("format", {}, messages.UNKNOWN_METHOD),
        ("wrap", {}, messages.BAD_PARAMETERS),
        ("wrap", {"data": "", "vault": "x", "slot": "y"}, messages.BAD_PARAMETERS),
        ("wrap", {"data": 7, "vault": "0" * 32, "slot": "y"}, messages.BAD_PARAMETERS),
        ("wrap", {"data": b64(b"x"), "vault": "0" * 32, "slot": "y"}, messages.BAD_PARAMETERS),
        ("sign", {"message": ""}, messages.UNUSABLE),
        (
            "encrypt",
            {"data": b64(bytes(messages.DATA_LIMIT + 1)), "vault": "0" * 32, "slot": "y"},
            messages.TOO_LARGE,
        ),
    ):
        kind = messages.MEANINGS.get(code, (CustodyDenied, ""))[0]
        with pytest.raises(kind):
            far._ask("wrap", asked, method)


def test_data_is_sealed_and_opened_by_the_companion(companion: Companion, tmp_path: Path) -> None:
    companion.client(tmp_path / "home")
    far = custodian(tmp_path / "home", companion.url, "one")
    sealed = far.encrypt(KEY, HERE)
    assert far.decrypt(sealed, HERE) == KEY
    with pytest.raises(Tampered):
        custodian(tmp_path / "home", companion.url, "two").decrypt(sealed, HERE)


def test_a_client_that_says_nothing_keeps_nobody_else_waiting(
    companion: Companion, tmp_path: Path
) -> None:
    companion.client(tmp_path / "home")
    silent = []
    for _ in range(8):
        if companion.tls:
            port = int(companion.url.rpartition(":")[2])
            silent.append(socket.create_connection(("127.0.0.1", port)))
        else:
            one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.connect(companion.url[5:])
            silent.append(one)
    assert custodian(tmp_path / "home", companion.url, "one").describe().usable
    for one in silent:
        one.close()


def test_the_head_of_a_request_is_bounded() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"POST /rpc HTTP/1.1\r\nx: " + b"x" * 20_000)
        answerer = channel.Answerer(right)
        answerer.until = time.monotonic() + 60
        with pytest.raises(messages.Garbled):
            answerer.head()

"""What somebody on the network or beside a companion may try, and what comes of it."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pexpect
import pytest
from zeroconf import ServiceInfo

from lango_cli.codec import b64
from lango_cli.companion import announcing, server
from lango_cli.crypto import certificates
from lango_cli.errors import CustodyDenied, CustodyUnavailable
from lango_cli.rpc import channel, identity, messages, places
from tests.companion.companions import Companion, custodian
from tests.companion.doors import PATIENCE, Door, heard
from tests.companion.test_faults import reach
from tests.companion.test_pairing import lango
from tests.custody.softhsm import PIN, Token
from tests.custody.suite import HERE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=["socket", "tls"])
def companion(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Companion]:
    """A companion over each transport, with one client."""
    found = Companion(tmp_path_factory.mktemp("c"), tls=request.param == "tls")
    found.start()
    found.client(found.root / "client")
    yield found
    found.stop()


over_a_socket = pytest.mark.parametrize("companion", ["socket"], indirect=True)
"""Nobody unknown gets so far over TLS."""
over_tls = pytest.mark.parametrize("companion", ["tls"], indirect=True)


def plain(companion: Companion) -> socket.socket:
    """A connection, before any TLS."""
    if companion.tls:
        return socket.create_connection(("127.0.0.1", int(companion.url.rpartition(":")[2])))
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.connect(companion.url[5:])
    return found


def said(companion: Companion, body: bytes) -> int:
    """The status for this body, signed by a client that is paired."""
    us = identity.load(str(companion.root / "client" / identity.CLIENT))
    assert us is not None
    until = time.monotonic() + PATIENCE
    connection, _ = places.connect(companion.url, us, companion.us.certificate, until)
    asker = channel.Asker(connection)
    asker.until = until
    signed = messages.request_signed(companion.us.fingerprint, us.fingerprint, body)
    headers = {messages.CLIENT: us.fingerprint, messages.SIGNATURE: b64(us.sign(signed))}
    status = asker.begin(messages.PATH, headers, len(body))
    if status == channel.GO_ON:
        status, _ = asker.finish(body)
    asker.close()
    return status


RIGHT = (
    b'{"id":"1","jsonrpc":"2.0","method":"describe","params":{"companion":"%s","key":"one",'
    b'"nonce":"%s"}}'
)
BODIES = {
    "a batch": b"[" + RIGHT + b"]",
    "a notification": RIGHT.replace(b'"id":"1",', b""),
    "a null id": RIGHT.replace(b'"1"', b"null"),
    "a number for an id": RIGHT.replace(b'"1"', b"1"),
    "an id twice": RIGHT.replace(b'"id":"1"', b'"id":"1","id":"2"'),
    "a huge number": RIGHT.replace(b'"1"', b"9" * 100_000),
    "a fraction": RIGHT.replace(b'"1"', b"1e999"),
    "not a number": RIGHT.replace(b'"1"', b"NaN"),
    "deep nesting": RIGHT.replace(b'"1"', b"[" * 100_000 + b"]" * 100_000),
    "no UTF-8": RIGHT.replace(b'"1"', b'"\xff"'),
    "half a pair of surrogates": RIGHT.replace(b'"one"', b'"\\ud800"'),
    "more behind it": RIGHT + b"{}",
    "nothing": b"",
}


@pytest.mark.parametrize("what", BODIES)
def test_what_is_no_single_request_is_refused_and_the_next_is_served(
    companion: Companion, what: str
) -> None:
    nonce = b64(what.encode().ljust(messages.NONCE, b"."))
    filled = (companion.us.fingerprint.encode(), nonce.encode())
    body = BODIES[what].replace(b"%s", filled[0], 1).replace(b"%s", filled[1], 1)
    # One that is well-formed after all is answered, with an error.
    assert said(companion, body) == (channel.OK if "surrogates" in what else channel.BAD)
    assert custodian(companion.root / "client", companion.url, "one").describe().usable


@over_a_socket
@pytest.mark.parametrize(
    "head",
    [
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
        b"0\r\n\r\nPOST /rpc HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET /rpc HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\n\r\n",
    ],
)
def test_a_head_that_can_be_read_in_two_ways_gets_nothing_done(
    head: bytes, tmp_path_factory: pytest.TempPathFactory, companion: Companion
) -> None:
    with plain(companion) as attacker:
        attacker.sendall(head)
        attacker.shutdown(socket.SHUT_WR)
        answer = b""
        while some := attacker.recv(1 << 16):
            answer += some
    assert b" 200 " not in answer
    assert answer.count(b"HTTP/1.1") <= 1


def test_connections_that_say_nothing_keep_no_client_out(companion: Companion) -> None:
    silent = [plain(companion) for _ in range(3 * server.AT_ONCE)]
    try:
        # Retries are for a socket's queue, which is full for as long as it takes to look at it.
        far = custodian(companion.root / "client", companion.url, "one", retries=9)
        for _ in range(3):
            assert far.unwrap(far.wrap(KEY, HERE), HERE) == KEY
            silent += [plain(companion) for _ in range(server.AT_ONCE)]
    finally:
        for one in silent:
            one.close()


@over_tls
def test_nothing_older_than_tls_1_3_is_spoken(companion: Companion) -> None:
    us = identity.load(str(companion.root / "client" / identity.CLIENT))
    context = places.client_context(us, companion.us.certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with plain(companion) as one, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(one)


@over_tls
def test_a_certificate_of_the_same_name_is_another(companion: Companion, tmp_path: Path) -> None:
    twin = identity.load_or_make(str(tmp_path / "twin.pem"), "client")
    until = time.monotonic() + PATIENCE
    with pytest.raises((OSError, messages.Garbled)):
        connection, _ = places.connect(companion.url, twin, companion.us.certificate, until)
        asker = channel.Asker(connection)
        asker.until = until
        try:
            asker.begin(messages.PATH, {}, 0)
        finally:
            asker.close()


@pytest.mark.parametrize("years", [(1990, 1991), (3000, 3001)], ids=["expired", "not yet"])
def test_no_clock_makes_a_pinned_certificate_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years: tuple[int, int]
) -> None:
    begin, end = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in years)
    monkeypatch.setattr(certificates, "_BEGIN", begin)
    monkeypatch.setattr(certificates, "_NEVER", end)
    companion = Companion(tmp_path / "c", tls=True)
    companion.start()
    try:
        companion.client(tmp_path / "client")
        assert custodian(tmp_path / "client", companion.url, "one").describe().usable
    finally:
        companion.stop()


def test_a_request_to_sign_is_sent_once_and_one_to_wrap_again(tmp_path: Path) -> None:
    us = identity.load_or_make(str(tmp_path / "us.pem"), "client")
    them = identity.load_or_make(str(tmp_path / "them.pem"), "companion")
    heard_of = []

    def end(connection: socket.socket) -> None:
        heard_of.append(heard(connection)[2].method)

    with Door(tmp_path / "d", end) as door:
        far = reach(us, them, door.url)
        far._calls._retries = 2
        with pytest.raises(CustodyUnavailable, match="may have signed"):
            far.sign(b"a text")
        assert heard_of == ["sign"]
        with pytest.raises(CustodyUnavailable):
            far.wrap(KEY, HERE)
        assert heard_of == ["sign", "wrap", "wrap", "wrap"]


# Paths and announcements.


def test_a_socket_is_made_in_no_folder_that_is_a_link_and_in_place_of_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "file").write_text("kept")
    (tmp_path / "run" / "dangling").symlink_to("nothing")
    for path, why in (
        ("link/socket", "is a symbolic link"),
        ("run/file", "is in use"),
        ("run/dangling", "is in use"),
    ):
        terminal = lango(tmp_path, "companion", "serve", "--socket", str(tmp_path / path))
        terminal.expect(why)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 90
    assert (tmp_path / "run" / "file").read_text() == "kept"
    assert not (tmp_path / "run" / "nothing").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "digits", "port"),
    [("a\x1b[2J", "0" * 16, 1), ("a", "0\n0", 1), ("", "0" * 16, 1), ("a", "", 1), ("a", "0", 0)],
)
def test_an_announcement_that_no_companion_makes_is_not_shown(
    name: str, digits: str, port: int
) -> None:
    info = ServiceInfo(
        announcing.TYPE,
        f"x.{announcing.TYPE}",
        port=port,
        addresses=[socket.inet_aton("192.0.2.1")],
        properties={"name": name, "id": digits},
    )
    assert announcing._found(info) is None


def test_an_announcement_with_the_fingerprint_of_a_companion_changes_nothing(
    companion: Companion, tmp_path: Path
) -> None:
    """Where a key is stands in its pin; who answers there is known by the certificate."""
    home = companion.root / "client"
    pins = identity.Pins(str(home / identity.COMPANIONS)).all()
    liar = identity.load_or_make(str(tmp_path / "liar.pem"), "companion")
    liar.fingerprint = companion.us.fingerprint
    network = announcing.Announcement("companion", "127.0.0.1", 9, liar.fingerprint, ["127.0.0.1"])
    try:
        assert custodian(home, companion.url, "one").describe().usable
        assert identity.Pins(str(home / identity.COMPANIONS)).all() == pins
    finally:
        network.close()


# A connection that stays.


def test_one_connection_serves_many_requests_and_a_stale_one_is_replaced(
    companion: Companion,
) -> None:
    far = custodian(companion.root / "client", companion.url, "one")
    wrapped = far.wrap(KEY, HERE)
    first = far._line._kept
    assert first is not None
    assert far.unwrap(wrapped, HERE) == KEY
    assert far._line._kept is first
    companion.stop()
    companion.start()
    assert far.unwrap(wrapped, HERE) == KEY
    assert far._line._kept is not first
    signer = custodian(companion.root / "client", companion.url, "three")
    assert signer.verify(b"a text", signer.sign(b"a text"))
    companion.stop()
    companion.start()
    # Nothing of it was taken by the old one: so it is asked of the new one, and signed once.
    assert signer.sign(b"a text")


def test_a_client_that_is_forgotten_is_out_on_a_connection_that_it_has(
    companion: Companion, tmp_path: Path
) -> None:
    companion.client(tmp_path / "home", name="laptop")
    far = custodian(tmp_path / "home", companion.url, "one")
    wrapped = far.wrap(KEY, HERE)
    assert far._line._kept is not None
    assert identity.Pins(str(companion.folder / identity.CLIENTS)).remove("laptop")
    with pytest.raises(CustodyDenied, match="does not know us"):
        far.unwrap(wrapped, HERE)


def test_more_clients_than_there_is_room_for_are_all_served(companion: Companion) -> None:
    home = companion.root / "client"
    many = [custodian(home, companion.url, "one", retries=9) for _ in range(server.AT_ONCE + 8)]
    wrapped = [one.wrap(KEY, HERE) for one in many]
    assert all(one.unwrap(data, HERE) == KEY for one, data in zip(many, wrapped, strict=True))


def test_a_name_to_listen_at_is_announced_by_its_addresses(tmp_path: Path) -> None:
    companion = Companion(tmp_path / "c", tls=True)
    words = ("--listen", "localhost:0", "--announce", "--interface", "127.0.0.1")
    terminal = lango(companion.root, "companion", "serve", *words)
    terminal.expect("announced on the local network")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)


# A PIN.


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    found = Token(tmp_path_factory.mktemp("token"))
    found.fill()
    return found


def test_a_pin_is_asked_for_before_it_serves(
    token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companion = Companion(tmp_path / "c", tls=False)
    companion.client(tmp_path / "client")
    config = token.environment["SOFTHSM2_CONF"]
    real = pexpect.spawn

    def with_token(*words: object, **more: object) -> pexpect.spawn:
        environment = more.pop("env")
        assert isinstance(environment, dict)
        return real(*words, env={**environment, "SOFTHSM2_CONF": config}, **more)

    monkeypatch.setattr(pexpect, "spawn", with_token)
    words = ["--socket", companion.url[5:], "--folder", str(companion.folder)]
    key = f"one={token.uri('object=kek')}"
    terminal = lango(companion.root, "companion", "serve", *words, "--key", key)
    terminal.expect("PIN of key one")
    terminal.sendline(PIN)
    terminal.expect("is ready")
    far = custodian(tmp_path / "client", companion.url, "one")
    assert far.unwrap(far.wrap(KEY, HERE), HERE) == KEY
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    mute = lango(companion.root, "companion", "serve", *words, "--key", key, "--no-input")
    mute.expect("key one is not usable now: .*PIN")
    mute.expect("is ready")
    mute.sendintr()
    mute.expect(pexpect.EOF)

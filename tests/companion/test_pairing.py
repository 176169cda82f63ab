"""Pairing: two real commands on two terminals, and somebody in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pexpect
import pytest

from lango_cli.codec import b64
from lango_cli.errors import Cancelled, CustodyDenied, CustodyUnavailable, UsageProblem
from lango_cli.rpc import channel, identity, messages, pairing, places
from lango_cli.rpc.identity import Pin, Pins
from tests.companion.companions import Companion, custodian
from tests.custody.suite import HERE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.custody.rpc import RpcCustodian

CODE = r"code +(\d{3} \d{3})"
PATIENCE = 60


def lango(root: Path, *words: str) -> pexpect.spawn:
    """A command on a terminal of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "LANGO_HOME": str(root / "home"),
        "TERM": "xterm",
        "NO_COLOR": "1",
    }
    return pexpect.spawn(
        sys.executable,
        ["-m", "lango_cli", *words],
        env=environment,
        timeout=PATIENCE,
        encoding="utf-8",
        dimensions=(40, 200),
    )


class Keeper:
    """`lango companion serve` on a terminal."""

    def __init__(self, root: Path, *words: str, tls: bool) -> None:
        self.root = root
        root.mkdir(mode=0o700, exist_ok=True)
        self.path = root / "run" / "socket"
        where = ["--listen", "127.0.0.1:0"] if tls else ["--socket", str(self.path)]
        self.terminal = lango(root, "companion", "serve", "--name", "keeper", *where, *words)
        self.terminal.expect(r"serving (\S+)\r\n")
        assert self.terminal.match
        self.url = self.terminal.match[1]
        self.terminal.expect("is ready")

    @property
    def clients(self) -> list[Pin]:
        """Who is pinned."""
        return Pins(str(self.root / "home" / "companion" / identity.CLIENTS)).all()

    def close(self) -> None:
        """End it by Ctrl-C."""
        self.terminal.sendintr()
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        assert self.terminal.exitstatus == 0


@pytest.fixture(params=["socket", "tls"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    found = Keeper(tmp_path / "keeper", "--pair", tls=request.param == "tls")
    yield found
    found.close()


def compare(keeper: Keeper, client: pexpect.spawn) -> None:
    """Both show the same code, and the names of the two."""
    client.expect(CODE)
    assert client.match
    shown = client.match[1]
    keeper.terminal.expect(r"client +laptop")
    keeper.terminal.expect(CODE)
    assert keeper.terminal.match
    assert keeper.terminal.match[1] == shown
    client.expect(r"same code\? \[y/N\]")
    keeper.terminal.expect(r"\[y/N\]")


def paired(root: Path) -> list[Pin]:
    return Pins(str(root / "home" / identity.COMPANIONS)).all()


def test_after_two_yeses_each_side_knows_the_other(keeper: Keeper, tmp_path: Path) -> None:
    client = lango(tmp_path, "companion", "pair", keeper.url, "--name", "laptop")
    compare(keeper, client)
    client.sendline("y")
    keeper.terminal.sendline("y")
    client.expect("paired with keeper")
    client.expect(pexpect.EOF)
    keeper.terminal.expect("paired with laptop")
    (pin,) = paired(tmp_path)
    assert (pin.name, pin.url) == ("keeper", keeper.url)
    assert [one.name for one in keeper.clients] == ["laptop"]
    for name in (identity.CLIENT, identity.COMPANIONS):
        assert (tmp_path / "home" / name).stat().st_mode & 0o777 == 0o600
    far = custodian(tmp_path / "home", keeper.url, "default")
    assert far.unwrap(far.wrap(KEY, HERE), HERE) == KEY
    # One pairing, and no more.
    late = lango(tmp_path, "companion", "pair", keeper.url, "--name", "other")
    late.expect("takes no pairing now|no companion that can be paired with")
    late.expect(pexpect.EOF)


@pytest.mark.parametrize("who", ["client", "companion"])
def test_one_no_and_nobody_knows_anybody(keeper: Keeper, tmp_path: Path, who: str) -> None:
    client = lango(tmp_path, "companion", "pair", keeper.url, "--name", "laptop")
    compare(keeper, client)
    client.sendline("n" if who == "client" else "y")
    if who == "companion":
        keeper.terminal.sendline("")
    client.expect("not paired")
    client.expect(pexpect.EOF)
    client.close()
    assert client.exitstatus == 3
    keeper.terminal.expect("not paired with laptop")
    assert paired(tmp_path) == []
    assert keeper.clients == []


def test_after_three_failures_no_more_are_taken(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "keeper", "--pair", tls=False)
    for _ in range(5):
        # Nothing was shown: that is no guess at a code.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as noise:
            noise.connect(str(keeper.path))
            noise.sendall(b"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            while noise.recv(4096):
                pass
    for _ in range(3):
        client = lango(tmp_path, "companion", "pair", keeper.url, "--name", "laptop")
        compare(keeper, client)
        client.sendline("n")
        client.expect(pexpect.EOF)
        keeper.terminal.expect("not paired with laptop")
    keeper.terminal.expect("no further pairing is taken")
    client = lango(tmp_path, "companion", "pair", keeper.url, "--name", "laptop")
    client.expect("takes no pairing now")
    client.expect(pexpect.EOF)
    keeper.close()


def test_a_vault_is_opened_by_its_companion_alone(tmp_path: Path) -> None:
    """Paired, a slot added, the keyfile taken away: the companion opens it, away it does not."""
    keeper = Keeper(tmp_path / "keeper", "--pair", tls=True)
    client = lango(tmp_path, "companion", "pair", keeper.url, "--name", "laptop")
    compare(keeper, client)
    client.sendline("y")
    keeper.terminal.sendline("y")
    client.expect(pexpect.EOF)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANGO_HOME": str(tmp_path / "home"),
    }

    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lango_cli", *words],
            env=environment, input=stdin, capture_output=True, text=True,
        )  # fmt: skip

    assert run("init", "--no-input", "--no-recovery", "--keyfile").returncode == 0
    assert run("secrets", "set", "a", "-", stdin="value").returncode == 0
    # The only one that is paired is meant; a setting names another, which is not paired.
    other = run("settings", "set", "security.signer.rpcUrl", "https://other:8467")
    assert other.returncode == 0, other.stderr
    assert run("keys", "slot", "add", "companion").returncode == CustodyDenied.code
    assert run("settings", "set", "security.signer.rpcUrl", keeper.url).returncode == 0
    assert run("keys", "slot", "add", "companion").returncode == 0
    assert run("settings", "unset", "security.signer.rpcUrl").returncode == 0
    added = run("keys", "slot", "add", "companion")
    assert added.returncode == 0, added.stderr
    (tmp_path / "home" / "keyfile").unlink()
    read = run("secrets", "get", "a")
    assert (read.returncode, read.stdout) == (0, "value"), read.stderr
    keeper.close()
    away = run("secrets", "get", "a", "--json")
    assert away.returncode == 40, away.stderr
    assert "value" not in away.stdout
    assert json.loads(away.stderr.splitlines()[-1])["error"] == "custody_unavailable"
    # This home never served a companion: that is no reason for forgetting to fail half done.
    gone = run("companion", "forget", keeper.url, "--yes")
    assert (gone.returncode, gone.stderr) == (0, "companion keeper is forgotten\n")
    assert run("companion", "forget", keeper.url, "--yes").returncode == 43
    assert run("secrets", "get", "a").returncode == CustodyDenied.code


# A person who is asked.


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[pexpect.spawn, Companion]]:
    """A companion on a terminal that asks, with one client."""
    companion = Companion(tmp_path / "c", tls=False)
    companion.client(tmp_path / "c" / "client", name="laptop")
    yield (serve(companion), companion)


def serve(companion: Companion) -> pexpect.spawn:
    """Serve on a terminal, asking."""
    words = ["--socket", companion.url[5:], "--folder", str(companion.folder), "--ask"]
    keys = ["--key", "one=local:wrap", "--key", "three=local:sign"]
    terminal = lango(companion.root, "companion", "serve", *words, *keys)
    terminal.expect("is ready")
    return terminal


def test_a_person_sees_what_is_asked_and_their_no_is_a_no(
    asking: tuple[pexpect.spawn, Companion],
) -> None:
    terminal, companion = asking
    home = companion.root / "client"
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(custodian(home, companion.url, "three").sign(b"a text"))
        except CustodyDenied as err:
            found.append(err.message)

    for answer in ("n", "", "y"):
        thread = threading.Thread(target=ask)
        thread.start()
        terminal.expect(r"client +laptop\r\nwants to +sign\r\nwith key +three \(local three\)")
        terminal.expect("a text of +6 bytes\r\nSHA-256 +[0-9a-f]{64}")
        terminal.expect(r"\[y/N\]: ")
        terminal.sendline(answer)
        thread.join()
    refused = "the person at the companion said no"
    assert isinstance(found[0], str)
    assert refused in found[0]
    assert isinstance(found[1], str)
    assert refused in found[1]
    assert isinstance(found[2], bytes)
    assert custodian(home, companion.url, "three").verify(b"a text", found[2])
    terminal.sendintr()
    terminal.expect(pexpect.EOF)


def test_a_companion_killed_in_the_middle_is_unavailable_and_the_next_serves_again(
    asking: tuple[pexpect.spawn, Companion],
) -> None:
    terminal, companion = asking
    for _ in range(3):
        far = custodian(companion.root / "client", companion.url, "one")
        found: list[BaseException] = []

        def ask(far: RpcCustodian, found: list[BaseException]) -> None:
            try:
                far.wrap(KEY, HERE)
            except CustodyUnavailable as err:
                found.append(err)

        thread = threading.Thread(target=ask, args=(far, found))
        thread.start()
        terminal.expect(r"wants to +wrap")
        terminal.expect(r"\[y/N\]: ")
        terminal.kill(signal.SIGKILL)
        thread.join()
        terminal.close()
        assert len(found) == 1
        with pytest.raises(CustodyUnavailable, match="no companion is there"):
            far.wrap(KEY, HERE)
        terminal = serve(companion)
    far = custodian(companion.root / "client", companion.url, "one")
    thread = threading.Thread(target=far.wrap, args=(KEY, HERE))
    thread.start()
    terminal.expect(r"\[y/N\]: ")
    terminal.sendline("y")
    terminal.expect("laptop: wrap with one")
    thread.join()
    terminal.sendintr()
    terminal.expect(pexpect.EOF)


def test_a_question_whose_client_went_away_is_taken_back(
    asking: tuple[pexpect.spawn, Companion],
) -> None:
    terminal, companion = asking
    far = custodian(companion.root / "client", companion.url, "one", patience=1.0)
    with pytest.raises(CustodyUnavailable):
        far.wrap(KEY, HERE)
    terminal.expect("too late")
    assert custodian(companion.root / "client", companion.url, "one").describe().usable
    terminal.sendintr()
    terminal.expect(pexpect.EOF)


def test_a_folder_has_one_companion(asking: tuple[pexpect.spawn, Companion]) -> None:
    terminal, companion = asking
    second = lango(
        companion.root, "companion", "serve", "--socket", str(companion.root / "run" / "two"),
        "--folder", str(companion.folder),
    )  # fmt: skip
    second.expect(pexpect.EOF)
    second.close()
    assert second.exitstatus == 15
    third = lango(
        companion.root, "companion", "serve", "--socket", companion.url[5:],
        "--folder", str(companion.root / "third"),
    )  # fmt: skip
    third.expect("is in use")
    third.expect(pexpect.EOF)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)


# Somebody in the middle.


def received(
    connection: socket.socket, us: identity.Identity, name: str, *, yes: bool
) -> tuple[str, Pin, bool]:
    """The companion's side of a pairing, on a connection."""
    answerer = channel.Answerer(connection)
    answerer.until = time.monotonic() + PATIENCE
    assert answerer.head()[0] == messages.PAIRING
    receiving = pairing.Receiving(answerer, us, name)
    code, pin = receiving.begin()
    agreed = receiving.prove()
    receiving.end(agreed=agreed and yes)
    return code, pin, agreed


def at(folder: Path) -> tuple[str, socket.socket]:
    folder.mkdir(mode=0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(folder / "socket"))
    listener.listen()
    return f"unix:{folder / 'socket'}", listener


def test_somebody_in_the_middle_shows_two_codes(tmp_path: Path) -> None:
    who = {
        name: identity.load_or_make(str(tmp_path / f"{name}.pem"), name)
        for name in ("client", "companion", "middle")
    }
    real, real_listener = at(tmp_path / "real")
    fake, fake_listener = at(tmp_path / "fake")
    codes: dict[str, str] = {}

    def companion() -> None:
        with real_listener, real_listener.accept()[0] as connection:
            codes["companion"] = received(connection, who["companion"], "keeper", yes=False)[0]

    def middle() -> None:
        with fake_listener, fake_listener.accept()[0] as connection:
            received(connection, who["middle"], "keeper", yes=True)

    threads = [threading.Thread(target=run, daemon=True) for run in (companion, middle)]
    for thread in threads:
        thread.start()

    def seen(name: str, code: str) -> bool:
        codes[name] = code
        return False

    with pytest.raises(Cancelled):
        pairing.pair(fake, who["client"], "laptop", lambda code, _pin: seen("client", code))
    with pytest.raises(Cancelled):
        pairing.pair(real, who["middle"], "laptop", lambda code, _pin: seen("middle", code))
    for thread in threads:
        thread.join(PATIENCE)
    assert codes["middle"] == codes["companion"]
    assert codes["client"] != codes["companion"]


def test_a_nonce_that_was_not_promised_is_refused(tmp_path: Path) -> None:
    us = identity.load_or_make(str(tmp_path / "us.pem"), "client")
    them = identity.load_or_make(str(tmp_path / "them.pem"), "companion")
    url, listener = at(tmp_path / "d")
    caught: list[BaseException] = []

    def companion() -> None:
        with listener, listener.accept()[0] as connection:
            try:
                received(connection, them, "keeper", yes=True)
            except messages.Garbled as err:
                caught.append(err)

    thread = threading.Thread(target=companion, daemon=True)
    thread.start()
    connection, _ = places.connect(url, None, None, time.monotonic() + PATIENCE)
    asker = channel.Asker(connection)
    asker.until = time.monotonic() + PATIENCE
    side = pairing.Side(us.certificate, "laptop", bytes(32))
    begin = {"certificate": b64(side.certificate), "name": side.name}
    pairing._say(asker, begin | {"commitment": b64(pairing.commitment(side))})
    with pytest.raises((OSError, messages.Garbled)):
        pairing._say(asker, {"nonce": b64(b"\1" * 32)})
    asker.close()
    thread.join(PATIENCE)
    assert len(caught) == 1


def test_codes_are_six_digits_and_evenly_spread() -> None:
    seen = [pairing.code_of(number.to_bytes(4, "big")) for number in range(20_000)]
    assert all(re.fullmatch(r"\d{3} \d{3}", code) for code in seen)
    # Birthdays among 10^6: about 200 codes stand twice; a tenth of the digits would give 2,000.
    assert 19_500 < len(set(seen)) < 20_000
    for place in (0, 1, 2, 4, 5, 6):
        assert {code[place] for code in seen} == set("0123456789")


def test_a_pin_that_could_not_be_read_back_is_not_kept(tmp_path: Path) -> None:
    pins = Pins(str(tmp_path / "pins"))
    us = identity.load_or_make(str(tmp_path / "us"), "us")
    pins.add(Pin("other", "", us.certificate))
    with pytest.raises(UsageProblem, match="no name"):
        pins.add(Pin("an other", "", us.certificate))
    assert [pin.name for pin in pins.all()] == ["other"]

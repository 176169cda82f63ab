"""TPM 2.0, by tpm2-tools, against swtpm: a whole TPM in software."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from lango_cli.custody.tpm import TpmCustodian, open_custodian
from lango_cli.custody.uri import KeyUri, Options, parse
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from tests.custody.suite import HERE, KEY, CustodianSuite
from tests.launch.runs import TOKEN, Lango
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 60.0
STORE, SIGNER = "0x81000002", "0x81000001"


def two_free_ports() -> int:
    """A port of 127.0.0.1 that nothing listens on, nor on the next: its control channel's."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with suppress(OSError, OverflowError):
                other.bind(("127.0.0.1", port + 1))
                return port


class Tpm:
    """A TPM on a socket, with a second storage key and a signing key at persistent handles."""

    def __init__(self, folder: Path) -> None:
        require("swtpm", "tpm2_unseal")
        self.folder = folder
        (folder / "state").mkdir()
        self.port = two_free_ports()
        self.process = subprocess.Popen(
            [
                "swtpm",
                "socket",
                "--tpm2",
                f"--tpmstate=dir={folder}/state",
                f"--ctrl=type=tcp,port={self.port + 1},bindaddr=127.0.0.1",
                f"--server=type=tcp,port={self.port},bindaddr=127.0.0.1",
                "--flags=not-need-init,startup-clear",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.tcti = f"swtpm:host=127.0.0.1,port={self.port}"
        self.environment = {**os.environ, "TPM2TOOLS_TCTI": self.tcti, "TSS2_LOG": "all+none"}
        end = time.monotonic() + PATIENCE
        while self.try_run("getrandom", "1") and time.monotonic() < end:
            time.sleep(0.05)

    def try_run(self, command: str, *words: str) -> int:
        """The exit code of a command of the administrator's."""
        done = subprocess.run(
            [f"tpm2_{command}", *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
        )
        return done.returncode

    def run(self, command: str, *words: str) -> None:
        """One that works."""
        assert self.try_run(command, *words) == 0, command

    def fill(self) -> None:
        """The two keys."""
        self.run("createprimary", "-C", "o", "-G", "rsa2048", "-c", "rsa")
        self.run("evictcontrol", "-C", "o", "-c", "rsa", STORE)
        self.run("flushcontext", "-t")
        self.run("create", "-C", STORE, "-G", "ecc256:ecdsa-sha256", "-u", "p", "-r", "s")
        self.run("flushcontext", "-t")
        self.run("load", "-C", STORE, "-u", "p", "-r", "s", "-c", "signer")
        self.run("evictcontrol", "-C", "o", "-c", "signer", SIGNER)
        self.run("flushcontext", "-t")

    def custodian(
        self, query: str = "", pin: bytes | None = None, timeout: float = PATIENCE
    ) -> TpmCustodian:
        """Lango's client."""
        uri = parse(f"tpm2:?{query.removeprefix('&')}")
        asked = None if pin is None else SecretBytes(pin)
        options = Options(lambda: asked, self.environment, timeout=timeout, retries=0)
        return open_custodian(uri, options)

    def close(self) -> None:
        """Take it away."""
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def tpm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tpm]:
    made = Tpm(tmp_path_factory.mktemp("tpm"))
    made.fill()
    yield made
    made.close()


class TestTpm(CustodianSuite):
    """Sealed under the owner's primary key."""

    @pytest.fixture
    def wrapping(self, tpm: Tpm) -> TpmCustodian:
        return tpm.custodian()

    @pytest.fixture
    def other(self, tpm: Tpm) -> TpmCustodian:
        return tpm.custodian(f"&handle={STORE}")

    @pytest.fixture
    def signing(self, tpm: Tpm) -> TpmCustodian:
        return tpm.custodian(f"&handle={SIGNER}")


def test_what_is_sealed_to_pcrs_opens_until_one_changes(tpm: Tpm) -> None:
    custodian = tpm.custodian("&pcrs=sha256:16")
    wrapped = custodian.wrap(KEY, HERE)
    assert custodian.unwrap(wrapped, HERE) == KEY
    tpm.run("pcrextend", "16:sha256=" + "11" * 32)
    with pytest.raises(KeyUnusable, match="PCRs"):
        custodian.unwrap(wrapped, HERE)
    tpm.run("pcrreset", "16")
    assert custodian.unwrap(wrapped, HERE) == KEY


@pytest.mark.parametrize("policy", ["", "&pcrs=sha256:16"])
def test_a_pin_is_needed_where_one_was_given(tpm: Tpm, policy: str) -> None:
    with_pin = f"&pin=yes{policy}"
    wrapped = tpm.custodian(with_pin, b"a long pin").wrap(KEY, HERE)
    assert tpm.custodian(with_pin, b"a long pin").unwrap(wrapped, HERE) == KEY
    with pytest.raises(CustodyDenied, match="PIN is wrong"):
        tpm.custodian(with_pin, b"another").unwrap(wrapped, HERE)
    with pytest.raises(CustodyDenied, match="needs a PIN"):
        tpm.custodian(with_pin).unwrap(wrapped, HERE)


def test_a_handle_without_a_key_is_not_found(tpm: Tpm) -> None:
    custodian = tpm.custodian("&handle=0x81000099")
    with pytest.raises(KeyNotFound):
        custodian.sign(b"a text")
    assert not custodian.describe().usable


def test_nothing_stays_in_the_tpm(tpm: Tpm) -> None:
    custodian = tpm.custodian("&pcrs=sha256:16")
    for _ in range(5):
        assert custodian.unwrap(custodian.wrap(KEY, HERE), HERE) == KEY
    done = subprocess.run(
        ["tpm2_getcap", "handles-transient"],
        env=tpm.environment,
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b""


def test_a_tpm_that_is_not_there_is_unavailable(tpm: Tpm) -> None:
    gone = {**tpm.environment, "TPM2TOOLS_TCTI": "swtpm:host=127.0.0.1,port=1"}
    options = Options(lambda: None, gone, timeout=PATIENCE, retries=0)
    custodian = open_custodian(parse("tpm2:"), options)
    with pytest.raises(CustodyUnavailable):
        custodian.wrap(KEY, HERE)
    health = custodian.describe()
    assert not health.usable
    assert "cannot be reached" in health.reason


def test_the_commands_see_neither_passphrase_nor_pin(tmp_path: Path) -> None:
    spy = tmp_path / "tpm2_getrandom"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    spy.chmod(0o755)
    given = {"LANGO_PASSPHRASE": "p", "LANGO_PKCS11_PIN": "1", "PATH": os.environ["PATH"]}
    environment = {**given, "PATH": f"{tmp_path}:{given['PATH']}"}
    uri = parse("tpm2:")
    assert (
        open_custodian(uri, Options(lambda: None, environment, timeout=PATIENCE)).describe().usable
    )
    seen = (tmp_path / "seen").read_text()
    assert "TSS2_LOG" in seen
    assert "LANGO_" not in seen


@pytest.mark.parametrize(
    "tcti",
    [
        "cmd:touch /tmp/x",
        "/usr/lib/x.so",
        "swtpm:host=203.0.113.1,port=2321",
        "device:/tmp/tpm0",
        "device:/dev/tpm0:cmd",
    ],
)
def test_a_uri_cannot_run_a_program_load_a_library_or_send_a_pin_away(tcti: str) -> None:
    uri = KeyUri("tpm2", "", f"tpm2:?tcti={tcti}", {"tcti": tcti})
    with pytest.raises(UsageProblem, match="device of this machine"):
        open_custodian(uri, Options(lambda: None, os.environ))


@pytest.mark.parametrize("query", ["handle=1", "pcrs=7", "pin=1234", "pcrs=sha256:7;x"])
def test_a_query_that_makes_no_sense_is_refused(query: str) -> None:
    with pytest.raises(UsageProblem):
        open_custodian(parse(f"tpm2:?{query}"), Options(lambda: None, os.environ))


def test_a_vault_opens_by_this_machines_tpm_alone(tpm: Tpm, tmp_path: Path) -> None:
    lango = Lango(tmp_path)
    lango.env["LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION"] = "60s"
    lango.env["TPM2TOOLS_TCTI"] = tpm.tcti
    lango("keys", "slot", "add", "tpm2", "tpm2:?pcrs=sha256:16")
    lango("--yes", "keys", "slot", "remove", "keyfile", "--confirm", "keyfile")
    assert lango("secrets", "get", "demo/token") == TOKEN.encode()
    tpm.run("pcrextend", "16:sha256=" + "22" * 32)
    assert lango("secrets", "get", "demo/token", code=KeyUnusable.code) == b""
    tpm.run("pcrreset", "16")
    assert lango("secrets", "get", "demo/token") == TOKEN.encode()


class Bus:
    """What a listener hears between the commands and a TPM.

    The first message for which `stop` is true reaches the TPM; its answer reaches nobody.
    """

    def __init__(self, tpm: Tpm, stop: Callable[[bytes], bool] = lambda _some: False) -> None:
        self.heard = bytearray()
        self.stopped = False
        self._stop = stop
        port = two_free_ports()
        self._listeners = [socket.create_server(("127.0.0.1", port + more)) for more in (0, 1)]
        self._threads = [
            threading.Thread(target=self._accept, args=(listener, tpm.port + more))
            for more, listener in enumerate(self._listeners)
        ]
        for thread in self._threads:
            thread.start()
        tcti = f"swtpm:host=127.0.0.1,port={port}"
        self.environment = {**tpm.environment, "TPM2TOOLS_TCTI": tcti}

    def close(self) -> None:
        """Hang up."""
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for listener in self._listeners:
            listener.close()

    def _accept(self, listener: socket.socket, there: int) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                with near, socket.create_connection(("127.0.0.1", there)) as far:
                    self._pass_on(near, far)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        swallows = False
        while True:
            for one in select.select([near, far], [], [])[0]:
                some = one.recv(1 << 16)
                if not some:
                    return
                self.heard += some
                if one is near and not self.stopped and self._stop(some):
                    self.stopped = swallows = True
                if one is near or not swallows:
                    (far if one is near else near).sendall(some)


@pytest.fixture
def bus(tpm: Tpm) -> Iterator[Bus]:
    made = Bus(tpm)
    yield made
    made.close()


@pytest.mark.parametrize("pin", [None, b"a long PIN of mine"])
@pytest.mark.parametrize("policy", ["", "pcrs=sha256:16"])
def test_a_listener_on_the_bus_does_not_hear_the_key(
    bus: Bus, pin: bytes | None, policy: str
) -> None:
    asked = None if pin is None else SecretBytes(pin)
    uri = parse(f"tpm2:?{policy}{'&' * bool(policy and pin)}{'pin=yes' if pin else ''}")
    options = Options(lambda: asked, bus.environment, timeout=PATIENCE, retries=0)
    with_it = open_custodian(uri, options)
    sealed = with_it._seal(KEY, asked)
    assert with_it._unseal(sealed, asked) == KEY
    assert len(bus.heard) > 1000
    assert KEY.reveal() not in bus.heard

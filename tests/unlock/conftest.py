"""A session bus and an OS keyring of the tests' own.

Every bus has its own folder as home, data and runtime folder, so that no test can reach the
keyring of the person who runs it. Services are ended with their bus.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.unlock.keyring import OsKeyring

PATIENCE = 20.0
"""Seconds after which something that must happen is taken not to happen."""
VAULT = os.urandom(16).hex()
OTHER_VAULT = os.urandom(16).hex()
"""Random, because all workers of a run share one kernel keyring."""
SLOT_ID = "00c0ffee0042"
ACCOUNT = f"{VAULT}:{SLOT_ID}"
FAKES = Path(__file__).with_name("fake_services.py")


@dataclass(frozen=True)
class Slot:
    """A slot as a source sees it."""

    kind: str
    kdf_name: str = "hkdf-sha256"
    id: str = SLOT_ID
    label: str = "a label"
    group: str = ""


def until(true: Callable[[], bool], what: str) -> None:
    """Poll until something is so; the test fails where it is not in time."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not so after {PATIENCE} s: {what}"
        time.sleep(0.005)


def processes(*words: str) -> list[int]:
    """The pids of the processes whose command line has all these words in it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            running = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if running and all(word.encode() in line for word in words):
            found.append(int(folder.name))
    return found


def children() -> set[str]:
    """The pids of our children, those included that nobody has reaped."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for each in lists for pid in each.read_text().split()}


@dataclass
class Desk:
    """A session bus, and the variables of somebody who is logged in on it."""

    folder: Path
    address: str
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What programs of this session are started with."""
        return {
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ.get("PATH", os.defpath),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
        }

    def start(self, *command: str, stdin: bytes = b"") -> subprocess.Popen[bytes]:
        """Start a service that ends with the desk."""
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(process)
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        return process

    def start_fake(self, *arguments: str) -> None:
        """Start one of `fake_services`, and wait until it owns its name."""
        self.start(sys.executable, str(FAKES), *arguments)
        self.wait_for(arguments[0])

    def run(self, *command: str, stdin: bytes = b"") -> bytes:
        """What a program of this session prints."""
        return subprocess.run(
            command, env=self.environment, input=stdin, stdout=subprocess.PIPE, check=True
        ).stdout

    def call(self, remote: tuple[str, str, str], method: str, signature: str, *body: Any) -> Any:
        """One call on the bus; `remote` is name, path and interface."""
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        name, path, interface = remote
        with open_dbus_connection(self.address) as connection:
            message = new_method_call(DBusAddress(path, name, interface), method, signature, body)
            return connection.send_and_get_reply(message, timeout=PATIENCE).body

    def ask_bus(self, method: str, signature: str = "", *body: Any) -> Any:
        """The first value that the bus itself answers, None where it has none."""
        daemon = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        return next(iter(self.call(daemon, method, signature, *body)), None)

    def wait_for(self, name: str) -> None:
        """Wait until a service has its name."""
        until(lambda: bool(self.ask_bus("NameHasOwner", "s", name)), f"{name} is there")

    def lock(self) -> None:
        """Lock the default collection, as a screen saver may."""
        service = (
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service",
        )
        path = self.call(service, "ReadAlias", "s", "default")[0]
        assert self.call(service, "Lock", "ao", [path])[0] == [path]


def _address(process: subprocess.Popen[bytes], end: int) -> str:
    if not select.select([end], [], [], PATIENCE)[0]:
        process.kill()
        pytest.fail("the bus does not start")
    return os.read(end, 4096).decode().strip()


@pytest.fixture
def desk(shared_folder: Path, tmp_path: Path) -> Iterator[Desk]:
    """A session bus that no keyring service is on."""
    daemon = require("dbus-daemon")
    folder = shared_folder / f"desk-{tmp_path.parent.name}-{tmp_path.name}"[:60]
    for name in ("", "run", "data", "config"):
        (folder / name).mkdir(mode=0o700)
    desk = Desk(folder, "")
    end, theirs = os.pipe()
    process = subprocess.Popen(
        [daemon, "--session", "--nofork", f"--print-address={theirs}"],
        env={**desk.environment, "DBUS_SESSION_BUS_ADDRESS": ""},
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    desk.address = _address(process, end)
    os.close(end)
    yield desk
    for each in (*desk.started, process):
        each.kill()
        each.wait()


@pytest.fixture
def gnome(desk: Desk) -> Desk:
    """A session with GNOME's keyring, unlocked."""
    daemon = require("gnome-keyring-daemon")
    desk.start(daemon, "--foreground", "--unlock", "--components=secrets", stdin=b"a passphrase")
    desk.wait_for("org.freedesktop.secrets")
    return desk


@pytest.fixture
def state(tmp_path: Path) -> str:
    """Where the verdict is kept."""
    return str(tmp_path / "state")


def store_on(desk: Desk, state: str, **variables: str) -> OsKeyring:
    """The OS keyring, as somebody at this desk has it."""
    from lango_cli.unlock.keyring import OsKeyring

    return OsKeyring(state, {**desk.environment, **variables})

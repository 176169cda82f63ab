"""The menu over a real ssh: the seed's document, three settings, and a line that breaks.

The rule: sshd is the system's own with a configuration of this test: a loopback port of its own,
its own host key and one key that may log in. Nothing of the machine's is read or changed, but for
the empty folder under /run that root's sshd wants. The server is reached with the real client on
a terminal of 60 columns.
"""

from __future__ import annotations

import json
import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.parts import require
from tests.tui.test_screens import DOWN, ENTER, ESC, LIMIT, REVIEW, Home, Person, to

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = {
    "security": {
        "interceptor": {"enabled": True, "redactPii": True, "approvalPolicy": "dangerous"}
    }
}
"""The document that the documentation of the layers gives as an example."""
EMPTY = Path("/run/sshd")
SESSION = ("HOME", "LANGO_HOME", "XDG_RUNTIME_DIR", "LC_ALL", "NO_COLOR")


class Server:
    """An sshd on loopback, and the words of a client that reaches it."""

    def __init__(self, folder: Path, home: Home) -> None:
        keygen, self.ssh = require("ssh-keygen"), require("ssh")
        self.folder = folder
        for name in ("host", "person"):
            made = [keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
            subprocess.run(made, check=True)
        self.port = _free_port()
        config = folder / "sshd_config"
        config.write_text(self._config(home))
        self.process = subprocess.Popen(
            [require("sshd"), "-D", "-E", str(folder / "log"), "-f", str(config)],
            stdin=subprocess.DEVNULL,
        )

    def _config(self, home: Home) -> str:
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.folder}/host",
            f"AuthorizedKeysFile {self.folder}/person.pub",
            f"PidFile {self.folder}/pid",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "PermitUserRC no",
            "PrintMotd no",
            "PrintLastLog no",
            "SetEnv " + " ".join(f"{name}={home.env[name]}" for name in SESSION),
        ]
        return "\n".join(lines) + "\n"

    def comes_up(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("sshd does not answer")

    def words(self, command: str) -> list[str]:
        """The client and its words, for this command on a terminal."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
                   "IdentitiesOnly=yes", "IdentityAgent=none", "LogLevel=ERROR")  # fmt: skip
        given = [word for option in options for word in ("-o", option)]
        user = pwd.getpwuid(os.geteuid()).pw_name
        reach = ["-F", "none", "-p", str(self.port), "-i", f"{self.folder}/person", *given]
        return [self.ssh, "-tt", *reach, f"{user}@127.0.0.1", command]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def server(tmp_path: Path, home: Home) -> Iterator[Server]:
    if os.geteuid() == 0:
        EMPTY.mkdir(mode=0o755, exist_ok=True)
    folder = tmp_path / "ssh"
    folder.mkdir()
    found = Server(folder, home)
    try:
        found.comes_up()
        yield found
    finally:
        found.process.terminate()
        found.process.wait()


@pytest.fixture
def person(home: Home, server: Server) -> Iterator[Person]:
    """A stranger at the far end of the line, before the first screen."""
    menu = shlex.join([sys.executable, "-m", "lango_cli", "settings"])
    found = Person(home, through=server.words(menu))
    yield found
    found.child.close(force=True)


def processes_of(home: Home) -> set[int]:
    """Every process that has this home in its environment."""
    mark = f"LANGO_HOME={home.env['LANGO_HOME']}".encode()
    found = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environ.read_bytes().split(b"\0"):
                found.add(int(environ.parent.name))
        except OSError:
            continue  # It has ended, or is another user's.
    return found


def test_the_seed_is_imported_three_settings_are_changed_over_ssh_and_diff_shows_them(
    home: Home, person: Person
) -> None:
    (home.config.parent / "seed.json").write_text(json.dumps(SEED))
    home.run("settings", "import", str(home.config.parent / "seed.json"))
    person.sees("save, Esc leaves")
    to(person, "approvalPolicy", "> dangerous")
    person.press(DOWN, ENTER, sees="* security.interceptor.approvalPolicy")
    person.press(ESC, sees="lango settings,")
    to(person, "secrets.retention", "> 30d")
    person.press("\x15", "10d", ENTER, sees="* secrets.retention")
    person.press(ESC, sees="lango settings,")
    to(person, "unlock.ttl", "> 15m")
    person.press("\x15", "20m", ENTER, sees="* unlock.ttl")
    summary = person.press(REVIEW, sees="Summary: 3 settings")
    for line in ("after : 20m", "after : 10d"):
        assert line in summary
    person.press(ENTER, sees="saved: 3 settings")
    assert person.ends() == 0
    kept = [line.split() for line in home.run("settings", "diff").splitlines()]
    for row in (
        ["secrets.retention", "30d", "10d"],
        ["security.interceptor.enabled", "false", "true"],
        ["unlock.ttl", "15m", "20m"],
    ):
        assert row in kept


@pytest.mark.parametrize("how", ["killed", "hung up", "closed by its escape"])
def test_a_line_that_breaks_saves_nothing_and_leaves_no_process(
    home: Home, server: Server, person: Person, how: str
) -> None:
    before = home.config.read_bytes()
    person.sees("save, Esc leaves")
    to(person, "unlock.ttl", "> 15m")
    person.press("\x15", "20m", ENTER, sees="* unlock.ttl")
    assert processes_of(home)
    if how == "killed":
        person.child.kill(signal.SIGKILL)
        assert person.ends() == 128 + signal.SIGKILL
    elif how == "hung up":
        person.child.close(force=True)
    else:
        for key in (ENTER, "~", "."):
            person.child.send(key)
        assert person.ends() == 255
        assert person.left == person.modes
    end = time.monotonic() + LIMIT
    while processes_of(home):
        assert time.monotonic() < end, "something of the session is left"
        time.sleep(0.05)
    assert home.config.read_bytes() == before
    assert home.get("unlock.ttl") == "15m"

"""The channels beside watch and terminal: a notification on a real bus, and a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.interceptor.conftest import PATIENCE, until
from tests.parts import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.interceptor.conftest import Stand

NOTIFIER = Path(__file__).with_name("notifier.py")


class Bus:
    """A session bus, and who serves on it."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix:path={folder / 'bus'}"
        command = [require("dbus-daemon"), "--session", "--nofork", f"--address={self.address}"]
        self.started: list[subprocess.Popen[Any]] = []
        self.started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        until(lambda: (folder / "bus").exists(), "the bus is there")

    def serve(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.started.append(process)
        until(lambda: self.owned(), "the notification service is there")
        return process

    def owned(self) -> bool:
        from jeepney.bus_messages import message_bus
        from jeepney.io.blocking import Proxy, open_dbus_connection

        try:
            with open_dbus_connection(self.address) as bus:
                name = "org.freedesktop.Notifications"
                return bool(Proxy(message_bus, bus).NameHasOwner(name)[0])
        except OSError:
            return False

    def notifier(self, press: str, *capabilities: str) -> subprocess.Popen[str]:
        return self.serve(sys.executable, str(NOTIFIER), press, *capabilities or ("actions",))


@pytest.fixture
def bus(stand: Stand, shared_folder: Path) -> Iterator[Bus]:
    """A bus whose address the settings name."""
    folder = shared_folder / f"bus-{os.getpid()}-{os.urandom(4).hex()}"
    folder.mkdir(mode=0o700)
    bus = Bus(folder)
    stand.settings("approvalTimeoutSec = 5", f'channels = ["desktop"]\nbus = "{bus.address}"')
    yield bus
    for process in reversed(bus.started):
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def shown(notifier: subprocess.Popen[str]) -> dict[str, Any]:
    """The notification that was shown."""
    assert notifier.stdout is not None
    found: dict[str, Any] = json.loads(notifier.stdout.readline())
    return found


@pytest.mark.parametrize(
    ("press", "code", "ending"),
    [
        ("lango-allow", 0, "allowed"),
        ("lango-session", 0, "allowed"),
        ("lango-deny", 50, "denied"),
        ("close", 50, "unavailable"),
        ("default", 51, "timed_out"),
        ("other", 51, "timed_out"),
        ("forge", 51, "timed_out"),
        ("nothing", 51, "timed_out"),
    ],
)
def test_a_button_counts_if_the_service_itself_says_that_it_was_pressed(
    press: str, code: int, ending: str, stand: Stand, bus: Bus
) -> None:
    bus.notifier(press)
    assert stand.asked("--session", "s", "--", "ls", "-l")[0] == code
    assert stand.audit()[-1]["outcome"] == ending
    if press == "lango-session":
        assert stand.asked("--session", "s", "--", "ls", "-l")[1].startswith("grant")


def test_a_notification_shows_all_and_goes_with_the_question(stand: Stand, bus: Bus) -> None:
    notifier = bus.notifier("lango-deny", "actions", "body-markup")
    stand.asked("--", "echo", "<b>&\u202e")
    notification = shown(notifier)
    assert notification["summary"] == "May run go on? (dangerous)"
    assert 'argv[1]: "&lt;b&gt;&amp;\\u{202e}"' in notification["body"]
    assert "lango-allow" in notification["actions"]
    assert "default" not in notification["actions"]
    assert shown(notifier) == {"called": "CloseNotification"}


def test_what_a_notification_cannot_show_whole_it_cannot_allow(stand: Stand, bus: Bus) -> None:
    notifier = bus.notifier("lango-allow")
    assert stand.asked("--", "echo", "x" * 1000)[0] == 51
    notification = shown(notifier)
    assert notification["actions"] == ["lango-deny", "Deny"]
    assert "See all of it: lango approve show" in notification["body"]


def test_without_buttons_or_a_service_the_desktop_is_no_channel(stand: Stand, bus: Bus) -> None:
    code, said = stand.asked("ls")
    assert (code, "no notification service" in said) == (50, True)
    bus.notifier("nothing", "body")
    code, said = stand.asked("ls")
    assert (code, "its notifications have no buttons" in said) == (50, True)


def test_no_variable_of_the_asker_names_the_bus(stand: Stand, bus: Bus) -> None:
    bus.notifier("lango-allow")
    stand.settings(below='channels = ["desktop"]\nbus = "unix:path=/none"')
    code, said = stand.asked("ls", env={"DBUS_SESSION_BUS_ADDRESS": bus.address})
    assert (code, "the session bus does not answer" in said) == (50, True)


def test_a_real_notification_service_asks_and_is_answered(stand: Stand, bus: Bus) -> None:
    screen = subprocess.Popen(
        [require("Xvfb"), "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    bus.started.append(screen)
    assert screen.stdout is not None
    display = f":{screen.stdout.readline().strip()}"
    bus.serve(require("dunst"), DISPLAY=display, HOME=str(stand.root))
    variables = {**os.environ, "DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": bus.address}

    def dunstctl(*words: str) -> str:
        command = [require("dunstctl"), *words]
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=PATIENCE
        ).stdout

    asker = stand.ask("ls")
    until(lambda: dunstctl("count", "displayed").strip() == "1", "the notification is shown")
    dunstctl("close")
    assert asker.wait() == 50
    assert stand.audit()[-1]["outcome"] == "unavailable"


def program(stand: Stand, script: str) -> None:
    """Make this shell script the program that is asked."""
    path = stand.root / "ask it"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    command = json.dumps([str(path), "a word"])
    stand.settings("approvalTimeoutSec = 3", f'channels = ["command"]\ncommand = {command}')


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 1", 50),
        ("exit 2", 50),
        ("kill -9 $$", 50),
        ('echo \'{"allow": true, "scope": "session"}\'', 0),
        ('echo \'{"allow": false, "why": "not today"}\'', 50),
        ("echo yes", 50),
        ('echo \'{"allow": "true"}\'', 50),
        ('echo \'{"allow": true, "scope": "always"}\'', 50),
        ("echo '{\"allow\": true}'; exit 1", 50),
        ("head -c 20000 /dev/zero", 50),
        ('test "$1" = "a word"', 0),
        ("sleep 600", 51),
        ("sleep 600 & exit 0", 0),
    ],
)
def test_a_program_says_yes_or_no_and_everything_else_is_no_answer(
    script: str, code: int, stand: Stand
) -> None:
    program(stand, script)
    assert stand.asked("ls")[0] == code


def test_a_program_gets_the_question_and_nothing_of_the_askers_environment(
    stand: Stand,
) -> None:
    seen = stand.root / "seen"
    program(stand, f"cat > {seen}; env >> {seen}; exit 0")
    evil = {"LD_PRELOAD": "/none.so", "BASH_ENV": "/none", "PATH": f"/evil:{os.environ['PATH']}"}
    assert stand.asked("--", "ls", "-l", env=evil)[0] == 0
    document, _, variables = seen.read_text().partition("\n")
    found = json.loads(document)
    assert found["tool"] == "run"
    assert {"name": "argv[1]", "value": "-l"} in found["parameters"]
    for word in ("LD_PRELOAD", "evil", "LANGO", "BASH_ENV"):
        assert word not in variables


def test_a_program_ends_with_the_question(stand: Stand) -> None:
    pid = stand.root / "pid"
    program(stand, f"sleep 600 & echo $! > {pid}; wait")
    assert stand.asked("ls")[0] == 51
    number = int(pid.read_text())
    until(lambda: not Path(f"/proc/{number}").exists(), "what the program started is gone")


@pytest.mark.parametrize("words", ['["ask"]', '["./ask"]', "[]", '["/none/ask"]', '["/"]'])
def test_a_program_that_cannot_be_started_is_no_channel(words: str, stand: Stand) -> None:
    stand.settings(below=f'channels = ["command"]\ncommand = {words}')
    assert stand.asked("ls")[0] == 50

"""Processes to be killed: started by forking one small parent, a thousandth of a start each.

    python -m tests.vault.nursery

It reads commands from stdin, one a line, and answers each with one line:

    start ACTION ROOT ARGUMENT...    a child that does ACTION with the vault below ROOT: its pid
    wait PID                         how that child ended: its exit code, or minus its signal

A child tells what is done by appending a line to ROOT/done, after the call returned: what stands
there was acknowledged. Why not fork the test process: it has threads.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Busy, LangoError
from lango_cli.files import Lock
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import reencrypt
from lango_cli.vault.backup import make_backup
from lango_cli.vault.keys import ENCRYPTION
from lango_cli.vault.rekey import rekey
from tests.vault import database_work
from tests.vault.place import PASSPHRASE_SLOT, Place, set_value, value_of, weaken

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

TOP = Path(__file__).resolve().parent.parent.parent
DONE = "done"


def acknowledge(place: Place, line: str) -> None:
    """Say that something is done; one write, so that no line is ever torn."""
    fd = os.open(place.root / DONE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, f"{line}\n".encode())
    os.close(fd)


def acknowledged(place: Place) -> list[str]:
    """What children said, oldest first; forgotten with this call."""
    path = place.root / DONE
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def write(place: Place, name: str) -> None:
    """Store values until killed; version n holds `NAME n`, and n is acknowledged."""
    with place.open() as vault:
        version = vault.secrets.show(name).version
        while True:
            version = set_value(vault, name, f"{name} {version + 1}".encode())
            acknowledge(place, str(version))


def crash(place: Place, *values: str) -> None:
    """Store values in the secret `name`, then die without closing anything."""
    vault = place.open()
    for value in values:
        set_value(vault, "name", value.encode())
    os.kill(os.getpid(), signal.SIGKILL)


def leave_everything(place: Place, mask: str) -> None:
    """Make a vault under this umask, with every file that it can have, and die."""
    os.umask(int(mask, 8))
    vault = place.create(passphrase=True)
    set_value(vault, "name", b"value")
    with Lock(str(place.folder / "vault.lock"), 0):
        value_of(vault, "name")
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk(place: Place, most: str) -> None:
    """Store a value of 64 KiB under every limit on a file's size, the smallest first.

    `NUMBER CODE` for each: what was to be stored and the exit code that came of it.
    """
    with place.open() as vault:
        for number, limit in enumerate(range(0, int(most), 4096)):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            code = 0
            try:
                set_value(vault, f"number {number}", bytes([number]) * 65536)
            except LangoError as err:
                code = err.code
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            acknowledge(place, f"{number} {code}")


def change_on_a_full_disk(place: Place, most: str) -> None:
    """Change the passphrase to `p LIMIT` under every limit on a file's size: `LIMIT CODE`."""
    for limit in range(0, int(most), 1024):
        with place.open() as vault:
            new = SecretBytes(f"p {limit}".encode())
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            code = 0
            try:
                vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", new, None)
            except LangoError as err:
                code = err.code
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            acknowledge(place, f"{limit} {code}")


def write_many(place: Place, writer: str, count: str, each: str) -> None:
    """Store `count` values, half of them in one secret of all writers, opening again and again."""
    left = int(count)
    while left:
        with place.open() as vault:
            for _ in range(min(left, int(each))):
                name = "shared" if left % 2 else f"own {writer}"
                set_value(vault, name, f"{writer}.{left}".encode())
                left -= 1
    acknowledge(place, writer)


def read_many(place: Place, reader: str, count: str) -> None:
    """Read one value `count` times."""
    with place.open() as vault:
        for _ in range(int(count)):
            assert value_of(vault, "name") == b"value"
    acknowledge(place, reader)


def change_passphrase(place: Place, number: str) -> None:
    """Change the passphrase to `p NUMBER`, the next number and so on, until killed."""
    following = int(number)
    with place.open() as vault:
        while True:
            new = SecretBytes(f"p {following}".encode())
            acknowledge(place, f"try {following}")
            vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", new, None)
            acknowledge(place, f"did {following}")
            following += 1


def rotate_keys(place: Place) -> None:
    """Rotate the default key and move every value, again and again, until killed.

    `moved VERSION` after each, `begun VERSION` once a batch is on disk.
    """

    class Telling(Unwatched):
        def advance(self, count: int = 1) -> None:
            acknowledge(place, "batch")

    reencrypt.BATCH = 7
    with place.open() as vault:
        while True:
            key = vault.registry.rotate("default", Telling()).key
            acknowledge(place, f"moved {key.version}")


def change_keys(place: Place) -> None:
    """Make keys, use them, and end them in every way, until killed."""
    with place.open() as vault:
        while True:
            name = random_bytes(4).hex()
            registry = vault.registry
            registry.create(name, ENCRYPTION, "aes-256-gcm", default=False)
            vault.secrets.set(name, SecretBytes(name.encode()), key=name)
            acknowledge(place, name)
            registry.rotate(name)
            registry.change_state(f"{name}@1", "disable")
            registry.change_state(f"{name}@1", "enable")
            registry.destroy(f"{name}@2")
            registry.rotate(name, Unwatched())


def create(place: Place) -> None:
    """Make a vault with the keyfile that is there."""
    place.create(passphrase=True).close()
    acknowledge(place, "created")


def create_or_say(place: Place) -> None:
    """Make a vault, or say by its code what stood in the way."""
    try:
        place.create().close()
    except LangoError as err:
        acknowledge(place, str(err.code))
    else:
        acknowledge(place, "created")


def rekey_or_say(place: Place, number: str) -> None:
    """Make a new generation; `NUMBER CODE` says what came of it."""
    code = 0
    try:
        with place.open() as vault:
            rekey(vault, Unwatched())
    except LangoError as err:
        code = err.code
    acknowledge(place, f"{number} {code}")


def back_up_patiently(place: Place, name: str) -> None:
    """Make a backup beside the home; again where another process makes a new generation."""
    while True:
        try:
            with place.open() as vault:
                make_backup(vault, str(place.root / name), Unwatched(), place.warnings.append)
        except Busy:
            acknowledge(place, f"{name} 15")
        else:
            acknowledge(place, f"{name} 0")
            return


def read_long(place: Place, name: str, until: str) -> None:
    """Hold one snapshot until the file `until` is there, then read `name` and its history."""
    with place.open() as vault:
        vault.store.run("BEGIN")
        before = vault.store.rows("SELECT count(*) FROM versions")
        acknowledge(place, "reading")
        while not (place.root / until).exists():
            time.sleep(0.001)
        assert vault.store.rows("SELECT count(*) FROM versions") == before
        vault.store.run("COMMIT")
        acknowledge(place, value_of(vault, name).decode())


ACTIONS: dict[str, Callable[..., None]] = {
    "change_keys": change_keys,
    "change_on_a_full_disk": change_on_a_full_disk,
    "crash": crash,
    "work": database_work.work,
    "on_a_full_disk": database_work.on_a_full_disk,
    "create_or_say": create_or_say,
    "fill_the_disk": fill_the_disk,
    "leave_everything": leave_everything,
    "write": write,
    "write_many": write_many,
    "read_many": read_many,
    "read_long": read_long,
    "rekey_or_say": rekey_or_say,
    "back_up_patiently": back_up_patiently,
    "rotate_keys": rotate_keys,
    "change_passphrase": change_passphrase,
    "create": create,
}


def serve() -> None:
    """Start and reap children until stdin ends."""
    weaken()
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        if verb == "start":
            print(_start(*words), flush=True)
        else:
            _, status = os.waitpid(int(words[0]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


def _start(action: str, root: str, *arguments: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    ACTIONS[action](Place(Path(root)), *arguments)
    os._exit(0)


class Nursery:
    """The parent of the children; a context manager."""

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.vault.nursery"],
            cwd=TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def start(self, action: str, place: Place, *arguments: str) -> int:
        """Start a child; its pid."""
        return int(self._ask("start", action, str(place.root), *arguments))

    def wait(self, pid: int) -> int:
        """Wait for a child's end: its exit code, or minus the signal that killed it."""
        return int(self._ask("wait", str(pid)))

    def _ask(self, *words: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


if __name__ == "__main__":
    serve()

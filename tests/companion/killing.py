"""kill -9 at random moments: of the companion, of a client, and of whoever writes down pairings.

Whatever dies, a request has its right answer or is unavailable, and what was paired stays paired.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.errors import CustodyUnavailable
from lango_cli.rpc import identity
from lango_cli.rpc.identity import Pins
from tests.companion.companions import Companion, custodian
from tests.custody.suite import HERE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.custody.rpc import RpcCustodian

PAUSE = 0.01
LONGEST = 0.2
"""Seconds until a kill, at most, from the moment at which what is to die was ready."""
CLIENT = """
import sys
from pathlib import Path
from tests.companion.companions import custodian
from tests.custody.suite import HERE, KEY
far = custodian(Path(sys.argv[1]), sys.argv[2], "one")
print("ready", flush=True)
while True:
    assert far.unwrap(far.wrap(KEY, HERE), HERE) == KEY
"""
PAIRER = """
import sys
from lango_cli.rpc import identity
from lango_cli.rpc.identity import Pin, Pins
us = identity.load_or_make(sys.argv[2], "other")
print("ready", flush=True)
while True:
    Pins(sys.argv[1]).add(Pin("other", "", us.certificate))
    Pins(sys.argv[1]).remove("other")
"""


@dataclass
class Killed:
    """What came of it."""

    kills: int = 0
    answers: int = 0
    unavailable: int = 0


def kill_companions(root: Path, kills: int, seed: int, *, tls: bool) -> Killed:
    """A client asks on and on while its companion is killed and started again."""
    companion = Companion(root / "c", tls=tls)
    companion.start()
    companion.client(root / "client")
    found, over = Killed(), threading.Event()
    wrong: list[BaseException] = []

    def ask() -> None:
        while not over.is_set():
            # New ones each time: one that met a dead companion too often stops asking for a while.
            wraps, signs = (
                custodian(root / "client", companion.url, key) for key in ("one", "three")
            )
            try:
                _ask_until(over, wraps, signs, found)
            except CustodyUnavailable:
                found.unavailable += 1
                over.wait(PAUSE)
            except BaseException as err:  # noqa: BLE001  # whatever it is, it is wrong
                wrong.append(err)
                return
            finally:
                wraps.close()
                signs.close()

    asking = threading.Thread(target=ask)
    asking.start()
    moments = random.Random(seed)
    try:
        for _ in range(kills):
            time.sleep(moments.uniform(0, LONGEST))
            companion.stop(signal.SIGKILL)
            found.kills += 1
            companion.start()
    finally:
        over.set()
        asking.join()
        companion.stop()
    assert not wrong, wrong[0]
    assert [pin.name for pin in Pins(str(companion.folder / identity.CLIENTS)).all()] == ["client"]
    return found


def _ask_until(
    over: threading.Event, wraps: RpcCustodian, signs: RpcCustodian, found: Killed
) -> None:
    while not over.is_set():
        assert wraps.unwrap(wraps.wrap(KEY, HERE), HERE) == KEY
        assert signs.verify(b"a text", signs.sign(b"a text"))
        found.answers += 4


def kill_clients(root: Path, kills: int, seed: int, *, tls: bool) -> Killed:
    """Clients are killed in the middle of requests; the companion goes on serving another."""
    companion = Companion(root / "c", tls=tls)
    companion.start()
    companion.client(root / "client")
    found = Killed()
    far = custodian(root / "client", companion.url, "one")
    try:
        for _ in _killed(CLIENT, [str(root / "client"), companion.url], kills, seed):
            found.kills += 1
            assert far.unwrap(far.wrap(KEY, HERE), HERE) == KEY
            found.answers += 1
    finally:
        companion.stop()
    return found


def kill_pairers(root: Path, kills: int, seed: int) -> Killed:
    """Who writes down pairings is killed; the file is whole each time, and the lock is free."""
    companion = Companion(root / "c", tls=False)
    companion.client(root / "client")
    path = str(companion.folder / identity.CLIENTS)
    found = Killed()
    for _ in _killed(PAIRER, [path, str(root / "other.pem")], kills, seed):
        found.kills += 1
        names = [pin.name for pin in Pins(path).all()]
        assert names in (["client"], ["client", "other"]), names
        Pins(path).remove("other")
        found.answers += 1
    return found


def _killed(program: str, words: list[str], kills: int, seed: int) -> Iterator[None]:
    """Run it and kill it, so often; what is to be looked at each time is looked at between."""
    moments = random.Random(seed)
    for _ in range(kills):
        dying = subprocess.Popen([sys.executable, "-c", program, *words], stdout=subprocess.PIPE)
        assert dying.stdout is not None
        assert dying.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0, LONGEST))
        assert dying.poll() is None, "it ended by itself"
        dying.kill()
        dying.communicate()
        yield

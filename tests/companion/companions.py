"""A real `lango companion serve` in a process of its own, and homes that are paired with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from lango_cli.custody import rpc
from lango_cli.rpc import identity
from lango_cli.rpc.identity import Identity, Pin, Pins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEYS = ("one=local:wrap", "two=local:wrap", "three=local:sign")
READY = "is ready"


class Companion:
    """A companion's folder, and the process that serves it."""

    def __init__(self, root: Path, *, tls: bool, keys: tuple[str, ...] = KEYS) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = root / "companion"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.us = identity.load_or_make(str(self.folder / identity.COMPANION), "companion")
        self.tls = tls
        self.keys = keys
        self.url = "" if tls else f"unix:{root / 'run' / 'socket'}"
        self.variables: dict[str, str] = {}
        """What a token's module needs besides."""
        self.process: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        """Nothing of the person who runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        places = {"HOME": str(self.root), "LANGO_HOME": str(self.root / "home")}
        return kept | places | self.variables

    def start(self, *more: str) -> None:
        """Serve; comes back when it is ready."""
        # The same port again after a restart: that is where its clients look for it.
        port = self.url.rpartition(":")[2] if self.url else "0"
        where = ["--listen", f"127.0.0.1:{port}"] if self.tls else ["--socket", self.url[5:]]
        words = [word for key in self.keys for word in ("--key", key)]
        command = [sys.executable, "-m", "lango_cli", "companion", "serve", "--name", "companion"]
        self.process = subprocess.Popen(
            [*command, *where, "--folder", str(self.folder), *words, *more],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self.hear(READY)
        if self.tls:
            found = re.search(r"https://127\.0\.0\.1:\d+", said)
            assert found, said
            self.url = found[0]

    def hear(self, words: str) -> str:
        """What it says, up to a line with these words."""
        assert self.process is not None
        assert self.process.stderr is not None
        said = ""
        for line in self.process.stderr:
            said += line
            if words in line:
                return said
        raise AssertionError(f"it ended: {said}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; how it ended."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(number)
        process.communicate()
        return process.returncode

    def client(self, home: Path, *, name: str = "client") -> Identity:
        """An identity in `home`, pinned here, and this companion pinned there."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        them = identity.load_or_make(str(home / identity.CLIENT), name)
        Pins(str(self.folder / identity.CLIENTS)).add(Pin(name, "", them.certificate))
        Pins(str(home / identity.COMPANIONS)).add(Pin("companion", self.url, self.us.certificate))
        return them


def custodian(home: Path, url: str, key: str, **changes: float) -> rpc.RpcCustodian:
    """The custodian of a key, as `home` is paired."""
    us = identity.load(str(home / identity.CLIENT))
    pin = Pins(str(home / identity.COMPANIONS)).at(url)
    assert us is not None
    assert pin is not None
    given: Mapping[str, float] = {"timeout": 30.0, "retries": 0, **changes}
    return closed_after(
        rpc.RpcCustodian(
            us,
            pin,
            key,
            timeout=given["timeout"],
            retries=int(given["retries"]),
            patience=given.get("patience", 60.0),
        )
    )


_opened: list[rpc.RpcCustodian] = []


def closed_after(one: rpc.RpcCustodian) -> rpc.RpcCustodian:
    """The same, which hangs up when the test is over."""
    _opened.append(one)
    return one


def close_all() -> None:
    """Hang up."""
    while _opened:
        _opened.pop().close()

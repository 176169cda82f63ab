"""`kill -9` of the real command in the middle of a rekey, then a plain `lango secrets get`.

The rule: the command as it is installed, at moments drawn evenly from the time that it takes from
its start to its end, from a seed. Who comes next is told nothing: no step mends anything between.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.vault.home import COPY, HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGO = str(Path(sys.executable).with_name("lango"))
LATER = 1.1
"""How much of the time that a rekey takes undisturbed the moments are drawn from."""


@dataclass
class Killed:
    """What kills met: those of a rekey not yet begun, half way, and already committed."""

    secrets: int
    kills: int = 0
    early: int = 0
    partial: int = 0
    committed: int = 0
    through: int = 0
    undisturbed: float = 0.0
    reads: list[float] = field(default_factory=list)

    def line(self) -> str:
        """All of it for a person."""
        return (
            f"{self.kills} kills of db rekey with {self.secrets} secrets"
            f" ({self.undisturbed:.1f} s undisturbed): {self.early} before anything was written,"
            f" {self.partial} with a partial database, {self.committed} after the commit;"
            f" each followed by secrets get, at most {max(self.reads):.2f} s;"
            f" {self.through} more ended before their kill"
        )


class Command:
    """`lango` in a home of its own below `root`."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self._env = {"PATH": os.defpath, "HOME": str(root), "LANGO_HOME": str(self.home)}
        root.mkdir(exist_ok=True)

    def run(self, *words: str, data: bytes = b"") -> bytes:
        """What it prints; AssertionError with what it says where it fails."""
        done = subprocess.run([LANGO, *words], env=self._env, input=data, capture_output=True)
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr!r}"
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """The command, left to itself, leading a group of processes of its own."""
        return subprocess.Popen(
            [LANGO, *words],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def generation(self) -> int:
        """What the header says."""
        found = json.loads((self.home / HEADER).read_bytes())
        return int(found["generation"])

    def databases(self) -> set[str]:
        """The files of databases that are there."""
        return {path.name for path in self.home.glob("vault-*")}


def values(count: int) -> Iterator[tuple[str, str]]:
    """Names and values of so many secrets."""
    for number in range(count):
        yield f"folder/NAME_{number}", f"value {number} " + "x" * (number % 97)


def kill_rekeys(root: Path, count: int, secrets: int, seed: int) -> Killed:
    """Kill `count` rekeys of a vault with so many secrets."""
    chance = random.Random(seed)
    lango = Command(root)
    lango.run("init", "--keyfile", "--no-recovery")
    wanted = dict(values(secrets))
    lango.run("secrets", "import", "-", "--format", "json", data=json.dumps(wanted).encode())
    met = Killed(secrets)
    begin = time.monotonic()
    lango.run("db", "rekey", "--yes")
    met.undisturbed = time.monotonic() - begin
    names = list(wanted)
    while met.kills < count:
        try:
            _once(lango, met, chance, {name: wanted[name] for name in chance.choices(names, k=1)})
        except AssertionError as err:
            raise AssertionError(f"kill {met.kills} of seed {seed}: {err}") from err
    exported = json.loads(lango.run("secrets", "export", "--format", "json", "--yes"))
    assert exported == wanted, "a value is not what it was"
    lango.run("db", "check")
    return met


def _once(lango: Command, met: Killed, chance: random.Random, wanted: dict[str, str]) -> None:
    """One kill and one read; then a write, which leaves one database."""
    before = lango.generation()
    begin = time.monotonic()
    process = lango.start("db", "rekey", "--yes")
    try:
        code = process.wait(chance.random() * met.undisturbed * LATER)
        met.undisturbed = min(met.undisturbed, time.monotonic() - begin)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    if code != -signal.SIGKILL:
        assert code == 0, f"the rekey ended with {code}"
        met.through += 1
    else:
        met.kills += 1
        if lango.generation() > before:
            met.committed += 1
        elif len(lango.databases()) > 1:
            met.partial += 1
        else:
            met.early += 1
    begin = time.monotonic()
    for name, value in wanted.items():
        assert lango.run("secrets", "get", name) == value.encode()
    met.reads.append(time.monotonic() - begin)
    left = lango.databases()
    assert left == {f"vault-{lango.generation()}.db"}, f"left over after a read: {left}"
    assert (lango.home / HEADER).read_bytes() == (lango.home / COPY).read_bytes()

"""The long runs: `python3 -m tests soak [NAME...]`; without names all of them.

    flips       every bit of both headers and of the whole database, by keyfile and by session
    writes      kill -9 at 200 random moments of writes
    changes     kill -9 at 200 random moments of changing a passphrase
    creations   kill -9 at 200 random moments of making a vault
    rekeys      kill -9 of `lango db rekey` at 200 random moments, with 20,000 secrets
    power       cuts of power in every operation of tests/faults, with 200 disks drawn for each cut
    output      1 GiB of a command's output through `lango run`, on a pipe and on a terminal
    companions  kill -9 of a companion, a client and whoever pairs, at 200 random moments of each
    processes   8 processes writing 200 times each on the disk, ten times over

Each ends with one line of figures; the run fails where a promise was not kept, and says with which
seed, so that it can be run again: SOAK_SEED=N. What these show is what a killed process leaves; a
power cut is only replayed: see tests/faults/trace.py.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.vault.home import COPY, HEADER
from tests.companion.killing import kill_clients, kill_companions, kill_pairers
from tests.faults.cases import CASES
from tests.faults.commands import kill_rekeys
from tests.faults.shim import build, start
from tests.launch.flood import flood
from tests.launch.runs import Lango
from tests.parts import find
from tests.vault.flipping import (
    ALLOWED,
    look_at_database,
    make_sample,
    remove_sample,
    try_header,
)
from tests.vault.killing import (
    Figures,
    kill_changes,
    kill_creations,
    kill_key_changes,
    kill_moves,
    kill_writes,
)
from tests.vault.nursery import Nursery, acknowledged
from tests.vault.place import DATABASE, Place, assert_sound, events, weaken

if TYPE_CHECKING:
    from collections.abc import Callable

KILLS = 200
SECRETS = 20_000
DRAWN = "200"
MASKS = tuple(1 << bit for bit in range(8))
MEMORY = Path("/dev/shm")


def folder() -> Path:
    """A folder in memory where there is one: these runs do not ask for a disk."""
    return Path(tempfile.mkdtemp(prefix="lango-soak-", dir=MEMORY if MEMORY.is_dir() else None))


def flips(_seed: int) -> str:
    """Every bit of the headers, each alone; every byte of the database."""
    where = folder()
    sample = make_sample(where)
    found: Counter[str | int] = Counter()
    for how in ("keyfile", "session"):
        for name in (HEADER, COPY):
            for offset in range(len(sample.files[name])):
                for mask in MASKS:
                    outcome = try_header(sample, name, offset, mask, how, alone=True)
                    assert outcome in ALLOWED, f"bit {mask} of byte {offset} of {name}: {outcome}"
                    found[outcome] += 1
    sample.put(sample.files)
    for offset in range(len(sample.files[DATABASE])):
        how = ("keyfile", "session")[offset // 8 % 2]
        outcome = look_at_database(sample, offset, MASKS[offset % 8], how)
        assert outcome in ("right", 14), f"byte {offset} of the database: {outcome}"
        found[outcome] += 1
    assert look_at_database(sample, 0, 0, "keyfile") == "right", "the sample was changed"
    remove_sample(sample)
    where.rmdir()
    return ", ".join(f"{count} x {outcome}" for outcome, count in sorted(found.items(), key=str))


def killed(run: Callable[[Nursery, Path, int], Figures], seed: int) -> str:
    """One kind of kills, two hundred of them."""
    where = folder()
    with Nursery() as nursery:
        figures = run(nursery, where, seed)
    shutil.rmtree(where)
    return (
        f"{figures.kills} kills, {figures.acknowledged} done and acknowledged,"
        f" {figures.unacknowledged_but_done} done and not acknowledged,"
        f" {figures.logs_left} logs left over"
    )


def writes(seed: int) -> str:
    """Kills in the middle of writes."""
    return killed(lambda n, where, s: kill_writes(n, Place(where / "place"), KILLS, s), seed)


def changes(seed: int) -> str:
    """Kills in the middle of passphrase changes."""
    return killed(lambda n, where, s: kill_changes(n, Place(where / "place"), KILLS, s), seed)


def moves(seed: int) -> str:
    """Kills in the middle of re-encryption."""
    return killed(lambda n, where, s: kill_moves(n, Place(where / "place"), KILLS, s), seed)


def keys(seed: int) -> str:
    """Kills in the middle of what changes keys."""
    return killed(lambda n, where, s: kill_key_changes(n, Place(where / "place"), KILLS, s), seed)


def creations(seed: int) -> str:
    """Kills in the middle of creations."""
    return killed(lambda n, where, s: kill_creations(n, where, KILLS, s), seed)


def rekeys(seed: int) -> str:
    """Kills of the real command, each followed by a plain read."""
    where = folder()
    met = kill_rekeys(where / "killed", KILLS, SECRETS, seed)
    shutil.rmtree(where)
    return met.line()


def power(seed: int) -> str:
    """Many more disks than the suite lays out."""
    compiler = find("gcc")
    assert compiler, "gcc is not installed: apt-get install g++"
    where = folder()
    library = build(where, compiler)
    found: Counter[str] = Counter()
    for case in CASES:
        done = start(library, "tests.faults.power", case, str(seed), DRAWN)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert not told["failures"], "\n\n".join(told["failures"])
        found.update({**told["outcomes"], "cuts": told["cuts"]})
    shutil.rmtree(where)
    cuts = found.pop("cuts")
    outcomes = ", ".join(f"{count} {how}" for how, count in sorted(found.items()))
    return f"{cuts} cuts in {len(CASES)} operations, disks that were possible: {outcomes}"


def processes(_seed: int) -> str:
    """Eight writers on a disk, with its fsyncs."""
    count = 0
    for _ in range(10):
        with tempfile.TemporaryDirectory(prefix="lango-soak-") as where, Nursery() as nursery:
            place = Place(Path(where) / "place")
            place.create().close()
            pids = [
                nursery.start("write_many", place, str(number), "200", "20") for number in range(8)
            ]
            assert [nursery.wait(pid) for pid in pids] == [0] * 8, "a writer saw an error"
            assert len(acknowledged(place)) == 8
            with place.open() as vault:
                assert vault.secrets.show("shared").versions == 800
                assert Counter(events(vault))["secret.write"] == 1600
                assert_sound(vault)
            count += 1600
    return f"{count} writes by 80 processes, none lost, none refused"


def companions(seed: int) -> str:
    """Kills of all who take part in custody by a companion, over both transports."""
    found = Counter[str]()
    for tls in (False, True):
        for number, run in enumerate((kill_companions, kill_clients)):
            where = folder()
            done = run(where, KILLS // 2, seed + number, tls=tls)
            found.update(kills=done.kills, answers=done.answers, unavailable=done.unavailable)
            shutil.rmtree(where)
    where = folder()
    found.update(kills=kill_pairers(where, KILLS, seed).kills)
    shutil.rmtree(where)
    return (
        f"{found['kills']} kills, {found['answers']} right answers,"
        f" {found['unavailable']} unavailable, none wrong, all pairings whole"
    )


def output(_seed: int) -> str:
    """A gibibyte through `lango run`, twice."""
    with tempfile.TemporaryDirectory(dir=folder()) as place:
        lango = Lango(Path(place))
        return "; ".join(flood(lango, terminal=terminal) for terminal in (False, True))


RUNS: dict[str, Callable[[int], str]] = {
    "flips": flips,
    "writes": writes,
    "changes": changes,
    "moves": moves,
    "keys": keys,
    "creations": creations,
    "rekeys": rekeys,
    "power": power,
    "companions": companions,
    "output": output,
    "processes": processes,
}


def main() -> int:
    """Run what was named; 1 where a promise was not kept."""
    weaken()
    names = sys.argv[1:] or list(RUNS)
    unknown = [name for name in names if name not in RUNS]
    if unknown:
        sys.exit(f"soak: there is {', '.join(RUNS)}; not {', '.join(unknown)}")
    seed = int(os.environ.get("SOAK_SEED") or time.time())
    print(f"seed {seed}")
    failed = 0
    for name in names:
        start = time.monotonic()
        try:
            line = RUNS[name](seed)
        except AssertionError as err:
            line = f"FAILED: {err}"
            failed = 1
        print(f"{name:10} {time.monotonic() - start:6.0f} s  {line}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

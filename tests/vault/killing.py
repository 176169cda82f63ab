"""Killing processes at random moments and asking what is left; for the suite and the soak.

The rule: `SIGKILL`, at moments drawn evenly from the time that the work takes, from a seed that is
printed where something fails. The kernel goes on running, so this says nothing about power cuts.
"""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError, WrongKey
from lango_cli.model import Unwatched
from lango_cli.vault import checking
from lango_cli.vault.create import refuse_existing
from tests.vault.nursery import DONE, acknowledged
from tests.vault.place import (
    DATABASE,
    PASSPHRASE_SLOT,
    Passphrase,
    Place,
    assert_sound,
    set_value,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.vault.nursery import Nursery

NAME = "written"
WINDOW = 0.05
"""Seconds in which a child is killed: from its start, and every other time from its first deed."""
PATIENCE = 60.0
"""Seconds after which a child that has done nothing is taken to hang."""


@dataclass
class Figures:
    """What a run of kills met."""

    kills: int = 0
    acknowledged: int = 0
    unacknowledged_but_done: int = 0
    logs_left: int = 0


def kill(nursery: Nursery, place: Place, number: int, pid: int, after: float) -> None:
    """End a child so many seconds after its start or, with an odd number, its first deed."""
    end = time.monotonic() + PATIENCE
    while number % 2 and not (place.root / DONE).exists():
        assert time.monotonic() < end, "the child does nothing"
        time.sleep(0.001)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    code = nursery.wait(pid)
    assert code == -signal.SIGKILL, f"the child ended by itself with {code}"


def rounds(count: int, seed: int, each: Callable[[random.Random, Figures], None]) -> Figures:
    """Do something `count` times with moments drawn from `seed`."""
    chance = random.Random(seed)
    figures = Figures()
    for number in range(count):
        try:
            each(chance, figures)
        except (AssertionError, LangoError) as err:
            raise AssertionError(f"kill {number} of seed {seed}: {err!r}") from err
        figures.kills += 1
    return figures


def kill_writes(nursery: Nursery, place: Place, count: int, seed: int) -> Figures:
    """Kill a process that stores values; every acknowledged one is there afterwards."""
    with place.create() as vault:
        set_value(vault, NAME, f"{NAME} 1".encode())

    def once(chance: random.Random, figures: Figures) -> None:
        before = _version(place)
        pid = nursery.start("write", place, NAME)
        kill(nursery, place, figures.kills, pid, chance.random() * WINDOW)
        told = [int(line) for line in acknowledged(place)]
        log = place.folder / f"{DATABASE}-wal"
        figures.logs_left += log.exists() and log.stat().st_size > 0
        with place.open() as vault:
            current = vault.secrets.show(NAME).version
            assert told == list(range(before + 1, before + 1 + len(told)))
            assert before + len(told) <= current <= before + len(told) + 1
            for version in range(max(1, before - 3), current + 1):
                assert value_of(vault, f"{NAME}@{version}") == f"{NAME} {version}".encode()
            assert_sound(vault)
        figures.acknowledged += len(told)
        figures.unacknowledged_but_done += current - before - len(told)

    return rounds(count, seed, once)


def _version(place: Place) -> int:
    with place.open() as vault:
        return vault.secrets.show(NAME).version


def opens(place: Place, number: int) -> bool:
    """Whether the passphrase of this number opens the vault; WrongKey is the only other answer."""
    try:
        with place.open(Passphrase(f"p {number}".encode())) as vault:
            assert value_of(vault, NAME) == b"value"
            assert vault.unlocked_by == "passphrase"
            assert_sound(vault)
    except WrongKey:
        return False
    return True


def kill_changes(nursery: Nursery, place: Place, count: int, seed: int) -> Figures:
    """Kill a process that changes a passphrase; the old or the new one opens, never both."""
    with place.create(passphrase=True) as vault:
        set_value(vault, NAME, b"value")
        first = Passphrase(b"p 0").offer(vault.envelope.slots[1])
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", first, None)
    last = 0

    def once(chance: random.Random, figures: Figures) -> None:
        nonlocal last
        pid = nursery.start("change_passphrase", place, str(last + 1))
        kill(nursery, place, figures.kills, pid, chance.random() * WINDOW)
        told = [line.split() for line in acknowledged(place)]
        did = max([int(number) for verb, number in told if verb == "did"], default=last)
        tried = max([int(number) for verb, number in told if verb == "try"], default=last)
        working = [number for number in range(last, tried + 2) if opens(place, number)]
        assert len(working) == 1, f"passphrases that open: {working}"
        assert working[0] in (did, tried), f"{working} opens, {did} was done, {tried} tried"
        figures.acknowledged += did - last
        figures.unacknowledged_but_done += working[0] - did
        last = working[0]
        with place.open() as vault:
            assert_sound(vault)

    return rounds(count, seed, once)


def kill_moves(nursery: Nursery, place: Place, count: int, seed: int) -> Figures:
    """Kill a process that re-encrypts; every value is there, and the next run goes on with it."""
    held = {}
    with place.create() as vault:
        for number in range(40):
            held[f"s/{number}"] = f"value {number}".encode() * (number % 5)
            set_value(vault, f"s/{number}", held[f"s/{number}"])

    def once(chance: random.Random, figures: Figures) -> None:
        pid = nursery.start("rotate_keys", place)
        kill(nursery, place, figures.kills, pid, chance.random() * WINDOW)
        told = acknowledged(place)
        figures.acknowledged += told.count("batch") > 0
        with place.open() as vault:
            assert {name: value_of(vault, name) for name in held} == held
            key = vault.registry.show("default")
            unfinished = key.moving_since is not None
            if figures.kills % 3 == 0:
                done = vault.registry.rotate("default", Unwatched())
                assert done.resumed == unfinished
                assert done.key.version == key.version + (not unfinished)
                assert [one.values for one in done.key.versions if one.values] == [len(held)]
                figures.unacknowledged_but_done += unfinished
            assert_sound(vault)

    return rounds(count, seed, once)


def kill_key_changes(nursery: Nursery, place: Place, count: int, seed: int) -> Figures:
    """Kill a process that makes, changes and destroys keys; what they sealed still opens."""
    place.create().close()

    def once(chance: random.Random, figures: Figures) -> None:
        pid = nursery.start("change_keys", place)
        kill(nursery, place, figures.kills, pid, chance.random() * WINDOW)
        told = acknowledged(place)
        with place.open() as vault:
            assert not list(checking.values(vault, Unwatched()))
            assert not list(checking.wrapped_keys(vault))
            for name in told:
                key = vault.registry.show(name)
                states = {one.version: one.state for one in key.versions}
                if states[1] == "disabled":
                    vault.registry.change_state(f"{name}@1", "enable")
                assert value_of(vault, name) == name.encode()
                vault.secrets.purge(name)
            assert_sound(vault)
        figures.acknowledged += len(told)

    return rounds(count, seed, once)


def _undisturbed(nursery: Nursery, root: Path) -> float:
    """Seconds that making a vault takes."""
    place = Place(root)
    place.make_keyfile()
    begin = time.monotonic()
    assert nursery.wait(nursery.start("create", place)) == 0
    return time.monotonic() - begin


def kill_creations(nursery: Nursery, folder: Path, count: int, seed: int) -> Figures:
    """Kill a process that makes a vault; there is none afterwards, or a whole one."""
    window = 1.3 * min(_undisturbed(nursery, folder / f"undisturbed {n}") for n in range(3))

    def once(chance: random.Random, figures: Figures) -> None:
        place = Place(folder / f"creation {figures.kills}")
        place.make_keyfile()
        pid = nursery.start("create", place)
        time.sleep(chance.random() * window)
        os.kill(pid, signal.SIGKILL)
        nursery.wait(pid)
        told = acknowledged(place)
        if place.home.vault_files():
            figures.unacknowledged_but_done += not told
        else:
            assert not told
            refuse_existing(place.home)
            place.create(passphrase=True).close()
        figures.acknowledged += len(told)
        for _ in range(2):
            with place.open() as vault:
                set_value(vault, NAME, b"value")
                assert value_of(vault, NAME) == b"value"
                assert_sound(vault)
        left = {path.name for path in place.folder.iterdir()}
        assert not [name for name in left if name.endswith((".init", "-wal", "-shm"))], left

    return rounds(count, seed, once)

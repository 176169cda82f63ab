"""Killing and starving work on a whole database: the vault stays, no half file gets its name."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from lango_cli.crypto.mac import random_bytes
from lango_cli.passing import leftovers
from tests.vault.database_work import (
    WORK,
    back_up,
    open_backup,
    troubles,
    work,
    write_clear,
)
from tests.vault.nursery import Nursery
from tests.vault.place import Place, assert_sound, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS = 12
SECRETS = 60
READS = ("encrypt", "restore")
"""Work whose file is there before; of the others it is what they make."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the children come from."""
    with Nursery() as found:
        yield found


def prepared(place: Place, what: str) -> dict[str, bytes]:
    """A vault that this work has something to do with, and what is in it."""
    values = {f"name {number}": random_bytes(number * 100) for number in range(SECRETS)}
    with place.create() as vault:
        for name, value in values.items():
            set_value(vault, name, value)
        if what == "restore":
            back_up(vault, place.root / "in")
        if what == "encrypt":
            write_clear(vault, place.root / "in")
            for name in values:
                vault.secrets.purge(name)
            values = {}
        set_value(vault, "gone", random_bytes(100_000))
        vault.secrets.purge("gone")
        if what != "encrypt":
            set_value(vault, "kept", b"value")
    return values


def assert_whole(place: Place, what: str, values: dict[str, bytes]) -> None:
    """The vault opens, and has all that it had, or all that it was to get."""
    with place.open() as vault:
        names = set(vault.secrets.names())
        if what == "encrypt":
            assert len(names) in (0, SECRETS)
        else:
            assert names - {"kept"} == set(values)
        for name, value in values.items():
            assert value_of(vault, name) == value
        assert_sound(vault)


def assert_file(place: Place, what: str, path: Path) -> bool:
    """What has the file's name is whole, if there is anything; whether there is."""
    if what in READS or not path.exists():
        return False
    if what == "backup":
        with place.open() as vault, open_backup(place, vault, path):
            pass
    elif what == "decrypt":
        from lango_cli.vault import store_plain

        found = store_plain.open_plain(str(path))
        assert store_plain.plain_count(found) == SECRETS + 1
        found.abandon()
    return True


@pytest.mark.parametrize("what", WORK)
def test_work_that_is_killed_leaves_the_vault_and_no_half_file(
    nursery: Nursery, memory_place: Place, what: str
) -> None:
    place = memory_place
    values = prepared(place, what)
    name = "in" if what in READS else "trial"
    place.save(place.root / "saved", state=True)
    begin = time.monotonic()
    assert nursery.wait(nursery.start("work", place, what, name)) == 0
    window = 1.1 * (time.monotonic() - begin)
    assert_file(place, what, place.root / name)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    for number in range(KILLS):
        place.restore(place.root / "saved")
        name = "in" if what in READS else f"out-{number}"
        path = place.root / name
        pid = nursery.start("work", place, what, name)
        time.sleep(chance.random() * window)
        os.kill(pid, signal.SIGKILL)
        nursery.wait(pid)
        assert_whole(place, what, values)
        there = assert_file(place, what, path)
        if not there:
            work(place, what, name)
            assert_file(place, what, path)
        assert not leftovers(str(path)) or there, f"seed {seed}"
        with place.open() as vault:
            set_value(vault, "kept", b"value")
        with place.open() as vault:
            assert not [text for text in troubles(vault) if "interrupted" not in text]


@pytest.mark.parametrize("what", WORK)
def test_on_a_full_disk_work_fails_with_90_and_leaves_nothing(
    nursery: Nursery, memory_place: Place, what: str
) -> None:
    place = memory_place
    values = prepared(place, what)
    name = "in" if what in READS else "out"
    assert nursery.wait(nursery.start("on_a_full_disk", place, what, name)) == 0
    told = [line.split()[1] for line in (place.root / "full").read_text().splitlines()]
    assert set(told) == {"0", "90"}
    assert told[-1] == "0"
    assert_whole(place, what, {} if what == "encrypt" else values)
    assert assert_file(place, what, place.root / name) == (what in ("backup", "decrypt"))
    assert not leftovers(str(place.root / name))
    assert not list(place.folder.glob("*.new"))
    with place.open() as vault:
        assert troubles(vault) == []

"""What may be met around a rekey: damage, leftovers, full disks, and others at the same time."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from lango_cli.errors import FileProblem, LangoError, Tampered
from lango_cli.model import Unwatched
from lango_cli.vault import rows_check
from lango_cli.vault.backup_file import read_backup
from lango_cli.vault.home import COPY, HEADER
from lango_cli.vault.rekey import rekey
from tests.vault.flipping import ALLOWED, flipped
from tests.vault.nursery import DONE, Nursery, acknowledged
from tests.vault.place import (
    PASSPHRASE,
    Passphrase,
    Place,
    assert_sound,
    set_value,
    value_of,
)

# The fixtures of a disk of one mebibyte and of somebody whom modes stop.
from tests.vault.test_disk import Script, fill, script, small_disk  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

QUIET = Unwatched()
LOWEST_BIT = 1


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where other processes come from."""
    with Nursery() as found:
        yield found


@pytest.fixture
def place_(memory_place: Place) -> Place:
    """A closed vault with two slots and a value of two versions."""
    fill_vault(memory_place)
    return memory_place


def fill_vault(place: Place) -> None:
    """Two slots, a value with two versions."""
    with place.create(passphrase=True) as vault:
        set_value(vault, "name", b"old value")
        set_value(vault, "name", b"value")


def make_generation(place: Place) -> int:
    """A rekey by the keyfile's owner; the generation."""
    with place.open() as vault:
        return rekey(vault, QUIET).generation


def assert_all_there(place: Place) -> None:
    """Read, write, read; by both slots."""
    with place.open() as vault:
        assert value_of(vault, "name") == b"value"
        set_value(vault, "probe", b"value")
    with place.open(Passphrase(PASSPHRASE)) as vault:
        assert value_of(vault, "name@1") == b"old value"
        assert value_of(vault, "probe") == b"value"
        assert_sound(vault)


def databases(place: Place) -> set[str]:
    """The home's files of databases."""
    return {path.name for path in place.folder.glob("vault-*")}


# Headers.


def look(place: Place, files: Mapping[str, bytes]) -> str | int:
    """Open with these headers, read, record nothing: the code of the error, or `right`.

    A record would count as a commit of whichever generation opened.
    """
    for name, data in files.items():
        fd = os.open(place.folder / name, os.O_WRONLY | os.O_TRUNC)
        os.write(fd, data)
        os.close(fd)
    try:
        vault = place.open()
    except LangoError as err:
        return err.code
    try:
        found = [
            vault.reader._unseal(secret, version, (key, key_version), sealed)
            for secret, _, version, key, key_version, _, sealed in rows_check.all_values(
                vault.store
            )
        ]
    finally:
        vault.store.abandon()
    assert found == [b"old value", b"value"], "another value"
    return "right"


def committed_only(place: Place) -> None:
    """The header is the new one, its copy not yet: where a crash parted the two."""
    older = place.read(COPY)
    (counters,) = place.state.glob("*.commits")
    seen = counters.read_bytes()
    make_generation(place)
    (place.folder / COPY).write_bytes(older)
    counters.write_bytes(seen)


@pytest.mark.parametrize("prepare", [committed_only, make_generation])
@pytest.mark.parametrize("name", [HEADER, COPY])
def test_each_flipped_byte_of_a_header_around_a_rekey_is_noticed_or_the_other_one_serves(
    place_: Place, name: str, prepare: Callable[[Place], object]
) -> None:
    prepare(place_)
    good = {each: place_.read(each) for each in (HEADER, COPY)}
    found = set()
    for offset in range(len(good[name])):
        changed = flipped(good[name], offset, LOWEST_BIT)
        found.add(look(place_, {**good, name: changed}))
    assert found <= ALLOWED | {"right"}, found
    assert "right" in found
    assert found == {"right"} or name == HEADER, "a good header was passed over"
    assert look(place_, good) == "right"
    assert_all_there(place_)


def test_a_damaged_header_beside_the_old_copy_loses_nothing(place_: Place) -> None:
    """The old generation serves with a word of warning; the new database is not thrown away."""
    committed_only(place_)
    header = place_.read(HEADER)
    (place_.folder / HEADER).write_bytes(header[:-9])
    assert_all_there(place_)
    assert "copy of the header" in place_.warnings[0]
    assert {"vault-1.db", "vault-2.db"} <= databases(place_)


@pytest.mark.parametrize("gone", ["vault-1.db", "vault-2.db"])
def test_a_header_of_one_generation_with_only_the_other_ones_database_is_tampering(
    place_: Place, gone: str
) -> None:
    old = {name: place_.read(name) for name in (HEADER, COPY)}
    make_generation(place_)
    if gone == "vault-1.db":
        for name, data in old.items():
            (place_.folder / name).write_bytes(data)
    (place_.folder / gone).rename(place_.root / gone)
    left = databases(place_)
    with pytest.raises(Tampered, match="the database is missing"):
        place_.open()
    assert databases(place_) == left, "what was there was touched"
    (place_.root / gone).rename(place_.folder / gone)


# Leftovers.


@pytest.mark.parametrize("end", [".init", ".init-wal", ".init-journal", "-wal"])
@pytest.mark.parametrize("number", [2, 7])
def test_a_partial_database_that_was_left_over_stands_in_nobodys_way(
    place_: Place, number: int, end: str
) -> None:
    (place_.folder / f"vault-{number}.db{end}").write_bytes(os.urandom(9000))
    generation = make_generation(place_)
    assert_all_there(place_)
    assert databases(place_) == {f"vault-{generation}.db"}


def test_a_log_that_a_killed_writer_left_beside_the_old_file_comes_along(
    nursery: Nursery, place_: Place
) -> None:
    assert nursery.wait(nursery.start("crash", place_, "newer")) == -signal.SIGKILL
    assert (place_.folder / "vault-1.db-wal").stat().st_size
    make_generation(place_)
    with place_.open() as vault:
        assert value_of(vault, "name") == b"newer"
        assert value_of(vault, "name@1") == b"old value"
        assert_sound(vault)


def test_a_log_that_a_killed_writer_left_beside_the_new_file_is_taken_in(
    nursery: Nursery, place_: Place
) -> None:
    make_generation(place_)
    assert nursery.wait(nursery.start("crash", place_, "newer")) == -signal.SIGKILL
    assert (place_.folder / "vault-2.db-wal").stat().st_size
    with place_.open() as vault:
        assert value_of(vault, "name") == b"newer"
        assert_sound(vault)


# Disks.


def test_on_a_full_disk_a_rekey_is_refused_or_done_and_nothing_is_lost(
    small_disk: Path,  # noqa: F811
) -> None:
    place = Place(small_disk / "place")
    fill_vault(place)
    filler = small_disk / "filler"
    done = refused = 0
    with mock.patch("lango_cli.vault.rekey.SPARE", -(1 << 30)):
        for room in range(0, 512 * 1024, 8192):
            fill(filler)
            os.truncate(filler, max(0, filler.stat().st_size - room))
            try:
                make_generation(place)
                done += 1
            except FileProblem:
                refused += 1
            filler.unlink()
            assert_all_there(place)
            assert len(databases(place)) == 1
    assert done
    assert refused


def test_a_rekey_without_room_is_refused_before_anything_is_written(
    small_disk: Path,  # noqa: F811
) -> None:
    place = Place(small_disk / "place")
    fill_vault(place)
    with pytest.raises(FileProblem, match="have to be free"):
        make_generation(place)
    assert databases(place) == {"vault-1.db"}


def test_in_a_read_only_folder_a_rekey_is_refused_and_nothing_changes(
    script: Script,  # noqa: F811
) -> None:
    home = script.root / "home"
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    home.chmod(0o500)
    assert script.run("rekey")["rekey"] == 90
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    home.chmod(0o700)
    assert script.run("rekey")["rekey"] == 2


# Others at the same time.


def outcomes(place: Place) -> dict[str, str]:
    """What children said: who, and which code."""
    return dict(line.rsplit(" ", 1) for line in acknowledged(place))


def test_of_rekeys_at_once_each_is_done_or_told_to_begin_again(
    nursery: Nursery, place_: Place
) -> None:
    for _ in range(5):
        before = place_.home.read_header(place_.warnings.append).generation
        pids = [nursery.start("rekey_or_say", place_, str(number)) for number in range(4)]
        assert [nursery.wait(pid) for pid in pids] == [0] * 4
        codes = list(outcomes(place_).values())
        assert set(codes) <= {"0", "15"}
        after = place_.home.read_header(place_.warnings.append).generation
        assert after - before == codes.count("0") >= 1
        assert_all_there(place_)
        assert databases(place_) == {f"vault-{after}.db"}


def test_a_reader_in_a_long_transaction_in_another_process_finishes_on_the_old_file(
    nursery: Nursery, place_: Place
) -> None:
    pid = nursery.start("read_long", place_, "name", "done reading")
    while "reading" not in said(place_):
        os.sched_yield()
    make_generation(place_)
    with place_.open() as vault:
        set_value(vault, "name", b"newer")
    (place_.root / "done reading").touch()
    assert nursery.wait(pid) == 0
    assert acknowledged(place_)[-1] == "value"
    with place_.open() as vault:
        assert value_of(vault, "name") == b"newer"
        assert_sound(vault)


def said(place: Place) -> list[str]:
    """What children said so far."""
    path = place.root / DONE
    return path.read_text().splitlines() if path.exists() else []


def test_a_backup_that_is_made_during_a_rekey_is_whole_or_told_to_begin_again(
    nursery: Nursery, place_: Place
) -> None:
    for number in range(10):
        name = f"backup {number}"
        backup = nursery.start("back_up_patiently", place_, name)
        while number % 2 and not said(place_) and not list(place_.root.glob(f"{name}*")):
            os.sched_yield()
        other = nursery.start("rekey_or_say", place_, "rekey")
        assert [nursery.wait(backup), nursery.wait(other)] == [0, 0]
        codes = outcomes(place_)
        assert codes[name] == "0"
        assert codes["rekey"] in ("0", "15")
        assert_opens(place_, place_.root / name)
        assert not list(place_.root.glob("*.new"))
        assert_all_there(place_)


def assert_opens(place: Place, path: Path) -> None:
    """The backup is what its trailer says, and its own header's slot opens its database."""
    backup = read_backup(str(path))
    backup.check_digest(QUIET)
    other = Place(place.root / f"opened {path.name}")
    (other.folder).mkdir(parents=True)
    other.state.mkdir()
    header = backup.about.envelope
    shutil.copy(place.folder / "keyfile", other.folder / "keyfile")
    database = other.folder / f"vault-{header.generation}.db"
    database.write_bytes(path.read_bytes()[: backup.about.pages * header.page_size])
    for name in (HEADER, COPY):
        (other.folder / name).write_bytes(backup.about.header)
    vault = other.open()
    assert value_of(vault, "name") == b"value"
    vault.close()

"""What a killed process leaves beside the database goes, or is made good, with the next write."""

from __future__ import annotations

import pytest

from lango_cli import files
from lango_cli.model import Unwatched
from lango_cli.vault.home import COPY, HEADER
from lango_cli.vault.rekey import rekey
from lango_cli.wiring.checks_files import leftovers
from lango_cli.wiring.findings import ADVICE
from tests.vault.place import PASSPHRASE_SLOT, Place, set_value, value_of


@pytest.fixture
def left(memory_place: Place) -> Place:
    """A closed vault whose header was changed once; `older` is what it was before."""
    with memory_place.create(passphrase=True) as vault:
        set_value(vault, "name", b"value")
    (memory_place.root / "older").write_bytes(memory_place.read(COPY))
    with memory_place.open() as vault:
        vault.slots.rename(PASSPHRASE_SLOT, "mine")
    return memory_place


def write(place: Place) -> None:
    """Any write."""
    with place.open() as vault:
        set_value(vault, "other", b"value")


def test_an_older_copy_follows_its_header(left: Place) -> None:
    (left.folder / COPY).write_bytes((left.root / "older").read_bytes())
    write(left)
    assert left.read(COPY) == left.read(HEADER)


def test_a_missing_copy_stays_missing_to_be_reported(left: Place) -> None:
    (left.folder / COPY).unlink()
    write(left)
    assert not (left.folder / COPY).exists()


def test_a_damaged_copy_stays_to_be_reported(left: Place) -> None:
    damaged = left.read(COPY)[:-7]
    (left.folder / COPY).write_bytes(damaged)
    write(left)
    assert left.read(COPY) == damaged


def test_an_older_header_never_takes_the_place_of_a_newer_copy(left: Place) -> None:
    newer = left.read(COPY)
    with left.open() as vault:
        (left.folder / HEADER).write_bytes((left.root / "older").read_bytes())
        set_value(vault, "other", b"value")
        assert value_of(vault, "other") == b"value"
    assert left.read(COPY) == newer


def test_headers_that_were_never_finished_go(left: Place) -> None:
    for name in (HEADER, COPY):
        (left.folder / f"{name}.4711.new").write_bytes(b"half")
    write(left)
    assert not list(left.folder.glob("*.new"))


@pytest.mark.parametrize(
    "name",
    [
        "vault-1.db.bak",
        "vault-1.db-old",
        "vault-01.db",
        "vault-0.db",
        "vault-\u0663.db",
        "vault-\u00b2.db",
    ],
)
def test_what_somebody_put_beside_the_database_under_a_name_of_theirs_stays(
    left: Place, name: str
) -> None:
    (left.folder / name).write_bytes(b"theirs")
    with left.open() as vault:
        rekey(vault, Unwatched())
    write(left)
    assert {path.name for path in left.folder.glob("vault-*")} == {"vault-2.db", name}
    assert (left.folder / name).read_bytes() == b"theirs"


def test_a_database_goes_however_high_its_number(left: Place) -> None:
    (left.folder / "vault-999999999.db").write_bytes(b"somebody's")
    for _ in range(2):
        with left.open() as vault:
            rekey(vault, Unwatched())
        write(left)
    assert [path.name for path in left.folder.glob("vault-*")] == ["vault-1000000001.db"]


def test_what_a_running_command_has_in_use_is_not_left_over(left: Place) -> None:
    (left.folder / "vault-2.db.init").write_bytes(b"half")
    with files.Lock(str(left.folder / "vault.lock"), 0.0):
        assert not list(leftovers(left.home, 1))
    assert [finding.level for finding in leftovers(left.home, 1)] == [ADVICE]

"""Headers and databases that are missing, cut, swapped, rolled back, mixed or too new.

What is noticed is said in the exit code; what cannot be noticed is shown too, so that README does
not promise it.
"""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from lango_cli.codec import canonical
from lango_cli.crypto.keys import header_key
from lango_cli.errors import (
    AlreadyInitialised,
    AnotherVault,
    FileProblem,
    LangoError,
    Locked,
    NewerFormat,
    NotApplicable,
    NotInitialised,
    Tampered,
    WrongKey,
)
from lango_cli.secret import SecretBytes
from lango_cli.vault.create import refuse_existing
from lango_cli.vault.envelope import open_slot
from lango_cli.vault.home import COPY, HEADER, Home
from tests.vault.flipping import PAGE
from tests.vault.nursery import Nursery
from tests.vault.place import (
    DATABASE,
    NAMES,
    PASSPHRASE,
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

    from lango_cli.crypto.keys import HeaderKey
    from lango_cli.vault.envelope import Envelope


@pytest.fixture
def vault_place(memory_place: Place) -> Place:
    """A closed vault with one value."""
    with memory_place.create(passphrase=True) as vault:
        set_value(vault, "name", b"value")
    return memory_place


def change_passphrase(place: Place, new: bytes) -> None:
    """Make another revision of the header."""
    with place.open() as vault:
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(new), None)


# Missing and cut.


@pytest.mark.parametrize("name", NAMES)
def test_either_header_alone_is_enough_and_the_other_ones_absence_is_reported(
    vault_place: Place, name: str
) -> None:
    (vault_place.folder / (COPY if name == HEADER else HEADER)).unlink()
    with vault_place.open() as vault:
        assert value_of(vault, "name") == b"value"
    assert bool(vault_place.warnings) == (name == COPY)


def test_without_both_headers_there_is_a_vault_that_cannot_be_read(vault_place: Place) -> None:
    for name in NAMES:
        (vault_place.folder / name).unlink()
    with pytest.raises(Tampered):
        vault_place.open()
    with pytest.raises(Tampered):
        refuse_existing(vault_place.home)


def test_a_vault_exists_if_any_of_header_copy_or_database_does(vault_place: Place) -> None:
    keep = {name: vault_place.read(name) for name in (*NAMES, DATABASE)}
    for only in keep:
        for name in keep:
            (vault_place.folder / name).unlink(missing_ok=True)
        (vault_place.folder / only).write_bytes(keep[only])
        with pytest.raises((AlreadyInitialised, Tampered)):
            refuse_existing(vault_place.home)


def test_an_empty_folder_is_no_vault(place: Place) -> None:
    place.folder.mkdir(parents=True)
    with pytest.raises(NotInitialised):
        place.home.read_header(place.warnings.append)
    refuse_existing(place.home)


def test_a_missing_database_is_tampering_and_no_reason_for_a_new_one(vault_place: Place) -> None:
    vault_place.database.unlink()
    with pytest.raises(Tampered):
        vault_place.open()
    assert not vault_place.database.exists()


def test_a_header_cut_to_any_length_is_never_believed(vault_place: Place) -> None:
    whole = vault_place.read(HEADER)
    for length in range(len(whole)):
        (vault_place.folder / HEADER).write_bytes(whole[:length])
        (vault_place.folder / COPY).write_bytes(whole[:length])
        with pytest.raises(Tampered):
            vault_place.home.read_header(vault_place.warnings.append)
    (vault_place.folder / COPY).write_bytes(whole)
    for length in range(0, len(whole), 211):
        (vault_place.folder / HEADER).write_bytes(whole[:length])
        with vault_place.open() as vault:
            assert value_of(vault, "name") == b"value"


def test_a_header_with_anything_behind_it_is_never_believed(vault_place: Place) -> None:
    whole = vault_place.read(HEADER)
    (vault_place.folder / COPY).unlink()
    for more in (b"\n", b" ", b"\0", whole, b"{}"):
        (vault_place.folder / HEADER).write_bytes(whole + more)
        with pytest.raises(Tampered):
            vault_place.open()


def lengths(size: int) -> list[int]:
    """Page boundaries and their neighbours, below the whole."""
    edges = (page + near for page in range(0, size + 1, PAGE) for near in (-1, 0, 1))
    return [length for length in edges if 0 <= length < size]


def test_a_database_cut_at_or_beside_a_page_boundary_is_tampering(vault_place: Place) -> None:
    whole = vault_place.read(DATABASE)
    for length in lengths(len(whole)):
        vault_place.database.write_bytes(whole[:length])
        with pytest.raises(Tampered), vault_place.open() as vault:
            assert value_of(vault, "name") == b"value"
            assert vault.store.check_pages(), f"cut to {length}, and found sound"
            raise Tampered("not opening it, nor reading, but checking finds it")


def test_a_zeroed_page_never_gives_another_value(vault_place: Place) -> None:
    """SQLCipher takes a page of zeros for one that was never written."""
    whole = vault_place.read(DATABASE)
    state = {path: path.read_bytes() for path in vault_place.state.iterdir()}
    outcomes = set()
    for page in range(0, len(whole), PAGE):
        for path, data in state.items():
            path.write_bytes(data)
        vault_place.database.write_bytes(whole[:page] + bytes(PAGE) + whole[page + PAGE :])
        try:
            with vault_place.open() as vault:
                assert value_of(vault, "name") == b"value"
            outcomes.add(0)
        except LangoError as err:
            outcomes.add(err.code)
    assert outcomes <= {0, 14}


# Swapped and rolled back.


def test_an_older_header_is_tampering(vault_place: Place, tmp_path: Path) -> None:
    old = vault_place.save(tmp_path / "old")
    change_passphrase(vault_place, b"another")
    vault_place.restore(old, NAMES)
    for source in (vault_place.keyfile(), Passphrase(PASSPHRASE)):
        with pytest.raises(Tampered, match="older than the database"):
            vault_place.open(source)


def test_an_older_header_cannot_be_made_new_by_changing_a_slot(
    vault_place: Place, tmp_path: Path
) -> None:
    """The header is read again under the lock, and its age is asked again there."""
    old = vault_place.save(tmp_path / "old")
    change_passphrase(vault_place, b"another")
    with vault_place.open() as vault:
        vault_place.restore(old, NAMES)
        with pytest.raises(Tampered):
            vault.slots.rename(PASSPHRASE_SLOT, "mine")
    assert vault_place.read(HEADER) == (old / "home" / HEADER).read_bytes()


def test_an_older_copy_is_not_used_in_place_of_a_damaged_header(
    vault_place: Place, tmp_path: Path
) -> None:
    old = vault_place.save(tmp_path / "old")
    change_passphrase(vault_place, b"another")
    vault_place.restore(old, [COPY])
    (vault_place.folder / HEADER).write_bytes(b"damaged")
    with pytest.raises(Tampered, match="older than the database"):
        vault_place.open()


def test_a_header_that_another_process_replaced_meanwhile_is_no_tampering(
    vault_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deriving a key takes a quarter of a second: long enough for a slot to change in between."""
    place = vault_place
    envelope = place.home.read_header(place.warnings.append)
    change_passphrase(place, b"another")
    first = iter([envelope])
    real = type(place.home).read_header
    monkeypatch.setattr(
        type(place.home), "read_header", lambda home, warn: next(first, None) or real(home, warn)
    )
    with place.open() as vault:
        assert value_of(vault, "name") == b"value"
        assert vault.envelope.revision == envelope.revision + 1


def test_a_change_that_ended_before_its_commit_is_the_lowest_revision_from_the_next_record_on(
    vault_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the header's rename and the commit leaves the database one behind."""
    old = vault_place.save(tmp_path / "old")
    real = Home.write_header

    def and_no_more(home: Home, envelope: Envelope, key: HeaderKey) -> None:
        real(home, envelope, key)
        raise KeyboardInterrupt

    with vault_place.open() as vault, monkeypatch.context() as patch:
        patch.setattr(Home, "write_header", and_no_more)
        with pytest.raises(KeyboardInterrupt):
            vault.slots.rename(PASSPHRASE_SLOT, "mine")
        patch.undo()
        assert [slot.label for slot in vault.slots.list()][1] == PASSPHRASE_SLOT
    with vault_place.open() as vault:
        value_of(vault, "name")
    vault_place.restore(old, NAMES)
    with pytest.raises(Tampered):
        vault_place.open()


def test_a_database_put_back_from_a_copy_is_tampering(vault_place: Place, tmp_path: Path) -> None:
    old = vault_place.save(tmp_path / "old")
    with vault_place.open() as vault:
        set_value(vault, "name", b"newer")
    vault_place.restore(old, [DATABASE])
    with pytest.raises(Tampered, match="older than what this machine has seen"):
        vault_place.open()


def test_a_whole_home_put_back_from_a_copy_is_tampering(
    vault_place: Place, tmp_path: Path
) -> None:
    old = vault_place.save(tmp_path / "old")
    with vault_place.open() as vault:
        set_value(vault, "name", b"newer")
    vault_place.restore(old)
    with pytest.raises(Tampered):
        vault_place.open()


def test_home_and_state_put_back_together_are_not_noticed(
    vault_place: Place, tmp_path: Path
) -> None:
    """A limit, stated in README: both witnesses come from the same copy."""
    old = vault_place.save(tmp_path / "old", state=True)
    with vault_place.open() as vault:
        set_value(vault, "name", b"newer")
    vault_place.restore(old)
    with vault_place.open() as vault:
        assert value_of(vault, "name") == b"value"


def crash(vault_place: Place, values: list[bytes]) -> None:
    """Write values in a process that ends without closing anything."""
    with Nursery() as nursery:
        pid = nursery.start("crash", vault_place, *(value.decode() for value in values))
        assert nursery.wait(pid) == -signal.SIGKILL


def test_what_was_committed_before_a_crash_is_taken_in_from_the_log(vault_place: Place) -> None:
    crash(vault_place, [b"newer", b"newest"])
    assert vault_place.database.with_name(f"{DATABASE}-wal").stat().st_size
    with vault_place.open() as vault:
        assert value_of(vault, "name") == b"newest"
        assert_sound(vault)


def test_a_log_lost_after_a_crash_is_tampering(vault_place: Place) -> None:
    crash(vault_place, [b"newer"])
    vault_place.database.with_name(f"{DATABASE}-wal").unlink()
    with pytest.raises(Tampered, match="-wal"):
        vault_place.open()


def test_a_log_cut_after_a_crash_is_tampering_or_loses_nothing(vault_place: Place) -> None:
    crash(vault_place, [b"newer", b"newest"])
    log = vault_place.database.with_name(f"{DATABASE}-wal")
    for saved in (vault_place.folder / f"{DATABASE}-shm",):
        saved.unlink(missing_ok=True)
    whole, state = log.read_bytes(), {p: p.read_bytes() for p in vault_place.state.iterdir()}
    database = vault_place.read(DATABASE)
    codes = set()
    for length in range(0, len(whole), 1024):
        for path, data in state.items():
            path.write_bytes(data)
        vault_place.database.write_bytes(database)
        log.write_bytes(whole[:length])
        try:
            with vault_place.open() as vault:
                assert value_of(vault, "name") == b"newest"
            codes.add(0)
        except Tampered:
            codes.add(14)
        log.unlink(missing_ok=True)
    assert codes == {14}, "the last commit was in the part that was cut off"


# Mixed.


@pytest.fixture
def other_place(memory_folder: Path, vault_place: Place) -> Place:
    """Another vault."""
    other = Place(vault_place.root.parent / "other")
    with other.create(passphrase=True) as vault:
        set_value(vault, "name", b"another value")
    return other


def test_a_header_of_another_vault_opens_nothing(vault_place: Place, other_place: Place) -> None:
    vault_place.restore(other_place.root, NAMES)
    with pytest.raises(Locked):
        vault_place.open()
    with pytest.raises(WrongKey):
        vault_place.open(vault_place.keyfile(explicit=True))


def test_a_header_of_another_vault_with_its_keyfile_is_another_vault(
    vault_place: Place, other_place: Place
) -> None:
    vault_place.restore(other_place.root, [*NAMES, "keyfile"])
    with pytest.raises(AnotherVault):
        vault_place.open()


def test_a_database_of_another_vault_is_another_vault(
    vault_place: Place, other_place: Place
) -> None:
    with vault_place.open() as vault:
        kept = vault.bundle.encode()
    vault_place.restore(other_place.root, [DATABASE])
    with pytest.raises(AnotherVault):
        vault_place.open()
    with pytest.raises(AnotherVault):
        vault_place.open_session(kept)


def test_a_session_does_not_open_another_vault(vault_place: Place, other_place: Place) -> None:
    with vault_place.open() as vault:
        kept = vault.bundle.encode()
    with pytest.raises(NotApplicable):
        other_place.open_session(kept)


# Newer, and made by hand.


def edit_header(place: Place, change: Callable[[dict[str, object]], object]) -> None:
    """Change the header as somebody would who has the file but no key."""
    document = json.loads(place.read(HEADER))
    change(document)
    for name in NAMES:
        (place.folder / name).write_bytes(canonical(document) + b"\n")


def test_a_newer_header_format_says_so(vault_place: Place) -> None:
    edit_header(vault_place, lambda header: header.update(format=3, more=[]))
    with pytest.raises(NewerFormat):
        vault_place.open()


@pytest.mark.parametrize("value", [0, -1, True, "1", None, [1], 10**30])
def test_a_format_that_never_was_is_tampering_or_newer(vault_place: Place, value: object) -> None:
    edit_header(vault_place, lambda header: header.update(format=value))
    with pytest.raises((Tampered, NewerFormat)):
        vault_place.open()


def test_a_newer_schema_says_so(vault_place: Place) -> None:
    with vault_place.open() as vault, vault.store.write():
        vault.store.set_meta("schema", 99)
    with pytest.raises(NewerFormat):
        vault_place.open()


MEMBERS: dict[str, object] = {
    "created": "2020-01-01T00:00:00Z",
    "database_salt": "AAAAAAAAAAAAAAAAAAAAAA==",
    "fallback": "local",
    "generation": 2,
    "page_size": 8192,
    "revision": 99,
    "vault": "00" * 16,
}


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_no_member_of_the_header_can_be_changed_without_the_key(
    vault_place: Place, name: str
) -> None:
    with vault_place.open() as vault:
        kept = vault.bundle.encode()
    edit_header(vault_place, lambda header: header.update({name: MEMBERS[name]}))
    with pytest.raises((Tampered, Locked)):
        vault_place.open()
    with pytest.raises((Tampered, NotApplicable)):
        vault_place.open_session(kept)


def test_a_slot_cannot_be_taken_out_or_put_in_without_the_key(
    vault_place: Place, other_place: Place
) -> None:
    def drop(header: dict[str, object]) -> None:
        slots = header["slots"]
        assert isinstance(slots, list)
        slots.pop()

    def add(header: dict[str, object]) -> None:
        slots = header["slots"]
        assert isinstance(slots, list)
        slots.append(json.loads(other_place.read(HEADER))["slots"][1])

    whole = vault_place.read(HEADER)
    for change in (drop, add):
        (vault_place.folder / HEADER).write_bytes(whole)
        edit_header(vault_place, change)
        with pytest.raises(Tampered):
            vault_place.open()


def test_the_header_cannot_name_another_cipher_page_size(vault_place: Place) -> None:
    """Even with the header's own key: the database does not open under it."""
    envelope = vault_place.home.read_header(vault_place.warnings.append)
    slot = envelope.slots[0]
    master = open_slot(envelope, slot, vault_place.keyfile().offer(slot))
    envelope.page_size = 8192
    vault_place.home.write_header(envelope, header_key(master, envelope.vault_bytes))
    with pytest.raises(Tampered):
        vault_place.open()


def test_what_stands_in_the_place_of_a_file_is_refused(vault_place: Place) -> None:
    for name in (HEADER, DATABASE):
        path = vault_place.folder / name
        whole = path.read_bytes()
        path.unlink()
        path.mkdir()
        with pytest.raises(FileProblem):
            vault_place.open()
        path.rmdir()
        os.mkfifo(path)
        with pytest.raises(FileProblem):
            vault_place.open()
        path.unlink()
        path.write_bytes(whole)
    with vault_place.open() as vault:
        assert value_of(vault, "name") == b"value"

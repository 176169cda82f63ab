"""Backups: what they hold, who opens them, what is known of them, and what a changed one is."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.config.schema import PAGE_SIZES
from lango_cli.crypto.keys import header_key
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import (
    Busy,
    Conflict,
    FileProblem,
    LangoError,
    NewerFormat,
    Tampered,
)
from lango_cli.passing import Passing, leftovers
from lango_cli.vault import backup_file, rows, rows_look, store_copy
from lango_cli.vault.backup import make_backup
from lango_cli.vault.backup_file import read_backup
from lango_cli.vault.create import NewSlot, create_vault
from lango_cli.vault.plain import Written
from lango_cli.vault.rekey import rekey
from lango_cli.vault.unlocking import open_with
from lango_cli.vault.vacuum import vacuum
from lango_cli.wiring import backing, opening, restoring
from tests.vault.database_work import (
    UNWATCHED,
    back_up,
    flags,
    open_backup,
    put_back,
    take_in,
    troubles,
    write_clear,
)
from tests.vault.place import (
    PASSPHRASE,
    PASSPHRASE_SLOT,
    Passphrase,
    Place,
    assert_sound,
    events,
    set_value,
    value_of,
)

if TYPE_CHECKING:
    from lango_cli.vault.store import Store
    from lango_cli.vault.vault import Vault

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "format-1"


@pytest.fixture
def full(memory_place: Place) -> Place:
    """A closed vault with a few secrets, versions and tags, and one in the trash."""
    with memory_place.create(passphrase=True) as vault:
        for number in range(20):
            set_value(vault, f"folder/{number}", b"first %d" % number)
            set_value(vault, f"folder/{number}", random_bytes(number * 700))
        vault.secrets.edit("folder/1", note="a note", tags=("one", "two"), expires_at=2e9)
        vault.secrets.delete("folder/2")
    return memory_place


def test_a_backup_holds_what_the_vault_held_and_opens_by_its_own_header(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        made = back_up(vault, path)
        set_value(vault, "folder/3", b"later")
        with open_backup(full, vault, path) as opened:
            assert opened.vault.reader is not None
            assert {finding.level for finding in opened.check(UNWATCHED)} == {"ok"}
            assert opened.vault.secrets.show("folder/1").note == "a note"
            assert opened.vault.secrets.count() == 19
            assert opened.vault.secrets.show("folder/3").version == 2
    assert made.about.counts["secrets"] == 20
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size % 4096 == 0
    assert not leftovers(str(path))


def test_no_name_and_no_value_of_the_vault_stands_in_a_backup_in_clear(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        set_value(vault, "telling name", b"telling value")
        back_up(vault, path)
    data = path.read_bytes()
    assert b"telling" not in data
    assert b"folder/" not in data


def test_a_backup_is_taken_while_others_write_and_is_of_one_moment(full: Place) -> None:
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with full.open() as vault:
            while not stop.is_set():
                written += 1
                set_value(vault, "left", b"%d" % written)
                set_value(vault, "right", b"%d" % written)

    with full.open() as vault:
        set_value(vault, "left", b"0")
        set_value(vault, "right", b"0")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        with full.open() as vault:
            for number in range(5):
                before = written
                path = full.root / f"b{number}"
                back_up(vault, path)
                with open_backup(full, vault, path) as opened:
                    left = value_in(opened.vault, "left")
                    right = value_in(opened.vault, "right")
                    assert right <= left <= right + 1
                    assert left >= before - 1
    finally:
        stop.set()
        writer.join()
    with full.open() as vault:
        assert_sound(vault)


def value_in(vault: Vault, name: str) -> int:
    """A value of a backup, which notes no access."""
    vault.audit.reads = "off"
    found = {name: data.reveal() for name, data in vault.secrets.for_masking()}
    return int(found[name])


def test_any_changed_byte_of_the_trailer_is_damage_or_a_newer_format(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        made = back_up(vault, path)
        data = path.read_bytes()
        start = len(data) - len(made.trailer)
        for at in range(start, len(data)):
            if at - start > 700 and at < len(data) - 70 and at % 37:
                continue
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with pytest.raises((Tampered, NewerFormat)), open_backup(full, vault, path):
                pass


def test_any_changed_byte_of_the_database_is_told_without_a_key(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        made = back_up(vault, path)
    data = path.read_bytes()
    for at in range(0, made.about.pages * 4096, 3001):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :])
        with pytest.raises(Tampered, match="damaged"):
            read_backup(str(path)).check_digest(UNWATCHED)


def test_a_backup_that_was_cut_or_added_to_is_refused_wherever(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        back_up(vault, path)
    data = path.read_bytes()
    for end in [*range(0, len(data), 997), len(data) - 1]:
        path.write_bytes(data[:end])
        with pytest.raises(Tampered):
            read_backup(str(path))
    for more in (b"\0", bytes(4096), data[-4096:]):
        path.write_bytes(data + more)
        with pytest.raises(Tampered):
            read_backup(str(path))


def test_a_digest_made_anew_over_a_changed_database_does_not_help(full: Place) -> None:
    path = full.root / "b"
    with full.open() as vault:
        made = back_up(vault, path)
        data = bytearray(path.read_bytes())
        data[5000] ^= 1
        database = bytes(data[: made.about.pages * 4096])
        path.write_bytes(database)
        digest = backup_file.file_digest(str(path), len(database), UNWATCHED).hex()
        trailer = made.trailer.replace(made.about.sha256.hex().encode(), digest.encode())
        path.write_bytes(database + trailer)
        read_backup(str(path)).check_digest(UNWATCHED)
        with pytest.raises(Tampered, match="other than lango"), open_backup(full, vault, path):
            pass


def test_arbitrary_bytes_are_no_backup_and_nothing_worse(memory_place: Place) -> None:
    path = memory_place.root.parent / "any"
    for size in (0, 1, 63, 64, 65, 4096, 9000):
        for end in (b"", backup_file.MAGIC, backup_file.MAGIC + bytes([0, 0, 0, 1]) * 3):
            path.write_bytes((random_bytes(size) + end).ljust(size + 64, b"\0"))
            with pytest.raises(LangoError) as caught:
                read_backup(str(path))
            assert caught.value.code in (14, 16)


def test_a_file_that_is_there_is_never_touched_not_even_in_the_last_moment(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = full.root / "b"
    path.write_text("mine")
    with full.open() as vault:
        for attempt in (back_up, write_clear):
            with pytest.raises(Conflict):
                attempt(vault, path)
        path.unlink()
        sync = Passing.sync

        def meanwhile(passing: Passing) -> None:
            path.write_text("mine")
            sync(passing)

        monkeypatch.setattr(Passing, "sync", meanwhile)
        for attempt in (back_up, write_clear):
            path.unlink(missing_ok=True)
            with pytest.raises(Conflict):
                attempt(vault, path)
        monkeypatch.undo()
        assert vault.backups.list() == []
        assert events(vault)[-3:-2] == ["db.backup"] or "db.backup" in events(vault)
    assert path.read_text() == "mine"
    assert not leftovers(str(path))


def test_where_there_are_no_links_nothing_is_overwritten_either(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_paths: object, **_options: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    path = full.root / "b"
    with full.open() as vault:
        back_up(vault, path)
        with pytest.raises(Conflict):
            back_up(vault, path)
        with open_backup(full, vault, path):
            pass
    assert not leftovers(str(path))


def test_what_a_killed_run_left_goes_but_not_what_somebody_still_writes(full: Place) -> None:
    path = full.root / "b"
    stale, others = full.root / "b.4711.new", full.root / "b.txt.new"
    stale.write_text("half")
    others.write_text("mine")
    with full.open() as vault, Passing(str(path)) as busy:
        (full.root / "b.4712.new").write_text("half")
        back_up(vault, full.root / "c")
        with Passing(str(full.root / "d")):
            pass
        assert os.path.exists(busy.name)
    assert not stale.exists()
    assert others.exists()


def test_which_backups_hold_a_secret_and_a_passphrase(full: Place) -> None:
    from lango_cli.secret import SecretBytes

    with full.open() as vault:
        back_up(vault, full.root / "one")
        set_value(vault, "new", b"value")
        slot = vault.envelope.slots[1]
        assert vault.backups.holding_name("new") == []
        assert [known.path for known in vault.backups.holding_name("folder/2")] == [
            str(full.root / "one")
        ]
        assert len(vault.backups.holding_slot(slot)) == 1
        vault.slots.change_credential(
            PASSPHRASE_SLOT, "passphrase", SecretBytes(b"another one"), None
        )
        assert len(vault.backups.holding_slot(slot)) == 1
        assert vault.backups.holding_slot(vault.envelope.slots[1]) == []
        back_up(vault, full.root / "two")
        assert [one.there for one in vault.backups.list()] == [True, True]
        (full.root / "two").rename(full.root / "one")
        assert sorted(one.there for one in vault.backups.list()) == [False, False]


def test_a_backup_of_a_vault_that_is_read_only_is_made_and_said_not_to_be_known(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lango_cli.vault import store_open

    full.open().close()
    before = {path.name: path.read_bytes() for path in full.folder.iterdir()}
    monkeypatch.setattr(store_open, "_look", lambda *_paths: False)
    warned: list[str] = []
    vault = full.open()
    try:
        made = make_backup(vault, str(full.root / "b"), UNWATCHED, warned.append)
        assert made.about.counts["secrets"] == 20
        with pytest.raises(FileProblem):
            vacuum(vault, UNWATCHED)
    finally:
        vault.store.abandon()
    assert "read-only" in warned[0]
    assert {path.name: path.read_bytes() for path in full.folder.iterdir()} == before


def test_a_backup_taken_during_a_rekey_is_whole_or_busy_and_leaves_nothing(full: Place) -> None:
    def turn() -> None:
        for _ in range(3):
            with full.open() as vault:
                rekey(vault, UNWATCHED)

    turner = threading.Thread(target=turn)
    turner.start()
    made, number, last = [], 0, False
    while not last:
        last = not turner.is_alive()
        path = full.root / f"b{number}"
        number += 1
        try:
            with full.open() as vault:
                back_up(vault, path)
        except Busy:
            assert not path.exists()
        else:
            made.append(path)
        assert not leftovers(str(path))
    turner.join()
    assert made
    with full.open() as vault:
        for path in made:
            source = Passphrase(PASSPHRASE)
            envelope = read_backup(str(path)).about.envelope
            opened = open_with(envelope, [source], envelope.slots, print)
            backup = read_backup(str(path))
            with backing.with_key(flags(full), backup, opened) as found:
                assert {finding.level for finding in found.check(UNWATCHED)} == {"ok"}
        assert troubles(vault) == []


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The golden vault of the first format, and a backup of it at the first schema."""
    monkeypatch.setattr("lango_cli.crypto.passphrase.PBKDF2_MIN_ROUNDS", 600_000)
    place = Place(tmp_path)
    place.folder.mkdir(mode=0o700)
    place.state.mkdir(mode=0o700)
    for name in ("vault.json", "vault.json.2", "vault-1.db", "keyfile"):
        shutil.copyfile(GOLDEN / name, place.folder / name)
        (place.folder / name).chmod(0o600)
    envelope = place.home.read_header(print)
    opened = open_with(envelope, [place.keyfile()], envelope.slots, print)
    key, path = place.database_key(), place.root / "b"
    source = store_copy.open_copy(str(place.database), key, envelope.page_size)
    path.touch(0o600)
    store_copy.copy_pages(source, str(path), key, envelope.page_size, UNWATCHED)
    size = path.stat().st_size
    about = backup_file.About(
        envelope=envelope,
        header=place.read("vault.json"),
        made=1,
        commits=source.meta("commits"),
        schema=source.meta("schema"),
        pages=size // envelope.page_size,
        sha256=backup_file.file_digest(str(path), size, UNWATCHED),
        counts=rows_look.counts(source),
    )
    source.abandon()
    trailer = backup_file.trailer_of(about, header_key(opened.master, envelope.vault_bytes))
    path.write_bytes(path.read_bytes() + trailer)
    assert about.schema == 1
    return place


def test_a_backup_of_an_older_schema_is_checked_and_restored(older: Place) -> None:
    path = older.root / "b"
    before = path.read_bytes()
    with older.open() as vault:
        set_value(vault, "plain", b"newer")
        with open_backup(older, vault, path) as opened:
            assert {finding.level for finding in opened.check(UNWATCHED)} == {"ok"}
    put_back(older, path)
    with older.open() as vault:
        assert value_of(vault, "plain") == b"hunter2"
        assert troubles(vault) == []
    assert path.read_bytes() == before
    assert not [found for found in older.state.rglob("*") if "older" in found.name]


def test_a_backup_comes_back_whichever_page_of_the_vault_is_damaged(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "home_of", lambda _folders: full.home)
    path = full.root / "b"
    with full.open() as vault:
        back_up(vault, path)
        wanted = {name: value_of(vault, name) for name in rows.names(vault.store, "")}
        database = Path(vault.store.path)
        page = vault.envelope.page_size
    whole = {file.name: file.read_bytes() for file in full.folder.iterdir()}
    counters = {file: file.read_bytes() for file in full.state.iterdir() if file.is_file()}
    for number in range(1, len(whole[database.name]) // page):
        for file in full.folder.glob("vault-*"):
            file.unlink()
        for name, data in whole.items():
            (full.folder / name).write_bytes(data)
        for file, data in counters.items():
            file.write_bytes(data)
        with database.open("r+b") as stream:
            stream.seek(number * page + 100)
            stream.write(random_bytes(16))
        prepared = restoring.prepare(
            flags(full), str(path), restoring.Other(), None, full.warnings.append, UNWATCHED
        )
        with prepared as ready:
            ready.difference()
            ready.run(UNWATCHED, 10)
        with full.open() as vault:
            found = {name: value_of(vault, name) for name in rows.names(vault.store, "")}
            assert found == wanted, f"page {number}"


# The check.


def plant(vault: Vault, statement: str, *values: object) -> None:
    """Change rows as no code of lango does."""
    with vault.store.write() as store:
        store.run("PRAGMA defer_foreign_keys = ON")
        store.run(statement, *values)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE versions SET sealed = x'0102' WHERE secret_id = ?1 AND version = 1",
            r"folder/5@1: a value is in no format|folder/5@1: a sealed value",
        ),
        (
            "UPDATE versions SET sealed = (SELECT sealed FROM versions WHERE secret_id = ?1"
            " AND version = 2) WHERE secret_id = ?1 AND version = 1",
            "folder/5@1: a sealed value does not open under its key",
        ),
        (
            "UPDATE versions SET size = 3 WHERE secret_id = ?1 AND version = 1",
            "folder/5@1: it has 7 bytes, not 3",
        ),
        (
            "UPDATE secrets SET version = 9 WHERE id = ?1",
            "folder/5: its current version is not there",
        ),
        ("UPDATE key_versions SET wrapped = x'00' WHERE ?1 <> ''", "key default, version 1: "),
        ("UPDATE audit SET record = x'00' WHERE seq = 5 AND ?1 <> ''", "the audit log is not"),
    ],
)
def test_the_check_names_what_is_wrong(full: Place, statement: str, said: str) -> None:
    import re

    with full.open() as vault:
        secret = vault.secrets.show("folder/5").id
        assert troubles(vault) == []
        plant(vault, statement, secret)
    with full.open() as vault:
        found = troubles(vault)
    assert found
    assert any(re.search(said, text) for text in found), found
    assert not any("first 5" in text for text in found)


def test_rows_that_refer_to_nothing_are_found(full: Place) -> None:
    with full.open() as vault:
        secret = vault.secrets.show("folder/5").id
        vault.store.run("PRAGMA foreign_keys = OFF")
        plant(vault, "DELETE FROM secrets WHERE id = ?", secret)
        found = troubles(vault)
    assert f"secret id {secret}@1: there is no such secret" in found
    assert "versions without secrets: 2" in found


def test_a_reader_that_blocks_the_log_is_not_taken_for_damage(full: Place) -> None:
    with full.open() as reader, full.open() as vault:
        source = store_copy.snapshot(
            reader.store, reader.bundle.database, reader.envelope.page_size
        )
        try:
            for number in range(50):
                set_value(vault, f"more/{number}", random_bytes(5000))
            assert vault.store.take_over() is False
            assert troubles(vault) == []
            back_up(vault, full.root / "b")
        finally:
            source.abandon()
    with full.open() as vault:
        assert_sound(vault)


def test_pages_half_written_while_a_reader_blocks_are_not_sure_to_be_damage(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full.open() as vault:
        monkeypatch.setattr(type(vault.store), "take_over", lambda _store: False)
        rows = vault.store.rows

        def half(statement: str, *values: object) -> list[tuple[object, ...]]:
            torn = statement.startswith("PRAGMA cipher_integrity")
            return [("HMAC verification failed for page 3",)] if torn else rows(statement, *values)

        monkeypatch.setattr(vault.store, "rows", half)
        found = troubles(vault)
        monkeypatch.undo()
    assert len(found) == 1
    assert "another process is reading" in found[0]


# Vacuum, and pages of every size.


def test_vacuum_wins_room_and_loses_nothing(full: Place) -> None:
    with full.open() as vault:
        set_value(vault, "large", random_bytes(500_000))
        vault.secrets.purge("large")
    before = full.database.stat().st_size
    with full.open() as vault:
        values = {f"folder/{n}": value_of(vault, f"folder/{n}") for n in range(20) if n != 2}
        won = vacuum(vault, UNWATCHED)
    assert full.database.stat().st_size <= before - 500_000
    assert won.before - won.after >= 500_000
    with full.open() as vault:
        assert {name: value_of(vault, name) for name in values} == values
        assert "db.vacuum" in events(vault)
        assert troubles(vault) == []


def test_others_read_and_write_round_a_vacuum(full: Place) -> None:
    with full.open() as other, full.open() as vault:
        set_value(vault, "large", random_bytes(300_000))
        vault.secrets.purge("large")
        assert value_of(other, "folder/0") == b""
        snapshot = store_copy.snapshot(
            other.store, other.bundle.database, other.envelope.page_size
        )
        vacuum(vault, UNWATCHED)
        assert len(snapshot.rows("SELECT * FROM versions")) == 40
        snapshot.abandon()
        assert value_of(other, "folder/1@1") == b"first 1"
        set_value(other, "folder/1", b"third")
        assert value_of(vault, "folder/1") == b"third"
    with full.open() as vault:
        assert_sound(vault)


def test_vacuum_waits_for_no_writer_longer_than_it_may(full: Place) -> None:
    with full.open() as other, full.open() as vault:
        vault.store.lock_timeout = 0.05
        with other.store.write(), pytest.raises(Busy):
            vacuum(vault, UNWATCHED)


@pytest.mark.parametrize("size", [int(text) for text in PAGE_SIZES])
def test_a_vault_has_pages_of_any_size_and_so_have_its_backups(
    memory_place: Place, size: int
) -> None:
    place = memory_place
    slots = [NewSlot("keyfile", "key", place.make_keyfile(), "hkdf-sha256")]
    with create_vault(
        place.home, random_bytes(16).hex(), slots, place.policy, print, page_size=size
    ) as vault:
        set_value(vault, "a", b"value")
        set_value(vault, "large", random_bytes(200_000))
    with place.open() as vault:
        assert vault.envelope.page_size == size
        assert vault.store.rows("PRAGMA page_size")[0][0] in (size, str(size))
        vault.secrets.purge("large")
        vacuum(vault, UNWATCHED)
        made = back_up(vault, place.root / "b")
        assert len(made.trailer) % size == 0
        with open_backup(place, vault, place.root / "b") as opened:
            assert {finding.level for finding in opened.check(UNWATCHED)} == {"ok"}
        set_value(vault, "a", b"newer")
        assert troubles(vault) == []
    put_back(place, place.root / "b")
    with place.open() as vault:
        assert value_of(vault, "a") == b"value"
        assert vault.envelope.page_size == size
        assert troubles(vault) == []


# In clear, and back.


def test_everything_comes_back_from_a_plaintext_file_as_it_was(
    full: Place, memory_folder: Path
) -> None:
    path = full.root / "clear"
    with full.open() as vault:
        assert write_clear(vault, path) == Written(20, 0, 0)
        wanted = exported(vault.store)
    twin = Place(memory_folder / "twin")
    with twin.create() as vault:
        taken = take_in(vault, path)
        assert (taken.new, taken.changed, taken.same) == (20, 0, 0)
        assert exported(vault.store) == wanted
        assert troubles(vault) == []
        taken = take_in(vault, path)
        assert (taken.new, taken.changed, taken.same) == (0, 0, 20)
        assert vault.secrets.get("folder/19").value is not None
        again = twin.root / "clear"
        assert write_clear(vault, again) == Written(20, 0, 0)


def exported(store: Store) -> list[tuple[object, ...]]:
    """Everything about secrets but how they are sealed."""
    return [
        *store.rows("SELECT * FROM secrets ORDER BY id"),
        *store.rows("SELECT * FROM tags ORDER BY secret_id, tag"),
        *store.rows("SELECT secret_id, version, created_at, size FROM versions ORDER BY 1, 2"),
    ]


def test_an_import_that_fails_leaves_nothing(
    full: Place, memory_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = full.root / "clear"
    with full.open() as vault:
        write_clear(vault, path)
    from lango_cli.vault import plain_import

    def fails(*_arguments: object) -> None:
        raise FileProblem("no space left")

    twin = Place(memory_folder / "failing")
    with twin.create() as vault:
        monkeypatch.setattr(plain_import, "_record", fails)
        with pytest.raises(FileProblem):
            take_in(vault, path)
        monkeypatch.undo()
        assert vault.secrets.count() == 0
        take_in(vault, path)
        assert vault.secrets.count() == 19


def test_a_plaintext_file_that_is_not_what_the_vault_holds_never_gets_its_name(
    full: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lango_cli.vault import plain

    real = plain._insert

    def forgetful(target: Store, batch: list[plain.PlainSecret]) -> None:
        real(target, batch[1:])

    monkeypatch.setattr(plain, "_insert", forgetful)
    path = full.root / "clear"
    with full.open() as vault, pytest.raises(Tampered):
        write_clear(vault, path)
    assert not path.exists()
    assert not leftovers(str(path))

"""A new generation: everything is in it, every slot opens it, and the old keys do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.crypto.aead import unseal
from lango_cli.crypto.keys import header_key, new_master_key
from lango_cli.crypto.mac import digest
from lango_cli.crypto.recipient import new_seed, open_from, public_of
from lango_cli.errors import (
    Busy,
    Locked,
    NotApplicable,
    Tampered,
    WrongKey,
)
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import audit_check, rows, rows_keys
from lango_cli.vault import envelope as envelopes
from lango_cli.vault.envelope import DIRECT, HPKE, PAGE_SIZES
from lango_cli.vault.home import COPY, HEADER
from lango_cli.vault.rekey import preflight, rekey
from tests.vault.place import (
    KEYFILE_SLOT,
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
    from lango_cli.vault.rekey import Rekeyed
    from lango_cli.vault.vault import Vault

QUIET = Unwatched()


@pytest.fixture
def place_(memory_place: Place) -> Place:
    """A closed vault with a keyfile and a passphrase slot, and a value with two versions."""
    with memory_place.create(passphrase=True) as vault:
        set_value(vault, "name", b"old value")
        set_value(vault, "name", b"value")
    return memory_place


def rekeyed(place: Place) -> Rekeyed:
    """A rekey by the keyfile's owner."""
    with place.open() as vault:
        return rekey(vault, QUIET)


def me() -> Passphrase:
    """The other slot's owner."""
    return Passphrase(PASSPHRASE)


def names(place: Place) -> set[str]:
    """The home's files of databases."""
    return {path.name for path in place.folder.glob("vault-*")}


class TestRekey:
    def test_every_value_version_and_record_is_in_the_new_generation(self, place_: Place) -> None:
        with place_.open() as vault:
            before = events(vault)
        done = rekeyed(place_)
        assert done.generation == 2
        with place_.open() as vault:
            assert vault.store.path.endswith("vault-2.db")
            assert value_of(vault, "name@1") == b"old value"
            assert value_of(vault, "name") == b"value"
            assert events(vault)[: len(before)] == before
            assert "db.rekey" in events(vault)
            assert_sound(vault)

    def test_slots_stay_valid_without_their_owners(self, place_: Place) -> None:
        rekeyed(place_)
        with place_.open(me()) as vault:
            assert value_of(vault, "name") == b"value"

    def test_the_old_database_is_the_snapshot_until_the_next_writer(self, place_: Place) -> None:
        done = rekeyed(place_)
        assert done.snapshot is not None
        assert files.exists(done.snapshot)
        with place_.open() as vault:
            set_value(vault, "other", b"value")
        assert names(place_) == {"vault-2.db"}

    def test_generation_follows_generation(self, place_: Place) -> None:
        for number in range(2, 6):
            assert rekeyed(place_).generation == number
            with place_.open(me()) as vault:
                assert value_of(vault, "name") == b"value"
                assert_sound(vault)

    def test_the_next_unlock_of_a_slot_replaces_hpke_by_a_direct_seal(self, place_: Place) -> None:
        rekeyed(place_)
        header = place_.home.read_header(place_.warnings.append)
        assert [slot.wrapped_how for slot in header.slots] == [DIRECT, HPKE]
        with place_.open(me()) as vault:
            value_of(vault, "name")
        header = place_.home.read_header(place_.warnings.append)
        assert [slot.wrapped_how for slot in header.slots] == [DIRECT, DIRECT]
        with place_.open(me()) as vault:
            assert_sound(vault)
        assert place_.read(HEADER) == place_.read(COPY)

    def test_an_unlock_session_is_not_enough(self, place_: Place) -> None:
        with place_.open() as vault:
            kept = vault.bundle.encode()
        with place_.open_session(kept) as vault, pytest.raises(Locked):
            rekey(vault, QUIET)

    def test_a_session_of_the_old_generation_is_not_applicable_any_more(
        self, place_: Place
    ) -> None:
        with place_.open() as vault:
            kept = vault.bundle.encode()
        rekeyed(place_)
        with pytest.raises(NotApplicable):
            place_.open_session(kept)

    @pytest.mark.parametrize("size", PAGE_SIZES)
    def test_the_page_size_can_change_with_the_generation(self, place_: Place, size: int) -> None:
        with place_.open() as vault:
            rekey(vault, QUIET, page_size=size)
        with place_.open(me()) as vault:
            assert vault.envelope.page_size == size
            assert vault.store.rows("PRAGMA page_size") == [(str(size),)]
            assert value_of(vault, "name@1") == b"old value"
            assert_sound(vault)

    def test_a_number_that_is_taken_by_a_file_is_passed_over(self, place_: Place) -> None:
        (place_.folder / "vault-7.db").write_bytes(b"somebody's")
        assert rekeyed(place_).generation == 8
        with place_.open() as vault:
            set_value(vault, "other", b"value")
        assert names(place_) == {"vault-8.db"}


class TestWhatTheOldKeysOpen:
    def test_old_master_key_old_header_and_new_header_do_not_yield_the_new_master_key(
        self, place_: Place
    ) -> None:
        with place_.open() as vault:
            old_master = SecretBytes(vault.opened.master.reveal()) if vault.opened else None
            old = place_.home.read_header(place_.warnings.append)
            rekey(vault, QUIET)
        assert old_master is not None
        new = place_.home.read_header(place_.warnings.append)
        for before, after in zip(old.slots, new.slots, strict=True):
            context = envelopes._wrap_context(new, after)
            keys = [old_master, SecretBytes(digest(old_master.reveal()))]
            for key in keys:
                for sealed in (after.wrapped, after.sealed_seed, before.sealed_seed):
                    with pytest.raises(Tampered):
                        unseal(key, sealed, context)
            # Whatever seed the old header holds is sealed under the slot's own key.
            assert before.sealed_seed == after.sealed_seed
            with pytest.raises(Tampered):
                open_from(new_seed(), after.wrapped, context)
        with pytest.raises(Tampered):
            new.verify(header_key(type(new_master_key())(old_master.reveal()), new.vault_bytes))

    def test_the_old_database_key_does_not_open_the_new_database(self, place_: Place) -> None:
        old = place_.database_key()
        rekeyed(place_)
        assert place_.database_key() != old

    def test_the_old_wrapping_key_opens_no_key_of_the_new_database(self, place_: Place) -> None:
        with place_.open() as vault:
            wrapping = vault.bundle.wrapping
            old = SecretBytes(wrapping.reveal())
            rekey(vault, QUIET)
        with place_.open() as vault:
            for *_, wrapped in rows_keys.wrapped_keys(vault.store):
                with pytest.raises(Tampered):
                    unseal(old, wrapped, b"")
            assert vault.bundle.wrapping != old


class TestPublicKeys:
    def substitute(self, place: Place) -> None:
        """What somebody with the old master key can do to the header: another public key."""
        with place.open() as vault:
            header = place.home.read_header(place.warnings.append)
            slot = next(slot for slot in header.slots if slot.label == PASSPHRASE_SLOT)
            slot.public_key = public_of(new_seed())
            place.home.write_header(header, vault.bundle.header)

    def test_a_substituted_public_key_stops_a_rekey(self, place_: Place) -> None:
        self.substitute(place_)
        with place_.open() as vault:
            with pytest.raises(Tampered, match="public key"):
                preflight(vault)
            with pytest.raises(Tampered, match="public key"):
                rekey(vault, QUIET)
        assert names(place_) == {"vault-1.db"}

    def test_its_owner_finds_it_too(self, place_: Place) -> None:
        self.substitute(place_)
        with pytest.raises(Tampered, match="public key"):
            place_.open(me())

    def test_slots_are_marked_that_nobody_opened_since_the_header_changed(
        self, place_: Place
    ) -> None:
        with place_.open(me()) as vault:
            value_of(vault, "name")
        rekeyed(place_)
        with place_.open() as vault:
            marks = {slot.label: slot.confirmed for slot in preflight(vault).slots}
        assert marks == {KEYFILE_SLOT: True, PASSPHRASE_SLOT: False}
        with place_.open(me()) as vault:
            value_of(vault, "name")
            marks = {slot.label: slot.confirmed for slot in preflight(vault).slots}
        assert marks == {KEYFILE_SLOT: True, PASSPHRASE_SLOT: True}


class TestCompromised:
    def test_only_slots_that_were_opened_stay_and_the_old_file_goes_at_once(
        self, place_: Place
    ) -> None:
        with place_.open() as vault:
            done = rekey(vault, QUIET, owners={})
        assert [slot.label for slot in done.kept] == [KEYFILE_SLOT]
        assert [slot.label for slot in done.dropped] == [PASSPHRASE_SLOT]
        assert done.snapshot is None
        assert names(place_) == {"vault-2.db"}
        with pytest.raises(WrongKey):
            place_.open(me())
        with place_.open() as vault:
            assert value_of(vault, "name") == b"value"
            assert_sound(vault)

    def test_what_a_dropped_slot_could_read_is_listed_until_it_is_changed(
        self, place_: Place
    ) -> None:
        with place_.open() as vault:
            assert rekey(vault, QUIET, owners={}).exposed == 2
        with place_.open() as vault:
            (found,) = vault.secrets.exposed()
            assert (found.name, found.versions, found.due) == ("name", (1, 2), True)
            assert found.slots == (PASSPHRASE_SLOT,)
            vault.secrets.rollback("name", 1)
            assert vault.secrets.exposed()[0].due
            vault.secrets.copy("name", "twin")
            assert [one.name for one in vault.secrets.exposed() if one.due] == ["name", "twin"]
            set_value(vault, "name", b"another")
            assert [one.name for one in vault.secrets.exposed() if one.due] == ["twin"]
            vault.secrets.purge("twin")
            assert [one.name for one in vault.secrets.exposed()] == ["name"]


class TestOthersMeanwhile:
    def test_a_reader_finishes_on_the_old_file_and_its_record_is_not_lost(
        self, place_: Place
    ) -> None:
        reader = place_.open()
        rekeyed(place_)
        with place_.open() as vault:
            set_value(vault, "other", b"value")
        assert value_of(reader, "name") == b"value"
        assert value_of(reader, "name@1") == b"old value"
        reader.close()
        with place_.open() as vault:
            set_value(vault, "third", b"value")
            read = [
                event.target
                for event in audit_check.listing(vault)
                if event.event == "secret.read"
            ]
            assert read == ["name@2", "name@1"]
            assert_sound(vault)

    def test_records_of_late_readers_come_into_the_chain_once_each(self, place_: Place) -> None:
        readers = [place_.open() for _ in range(3)]
        rekeyed(place_)
        for reader in readers:
            value_of(reader, "name")
            with place_.open() as vault:
                set_value(vault, "other", b"value")
        with place_.open() as vault:
            assert events(vault).count("secret.read") == 3
        for reader in readers:
            reader.close()

    def test_a_reader_in_a_long_transaction_keeps_its_view(self, place_: Place) -> None:
        reader = place_.open()
        reader.store.run("BEGIN")
        assert value_of_open(reader) == b"value"
        with place_.open() as vault:
            set_value(vault, "name", b"newer")
        rekeyed(place_)
        with place_.open() as vault:
            set_value(vault, "other", b"value")
            assert value_of(vault, "name") == b"newer"
        assert value_of_open(reader) == b"value"
        reader.store.run("COMMIT")
        reader.close()

    def test_a_writer_of_the_old_generation_is_told_to_begin_again(self, place_: Place) -> None:
        writer = place_.open()
        rekeyed(place_)
        with pytest.raises(Busy):
            set_value(writer, "other", b"value")
        writer.close()

    def test_the_second_of_two_rekeys_does_nothing(self, place_: Place) -> None:
        second = place_.open()
        rekeyed(place_)
        with pytest.raises(Busy):
            rekey(second, QUIET)
        second.close()
        assert place_.home.read_header(place_.warnings.append).generation == 2

    def test_a_writer_who_holds_the_lock_makes_a_rekey_busy(self, place_: Place) -> None:
        place_.policy.lock_timeout = 0.05
        lock = files.Lock(str(place_.folder / "vault.lock"), 1)
        with lock, place_.open() as vault, pytest.raises(Busy):
            rekey(vault, QUIET)
        assert names(place_) == {"vault-1.db"}


def value_of_open(vault: Vault) -> bytes:
    """The value of `name`, without a record."""
    row = rows.read_value(vault.store, "name", None)
    assert row is not None
    return vault.reader._unseal(row[0], row[4], (row[5], row[6]), row[7])

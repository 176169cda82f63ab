"""The audit chain: what was edited, taken out, moved or cut off is found, and by which means."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from lango_cli import files
from lango_cli.codec import canonical
from lango_cli.errors import Busy, FileProblem, Tampered
from lango_cli.vault import audit_check, rows
from lango_cli.vault.home import PENDING
from tests.vault.place import (
    PASSPHRASE_SLOT,
    Place,
    assert_sound,
    events,
    set_value,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.vault.vault import Vault

DAY = 86_400


@pytest.fixture
def vault(memory_place: Place) -> Iterator[Vault]:
    """A vault with nine records."""
    with memory_place.create(passphrase=True) as found:
        for number in range(7):
            set_value(found, f"name {number}", b"a value nobody may see")
        assert audit_check.verify(found).last == 9
        yield found


def change(vault: Vault, statement: str, *values: object) -> None:
    """Something done to the chain by whoever has the database's key, but leaves no record."""
    with vault.store.write():
        assert vault.store.run(statement, *values)


# Integrity.


@pytest.mark.parametrize("number", range(1, 10))
def test_a_record_that_was_edited_is_found(vault: Vault, number: int) -> None:
    (record,) = vault.store.rows("SELECT record FROM audit WHERE seq = ?", number)[0]
    edited = canonical({**json.loads(record), "uid": 4711})
    change(vault, "UPDATE audit SET record = ? WHERE seq = ?", edited, number)
    report = audit_check.verify(vault)
    assert not report.intact
    assert f"record {number} " in report.problems[0]


@pytest.mark.parametrize("number", range(1, 9))
def test_a_record_that_was_taken_out_is_found(vault: Vault, number: int) -> None:
    change(vault, "DELETE FROM audit WHERE seq = ?", number)
    report = audit_check.verify(vault)
    assert not report.intact
    assert "missing" in report.problems[0]


@pytest.mark.parametrize("number", range(1, 9))
def test_a_record_that_was_taken_out_with_the_rest_moved_up_is_found(
    vault: Vault, number: int
) -> None:
    with vault.store.write():
        vault.store.run("DELETE FROM audit WHERE seq = ?", number)
        vault.store.run("UPDATE audit SET seq = seq - 1 WHERE seq > ?", number)
    assert not audit_check.verify(vault).intact


def test_records_that_changed_places_are_found(vault: Vault) -> None:
    with vault.store.write():
        for old, new in ((4, -1), (5, 4), (-1, 5)):
            vault.store.run("UPDATE audit SET seq = ? WHERE seq = ?", new, old)
    assert not audit_check.verify(vault).intact


def test_a_record_that_was_put_in_is_found(vault: Vault) -> None:
    change(vault, "INSERT INTO audit SELECT 10, record, mac FROM audit WHERE seq = 9")
    assert not audit_check.verify(vault).intact


def test_a_chain_of_another_vault_is_found(vault: Vault, memory_place: Place) -> None:
    other = Place(memory_place.root / "other")
    with other.create() as stranger:
        set_value(stranger, "name", b"value")
        strange = stranger.store.rows("SELECT seq, record, mac FROM audit")
    with vault.store.write():
        vault.store.run("DELETE FROM audit")
        vault.store.run_many("INSERT INTO audit VALUES (?, ?, ?)", strange)
    assert not audit_check.verify(vault).intact


def test_every_kind_of_deed_leaves_a_record_and_none_holds_a_value(vault: Vault) -> None:
    secrets = vault.secrets
    value_of(vault, "name 0")
    secrets.edit("name 0", note="n")
    secrets.rollback("name 0", 1)
    secrets.diff("name 0", 1, 2)
    secrets.copy("name 0", "twin")
    secrets.rename("twin", "other")
    secrets.delete("other")
    secrets.undelete("other")
    secrets.purge("other")
    list(secrets.for_masking())
    vault.slots.rename(PASSPHRASE_SLOT, "mine")
    assert events(vault)[9:] == [
        "secret.read",
        "secret.edit",
        "secret.rollback",
        "secret.diff",
        "secret.copy",
        "secret.rename",
        "secret.delete",
        "secret.undelete",
        "secret.purge",
        "secret.masking",
        "slot.rename",
        "slot.rename",
    ]
    for record in audit_check.listing(vault):
        assert "nobody may see" not in repr(record)
        assert record.uid >= 0
        assert record.pid > 0
    assert_sound(vault)


def test_masking_counts_as_no_access(vault: Vault) -> None:
    assert dict(vault.secrets.for_masking()).keys() == {f"name {n}" for n in range(7)}
    assert {meta.access_count for meta in vault.secrets.list()} == {0}


# Completeness.


def test_a_tail_that_was_cut_off_is_found_with_a_head_and_only_with_one(vault: Vault) -> None:
    head = audit_check.head(vault)
    assert audit_check.verify(vault, head).complete is True
    assert audit_check.verify(vault).complete is None
    change(vault, "DELETE FROM audit WHERE seq > 6")
    assert audit_check.verify(vault).intact
    report = audit_check.verify(vault, head)
    assert (report.intact, report.complete) == (True, False)
    assert report.problems


def test_a_tail_that_was_cut_off_and_grown_again_is_found_with_a_head(vault: Vault) -> None:
    head = audit_check.head(vault)
    change(vault, "DELETE FROM audit WHERE seq > 6")
    for number in range(6):
        set_value(vault, f"new {number}", b"value")
    report = audit_check.verify(vault, head)
    assert (report.intact, report.complete) == (True, False)


def test_an_older_head_still_fits_a_chain_that_grew(vault: Vault) -> None:
    head = audit_check.head(vault)
    set_value(vault, "name", b"value")
    assert audit_check.verify(vault, head).complete is True


def test_a_head_of_an_empty_chain_fits_every_chain_of_the_vault(vault: Vault) -> None:
    rest = vault.store.rows("SELECT seq, record, mac FROM audit")
    change(vault, "DELETE FROM audit")
    head = audit_check.head(vault)
    with vault.store.write():
        vault.store.run_many("INSERT INTO audit VALUES (?, ?, ?)", rest)
    assert audit_check.verify(vault, head).complete is True


def test_a_head_says_nothing_about_another_vault(vault: Vault, memory_place: Place) -> None:
    other = Place(memory_place.root / "other")
    with other.create() as stranger:
        assert audit_check.verify(stranger, audit_check.head(vault)).complete is False


@pytest.mark.parametrize("member", ["at", "mac", "public_key", "seq", "v", "vault", "signature"])
def test_a_head_that_was_changed_is_tampering(vault: Vault, member: str) -> None:
    head = audit_check.head(vault)
    changed: dict[str, Any] = copy.deepcopy(head)
    old = changed[member]
    changed[member] = old + 1 if isinstance(old, int) else old[:-2] + old[-1:] + old[-2:-1]
    if changed[member] == old:
        changed[member] = f"A{old}"
    with pytest.raises(Tampered):
        audit_check.verify(vault, changed)


def test_a_head_made_by_somebody_else_is_not_believed(vault: Vault, memory_place: Place) -> None:
    """Signed well, but with another vault's key, under this vault's name."""
    other = Place(memory_place.root / "other")
    with other.create() as stranger:
        stranger.id = vault.id
        forged = audit_check.head(stranger)
    report = audit_check.verify(vault, forged)
    assert report.complete is False
    assert "another vault's key" in report.problems[0]


# Pending records.


def wait_with(vault: Vault, reads: int) -> list[bytes]:
    """Read while somebody holds the lock; the pending records."""
    with files.Lock(vault.home.path("vault.lock"), 0):
        for _ in range(reads):
            value_of(vault, "name 0")
    with open(vault.home.path(PENDING), "rb") as stream:
        return stream.read().splitlines()


def put_pending(vault: Vault, lines: list[bytes]) -> None:
    """Exchange the pending records."""
    with open(vault.home.path(PENDING), "wb") as stream:
        stream.write(b"".join(line + b"\n" for line in lines))


def flip(line: bytes) -> bytes:
    """A pending record with one character of its ciphertext changed."""
    at = len(line) // 2
    return line[:at] + (b"A" if line[at : at + 1] != b"A" else b"B") + line[at + 1 :]


DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "one is damaged": (lambda lines: [lines[0], flip(lines[1]), lines[2]], "1 damaged, 1 missing"),
    "one is taken out": (lambda lines: [lines[0], lines[2]], "0 damaged, 1 missing"),
    "two changed places": (lambda lines: [lines[1], lines[0], lines[2]], "0 damaged, 1 missing"),
    "one is torn": (lambda lines: [*lines[:2], lines[2][:30]], "1 damaged, 0 missing"),
    "one has another number": (
        lambda lines: [*lines[:2], b"9" + lines[2]],
        "1 damaged, 0 missing",
    ),
    "there is something else": (lambda lines: [*lines, b"hello"], "1 damaged, 0 missing"),
}


@pytest.mark.parametrize("what", sorted(DAMAGES))
def test_damage_to_pending_records_is_reported_in_the_chain(vault: Vault, what: str) -> None:
    damage, wanted = DAMAGES[what]
    lines = wait_with(vault, 3)
    assert len(lines) == 3
    put_pending(vault, damage(lines))
    set_value(vault, "name", b"value")
    found = list(audit_check.listing(vault))[-2]
    assert (found.event, found.outcome, found.detail) == ("audit.pending", "incomplete", wanted)
    assert audit_check.verify(vault).intact


def test_after_a_torn_record_numbers_go_on_and_nothing_more_is_lost(vault: Vault) -> None:
    """The torn one begins like record 1: its number is not to be believed."""
    lines = wait_with(vault, 12)
    put_pending(vault, lines)
    with open(vault.home.path(PENDING), "ab") as stream:
        stream.write(b"1")
    wait_with(vault, 2)
    set_value(vault, "name", b"value")
    found = events(vault)
    assert found.count("secret.read") == 14
    assert found.count("audit.pending") == 1
    details = [r.detail for r in audit_check.listing(vault) if r.event == "audit.pending"]
    assert details == ["1 damaged, 0 missing"]


def test_pending_records_that_were_folded_are_not_folded_again(vault: Vault) -> None:
    lines = wait_with(vault, 3)
    set_value(vault, "name", b"value")
    put_pending(vault, lines)
    set_value(vault, "name", b"value")
    assert events(vault).count("secret.read") == 3
    assert "audit.pending" not in events(vault)


def test_a_pending_record_of_another_vault_does_not_open(
    vault: Vault, memory_place: Place
) -> None:
    other = Place(memory_place.root / "other")
    with other.create() as stranger:
        set_value(stranger, "name 0", b"value")
        lines = wait_with(stranger, 1)
    put_pending(vault, lines)
    set_value(vault, "name", b"value")
    assert events(vault)[-2:] == ["audit.pending", "secret.write"]


def test_pending_records_say_nothing_to_who_has_no_key(vault: Vault) -> None:
    lines = wait_with(vault, 2)
    assert not any(word in b"".join(lines) for word in (b"name", b"secret", b"read"))


def test_a_number_that_was_used_up_is_never_given_to_another_record(vault: Vault) -> None:
    """Else a record could stand in for another one with its number."""
    first = wait_with(vault, 2)
    set_value(vault, "name", b"value")
    second = wait_with(vault, 2)
    numbers = [int(line.split()[0]) for line in (*first, *second)]
    assert numbers == [1, 2, 3, 4]


# A write and its record are one.


def test_a_write_whose_record_cannot_be_written_changes_nothing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_value(vault, "kept", b"value")
    before = (vault.secrets.list(), vault.secrets.list(deleted=True), events(vault))
    header = vault.home.read_header(lambda _text: None).revision

    def refuse(*_arguments: object) -> None:
        raise FileProblem("no room for the record")

    monkeypatch.setattr(rows, "insert_records", refuse)
    secrets = vault.secrets
    deeds: tuple[Callable[[], object], ...] = (
        lambda: set_value(vault, "kept", b"another"),
        lambda: set_value(vault, "new", b"another"),
        lambda: secrets.edit("kept", note="n"),
        lambda: secrets.delete("kept"),
        lambda: secrets.purge("kept"),
        lambda: secrets.rename("kept", "other"),
        lambda: secrets.copy("kept", "other"),
        lambda: secrets.rollback("kept", 1),
        lambda: vault.slots.rename(PASSPHRASE_SLOT, "mine"),
        lambda: vault.slots.remove(PASSPHRASE_SLOT),
    )
    for deed in deeds:
        with pytest.raises(FileProblem):
            deed()
    monkeypatch.undo()
    assert (vault.secrets.list(), vault.secrets.list(deleted=True), events(vault)) == before
    assert vault.home.read_header(lambda _text: None).revision == header
    assert value_of(vault, "kept") == b"value"


def test_a_read_whose_record_cannot_be_written_is_refused_where_that_is_asked_for(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    vault.audit.warn = warnings.append

    def refuse(*_arguments: object) -> None:
        raise FileProblem("no room for the record")

    monkeypatch.setattr(rows, "insert_records", refuse)
    monkeypatch.setattr(files, "append", refuse)
    assert value_of(vault, "name 0")
    assert len(warnings) == 1
    vault.audit.reads = "require"
    with pytest.raises(FileProblem):
        value_of(vault, "name 0")
    vault.audit.reads = "off"
    before = events(vault)
    assert value_of(vault, "name 0")
    assert events(vault) == before
    assert len(warnings) == 1


# Retention.


@pytest.fixture
def aged(memory_place: Place) -> Iterator[tuple[Vault, list[float]]]:
    """A vault with one write a day for ten days, and its clock."""
    now = [1_700_000_000.0]
    memory_place.clock = lambda: now[0]
    with memory_place.create() as vault:
        for number in range(10):
            now[0] += DAY
            set_value(vault, f"day {number}", b"value")
        yield vault, now


def test_what_is_left_after_pruning_verifies_and_says_where_it_begins(
    aged: tuple[Vault, list[float]],
) -> None:
    vault, _ = aged
    head = audit_check.head(vault)
    assert audit_check.prune(vault, 5.5 * DAY) == 6
    report = audit_check.verify(vault, head)
    assert (report.intact, report.complete) == (True, True)
    assert (report.first, report.last, report.records) == (7, 13, 7)
    assert events(vault)[-1] == "audit.checkpoint"
    assert audit_check.prune(vault, 5.5 * DAY) == 0


def test_pruning_twice_leaves_one_chain(aged: tuple[Vault, list[float]]) -> None:
    vault, now = aged
    audit_check.prune(vault, 5.5 * DAY)
    now[0] += 2 * DAY
    assert audit_check.prune(vault, 5.5 * DAY) == 2
    assert audit_check.verify(vault).intact


def test_everything_can_be_pruned_but_the_record_of_it(aged: tuple[Vault, list[float]]) -> None:
    vault, now = aged
    now[0] += DAY
    assert audit_check.prune(vault, 1) == 12
    report = audit_check.verify(vault)
    assert (report.intact, report.records) == (True, 1)


def test_a_head_from_before_the_checkpoint_fits_and_a_forged_checkpoint_does_not(
    aged: tuple[Vault, list[float]],
) -> None:
    vault, _ = aged
    head = audit_check.head(vault)
    audit_check.prune(vault, 1.5 * DAY)
    assert audit_check.verify(vault, head).complete is True
    base = json.loads(vault.store.meta("audit_base"))
    with vault.store.write():
        vault.store.set_meta("audit_base", canonical({**base, "seq": base["seq"] + 1}))
        vault.store.run("DELETE FROM audit WHERE seq = ?", base["seq"] + 1)
    assert not audit_check.verify(vault).intact


def test_old_records_cut_off_without_a_checkpoint_are_found(
    aged: tuple[Vault, list[float]],
) -> None:
    vault, _ = aged
    change(vault, "DELETE FROM audit WHERE seq < 5")
    assert not audit_check.verify(vault).intact


def test_pruning_beside_another_process_never_leaves_a_gap(
    aged: tuple[Vault, list[float]], memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one went further between this one's look and its lock."""
    vault, _ = aged
    other = memory_place.open()
    real = vault.store.write

    def late(timeout: float | None = None) -> object:
        monkeypatch.undo()
        audit_check.prune(other, 2.5 * DAY)
        return real(timeout)

    monkeypatch.setattr(vault.store, "write", late)
    assert audit_check.prune(vault, 5.5 * DAY) == 0
    assert audit_check.verify(vault).intact
    other.close()


def test_the_setting_prunes_once_a_day_after_a_write(aged: tuple[Vault, list[float]]) -> None:
    vault, now = aged
    vault.policy.audit_retention = 5 * DAY
    set_value(vault, "name", b"value")
    assert events(vault).count("audit.checkpoint") == 1
    now[0] += DAY / 2
    set_value(vault, "name", b"value")
    assert events(vault).count("audit.checkpoint") == 1
    now[0] += DAY
    set_value(vault, "name", b"value")
    assert events(vault).count("audit.checkpoint") == 2
    assert audit_check.verify(vault).intact


def test_a_write_stands_where_the_pruning_after_it_finds_the_vault_busy(
    aged: tuple[Vault, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, _ = aged
    vault.policy.audit_retention = 5 * DAY

    def busy(*_arguments: object) -> int:
        raise Busy("another process is writing to the vault")

    monkeypatch.setattr(audit_check, "prune", busy)
    assert set_value(vault, "name", b"value") == 1
    assert value_of(vault, "name") == b"value"

"""Many secrets at once: comparison, one transaction, one record each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import Conflict, FileProblem
from lango_cli.formats.entry import Entry
from lango_cli.secret import SecretBytes
from lango_cli.vault import audit_check, bulk, rows
from tests.vault.place import events, set_value, value_of

if TYPE_CHECKING:
    from lango_cli.model import AuditRecord
    from lango_cli.vault.vault import Vault
    from tests.vault.place import Place


def records(vault: Vault) -> list[AuditRecord]:
    return [*audit_check.listing(vault)]


def entry(name: str, value: bytes = b"value", **about: object) -> Entry:
    made = Entry(name, SecretBytes(value))
    for what, said in about.items():
        setattr(made, what, said)
    return made


def kinds(vault: Vault, *entries: Entry) -> dict[str, str]:
    return {one.name: one.kind for one in bulk.compare(vault.secrets, entries)}


def bring(vault: Vault, *entries: Entry) -> None:
    bulk.write(vault.secrets, bulk.compare(vault.secrets, entries), "test")


def test_each_incoming_secret_is_new_changed_described_the_same_or_refused(place: Place) -> None:
    with place.create() as vault:
        set_value(vault, "kept", b"value")
        set_value(vault, "other", b"value")
        vault.secrets.set("told", SecretBytes(b"value"), note="n", tags=["b", "a"])
        found = bulk.compare(
            vault.secrets,
            [
                entry("kept"),
                entry("other", b"another"),
                entry("told", note="n", tags=("a", "b", "a")),
                entry("new"),
                entry("a//b"),
                entry("large", bytes((16 << 20) + 1)),
                entry("tagged", tags=("",)),
                entry("twice"),
                entry("twice"),
            ],
        )
        assert [one.kind for one in found] == [
            bulk.SAME,
            bulk.CHANGED,
            bulk.SAME,
            bulk.NEW,
            *[bulk.REFUSED] * 5,
        ]
        assert all(bool(one.reason) == (one.kind == bulk.REFUSED) for one in found)
        assert kinds(vault, entry("told", note="m")) == {"told": bulk.DESCRIBED}
        assert kinds(vault, entry("told", expires_at=1.0)) == {"told": bulk.DESCRIBED}
        assert kinds(vault, entry("told", tags=("a",))) == {"told": bulk.DESCRIBED}


@pytest.mark.parametrize("count", [3, bulk.CHUNK + 7])
def test_what_was_written_is_read_back_and_the_second_time_is_nothing(
    place: Place, count: int
) -> None:
    entries = [entry(f"n/{number}", b"value %d" % number) for number in range(count)]
    entries[0].note, entries[0].owner, entries[0].tags = "note", "me", ("b", "a")
    entries[0].expires_at, entries[0].rotate_every = 2e9, 86400.0
    with place.create() as vault:
        bring(vault, *entries)
        for one in (entries[0], entries[-1]):
            assert value_of(vault, one.name) == one.value.reveal()
        meta = vault.secrets.show("n/0")
        assert (meta.note, meta.owner, meta.tags) == ("note", "me", ("a", "b"))
        assert (meta.expires_at, meta.rotate_every, meta.version) == (2e9, 86400, 1)
        assert set(kinds(vault, *entries).values()) == {bulk.SAME}
        before = len(events(vault))
        bring(vault, *entries)
        assert len(events(vault)) == before
        assert vault.secrets.count() == count


def test_a_change_is_a_version_and_a_description_is_none(place: Place) -> None:
    with place.create() as vault:
        set_value(vault, "a", b"one")
        set_value(vault, "b", b"one")
        bring(vault, entry("a", b"two"), entry("b", b"one", note="n"))
        assert [one.version for one in vault.secrets.history("a")] == [2, 1]
        assert [one.version for one in vault.secrets.history("b")] == [1]
        assert vault.secrets.show("b").note == "n"


def test_a_secret_whose_key_was_destroyed_comes_back_as_a_new_version(place: Place) -> None:
    with place.create() as vault:
        set_value(vault, "a", b"one")
        vault.registry.rotate("default")
        vault.registry.destroy("default@1", 1)
        assert kinds(vault, entry("a", b"one")) == {"a": bulk.CHANGED}
        bring(vault, entry("a", b"one"))
        assert value_of(vault, "a") == b"one"


def test_each_secret_written_has_a_record_and_none_holds_a_value(place: Place) -> None:
    with place.create() as vault:
        bring(vault, entry("a", b"hunter2"), entry("b", b"hunter2"))
        found = records(vault)
    said = [(one.event, one.target) for one in found]
    assert ("secret.import", "test") in said
    assert ("secret.write", "a@1") in said
    assert ("secret.write", "b@1") in said
    assert "hunter2" not in repr(found)


def test_what_moved_since_the_comparison_is_a_conflict_and_nothing_is_written(
    place: Place,
) -> None:
    with place.create() as vault:
        set_value(vault, "a", b"one")
        for moved in ("a", "b"):
            found = bulk.compare(vault.secrets, [entry("a", b"two"), entry("b"), entry("c")])
            set_value(vault, moved, b"in between")
            with pytest.raises(Conflict, match=f"{moved} was changed by another process"):
                bulk.write(vault.secrets, found, "test")
            vault.secrets.purge("b") if moved == "b" else None
        assert vault.secrets.names() == ["a"]


def test_a_failure_in_the_middle_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [entry(f"n{number}") for number in range(2 * bulk.CHUNK + 1)]
    with place.create() as vault:
        insert, calls = rows.insert_records, []

        def fail(*arguments: object) -> None:
            calls.append(1)
            if len(calls) > 2:
                raise FileProblem("no room for the record")
            insert(*arguments)  # type: ignore[arg-type]  # handed on

        monkeypatch.setattr(rows, "insert_records", fail)
        with pytest.raises(FileProblem):
            bring(vault, *entries)
        monkeypatch.undo()
        assert vault.secrets.names() == []
        bring(vault, *entries)
        assert vault.secrets.count() == len(entries)


def test_an_export_opens_a_folder_in_order_and_counts_an_access_of_each(place: Place) -> None:
    with place.create() as vault:
        for name in ("app/b", "app/a", "app", "apple", "deleted"):
            set_value(vault, name, name.encode())
        vault.secrets.delete("deleted")
        found = bulk.export(vault.secrets, "app")
        assert [(one.name, one.value.reveal()) for one in found] == [
            (name, name.encode()) for name in ("app", "app/a", "app/b")
        ]
        bulk.record_export(vault.secrets, "app", "json", [one.name for one in found])
        counts = {meta.name: meta.access_count for meta in vault.secrets.each()}
        assert counts == {"app": 1, "app/a": 1, "app/b": 1, "apple": 0}
        record = records(vault)[-1]
        assert (record.event, record.target) == ("secret.export", "app")
        assert record.detail == "json, 3: app, app/a, app/b"
        many = [f"name-{number}" for number in range(10_000)]
        bulk.record_export(vault.secrets, "", "json", many)
        assert records(vault)[-1].detail.endswith("... (all in the vault)")

"""Profiles of settings behave like a dictionary with a memory, and are sealed as secrets are."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lango_cli.errors import (
    Conflict,
    InvalidName,
    InvalidSetting,
    KeyUnusable,
    LangoError,
    ProfileExists,
    ProfileNotFound,
    Tampered,
)
from lango_cli.model import Unwatched
from lango_cli.vault import (
    audit_check,
    checking,
    plain,
    plain_import,
    profile_documents,
    rows_profiles,
    store_plain,
)
from lango_cli.vault.profile_documents import FIRST
from lango_cli.vault.rekey import rekey
from lango_cli.vault.vacuum import vacuum
from tests.vault.conftest import MEMORY
from tests.vault.place import Place, assert_sound, set_value, value_of
from tests.vault.test_golden import golden as golden
from tests.vault.test_golden import real_rounds as real_rounds

if TYPE_CHECKING:
    from lango_cli.vault.vault import Vault

QUIET = Unwatched()
NAMES = st.sampled_from([FIRST, "staging", "prod.eu-1", "_"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
DOCUMENTS = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.recursive(
        SCALARS | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
ONE = {"security": {"interceptor": {"enabled": True}}, "apps": {"a": {"url": "${HOME}"}}}


@dataclass
class Entry:
    """A profile in the model: the documents of its versions."""

    documents: list[dict[str, Any]]


class ProfilesAreADictionary(RuleBasedStateMachine):
    """Every rule does the same to the vault and to the model, and both must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.place = Place(self.folder / "place")
        self.vault = self.place.create()
        self.shelf = {FIRST: Entry([])}
        self.active = FIRST

    def teardown(self) -> None:
        """No file stays."""
        assert audit_check.verify(self.vault).intact
        self.vault.close()
        shutil.rmtree(self.folder)

    def known(self, name: str | None) -> Entry | None:
        """What the model has under this name."""
        return self.shelf.get(self.active if name is None else name)

    @rule(name=st.none() | NAMES, document=DOCUMENTS, wanted=st.none() | st.integers(0, 3))
    def write(self, name: str | None, document: dict[str, Any], wanted: int | None) -> None:
        """A new version, or a conflict where another one was expected."""
        entry = self.known(name)
        error: type[LangoError] | None = ProfileNotFound if entry is None else None
        if entry is not None and wanted not in (None, len(entry.documents)):
            error = Conflict
        if error is not None:
            with pytest.raises(error):
                self.vault.profiles.write(name, document, if_version=wanted)
            return
        assert entry is not None
        meta = self.vault.profiles.write(name, document, if_version=wanted)
        entry.documents.append(document)
        assert meta.version == len(entry.documents)

    @rule(name=NAMES, document=DOCUMENTS)
    def create(self, name: str, document: dict[str, Any]) -> None:
        """A new one, unless the name is taken."""
        if name in self.shelf:
            with pytest.raises(ProfileExists):
                self.vault.profiles.create(name, document)
            return
        assert self.vault.profiles.create(name, document).version == 1
        self.shelf[name] = Entry([document])

    @rule(name=NAMES)
    def use(self, name: str) -> None:
        """Another one is active."""
        if name not in self.shelf:
            with pytest.raises(ProfileNotFound):
                self.vault.profiles.use(name)
            return
        self.vault.profiles.use(name)
        self.active = name

    @rule(name=NAMES, new=NAMES)
    def copy(self, name: str, new: str) -> None:
        """The same values under a second name."""
        if name not in self.shelf or new in self.shelf:
            with pytest.raises(ProfileExists if name in self.shelf else ProfileNotFound):
                self.vault.profiles.copy(name, new)
            return
        assert self.vault.profiles.copy(name, new).version == 1
        last = self.shelf[name].documents[-1] if self.shelf[name].documents else {}
        self.shelf[new] = Entry([last])

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        """Another name; the active one stays active."""
        if name not in self.shelf or (new in self.shelf and new != name):
            with pytest.raises(ProfileExists if name in self.shelf else ProfileNotFound):
                self.vault.profiles.rename(name, new)
            return
        self.vault.profiles.rename(name, new)
        self.shelf[new] = self.shelf.pop(name)
        self.active = new if self.active == name else self.active

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """Gone, unless it is the active one."""
        if name not in self.shelf or name == self.active:
            with pytest.raises(ProfileExists if name in self.shelf else ProfileNotFound):
                self.vault.profiles.delete(name)
            return
        self.vault.profiles.delete(name)
        del self.shelf[name]

    @rule(name=st.none() | NAMES, version=st.integers(0, 4))
    def rollback(self, name: str | None, version: int) -> None:
        """An older document once more, as a new version."""
        entry = self.known(name)
        if entry is None or not 0 < version <= len(entry.documents):
            with pytest.raises(ProfileNotFound):
                self.vault.profiles.rollback(name, version)
            return
        self.vault.profiles.rollback(name, version)
        entry.documents.append(entry.documents[version - 1])

    @rule()
    def reopen(self) -> None:
        """Another process comes."""
        self.vault.close()
        self.vault = self.place.open()

    @invariant()
    def one_is_active_and_all_are_as_they_were_set(self) -> None:
        """Names, which is active, and every version of every document."""
        found = self.vault.profiles.all()
        assert [one.name for one in found] == sorted(self.shelf)
        assert [one.name for one in found if one.active] == [self.active]
        assert self.vault.profiles.active() == self.active
        for name, entry in self.shelf.items():
            numbers = list(range(len(entry.documents), 0, -1))
            held = self.vault.profiles
            assert [one.version for one in held.history(name)] == numbers
            assert [held.read(name, it) for it in reversed(numbers)] == entry.documents
            assert held.version(name) == len(entry.documents)
            assert held.read(name) == (entry.documents[-1] if entry.documents else {})
        assert [*checking.documents(self.vault), *checking.references(self.vault)] == []


TestProfilesAreADictionary = ProfilesAreADictionary.TestCase
TestProfilesAreADictionary.settings = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was_given(document: dict[str, Any]) -> None:
    data, _ = profile_documents.encode(document)
    assert profile_documents.decode(data, "x") == document


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode()))
def test_arbitrary_bytes_are_no_document_and_no_crash(data: bytes) -> None:
    try:
        found = profile_documents.decode(data, "x")
    except Tampered:
        return
    assert profile_documents.encode(found)[0] == data


def deep(levels: int) -> dict[str, Any]:
    """A document so deep."""
    found: dict[str, Any] = {}
    for _ in range(levels - 1):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    "document",
    [{"a": float("nan")}, {"a": float("inf")}, {1: "a"}, {"a": b"b"}, {"a": "\ud800"}, deep(65)],
    ids=["nan", "infinity", "a number as name", "bytes", "half a surrogate", "65 levels"],
)
def test_what_json_cannot_hold_is_refused(memory_place: Place, document: dict[Any, Any]) -> None:
    with memory_place.create() as vault:
        with pytest.raises(InvalidSetting):
            vault.profiles.write(None, document)
        assert vault.profiles.version() == 0
        vault.profiles.write(None, deep(64))
        assert vault.profiles.read() == deep(64)


@pytest.mark.parametrize("name", ["", "a" * 65, "a/b", "a b", "é", "-a", ".", "..", "a\n", "a@1"])
def test_names_are_checked(memory_place: Place, name: str) -> None:
    with memory_place.create() as vault:
        for call in (
            lambda: vault.profiles.create(name, {}),
            lambda: vault.profiles.use(name),
            lambda: vault.profiles.rename(FIRST, name),
            lambda: vault.profiles.copy(FIRST, name),
        ):
            with pytest.raises(InvalidName):
                call()
        vault.profiles.create("a" * 64, {})


def test_values_are_counted_at_the_ends_of_the_branches() -> None:
    document = {"a": {"b": 1, "c": [1, 2]}, "d": {}, "e": [{"f": 1}], "g": {"h": {"i": None}}}
    assert profile_documents.encode(document)[1] == 5


def test_two_writers_of_one_version_conflict_and_nothing_is_lost(memory_place: Place) -> None:
    memory_place.create().close()
    with memory_place.open() as one, memory_place.open() as other:
        seen = one.profiles.version()
        assert other.profiles.version() == seen == 0
        one.profiles.write(None, {"a": 1}, if_version=seen)
        with pytest.raises(Conflict):
            other.profiles.write(None, {"b": 2}, if_version=seen)
        other.profiles.write(None, {**other.profiles.read(), "b": 2}, if_version=1)
        assert one.profiles.read() == {"a": 1, "b": 2}
        assert one.profiles.read(None, 1) == {"a": 1}


def test_a_row_that_was_moved_or_changed_does_not_open(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.profiles.write(None, ONE)
        vault.profiles.write(None, {"a": 2})
        vault.profiles.create("spare", {"a": 3})
        ids = {row[1]: row[0] for row in rows_profiles.all_profiles(vault.store)}
        blobs = {(row[1], row[2]): row[7] for row in rows_profiles.all_versions(vault.store)}
        flipped = bytearray(blobs["default", 2])
        flipped[-1] ^= 1
        for wrong in (blobs["default", 1], blobs["spare", 1], bytes(flipped), b"", b"\x02abc"):
            with vault.store.write():
                put(vault, ids["default"], 2, wrong)
            with pytest.raises(Tampered):
                vault.profiles.read()
            (line,) = checking.documents(vault)
            assert line.startswith("profile default@2: ")
            assert vault.profiles.read(None, 1) == ONE
        assert vault.profiles.rollback(None, 1).version == 3
        assert vault.profiles.read() == ONE


def put(vault: Vault, profile: str, version: int, sealed: bytes) -> None:
    """Other bytes in the place of a sealed document."""
    vault.store.run(
        "UPDATE profile_versions SET sealed = ? WHERE profile_id = ? AND version = ?",
        sealed,
        profile,
        version,
    )


def test_a_secret_put_in_the_place_of_a_document_does_not_open(memory_place: Place) -> None:
    """The table is part of what the seal is bound to, whatever ids and numbers say."""
    with memory_place.create() as vault:
        vault.profiles.write(None, ONE)
        ((profile, *_),) = rows_profiles.all_profiles(vault.store)
        key = vault.keys.active()
        sealed = vault.reader._seal(profile, 1, key, profile_documents.encode(ONE)[0])
        with vault.store.write():
            put(vault, profile, 1, sealed)
        with pytest.raises(Tampered):
            vault.profiles.read()


def test_missing_rows_are_found_by_the_check(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.profiles.write(None, ONE)
        with vault.store.write():
            vault.store.run("DELETE FROM profile_versions")
            vault.store.run("UPDATE profiles SET active = 0")
        wrong = list(checking.references(vault))
        assert wrong == [
            "profile default: its last version is not there",
            "no profile is the active one",
        ]


def test_records_name_the_profile_and_never_a_value(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.profiles.write(None, {"apps": {"a": "hunter2"}})
        vault.profiles.copy(FIRST, "spare")
        vault.profiles.use("spare")
        vault.profiles.rename("spare", "other")
        vault.profiles.rollback("other", 1)
        vault.profiles.delete(FIRST)
        records = list(audit_check.listing(vault))[-6:]
        assert [(one.event, one.target, one.detail) for one in records] == [
            ("settings.write", "default@1", "1 values"),
            ("settings.copy", "default", "to spare"),
            ("settings.use", "spare", ""),
            ("settings.rename", "spare", "to other"),
            ("settings.rollback", "other@2", "from 1"),
            ("settings.delete", "default", ""),
        ]
        assert "hunter2" not in repr(records)


def test_old_versions_go_as_those_of_secrets_do(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.policy.versions = 2
        for number in range(5):
            vault.profiles.write(None, {"a": number})
        assert [one.version for one in vault.profiles.history()] == [5, 4]
        with pytest.raises(ProfileNotFound):
            vault.profiles.read(None, 3)


def test_a_key_that_documents_depend_on_is_not_destroyed(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.profiles.write(None, ONE)
        vault.registry.rotate("default")
        with pytest.raises(Conflict, match="1 value depends on key default@1"):
            vault.registry.destroy("default@1")
        vault.registry.destroy("default@1", accepted=1)
        with pytest.raises(KeyUnusable):
            vault.profiles.read()
        assert list(checking.documents(vault)) == []
        vault.profiles.write(None, {"a": 1})
        assert vault.profiles.read() == {"a": 1}


def test_reencryption_moves_documents_too(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lango_cli.vault.reencrypt.BATCH", 2)
    with memory_place.create() as vault:
        set_value(vault, "a", b"value")
        for number in range(5):
            vault.profiles.write(None, {"a": number})
        assert vault.registry.rotate("default", QUIET).moved == 6
        newest, older = vault.registry.show("default").versions
        assert (newest.values, older.values) == (6, 0)
        vault.registry.destroy("default@1")
        assert [vault.profiles.read(None, it)["a"] for it in range(1, 6)] == list(range(5))
        assert value_of(vault, "a") == b"value"


def test_a_document_that_does_not_open_is_named_and_left(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.profiles.write(None, ONE)
        ((profile, *_),) = rows_profiles.all_profiles(vault.store)
        with vault.store.write():
            put(vault, profile, 1, b"\x01" + bytes(40))
        with pytest.raises(Tampered, match="profile default@1"):
            vault.registry.rotate("default", QUIET)


def test_a_new_generation_and_a_vacuum_keep_profiles(place: Place) -> None:
    with place.create() as vault:
        vault.profiles.write(None, ONE)
        vault.profiles.create("spare", {"a": [1, {"b": None}]})
        vacuum(vault, QUIET)
        rekey(vault, QUIET, page_size=8192)
    with place.open() as vault:
        assert vault.profiles.read() == ONE
        assert vault.profiles.read("spare") == {"a": [1, {"b": None}]}
        assert list(checking.documents(vault)) == []
        assert_sound(vault)


def written(vault: Vault) -> list[object]:
    """All that is in the profiles of a vault."""
    return [
        (one.name, one.active, one.created_at, it, vault.profiles.read(one.name, it.version))
        for one in vault.profiles.all()
        for it in vault.profiles.history(one.name)
    ]


def test_profiles_go_through_a_plaintext_file_unchanged(place: Place, tmp_path: Path) -> None:
    file = str(tmp_path / "plain.db")
    with place.create() as vault:
        vault.profiles.write(None, ONE)
        vault.profiles.write(None, {"apps": {"a": "{{secret:x}}"}})
        vault.profiles.create("spare", {"b": "${VAR}"})
        vault.profiles.use("spare")
        assert plain.export_plain(vault, file, QUIET).profiles == 2
        before = written(vault)
    other = Place(tmp_path / "other")
    with other.create() as vault:
        taken = plain_import.import_plain(vault, file, QUIET, dry_run=False)
        assert taken.profiles == 2
        assert written(vault) == before
        assert plain_import.import_plain(vault, file, QUIET, dry_run=False).profiles == 0
        vault.profiles.use(FIRST)
        vault.profiles.write("spare", {"b": 2})
        assert plain_import.import_plain(vault, file, QUIET, dry_run=False).profiles == 1
        assert vault.profiles.read("spare") == {"b": "${VAR}"}
        assert vault.profiles.version("spare") == 3
        assert vault.profiles.active() == FIRST, "an import does not switch"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE profiles SET name = 'a/b' WHERE name = 'spare'",
        "UPDATE profiles SET active = 1",
        "UPDATE profiles SET version = 9",
        "UPDATE profile_versions SET document = '[1]'",
        "UPDATE profile_versions SET document = '{\"a\":NaN}'",
        "UPDATE profile_versions SET version = 0",
        "UPDATE profiles SET updated_at = 'yesterday'",
        "UPDATE profiles SET id = 7 WHERE name = 'spare'",
    ],
)
def test_a_plaintext_file_is_trusted_with_nothing(
    place: Place, tmp_path: Path, change: str
) -> None:
    file = str(tmp_path / "plain.db")
    with place.create() as vault:
        vault.profiles.write(None, ONE)
        vault.profiles.create("spare", {"b": 1})
        plain.export_plain(vault, file, QUIET)
        store = store_plain._connected(file, "mode=rw")
        store.run("PRAGMA foreign_keys = OFF")
        store.run(change)
        store.abandon()
        before = written(vault)
        with pytest.raises(LangoError):
            plain_import.import_plain(vault, file, QUIET, dry_run=False)
        assert written(vault) == before


def test_a_plaintext_file_of_before_there_were_profiles_is_read(
    place: Place, tmp_path: Path
) -> None:
    file = str(tmp_path / "plain.db")
    with place.create() as vault:
        set_value(vault, "a", b"value")
        plain.export_plain(vault, file, QUIET)
        store = store_plain._connected(file, "mode=rw")
        for change in ("DROP TABLE profile_versions", "DROP TABLE profiles"):
            store.run(change)
        store.run("PRAGMA user_version = 1")
        store.abandon()
        taken = plain_import.import_plain(vault, file, QUIET, dry_run=False)
        assert (taken.same, taken.profiles) == (1, 0)


def test_the_golden_vault_gets_profiles(golden: Place) -> None:
    with golden.open() as vault:
        assert vault.profiles.active() == FIRST
        assert vault.profiles.read() == {}
        vault.profiles.write(None, ONE, if_version=0)
    with golden.open() as vault:
        assert vault.profiles.read() == ONE
        assert_sound(vault)


@pytest.fixture
def sealed_off(golden: Place) -> Place:
    """The golden vault where nothing can be changed."""
    for name in ("vault.json", "vault.json.2", "vault-1.db", "keyfile"):
        (golden.folder / name).chmod(0o400)
    golden.folder.chmod(0o500)
    return golden


def test_an_older_vault_on_a_read_only_disk_is_read_as_it_is(
    sealed_off: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so that what `os.access` would say of the folder is said here."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    before = sealed_off.database.read_bytes()
    vault = sealed_off.open()
    assert not vault.store.writable
    assert value_of(vault, "plain") == b"hunter2"
    assert vault.profiles.read() == {}
    assert vault.profiles.active() == FIRST
    assert [key.name for key in vault.registry.list()] == ["default"]
    assert [*checking.values(vault, QUIET), *checking.documents(vault)] == []
    assert [*checking.wrapped_keys(vault), *checking.references(vault)] == []
    assert vault.policies.names() == []
    with pytest.raises(LangoError, match="read-only"):
        vault.profiles.write(None, ONE)
    vault.store.abandon()
    assert sealed_off.database.read_bytes() == before

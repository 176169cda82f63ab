"""Secrets behave like a dictionary with a memory, whatever is done to them in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lango_cli.errors import Conflict, LangoError, SecretNotFound
from lango_cli.secret import SecretBytes
from lango_cli.vault import audit_check
from tests.vault.conftest import MEMORY
from tests.vault.place import Place, value_of

NAMES = st.sampled_from(["a", "b", "folder/a", "folder/b", "é"])
VALUES = st.binary(max_size=12)
DAY = 86_400


@dataclass
class Entry:
    """A secret in the model: its versions' values, and what is known about it."""

    values: list[bytes]
    note: str = ""
    tags: tuple[str, ...] = ()
    changed: float = 0.0
    deleted: float | None = None
    accesses: int = 0
    expires: float | None = None


@dataclass
class Shelf:
    """All secrets of the model."""

    live: dict[str, Entry] = field(default_factory=dict)
    trash: list[tuple[str, Entry]] = field(default_factory=list)


class SecretsAreADictionary(RuleBasedStateMachine):
    """Every rule does the same to the vault and to the model, and both must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.now = 1_700_000_000.0
        self.place = Place(self.folder / "place", clock=lambda: self.now)
        self.vault = self.place.create()
        self.shelf = Shelf()
        self.records = 0

    def teardown(self) -> None:
        """No file stays."""
        assert audit_check.verify(self.vault).intact
        self.vault.close()
        shutil.rmtree(self.folder)

    @rule(
        name=NAMES,
        value=VALUES,
        wanted=st.none() | st.integers(0, 4),
        note=st.none() | st.text("xyz"),
    )
    def store(self, name: str, value: bytes, wanted: int | None, note: str | None) -> None:
        """A new version, or a conflict where another one was expected."""
        entry = self.shelf.live.get(name)
        current = len(entry.values) if entry else 0
        secret = SecretBytes(value)
        if wanted not in (None, current):
            with pytest.raises(Conflict):
                self.vault.secrets.set(name, secret, if_version=wanted, note=note)
            return
        meta = self.vault.secrets.set(name, secret, if_version=wanted, note=note)
        entry = self.shelf.live.setdefault(name, Entry([]))
        entry.values.append(value)
        entry.changed = self.now
        entry.note = entry.note if note is None else note
        assert (meta.version, meta.size, meta.note) == (
            len(entry.values),
            len(value),
            entry.note,
        )

    @rule(
        name=NAMES,
        tags=st.frozensets(st.sampled_from("stu")),
        expires=st.none() | st.integers(1, 10**10),
    )
    def edit(self, name: str, tags: frozenset[str], expires: int | None) -> None:
        """Metadata changes; the value and the time of its change do not."""
        entry = self.shelf.live.get(name)
        if entry is None:
            with pytest.raises(SecretNotFound):
                self.vault.secrets.edit(name, tags=sorted(tags))
            return
        self.vault.secrets.edit(name, tags=sorted(tags), expires_at=expires)
        entry.tags = tuple(sorted(tags))
        entry.expires = expires

    @rule(name=NAMES, version=st.none() | st.integers(1, 4))
    def get(self, name: str, version: int | None) -> None:
        """The current value, or that of a version."""
        entry = self.shelf.live.get(name)
        reference = name if version is None else f"{name}@{version}"
        if entry is None or (version is not None and version > len(entry.values)):
            with pytest.raises(SecretNotFound):
                self.vault.secrets.get(reference)
            return
        wanted = entry.values[-1 if version is None else version - 1]
        assert value_of(self.vault, reference) == wanted
        entry.accesses += 1

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """To the trash."""
        entry = self.shelf.live.pop(name, None)
        if entry is None:
            with pytest.raises(SecretNotFound):
                self.vault.secrets.delete(name)
            return
        self.vault.secrets.delete(name)
        entry.deleted = self.now
        self.shelf.trash.append((name, entry))

    @rule(name=NAMES, new=st.none() | NAMES)
    def undelete(self, name: str, new: str | None) -> None:
        """Back, the one that was deleted last; a conflict where the name is taken."""
        goal = name if new is None else new
        found = [at for at, (trashed, _) in enumerate(self.shelf.trash) if trashed == name]
        error: type[LangoError] | None = None if found else SecretNotFound
        if found and goal in self.shelf.live:
            error = Conflict
        if error is not None:
            with pytest.raises(error):
                self.vault.secrets.undelete(name, new)
            return
        at = max(found, key=lambda at: (self.shelf.trash[at][1].deleted, at))
        entry = self.shelf.trash.pop(at)[1]
        entry.deleted = None
        assert self.vault.secrets.undelete(name, new).name == goal
        self.shelf.live[goal] = entry

    @rule(name=NAMES)
    def purge(self, name: str) -> None:
        """Gone for good, live and deleted."""
        count = sum(trashed == name for trashed, _ in self.shelf.trash) + (name in self.shelf.live)
        if not count:
            with pytest.raises(SecretNotFound):
                self.vault.secrets.purge(name)
            return
        assert self.vault.secrets.purge(name) == count
        self.shelf.live.pop(name, None)
        self.shelf.trash = [found for found in self.shelf.trash if found[0] != name]

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        """The same secret under another name, history and all."""
        entry = self.shelf.live.get(name)
        error: type[LangoError] | None = SecretNotFound if entry is None else None
        if entry is not None and new != name and new in self.shelf.live:
            error = Conflict
        if error is not None:
            with pytest.raises(error):
                self.vault.secrets.rename(name, new)
            return
        assert self.vault.secrets.rename(name, new).name == new
        self.shelf.live[new] = self.shelf.live.pop(name)

    @rule(name=NAMES, new=NAMES)
    def copy(self, name: str, new: str) -> None:
        """The current value in a secret of its own, whose history begins with it."""
        entry = self.shelf.live.get(name)
        if entry is None or new in self.shelf.live:
            with pytest.raises(SecretNotFound if entry is None else Conflict):
                self.vault.secrets.copy(name, new)
            return
        assert self.vault.secrets.copy(name, new).version == 1
        self.shelf.live[new] = Entry(
            [entry.values[-1]], entry.note, entry.tags, self.now, expires=entry.expires
        )

    @rule(name=NAMES, version=st.integers(0, 5))
    def rollback(self, name: str, version: int) -> None:
        """An earlier value once more, as a new version."""
        entry = self.shelf.live.get(name)
        if entry is None or not 0 < version <= len(entry.values):
            with pytest.raises(SecretNotFound):
                self.vault.secrets.rollback(name, version)
            return
        assert self.vault.secrets.rollback(name, version).version == len(entry.values) + 1
        entry.values.append(entry.values[version - 1])
        entry.changed = self.now

    @precondition(lambda self: any(self.shelf.live.values()))
    @rule(data=st.data())
    def diff(self, data: st.DataObject) -> None:
        """Fingerprints are equal if and only if the values are."""
        name = data.draw(st.sampled_from(sorted(self.shelf.live)))
        values = self.shelf.live[name].values
        versions = st.integers(1, len(values))
        left, right = data.draw(versions), data.draw(versions)
        first, second = self.vault.secrets.diff(name, left, right)
        assert (first == second) == (values[left - 1] == values[right - 1])

    @rule(seconds=st.sampled_from([0.0, 1.0, DAY, 40.0 * DAY]))
    def wait(self, seconds: float) -> None:
        """Time goes by; the next write empties the trash of what is overdue."""
        self.now += seconds
        self.vault.secrets.set("sweeper", SecretBytes(b""))
        entry = self.shelf.live.setdefault("sweeper", Entry([]))
        entry.values.append(b"")
        entry.changed = self.now
        self.shelf.trash = [
            (name, found)
            for name, found in self.shelf.trash
            if found.deleted is None or found.deleted >= self.now - self.place.policy.retention
        ]

    @rule()
    def reopen(self) -> None:
        """Close and open again."""
        self.vault.close()
        self.vault = self.place.open()

    @invariant()
    def agree(self) -> None:
        """Names, values' sizes and metadata are those of the model."""
        live = self.vault.secrets.list()
        assert [meta.name for meta in live] == sorted(self.shelf.live, key=str.encode)
        assert self.vault.secrets.count() == len(self.shelf.live)
        for meta in live:
            entry = self.shelf.live[meta.name]
            assert meta.version == meta.versions == len(entry.values)
            assert meta.size == len(entry.values[-1])
            assert (meta.note, meta.tags, meta.expires_at) == (
                entry.note,
                entry.tags,
                entry.expires,
            )
            assert meta.access_count == entry.accesses
            assert meta.value_changed_at == pytest.approx(entry.changed, abs=0.002)
        trash = self.vault.secrets.list(deleted=True)
        assert sorted(meta.name for meta in trash) == sorted(name for name, _ in self.shelf.trash)


TestSecretsAreADictionary = SecretsAreADictionary.TestCase
TestSecretsAreADictionary.settings = settings(
    deadline=None,
    max_examples=60,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

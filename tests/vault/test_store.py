"""What a store promises, in one suite for every store there will be; and what SQLCipher does.

`StoreSuite` asks only for what the vault's tables need: all of a transaction or nothing, one
writer at a time, a count of commits that never goes back, readers that see what was committed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.crypto.keys import DatabaseKey
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import (
    AnotherVault,
    Busy,
    FileProblem,
    LangoError,
    Locked,
    Tampered,
    UsageProblem,
)
from lango_cli.vault.engine import dbapi2
from lango_cli.vault.migrations import MIGRATIONS
from lango_cli.vault.store_open import create_store, database_salt, open_store
from tests.vault.place import Place, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lango_cli.vault.store import Store

VAULT = "0123456789abcdef" * 2


class StoreSuite:
    """The promises. A test class below gives `opening`: a call that opens the same store again."""

    @pytest.fixture
    def store(self, opening: Callable[[], Store]) -> Iterator[Store]:
        """The store, open."""
        found = opening()
        yield found
        found.close()

    def test_what_was_written_is_there_after_closing(self, opening: Callable[[], Store]) -> None:
        store = opening()
        with store.write():
            store.set_meta("key", b"value")
        store.close()
        again = opening()
        assert again.meta("key") == b"value"
        assert again.meta("no such key") is None
        again.close()

    def test_a_transaction_that_fails_leaves_nothing(self, store: Store) -> None:
        commits = store.meta("commits")
        with pytest.raises(KeyboardInterrupt), store.write():
            store.set_meta("key", 1)
            raise KeyboardInterrupt
        assert store.meta("key") is None
        assert store.meta("commits") == commits
        with store.write():
            store.set_meta("key", 2)
        assert store.meta("key") == 2

    def test_a_statement_that_fails_takes_the_transaction_with_it(self, store: Store) -> None:
        with pytest.raises(LangoError), store.write():
            store.set_meta("key", 1)
            store.run("INSERT INTO versions VALUES ('nobody', 1, 'no key', 1, 0, 0, x'')")
        assert store.meta("key") is None

    def test_every_commit_is_counted_once(self, store: Store) -> None:
        before = store.meta("commits")
        for _ in range(3):
            with store.write():
                store.set_meta("key", 1)
                store.set_meta("other", 1)
        assert store.meta("commits") == before + 3

    def test_there_is_one_writer_at_a_time(self, opening: Callable[[], Store]) -> None:
        one, other = opening(), opening()
        with one.write():
            with pytest.raises(Busy), other.write(0.02):
                pass
            one.set_meta("key", 1)
        with other.write(0.02):
            other.set_meta("key", 2)
        assert one.meta("key") == 2
        one.close()
        other.close()

    def test_a_reader_sees_what_was_committed_and_waits_for_nobody(
        self, opening: Callable[[], Store]
    ) -> None:
        writer, reader = opening(), opening()
        with writer.write():
            writer.set_meta("key", 1)
            assert reader.meta("key") is None
        assert reader.meta("key") == 1
        writer.close()
        reader.close()

    def test_a_reader_in_the_middle_of_its_rows_keeps_its_view(
        self, opening: Callable[[], Store]
    ) -> None:
        writer, reader = opening(), opening()
        with writer.write():
            writer.run_many(
                "INSERT INTO meta VALUES (?, 1)", [(f"row {n:03}",) for n in range(300)]
            )
        rows = reader.each("SELECT name FROM meta WHERE name LIKE 'row %' ORDER BY name")
        first = next(rows)
        with writer.write():
            writer.run("DELETE FROM meta WHERE name LIKE 'row %'")
        assert len([first, *rows]) == 300
        assert reader.rows("SELECT name FROM meta WHERE name LIKE 'row %'") == []
        writer.close()
        reader.close()

    def test_what_follows_a_commit_is_done_after_it_and_its_opposite_otherwise(
        self, store: Store
    ) -> None:
        done: list[object] = []
        with store.write():
            store.set_meta("key", 1)
            store.after_commit(
                lambda: done.append(store.meta("key")), lambda: done.append("rolled back")
            )
            assert done == []
        with pytest.raises(ZeroDivisionError), store.write():
            store.after_commit(
                lambda: done.append("committed"), lambda: done.append("rolled back")
            )
            raise ZeroDivisionError
        with store.write():
            store.set_meta("key", 2)
        assert done == [1, "rolled back"]

    def test_a_fence_is_asked_before_each_write_and_can_refuse_it(self, store: Store) -> None:
        def refuse() -> None:
            raise Locked("the vault was rekeyed")

        store.guard("", refuse, lambda: None)
        for _ in range(2):
            with pytest.raises(Locked), store.write():
                store.set_meta("key", 1)
        store.guard("", lambda: None, lambda: None)
        with store.write():
            store.set_meta("key", 2)

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\udc80", "\ud800"])
    def test_what_cannot_be_held_is_refused(self, store: Store, value: object) -> None:
        with pytest.raises(UsageProblem), store.write():
            store.set_meta("key", value)
        assert store.meta("key") is None

    def test_pages_are_sound(self, store: Store) -> None:
        with store.write():
            store.set_meta("large", bytes(100_000))
        assert store.check_pages() == []


class TestSqlCipher(StoreSuite):
    """SQLCipher in a file."""

    key = DatabaseKey(random_bytes(32))

    @pytest.fixture
    def opening(self, tmp_path: Path) -> Callable[[], Store]:
        """Open the database of this test."""
        folder, path = str(tmp_path), str(tmp_path / "vault-1.db")
        create_store(folder, path, self.key, VAULT, 4096, 0, lambda _store: None)
        salt = database_salt(path)
        return lambda: open_store(folder, path, self.key, VAULT, 4096, salt)

    def test_another_key_opens_nothing(self, opening: Callable[[], Store], tmp_path: Path) -> None:
        path = str(tmp_path / "vault-1.db")
        with pytest.raises(Tampered):
            open_store(
                str(tmp_path), path, DatabaseKey(bytes(32)), VAULT, 4096, database_salt(path)
            )
        with pytest.raises(AnotherVault):
            open_store(str(tmp_path), path, DatabaseKey(bytes(32)), VAULT, 4096, random_bytes(16))
        with pytest.raises(AnotherVault):
            open_store(str(tmp_path), path, self.key, "00" * 16, 4096, database_salt(path))

    @pytest.mark.parametrize("length", [0, 16, 31, 33, 48])
    def test_a_key_of_another_length_is_never_taken_for_a_passphrase(
        self, opening: Callable[[], Store], tmp_path: Path, length: int
    ) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            open_store(
                str(tmp_path),
                str(tmp_path / "vault-1.db"),
                DatabaseKey(bytes(length)),
                VAULT,
                4096,
                bytes(16),
            )

    def test_every_connection_has_the_settings_that_safety_needs(
        self, opening: Callable[[], Store]
    ) -> None:
        store = opening()
        for pragma, wanted in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("secure_delete", 1),
            ("cipher_use_hmac", "1"),
            ("cipher_page_size", "4096"),
        ):
            assert store.rows(f"PRAGMA {pragma}") == [(wanted,)], pragma
        assert store.versions()["sqlcipher"] >= "4"
        store.close()

    def test_a_closed_database_has_its_log_taken_in(
        self, opening: Callable[[], Store], tmp_path: Path
    ) -> None:
        store = opening()
        with store.write():
            store.set_meta("key", b"value")
        assert (tmp_path / "vault-1.db-wal").stat().st_size
        store.close()
        assert not (tmp_path / "vault-1.db-wal").exists()

    def test_nothing_readable_stands_in_the_file(
        self, opening: Callable[[], Store], tmp_path: Path
    ) -> None:
        store = opening()
        with store.write():
            store.set_meta("key", b"something to look for")
        found = [path.read_bytes() for path in tmp_path.iterdir()]
        store.close()
        found.append((tmp_path / "vault-1.db").read_bytes())
        for text in (b"something to look for", b"SQLite format 3", b"CREATE TABLE"):
            assert not any(text in data for data in found)

    def test_no_complaint_of_sqlite_is_passed_on_with_its_words(
        self, opening: Callable[[], Store]
    ) -> None:
        store = opening()
        with pytest.raises(LangoError) as caught, store.write():
            store.run("INSERT INTO meta VALUES ('vault', 'a value')")
        assert "a value" not in caught.value.message
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        store.close()

    def test_an_older_schema_is_brought_forward_and_never_back(
        self, opening: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two processes may do it at once: the number is read again under the lock."""
        steps = (*MIGRATIONS, ("CREATE TABLE later(a)", "INSERT INTO later VALUES (7)"))
        monkeypatch.setattr("lango_cli.vault.store_open.MIGRATIONS", steps)
        for _ in range(2):
            store = opening()
            assert store.rows("SELECT a FROM later") == [(7,)]
            assert store.meta("schema") == len(steps)
            store.close()

    def test_a_migration_that_fails_leaves_the_older_schema(
        self, opening: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = (*MIGRATIONS, ("CREATE TABLE later(a)", "INSERT INTO nowhere VALUES (7)"))
        with monkeypatch.context() as patch:
            patch.setattr("lango_cli.vault.store_open.MIGRATIONS", steps)
            with pytest.raises(LangoError):
                opening()
        store = opening()
        assert store.rows("SELECT name FROM sqlite_master WHERE name = 'later'") == []
        store.close()


def test_a_database_that_was_emptied_is_damage_and_no_new_vault(memory_place: Place) -> None:
    memory_place.create().close()
    memory_place.database.write_bytes(b"")
    with pytest.raises(Tampered):
        memory_place.open()
    assert memory_place.read("vault-1.db") == b""


def test_a_new_database_gets_its_name_from_whoever_comes_first(memory_place: Place) -> None:
    """The creator, or a process that opens the vault once the header stands."""
    memory_place.create().close()
    unfinished = memory_place.database.with_name("vault-1.db.init")
    memory_place.database.rename(unfinished)
    one = memory_place.open()
    other = memory_place.open()
    set_value(one, "name", b"value")
    assert value_of(other, "name") == b"value"
    one.close()
    other.close()
    assert not unfinished.exists()


def test_two_that_give_the_name_at_once_both_go_on(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_place.create().close()
    memory_place.database.rename(memory_place.database.with_name("vault-1.db.init"))
    real = files.move

    def late(path: str, target: str) -> None:
        real(path, target)
        monkeypatch.undo()
        real(path, target)

    monkeypatch.setattr(files, "move", late)
    with memory_place.open() as vault:
        set_value(vault, "name", b"value")


def test_a_lock_is_free_again_when_its_holder_is_gone(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with files.Lock(path, 0), pytest.raises(Busy), files.Lock(path, 0.02):
        pass
    with files.Lock(path, 0):
        pass
    with pytest.raises(FileProblem), files.Lock(str(tmp_path / "nowhere" / "lock"), 0):
        pass


# An implementation of the same file format that is not SQLCipher's.

OTHER_READER = """
import json, sys, apsw
connection = apsw.Connection(sys.argv[1], flags=apsw.SQLITE_OPEN_READONLY)
key = sys.stdin.read()
for pragma in ("cipher='sqlcipher'", "legacy=4", f"key=\\"x'{key}'\\""):
    connection.execute("pragma " + pragma).fetchall()
rows = connection.execute("SELECT name, version, note FROM secrets ORDER BY name").fetchall()
check = connection.execute("PRAGMA integrity_check").fetchall()
sealed = connection.execute("SELECT hex(sealed) FROM versions ORDER BY size").fetchall()
print(json.dumps([rows, check, sealed]))
"""


def read_with_another_library(place: Place, key: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: never two SQLite libraries on one file in one process."""
    return subprocess.run(
        [sys.executable, "-I", "-c", OTHER_READER, str(place.database)],
        input=key,
        capture_output=True,
        text=True,
    )


def test_an_independent_implementation_reads_the_database_with_the_raw_key(place: Place) -> None:
    with place.create() as vault:
        set_value(vault, "first", b"1")
        vault.secrets.edit("first", note="a note")
        set_value(vault, "folder/second", b"22")
        sealed = vault.store.rows("SELECT hex(sealed) FROM versions ORDER BY size")
    done = read_with_another_library(place, place.database_key().reveal().hex())
    assert done.returncode == 0, done.stderr
    rows, check, found = json.loads(done.stdout)
    assert rows == [["first", 1, "a note"], ["folder/second", 1, ""]]
    assert check == [["ok"]]
    assert found == [list(row) for row in sealed]
    assert b"2" not in bytes.fromhex(found[1][0])[:1]


def test_an_independent_implementation_reads_nothing_with_another_key(place: Place) -> None:
    place.create().close()
    done = read_with_another_library(place, random_bytes(32).hex())
    assert done.returncode != 0
    assert "NotADBError" in done.stderr


def test_the_engine_is_the_one_that_others_would_import() -> None:
    """Two copies of the library on one file would lose each other's locks."""
    from sqlcipher3 import dbapi2 as imported

    assert imported.Connection is dbapi2.Connection

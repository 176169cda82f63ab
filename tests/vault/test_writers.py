"""Many processes on one vault: no write is lost, no reader waits, every read is recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.errors import Busy, FileProblem
from lango_cli.vault import audit, audit_check
from lango_cli.vault.home import PENDING
from tests.vault.nursery import Nursery, acknowledged
from tests.vault.place import Place, assert_sound, events, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.vault.vault import Vault

    Held = tuple[Place, Callable[[], None]]

PROCESSES, WRITES, EACH = 8, 200, 20


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the processes come from."""
    with Nursery() as found:
        yield found


@pytest.fixture
def held(memory_place: Place) -> Iterator[Held]:
    """A vault with one value, whose writer's lock is held until the call that comes with it."""
    with memory_place.create() as vault:
        set_value(vault, "name", b"value")
    locks = [files.Lock(str(memory_place.folder / "vault.lock"), 0).__enter__()]

    def release() -> None:
        while locks:
            locks.pop().__exit__(None, None, None)

    yield memory_place, release
    release()


def pending(place: Place) -> list[bytes]:
    """The records that wait for the next writer."""
    path = place.folder / PENDING
    return path.read_bytes().splitlines() if path.exists() else []


def test_eight_processes_writing_two_hundred_times_each_lose_nothing(
    nursery: Nursery, place: Place
) -> None:
    place.create().close()
    writers = [str(number) for number in range(PROCESSES)]
    pids = [
        nursery.start("write_many", place, writer, str(WRITES), str(EACH)) for writer in writers
    ]
    assert [nursery.wait(pid) for pid in pids] == [0] * PROCESSES, "a writer saw an error"
    assert sorted(acknowledged(place)) == writers
    with place.open() as vault:
        shared = range(1, PROCESSES * WRITES // 2 + 1)
        found = Counter(value_of_version(vault, "shared", version) for version in shared)
        assert found == Counter(
            f"{writer}.{left}" for writer in writers for left in range(1, WRITES + 1, 2)
        )
        for writer in writers:
            name = f"own {writer}"
            assert vault.secrets.show(name).versions == WRITES // 2
            own = [value_of_version(vault, name, version) for version in range(1, WRITES // 2 + 1)]
            assert own == [f"{writer}.{left}" for left in range(WRITES, 0, -2)]
        assert_sound(vault)
        counted = Counter(events(vault))
        assert counted["secret.write"] == PROCESSES * WRITES
        assert counted["vault.unlock"] == PROCESSES * WRITES // EACH + 1


def value_of_version(vault: Vault, name: str, version: int) -> str:
    """One version's value, without a record for each of sixteen hundred reads."""
    secret = vault.secrets.show(name).id
    return vault.secrets._open(secret, name, version).reveal().decode()


def test_of_many_that_make_a_vault_at_once_one_does(nursery: Nursery, memory_place: Place) -> None:
    memory_place.make_keyfile()
    pids = [nursery.start("create_or_say", memory_place) for _ in range(6)]
    assert [nursery.wait(pid) for pid in pids] == [0] * 6
    assert sorted(acknowledged(memory_place)) == ["11"] * 5 + ["created"]
    with memory_place.open() as vault:
        set_value(vault, "name", b"value")
        assert_sound(vault)


def test_a_writer_gives_up_after_its_timeout_and_says_busy(
    held: Held,
) -> None:
    place, _ = held
    place.policy.lock_timeout = 0.05
    with place.open() as vault:
        with pytest.raises(Busy):
            set_value(vault, "name", b"another")
        assert value_of(vault, "name") == b"value"


def test_a_reader_does_not_wait_for_a_writer_and_its_record_does_not_get_lost(
    held: Held,
) -> None:
    """The lock is held all the time: that the read returns shows that it did not wait for it."""
    place, release = held
    assert audit.READ_WAIT == 0.1
    with place.open() as reader:
        assert value_of(reader, "name") == b"value"
        assert len(pending(place)) == 2, "the unlock and the read"
        assert b"name" not in b"".join(pending(place)), "a pending record is sealed"
        release()
        with place.open() as writer:
            set_value(writer, "name", b"newer")
            assert pending(place) == []
            assert events(writer)[-4:] == [
                "vault.unlock",
                "secret.read",
                "vault.unlock",
                "secret.write",
            ]
            assert_sound(writer)


def test_a_reader_does_not_wait_for_a_transaction_that_is_not_finished(
    memory_place: Place,
) -> None:
    with memory_place.create() as writer:
        set_value(writer, "name", b"value")
        with writer.store.write(), memory_place.open() as reader:
            writer.store.run("UPDATE secrets SET note = 'unfinished'")
            assert value_of(reader, "name") == b"value"
            assert reader.secrets.show("name").note == ""
        assert writer.secrets.show("name").note == "unfinished"
        set_value(writer, "name", b"newer")
        assert "secret.read" in events(writer)


def test_readers_at_once_lose_no_record_while_the_lock_is_held(
    nursery: Nursery, held: Held
) -> None:
    place, release = held
    pids = [nursery.start("read_many", place, str(number), "5") for number in range(4)]
    assert [nursery.wait(pid) for pid in pids] == [0] * 4
    assert len(pending(place)) == 4 * 5 + 4
    release()
    with place.open() as vault:
        set_value(vault, "name", b"newer")
        counted = Counter(events(vault))
        assert counted["secret.read"] == 4 * 5
        assert "audit.pending" not in counted
        assert_sound(vault)


def test_readers_and_writers_at_once_lose_neither_values_nor_records(
    nursery: Nursery, memory_place: Place
) -> None:
    with memory_place.create() as vault:
        set_value(vault, "name", b"value")
    readers = [nursery.start("read_many", memory_place, f"r{n}", "100") for n in range(4)]
    writers = [nursery.start("write_many", memory_place, f"{n}", "100", "20") for n in range(4)]
    assert [nursery.wait(pid) for pid in (*readers, *writers)] == [0] * 8
    with memory_place.open() as vault:
        set_value(vault, "last", b"folds what waits")
        counted = Counter(events(vault))
        assert counted["secret.read"] == 4 * 100
        assert counted["secret.write"] == 4 * 100 + 2
        assert "audit.pending" not in counted
        assert_sound(vault)


def test_a_record_does_not_reuse_a_number_that_a_writer_folded_meanwhile(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer folds between a reader's decision to wait and its taking of the file."""
    place, release = held
    writer = place.open()
    with place.open() as earlier:
        for _ in range(3):
            value_of(earlier, "name")
    reader = place.open()
    real = files.Lock

    class Late(real):  # type: ignore[valid-type, misc]  # the class is looked up at run time
        """Lets a writer go first, once, before the reader has the file of pending records."""

        def __enter__(self) -> files.Lock:
            if self._path.endswith(PENDING):
                monkeypatch.setattr(files, "Lock", real)
                release()
                set_value(writer, "name", b"newer")
            return super().__enter__()  # type: ignore[no-any-return]  # see the class

    monkeypatch.setattr(files, "Lock", Late)
    assert value_of(reader, "name") == b"value"
    assert len(pending(place)) == 2
    set_value(writer, "name", b"newest")
    assert Counter(events(writer))["secret.read"] == 4
    assert "audit.pending" not in events(writer)
    reader.close()
    writer.close()


def test_one_transaction_folds_what_waits_once(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second record would find the file locked by the first, and wait for it in vain."""
    place, release = held
    locked: list[str] = []
    real = files.Lock

    def noted(path: str, timeout: float, what: str = "") -> files.Lock:
        locked.append(path.rpartition("/")[2])
        return real(path, timeout, what)

    with place.open() as vault:
        value_of(vault, "name")
        release()
        monkeypatch.setattr(files, "Lock", noted)
        with vault.store.write():
            for number in range(50):
                vault.audit.append(vault.audit.event("test.event", str(number)))
        assert Counter(events(vault))["secret.read"] == 1
        assert Counter(events(vault))["test.event"] == 50
        assert locked == ["vault.lock", PENDING]
        assert_sound(vault)


def test_a_record_that_waits_survives_a_transaction_that_fails(memory_place: Place) -> None:
    memory_place.create().close()
    with memory_place.open() as vault:
        with pytest.raises(FileProblem), vault.store.write():
            vault.audit.append(vault.audit.event("test.event"))
            raise FileProblem("the disk is full, say")
        set_value(vault, "name", b"value")
        assert events(vault)[-2:] == ["vault.unlock", "secret.write"]
        assert [info.last_used is not None for info in vault.slots.list()] == [True]


def test_with_reads_off_an_unlock_is_still_recorded(memory_place: Place) -> None:
    with memory_place.create() as vault:
        set_value(vault, "name", b"value")
    memory_place.policy.audit_reads = "off"
    with memory_place.open() as vault:
        before = events(vault)
        value_of(vault, "name")
        assert events(vault) == [*before, "vault.unlock"]


def test_a_fold_that_cannot_empty_the_file_folds_nothing_twice(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, release = held

    def refuse(path: str) -> None:
        raise FileProblem(f"{path}: no")

    with place.open() as vault:
        value_of(vault, "name")
        release()
        with monkeypatch.context() as patch:
            patch.setattr(files, "truncate", refuse)
            set_value(vault, "name", b"newer")
        assert len(pending(place)) == 2
        set_value(vault, "name", b"newest")
        assert pending(place) == []
        assert Counter(events(vault))["secret.read"] == 1
        assert audit_check.verify(vault).intact

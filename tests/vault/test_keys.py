"""Keys: their states, moving values from one version to another, and what happens when killed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from lango_cli.crypto.keys import WrappingKey
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import (
    BadSignature,
    Busy,
    Conflict,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import checking, reencrypt
from lango_cli.vault.keys import ENCRYPTION, SIGNING, Keys, rewrap_all
from lango_cli.vault.rekey import rekey
from tests.vault.place import Place, assert_sound, events, set_value, value_of

if TYPE_CHECKING:
    from pathlib import Path

    from lango_cli.vault.key_info import KeyInfo
    from lango_cli.vault.vault import Vault

ALGORITHMS = ("ed25519", "ecdsa-p256", "hmac-sha256")


def states(key: KeyInfo) -> dict[int, str]:
    """The state of each version."""
    return {version.version: version.state for version in key.versions}


def fill(vault: Vault, count: int) -> dict[str, bytes]:
    """So many values, two versions each, some in the trash; what is in them, by reference."""
    held = {}
    for number in range(count):
        name = f"s/{number}"
        for version in (1, 2):
            value = f"{name} {version} ".encode() * (number % 7)
            vault.secrets.set(name, SecretBytes(value))
            held[f"{name}@{version}"] = value
        if number % 5 == 4:
            vault.secrets.delete(name)
    return held


def everything(vault: Vault) -> dict[str, bytes]:
    """Every version of every secret, the trash included."""
    for meta in vault.secrets.list(deleted=True):
        vault.secrets.undelete(meta.name)
    return {
        f"{meta.name}@{one.version}": value_of(vault, f"{meta.name}@{one.version}")
        for meta in vault.secrets.list()
        for one in vault.secrets.history(meta.name)
    }


def times(vault: Vault) -> list[tuple[object, ...]]:
    """Every time that a value or a secret has."""
    secrets = "SELECT id, created_at, updated_at, value_changed_at FROM secrets ORDER BY id"
    versions = "SELECT secret_id, version, created_at, size FROM versions ORDER BY 1, 2"
    return vault.store.rows(secrets) + vault.store.rows(versions)


# Moving values.


def test_every_value_is_moved_and_no_time_is_touched(memory_place: Place) -> None:
    with memory_place.create() as vault:
        held = fill(vault, 20)
        before = times(vault)
        done = vault.registry.rotate("default", Unwatched())
        assert (done.moved, done.resumed) == (40, False)
        assert [one.values for one in done.key.versions] == [40, 0]
        assert done.key.moving_since is None
        assert times(vault) == before
        vault.registry.destroy("default@1")
        assert everything(vault) == held
        assert events(vault).count("key.reencrypted") == 1
        assert_sound(vault)


def test_a_move_goes_in_batches_by_number_and_by_size(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencrypt, "BATCH", 3)
    monkeypatch.setattr(reencrypt, "BATCH_BYTES", 100)
    with memory_place.create() as vault:
        held = {f"{n}@1": bytes([n]) * size for n, size in enumerate([1, 300, 60, 60, 1, 1, 1, 1])}
        for reference, value in held.items():
            set_value(vault, reference[:-2], value)
        commits = vault.store.meta("commits")
        assert vault.registry.rotate("default", Unwatched()).moved == len(held)
        # One to rotate, five batches, two that find nothing, one to say that it is through.
        assert vault.store.meta("commits") - commits in range(7, 11)
        assert everything(vault) == held


class Interrupting(Unwatched):
    """Ends the work after so many values, as Ctrl-C would."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, count: int = 1) -> None:
        self.left -= count
        if self.left <= 0:
            raise KeyboardInterrupt


def test_an_interrupted_move_goes_on_and_makes_no_further_version(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencrypt, "BATCH", 4)
    with memory_place.create() as vault:
        held = fill(vault, 10)
        with pytest.raises(KeyboardInterrupt):
            vault.registry.rotate("default", Interrupting(8))
        key = vault.registry.show("default")
        assert (key.version, key.moving_since is not None) == (2, True)
        assert [one.values for one in key.versions] == [8, 12]
    with memory_place.open() as vault:
        done = vault.registry.rotate("default", Unwatched())
        assert (done.resumed, done.moved, done.key.version) == (True, 12, 2)
        assert done.key.moving_since is None
        assert not vault.registry.rotate("default", Unwatched()).resumed
        assert vault.registry.show("default").version == 3
        assert everything(vault) == held


def test_a_plain_rotation_during_a_move_is_where_the_move_then_goes(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencrypt, "BATCH", 4)
    with memory_place.create() as vault:
        held = fill(vault, 10)

        class Rotating(Unwatched):
            begun = False

            def advance(self, count: int = 1) -> None:
                if count and not self.begun:
                    self.begun = True
                    with memory_place.open() as other:
                        assert other.registry.rotate("default").key.version == 3
                        set_value(other, "new", b"meanwhile")

        done = vault.registry.rotate("default", Rotating())
        assert [one.values for one in done.key.versions] == [21, 0, 0]
        assert everything(vault) == held | {"new@1": b"meanwhile"}


def test_a_value_that_does_not_open_stays_and_all_others_are_moved(memory_place: Place) -> None:
    with memory_place.create() as vault:
        held = fill(vault, 10)
        with vault.store.write():
            vault.store.run(
                "UPDATE versions SET sealed = zeroblob(40) WHERE version = 2"
                " AND secret_id IN (SELECT id FROM secrets WHERE name IN ('s/3', 's/9'))"
            )
        for _ in range(2):
            with pytest.raises(Tampered, match=r"2 values do not open .*: s/3@2, s/9@2"):
                vault.registry.rotate("default", Unwatched())
        key = vault.registry.show("default")
        assert [one.values for one in key.versions] == [18, 2]
        assert key.moving_since is not None
        vault.secrets.purge("s/3")
        vault.secrets.purge("s/9")
        assert vault.registry.rotate("default", Unwatched()).key.moving_since is None
        gone = {f"s/{n}@{v}" for n in (3, 9) for v in (1, 2)}
        assert everything(vault) == {k: v for k, v in held.items() if k not in gone}


def test_lost_values_do_not_stand_in_the_way_of_the_others(memory_place: Place) -> None:
    with memory_place.create() as vault:
        set_value(vault, "lost", b"one")
        vault.registry.rotate("default")
        set_value(vault, "kept", b"two")
        vault.registry.destroy("default@1", 1)
        done = vault.registry.rotate("default", Unwatched())
        assert (done.moved, done.key.moving_since) == (1, None)
        assert value_of(vault, "kept") == b"two"
        with pytest.raises(KeyUnusable, match="lost@1: key default@1 is destroyed"):
            value_of(vault, "lost")
        assert [name for name, _ in vault.secrets.for_masking()] == ["kept"]


def test_a_move_stops_where_the_vault_was_rekeyed(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencrypt, "BATCH", 4)
    with memory_place.create() as vault:
        fill(vault, 10)

        class Rekeying(Unwatched):
            def advance(self, count: int = 1) -> None:
                vault.envelope.generation = 99

        with pytest.raises(Busy):
            vault.registry.rotate("default", Rekeying())
        vault.envelope.generation = 1
        assert vault.registry.rotate("default", Unwatched()).resumed


def test_others_read_and_write_while_values_are_moved(
    memory_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencrypt, "BATCH", 5)
    with memory_place.create() as vault:
        held = fill(vault, 60)
        stop, wrong = threading.Event(), list[str]()

        def work() -> None:
            number = 0
            while not stop.is_set():
                with memory_place.open() as other:
                    for _ in range(5):
                        number += 1
                        set_value(other, f"own/{number}", b"x")
                        if value_of(other, "s/1@1") != held["s/1@1"]:
                            wrong.append("another value")

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for _ in range(4):
                vault.registry.rotate("default", Unwatched())
        finally:
            stop.set()
            worker.join()
        found = everything(vault)
        assert not wrong
        assert {name: found[name] for name in held} == held
        assert any(name.startswith("own/") for name in found)
        assert_sound(vault)


# Keys.


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signing_key_signs_with_its_newest_version_and_verifies_with_all(
    memory_place: Place, algorithm: str
) -> None:
    with memory_place.create() as vault:
        vault.registry.create("k", SIGNING, algorithm, default=True)
        first = vault.key_use.sign("k", b"message")
        vault.registry.rotate("k")
        second = vault.key_use.sign(None, b"message")
        assert vault.key_use.verify("k", b"message", first) == 1
        assert vault.key_use.verify("k", b"message", second) == 2
        with pytest.raises(BadSignature):
            vault.key_use.verify("k", b"another", first)
        with pytest.raises(BadSignature):
            vault.key_use.verify("k@1", b"message", second)
    with memory_place.open() as vault:
        assert vault.key_use.verify("k", b"message", first) == 1


@pytest.mark.parametrize("column", ["algorithm = 'hmac-sha256'", "purpose = 'encryption'"])
def test_a_key_does_not_open_as_one_of_another_kind(memory_place: Place, column: str) -> None:
    with memory_place.create() as vault:
        vault.registry.create("k", SIGNING, "ed25519", default=False)
        with vault.store.write():
            vault.store.run(f"UPDATE keys SET {column} WHERE name = 'k'")
        with pytest.raises(Tampered):
            if column.startswith("purpose"):
                vault.keys.active("k")
            else:
                vault.key_use.sign("k", b"message")


def test_values_and_ciphertexts_of_one_key_are_sealed_by_different_keys(
    memory_place: Place,
) -> None:
    """What `keys encrypt` made does not open as a value under the data key, whatever its AAD."""
    from lango_cli.crypto.aead import unseal
    from lango_cli.vault import key_use

    with memory_place.create() as vault:
        made = vault.key_use.encrypt(None, SecretBytes(b"data"), b"context")
        head, body = made[: key_use.HEAD], made[key_use.HEAD :]
        data_key = vault.keys.active()[2]
        bound = vault.key_use._bound(head, b"context")
        with pytest.raises(Tampered):
            unseal(data_key, body, bound)
        child = vault.key_use._child(vault.keys.newest(ENCRYPTION, None))
        assert unseal(child, body, bound) == b"data"


def test_any_flipped_bit_of_a_ciphertext_is_noticed(memory_place: Place) -> None:
    with memory_place.create() as vault:
        made = vault.key_use.encrypt(None, SecretBytes(b"data"), None)
        for bit in range(len(made) * 8):
            changed = bytearray(made)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(LangoError) as caught:
                vault.key_use.decrypt(None, bytes(changed), None)
            assert caught.value.code in (14, 16, 43)


def test_wrapped_keys_are_wrapped_anew_but_for_destroyed_ones(memory_place: Place) -> None:
    with memory_place.create() as vault:
        set_value(vault, "a", b"value")
        vault.registry.rotate("default")
        for algorithm in ALGORITHMS:
            vault.registry.create(algorithm, SIGNING, algorithm, default=False)
        vault.registry.create("gone", ENCRYPTION, "aes-256-gcm", default=False)
        vault.registry.destroy("gone")
        signature = vault.key_use.sign("ed25519", b"message")
        old, new = vault.bundle.wrapping, WrappingKey(random_bytes(32))
        with vault.store.write():
            assert rewrap_all(vault.store, old, new, vault.envelope.vault_bytes) == 5
        rewrapped = Keys(vault.store, new, vault.envelope.vault_bytes)
        found = rewrapped.newest(SIGNING, "ed25519")
        vault.keys._wrapping = new
        assert vault.key_use.verify("ed25519", b"message", signature) == found.version
        assert value_of(vault, "a") == b"value"
        with pytest.raises(Tampered), vault.store.write():
            rewrap_all(vault.store, old, new, vault.envelope.vault_bytes)


def test_keys_of_every_kind_and_state_outlive_a_rekey(memory_place: Place) -> None:
    with memory_place.create() as vault:
        held = fill(vault, 5)
        vault.registry.rotate("default")
        signatures = {}
        for algorithm in ALGORITHMS:
            vault.registry.create(algorithm, SIGNING, algorithm, default=False)
            signatures[algorithm] = vault.key_use.sign(algorithm, b"message")
        sealed = vault.key_use.encrypt(None, SecretBytes(b"data"), b"context")
        vault.registry.create("gone", ENCRYPTION, "aes-256-gcm", default=False)
        vault.registry.destroy("gone")
        vault.registry.change_state("hmac-sha256", "retire")
        before = [(key.name, key.state, states(key)) for key in vault.registry.list()]
        rekey(vault, Unwatched())
    with memory_place.open() as vault:
        found = [(key.name, key.state, states(key)) for key in vault.registry.list()]
        assert found == before
        for algorithm, signature in signatures.items():
            assert vault.key_use.verify(algorithm, b"message", signature) == 1
        assert vault.key_use.decrypt(None, sealed, b"context").reveal() == b"data"
        assert not list(checking.wrapped_keys(vault))
        vault.registry.rotate("default", Unwatched())
        assert everything(vault) == held


def test_a_check_finds_a_wrapped_key_that_was_changed_and_passes_over_lost_values(
    memory_place: Place,
) -> None:
    with memory_place.create() as vault:
        vault.registry.create("s", SIGNING, "ed25519", default=False)
        vault.registry.create("k", ENCRYPTION, "aes-256-gcm", default=False)
        vault.secrets.set("lost", SecretBytes(b"value"), key="k")
        vault.secrets.set("kept", SecretBytes(b"value"))
        vault.registry.destroy("k", 1)
        assert not list(checking.values(vault, Unwatched()))
        assert not list(checking.wrapped_keys(vault))
        with vault.store.write():
            vault.store.run(
                "UPDATE key_versions SET wrapped = zeroblob(60)"
                " WHERE key_id = (SELECT id FROM keys WHERE name = 's')"
            )
        (problem,) = checking.wrapped_keys(vault)
        assert problem.startswith("key s, version 1")


def test_a_destroyed_key_is_erased_from_the_file(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.registry.create("k", ENCRYPTION, "aes-256-gcm", default=False)
        vault.registry.destroy("k")
        found = vault.store.rows(
            "SELECT v.state, length(v.wrapped) FROM key_versions v JOIN keys k"
            " ON k.id = v.key_id WHERE k.name = 'k'"
        )
        assert found == [("destroyed", 0)]
        with pytest.raises(KeyUnusable):
            vault.keys.active("k")


def test_values_that_came_after_the_question_are_not_lost_with_it(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.registry.create("k", ENCRYPTION, "aes-256-gcm", default=False)
        assert vault.registry.dependents("k") == 0
        vault.secrets.set("a", SecretBytes(b"value"), key="k")
        with pytest.raises(Conflict, match="1 value depends on key k"):
            vault.registry.destroy("k", 0)
        assert value_of(vault, "a") == b"value"


def test_a_running_process_notices_that_a_key_was_disabled(memory_place: Place) -> None:
    with memory_place.create() as vault:
        vault.registry.create("k", ENCRYPTION, "aes-256-gcm", default=False)
        vault.secrets.set("a", SecretBytes(b"value"), key="k")
        assert value_of(vault, "a") == b"value"
        with memory_place.open() as other:
            other.registry.change_state("k", "disable")
        with pytest.raises(KeyUnusable):
            value_of(vault, "a")
        assert [name for name, _ in vault.secrets.for_masking()] == ["a"]
        with pytest.raises(KeyUnusable):
            vault.secrets.set("b", SecretBytes(b"value"), key="k")


def test_the_use_of_a_key_is_noted_once_an_hour(memory_place: Place) -> None:
    now = [1_800_000_000.0]
    memory_place.clock = lambda: now[0]
    with memory_place.create() as vault:
        set_value(vault, "a", b"value")
        seen = []
        for later in (100, 3_500, 101, 3_600):
            now[0] += later
            value_of(vault, "a")
            seen.append(vault.registry.show("default").last_used_at)
    assert seen == [1_800_000_000.0, 1_800_003_600.0, 1_800_003_600.0, 1_800_007_301.0]


def test_a_state_that_does_not_exist_is_tampering(memory_place: Place) -> None:
    with memory_place.create() as vault:
        set_value(vault, "a", b"value")
        with vault.store.write():
            vault.store.run("UPDATE key_versions SET state = 'activ'")
        with pytest.raises(Tampered):
            value_of(vault, "a")


ORDER = ("active", "retired", "disabled", "destroyed")


class Registered(RuleBasedStateMachine):
    """A key and its versions against the table in the registry's docstring."""

    folder: Path

    @initialize()
    def make(self) -> None:
        """A vault with a key `k` that is no default, each of whose versions sealed one value."""
        self.place = Place(self.folder / random_bytes(8).hex())
        self.vault = self.place.create()
        self.vault.registry.create("k", ENCRYPTION, "aes-256-gcm", default=False)
        self.key, self.versions = "active", {1: "active"}
        self.sealed: dict[int, str] = {}
        self.seal()

    def effective(self, version: int) -> str:
        return max(self.key, self.versions[version], key=ORDER.index)

    def attempt(self, verb: str, reference: str) -> bool:
        try:
            if verb == "rotate":
                self.vault.registry.rotate("k")
            elif verb == "destroy":
                self.vault.registry.destroy(reference, 10**6)
            else:
                self.vault.registry.change_state(reference, verb)
        except (KeyUnusable, Conflict):
            return False
        return True

    @rule()
    def seal(self) -> None:
        """New values are sealed by the newest version if it is active, and by none else."""
        newest = max(self.versions)
        name = f"by {newest}"
        try:
            self.vault.secrets.set(name, SecretBytes(name.encode()), key="k")
            sealed = True
        except KeyUnusable:
            sealed = False
        assert sealed == (self.effective(newest) == "active")
        if sealed:
            self.sealed[newest] = name

    @rule()
    def rotate(self) -> None:
        newest = max(self.versions)
        if self.attempt("rotate", "k"):
            assert self.key == "active"
            if self.versions[newest] == "active":
                self.versions[newest] = "retired"
            self.versions[newest + 1] = "active"
        else:
            assert self.key != "active"

    @rule(verb=st.sampled_from(["enable", "disable", "retire", "destroy"]), chosen=st.integers(0))
    def change(self, verb: str, chosen: int) -> None:
        """A verb on the key, or on one version."""
        numbers = [0, *self.versions]
        number = numbers[chosen % len(numbers)]
        if verb == "destroy" and not number and chosen % 5:
            return
        state = self.versions[number] if number else self.key
        allowed = state != "destroyed" and not (verb == "retire" and state == "disabled")
        assert self.attempt(verb, f"k@{number}" if number else "k") == allowed
        if not allowed:
            return
        wanted = {
            "enable": "active",
            "disable": "disabled",
            "retire": "retired",
            "destroy": "destroyed",
        }[verb]
        if not number:
            self.key = wanted
            if verb == "destroy":
                self.versions = dict.fromkeys(self.versions, "destroyed")
        elif wanted == "active" and number != max(self.versions):
            self.versions[number] = "retired"
        else:
            self.versions[number] = wanted

    @invariant()
    def states_and_values_are_as_they_should_be(self) -> None:
        key = self.vault.registry.show("k")
        assert (key.state, states(key)) == (self.key, self.versions)
        for version, name in self.sealed.items():
            opens = self.effective(version) in ("active", "retired")
            try:
                assert value_of(self.vault, name) == name.encode()
                assert opens
            except KeyUnusable:
                assert not opens

    def teardown(self) -> None:
        self.vault.close()


def test_states_are_those_of_the_table_whatever_is_done(memory_folder: Path) -> None:
    class Here(Registered):
        folder = memory_folder

    few = settings(max_examples=25, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(Here, settings=few)


def test_what_is_not_there_or_not_meant_for_it_is_refused(memory_place: Place) -> None:
    with memory_place.create() as vault:
        with pytest.raises(KeyNotFound):
            vault.key_use.sign(None, b"no default to sign with")
        vault.registry.create("k", SIGNING, "ed25519", default=False)
        with pytest.raises(UsageProblem):
            vault.key_use.encrypt("k", SecretBytes(b""), None)
        with pytest.raises(UsageProblem):
            vault.key_use.export("default")
        with pytest.raises(KeyNotFound):
            vault.registry.dependents("k@2")

"""Slots: every one leads to the same master key, and none of them can be passed off as another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lango_cli.codec import b64
from lango_cli.crypto import passphrase
from lango_cli.crypto.aead import unseal
from lango_cli.crypto.keys import SlotKey, header_key, new_master_key
from lango_cli.crypto.mac import random_bytes, same
from lango_cli.crypto.recipient import new_seed, open_from, public_of
from lango_cli.errors import (
    Conflict,
    KeyNotFound,
    LangoError,
    Locked,
    NotApplicable,
    Tampered,
    UsageProblem,
    WrongKey,
)
from lango_cli.secret import SecretBytes
from lango_cli.vault.bundle import Bundle, decode
from lango_cli.vault.create import NewSlot, create_vault
from lango_cli.vault.envelope import hand_over, open_slot
from lango_cli.vault.unlocking import in_order, open_with
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
    from collections.abc import Callable

    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.vault import Vault

CHEAP = {"memory_kib": 64, "passes": 1, "lanes": 1}


@pytest.fixture
def place_(memory_place: Place) -> Place:
    """A closed vault with a keyfile and a passphrase slot and one value."""
    with memory_place.create(passphrase=True) as vault:
        set_value(vault, "name", b"value")
    return memory_place


def envelope_of(place: Place) -> Envelope:
    """The header as it stands on disk."""
    return place.home.read_header(place.warnings.append)


def add_recovery(vault: Vault) -> SecretBytes:
    """A third slot; what opens it."""
    entropy = SecretBytes(random_bytes(32))
    vault.slots.add("recovery", "words", entropy, "hkdf-sha256")
    return entropy


# The same key.


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["passphrase", "recovery", "keyfile", "keyring"]),
            st.sampled_from(["hkdf-sha256", "pbkdf2-sha256", "argon2id"]),
            st.binary(max_size=40),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_slot_gives_the_same_master_key(
    memory_place: Place,
    monkeypatch: pytest.MonkeyPatch,
    wishes: list[tuple[str, str, bytes]],
) -> None:
    monkeypatch.setattr(passphrase, "ARGON2_MEMORY_KIB", CHEAP["memory_kib"])
    monkeypatch.setattr(passphrase, "ARGON2_PASSES", CHEAP["passes"])
    place = Place(memory_place.root / random_bytes(6).hex())
    slots = [
        NewSlot(kind, f"slot {number}", SecretBytes(held), kdf)
        for number, (kind, kdf, held) in enumerate(wishes)
    ]
    warn = place.warnings.append
    create_vault(place.home, random_bytes(16).hex(), slots, place.policy, warn).close()
    envelope = envelope_of(place)
    keys = [
        open_slot(envelope, slot, new.credential)
        for slot, new in zip(envelope.slots, slots, strict=True)
    ]
    assert all(same(key.reveal(), keys[0].reveal()) for key in keys)
    for slot in envelope.slots:
        with pytest.raises(WrongKey):
            open_slot(envelope, slot, SecretBytes(b"something else entirely"))


def test_a_passphrase_of_any_shape_opens_its_slot_and_no_other_does(place_: Place) -> None:
    shapes = (
        b"'; DROP TABLE meta; --",
        b'"',
        "\u00fcn\u00efcode \U0001f511".encode(),
        b"\x00 in \x00 it",
        b"x" * 2**20,
    )
    for shape in shapes:
        with place_.open() as vault:
            vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(shape), None)
        with place_.open(Passphrase(shape)) as vault:
            assert value_of(vault, "name") == b"value"
        for wrong in (shape + b"\n", shape[:-1], shape.swapcase() + b"x", b"", PASSPHRASE):
            with pytest.raises(WrongKey):
                place_.open(Passphrase(wrong))


def test_one_derivation_is_made_for_each_passphrase_slot_that_is_tried(
    place_: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    real = passphrase.pbkdf2_sha256

    def counted(text: bytes, salt: bytes, rounds: int) -> bytes:
        calls.append(rounds)
        return real(text, salt, rounds)

    monkeypatch.setattr(passphrase, "pbkdf2_sha256", counted)
    place_.open(Passphrase(PASSPHRASE)).close()
    assert len(calls) == 1
    with pytest.raises(WrongKey):
        place_.open(Passphrase(b"wrong"))
    assert len(calls) == 2
    place_.open().close()
    assert len(calls) == 2


# Changing them.


def test_a_changed_passphrase_touches_its_slot_alone(place_: Place) -> None:
    before = {slot.label: slot.document() for slot in envelope_of(place_).slots}
    database = place_.database.stat().st_ino
    with place_.open() as vault:
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(b"new"), None)
    after = {slot.label: slot.document() for slot in envelope_of(place_).slots}
    assert after[KEYFILE_SLOT] == before[KEYFILE_SLOT]
    changed = {
        name
        for name in before[PASSPHRASE_SLOT]
        if after[PASSPHRASE_SLOT][name] != before[PASSPHRASE_SLOT][name]
    }
    assert changed == {"kdf", "public_key", "sealed_seed", "wrapped"}
    assert place_.database.stat().st_ino == database
    with pytest.raises(WrongKey):
        place_.open(Passphrase(PASSPHRASE))
    place_.open(Passphrase(b"new")).close()


def test_the_cost_of_a_passphrase_never_goes_down(
    place_: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "calibrated_rounds", lambda: 3_000)
    with place_.open() as vault:
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(b"a"), None)
        assert envelope_of(place_).slots[1].kdf["rounds"] == 3_000
        monkeypatch.setattr(passphrase, "calibrated_rounds", lambda: 1_000)
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(b"b"), None)
        assert envelope_of(place_).slots[1].kdf["rounds"] == 3_000


def test_the_last_slot_cannot_go(place_: Place) -> None:
    with place_.open() as vault:
        vault.slots.remove(PASSPHRASE_SLOT)
        with pytest.raises(Conflict, match="last slot"):
            vault.slots.remove(KEYFILE_SLOT)
        assert [info.label for info in vault.slots.list()] == [KEYFILE_SLOT]
    place_.open().close()


def test_a_slot_that_was_removed_opens_nothing_and_its_twin_still_does(place_: Place) -> None:
    with place_.open() as vault:
        twin = SecretBytes(b"twin")
        vault.slots.add("passphrase", "twin", twin, "pbkdf2-sha256")
        vault.slots.remove(PASSPHRASE_SLOT)
    with pytest.raises(WrongKey):
        place_.open(Passphrase(PASSPHRASE))
    with place_.open(Passphrase(b"twin")) as vault:
        assert value_of(vault, "name") == b"value"
        assert_sound(vault)


def test_labels_are_unique_printable_and_no_ids(place_: Place) -> None:
    with place_.open() as vault:
        for label in ("", " a", "a ", "a\nb", "x" * 65, "c0ffee", "\udc80"):
            with pytest.raises(UsageProblem):
                vault.slots.rename(PASSPHRASE_SLOT, label)
        with pytest.raises(Conflict):
            vault.slots.rename(PASSPHRASE_SLOT, KEYFILE_SLOT)
        with pytest.raises(Conflict):
            vault.slots.add("recovery", KEYFILE_SLOT, SecretBytes(b"x"), "hkdf-sha256")
        with pytest.raises(KeyNotFound):
            vault.slots.remove("nobody")
        with pytest.raises(KeyNotFound):
            vault.slots.remove("")
        assert vault.slots.rename(PASSPHRASE_SLOT, PASSPHRASE_SLOT).label == PASSPHRASE_SLOT


def test_slot_changes_are_announced_before_and_confirmed_after(place_: Place) -> None:
    with place_.open() as vault:
        add_recovery(vault)
        vault.slots.remove("words")
        assert events(vault)[-4:] == ["slot.add", "slot.add", "slot.remove", "slot.remove"]


def test_an_unlock_session_cannot_change_slots(place_: Place) -> None:
    with place_.open() as vault:
        kept = vault.bundle.encode()
    with place_.open_session(kept) as vault:
        set_value(vault, "name", b"newer")
        deeds: tuple[Callable[[], object], ...] = (
            lambda: vault.slots.remove(PASSPHRASE_SLOT),
            lambda: vault.slots.rename(PASSPHRASE_SLOT, "mine"),
            lambda: vault.slots.add("passphrase", "x", SecretBytes(b"x"), "pbkdf2-sha256"),
            lambda: vault.slots.change_credential(
                PASSPHRASE_SLOT, "passphrase", SecretBytes(b"x"), None
            ),
        )
        for deed in deeds:
            with pytest.raises(Locked):
                deed()


def test_two_processes_that_change_slots_at_once_lose_neither_change(place_: Place) -> None:
    """Both opened the vault before; each reads the header again under the lock."""
    with place_.open() as one, place_.open() as other:
        one.slots.rename(PASSPHRASE_SLOT, "mine")
        entropy = add_recovery(other)
        one.slots.rename(KEYFILE_SLOT, "that computer")
    envelope = envelope_of(place_)
    assert [slot.label for slot in envelope.slots] == ["that computer", "mine", "words"]
    open_slot(envelope, envelope.slots[2], entropy)


def test_a_passphrase_that_somebody_else_changed_meanwhile_is_a_conflict(
    place_: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place_.open() as one, place_.open() as other:
        real = passphrase.calibrated_rounds

        def meanwhile(*_arguments: Any) -> int:
            monkeypatch.setattr(passphrase, "calibrated_rounds", real)
            other.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(b"o"), None)
            return real()

        monkeypatch.setattr(passphrase, "calibrated_rounds", meanwhile)
        with pytest.raises(Conflict):
            one.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(b"1"), None)
    place_.open(Passphrase(b"o")).close()


def test_a_slot_opens_without_the_database_and_tells_right_from_wrong(place_: Place) -> None:
    envelope = envelope_of(place_)
    place_.database.unlink()
    open_slot(envelope, envelope.slots[1], SecretBytes(PASSPHRASE))
    with pytest.raises(WrongKey):
        open_slot(envelope, envelope.slots[1], SecretBytes(b"wrong"))


# Passing off.


def test_a_public_key_in_another_ones_place_is_tampering_even_under_a_good_mac(
    place_: Place,
) -> None:
    """Whoever learnt the master key could else have the next one sealed to themselves."""
    envelope = envelope_of(place_)
    slot = envelope.slots[1]
    master = open_slot(envelope, slot, SecretBytes(PASSPHRASE))
    slot.public_key = public_of(new_seed())
    place_.home.write_header(envelope, header_key(master, envelope.vault_bytes))
    with pytest.raises(Tampered, match="public key"):
        place_.open(Passphrase(PASSPHRASE))
    place_.open().close()


@pytest.mark.parametrize("member", ["sealed_seed", "wrapped"])
def test_the_parts_of_two_slots_do_not_fit_one_another(place_: Place, member: str) -> None:
    """Both slots have the same credential and the same salt, so that only the binding differs."""
    with place_.open() as vault:
        key = place_.make_keyfile()
        vault.slots.add("keyfile", "twin", key, "hkdf-sha256")
    envelope = envelope_of(place_)
    one, twin = envelope.slots[0], envelope.slots[2]
    master = open_slot(envelope, one, key)
    setattr(twin, member, getattr(one, member))
    twin.kdf = one.kdf
    place_.home.write_header(envelope, header_key(master, envelope.vault_bytes))
    with pytest.raises((WrongKey, Tampered)):
        open_slot(envelope_of(place_), envelope_of(place_).slots[2], key)


@pytest.mark.parametrize(
    "change",
    [
        {"rounds": 999},
        {"rounds": passphrase.PBKDF2_MAX_ROUNDS + 1},
        {"rounds": 2**52},
        {"name": "argon2id", "memory_kib": 2**40, "passes": 3, "lanes": 4},
        {"name": "argon2id", "memory_kib": 65536, "passes": 65, "lanes": 4},
        {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 65},
        {"name": "argon2id", "memory_kib": 7, "passes": 3, "lanes": 1},
    ],
    ids=str,
)
def test_kdf_parameters_out_of_bounds_are_tampering_and_nothing_is_derived(
    place_: Place, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    def derived(*_arguments: Any) -> bytes:
        raise AssertionError("the KDF ran")

    for function in ("_pbkdf2", "_argon2id"):
        monkeypatch.setattr(passphrase, function, derived)
    document = json.loads(place_.read("vault.json"))
    kdf = {"name": "pbkdf2-sha256", "salt": b64(bytes(16)), **change}
    document["slots"][1]["kdf"] = kdf
    text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    for name in ("vault.json", "vault.json.2"):
        (place_.folder / name).write_bytes(text)
    with pytest.raises(Tampered):
        place_.open(Passphrase(PASSPHRASE))


def test_a_kdf_of_a_newer_lango_is_passed_over(place_: Place) -> None:
    """In a header that a newer lango of the same format wrote."""
    envelope = envelope_of(place_)
    master = open_slot(envelope, envelope.slots[0], place_.make_keyfile())
    envelope.slots[1].kdf = {"name": "later", "anything": [1, {"x": None}]}
    place_.home.write_header(envelope, header_key(master, envelope.vault_bytes))
    with pytest.raises(WrongKey):
        place_.open(Passphrase(PASSPHRASE))
    place_.open().close()


# Handing over.


def test_a_new_master_key_reaches_a_slot_whose_owner_is_away(place_: Place) -> None:
    envelope = envelope_of(place_)
    slot = envelope.slots[1]
    old = open_slot(envelope, slot, SecretBytes(PASSPHRASE))
    new = new_master_key()
    envelope.generation += 1
    for each in envelope.slots:
        hand_over(envelope, each, new)
    key = header_key(new, envelope.vault_bytes)
    envelope.render(key)
    found = open_slot(envelope, slot, SecretBytes(PASSPHRASE))
    assert same(found.reveal(), new.reveal())
    assert not same(found.reveal(), old.reveal())
    assert slot.wrapped_how == "hpke"


def test_whoever_learnt_the_old_master_key_does_not_learn_the_new_one(place_: Place) -> None:
    """It opens nothing of what was sealed to a slot, nor verifies the new header."""
    envelope = envelope_of(place_)
    slot = envelope.slots[1]
    old = open_slot(envelope, slot, SecretBytes(PASSPHRASE))
    envelope.generation += 1
    hand_over(envelope, slot, new_master_key())
    for key in (SlotKey(old.reveal()), SlotKey(header_key(old, envelope.vault_bytes).reveal())):
        for blob in (slot.wrapped, slot.sealed_seed):
            with pytest.raises(Tampered):
                unseal(key, blob, b"")
    with pytest.raises(Tampered):
        open_from(new_seed(), slot.wrapped, b"")
    with pytest.raises(Tampered):
        envelope.verify(header_key(old, envelope.vault_bytes))
    with pytest.raises(Tampered):
        open_slot(envelope, slot, SecretBytes(PASSPHRASE))


def test_a_slot_left_behind_in_an_older_generation_is_tampering(place_: Place) -> None:
    envelope = envelope_of(place_)
    slot = envelope.slots[1]
    master = open_slot(envelope, slot, SecretBytes(PASSPHRASE))
    envelope.generation += 1
    envelope.render(header_key(master, envelope.vault_bytes))
    with pytest.raises(Tampered, match="generation"):
        open_slot(envelope, slot, SecretBytes(PASSPHRASE))


# Sources and sessions.


class Source:
    """A source that does what it is told."""

    def __init__(self, answer: SecretBytes | LangoError, *, explicit: bool = False) -> None:
        self.name = "a source"
        self.interactive = False
        self.explicit = explicit
        self.asked = 0
        self._answer = answer

    def offer(self, slot: object) -> SecretBytes:
        """The answer, or the error."""
        self.asked += 1
        if isinstance(self._answer, LangoError):
            raise self._answer
        return self._answer


def test_only_not_mine_and_a_wrong_key_of_nobodys_choice_let_the_next_source_try(
    place_: Place,
) -> None:
    envelope = envelope_of(place_)
    slots = in_order(envelope, None, "")
    good = place_.keyfile()
    warn = place_.warnings.append
    for answer in (NotApplicable("not mine"), SecretBytes(b"wrong")):
        assert open_with(envelope, [Source(answer), good], slots, warn).source == good.name
    for error in (Tampered("a damaged byte"), Locked("a refusal")):
        with pytest.raises(type(error)):
            open_with(envelope, [Source(error), good], slots, warn)
    for answer in (NotApplicable("not mine"), SecretBytes(b"wrong")):
        following = Source(NotApplicable("never asked"))
        with pytest.raises(WrongKey):
            open_with(envelope, [Source(answer, explicit=True), following], slots, warn)
        assert following.asked == 0


def test_without_a_source_that_works_the_vault_is_locked_and_every_reason_given(
    place_: Place,
) -> None:
    envelope = envelope_of(place_)
    sources = [Source(NotApplicable("first reason")), Source(NotApplicable("second reason"))]
    with pytest.raises(Locked, match=r"first reason.*second reason"):
        open_with(envelope, sources, envelope.slots, place_.warnings.append)


def test_a_session_of_another_generation_does_not_apply(place_: Place) -> None:
    with place_.open() as vault:
        bundle = vault.bundle
    kept = bundle.encode()
    assert isinstance(decode(kept, bundle.vault, bundle.generation), Bundle)
    for vault_id, generation in ((bundle.vault, 2), ("00" * 16, 1), (bundle.vault, 0)):
        with pytest.raises(NotApplicable):
            decode(kept, vault_id, generation)
    for data in (kept.reveal()[:-1], kept.reveal() + b"\0", b"", b"LGB2" + kept.reveal()[4:]):
        with pytest.raises(NotApplicable):
            decode(SecretBytes(data), bundle.vault, 1)


def test_a_session_keeps_no_master_key(place_: Place) -> None:
    envelope = envelope_of(place_)
    master = open_slot(envelope, envelope.slots[1], SecretBytes(PASSPHRASE))
    with place_.open() as vault:
        assert master.reveal() not in vault.bundle.encode().reveal()
        opened = vault.master
        assert opened is not None
    assert not any(opened.reveal()), "the master key is wiped when the vault closes"

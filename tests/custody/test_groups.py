"""Slots that several open together: people, keyfiles, words, and keys that custodians keep."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.codec import canonical, parse_canonical
from lango_cli.crypto import passphrase as passphrases
from lango_cli.crypto.mac import digest
from lango_cli.errors import (
    Conflict,
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    LangoError,
    Locked,
    NewerFormat,
    Tampered,
    UsageProblem,
    WrongKey,
)
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.vault import grouping, groups, header, rekey, rows
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF, NONE, open_slot, slot_key
from lango_cli.vault.grouping import find_member, opened_by
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Group, Keeper
from lango_cli.wiring import (
    drilling,
    fallback,
    grouped,
    making,
    opening,
    rekeying,
    slotting,
)
from tests.cli.test_making import quiet
from tests.custody.test_kept_slots import ONE, TWO, far, flags
from tests.vault.place import ROUNDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from tests.custody.far import Far

__all__ = ["far", "flags"]

PHRASES = {"alice": "alice knows this", "bob": "bob knows that"}
VALUE = SecretBytes(b"value")


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost little here."""
    monkeypatch.setattr(passphrases, "PBKDF2_MIN_ROUNDS", ROUNDS)
    monkeypatch.setattr(passphrases, "calibrated_rounds", lambda *_a, **_k: ROUNDS)


class People:
    """Who sits at the terminal: what each types when asked, in turn; the last one for ever."""

    def __init__(self, **answers: str | list[str]) -> None:
        self.answers = {
            name: [typed] if isinstance(typed, str) else list(typed)
            for name, typed in answers.items()
        }
        self.asked: list[str] = []

    def secret(self, prompt: str) -> SecretText:
        self.asked.append(prompt)
        for name, typed in self.answers.items():
            if f"of {name}," in prompt or prompt.endswith(name):
                return SecretText(typed.pop(0) if len(typed) > 1 else typed[0])
        return SecretText("")

    def new_secret(self, prompt: str) -> SecretText:
        return self.secret(prompt)

    def words(self, prompt: str, count: int) -> SecretText:
        assert count == 24
        return self.secret(prompt)


def materials(flags: Flags, vault: Vault, *members: str) -> list[NewSlot]:
    """What members hold: a name is a passphrase, a path a keyfile, a URI a custodian's key."""
    found = []
    for member in members:
        if ":" in member:
            new = slotting.keeping(flags, None).new_slot(member, vault.id, member[-20:])
        elif "/" in member:
            new = slotting.keyfile_slot(
                member, "box", "pbkdf2-sha256", slotting.Undo(), given=True
            )
        elif member == "words":
            new = slotting.recovery_slot(SecretBytes(bytes(range(32))), "words")
        else:
            text = SecretBytes(PHRASES[member].encode())
            new = slotting.passphrase_slot(text, member, "pbkdf2-sha256")
        found.append(new)
    return found


def made(flags: Flags, threshold: int, *members: str, keyfile: bool = False) -> str:
    """A vault that these members open together, and nothing else unless there is a keyfile."""
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        vault.secrets.set("db/main", VALUE)
        news = materials(flags, vault, *members)
        new = grouped.new_group(vault, news, threshold, "group")
        info = slotting.add(vault, new, slotting.Undo(), quiet)
        if not keyfile:
            vault.slots.remove("keyfile")
        return info.id


def opened(flags: Flags, ask: Any = None, said: list[str] | None = None) -> str:
    """By whom the vault opens now, after a look at the secret."""
    with opening.open_vault(flags, ask, quiet if said is None else said.append) as vault:
        assert vault.secrets.get("db/main").value == VALUE
        return vault.unlocked_by


def header_of(flags: Flags) -> Envelope:
    return opening.home_of(opening.folders_of(flags)).read_header(quiet)


def changed(flags: Flags, change: Callable[[dict[str, Any]], object]) -> None:
    """Write the header anew, as somebody might who has no key."""
    home = opening.home_of(opening.folders_of(flags))
    with open(home.path("vault.json"), "rb") as file:
        document = parse_canonical(file.read()[:-1], "the header")
    change(document)
    for name in ("vault.json", "vault.json.2"):
        with open(home.path(name), "wb") as file:
            file.write(canonical(document) + b"\n")


@pytest.fixture
def box(tmp_path: Path) -> str:
    """Where a keyfile member's file is."""
    return str(tmp_path / "box")


@pytest.fixture
def shared(flags: Flags, tmp_path: Path, box: str) -> Flags:
    """A vault that two of Alice, Bob and a keyfile open."""
    made(flags, 2, "alice", "bob", box)
    for name, phrase in PHRASES.items():
        path = tmp_path / name
        path.write_text(phrase)
        path.chmod(0o600)
    return flags


@pytest.mark.usefixtures("far")
def test_any_two_of_the_members_open_it_and_no_one_alone(shared: Flags, tmp_path: Path) -> None:
    names = {name: str(tmp_path / name) for name in ("alice", "bob", "box")}
    for pair in itertools.permutations(names, 2):
        shared.share = tuple(names[name] for name in pair)
        assert opened(shared) == f"group: {', '.join(sorted(pair))}"
    for one in names.values():
        shared.share = (one,)
        with pytest.raises(Locked, match="1 of 2 shares of slot group"):
            opened(shared)


def test_a_share_is_no_credential_of_the_slot(shared: Flags) -> None:
    envelope = header_of(shared)
    (slot,) = envelope.slots
    for number, name in ((1, "alice"), (2, "bob")):
        member = slot.members[number - 1]
        key = slot_key(member.kdf, SecretBytes(PHRASES[name].encode()))
        share = grouping.open_share(envelope, slot, number, key)
        for held in (share, SecretBytes(PHRASES[name].encode())):
            with pytest.raises(Tampered):
                open_slot(envelope, slot, held)


def test_people_are_asked_by_name_and_no_more_of_them_than_it_takes(shared: Flags) -> None:
    people = People(**PHRASES)
    assert opened(shared, people) == "group: alice, bob"
    assert people.asked == [
        "Passphrase of alice, for slot group (empty: without it)",
        "Passphrase of bob, for slot group (empty: without it)",
    ]


def test_what_needs_no_person_is_tried_first(flags: Flags, far: Far) -> None:
    made(flags, 2, "alice", "bob", ONE)
    people = People(**PHRASES)
    assert opened(flags, people) == f"group: alice, {ONE[-20:]}"
    assert len(people.asked) == 1
    far.down(ONE)
    said: list[str] = []
    assert opened(flags, people, said) == "group: alice, bob"
    assert said == ["aws-kms unwrap (key kek): no answer"]


def test_who_is_not_there_is_left_out_with_an_empty_line(flags: Flags, box: str) -> None:
    made(flags, 2, "alice", "bob", "words")
    people = People(alice="", bob=PHRASES["bob"], words=" ".join(slotting.words_for(WORDS)))
    assert opened(flags, people) == "group: bob, words"
    with pytest.raises(Locked, match="alice: left out; words: left out"):
        opened(flags, People(bob=PHRASES["bob"]))


WORDS = SecretBytes(bytes(range(32)))


def test_who_mistypes_is_asked_again_and_the_others_are_not(shared: Flags) -> None:
    people = People(alice=["mistyped", PHRASES["alice"]], bob=PHRASES["bob"])
    said: list[str] = []
    assert opened(shared, people, said) == "group: alice, bob"
    assert [prompt.split()[2] for prompt in people.asked] == ["alice,", "alice,", "bob,"]
    assert said == ["the passphrase does not open member alice of slot group"]
    people = People(alice="wrong", bob="wrong")
    with pytest.raises(WrongKey, match="0 of 2 shares"):
        opened(shared, people)
    assert len(people.asked) == 6


def test_without_anybody_to_ask_the_machine_s_members_count_alone(flags: Flags, far: Far) -> None:
    made(flags, 2, "alice", ONE, TWO)
    flags.no_input = True
    assert opened(flags, People(**PHRASES)) == f"group: {ONE[-20:]}, {TWO[-20:]}"
    far.down(TWO)
    with pytest.raises(CustodyUnavailable, match=r"1 of 2 shares.*alice: no passphrase given"):
        opened(flags, People(**PHRASES))


def test_a_custodian_that_refuses_ends_it(flags: Flags, far: Far) -> None:
    made(flags, 2, "alice", "bob", ONE)
    far.refusing(ONE)
    with pytest.raises(CustodyDenied):
        opened(flags, People(**PHRASES))


def test_a_file_that_is_no_member_s_is_an_error(shared: Flags, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("nobody's")
    wrong.chmod(0o600)
    shared.share = (str(tmp_path / "alice"), str(wrong))
    with pytest.raises(WrongKey, match="wrong opens no member of slot group"):
        opened(shared)
    shared.share = (str(tmp_path / "none"),)
    with pytest.raises(WrongKey, match="no file at that path"):
        opened(shared)


def test_a_way_that_is_named_needs_the_others_too(shared: Flags, tmp_path: Path) -> None:
    shared.passphrase_file = str(tmp_path / "alice")
    assert opened(shared, People(**PHRASES)) == "group: alice, bob"
    with pytest.raises(Locked, match="1 of 2"):
        opened(shared)
    shared.share = (str(tmp_path / "box"),)
    assert opened(shared) == "group: alice, box"


def test_shares_are_for_groups_alone(flags: Flags, tmp_path: Path) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    flags.share = (str(tmp_path / "x"),)
    with pytest.raises(UsageProblem, match="--share is for a slot that members open together"):
        opened(flags)


# Changing a group


def unlocked(flags: Flags) -> Vault:
    return opening.open_vault(flags, People(**PHRASES), quiet, real=True)


def test_a_new_passphrase_of_one_member_gives_all_of_them_new_shares(shared: Flags) -> None:
    before = header_of(shared).slots[0]
    with unlocked(shared) as vault:
        _, member = found(vault, "alice")
        new = replace(passphrase("alice", "quite another"), slot_id=member.id)
        grouped.replace_member(vault, new)
    after = header_of(shared).slots[0]
    assert all(
        one.share != other.share for one, other in zip(before.members, after.members, strict=True)
    )
    assert before.members[1].sealed_seed == after.members[1].sealed_seed
    assert opened(shared, People(alice="quite another", bob=PHRASES["bob"])).endswith("alice, bob")
    with pytest.raises(WrongKey):
        opened(shared, People(**PHRASES))


def test_a_custodian_s_member_moves_to_another_key(flags: Flags, far: Far) -> None:
    made(flags, 2, "alice", "bob", ONE)
    label = ONE[-20:]
    with unlocked(flags) as vault:
        _, member = found(vault, label)
        for uri in (ONE, TWO):
            credential, keeper = slotting.keeping(flags, None).wrap(uri, vault.id, member.id)
            new = NewSlot("kms", label, credential, HKDF, member.id, keeper=keeper)
            grouped.replace_member(vault, new)
    far.down(ONE)
    assert opened(flags, People(alice=PHRASES["alice"])) == f"group: alice, {label}"


def found(vault: Vault, name: str) -> Any:
    pair = find_member(vault.envelope, name)
    assert pair is not None
    return pair


def passphrase(label: str, text: str) -> NewSlot:
    return slotting.passphrase_slot(SecretBytes(text.encode()), label, "pbkdf2-sha256")


def test_a_member_comes_and_goes_without_the_others(shared: Flags, tmp_path: Path) -> None:
    with unlocked(shared) as vault:
        slot = vault.envelope.slots[0]
        new = passphrase("carol", "carol was not here before")
        carol, key = grouped.member_of(vault.envelope, slot.id, new, vault.clock)
        info = vault.groups.add_member("group", carol, key, 3)
        assert info.kdf == "3 of alice, bob, box, carol"
    people = People(**PHRASES, carol="carol was not here before")
    with pytest.raises(Locked, match="2 of 3 shares"):
        opened(shared, People(**PHRASES))
    assert opened(shared, people) == "group: alice, bob, carol"
    with opening.open_vault(shared, people, quiet, real=True) as vault:
        alice = found(vault, "alice")[1]
        assert alice.id in rows.slot_use(vault.store)
        vault.groups.remove_member("group", alice, 2)
        assert alice.id not in rows.slot_use(vault.store)
    assert opened(shared, people) == "group: bob, carol"
    shared.share = (str(tmp_path / "alice"),)
    with pytest.raises(WrongKey, match="opens no member"):
        opened(shared, people)


def test_old_shares_do_not_go_with_new_ones(shared: Flags) -> None:
    """A copy of the header from before the change, put back in part, opens nothing."""
    before = header_of(shared).document()["slots"][0]["group"]["members"]
    with unlocked(shared) as vault:
        vault.groups.remove_member("group", found(vault, "box")[1], None)
    for place in (0, 1):

        def put_back(document: dict[str, Any], place: int = place) -> None:
            document["slots"][0]["group"]["members"][place] = before[place]

        changed(shared, put_back)
        with pytest.raises(Tampered):
            opened(shared, People(**PHRASES))


def test_a_group_is_never_left_with_too_few_members(shared: Flags) -> None:
    with unlocked(shared) as vault:
        vault.groups.remove_member("group", found(vault, "box")[1], None)
        with pytest.raises(Conflict, match="a group has 2 to 16 members"):
            vault.groups.remove_member("group", found(vault, "alice")[1], None)
        with pytest.raises(UsageProblem, match="cannot have a threshold of 3"):
            groups.check_size(2, 3)
        vault.groups.rename_member("group", found(vault, "alice")[1], "a b")
        with pytest.raises(Conflict, match="the last slot cannot be removed"):
            vault.slots.remove("group")
    assert opened(shared, People(**{"a b": PHRASES["alice"], "bob": PHRASES["bob"]}))


def test_labels_are_of_slots_and_members_alike(shared: Flags) -> None:
    with unlocked(shared) as vault:
        slot = vault.envelope.slots[0]
        held, key = grouped.member_of(
            vault.envelope, slot.id, passphrase("bob", "another bob"), vault.clock
        )
        with pytest.raises(Conflict, match="there is a member labelled bob"):
            vault.groups.add_member("group", held, key, None)
        with pytest.raises(Conflict, match="there is a member labelled bob"):
            vault.slots.add("passphrase", "bob", SecretBytes(b"one more bob"), "pbkdf2-sha256")
        with pytest.raises(Conflict, match="there is a slot labelled group"):
            vault.groups.rename_member("group", found(vault, "bob")[1], "group")
        with pytest.raises(KeyNotFound, match="bob is a member of slot group"):
            find_slot(vault.envelope, "bob")


def test_a_public_key_that_its_owner_did_not_give_gets_no_share(shared: Flags) -> None:
    with unlocked(shared) as vault:
        member = found(vault, "bob")[1]
        with vault.store.write():
            rows.confirm_slot(vault.store, member.id, 1, digest(b"another key"))
        with pytest.raises(Tampered, match="did not confirm"):
            vault.groups.rename_member("group", member, "robert")


# What would make it pointless


def test_what_opens_a_slot_by_itself_is_no_member(flags: Flags, far: Far, box: str) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True, kms=ONE), quiet) as vault:
        vault.slots.add(
            "passphrase", "me", SecretBytes(PHRASES["alice"].encode()), "pbkdf2-sha256"
        )
        path = making.keyfile_path(flags)
        for member in ("alice", path, ONE):
            news = materials(flags, vault, member, "bob")
            with pytest.raises(Conflict, match="by itself: the group would protect nothing"):
                grouped.new_group(vault, news, 2, "group")
        twice = materials(flags, vault, "bob", "bob")
        with pytest.raises(Conflict, match="holds what another member holds"):
            grouped.new_group(vault, twice, 2, "group")


def test_what_a_member_holds_becomes_no_slot_of_its_own(shared: Flags, box: str) -> None:
    with unlocked(shared) as vault:
        for new in materials(shared, vault, "alice", box):
            with pytest.raises(Conflict, match="holds the same already"):
                slotting.add(vault, new, slotting.Undo(), quiet)


def test_a_key_that_a_member_has_is_no_slot_s_of_its_own(flags: Flags, far: Far) -> None:
    made(flags, 2, ONE, "alice", keyfile=True)
    with unlocked(flags) as vault:
        keeping = slotting.keeping(flags, None)
        for uri in (ONE, f"{ONE}&profile=another"):
            new = replace(
                keeping.new_slot(ONE, vault.id, "own"), keeper=Keeper("aws-kms", uri, b"x")
            )
            with pytest.raises(Conflict, match="holds the same already"):
                slotting.add(vault, new, slotting.Undo(), quiet)


# Where groups meet everything else


def test_a_rekey_reaches_a_group_whose_members_are_away(flags: Flags, box: str) -> None:
    made(flags, 2, "alice", "bob", box, keyfile=True)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        rekey.rekey(vault, Unwatched())
    flags.slot = "group"
    assert opened(flags, People(**PHRASES)) == "group: alice, bob"


def test_after_a_compromise_a_group_stays_only_if_enough_members_are_here(
    flags: Flags, box: str, tmp_path: Path
) -> None:
    made(flags, 2, "alice", "bob", box, keyfile=True)
    path = tmp_path / "alice"
    path.write_text(PHRASES["alice"])
    path.chmod(0o600)
    slot = next(slot.id for slot in header_of(flags).slots if slot.kind == "group")
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        assert rekeying.owners(flags, vault, [], None, quiet) == {}
        held = rekeying.owners(flags, vault, [str(path), box], None, quiet)
        assert set(held) == {slot}
        with pytest.raises(WrongKey, match="opens no other slot"):
            rekeying.owners(flags, vault, [str(path)], None, quiet)
        rekey.rekey(vault, Unwatched(), owners=held)
    flags.slot = "group"
    assert opened(flags, People(**PHRASES)) == "group: alice, bob"


def test_a_member_and_a_group_can_be_drilled(shared: Flags, tmp_path: Path) -> None:
    tried, noted = drilling.drill(shared, "alice", None, People(**PHRASES), quiet)
    assert (tried.label, tried.group, noted) == ("alice", "group", False)
    with pytest.raises(WrongKey):
        drilling.drill(shared, "bob", None, People(bob="wrong"), quiet)
    tried, noted = drilling.drill(shared, "group", None, People(**PHRASES), quiet)
    assert (tried.label, tried.group, noted) == ("group", "", True)
    shared.share = (str(tmp_path / "alice"),)
    with pytest.raises(Locked):
        drilling.drill(shared, "group", None, None, quiet)


@pytest.mark.parametrize(
    ("members", "threshold", "kept"),
    [(("alice", "bob", ONE), 2, False), (("alice", ONE, TWO), 2, True)],
)
def test_a_group_is_a_local_slot_if_it_opens_without_a_custodian(
    flags: Flags,
    far: Far,
    monkeypatch: pytest.MonkeyPatch,
    members: tuple[str, ...],
    threshold: int,
    kept: bool,
) -> None:
    monkeypatch.setenv("LANGO_UNLOCK_ORDER", "kms keyfile prompt")
    third = "aws-kms:alias/three?region=eu-west-1"
    made(flags, threshold, *members)
    with opening.open_vault(flags, People(**PHRASES), quiet, real=True) as vault:
        new = slotting.keeping(flags, None).new_slot(third, vault.id, "kms")
        slotting.add(vault, new, slotting.Undo(), quiet)
        vault.slots.set_fallback(NONE)
    assert header_of(flags).slots[0].elsewhere is kept
    assert fallback.has_it(header_of(flags))
    far.down(third)
    if kept:
        assert opened(flags, People(**PHRASES)).startswith("group: ")
    else:
        with pytest.raises(CustodyUnavailable) as caught:
            opened(flags, People(**PHRASES))
        assert "--slot group" in caught.value.hint


# The header


def test_only_a_header_with_members_is_of_the_new_format(flags: Flags, box: str) -> None:
    made(flags, 2, "alice", "bob", keyfile=True)
    assert header_of(flags).document()["format"] == 2
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        vault.slots.remove("group")
    assert header_of(flags).document()["format"] == 1


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a lower threshold": lambda group: group.update(threshold=1),
    "another threshold": lambda group: group.update(threshold=3),
    "too high a threshold": lambda group: group.update(threshold=4),
    "a member less": lambda group: group["members"].pop(),
    "one member": lambda group: group.update(members=group["members"][:1]),
    "another order": lambda group: group["members"].reverse(),
    "a member twice": lambda group: group["members"].__setitem__(0, group["members"][1]),
    "a nested group": lambda group: group["members"][0].update(kind="group"),
    "a member without a share": lambda group: group["members"][0].pop("share"),
    "another's share": lambda group: group["members"][0].update(
        share=group["members"][1]["share"]
    ),
    "another's public key": lambda group: group["members"][0].update(
        public_key=group["members"][1]["public_key"]
    ),
    "another label": lambda group: group["members"][0].update(label="mallory"),
    "a weaker KDF": lambda group: group["members"][0].update(kdf=group["members"][2]["kdf"]),
    "a custodian": lambda group: group["members"][0].update(
        custodian={"provider": "aws-kms", "uri": ONE, "wrapped": "AAAA"}
    ),
    "shares besides": lambda group: group.update(shares=[]),
    "no members": lambda group: group.update(members=[]),
    "a text": lambda group: group.update(members="alice"),
    "a list in a member's place": lambda group: group["members"].__setitem__(0, []),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_group_opens_nothing(
    shared: Flags, change: Callable[[dict[str, Any]], object]
) -> None:
    changed(shared, lambda document: change(document["slots"][0]["group"]))
    with pytest.raises(LangoError) as caught:
        opened(
            shared, People(alice=PHRASES["alice"], bob=PHRASES["bob"], mallory=PHRASES["alice"])
        )
    assert isinstance(caught.value, Tampered | WrongKey)


@pytest.mark.parametrize("format_", [1, 3, True])
def test_a_format_that_does_not_fit_is_refused(shared: Flags, format_: object) -> None:
    changed(shared, lambda document: document.update(format=format_))
    with pytest.raises((Tampered, NewerFormat)):
        opened(shared, People(**PHRASES))


def test_what_a_member_holds_is_found_by_what_it_opens(shared: Flags) -> None:
    envelope = header_of(shared)
    member = opened_by(envelope, "passphrase", SecretBytes(PHRASES["bob"].encode()))
    assert member is not None
    assert member.label == "bob"
    assert opened_by(envelope, "passphrase", SecretBytes(b"nobody")) is None
    group = envelope.slots[0].keeper
    assert isinstance(group, Group)
    again = header.parse(canonical(envelope.document() | {"mac": "A" * 43 + "="}) + b"\n")
    assert again.document() == envelope.document()

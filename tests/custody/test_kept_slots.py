"""Slots that custodians keep: what opens the vault, what may follow, and what never does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.codec import canonical, parse_canonical
from lango_cli.crypto.mac import random_bytes
from lango_cli.crypto.shamir import split
from lango_cli.errors import (
    CustodyDenied,
    CustodyUnavailable,
    KeyNotFound,
    KeyUnusable,
    Locked,
    Tampered,
    UsageProblem,
)
from lango_cli.model_custody import Context
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.vault import audit_check
from lango_cli.vault import vault as core
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF, LOCAL, NONE, PBKDF2, new_slot_id
from lango_cli.vault.header import parse
from lango_cli.vault.recipient import Group, Keeper
from lango_cli.wiring import (
    custodians,
    drilling,
    kept,
    kept_health,
    key_uris,
    making,
    menus,
    opening,
    rekeying,
    settings_edit,
    slotting,
    standing,
)
from lango_cli.wiring.flags import Flags
from tests.cli.test_making import quiet
from tests.custody.far import Far

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lango_cli.config.load import Settings
    from lango_cli.errors import LangoError
    from lango_cli.tui.draft import Draft
    from lango_cli.vault.vault import Vault

ONE = "aws-kms:alias/one?region=eu-west-1"
TWO = "aws-kms:alias/two?region=eu-west-1"
TOKEN = "pkcs11:token=t;object=kek"


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Far:
    far = Far()
    monkeypatch.setattr(custodians, "opener", far.opener)
    return far


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Far) -> Flags:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("LANGO_UNLOCK_SESSION", "process")
    (tmp_path / "run").mkdir(mode=0o700)
    flags = Flags()
    flags.home = str(tmp_path / "home")
    far.home = tmp_path / "home"
    return flags


class Person:
    """Who types at a prompt."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def secret(self, prompt: str) -> SecretText:
        self.asked.append(prompt)
        return SecretText(self.answer)

    def new_secret(self, prompt: str) -> SecretText:
        return self.secret(prompt)

    def words(self, prompt: str, count: int) -> SecretText:
        raise AssertionError(prompt, count)


def made(flags: Flags, *uris: str, keyfile: bool = False) -> None:
    """A vault with a slot for each URI, and with a secret in it."""
    plan = making.Plan(kms=uris[0], keyfile=keyfile)
    with making.make_vault(flags, plan, quiet) as vault:
        vault.secrets.set("db/main", SecretBytes(b"value"))
        for number, uri in enumerate(uris[1:], 2):
            new = slotting.keeping(flags, None).new_slot(uri, vault.id, f"slot {number}")
            slotting.add(vault, new, slotting.Undo(), quiet)


def opened(flags: Flags, said: list[str] | None = None) -> str:
    """The slot that opens the vault now, after a look at the secret."""
    warn = quiet if said is None else said.append
    with opening.open_vault(flags, None, warn) as vault:
        assert vault.secrets.get("db/main").value == SecretBytes(b"value")
        assert vault.opened is not None
        return vault.opened.slot.label


def events(flags: Flags) -> list[tuple[str, str]]:
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        return [(record.event, record.detail) for record in audit_check.listing(vault)]


def test_a_vault_opens_by_its_custodian_alone_with_one_unwrapping(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    far.calls.clear()
    assert opened(flags) == "kms"
    assert far.calls == ["unwrap"]


def test_every_custodian_that_was_opened_is_closed(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    before = far.closed
    opened(flags)
    far.down(ONE)
    with pytest.raises(CustodyUnavailable):
        opened(flags)
    assert far.closed == before + 2


def test_the_header_holds_the_uri_and_never_the_credential(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    envelope = opening.home_of(opening.folders_of(flags)).read_header(quiet)
    (slot,) = envelope.slots
    assert isinstance(slot.keeper, Keeper)
    assert (slot.kind, slot.keeper.provider, slot.keeper.uri) == ("kms", "aws-kms", ONE)
    credential = slotting.keeping(flags, None).unwrap(envelope, slot)
    document = canonical(envelope.document())
    assert credential.reveal().hex().encode() not in document
    assert slot.kdf_name == HKDF


CHANGES: dict[str, Callable[[dict[str, str]], None]] = {
    "provider": lambda kept: kept.update(provider="gcp-kms"),
    "uri": lambda kept: kept.update(uri=TWO),
    "wrapped": lambda kept: kept.update(wrapped=kept["wrapped"][:-4] + "AAA="),
    "nothing wrapped": lambda kept: kept.update(wrapped=""),
    "no uri": lambda kept: kept.update(uri="nonsense"),
    "unprintable": lambda kept: kept.update(uri="aws-kms:alias/\u202e"),
    "one member more": lambda kept: kept.update(more="1"),
    "no member": lambda kept: kept.clear(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_custodian_in_the_header_opens_nothing(
    flags: Flags, far: Far, change: Callable[[dict[str, str]], None]
) -> None:
    made(flags, ONE)
    home = opening.home_of(opening.folders_of(flags))
    path = home.path("vault.json")
    with open(path, "rb") as file:
        document = parse_canonical(file.read()[:-1], "the header")
    change(document["slots"][0]["custodian"])
    for name in ("vault.json", "vault.json.2"):
        with open(home.path(name), "wb") as file:
            file.write(canonical(document) + b"\n")
    with pytest.raises((Tampered, UsageProblem)):
        opened(flags)


def test_kind_and_custodian_go_together(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    home = opening.home_of(opening.folders_of(flags))
    with open(home.path("vault.json"), "rb") as file:
        data = file.read()
    assert len(parse(data).slots) == 2
    document = parse_canonical(data[:-1], "the header")
    kms, keyfile = document["slots"]
    keyfile["custodian"] = kms.pop("custodian")
    with pytest.raises(Tampered, match="do not go together"):
        parse(canonical(document) + b"\n")


def test_the_credential_of_one_slot_does_not_open_another(flags: Flags, far: Far) -> None:
    made(flags, ONE, ONE)
    envelope = opening.home_of(opening.folders_of(flags)).read_header(quiet)
    one, other = envelope.slots
    one.keeper, other.keeper = other.keeper, one.keeper
    with pytest.raises(Tampered):
        slotting.keeping(flags, None).unwrap(envelope, one)


def test_another_custodian_serves_where_one_is_not_available(flags: Flags, far: Far) -> None:
    made(flags, ONE, TWO)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        vault.slots.set_fallback(NONE)
    said: list[str] = []
    assert opened(flags, said) == "kms"
    assert said == []
    far.down(ONE)
    assert opened(flags, said) == "slot 2"
    assert said == ["aws-kms unwrap (key kek): no answer", "slot slot 2 served instead"]


def test_custodians_are_asked_in_the_order_of_their_slots_but_for_what_opened_last(
    flags: Flags, far: Far
) -> None:
    made(flags, ONE, TWO, TOKEN)
    assert opened(flags) == "kms"
    far.down(ONE)
    assert opened(flags) == "slot 2"
    far.wrong.clear()
    assert opened(flags) == "slot 2"
    far.down(TWO)
    assert opened(flags) == "kms"


@pytest.fixture
def kms_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The custodian is asked before the keyfile."""
    monkeypatch.setenv("LANGO_UNLOCK_ORDER", "kms keyfile prompt")


@pytest.mark.usefixtures("kms_first")
def test_a_local_slot_serves_after_it_where_the_header_says_so_and_it_is_told(
    flags: Flags, far: Far
) -> None:
    made(flags, ONE, keyfile=True)
    far.down(ONE)
    said: list[str] = []
    assert opened(flags, said) == "keyfile"
    assert said == [
        "aws-kms unwrap (key kek): no answer",
        "fell back to slot keyfile, as this vault allows",
    ]
    far.wrong.clear()
    assert ("vault.fallback", "aws-kms unwrap (key kek): no answer") in events(flags)
    stands = standing.standing(flags, quiet, person=False)
    assert stands.fallback == LOCAL
    assert stands.last_fallback > 0


@pytest.mark.usefixtures("kms_first")
def test_no_local_slot_serves_where_the_header_does_not_say_so(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        vault.slots.set_fallback(NONE)
    far.down(ONE)
    with pytest.raises(CustodyUnavailable) as caught:
        opened(flags)
    assert caught.value.hint == (
        "open it by another slot: --slot keyfile; to have local slots serve by themselves:"
        " lango keys kms fallback local --slot keyfile"
    )
    assert not any(event == "vault.fallback" for event, _ in events_by(flags, "keyfile"))


def events_by(flags: Flags, slot: str) -> list[tuple[str, str]]:
    """The same, opened by a slot that a person names: what is named is no fallback."""
    flags.slot = slot
    try:
        return events(flags)
    finally:
        flags.slot = None


def test_with_only_its_slot_an_unavailable_custodian_is_told_once(flags: Flags, far: Far) -> None:
    made(flags, ONE, TWO)
    far.down(ONE)
    far.down(TWO)
    said: list[str] = []
    for person in (None, Person("1234")):
        with pytest.raises(CustodyUnavailable) as caught:
            opening.open_vault(flags, person, said.append)
        assert caught.value.message == "aws-kms unwrap (key kek): no answer"
        assert caught.value.hint.startswith("see how it is: lango keys kms status --fresh")
    assert said == []


@pytest.mark.usefixtures("kms_first")
def test_the_hint_names_first_what_needs_no_person(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        words = slotting.recovery_slot(slotting.new_entropy(), "on paper")
        phrase = slotting.passphrase_slot(SecretBytes(b"a long one"), "my own", PBKDF2)
        undo = slotting.Undo()
        keyfile = slotting.keyfile_slot(
            making.keyfile_path(flags), "box", PBKDF2, undo, given=False
        )
        for new in (words, phrase, keyfile):
            slotting.add(vault, new, undo, quiet)
        own = vault.envelope.slots[2].id
        vault.slots.set_fallback(NONE)
    far.down(ONE)
    with pytest.raises(CustodyUnavailable) as caught:
        opened(flags)
    assert f"another slot: --slot box or --slot {own} or --recovery; to have" in caught.value.hint
    for kind in (CustodyDenied, KeyNotFound, KeyUnusable):
        far.wrong[ONE] = kind("so it is")
        with pytest.raises(kind) as refused:
            opened(flags)
        assert "open it by another slot: --slot box or" in refused.value.hint


@pytest.mark.usefixtures("kms_first")
def test_before_a_person_is_asked_it_is_told_why(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        phrase = slotting.passphrase_slot(SecretBytes(b"a long one"), "me", PBKDF2)
        slotting.add(vault, phrase, slotting.Undo(), quiet)
    far.down(ONE)
    said: list[str] = []

    class Told(Person):
        def secret(self, prompt: str) -> SecretText:
            assert said == ["aws-kms unwrap (key kek): no answer"]
            return super().secret(prompt)

    opening.open_vault(flags, Told("a long one"), said.append).close()
    assert said[1:] == ["fell back to slot me, as this vault allows"]


@pytest.mark.usefixtures("kms_first")
def test_nothing_follows_a_refusal(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    far.refusing(ONE)
    with pytest.raises(CustodyDenied):
        opened(flags)


@pytest.mark.usefixtures("kms_first")
@pytest.mark.parametrize("kind", [CustodyDenied, KeyNotFound, KeyUnusable, Tampered])
def test_no_other_custodian_follows_a_refusal_or_a_damaged_byte(
    flags: Flags, far: Far, kind: type[LangoError]
) -> None:
    made(flags, ONE, TWO)
    assert opened(flags) == "kms"
    far.wrong[ONE] = kind("so it is")
    with pytest.raises(kind, match="so it is"):
        opened(flags)


@pytest.mark.usefixtures("kms_first")
def test_a_fallback_policy_that_somebody_else_wrote_opens_nothing(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        vault.slots.set_fallback(NONE)
    home = opening.home_of(opening.folders_of(flags))
    with open(home.path("vault.json"), "rb") as file:
        data = file.read().replace(b'"fallback":"none"', b'"fallback":"local"')
    for name in ("vault.json", "vault.json.2"):
        with open(home.path(name), "wb") as file:
            file.write(data)
    far.down(ONE)
    with pytest.raises(Tampered):
        opened(flags)


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_goes_into_the_header_with_the_first_kms_slot(
    flags: Flags, far: Far, wanted: bool
) -> None:
    set_allowed(flags, wanted)
    made(flags, ONE)
    envelope = opening.home_of(opening.folders_of(flags)).read_header(quiet)
    assert envelope.fallback == (LOCAL if wanted else NONE)


def set_allowed(flags: Flags, allowed: bool) -> None:
    """The setting, where no vault is yet."""
    changes = settings_edit.Changes()
    changes.put("security.kms.fallbackToLocal", allowed)
    assert settings_edit.apply(flags, changes, None) == ""


def drafted(opened: menus.Opened, text: str) -> Draft:
    """The menu's draft with the setting changed."""
    draft = opened.read()
    return replace(draft, changes={"security.kms.fallbackToLocal": text})


def test_the_menu_s_save_changes_the_header_too(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        menu = menus.Opened(flags, vault)
        draft = drafted(menu, "false")
        assert draft.fields["security.kms.fallbackToLocal"].home == "the vault's header"
        menu.save(draft)
        assert menu.policy == NONE
        standing = menu.read().standing["security.kms.fallbackToLocal"]
        assert (standing.origin, standing.kept) == ("header", "false")
    assert opening.home_of(opening.folders_of(flags)).read_header(quiet).fallback == NONE


def test_the_menu_of_a_session_unlocks_for_it_or_changes_nothing(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    home = opening.home_of(opening.folders_of(flags))
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        bundle = vault.bundle
    policy = opening.policy_of(opening.load_settings(flags), flags)

    def of_session() -> Vault:
        return core.open_vault(home, home.read_header(quiet), bundle, policy, quiet)

    with of_session() as vault:
        menu = menus.Opened(flags, vault)
        with pytest.raises(Locked, match="needs a real unlock"):
            menu.save(drafted(menu, "false"))
        assert home.read_header(quiet).fallback == LOCAL
        unlocking = menus.Opened(
            flags, vault, lambda: opening.open_vault(flags, None, quiet, real=True)
        )
        unlocking.save(drafted(unlocking, "false"))
    assert home.read_header(quiet).fallback == NONE


def test_a_vault_without_such_slots_allows_no_fallback(flags: Flags, far: Far) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    assert opening.home_of(opening.folders_of(flags)).read_header(quiet).fallback == NONE


def test_the_keyfile_is_tried_first_and_no_custodian_is_asked_then(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    far.calls.clear()
    assert opened(flags) == "keyfile"
    assert far.calls == []


def test_a_pin_is_asked_for_on_a_terminal_alone(flags: Flags, far: Far) -> None:
    made(flags, TOKEN)
    far.pins[TOKEN] = b"1234"
    with pytest.raises(Locked, match="slot kms wants a PIN"):
        opened(flags)
    person = Person("1234")
    with opening.open_vault(flags, person, quiet) as vault:
        assert vault.unlocked_by == "PIN"
    assert person.asked == ["PIN of slot kms"]


def test_a_pin_that_is_refused_ends_it(flags: Flags, far: Far) -> None:
    made(flags, TOKEN)
    far.pins[TOKEN] = b"1234"
    for answer in ("4321", ""):
        with pytest.raises(CustodyDenied):
            opening.open_vault(flags, Person(answer), quiet)


def test_a_drill_unwraps_for_real(flags: Flags, far: Far) -> None:
    made(flags, ONE)
    far.calls.clear()
    tried, noted = drilling.drill(flags, "kms", None, None, quiet)
    assert (tried.label, noted, far.calls) == ("kms", True, ["unwrap"])
    far.down(ONE)
    with pytest.raises(CustodyUnavailable):
        drilling.drill(flags, "kms", None, None, quiet)


def test_a_slot_moves_to_another_key_and_the_old_one_is_not_needed(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    home = opening.home_of(opening.folders_of(flags))
    before = home.read_header(quiet).slots[0]
    far.down(ONE)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        credential, keeper = slotting.keeping(flags, None).wrap(TWO, vault.id, before.id)
        vault.slots.change_credential(before.id, "kms", credential, HKDF, keeper)
    after = home.read_header(quiet).slots[0]
    assert (after.id, after.label) == (before.id, before.label)
    assert isinstance(before.keeper, Keeper)
    assert isinstance(after.keeper, Keeper)
    assert after.keeper.uri == TWO
    flags.slot = "kms"
    assert opened(flags) == "kms"
    # The old wrapping, put back beside the new seal, opens nothing.
    after.keeper = before.keeper
    far.wrong.clear()
    with pytest.raises(Tampered, match="does not open with"):
        drill_with(flags, after.id, before.keeper.wrapped)


def drill_with(flags: Flags, slot_id: str, wrapped: bytes) -> None:
    from lango_cli.vault.parts import find_slot, unlock_slot

    envelope = opening.home_of(opening.folders_of(flags)).read_header(quiet)
    slot = find_slot(envelope, slot_id)
    assert isinstance(slot.keeper, Keeper)
    slot.keeper.wrapped, slot.keeper.uri = wrapped, ONE
    credential = slotting.keeping(flags, None).unwrap(envelope, slot)
    unlock_slot(envelope, slot, "test", credential)


def test_a_custodian_that_does_not_give_back_what_it_wrapped_makes_no_slot(
    flags: Flags, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.custody.far import FarCustodian

    def other(_self: FarCustodian, _wrapped: bytes, _context: Context) -> SecretBytes:
        return SecretBytes(bytes(32))

    monkeypatch.setattr(FarCustodian, "unwrap", other)
    with pytest.raises(Tampered, match="did not give back"):
        made(flags, ONE)
    assert not opening.home_of(opening.folders_of(flags)).vault_files()


def test_a_new_generation_opens_by_its_custodian_too(flags: Flags, far: Far) -> None:
    from lango_cli.model import Unwatched
    from lango_cli.vault import rekey

    made(flags, ONE, TWO, keyfile=True)
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        rekey.rekey(vault, Unwatched())
    for label in ("kms", "slot 2", "keyfile"):
        flags.slot = label
        assert opened(flags) == label
    far.down(TWO)
    flags.slot = "kms"
    with opening.open_vault(flags, None, quiet, real=True) as vault:
        owners = rekeying.owners(flags, vault, [], None, quiet)
        labels = {slot.label for slot in vault.envelope.slots if slot.id in owners}
    assert labels == {"keyfile"}


def test_how_a_custodian_is_costs_no_unwrapping_and_is_remembered_for_a_while(
    flags: Flags, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(flags, ONE)
    slot = opening.home_of(opening.folders_of(flags)).read_header(quiet).slots[0]
    keeping = slotting.keeping(flags, None)
    far.calls.clear()
    now = [1000.0]
    monkeypatch.setattr("lango_cli.wiring.kept_health.time.time", lambda: now[0])
    assert kept_health.of_slot(keeping, slot)[0].health.usable
    assert kept_health.of_slot(keeping, slot)[0].cached
    assert far.calls == ["describe"]
    far.down(ONE)
    now[0] += kept_health.GOOD_FOR - 1
    assert kept_health.of_slot(keeping, slot)[0].health.usable
    now[0] += 1
    (bad,) = kept_health.of_slot(keeping, slot)
    assert (bad.health.usable, bad.cached) == (False, False)
    assert "no answer" in bad.health.reason
    far.wrong.clear()
    now[0] += kept_health.BAD_FOR - 1
    assert not kept_health.of_slot(keeping, slot)[0].health.usable
    assert kept_health.of_slot(keeping, slot, fresh=True)[0].health.usable
    assert set(far.calls) == {"describe"}


def settings_of(flags: Flags, monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"LANGO_SECURITY_{name}", value)
    return opening.load_settings(flags)


COMPLETED = [
    ("aws-kms", {"KMS_KEY_ID": "alias/kek", "KMS_REGION": "eu-west-1"}, ONE.replace("one", "kek")),
    (
        "aws-kms:alias/kek",
        {"KMS_ENDPOINT": "http://127.0.0.1:5000"},
        "aws-kms:alias/kek?endpoint=http://127.0.0.1:5000",
    ),
    (
        "aws-kms:arn:aws:kms:eu-west-1:1:key/x",
        {"KMS_REGION": "us-east-1"},
        "aws-kms:arn:aws:kms:eu-west-1:1:key/x",
    ),
    (
        "azure-kv",
        {
            "KMS_KEY_ID": "kek",
            "KMS_AZURE_VAULT_URL": "https://v.vault.azure.net/",
            "KMS_AZURE_KEY_VERSION": "0123abcd",
        },
        "azure-kv:https://v.vault.azure.net/keys/kek/0123abcd",
    ),
    (
        "pkcs11",
        {
            "KMS_PKCS11_SLOT_ID": "7",
            "KMS_PKCS11_KEY_LABEL": "my key",
            "KMS_PKCS11_MODULE_PATH": "/usr/lib/x.so",
        },
        "pkcs11:slot-id=7;object=my%20key?module-path=/usr/lib/x.so",
    ),
    (None, {"SIGNER_PROVIDER": "tpm2"}, "tpm2:"),
    ("rpc", {"SIGNER_RPC_URL": "https://host:8443"}, "rpc:https://host:8443"),
]


@pytest.mark.parametrize(("text", "values", "whole"), COMPLETED)
def test_what_a_uri_leaves_out_comes_from_the_settings(
    flags: Flags,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    values: dict[str, str],
    whole: str,
) -> None:
    assert key_uris.complete(text, settings_of(flags, monkeypatch, **values)) == whole


def test_a_signing_key_has_a_setting_of_its_own(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(
        flags, monkeypatch, KMS_KEY_ID="alias/kek", SIGNER_KEY_ID="alias/signer"
    )
    assert key_uris.complete("aws-kms", settings, signing=True) == "aws-kms:alias/signer"
    assert key_uris.complete("aws-kms", settings) == "aws-kms:alias/kek"


@pytest.mark.parametrize("text", [None, "local", "local:", "aws-kms", "azure-kv", "pkcs11:", "x"])
def test_a_key_that_nobody_named_is_refused(flags: Flags, text: str | None) -> None:
    with pytest.raises(UsageProblem):
        key_uris.complete(text, opening.load_settings(flags))


def test_how_long_and_how_often_is_a_setting(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(flags, monkeypatch, KMS_TIMEOUT_PER_OPERATION="9s", KMS_MAX_RETRIES="0")
    options = custodians.options(settings, opening.folders_of(flags), lambda: None)
    assert (options.timeout, options.retries) == (9.0, 0)
    endless = settings_of(flags, monkeypatch, KMS_TIMEOUT_PER_OPERATION="forever")
    assert custodians.options(endless, opening.folders_of(flags), lambda: None).timeout == 86400


def test_a_local_slot_is_no_kept_one(flags: Flags, far: Far) -> None:
    made(flags, ONE, keyfile=True)
    with (
        opening.open_vault(flags, None, quiet, real=True) as vault,
        pytest.raises(KeyNotFound),
    ):
        vault.slots.change_credential("keyfile", "kms", SecretBytes(bytes(32)), HKDF)
    assert kept.kind_of("tpm2:") == "tpm2"
    assert kept.kind_of("rpc:unix:/run/companion") == "companion"


THREE = [ONE, TWO, TOKEN]


def old_group(keeping: kept.Keeping, vault: Vault) -> NewSlot:
    """A group as format 1 has it: each custodian unwraps its share itself. No more made."""
    slot_id = new_slot_id()
    credential = SecretBytes(random_bytes(32))
    keepers = []
    for uri, (number, share) in zip(THREE, split(credential, 2, 3), strict=True):
        custodian = keeping.open(uri)
        wrapped = custodian.wrap(share, Context(vault.id, f"{slot_id}/{number}"))
        keepers.append(Keeper(custodian.provider, uri, wrapped))
    return NewSlot("group", "group", credential, HKDF, slot_id, keeper=Group(2, keepers))


@pytest.fixture
def group(flags: Flags, far: Far) -> Flags:
    """A vault that two of three custodians open, and a keyfile that is put away."""
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        vault.secrets.set("db/main", SecretBytes(b"value"))
        new = old_group(slotting.keeping(flags, None), vault)
        slotting.add(vault, new, slotting.Undo(), quiet)
    flags.slot = "group"
    return flags


@pytest.mark.parametrize("away", THREE)
def test_any_two_of_three_open_the_vault(group: Flags, far: Far, away: str) -> None:
    far.down(away)
    assert opened(group) == "group"


def test_no_more_custodians_are_asked_than_it_takes(group: Flags, far: Far) -> None:
    far.calls.clear()
    opened(group)
    assert far.calls == ["unwrap", "unwrap"]


def test_one_of_three_opens_nothing(group: Flags, far: Far) -> None:
    far.down(ONE)
    far.down(TOKEN)
    with pytest.raises(CustodyUnavailable, match="1 of 2 shares of slot group: aws-kms unwrap"):
        opened(group)


def test_a_member_that_refuses_ends_it(group: Flags, far: Far) -> None:
    far.refusing(ONE)
    with pytest.raises(CustodyDenied):
        opened(group)


def test_a_member_that_wants_a_pin_is_asked_for_where_it_is_needed(group: Flags, far: Far) -> None:
    far.pins[TOKEN] = b"1234"
    assert opened(group) == "group"
    far.down(ONE)
    with pytest.raises(Locked, match="1 of 2 shares of slot group: slot group wants a PIN"):
        opened(group)
    with opening.open_vault(group, Person("1234"), quiet) as vault:
        assert vault.unlocked_by == "PIN"


def test_a_share_is_bound_to_its_place(group: Flags, far: Far) -> None:
    envelope = opening.home_of(opening.folders_of(group)).read_header(quiet)
    slot = next(slot for slot in envelope.slots if slot.kind == "group")
    assert isinstance(slot.keeper, Group)
    slot.keeper.shares.reverse()
    with pytest.raises(Tampered):
        slotting.keeping(group, None).unwrap(envelope, slot)


GROUPS: dict[str, Callable[[dict[str, Any]], None]] = {
    "no threshold": lambda group: group.update(threshold=1),
    "too high a threshold": lambda group: group.update(threshold=4),
    "one share": lambda group: group.update(shares=group["shares"][:1]),
    "a lower threshold": lambda group: group.update(shares=group["shares"][:2]),
    "no share": lambda group: group["shares"].__setitem__(0, {}),
    "one member more": lambda group: group.update(more=1),
    "a list": lambda group: group.update(shares="x"),
}


@pytest.mark.parametrize("change", GROUPS.values(), ids=GROUPS)
def test_a_changed_group_opens_nothing(
    group: Flags, far: Far, change: Callable[[dict[str, Any]], None]
) -> None:
    home = opening.home_of(opening.folders_of(group))
    with open(home.path("vault.json"), "rb") as file:
        document = parse_canonical(file.read()[:-1], "the header")
    change(document["slots"][1]["group"])
    for name in ("vault.json", "vault.json.2"):
        with open(home.path(name), "wb") as file:
            file.write(canonical(document) + b"\n")
    with pytest.raises(Tampered):
        opened(group)

"""The vault of every format that was ever released opens, and gives what was put into it."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.crypto import bip39, passphrase
from lango_cli.crypto.shamir import combine
from lango_cli.errors import Tampered
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import stored_key
from lango_cli.unlock.sources import PromptedMember
from lango_cli.vault import audit_check
from lango_cli.vault.envelope import FORMAT, open_slot, slot_key
from lango_cli.vault.grouping import open_share
from tests.vault.place import Passphrase, Place, assert_sound, events, set_value, value_of

if TYPE_CHECKING:
    from lango_cli.vault.vault import Vault

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
FILES = ("vault.json", "vault.json.2", "vault-1.db", "keyfile", "audit.pending")
WORDS = (
    "good clinic oil speak note cup random punch hunt logic frame tragic elder robot target"
    " august kidney swim butter woman way dolphin anxiety ladder"
)
MADE_AT = 1_769_860_800.0
UNICODE = "übung/日本 @ 1+:#-_.x"
NAMES = ("binary", "copy of plain", "empty", "folder/sub/versions", "last", "plain", "renamed to")
VALUES = {
    "binary": bytes(range(256)) * 80,
    "copy of plain": b"hunter2",
    "empty": b"",
    "folder/sub/versions": b"first",
    "folder/sub/versions@1": b"first",
    "folder/sub/versions@2": b"second",
    "folder/sub/versions@3": b"third",
    "folder/sub/versions@4": b"first",
    "last": b"folds",
    "plain": b"hunter2",
    "renamed to": b"moved",
    UNICODE: "ключ".encode(),
}


@pytest.fixture(autouse=True)
def real_rounds(few_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds that users have: the golden vault was made within them."""
    monkeypatch.setattr(passphrase, "PBKDF2_MIN_ROUNDS", 600_000)


@pytest.fixture
def golden(tmp_path: Path) -> Place:
    """A copy of the vault of format 1, in the year after it was made."""
    place = Place(tmp_path, clock=lambda: MADE_AT + 86_400)
    place.folder.mkdir(mode=0o700)
    place.state.mkdir(mode=0o700)
    for name in FILES:
        shutil.copyfile(GOLDEN / "format-1" / name, place.folder / name)
        (place.folder / name).chmod(0o600)
    return place


def test_there_is_a_golden_vault_of_every_format() -> None:
    found = {path.name for path in GOLDEN.iterdir()}
    assert found == {f"format-{number}" for number in range(1, FORMAT + 1)}


def test_every_value_of_the_golden_vault_is_as_it_was_put_in(golden: Place) -> None:
    with golden.open() as vault:
        assert {name: value_of(vault, name) for name in VALUES} == VALUES
        assert vault.secrets.names() == [*NAMES, UNICODE]
        assert [meta.name for meta in vault.secrets.list(deleted=True)] == ["deleted"]
        check_metadata(vault)
        vault.secrets.undelete("deleted")
        assert value_of(vault, "deleted") == b"in the trash"
    assert golden.warnings == []


def test_the_golden_vault_s_key_can_be_rotated_and_its_values_moved(golden: Place) -> None:
    with golden.open() as vault:
        (key,) = vault.registry.list()
        assert (key.name, key.algorithm, key.state, key.default) == (
            "default",
            "aes-256-gcm",
            "active",
            True,
        )
        assert vault.registry.rotate("default", Unwatched()).moved == key.values == len(VALUES)
        vault.registry.destroy("default@1")
        assert {name: value_of(vault, name) for name in VALUES} == VALUES


def check_metadata(vault: Vault) -> None:
    """All that is known about three of the secrets."""
    plain = vault.secrets.show("plain")
    assert (plain.note, plain.owner, plain.tags) == ("a note", "somebody", ("one", "two"))
    assert plain.created_at > MADE_AT
    assert plain.access_count == 2, "the read in the golden vault and the one just now"
    other = vault.secrets.show(UNICODE)
    assert (other.expires_at, other.rotate_every) == (2_000_000_000.0, 90 * 86_400)
    assert [v.version for v in vault.secrets.history("folder/sub/versions")] == [4, 3, 2, 1]


def test_every_slot_of_the_golden_vault_gives_the_same_master_key(golden: Place) -> None:
    credentials = {
        "this computer": bytes(range(32)),
        "me": "grüße aus dem tresor".encode(),
        "me again": b"correct horse battery staple",
        "recovery words": bip39.entropy_of(WORDS),
        "OS keyring": bytes(range(32, 64)),
    }
    envelope = golden.home.read_header(golden.warnings.append)
    assert [slot.label for slot in envelope.slots] == list(credentials)
    keys = {
        open_slot(envelope, slot, SecretBytes(credentials[slot.label])).reveal()
        for slot in envelope.slots
    }
    assert len(keys) == 1
    assert [slot.kdf_name for slot in envelope.slots[1:3]] == ["pbkdf2-sha256", "argon2id"]


def test_the_golden_vault_opens_by_its_copy_too(golden: Place) -> None:
    (golden.folder / "vault.json").unlink()
    with golden.open(Passphrase("grüße aus dem tresor".encode())) as vault:
        assert value_of(vault, "plain") == b"hunter2"


def test_the_golden_chain_is_intact_and_as_long_as_its_head_says(golden: Place) -> None:
    head = json.loads((GOLDEN / "format-1" / "head.json").read_bytes())
    with golden.open() as vault:
        report = audit_check.verify(vault, head)
        assert (report.intact, report.complete, report.last) == (True, True, head["seq"])
        before = events(vault)
        set_value(vault, "new", b"value")
        assert events(vault) == [*before, "secret.read", "vault.unlock", "secret.write"]
        record = list(audit_check.listing(vault))[-3]
        assert (record.target, record.uid, record.parent) == ("binary@1", 1000, "sh")
        assert_sound(vault)
    with golden.open() as vault:
        assert value_of(vault, "new") == b"value"


SHARED = {"alice": b"alice keeps this", "bob": b"bob keeps that"}
"""What the people of the vault of format 2 type."""
LATER = 1_800_000_000.0
"""After that vault was made."""


@pytest.fixture
def together(tmp_path: Path) -> Place:
    """A copy of the vault of format 2, which three of four open together, and nothing else."""
    place = Place(tmp_path, clock=lambda: LATER)
    place.folder.mkdir(mode=0o700)
    place.state.mkdir(mode=0o700)
    for name in ("vault.json", "vault.json.2", "vault-1.db", "keyfile"):
        shutil.copyfile(GOLDEN / "format-2" / name, place.folder / name)
        (place.folder / name).chmod(0o600)
    return place


def test_any_three_of_the_golden_group_give_the_same_master_key(together: Place) -> None:
    envelope = together.home.read_header(together.warnings.append)
    (slot,) = envelope.slots
    words = (GOLDEN / "format-2" / "words").read_text().strip()
    held = {
        **SHARED,
        "box": stored_key(SecretBytes((GOLDEN / "format-2" / "keyfile").read_bytes())).reveal(),
        "words": bip39.entropy_of(words),
    }
    shares = [
        (number, open_share(envelope, slot, number, slot_key(member.kdf, secret)))
        for number, member in enumerate(slot.members, 1)
        for secret in [SecretBytes(held[member.label])]
    ]
    keys = {
        open_slot(envelope, slot, combine(three)).reveal()
        for three in itertools.combinations(shares, 3)
    }
    assert len(keys) == 1
    for two in itertools.combinations(shares, 2):
        with pytest.raises(Tampered):
            open_slot(envelope, slot, combine(two))


def test_the_golden_group_opens_its_vault(together: Place) -> None:
    def typed(prompt: str) -> SecretBytes:
        (name,) = (name for name in SHARED if f"of {name}," in prompt)
        return SecretBytes(SHARED[name])

    people = PromptedMember(typed, lambda _prompt: SecretBytes(b""))
    with together.open(together.keyfile(), people) as vault:
        assert value_of(vault, "plain") == b"shared by three"
        assert vault.unlocked_by == "group: alice, bob, box"
        assert_sound(vault)

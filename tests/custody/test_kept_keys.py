"""Keys of the registry that a custodian keeps: sealing, signing, re-wrapping, and a rekey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.errors import (
    BadSignature,
    Conflict,
    CustodyUnavailable,
    KeyUnusable,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.formats.entry import Entry
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import (
    audit_check,
    bulk,
    checking,
    kept_keys,
    plain,
    plain_import,
    rekey,
    rows_keys,
)
from lango_cli.vault.keys import AES, ENCRYPTION, SIGNING
from lango_cli.wiring import making, opening
from tests.cli.test_making import quiet
from tests.custody.far import Far, FarCustodian
from tests.custody.test_kept_slots import far, flags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

__all__ = ["far", "flags"]

KEK = "aws-kms:alias/kek?region=eu-west-1"
SIGNER = "aws-kms:alias/sign?region=eu-west-1"
VALUE = SecretBytes(b"value")


@pytest.fixture
def home(flags: Flags) -> Flags:  # a fixture of the other module
    """A vault with a keyfile, and with a key that a custodian keeps in it."""
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        vault.keys.custody = opening.custody_of(
            opening.load_settings(flags), opening.folders_of(flags), None
        )
        vault.registry.create("far", ENCRYPTION, AES, default=False, custodian=KEK)
        vault.registry.create("signer", SIGNING, "ecdsa-p256", default=False, custodian=SIGNER)
        vault.secrets.set("a", VALUE, key="far")
        vault.secrets.set("b", VALUE, key="far")
        vault.secrets.set("near", VALUE)
    return flags


def vault_of(flags: Flags) -> Vault:
    return opening.open_vault(flags, None, quiet, real=True)


def test_its_values_open_with_one_question_a_command(home: Flags, far: Far) -> None:
    far.calls.clear()
    with vault_of(home) as vault:
        assert vault.secrets.get("a").value == VALUE
        assert vault.secrets.get("b").value == VALUE
    assert far.calls == ["unwrap"]


def take_in(vault: Vault) -> None:
    """A new value and a changed one."""
    incoming = [Entry(name, SecretBytes(b"another")) for name in ("new", "b")]
    bulk.write(vault.secrets, bulk.compare(vault.secrets, incoming), "a file")


CHANGES: dict[str, Callable[[Vault], object]] = {
    "set": lambda vault: vault.secrets.set("new", VALUE),
    "set by name": lambda vault: vault.secrets.set("new", VALUE, key="far"),
    "roll back": lambda vault: vault.secrets.rollback("a", 1),
    "copy": lambda vault: vault.secrets.copy("a", "c"),
    "import": take_in,
    "rotate": lambda vault: vault.registry.rotate("far"),
    "move": lambda vault: vault.registry.rotate("far", Unwatched()),
    "rewrap": lambda vault: vault.registry.rewrap("far"),
    "settings": lambda vault: vault.profiles.write(None, {"output": {"newline": "no"}}),
    "profile": lambda vault: vault.profiles.create("work", {"output": {"newline": "no"}}),
    "profile copied": lambda vault: vault.profiles.copy("kept", "twin"),
    "profile rolled back": lambda vault: vault.profiles.rollback("kept", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_waits_for_the_lock_while_a_custodian_is_asked(
    home: Flags, far: Far, change: str
) -> None:
    with vault_of(home) as vault:
        vault.registry.make_default("far")
        vault.profiles.create("kept", {"output": {"newline": "no"}})
    far.calls.clear()
    with vault_of(home) as vault:
        CHANGES[change](vault)
        assert "unwrap" in far.calls, "it was asked, and looked whether the lock is free"
        assert vault.secrets.get("a").value == VALUE
    with vault_of(home) as vault:
        assert vault.secrets.get("a").value == VALUE
        assert not audit_check.verify(vault).problems


def test_a_plain_file_is_taken_in_without_holding_the_lock_while_a_custodian_is_asked(
    home: Flags, far: Far, tmp_path: Path
) -> None:
    path = str(tmp_path / "plain.db")
    with vault_of(home) as vault:
        vault.registry.make_default("far")
        plain.export_plain(vault, path, Unwatched())
        vault.secrets.purge("a")
    far.calls.clear()
    with vault_of(home) as vault:
        assert plain_import.import_plain(vault, path, Unwatched(), dry_run=False).new == 1
        assert far.calls == ["unwrap"]
        assert vault.secrets.get("a").value == VALUE


def test_another_process_writes_while_a_custodian_takes_its_time(
    home: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one makes a new version of the key too, for which the custodian is asked again."""
    call, first = FarCustodian._call, [1]

    def slow(self: FarCustodian, operation: str) -> None:
        if first:
            first.pop()
            with vault_of(home) as other:
                other.secrets.set("meanwhile", VALUE)
                other.registry.rotate("far")
        call(self, operation)

    with vault_of(home) as vault:
        monkeypatch.setattr(FarCustodian, "_call", slow)
        vault.secrets.set("new", VALUE, key="far")
        assert vault.secrets.get("meanwhile").value == VALUE
        assert [one.values for one in vault.registry.show("far").versions] == [1, 2]


def test_only_its_values_need_the_custodian(home: Flags, far: Far) -> None:
    far.down(KEK)
    far.calls.clear()
    with vault_of(home) as vault:
        assert vault.secrets.get("near").value == VALUE
        assert far.calls == []
        with pytest.raises(CustodyUnavailable):
            vault.secrets.get("a")
        with pytest.raises(CustodyUnavailable):
            vault.secrets.set("c", VALUE, key="far")


def test_the_key_itself_is_nowhere_in_the_vault(home: Flags) -> None:
    with vault_of(home) as vault:
        key = vault.registry.show("far")
        stored = vault.keys.stored(key.id, 1)
        assert vault.keys.data_key(stored).reveal() not in stored.wrapped
        assert (key.custodian, vault.registry.show("default").custodian) == (KEK, "")


def test_a_rekey_leaves_it_as_it_is_and_asks_nobody(home: Flags, far: Far) -> None:
    with vault_of(home) as vault:
        before = {row[:2]: row[4] for row in rows_keys.wrapped_keys(vault.store)}
        far.calls.clear()
        rekey.rekey(vault, Unwatched())
    assert far.calls == []
    with vault_of(home) as vault:
        after = {row[:2]: row[4] for row in rows_keys.wrapped_keys(vault.store)}
        kept = {which for which, blob in before.items() if kept_keys.is_kept(blob)}
        assert {which for which in before if before[which] == after[which]} == kept
        assert len(kept) == 2
        assert vault.secrets.get("a").value == VALUE
        assert list(checking.wrapped_keys(vault)) == []


def test_rotating_wraps_it_anew_and_touches_no_value(home: Flags, far: Far) -> None:
    with vault_of(home) as vault:
        key = vault.registry.show("far")
        before = vault.keys.stored(key.id, 1).wrapped
        assert vault.registry.rewrap("far") == 1
        after = vault.registry.show("far")
        assert (after.version, after.values) == (1, 2)
        assert vault.keys.stored(key.id, 1).wrapped != before
    with vault_of(home) as vault:
        assert vault.secrets.get("a").value == VALUE


def test_reencrypting_gives_it_a_new_version_at_the_same_custodian(home: Flags) -> None:
    with vault_of(home) as vault:
        done = vault.registry.rotate("far", Unwatched())
        assert (done.key.version, done.moved, done.key.custodian) == (2, 2, KEK)
    with vault_of(home) as vault:
        assert vault.secrets.get("a").value == VALUE


def test_it_signs_at_its_custodian_and_holds_under_its_pem(home: Flags, far: Far) -> None:
    with vault_of(home) as vault:
        signature = vault.key_use.sign("signer", b"text")
        assert vault.key_use.verify("signer", b"text", signature) == 1
        with pytest.raises(BadSignature):
            vault.key_use.verify("signer", b"other", signature)
        found = vault.key_use.public("signer")
        assert found is not None
        pem, jwk = found
        assert verify_pem(pem.encode(), b"text", signature)
        assert (jwk["crv"], jwk["alg"]) == ("P-256", "ES256")
        # What only the public half takes needs nobody.
        far.down(SIGNER)
        assert vault.key_use.verify("signer", b"text", signature) == 1
        with pytest.raises(CustodyUnavailable):
            vault.key_use.sign("signer", b"text")


def test_a_signing_key_neither_leaves_nor_rotates(home: Flags) -> None:
    with vault_of(home) as vault:
        stored = vault.keys.newest(SIGNING, "signer")
        with pytest.raises(KeyUnusable, match="never leaves"):
            vault.keys.signing_key(stored)
        with pytest.raises(UsageProblem):
            vault.registry.rotate("signer")
        with pytest.raises(UsageProblem):
            vault.registry.rewrap("signer")


def test_another_key_in_its_place_signs_nothing(
    home: Flags,
    far: Far,
) -> None:
    from lango_cli.crypto.signing import ECDSA_P256, new_signing_key

    far.signing = new_signing_key(ECDSA_P256)
    with vault_of(home) as vault, pytest.raises(Tampered, match="another key"):
        vault.key_use.sign("signer", b"text")


def test_a_wrapped_key_of_another_key_does_not_open(home: Flags) -> None:
    with vault_of(home) as vault:
        vault.registry.create("second", ENCRYPTION, AES, default=False, custodian=KEK)
        one, two = vault.registry.show("far"), vault.registry.show("second")
        blob = vault.keys.stored(two.id, 1).wrapped
        with vault.store.write():
            rows_keys.replace_wrapped(vault.store, [(blob, one.id, 1)])
        with pytest.raises(Tampered):
            vault.secrets.get("a")


def test_a_key_that_changed_meanwhile_is_not_overwritten(
    home: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FarCustodian.close

    def meanwhile(self: FarCustodian) -> None:
        whole(self)
        monkeypatch.setattr(FarCustodian, "close", whole)
        with vault_of(home) as other:
            other.registry.rewrap("far")

    with vault_of(home) as vault:
        monkeypatch.setattr(FarCustodian, "close", meanwhile)
        with pytest.raises(Conflict):
            vault.registry.rewrap("far")


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"{}",
        b'{"provider":"aws-kms","uri":"x"}',
        b'{"provider":"aws-kms","uri":"x","wrapped":""}',
        b'{"provider":"aws-kms","public":"AA==","uri":"x","wrapped":"AA=="}',
        b'{"provider":1,"uri":"x","wrapped":"AA=="}',
        b'{"provider":"aws-kms","uri":"x","wrapped":"!"}',
        b"[1]",
    ],
)
def test_what_is_no_kept_key_is_tampering(blob: bytes) -> None:
    with pytest.raises(LangoError):
        kept_keys.unwrap(None, kept_keys.MAGIC + blob, "00" * 16, "aa", "far")

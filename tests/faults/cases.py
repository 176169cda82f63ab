"""Operations that are stopped at every point: how the vault is made ready, and what is done to it.

The rule: `operate` opens the vault, calls `begin`, from where points count, does one thing and
closes the vault. What it leaves is told by `look.examine`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

from lango_cli.crypto.keys import database_key
from lango_cli.crypto.shamir import combine
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import bulk, grouping, plain, plain_import, store_copy, store_plain
from lango_cli.vault.backup import make_backup
from lango_cli.vault.backup_file import read_backup
from lango_cli.vault.envelope import LOCAL, new_slot_id, open_slot, slot_key
from lango_cli.vault.kdfs import kdf_parameters
from lango_cli.vault.parts import find_slot, unlock_slot
from lango_cli.vault.recipient import Group, Keeper, Member
from lango_cli.vault.rekey import rekey
from lango_cli.vault.restore import Restore
from lango_cli.vault.vacuum import vacuum
from lango_cli.vault.vault import Vault, make_bundle
from lango_cli.wiring import settings_edit
from lango_cli.wiring.flags import Flags
from tests.faults.look import KEPT
from tests.vault.place import (
    KEYFILE_SLOT,
    PASSPHRASE,
    PASSPHRASE_SLOT,
    Passphrase,
    set_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.vault.place import Place

QUIET = Unwatched()
ANOTHER = b"another horse"


@dataclass(frozen=True)
class Case:
    """An operation. `passphrases`: those that are tried afterwards.

    `outside`: looks at what it makes outside the home, and does it again; what was there.

    `between`: of what was there before and of what is there after, the members that may be new
    already while the others are old. `gone`: names of files of the home that may not come back
    once the operation has returned.
    """

    operate: Callable[[Place, Callable[[], None]], None]
    prepare: Callable[[Place], None] = lambda _place: None
    outside: Callable[[Place], object] = lambda _place: None
    passphrases: tuple[bytes, ...] = (PASSPHRASE,)
    between: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def make(place: Place) -> None:
    """A vault with two slots, a value of more than a page, old versions and a full trash."""
    with place.create(passphrase=True) as vault:
        set_value(vault, KEPT, KEPT.encode())
        set_value(vault, "changed", b"old value")
        set_value(vault, "changed", b"value")
        set_value(vault, "large", bytes(range(256)) * 40)
        set_value(vault, "thrown away", b"value")
        vault.secrets.delete("thrown away")
        vault.profiles.write(None, {"secrets": {"versions": 5}})
        vault.profiles.create("spare", {"apps": {"large": "x" * 5000}})
    with place.open(Passphrase(PASSPHRASE)):
        pass


def set_(place: Place, begin: Callable[[], None]) -> None:
    """A new version of a value."""
    with place.open() as vault:
        begin()
        set_value(vault, "changed", b"newer")


def purge(place: Place, begin: Callable[[], None]) -> None:
    """A secret and all its versions, for good."""
    with place.open() as vault:
        begin()
        vault.secrets.purge("large")


def change_passphrase(place: Place, begin: Callable[[], None]) -> None:
    """Another passphrase for the slot that has one."""
    with place.open(Passphrase(PASSPHRASE)) as vault:
        begin()
        vault.slots.change_credential(PASSPHRASE_SLOT, "passphrase", SecretBytes(ANOTHER), None)


def add_slot(place: Place, begin: Callable[[], None]) -> None:
    """One more passphrase."""
    with place.open() as vault:
        begin()
        vault.slots.add("passphrase", "another", SecretBytes(ANOTHER), "pbkdf2-sha256")


def remove_slot(place: Place, begin: Callable[[], None]) -> None:
    """One slot less, which somebody else may have opened."""
    with place.open() as vault:
        begin()
        vault.slots.remove(PASSPHRASE_SLOT, compromised=True)


def rename_slot(place: Place, begin: Callable[[], None]) -> None:
    """Another label."""
    with place.open() as vault:
        begin()
        vault.slots.rename(KEYFILE_SLOT, "that computer")


def new_generation(place: Place, begin: Callable[[], None]) -> None:
    """All slots stay."""
    with place.open() as vault:
        begin()
        rekey(vault, QUIET)


def new_generation_for_one(place: Place, begin: Callable[[], None]) -> None:
    """The slots stay that were opened; the old database goes at once."""
    with place.open() as vault:
        begin()
        rekey(vault, QUIET, owners={})


def new_page_size(place: Place, begin: Callable[[], None]) -> None:
    """Row by row into pages of another size."""
    with place.open() as vault:
        begin()
        rekey(vault, QUIET, page_size=8192)


def rekeyed(place: Place) -> None:
    """A new generation, with its snapshot still there."""
    new_generation(place, lambda: None)


def rekeyed_unnamed(place: Place) -> None:
    """A new generation whose database has not got its name yet."""
    with mock.patch("lango_cli.vault.generation.finish"):
        rekeyed(place)


def unlock_by_hpke(place: Place, begin: Callable[[], None]) -> None:
    """The first unlock of a slot after a rekey, which seals it directly."""
    with place.open(Passphrase(PASSPHRASE)):
        begin()


def empty_the_trash(place: Place) -> None:
    """Free pages, for a vacuum to give back."""
    with place.open() as vault:
        for number in range(20):
            set_value(vault, f"spare {number}", bytes(4000))
        for number in range(20):
            vault.secrets.purge(f"spare {number}")


def compact(place: Place, begin: Callable[[], None]) -> None:
    """Pages that nothing is in are given back."""
    with place.open() as vault:
        begin()
        vacuum(vault, QUIET)


def out(place: Place) -> Path:
    """A file outside the home; its folder is made."""
    folder = place.root / "out"
    folder.mkdir(exist_ok=True)
    return folder / "file"


def with_folder(place: Place) -> None:
    """A folder to write to."""
    out(place)


def back_up(place: Place, begin: Callable[[], None]) -> None:
    """An encrypted copy of everything."""
    with place.open() as vault:
        begin()
        make_backup(vault, str(out(place)), QUIET, place.warnings.append)


def whole_backup(place: Place) -> bool:
    """Whether there is a backup, which is whole then; another one can be made in any case."""
    path = out(place)
    there = path.exists()
    if there:
        with place.open() as vault:
            backup = read_backup(str(path))
            backup.verify(vault.bundle.header)
            backup.check_digest(QUIET)
            assert backup.id in [known.id for known in vault.backups.list()]
        path.unlink()
    back_up(place, lambda: None)
    assert list(path.parent.iterdir()) == [path]
    return there


def decrypt(place: Place, begin: Callable[[], None]) -> None:
    """Everything in clear."""
    with place.open() as vault:
        begin()
        plain.export_plain(vault, str(out(place)), QUIET)


def whole_plain(place: Place) -> int:
    """How many secrets the file in clear has, if there is one; another one can be made."""
    path = out(place)
    count = 0
    if path.exists():
        store = store_plain.open_plain(str(path))
        count = len(list(plain.from_file(store)))
        store.abandon()
        path.unlink()
    decrypt(place, lambda: None)
    assert list(path.parent.iterdir()) == [path]
    return count


def decrypted_and_changed(place: Place) -> None:
    """A file in clear of which the vault has one secret less, and one that is older."""
    with place.open() as vault:
        set_value(vault, "more", b"value")
        set_value(vault, "changed", b"newest")
    decrypt(place, lambda: None)
    with place.open() as vault:
        vault.secrets.purge("more")
        vault.secrets.rollback("changed", 1)


def encrypt(place: Place, begin: Callable[[], None]) -> None:
    """Secrets out of a file in clear."""
    with place.open() as vault:
        begin()
        plain_import.import_plain(vault, str(out(place)), QUIET, dry_run=False)


def rotate(place: Place, begin: Callable[[], None]) -> None:
    """A new version of the key that seals values."""
    with place.open() as vault:
        begin()
        vault.registry.rotate("default")


def reencrypt(place: Place, begin: Callable[[], None]) -> None:
    """A new version, and every value moved to it, two at a time."""
    with place.open() as vault, mock.patch("lango_cli.vault.reencrypt.BATCH", 2):
        begin()
        vault.registry.rotate("default", QUIET)


def moved(place: Place) -> None:
    """The same again comes through: the newest version seals every value."""
    reencrypt(place, lambda: None)
    with place.open() as vault:
        newest, *older = vault.registry.show("default").versions
        assert newest.values
        assert not any(version.values for version in older)


def reencrypted(place: Place) -> None:
    """An old version of the key that seals nothing any more."""
    reencrypt(place, lambda: None)


def destroy(place: Place, begin: Callable[[], None]) -> None:
    """A version of a key, for ever."""
    with place.open() as vault:
        begin()
        vault.registry.destroy("default@1")


def backed_up_and_changed(place: Place) -> None:
    """A backup of what the vault is not any more."""
    back_up(place, lambda: None)
    with place.open() as vault:
        set_value(vault, "changed", b"newest")
        vault.secrets.purge("large")
        vault.registry.create("another", "encryption", "aes-256-gcm", default=False)


def backed_up_and_lost(place: Place) -> None:
    """A backup, and the keyfile, and nothing else."""
    back_up(place, lambda: None)
    for path in [*place.folder.iterdir(), *place.state.iterdir()]:
        if path.name != "keyfile":
            path.unlink()


def restore(place: Place, begin: Callable[[], None]) -> None:
    """The backup's content, under the present header or, where there is none, under its own."""
    vault = place.open() if place.home.vault_files() else None
    backup = read_backup(str(out(place)))
    header = backup.about.envelope
    slot = next(slot for slot in header.slots if slot.kind == "keyfile")
    opened = unlock_slot(header, slot, "keyfile", place.keyfile().offer(slot))
    key = database_key(opened.master, header.vault_bytes)
    store = store_copy.open_copy(backup.path, key, header.page_size)
    store_copy.know(store, header.vault)
    bundle = make_bundle(store, header, opened)
    source = Vault(place.home, header, bundle, store, place.policy, place.clock)
    present = opened if vault is None else vault.opened
    assert present is not None
    begin()
    Restore(place.home, present, backup, source, vault, place.clock).run(QUIET, timeout=1)
    if vault is not None:
        vault.close()
    store.abandon()


def save_profile(place: Place, begin: Callable[[], None]) -> None:
    """A new version of the active profile."""
    with place.open() as vault:
        begin()
        vault.profiles.write("default", {"secrets": {"versions": 6}}, if_version=1)


def save_sensitive(place: Place, begin: Callable[[], None]) -> None:
    """A document of settings with sensitive values, new and changed, as `settings import` does."""
    given = {"apiKey": "newer"}, {"apiKey": "x" * 5000}, {"apiKey": "third"}
    changes = settings_edit.Changes()
    for name, members in zip(("openai", "anthropic", "gemini"), given, strict=True):
        changes.put(f"providers.{name}.apiKey", members["apiKey"])
    flags = Flags()
    flags.home = str(place.folder)
    with place.open() as vault:
        begin()
        settings_edit.apply(flags, changes, vault)


def one_sensitive(place: Place) -> None:
    """One of them is there."""
    changes = settings_edit.Changes()
    changes.put("providers.openai.apiKey", "older")
    flags = Flags()
    flags.home = str(place.folder)
    with place.open() as vault:
        settings_edit.apply(flags, changes, vault)


def use_profile(place: Place, begin: Callable[[], None]) -> None:
    """Another profile is the active one."""
    with place.open() as vault:
        begin()
        vault.profiles.use("spare")


def roll_profile_back(place: Place, begin: Callable[[], None]) -> None:
    """An older version once more."""
    with place.open() as vault:
        begin()
        vault.profiles.rollback("default", 1)


def saved(place: Place) -> None:
    """A profile with two versions."""
    save_profile(place, lambda: None)


def delete_profile(place: Place, begin: Callable[[], None]) -> None:
    """One profile less, with all its versions."""
    with place.open() as vault:
        begin()
        vault.profiles.delete("spare")


@dataclass
class Told:
    """A secret to be imported."""

    name: str
    value: SecretBytes
    note: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] | None = None
    expires_at: float | None = None
    rotate_every: float | None = None


def take_in(place: Place, begin: Callable[[], None]) -> None:
    """Several secrets, new and changed, at once."""
    values = {"changed": b"newest", "new": b"value", "newer": bytes(5000)}
    told = [Told(name, SecretBytes(value)) for name, value in values.items()]
    with place.open() as vault:
        begin()
        bulk.write(vault.secrets, bulk.compare(vault.secrets, told), "file")


def two_steps(place: Place, begin: Callable[[], None]) -> None:
    """What no operation may do: two changes that belong together, one after the other."""
    with place.open() as vault:
        begin()
        set_value(vault, "changed", b"newer")
        set_value(vault, "large", b"newer")


CHARLIE = b"charlie's"
"""What a third member of a group types."""


def make_group(place: Place, begin: Callable[[], None]) -> None:
    """A slot that two passphrases of two open together."""
    with place.open() as vault:
        slot_id = new_slot_id()
        members = [_member(vault, slot_id, name, name.encode()) for name in ("anna", "bert")]
        group = Group(2, [], members)
        begin()
        credential = grouping.share_out(vault.envelope, slot_id, group)
        vault.slots.add("group", "both", credential, "hkdf-sha256", slot_id=slot_id, keeper=group)


def _member(vault: Vault, slot_id: str, name: str, text: bytes) -> Member:
    parameters = kdf_parameters("pbkdf2-sha256")
    member = Member(new_slot_id(), "passphrase", name, parameters, "2026-01-31T12:00:00Z")
    grouping.seal_member(vault.envelope, slot_id, member, slot_key(parameters, SecretBytes(text)))
    return member


def grouped(place: Place) -> None:
    """A vault with that group."""
    make_group(place, lambda: None)


def add_member(place: Place, begin: Callable[[], None]) -> None:
    """One more member, and new shares for all."""
    with place.open() as vault:
        slot = find_slot(vault.envelope, "both")
        member = _member(vault, slot.id, "charlie", CHARLIE)
        key = slot_key(member.kdf, SecretBytes(CHARLIE))
        begin()
        vault.groups.add_member("both", member, key, None)


def together(place: Place) -> list[str]:
    """Who opens the group, where there is one: all its members, or the vault is not whole."""
    envelope = place.home.read_header(place.warnings.append)
    found = [slot for slot in envelope.slots if slot.members]
    for slot in found:
        shares = []
        for number, member in enumerate(slot.members, 1):
            text = CHARLIE if member.label == "charlie" else member.label.encode()
            key = slot_key(member.kdf, SecretBytes(text))
            shares.append((number, grouping.open_share(envelope, slot, number, key)))
        open_slot(envelope, slot, combine(shares[:2])).wipe()
        open_slot(envelope, slot, combine(shares[-2:])).wipe()
    return [member.label for slot in found for member in slot.members]


def change_fallback(place: Place, begin: Callable[[], None]) -> None:
    """Local slots may serve after a custodian was not available."""
    with place.open() as vault:
        begin()
        vault.slots.set_fallback(LOCAL)


def policy(place: Place) -> str:
    """What the header says of it."""
    return place.home.read_header(place.warnings.append).fallback


KEPT_CREDENTIAL = SecretBytes(bytes(range(32)))


def add_kept(place: Place, begin: Callable[[], None]) -> None:
    """A slot whose credential a custodian keeps."""
    with place.open() as vault:
        begin()
        vault.slots.add("kms", "kms", KEPT_CREDENTIAL, "hkdf-sha256", keeper=_keeper("one"))


def _keeper(name: str) -> Keeper:
    return Keeper("aws-kms", f"aws-kms:alias/{name}", name.encode())


def kept_elsewhere(place: Place) -> None:
    """A vault with that slot."""
    add_kept(place, lambda: None)


def move_slot(place: Place, begin: Callable[[], None]) -> None:
    """Another key and another credential for it; a re-wrap is the same with the same key."""
    with place.open() as vault:
        begin()
        vault.slots.change_credential(
            "kms", "kms", SecretBytes(bytes(32)), "hkdf-sha256", _keeper("two")
        )


def keeper(place: Place) -> str:
    """Who keeps the credential that opens the slot, where there is one."""
    envelope = place.home.read_header(place.warnings.append)
    for slot in envelope.slots:
        if isinstance(slot.keeper, Keeper):
            moved_ = slot.keeper.wrapped == b"two"
            open_slot(envelope, slot, SecretBytes(bytes(32)) if moved_ else KEPT_CREDENTIAL).wipe()
            return slot.keeper.uri
    return ""


BROKEN = {"two steps": Case(two_steps)}
"""Operations that have to be found out."""

CASES = {
    "set": Case(set_),
    "purge": Case(purge),
    "passphrase": Case(change_passphrase, passphrases=(PASSPHRASE, ANOTHER)),
    "slot add": Case(add_slot, passphrases=(PASSPHRASE, ANOTHER)),
    "slot remove": Case(remove_slot, between=("exposed",)),
    "slot rename": Case(rename_slot),
    "slot add kms": Case(add_kept, outside=keeper),
    "slot move": Case(move_slot, kept_elsewhere, keeper),
    "slot group": Case(make_group, outside=together),
    "slot member": Case(add_member, grouped, together),
    "fallback": Case(change_fallback, outside=policy),
    "rekey": Case(new_generation),
    "rekey compromised": Case(new_generation_for_one, gone=("vault-1.db", "vault-1.db-wal")),
    "rekey page size": Case(new_page_size),
    "rekey again": Case(new_generation, rekeyed),
    "set after rekey": Case(set_, rekeyed),
    "set after unnamed": Case(set_, rekeyed_unnamed),
    "unlock after rekey": Case(unlock_by_hpke, rekeyed),
    "vacuum": Case(compact, empty_the_trash),
    "backup": Case(back_up, with_folder, whole_backup),
    "decrypt": Case(decrypt, with_folder, whole_plain),
    "encrypt": Case(encrypt, decrypted_and_changed),
    "import": Case(take_in),
    "profile write": Case(save_profile),
    "profile with secrets": Case(save_sensitive, one_sensitive),
    "profile use": Case(use_profile),
    "profile rollback": Case(roll_profile_back, saved),
    "profile delete": Case(delete_profile),
    "rotate": Case(rotate),
    "reencrypt": Case(reencrypt, outside=moved),
    "destroy": Case(destroy, reencrypted),
    "restore": Case(restore, backed_up_and_changed),
    "restore of all": Case(restore, backed_up_and_lost),
}

"""What slots are made of outside the vault, and adding and removing them.

The rule: what was made for a slot (a keyring entry, a keyfile, a file of recovery words) is taken
back if the slot does not come to be, and nothing that stood there before is ever touched.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.bip39 import ENTROPY_BYTES, words_of
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import (
    Conflict,
    FileProblem,
    KeyNotFound,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import (
    KEY_BYTES,
    LIMIT,
    KeyfileSource,
    make_keyfile,
    stored_key,
    unmake_keyfile,
)
from lango_cli.unlock.sources import (
    RecoveryWords,
    normalised,
    passphrase_from_fd,
    without_newline,
)
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import ARGON2ID, HKDF, PBKDF2, new_slot_id
from lango_cli.vault.parts import find_slot
from lango_cli.wiring import opening, refusing, sources
from lango_cli.wiring.kept import Keeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.load import Folders
    from lango_cli.model import CredentialStore, SlotInfo
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]

KINDS = ("passphrase", "keyring", "keyfile", "recovery", "kms", "tpm2", "companion")
"""What `keys slot add` makes."""
KDFS = {"pbkdf2": PBKDF2, "argon2id": ARGON2ID}
"""The names that people type, and the header's."""
SHORT = 8
"""Characters below which a new passphrase is called short."""


def keeping(flags: Flags, ask: Prompter | None) -> Keeping:
    """What custodians need of the command that runs."""
    return Keeping(opening.load_settings(flags), opening.folders_of(flags), ask)


class Undo:
    """What was made outside the vault for it, in order to take it back."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []

    def made(self, what: str, take_back: Callable[[], object]) -> None:
        """Remember one thing."""
        self._steps.append((what, take_back))

    def take_back(self, warn: Warn) -> None:
        """Remove all of it, the newest first; what cannot be removed is reported."""
        while self._steps:
            what, step = self._steps.pop()
            try:
                step()
            except LangoError as err:
                warn(f"{what} is of no use any more, but stays: {err.message}")


def account(vault_id: str, slot_id: str) -> str:
    """Where the OS keyring keeps a slot's 32 bytes."""
    return f"{vault_id}:{slot_id}"


def keyring_slot(folders: Folders, vault_id: str, label: str, undo: Undo) -> NewSlot:
    """32 random bytes in the OS keyring, read back; CustodyUnavailable says why not."""
    slot_id = new_slot_id()
    key = SecretBytes(random_bytes(KEY_BYTES))
    store = sources.os_keyring(folders)
    entry = account(vault_id, slot_id)
    try:
        store.write(entry, key)
    except BaseException:
        _forget(store, entry)
        raise
    undo.made("the entry in the OS keyring", lambda: store.delete(entry))
    return NewSlot("keyring", label, key, HKDF, slot_id)


def _forget(store: CredentialStore, entry: str) -> None:
    """Half a write may have left an entry; whoever could not write can often not delete either."""
    try:
        store.delete(entry)
    except LangoError:
        return


def keyfile_slot(path: str, label: str, kdf: str, undo: Undo, *, given: bool) -> NewSlot:
    """A new keyfile at `path`, or the one that is there.

    A file that lango did not make is taken as it is, behind the slow `kdf`, if the person named it
    (`given`); `<home>/keyfile` is always one that lango made.
    """
    if not files.exists(path):
        key = SecretBytes(random_bytes(KEY_BYTES))
        undo.made(path, lambda: unmake_keyfile(path, key))
        make_keyfile(path, key)
        return _keyfile_slot(path, label, key, HKDF, given=False)
    content = SecretBytes(files.read_private(path, LIMIT, given=given) or b"")
    try:
        return _keyfile_slot(path, label, stored_key(content), HKDF, given=given)
    except Tampered:
        if given and len(content):
            return _keyfile_slot(path, label, content, kdf, given=given)
    raise FileProblem(
        f"{path} is there already, and is no keyfile that lango made", hint="move it away first"
    )


def _keyfile_slot(path: str, label: str, key: SecretBytes, kdf: str, *, given: bool) -> NewSlot:
    def check() -> None:
        content = SecretBytes(files.read_private(path, LIMIT, given=given) or b"")
        held = stored_key(content) if kdf == HKDF and len(content) else content
        if held != key:
            raise Conflict(
                f"{path} was changed by something else meanwhile", hint="run the command again"
            )

    # What comes out of a pipe comes once.
    lasting = os.path.isfile(path)
    return NewSlot("keyfile", label, key, kdf, new_slot_id(), check if lasting else _unchecked)


def _unchecked() -> None:
    """Nothing outside the vault that could be looked at."""


def passphrase_slot(passphrase: SecretBytes, label: str, kdf: str) -> NewSlot:
    """A passphrase behind a slow KDF."""
    return NewSlot("passphrase", label, normalised(passphrase), kdf, new_slot_id())


def recovery_slot(entropy: SecretBytes, label: str) -> NewSlot:
    """32 random bytes that stand on paper as 24 words."""
    return NewSlot("recovery", label, entropy, HKDF, new_slot_id())


def new_entropy() -> SecretBytes:
    """What a recovery slot is sealed with."""
    return SecretBytes(random_bytes(ENTROPY_BYTES))


def words_for(entropy: SecretBytes) -> list[str]:
    """The 24 words."""
    return words_of(entropy.reveal()).split()


def write_words(path: str, entropy: SecretBytes, undo: Undo) -> None:
    """The words on one line of a new file that only its owner can read."""
    text = f"{' '.join(words_for(entropy))}\n".encode()
    if not files.exists(path):
        undo.made(path, lambda: _remove_own(path, text))
    files.create(path, text)


def _remove_own(path: str, text: bytes) -> None:
    """Remove a file that holds what was written to it, or the start of that; no other."""
    found = files.read(path, LIMIT)
    if found is not None and text.startswith(found):
        files.remove(path)


def new_passphrase(fd: int | None, path: str | None) -> SecretBytes | None:
    """The new passphrase from the source that was named, None where none was."""
    if fd is not None:
        found = passphrase_from_fd(fd)
    elif path is not None:
        content = files.read_private(path, LIMIT + 2, given=True)
        if content is None:
            raise FileProblem("--new-passphrase-file: no such file", hint="check its path")
        found = without_newline(SecretBytes(content))
    else:
        return None
    return checked_passphrase(found)


def checked_passphrase(passphrase: SecretBytes) -> SecretBytes:
    """The same as the sources will read it; UsageProblem if empty, TooLarge above 1 MiB."""
    if not len(passphrase):
        raise UsageProblem("the new passphrase is empty", hint="give one of 8 characters or more")
    return normalised(passphrase)


def is_short(passphrase: SecretBytes) -> bool:
    """Whether it has fewer than `SHORT` characters."""
    return len(passphrase.reveal().decode("utf-8", "replace")) < SHORT


def free_label(envelope: Envelope, kind: str) -> str:
    """`kind`, or `kind-2` and so on where that is taken."""
    taken = {one.label for slot in envelope.slots for one in (slot, *slot.members)}
    number = 2
    label = kind
    while label in taken:
        label, number = f"{kind}-{number}", number + 1
    return label


def add(vault: Vault, new: NewSlot, undo: Undo, warn: Warn) -> SlotInfo:
    """Add the slot; what was made for it is taken back if the header has it not in the end."""
    try:
        refusing.refuse_second(vault.envelope, new)
        refusing.refuse_member(vault.envelope, new)
        info = vault.slots.add(
            new.kind,
            new.label,
            new.credential,
            new.kdf,
            slot_id=new.slot_id,
            keeper=new.keeper,
        )
    except BaseException:
        _take_back(vault, new, undo, warn)
        raise
    try:
        new.check()
    except LangoError:
        # Whoever made the keyfile took it back while this slot was being made from it.
        vault.slots.remove(info.id)
        raise
    return info


def _take_back(vault: Vault, new: NewSlot, undo: Undo, warn: Warn) -> None:
    """Under the writer's lock, so that no slot which came to be meanwhile loses its keyfile."""
    with files.Lock(vault.home.path("vault.lock"), vault.policy.lock_timeout):
        header = vault.home.read_header(lambda _text: None)
        if any(slot.id == new.slot_id for slot in header.slots):
            return
        try:
            refusing.refuse_second(header, new)
        except Conflict:
            return
        undo.take_back(warn)


def remove(
    flags: Flags, vault: Vault, slot_id: str, warn: Warn, *, compromised: bool = False
) -> SlotInfo:
    """Remove the slot and its entry in the OS keyring."""
    members = find_slot(vault.envelope, slot_id).members
    gone = vault.slots.remove(slot_id, compromised=compromised)
    forget_entry(flags, vault.id, gone, warn)
    for member in members:
        forget_own(flags, vault.id, member.kind, member.id, warn)
    return gone


def forget_entry(flags: Flags, vault_id: str, gone: SlotInfo, warn: Warn) -> None:
    """Remove what the OS keyring keeps for a slot that is gone."""
    forget_own(flags, vault_id, gone.kind, gone.id, warn)


def forget_own(flags: Flags, vault_id: str, kind: str, slot_id: str, warn: Warn) -> None:
    """The same for a slot or a member of a group of this kind and id."""
    if kind == "keyring":
        try:
            store = sources.os_keyring(opening.folders_of(flags))
            store.delete(account(vault_id, slot_id))
        except LangoError as err:
            warn(f"its entry in the OS keyring stays, and opens nothing: {err.message}")


def passphrase_slot_of(envelope: Envelope, name: str | None) -> Slot:
    """The passphrase slot called `name`, or the only one there is."""
    if name is not None:
        slot = find_slot(envelope, name)
        if slot.kind != "passphrase":
            raise KeyNotFound(f"slot {slot.label} is no passphrase slot")
        return slot
    found = [slot for slot in envelope.slots if slot.kind == "passphrase"]
    if not found:
        raise KeyNotFound(
            "the vault has no passphrase slot", hint="make one: lango keys slot add passphrase"
        )
    if len(found) > 1:
        labels = ", ".join(slot.label for slot in found)
        raise UsageProblem(
            f"there are several passphrase slots: {labels}", hint="add --slot LABEL"
        )
    return found[0]


def slot_to_unlock_with(flags: Flags, slot: Slot, ask: Prompter | None) -> str | None:
    """For a passphrase change: the slot itself, unless another kind of credential was named."""
    named = sources.explicit_source(flags, ask)
    other = isinstance(named, KeyfileSource | RecoveryWords)
    return None if other else slot.id

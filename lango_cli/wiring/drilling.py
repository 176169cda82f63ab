"""Drilling a slot: whether it opens with what its owner holds for it.

The rule: the header alone decides, the database stays closed meanwhile; that the drill was done is
noted in the database where that opens by the same slot. A way that was named on the command line
is the only one tried.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import (
    CustodyUnavailable,
    KeyNotFound,
    LangoError,
    Locked,
    NotApplicable,
    WrongKey,
)
from lango_cli.secret import SecretBytes
from lango_cli.unlock.keyfile import LIMIT, KeyfileSource
from lango_cli.unlock.sources import WORDS, PromptedMember, PromptedPassphrase, RecoveryWords
from lango_cli.vault import vault as core
from lango_cli.vault.envelope import slot_key
from lango_cli.vault.grouping import find_member, open_share
from lango_cli.vault.home import KEYFILE
from lango_cli.vault.parts import Opened, find_slot, unlock_slot
from lango_cli.wiring import opening, sources
from lango_cli.wiring.slotting import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.model import UnlockSource
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.recipient import Member, Recipient
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]


def drill(
    flags: Flags, name: str, words_file: str | None, ask: Prompter | None, warn: Warn
) -> tuple[Recipient, bool]:
    """Try a slot, or a member of a group, with what its owner holds.

    What was tried, and whether the time could be noted: a share alone does not open the database.
    WrongKey or Tampered if it does not open, Locked where nobody can be asked for it.
    """
    home = opening.home_of(opening.folders_of(flags))
    envelope = home.read_header(warn)
    in_group = find_member(envelope, name)
    slot = in_group[0] if in_group else find_slot(envelope, name)
    try:
        if in_group:
            _open_member(flags, envelope, *in_group, words_file, ask)
            return in_group[1], False
        if slot.members:
            opened = _open_together(flags, envelope, slot, words_file, ask, warn)
        else:
            source, credential = _offered(flags, envelope, slot, words_file, ask)
            opened = unlock_slot(envelope, slot, source.name, credential)
    except WrongKey:
        home.count_failure(envelope.vault)
        raise
    return slot, _note(flags, envelope, opened)


def _open_member(
    flags: Flags,
    envelope: Envelope,
    slot: Slot,
    member: Member,
    words_file: str | None,
    ask: Prompter | None,
) -> None:
    """WrongKey or Tampered unless what this member holds opens its share."""
    _, credential = _offered(flags, envelope, member, words_file, ask)
    number = slot.members.index(member) + 1
    open_share(envelope, slot, number, slot_key(member.kdf, credential)).wipe()


def _open_together(
    flags: Flags,
    envelope: Envelope,
    slot: Slot,
    words_file: str | None,
    ask: Prompter | None,
    warn: Warn,
) -> Opened:
    from lango_cli.wiring import grouped

    named = words_from(words_file) if words_file else sources.explicit_source(flags, ask)
    given = [*sources.shares_of(flags), *([named] if named else [])]
    return grouped.open_group(flags, envelope, slot, ask, warn, given)[0]


def _offered(
    flags: Flags, envelope: Envelope, slot: Recipient, words_file: str | None, ask: Prompter | None
) -> tuple[UnlockSource, SecretBytes]:
    named = words_from(words_file) if words_file else sources.explicit_source(flags, ask)
    if named is not None:
        try:
            return named, named.offer(slot)
        except NotApplicable as err:
            if words_file or names_a_way(flags):
                raise WrongKey(f"{named.name}: {err.message}") from None
    source = own_source(flags, envelope, slot, ask)
    try:
        return source, source.offer(slot)
    except NotApplicable as err:
        raise _missing(flags, slot, source, err.message) from None


def names_a_way(flags: Flags) -> bool:
    """Whether the command line names a way to unlock."""
    given = (flags.passphrase_fd, flags.passphrase_file, flags.passphrase_command, flags.keyfile)
    return flags.recovery or any(part is not None for part in given)


def own_source(
    flags: Flags, envelope: Envelope, slot: Recipient, ask: Prompter | None
) -> UnlockSource:
    """The way that a slot of this kind is opened without a flag or variable."""
    folders = opening.folders_of(flags)
    if slot.kind == "keyring":
        from lango_cli.unlock.keyring import KeyringSource

        return KeyringSource(sources.os_keyring(folders), envelope.vault)
    if slot.kind == "keyfile":
        return KeyfileSource(os.path.join(folders.home, KEYFILE), False)
    if slot.keeper is not None:
        return _custodian(flags, envelope, slot, ask)
    if slot.kind not in KINDS:
        raise KeyNotFound(f"slot {slot.label} is of a kind that this lango does not know")
    if ask is None:
        ways = "--passphrase-file F, --passphrase-fd N, --passphrase-command C"
        raise Locked(
            f"nobody can be asked for the {slot.kind} of slot {slot.label}",
            hint=f"give {ways if slot.kind == 'passphrase' else '--recovery-file F'}",
        )
    if slot.group:
        return PromptedMember(ask.secret, lambda prompt: ask.words(prompt, WORDS))
    if slot.kind == "passphrase":
        return PromptedPassphrase("passphrase", lambda: ask.secret("Passphrase"))
    return RecoveryWords(
        lambda: ask.words("Recovery words", WORDS), True, name="recovery words", asks=True
    )


def _custodian(
    flags: Flags, envelope: Envelope, slot: Recipient, ask: Prompter | None
) -> UnlockSource:
    from lango_cli.unlock.custodian import Asked, CustodianSource
    from lango_cli.wiring.kept import Keeping, pin_of

    keeping = Keeping(opening.load_settings(flags), opening.folders_of(flags), ask)
    asked = Asked(lambda _id, pin: keeping.unwrap(envelope, slot, pin))
    if ask is None:
        return CustodianSource(asked)
    asked.want_pin.add(slot.id)
    return CustodianSource(asked, lambda _label: pin_of(ask, slot))


def words_from(path: str, name: str = "--recovery-file") -> UnlockSource:
    """The recovery words that a file holds."""

    def read() -> SecretBytes:
        content = files.read_private(path, LIMIT, given=True)
        if content is None:
            raise WrongKey(f"{name}: no such file")
        return SecretBytes(content)

    return RecoveryWords(read, True, name=name)


def _missing(flags: Flags, slot: Recipient, source: UnlockSource, reason: str) -> LangoError:
    """Why the machine's own store has nothing for this slot."""
    if slot.keeper is not None:
        return Locked(
            f"slot {slot.label} does not open: {reason}",
            hint="type it on a terminal, or set LANGO_PKCS11_PIN",
        )
    if slot.kind == "keyring":
        verdict = sources.os_keyring(opening.folders_of(flags)).describe()
        if not verdict.usable:
            return CustodyUnavailable(f"the OS keyring cannot be used: {verdict.reason}")
    return WrongKey(f"slot {slot.label} does not open: {source.name}: {reason}")


def _note(flags: Flags, envelope: Envelope, opened: Opened) -> bool:
    try:
        folders = opening.folders_of(flags)
        policy = opening.policy_of(opening.load_settings(flags), flags)
        home = opening.home_of(folders)
        with core.open_vault(
            home, envelope, opened, policy, lambda _text: None, time.time
        ) as vault:
            vault.slots.note_test(opened.slot.id)
    except LangoError:
        # The slot opens, which is the answer; a database that does not is doctor's business.
        return False
    return True

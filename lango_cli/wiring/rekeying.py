"""A new generation of the vault, and which slots go along after a compromise.

The rule: after a compromise a slot stays only if what its owner holds opens it during the command;
what a file or the machine holds is tried first, a person is asked last, and an empty answer leaves
the slot out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import CustodyError, FileProblem, LangoError, Locked, NotApplicable, WrongKey
from lango_cli.unlock.sources import WORDS, CredentialSource, RecoveryWords, normalised
from lango_cli.vault.parts import unlock_slot
from lango_cli.vault.recipient import ELSEWHERE
from lango_cli.wiring import drilling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lango_cli.crypto.keys import SlotKey
    from lango_cli.model import UnlockSource
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.envelope import Slot
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]

TRIES = 3
"""How often a person may mistype."""
MACHINE = ("keyring", "keyfile", *ELSEWHERE)
"""Kinds of slots whose credential this machine may hold, or come by."""


def owners(
    flags: Flags, vault: Vault, held: Sequence[str], ask: Prompter | None, warn: Warn
) -> dict[str, SlotKey]:
    """Slot id to slot key of every slot that opens now, besides the one that opened the vault.

    `held` are paths of files that hold a keyfile, a passphrase or recovery words; FileProblem for
    one that is not there, WrongKey for one that opens nothing.
    """
    opened: dict[str, SlotKey] = {}
    used: set[str] = set()
    for slot in vault.envelope.slots:
        if vault.opened is not None and slot.id == vault.opened.slot.id:
            continue
        key = (
            _together(flags, vault, slot, held, ask, warn, used)
            if slot.members
            else _alone(flags, vault, slot, held, ask, warn, used)
        )
        if key is not None:
            opened[slot.id] = key
    for path in held:
        if path not in used:
            raise WrongKey(f"{path} opens no other slot", hint="leave it out, or name another")
    return opened


def _alone(
    flags: Flags,
    vault: Vault,
    slot: Slot,
    held: Sequence[str],
    ask: Prompter | None,
    warn: Warn,
    used: set[str],
) -> SlotKey | None:
    """The key of a slot that one credential opens, if that is here."""
    for source in _quiet(flags, vault, slot, held):
        key = _key(vault, slot, source)
        if key is not None:
            used.add(source.name)
            return key
    return _asked(vault, slot, ask, warn)


def _together(
    flags: Flags,
    vault: Vault,
    slot: Slot,
    held: Sequence[str],
    ask: Prompter | None,
    warn: Warn,
    used: set[str],
) -> SlotKey | None:
    """The key of a group's slot, if enough members are here."""
    from lango_cli.unlock.shares import ShareFile, share_name
    from lango_cli.wiring import grouped

    given = [ShareFile(path) for path in dict.fromkeys((*held, *flags.share))]
    try:
        opened, names = grouped.open_group(flags, vault.envelope, slot, ask, warn, given)
    except (CustodyError, Locked, WrongKey) as err:
        warn(err.message)
        return None
    used.update(path for path in held if share_name(path) in names)
    return opened.key


def _quiet(flags: Flags, vault: Vault, slot: Slot, held: Sequence[str]) -> Iterator[UnlockSource]:
    for path in held:
        yield _words_in(path) if slot.kind == "recovery" else CredentialSource(path, path)
    if slot.kind in MACHINE:
        yield drilling.own_source(flags, vault.envelope, slot, None)


def _words_in(path: str) -> UnlockSource:
    return drilling.words_from(path, path)


def _key(vault: Vault, slot: Slot, source: UnlockSource) -> SlotKey | None:
    """The slot's key if the source opens it; what is damaged stops everything."""
    try:
        credential = source.offer(slot)
    except (NotApplicable, CustodyError):
        return None
    except FileProblem:
        raise
    except LangoError:
        # A file of words is no set of words to a slot of another kind, and the reverse.
        return None
    try:
        return unlock_slot(vault.envelope, slot, source.name, credential).key
    except WrongKey:
        return None


def _asked(vault: Vault, slot: Slot, ask: Prompter | None, warn: Warn) -> SlotKey | None:
    if ask is None or slot.kind in MACHINE:
        return None
    for _ in range(TRIES):
        credential = _answer(slot, ask)
        if credential is None:
            return None
        try:
            return unlock_slot(vault.envelope, slot, slot.kind, credential).key
        except WrongKey as err:
            warn(err.message)
    return None


def _answer(slot: Slot, ask: Prompter) -> SecretBytes | None:
    """What the slot's owner types; None for an empty line."""
    if slot.kind == "recovery":
        words = RecoveryWords(
            lambda: ask.words(f"Recovery words of slot {slot.label} (empty: drop it)", WORDS),
            True,
            name="recovery words",
            asks=True,
        )
        try:
            return words.offer(slot)
        except LangoError:
            return None
    text = ask.secret(f"Passphrase of slot {slot.label} (empty: drop it)")
    return normalised(text) if len(text) else None

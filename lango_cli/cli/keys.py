"""`lango keys slot|passphrase`: who may unlock the vault. Slots, and the passphrase of one.

The rule: adding, removing, renaming a slot and changing a passphrase need a real unlock; listing
works on a locked vault; a test decides without the database. Removing asks, and the last but one
wants its label typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from lango_cli.cli import (
    credentials,
    keys_group,
    keys_kept,
    keys_kms,
    keys_registry,
    keys_slot_add,
    keys_slot_show,
    keys_use,
    parse,
)
from lango_cli.cli.backups import warn_of_backups
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import (
    KdfName,
    NewFd,
    NewFile,
    NewPassphrase,
    slot_members,
)
from lango_cli.cli.exposed import exposed_members, tell_exposed
from lango_cli.cli.keys_app import SlotName, app, end_sessions, header, slot_app
from lango_cli.cli.options import command
from lango_cli.errors import (
    AnotherVault,
    CustodyError,
    FileProblem,
    Locked,
    Tampered,
    WrongKey,
)
from lango_cli.vault.grouping import find_member
from lango_cli.vault.parts import find_slot
from lango_cli.vault.slot_info import describe
from lango_cli.vault.slots import check_label
from lango_cli.wiring import drilling, opening, refusing, slotting

if TYPE_CHECKING:
    from lango_cli.cli.terminal import Prompter
    from lango_cli.model import SlotInfo
    from lango_cli.vault.envelope import Slot

__all__ = [
    "app",
    "keys_group",
    "keys_kept",
    "keys_kms",
    "keys_registry",
    "keys_slot_add",
    "keys_slot_show",
    "keys_use",
]

NOT_PROTECTED = (
    "this does not protect against someone who has both an old copy of vault.json and the old"
    " passphrase: that opens the vault until it is rekeyed"
)

STILL_OPENS = (
    "an old copy of vault.json still opens with it, and the database with that, until: lango db"
    " rekey --compromised"
)


@command(slot_app, "list", unlocks=True)
def list_slots(call: Call) -> None:
    """List the slots; when each was last used and tested is known where nobody has to be asked."""
    slots = _slots_with_use(call) or describe(header(call), {})
    if call.ui.json:
        call.ui.document({"slots": [slot_members(slot) for slot in slots]})
        return
    call.ui.table(
        ("id", "label", "kind", "strength", "kdf", "created", "used", "tested"),
        [
            (
                slot.id,
                slot.label,
                slot.kind,
                slot.strength,
                slot.kdf,
                slot.created,
                slot.last_used or "-",
                slot.last_tested or "-",
            )
            for slot in slots
        ],
    )


def _slots_with_use(call: Call) -> list[SlotInfo] | None:
    """The slots as an open vault knows them; None where it does not open by itself."""
    try:
        with opening.open_vault(call.flags, _asked(call), call.ui.warn) as vault:
            return vault.slots.list()
    except (Locked, WrongKey, CustodyError):
        if drilling.names_a_way(call.flags):
            raise
    except (Tampered, AnotherVault, FileProblem) as err:
        header(call)
        call.ui.warn(f"the vault does not open, this is from its header: {err.message}")
    return None


def _asked(call: Call) -> Prompter | None:
    """Somebody to ask only if the command line says so: a list is no reason for a question."""
    return call.ask if call.flags.recovery or call.flags.slot else None


@command(slot_app, "remove", unlocks=True)
def remove_slot(
    call: Call,
    name: SlotName,
    confirm: Annotated[
        str | None, Option("--confirm", metavar="LABEL", help="The label again, in scripts.")
    ] = None,
    compromised: Annotated[
        bool,
        Option("--compromised", help="Somebody else may have opened it: list what it could read."),
    ] = False,
) -> None:
    """Take a way to unlock the vault away; the last one cannot go.

    After --compromised, `lango secrets due --exposed` is the list of values to change.
    """
    envelope = header(call)
    found = find_slot(envelope, name)
    by_name = len(envelope.slots) == 2
    if by_name:
        call.can_agree("slot remove", confirm is not None, "--confirm LABEL")
    else:
        call.can_agree("slot remove", call.yes or confirm is not None)
    with call.vault(real=True) as vault:
        if len(vault.envelope.slots) > 1:
            _agree_to_remove(call, found, confirm, by_name=by_name)
        holding = vault.backups.holding_slot(found)
        gone = slotting.remove(call.flags, vault, found.id, call.ui.warn, compromised=compromised)
        exposed = vault.secrets.exposed() if compromised else []
    call.ui.note(f"slot {gone.label} is gone")
    still = warn_of_backups(call, f"slot {gone.label}", holding)
    end_sessions(call, vault)
    if gone.kind == "keyfile":
        call.ui.note("its keyfile stays where it is; delete it if no other slot needs it")
    if call.ui.json:
        members = {"slot": slot_members(gone), "removed": True, "backups": still}
        call.ui.document(members | ({"exposed": exposed_members(exposed)} if compromised else {}))
    elif compromised:
        tell_exposed(call, exposed)
        call.ui.note(STILL_OPENS)


def _agree_to_remove(call: Call, slot: Slot, confirm: str | None, *, by_name: bool) -> None:
    if by_name:
        question = f"Only one way to unlock the vault will be left. Remove slot {slot.label}?"
        call.agree_by_name(question, slot.label, confirm)
    elif confirm is not None:
        call.agree_by_name("", slot.label, confirm)
    else:
        call.agree(f"Remove slot {slot.label} ({slot.kind})?")


@command(slot_app, "test", unlocks=True)
def test_slot(
    call: Call,
    name: SlotName,
    recovery_file: Annotated[
        str | None,
        Option("--recovery-file", metavar="FILE", help="Take the recovery words from FILE."),
    ] = None,
) -> None:
    """Try whether a slot opens with what you hold for it; the vault stays closed meanwhile."""
    tried, noted = drilling.drill(call.flags, name, recovery_file, call.ask, call.ui.warn)
    share = f"its share of slot {tried.group}"
    call.ui.note(
        f"member {tried.label} opens {share}" if tried.group else f"slot {tried.label} opens"
    )
    if not noted:
        call.ui.debug("the time of this test could not be noted")
    if call.ui.json:
        members = {"id": tried.id, "label": tried.label, "kind": tried.kind}
        call.ui.document({"slot": members, "opens": True, "noted": noted})


@command(slot_app, "rename", unlocks=True)
def rename_slot(
    call: Call,
    name: SlotName,
    label: Annotated[str, Argument(metavar="LABEL", help="The new label.")],
) -> None:
    """Give a slot, or a member of a group, another label."""
    check_label(parse.text(label, "LABEL"))
    envelope = header(call)
    in_group = find_member(envelope, name)
    found = in_group[1] if in_group else find_slot(envelope, name)
    with call.vault(real=True) as vault:
        if in_group:
            info = vault.groups.rename_member(in_group[0].id, in_group[1], label)
        else:
            info = vault.slots.rename(found.id, label)
    call.ui.note(f"{'member' if in_group else 'slot'} {found.label} is called {label} now")
    if call.ui.json:
        call.ui.document({"slot": slot_members(info)})


@command(app, "passphrase", unlocks=True)
def passphrase(
    call: Call,
    kdf: KdfName = None,
    new_passphrase_fd: NewFd = None,
    new_passphrase_file: NewFile = None,
) -> None:
    """Change the passphrase of one slot; nothing else is touched, however large the vault is.

    The old one is asked for, or the recovery words with --recovery. --slot says which slot, where
    there are several; or which member of a group, all of which get new shares.
    """
    new = NewPassphrase(call, new_passphrase_fd, new_passphrase_file)
    function = None if kdf is None else credentials.kdf_of(call, kdf)
    if keys_group.change_passphrase(call, new, function):
        return
    slot = slotting.passphrase_slot_of(header(call), call.flags.slot)
    new.check()
    call.flags.slot = slotting.slot_to_unlock_with(call.flags, slot, call.ask)
    with call.vault(real=True) as vault:
        holding = vault.backups.holding_slot(slot)
        text = new.read()
        held = slotting.passphrase_slot(text, slot.label, function or slot.kdf_name)
        refusing.refuse_member(vault.envelope, held)
        info = vault.slots.change_credential(slot.id, held.kind, held.credential, function)
    call.ui.note(f"slot {info.label} has a new passphrase ({info.kdf})")
    end_sessions(call, vault)
    call.ui.note(NOT_PROTECTED)
    still = warn_of_backups(call, "the old passphrase", holding)
    if call.ui.json:
        members = {"slot": slot_members(info), "not_protected": NOT_PROTECTED, "backups": still}
        call.ui.document(members)

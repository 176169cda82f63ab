"""`lango keys slot move|rewrap|group`: slots whose key is kept elsewhere, in one place or several.

The rule: a slot that moves gets a new credential, wrapped by the new key and opened once before
the old one goes, so an old copy of what was wrapped is of no use for the header as it is then.
Which key keeps a slot is taken from the header that the unlock proved: what stood in the file
before may have been put there to have the new credential wrapped by a stranger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Argument

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import slot_members
from lango_cli.cli.keys_app import SlotName, header, slot_app
from lango_cli.cli.options import command
from lango_cli.errors import KeyNotFound
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF
from lango_cli.vault.grouping import find_member
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Keeper
from lango_cli.wiring import grouped, kept, key_uris, refusing, slotting

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.recipient import Recipient

STILL_OPENS = (
    "an old copy of vault.json still opens with the old key, and the database with that, until:"
    " lango db rekey"
)


@command(slot_app, "move", unlocks=True)
def move_slot(
    call: Call,
    name: SlotName,
    uri: Annotated[str, Argument(metavar="URI", help="Where the slot's new key is.")],
) -> None:
    """Put a kms, tpm2 or companion slot, or member of a group, under another key."""
    whole = key_uris.complete(uri, call.settings())
    _wrap_anew(call, name, whole)


@command(slot_app, "rewrap", unlocks=True)
def rewrap_slot(call: Call, name: SlotName) -> None:
    """Give a kms, tpm2 or companion slot a new credential under its key's newest version."""
    _wrap_anew(call, name, None)


def _kept(envelope: Envelope, name: str) -> tuple[Recipient, Keeper]:
    """The slot, or the member of a group, that a custodian keeps."""
    in_group = find_member(envelope, name)
    slot = in_group[1] if in_group else find_slot(envelope, name)
    if not isinstance(slot.keeper, Keeper):
        what = "member" if in_group else "slot"
        raise KeyNotFound(f"{what} {slot.label} is no kms, tpm2 or companion {what}")
    return slot, slot.keeper


def _wrap_anew(call: Call, name: str, new: str | None) -> None:
    """A new credential for a slot or member, wrapped by the key at `new`, or the one it has."""
    _kept(header(call), name)  # What is no such slot is said before anybody is asked.
    with call.vault(real=True) as vault:
        slot, held = _kept(vault.envelope, name)
        uri = new or held.uri
        keeping = slotting.keeping(call.flags, call.ask)
        credential, keeper = keeping.wrap(uri, vault.id, slot.id)
        kind = kept.kind_of(uri)
        again = NewSlot(kind, slot.label, credential, HKDF, slot.id, keeper=keeper)
        if slot.group:
            info = grouped.replace_member(vault, again)
        else:
            if new:
                refusing.refuse_member(vault.envelope, again)
            info = vault.slots.change_credential(slot.id, kind, credential, HKDF, keeper)
    done = f"is kept by {uri} now" if new else "has a new credential"
    call.ui.note(f"{'member' if slot.group else 'slot'} {slot.label} {done}")
    call.ui.note(STILL_OPENS)
    if call.ui.json:
        call.ui.document({"slot": slot_members(info), "uri": uri, "not_protected": STILL_OPENS})

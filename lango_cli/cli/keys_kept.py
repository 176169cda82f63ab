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
from lango_cli.vault.envelope import HKDF
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Keeper
from lango_cli.wiring import kept, key_uris, slotting

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope, Slot

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
    """Put a kms, tpm2 or companion slot under another key; the vault opens by it at once."""
    whole = key_uris.complete(uri, call.settings())
    _wrap_anew(call, name, whole)


@command(slot_app, "rewrap", unlocks=True)
def rewrap_slot(call: Call, name: SlotName) -> None:
    """Give a kms, tpm2 or companion slot a new credential under its key's newest version."""
    _wrap_anew(call, name, None)


def _kept(envelope: Envelope, name: str) -> tuple[Slot, Keeper]:
    slot = find_slot(envelope, name)
    if not isinstance(slot.keeper, Keeper):
        raise KeyNotFound(f"slot {slot.label} is no kms, tpm2 or companion slot")
    return slot, slot.keeper


def _wrap_anew(call: Call, name: str, new: str | None) -> None:
    """A new credential for a slot, wrapped by the key at `new`, or by the one it has."""
    _kept(header(call), name)  # What is no such slot is said before anybody is asked.
    with call.vault(real=True) as vault:
        slot, held = _kept(vault.envelope, name)
        uri = new or held.uri
        keeping = slotting.keeping(call.flags, call.ask)
        credential, keeper = keeping.wrap(uri, vault.id, slot.id)
        info = vault.slots.change_credential(slot.id, kept.kind_of(uri), credential, HKDF, keeper)
    done = f"is kept by {uri} now" if new else "has a new credential"
    call.ui.note(f"slot {slot.label} {done}")
    call.ui.note(STILL_OPENS)
    if call.ui.json:
        call.ui.document({"slot": slot_members(info), "uri": uri, "not_protected": STILL_OPENS})

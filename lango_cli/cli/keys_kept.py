"""`lango keys slot move|rewrap`: a slot whose key is kept elsewhere, under another key or anew.

The rule: the slot gets a new credential, wrapped by the new key and opened once before the old one
goes, so an old copy of what was wrapped is of no use for the header as it is then.
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
from lango_cli.wiring import kept, key_uris, slotting

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Keeper, Slot

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
    slot, _ = _kept(call, name)
    whole = key_uris.complete(uri, call.settings())
    _wrap_anew(call, slot, whole, f"slot {slot.label} is kept by {whole} now")


@command(slot_app, "rewrap", unlocks=True)
def rewrap_slot(call: Call, name: SlotName) -> None:
    """Give a kms, tpm2 or companion slot a new credential under its key's newest version."""
    slot, keeper = _kept(call, name)
    _wrap_anew(call, slot, keeper.uri, f"slot {slot.label} has a new credential")


def _kept(call: Call, name: str) -> tuple[Slot, Keeper]:
    slot = find_slot(header(call), name)
    if slot.keeper is None:
        raise KeyNotFound(f"slot {slot.label} is no kms, tpm2 or companion slot")
    return slot, slot.keeper


def _wrap_anew(call: Call, slot: Slot, uri: str, done: str) -> None:
    with call.vault(real=True) as vault:
        keeping = slotting.keeping(call.flags, call.ask)
        credential, keeper = keeping.wrap(uri, vault.id, slot.id)
        info = vault.slots.change_credential(slot.id, kept.kind_of(uri), credential, HKDF, keeper)
    call.ui.note(done)
    call.ui.note(STILL_OPENS)
    if call.ui.json:
        call.ui.document({"slot": slot_members(info), "uri": uri, "not_protected": STILL_OPENS})

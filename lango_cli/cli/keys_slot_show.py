"""`lango keys slot show`: all that the header says of one slot; unlocks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import slot_members
from lango_cli.cli.keys_app import SlotName, header, slot_app  # as above
from lango_cli.cli.options import command
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Group, Keeper
from lango_cli.vault.slot_info import describe
from lango_cli.wiring import grouped

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Slot
    from lango_cli.vault.recipient import Member


@command(slot_app, "show")
def show_slot(call: Call, name: SlotName) -> None:
    """Show what the header says of one slot: how it opens, where its key is, its members."""
    envelope = header(call)
    slot = find_slot(envelope, name)
    (info,) = (one for one in describe(envelope, {}) if one.id == slot.id)
    uri = slot.keeper.uri if isinstance(slot.keeper, Keeper) else None
    if call.ui.json:
        members = slot_members(info) | {"uri": uri} | group_members(slot)
        call.ui.document({"slot": members})
        return
    rows = [
        ("id", slot.id),
        ("label", slot.label),
        ("kind", slot.kind),
        ("strength", slot.strength),
        ("opens by", info.kdf),
        ("created", slot.created),
        ("key", info.fingerprint),
    ]
    rows += [("kept by", uri)] if uri else []
    rows += [("member", _line(member)) for member in slot.members]
    call.ui.pairs(rows)


def _line(member: Member) -> str:
    where = f", kept by {member.keeper.uri}" if isinstance(member.keeper, Keeper) else ""
    return f"{member.label} ({member.kind}), {member.strength}, id {member.id}{where}"


def group_members(slot: Slot) -> dict[str, Any]:
    """What a group has besides a slot's own, as JSON has it; nothing for another slot."""
    if not isinstance(slot.keeper, Group):
        return {}
    members = [grouped.described(member) for member in slot.members]
    return {"threshold": slot.keeper.threshold, "members": members}

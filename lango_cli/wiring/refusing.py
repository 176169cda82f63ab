"""What no new slot or member may hold: what another one holds already.

The rule: a group protects nothing where what one of its members holds opens the vault alone, so
that is refused from either side. Keys that custodians keep are compared by their URIs, without
what says who asks: that an alias stands for another's key is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.custody.uri import place_of
from lango_cli.errors import Conflict, WrongKey
from lango_cli.vault.envelope import HKDF, open_slot
from lango_cli.vault.recipient import Keeper

if TYPE_CHECKING:
    from lango_cli.vault.create import NewSlot
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.recipient import Recipient


def refuse_second(envelope: Envelope, new: NewSlot) -> None:
    """Conflict if this keyfile opens another slot already."""
    for slot in envelope.slots:
        if slot.kind == new.kind == "keyfile" and slot.kdf_name == new.kdf == HKDF:
            try:
                open_slot(envelope, slot, new.credential).wipe()
            except WrongKey:
                continue
            raise Conflict(
                f"this keyfile opens slot {slot.label} already",
                hint="name another file: lango keys slot add keyfile --keyfile F",
            )


def refuse_member(envelope: Envelope, new: NewSlot) -> None:
    """Conflict if what a slot or member is to hold is what another member of a group holds."""
    if any(slot.members for slot in envelope.slots):
        from lango_cli.vault.grouping import opened_by

        kept = (
            member
            for slot in envelope.slots
            for member in slot.members
            if member.id != new.slot_id and same_key(member, new)
        )
        member = next(kept, None) or opened_by(envelope, new.kind, new.credential)
        if member is not None:
            raise Conflict(
                f"member {member.label} of slot {member.group} holds the same already",
                hint="a group protects nothing where one of its members opens the vault alone",
            )


def same_key(one: Recipient | NewSlot, new: NewSlot) -> bool:
    """Whether the same key of a custodian keeps both."""
    keepers = (one.keeper, new.keeper)
    keys = [place_of(kept.uri) for kept in keepers if isinstance(kept, Keeper)]
    return len(keys) == 2 and keys[0] == keys[1]

"""Changing a group: its members, what they hold, how many of them it takes.

The rule: every change makes a new credential for the group's slot and new shares for all members,
sealed to their public keys, so nobody has to be here but whoever changes it, with the vault really
unlocked. What a member held before is of no use then for the header as it is. A public key that is
not the one its owner's seed gave before is refused: it would get a share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.mac import digest, same
from lango_cli.crypto.recipient import new_seed
from lango_cli.errors import Conflict, KeyNotFound, Tampered, UsageProblem
from lango_cli.vault import rows
from lango_cli.vault.envelope import HKDF, seal_slot, slot_key
from lango_cli.vault.grouping import open_share, share_out
from lango_cli.vault.header import SHARES
from lango_cli.vault.kdfs import kdf_parameters
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Group
from lango_cli.vault.slots import Slots, check_label, free_label, prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.crypto.keys import SlotKey
    from lango_cli.model import SlotInfo
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.recipient import Member

    Alter = Callable[[Envelope, list[Member]], list[Member]]


class Groups(Slots):
    """The groups of an open vault."""

    def add_member(
        self, name: str, member: Member, key: SlotKey, threshold: int | None
    ) -> SlotInfo:
        """One more member, whose share was opened once with its own `key` before it counts."""

        def alter(envelope: Envelope, members: list[Member]) -> list[Member]:
            free_label(envelope, member.label)
            return [*members, member]

        return self._alter("group.add-member", name, member, alter, threshold, key)

    def remove_member(self, name: str, member: Member, threshold: int | None) -> SlotInfo:
        """A member less; Conflict where too few would be left."""

        def alter(_envelope: Envelope, members: list[Member]) -> list[Member]:
            rows.forget_slot(self._vault.store, member.id)
            return [one for one in members if one.id != member.id]

        return self._alter("group.remove-member", name, member, alter, threshold)

    def replace_member(self, name: str, member: Member, key: SlotKey) -> SlotInfo:
        """What a member holds from now on, in the place of the one with the same id."""

        def alter(_envelope: Envelope, members: list[Member]) -> list[Member]:
            return [member if one.id == member.id else one for one in members]

        return self._alter("group.member-credential", name, member, alter, None, key)

    def rename_member(self, name: str, member: Member, label: str) -> SlotInfo:
        """Another label for a member."""
        check_label(label)

        def alter(envelope: Envelope, members: list[Member]) -> list[Member]:
            if label != member.label:
                free_label(envelope, label)
            for one in members:
                if one.id == member.id:
                    one.label = label
            return members

        return self._alter("group.rename-member", name, member, alter, None)

    def _alter(
        self,
        event: str,
        name: str,
        about: Member,
        alter: Alter,
        threshold: int | None,
        key: SlotKey | None = None,
    ) -> SlotInfo:
        master = self._master()
        parameters = kdf_parameters(HKDF)

        def change(envelope: Envelope) -> Slot:
            slot = find_slot(envelope, name)
            self._check_members(slot)
            group = _group_of(slot)
            if event != "group.add-member" and about.id not in {it.id for it in group.members}:
                raise Conflict(f"member {about.label} was removed by another process meanwhile")
            group = Group(threshold or group.threshold, [], alter(envelope, group.members))
            check_size(len(group.members), group.threshold)
            credential = share_out(envelope, slot.id, group)
            slot.kdf, slot.keeper = parameters, group
            fresh = slot_key(parameters, credential)
            seal_slot(envelope, slot, fresh, new_seed(), master)
            prove(envelope, slot, fresh, master)
            if key is not None:
                place = [it.id for it in group.members].index(about.id) + 1
                open_share(envelope, slot, place, key).wipe()
            return slot

        target = f"{about.label} of {find_slot(self._vault.envelope, name).label}"
        return self._info(self._change(event, target, change, proved=True))

    def _check_members(self, slot: Slot) -> None:
        use = rows.slot_use(self._vault.store)
        for member in slot.members:
            known = use.get(member.id, (None, None, None, None))[3]
            if known is not None and not same(known, digest(member.public_key)):
                raise Tampered(
                    f"member {member.label} carries a public key that its owner did not confirm",
                    hint="remove the group, and make it anew with its members here",
                )


def _group_of(slot: Slot) -> Group:
    if not isinstance(slot.keeper, Group) or not slot.members:
        raise KeyNotFound(
            f"slot {slot.label} has no members", hint="make a group: lango keys slot group"
        )
    return slot.keeper


def check_size(members: int, threshold: int) -> None:
    """Conflict where a group cannot have so many members and so high a threshold."""
    if not 2 <= members <= SHARES:
        raise Conflict(
            f"a group has 2 to {SHARES} members",
            hint="take the whole group away: lango keys slot remove ID",
        )
    if not 2 <= threshold <= members:
        raise UsageProblem(
            f"{members} members cannot have a threshold of {threshold}: it is 2 at least, and all"
            " of them at most",
            hint="add --threshold N",
        )

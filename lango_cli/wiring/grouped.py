"""Groups joined to what their members hold: making members, and opening a group by them.

The rule: a member is made of the same things as a slot, and holds a share and nothing more. What
opens a slot by itself is refused as a member, because then the group would protect nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lango_cli.codec import rfc3339
from lango_cli.crypto.shamir import combine
from lango_cli.errors import Conflict, KeyNotFound, Tampered, UsageProblem, WrongKey
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF, Slot, new_slot_id, open_with_key, slot_key
from lango_cli.vault.grouping import Gathering, find_member, open_share, seal_member, share_out
from lango_cli.vault.kdfs import kdf_parameters
from lango_cli.vault.parts import Opened, unlock_slot
from lango_cli.vault.recipient import GROUP, Group, Keeper, Member
from lango_cli.vault.slots import check_label
from lango_cli.wiring import custodians, kept, opening, refusing, slotting, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.crypto.keys import SlotKey
    from lango_cli.model import SlotInfo, UnlockSource
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]

LOCAL_KINDS = ("passphrase", "keyfile", "keyring", "recovery")
"""What a member can be besides a key that a custodian keeps."""
OWN = {"passphrase": ": --new-passphrase-file FILE", "keyfile": ": --keyfile FILE"}
"""By kind: how a member is given something of its own."""


class Wanted(NamedTuple):
    """A member to be, as it was typed: its label, its kind, and where its key is."""

    label: str
    kind: str
    uri: str


def wanted(words: Sequence[str], taken: set[str], complete: Callable[[str], str]) -> list[Wanted]:
    """The members that `[LABEL=]KIND` and `[LABEL=]URI` stand for; labels that nobody has yet.

    `complete`: the whole URI, with what the settings fill in.
    """
    found = []
    for word in words:
        label, equals, rest = word.partition("=")
        if not equals or ":" in label:
            label, rest = "", word
        if rest in LOCAL_KINDS:
            kind, uri = rest, ""
        elif ":" in rest or rest in custodians.MODULES:
            uri = complete(rest)
            kind = kept.kind_of(uri)
        else:
            raise UsageProblem(
                f"a member is one of {', '.join(LOCAL_KINDS)}, or a key URI",
                hint="lango keys slot group alice=passphrase bob=passphrase keyfile",
            )
        label = check_label(label) if label else _free(kind, taken)
        if label in taken:
            raise Conflict(f"there is a slot or member labelled {label} already")
        taken.add(label)
        found.append(Wanted(label, kind, uri))
    uris = [one.uri for one in found if one.uri]
    if len(set(uris)) != len(uris):
        raise UsageProblem("the same key stands twice in the group", hint="name different keys")
    return found


def _free(kind: str, taken: set[str]) -> str:
    number, label = 2, kind
    while label in taken:
        label, number = f"{kind}-{number}", number + 1
    return label


def labels(envelope: Envelope) -> set[str]:
    """The labels of all slots and members."""
    return {one.label for slot in envelope.slots for one in (slot, *slot.members)}


def member_of(
    envelope: Envelope, slot_id: str, new: NewSlot, clock: Callable[[], float]
) -> tuple[Member, SlotKey]:
    """A member of the group in this slot, and its own key; it has no share yet."""
    parameters = kdf_parameters(new.kdf)
    key = slot_key(parameters, new.credential)
    member = Member(
        new.slot_id or new_slot_id(), new.kind, new.label, parameters, rfc3339(clock())
    )
    member.keeper = new.keeper
    seal_member(envelope, slot_id, member, key)
    return member, key


def new_group(vault: Vault, news: Sequence[NewSlot], threshold: int, label: str) -> NewSlot:
    """A slot that any `threshold` of these members open together; opened so before it counts."""
    for number, new in enumerate(news):
        refuse_alone(vault.envelope, new)
        if any(
            refusing.same_key(other, new)
            or (new.kind == other.kind and new.credential == other.credential)
            for other in news[:number]
        ):
            raise Conflict(f"member {new.label} holds what another member holds")
    slot = Slot(new_slot_id(), GROUP, label, kdf_parameters(HKDF), "")
    made = [member_of(vault.envelope, slot.id, new, vault.clock) for new in news]
    group = Group(threshold, [], [member for member, _ in made])
    credential = share_out(vault.envelope, slot.id, group)
    slot.keeper = group
    shares = [
        (number, open_share(vault.envelope, slot, number, key))
        for number, (_, key) in enumerate(made, 1)
    ]
    if combine(shares[:threshold]) != credential:
        raise Tampered("the members do not open the group")

    def check() -> None:
        for new in news:
            new.check()

    return NewSlot(GROUP, label, credential, HKDF, slot.id, check, keeper=group)


def replace_member(vault: Vault, new: NewSlot) -> SlotInfo:
    """What a member holds from now on, in the place of the one with the same id."""
    found = find_member(vault.envelope, new.slot_id or "")
    if found is None:
        raise KeyNotFound(f"no member is called {new.label}")
    refuse_alone(vault.envelope, new)
    made, key = member_of(vault.envelope, found[0].id, new, vault.clock)
    return vault.groups.replace_member(found[0].id, made, key)


def refuse_alone(envelope: Envelope, new: NewSlot) -> None:
    """Conflict if what this member holds opens a slot by itself, or another member's share."""
    for slot in envelope.slots:
        if slot.kind == new.kind and _opens(envelope, slot, new):
            raise Conflict(
                f"what member {new.label} is to hold opens slot {slot.label} by itself:"
                " the group would protect nothing",
                hint=f"give it something of its own{OWN.get(new.kind, '')}",
            )
    refusing.refuse_member(envelope, new)


def _opens(envelope: Envelope, slot: Slot, new: NewSlot) -> bool:
    if new.keeper is not None:
        return refusing.same_key(slot, new)
    try:
        open_with_key(envelope, slot, slot_key(slot.kdf, new.credential)).wipe()
    except WrongKey:
        return False
    return True


def open_group(
    flags: Flags,
    envelope: Envelope,
    slot: Slot,
    ask: Prompter | None,
    warn: Warn,
    given: Sequence[UnlockSource] = (),
) -> tuple[Opened, set[str]]:
    """The group's slot, opened by what is given, what the machine holds and what people type.

    Besides, the names of the sources that opened a member.
    Locked, WrongKey or CustodyUnavailable where that is not enough, with every reason.
    """
    folders, settings = opening.folders_of(flags), opening.load_settings(flags)
    untold: list[str] = []
    group = Gathering(envelope, slot, warn, untold.append)
    quiet = sources.quiet_sources(flags, folders, settings, envelope, ask, [slot])
    for source in (*given, *quiet):
        group.take(source)
    if not group.complete:
        raise group.failure()
    for line in untold:
        warn(line)
    opened = unlock_slot(envelope, slot, group.openers, group.credential)
    return opened, group.sources


def described(member: Member) -> dict[str, object]:
    """A member as JSON has it."""
    uri = member.keeper.uri if isinstance(member.keeper, Keeper) else None
    return {
        "id": member.id,
        "kind": member.kind,
        "label": member.label,
        "strength": member.strength,
        "created_at": member.created,
        "uri": uri,
    }


def forget_entries(flags: Flags, vault_id: str, members: Sequence[Member], warn: Warn) -> None:
    """Remove what the OS keyring keeps for members that are gone."""
    for member in members:
        slotting.forget_own(flags, vault_id, member.kind, member.id, warn)

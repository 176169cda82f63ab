"""Groups: a slot's credential in shares, each sealed to a member.

The rule: a member's own key opens its seed, its seed opens its share, and enough shares give the
credential of the group's slot (`crypto.shamir`); fewer say nothing about it. Shares are sealed to
public keys, so a change of members needs no member: it makes a new credential and new shares for
all of them, and the old ones are of no use for the header as it is then. A share is bound to its
vault, group, place and threshold, so that none can be passed off as another.
"""

from __future__ import annotations

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.mac import random_bytes, same
from lango_cli.crypto.recipient import new_seed, open_from, public_of, seal_to
from lango_cli.crypto.shamir import combine, split
from lango_cli.errors import (
    CustodyUnavailable,
    KeyNotFound,
    LangoError,
    Locked,
    NotApplicable,
    Tampered,
    WrongKey,
)
from lango_cli.secret import SecretBytes
from lango_cli.vault.envelope import context_of, slot_key
from lango_cli.vault.recipient import CUSTODIANS, Group, Member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.crypto.keys import SlotKey
    from lango_cli.model import UnlockSource
    from lango_cli.vault.envelope import Envelope, Slot

CREDENTIAL = 32
"""Bytes of a group's credential, and of each share."""
HOLDS = {"recovery": "recovery words", "keyring": "keyring entry"}
"""What members of a kind hold, where that is not the kind's name."""
TRIES = 3
"""How often a person may mistype what a member holds: to begin anew would cost all the others."""


def seal_member(envelope: Envelope, slot_id: str, member: Member, key: SlotKey) -> None:
    """Give a member of the group in this slot a new key pair; its share comes by `share_out`."""
    seed = new_seed()
    member.public_key = public_of(seed)
    member.sealed_seed = seal(key, seed.reveal(), _seed_context(envelope, slot_id, member))


def share_out(envelope: Envelope, slot_id: str, group: Group) -> SecretBytes:
    """A new credential for the group in this slot; each member gets its share of it."""
    credential = SecretBytes(random_bytes(CREDENTIAL))
    shares = split(credential, group.threshold, len(group.members))
    if not same(combine(shares[-group.threshold :]).reveal(), credential.reveal()):
        raise Tampered("the shares do not give what was shared")
    for member, (number, share) in zip(group.members, shares, strict=True):
        info = _share_context(envelope, slot_id, group, number)
        member.share = seal_to(member.public_key, share.reveal(), info)
    return credential


def open_share(envelope: Envelope, slot: Slot, number: int, key: SlotKey) -> SecretBytes:
    """The share at this place, from 1 on; WrongKey if the key is not its member's."""
    group = slot.keeper
    assert isinstance(group, Group), "only a group has shares"
    member = group.members[number - 1]
    try:
        data = unseal(key, member.sealed_seed, _seed_context(envelope, slot.id, member))
    except Tampered:
        if member.keeper is not None:
            raise Tampered(f"member {member.label} does not open with what is kept") from None
        raise WrongKey(
            f"the {member.kind} does not open member {member.label} of slot {slot.label}"
        ) from None
    seed = SecretBytes(data)
    if not same(public_of(seed), member.public_key):
        raise Tampered(f"member {member.label} carries a public key that is not its own")
    info = _share_context(envelope, slot.id, group, number)
    try:
        return SecretBytes(open_from(seed, member.share, info))
    except Tampered:
        raise Tampered(
            f"the share of member {member.label} was changed, or is another's"
        ) from None


def _seed_context(envelope: Envelope, slot_id: str, member: Member) -> bytes:
    return context_of(b"lango/member-seed/v1", envelope, member, slot_id.encode())


def _share_context(envelope: Envelope, slot_id: str, group: Group, number: int) -> bytes:
    place = number.to_bytes(1, "big") + group.threshold.to_bytes(1, "big")
    member = group.members[number - 1]
    return context_of(b"lango/member-share/v1", envelope, member, slot_id.encode(), place)


def find_member(envelope: Envelope, name: str) -> tuple[Slot, Member] | None:
    """The member with this id or label, and its group's slot; None where there is none."""
    found = [
        (slot, member)
        for slot in envelope.slots
        for member in slot.members
        if name in (member.id, member.label)
    ]
    if len(found) > 1:
        raise KeyNotFound(f"several members are called {name}")
    return found[0] if found else None


def opened_by(envelope: Envelope, kind: str, credential: SecretBytes) -> Member | None:
    """The member of this kind whose share this credential opens, if there is one."""
    for slot in envelope.slots:
        for number, member in enumerate(slot.members, 1):
            if member.kind == kind and member.keeper is None:
                try:
                    open_share(envelope, slot, number, slot_key(member.kdf, credential)).wipe()
                except WrongKey:
                    continue
                return member
    return None


class Gathering:
    """The shares of one group, as far as one command has come by them.

    `later`: takes what is to be told once it is known that the failure does not tell it.
    """

    def __init__(
        self,
        envelope: Envelope,
        slot: Slot,
        warn: Callable[[str], None],
        later: Callable[[str], None],
    ) -> None:
        group = slot.keeper
        assert isinstance(group, Group), "only a group has shares"
        self._envelope = envelope
        self._group = group
        self._warn = warn
        self._later = later
        self._shares: dict[int, SecretBytes] = {}
        self._why: dict[int, str] = {}
        self.slot = slot
        self.down: CustodyUnavailable | None = None
        """The first custodian of a member that was not available."""
        self.sources: set[str] = set()
        """The names of the sources that opened a member."""
        self.wrong = False
        """Whether a person gave something that was none."""

    @property
    def complete(self) -> bool:
        """Whether there are enough."""
        return len(self._shares) >= self._group.threshold

    @property
    def found(self) -> int:
        """How many there are."""
        return len(self._shares)

    @property
    def credential(self) -> SecretBytes:
        """The slot's credential, where there are enough shares."""
        return combine(sorted(self._shares.items()))

    @property
    def openers(self) -> str:
        """Who opened it, for the audit log."""
        return "group: " + ", ".join(
            self._group.members[number - 1].label for number in sorted(self._shares)
        )

    def take(self, source: UnlockSource) -> None:
        """Have the source open members until there are enough.

        A custodian that refuses, and what is damaged, stops it; whatever else is wrong with one
        member, others may do without it.
        """
        for number, member in enumerate(self._group.members, 1):
            if self.complete:
                break
            if number not in self._shares:
                self._try(source, number, member)

    def _try(self, source: UnlockSource, number: int, member: Member) -> None:
        for _ in range(TRIES if source.interactive else 1):
            failed = self._offered(source, number, member)
            if not (source.interactive and isinstance(failed, WrongKey)):
                return
            self.wrong = True
            self._warn(failed.message)

    def _offered(self, source: UnlockSource, number: int, member: Member) -> LangoError | None:
        """Why the source does not open this member; None where it does."""
        try:
            key = slot_key(member.kdf, source.offer(member))
        except (CustodyUnavailable, NotApplicable, Tampered, WrongKey) as err:
            self._note(err, number, member)
            return err
        try:
            self._shares[number] = open_share(self._envelope, self.slot, number, key)
        except WrongKey as err:
            self._why[number] = err.message
            return err
        self.sources.add(source.name)
        return None

    def _note(self, err: LangoError, number: int, member: Member) -> None:
        """Remember why a member did not open; what a custodian calls damaged stops everything."""
        if isinstance(err, Tampered) and member.kind in CUSTODIANS:
            raise err
        if isinstance(err, CustodyUnavailable):
            if self._why.get(number) != err.message:
                self._later(err.message)
            self.down = self.down or err
        known = number in self._why
        if isinstance(err, NotApplicable) and (err.kind or (known and not err.stale)):
            return  # What serves other kinds says nothing of this member, nor does a lesser way.
        self._why[number] = err.message

    def missing(self) -> str:
        """How many shares there are, and why the others are not."""
        reasons = [
            f"{member.label}: {self._why.get(number) or _not_given(member)}"
            for number, member in enumerate(self._group.members, 1)
            if number not in self._shares
        ]
        have = f"{len(self._shares)} of {self._group.threshold} shares of slot {self.slot.label}"
        return f"{have} ({'; '.join(reasons)})"

    def failure(self) -> LangoError:
        """Why it does not open: custodians are to blame only if one was not available."""
        if self.down is not None:
            return CustodyUnavailable(self.missing())
        return WrongKey(self.missing()) if self.wrong else Locked(self.missing())


def _not_given(member: Member) -> str:
    return f"no {HOLDS.get(member.kind, member.kind)} given"

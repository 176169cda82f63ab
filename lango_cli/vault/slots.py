"""Changing who may unlock: adding, removing, renaming, testing slots, changing a passphrase.

The rule: the header changes only under the writer's lock and after being read again; a new slot is
opened once with what its owner holds before an old one goes; the last slot cannot go. The change
is announced in the audit log before and confirmed after, because the header cannot be part of the
database's transaction: a crash between leaves the announcement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from lango_cli.codec import rfc3339
from lango_cli.crypto.keys import header_key
from lango_cli.crypto.mac import digest, same
from lango_cli.crypto.recipient import new_seed
from lango_cli.errors import (
    Conflict,
    FileProblem,
    KeyNotFound,
    Locked,
    Tampered,
    UsageProblem,
)
from lango_cli.vault import rows, rows_exposed
from lango_cli.vault.envelope import (
    Envelope,
    Slot,
    new_slot_id,
    open_with_key,
    seal_slot,
    slot_key,
)
from lango_cli.vault.kdfs import kdf_parameters
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import STRENGTH
from lango_cli.vault.slot_info import describe

Changed = TypeVar("Changed", Slot, Slot | None)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.crypto.keys import HeaderKey, MasterKey, SlotKey
    from lango_cli.model import SlotInfo
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.recipient import Group, Keeper


def make_slot(
    envelope: Envelope,
    master: MasterKey,
    kind: str,
    label: str,
    key: SlotKey,
    kdf: dict[str, Any],
    created: str,
    slot_id: str | None = None,
    keeper: Keeper | Group | None = None,
) -> Slot:
    """A slot sealed for this envelope under `key`, not yet part of it."""
    slot = Slot(slot_id or new_slot_id(), kind, check_label(label), kdf, created)
    slot.keeper = keeper
    seal_slot(envelope, slot, key, new_seed(), master)
    return slot


def prove(envelope: Envelope, slot: Slot, key: SlotKey, master: MasterKey) -> None:
    """Open a new slot as its owner will, before anything on disk depends on it."""
    envelope.render(header_key(master, envelope.vault_bytes))
    if not same(open_with_key(envelope, slot, key).reveal(), master.reveal()):
        raise Tampered("the new slot does not open")


def check_label(label: str) -> str:
    """A label of 1 to 64 printable characters, not one that could be an id."""
    if not 1 <= len(label) <= 64 or not label.isprintable() or label != label.strip():
        raise UsageProblem("a label has 1 to 64 printable characters and no space at its ends")
    if not label.strip("0123456789abcdef"):
        raise UsageProblem("a label of hex digits alone could be taken for an id")
    return label


CHANGED = "header_changed_at"
"""When slots were last added, removed or changed, or a generation made; milliseconds UTC."""


class Slots:
    """The ways to unlock an open vault."""

    def __init__(self, vault: Parts) -> None:
        self._vault = vault

    def list(self) -> list[SlotInfo]:
        """All slots, with when each was last used and tested."""
        store = self._vault.store
        return describe(self._vault.envelope, rows.slot_use(store), store.meta(CHANGED) or 1)

    def add(
        self,
        kind: str,
        label: str,
        credential: SecretBytes,
        kdf: str,
        *,
        slot_id: str | None = None,
        keeper: Keeper | Group | None = None,
    ) -> SlotInfo:
        """A new slot, opened once before it is trusted; Conflict if the label is taken."""
        master = self._master()
        parameters = kdf_parameters(kdf)
        key = slot_key(parameters, credential)

        def change(envelope: Envelope) -> Slot:
            free_label(envelope, label)
            created = rfc3339(self._vault.clock())
            slot = make_slot(
                envelope, master, kind, label, key, parameters, created, slot_id, keeper
            )
            envelope.slots.append(slot)
            prove(envelope, slot, key, master)
            return slot

        return self._info(self._change("slot.add", f"{kind} {label}", change, proved=True))

    def remove(self, name: str, *, compromised: bool = False) -> SlotInfo:
        """Take a slot away; Conflict for the last one.

        `compromised`: somebody else may have opened it, so every value it could read is put on
        the list of those to be changed: before the slot goes, because a crash may part the two.
        """
        self._master()
        gone: list[SlotInfo] = []

        def expose(envelope: Envelope) -> None:
            slot = _removable(envelope, name)
            rows_exposed.expose_all(self._vault.store, slot.label, self._now())

        def change(envelope: Envelope) -> Slot:
            slot = _removable(envelope, name)
            if compromised:
                expose(envelope)
            gone.extend(info for info in self.list() if info.id == slot.id)
            envelope.slots.remove(slot)
            for one in (slot, *slot.members):
                rows.forget_slot(self._vault.store, one.id)
            return slot

        self._change("slot.remove", name, change, announce=expose if compromised else None)
        return gone[0]

    def rename(self, name: str, label: str) -> SlotInfo:
        """Another label for a slot."""
        self._master()
        check_label(label)

        def change(envelope: Envelope) -> Slot:
            slot = find_slot(envelope, name)
            if slot.label != label:
                free_label(envelope, label)
            slot.label = label
            return slot

        return self._info(self._change("slot.rename", f"{name} to {label}", change))

    def change_credential(
        self,
        name: str,
        kind: str,
        credential: SecretBytes,
        kdf: str | None,
        keeper: Keeper | Group | None = None,
    ) -> SlotInfo:
        """A new passphrase or kept credential for one slot, with fresh salt, key pair, parameters.

        No other slot and no secret is touched. Parameters of the same KDF never go down.
        """
        master = self._master()
        old = find_slot(self._vault.envelope, name)
        if old.kind != kind and keeper is None:
            raise KeyNotFound(f"slot {old.label} is no {kind} slot")
        parameters = kdf_parameters(kdf or old.kdf_name)
        for cost in ("rounds", "memory_kib", "passes"):
            if cost in parameters and cost in old.kdf:
                parameters[cost] = max(parameters[cost], old.kdf[cost])
        key = slot_key(parameters, credential)

        def change(envelope: Envelope) -> Slot:
            slot = find_slot(envelope, old.id)
            if slot.public_key != old.public_key:
                raise Conflict(f"slot {slot.label} was changed by another process meanwhile")
            slot.kdf = parameters
            slot.kind, slot.strength, slot.keeper = kind, STRENGTH[kind], keeper
            seal_slot(envelope, slot, key, new_seed(), master)
            prove(envelope, slot, key, master)
            return slot

        event = "slot.passphrase" if keeper is None else "slot.move"
        return self._info(self._change(event, old.label, change, proved=True))

    def set_fallback(self, policy: str) -> None:
        """Whether local slots serve after a custodian was not available: `local` or `none`."""
        self._master()

        def change(envelope: Envelope) -> Slot | None:
            envelope.fallback = policy
            return None

        self._change("vault.fallback-policy", policy, change)

    def note_test(self, slot_id: str) -> None:
        """Remember that a slot was drilled."""
        key = digest(find_slot(self._vault.envelope, slot_id).public_key)
        with self._vault.store.write():
            now = int(self._vault.clock() * 1000)
            rows.use_slot(self._vault.store, slot_id, now, key, tested=True)
            self._vault.audit.append(self._vault.audit.event("slot.test", slot_id))

    def _info(self, slot: Slot) -> SlotInfo:
        return next(info for info in self.list() if info.id == slot.id)

    def _now(self) -> int:
        return int(self._vault.clock() * 1000)

    def _master(self) -> MasterKey:
        if self._vault.master is None:
            raise Locked(
                "changing slots needs a real unlock, an unlock session is not enough",
                hint="give a passphrase or keyfile: --passphrase-file F, --keyfile F",
            )
        return self._vault.master

    def _change(
        self,
        event: str,
        target: str,
        change: Callable[[Envelope], Changed],
        *,
        proved: bool = False,
        announce: Callable[[Envelope], None] | None = None,
    ) -> Changed:
        vault = self._vault
        key = header_key(self._master(), vault.envelope.vault_bytes)
        with vault.store.write():
            if announce is not None:
                announce(self._current(key))
            vault.audit.append(vault.audit.event(event, target, outcome="begun"))
        wanted = 0
        try:
            with vault.store.write():
                envelope = self._current(key)
                slot = change(envelope)
                wanted = envelope.revision + 1
                vault.store.set_meta("revision", wanted)
                if slot is not None:
                    self._note_change(slot, proved=proved)
                vault.audit.append(vault.audit.event(event, target))
                # Last, because this makes the change: whatever failed before changes nothing.
                vault.home.write_header(envelope, key)
        except FileProblem as err:
            if not wanted or vault.home.read_header(lambda _text: None).revision < wanted:
                raise
            raise FileProblem(
                f"the change was made, but not recorded as done: {err.message}", hint=err.hint
            ) from None
        vault.envelope = envelope
        return slot

    def _note_change(self, slot: Slot, *, proved: bool) -> None:
        """The header changes now, and the slot was just opened where that is `proved`."""
        now = self._now()
        self._vault.store.set_meta(CHANGED, now)
        if proved:
            for one in (slot, *slot.members):
                rows.confirm_slot(self._vault.store, one.id, now, digest(one.public_key))

    def _current(self, key: HeaderKey) -> Envelope:
        """The header as it is now, under the writer's lock; Tampered if it is an older one."""
        envelope = self._vault.home.read_header(lambda _text: None)
        envelope.verify(key)
        if envelope.revision < self._vault.store.meta("revision"):
            raise Tampered("the header is older than the database: it was put back from a copy")
        return envelope


def _removable(envelope: Envelope, name: str) -> Slot:
    slot = find_slot(envelope, name)
    if len(envelope.slots) == 1:
        raise Conflict(
            "the last slot cannot be removed: nothing would open the vault",
            hint="add another first: lango keys slot add",
        )
    return slot


def free_label(envelope: Envelope, label: str) -> None:
    """Conflict if a slot or a member of a group has this label."""
    for slot in envelope.slots:
        for one in (slot, *slot.members):
            if one.label == label:
                what = "member" if one.group else "slot"
                raise Conflict(
                    f"there is a {what} labelled {label} already", hint="choose another --label"
                )

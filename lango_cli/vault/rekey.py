"""`db rekey`: a new master key and a new database key for a vault, all slots kept or only some.

The rule: what could stand in the way is looked for before anything is written; the writer's lock
is held from the copy to the commit, so that nothing written meanwhile can be lost; a slot whose
public key is not the one that its owner last confirmed stops everything, because the new master
key would be sealed to somebody else's.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.keys import header_key
from lango_cli.crypto.mac import digest, same
from lango_cli.errors import FileProblem, Locked, Tampered
from lango_cli.vault import rows, rows_exposed, store_draft
from lango_cli.vault.audit import AuditLog
from lango_cli.vault.generation import Draft
from lango_cli.vault.home import COPY, HEADER, PENDING
from lango_cli.vault.slot_info import describe
from lango_cli.vault.slots import CHANGED
from lango_cli.vault.store import note_commits

if TYPE_CHECKING:
    from lango_cli.crypto.keys import HeaderKey, SlotKey
    from lango_cli.model import Progress, SlotInfo
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.parts import Opened, Parts
    from lango_cli.vault.store import Store

SPARE = 16 << 20
"""Bytes that have to be free beside the new database: its log, the header, room for readers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rekey would do: generations, bytes to write, bytes free, and the slots."""

    generation: int
    next_generation: int
    size: int
    free: int
    slots: tuple[SlotInfo, ...]


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What a rekey did. `snapshot`: the old database, which the next writer removes."""

    generation: int
    kept: tuple[SlotInfo, ...]
    dropped: tuple[SlotInfo, ...]
    exposed: int
    snapshot: str | None


def preflight(vault: Parts) -> Plan:
    """What would be done; FileProblem, Locked or Tampered for what would stand in the way."""
    _opened(vault)
    for name in ("", HEADER, COPY, PENDING, os.path.basename(vault.store.path)):
        _check_writable(vault.home.path(name), needed=name != PENDING)
    if vault.store.obstacle is not None:
        raise vault.store.obstacle
    size = sum(_size(vault.store.path + end) for end in ("", "-wal"))
    about = os.statvfs(vault.home.folder)
    free = about.f_bavail * about.f_frsize
    if free < size + SPARE:
        raise FileProblem(
            f"{vault.home.folder}: {(size + SPARE) >> 20} MiB have to be free, {free >> 20} are",
            hint="make room and run the command again; nothing was changed",
        )
    envelope = vault.home.read_header(lambda _text: None)
    check_public_keys(vault, envelope)
    numbers = (number for number, _, _ in vault.home.generations())
    following = 1 + max((envelope.generation, *numbers))
    return Plan(envelope.generation, following, size, free, tuple(_slots(vault, envelope)))


def _opened(vault: Parts) -> Opened:
    if vault.opened is None:
        raise Locked(
            "a new generation needs a real unlock, an unlock session is not enough",
            hint="give a passphrase or keyfile: --passphrase-file F, --keyfile F",
        )
    return vault.opened


def _check_writable(path: str, *, needed: bool) -> None:
    if not files.exists(path):
        if needed:
            raise FileProblem(f"{path} is missing", hint="mend it first: lango doctor --fix")
    elif not os.access(path, os.W_OK):
        raise FileProblem(f"{path} cannot be written", hint="give yourself the right to it")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _slots(vault: Parts, envelope: Envelope) -> list[SlotInfo]:
    return describe(envelope, rows.slot_use(vault.store), vault.store.meta(CHANGED) or 1)


def check_public_keys(vault: Parts, envelope: Envelope) -> None:
    """Tampered for a slot whose public key is not the one its owner's seed gave the last time."""
    use = rows.slot_use(vault.store)
    for slot in envelope.slots:
        known = use.get(slot.id, (None, None, None, None))[3]
        if known is not None and not same(known, digest(slot.public_key)):
            raise Tampered(
                f"slot {slot.label} carries a public key that its owner did not confirm",
                hint=f"test it: lango keys slot test {slot.id}; if it fails, remove it",
            )


def rekey(
    vault: Parts,
    progress: Progress,
    *,
    owners: dict[str, SlotKey] | None = None,
    page_size: int | None = None,
) -> Rekeyed:
    """Make a new generation of an open vault; the vault has to be opened anew afterwards.

    `owners`: slot id to slot key of the slots that were opened; the others are dropped and the
    old database goes at once. Without it every slot stays. Busy if another process was
    faster, Busy after the lock's time.
    """
    opened = _opened(vault)
    present = {opened.slot.id: opened.key} | (owners or {})
    preflight(vault)
    key = header_key(opened.master, vault.envelope.vault_bytes)
    with vault.store.write():
        vault.audit.append(vault.audit.event("db.rekey", outcome="begun"))
    with files.Lock(vault.home.path("vault.lock"), vault.store.lock_timeout):
        vault.check_fence()
        envelope = current_header(vault, key)
        slots = _slots(vault, envelope)
        dropped = [] if owners is None else [slot for slot in slots if slot.id not in present]
        envelope.slots = [slot for slot in envelope.slots if slot.id not in _ids(dropped)]
        if page_size is not None:
            envelope.page_size = page_size
        exposed = _make(vault, envelope, present, dropped, progress)
        vault.envelope = envelope
        note_commits(vault.home.counters(vault.id), vault.store.meta("commits") + 1)
        old = vault.store.path
        if owners is not None:
            _remove_at_once(old)
    kept = [slot for slot in slots if slot.id not in _ids(dropped)]
    snapshot = old if owners is None else None
    return Rekeyed(envelope.generation, tuple(kept), tuple(dropped), exposed, snapshot)


def _ids(slots: list[SlotInfo]) -> set[str]:
    return {slot.id for slot in slots}


def current_header(vault: Parts, key: HeaderKey) -> Envelope:
    """The header as it is now, under the lock; Tampered if it is an older one or was changed."""
    envelope = vault.home.read_header(lambda _text: None)
    envelope.verify(key)
    if envelope.revision < vault.store.meta("revision"):
        raise Tampered("the header is older than the database: it was put back from a copy")
    check_public_keys(vault, envelope)
    return envelope


def _make(
    vault: Parts,
    envelope: Envelope,
    owners: dict[str, SlotKey],
    dropped: list[SlotInfo],
    progress: Progress,
) -> int:
    """The new generation, committed; how many values the dropped slots could read."""
    old = store_draft.File(vault.store.path, vault.bundle.database, vault.envelope.page_size)
    exposed = 0

    def record(store: Store) -> None:
        nonlocal exposed
        now = int(vault.clock() * 1000)
        for gone in dropped:
            exposed = rows_exposed.expose_all(store, gone.label, now)
            rows.forget_slot(store, gone.id)
        for slot in envelope.slots:
            if slot.id in owners:
                rows.confirm_slot(store, slot.id, now, digest(slot.public_key))
        store.set_meta(CHANGED, now)
        log = AuditLog(store, vault.bundle.audit, envelope.vault_bytes, "", vault.clock)
        target = f"generation {envelope.generation}"
        log.append(vault.audit.event("db.rekey", target, detail=_story(dropped)))

    with Draft(vault.home, envelope) as draft:
        draft.copy(vault.store, old, progress)
        draft.fill(vault.bundle.wrapping, vault.bundle.audit, record)
        draft.check()
        draft.commit(owners)
    return exposed


def _story(dropped: list[SlotInfo]) -> str:
    labels = ", ".join(slot.label for slot in dropped)
    return f"slots dropped: {labels}" if dropped else "all slots kept"


def _remove_at_once(old: str) -> None:
    """The old database, which the old master key opens, and its log: off the disk as well."""
    for end in ("", "-wal", "-shm"):
        files.remove(old + end)
    files.sync_folder(os.path.dirname(old))

"""Making a vault: nothing there before, everything there after, whenever it is interrupted.

The rule: the database is complete under a passing name before the header is written; the header is
the moment at which the vault exists; whoever opens it next gives the database its name if that is
still to be done. Every slot is opened once before anything is written. What its slots need outside
of it is made, looked at again and taken back under the writer's lock, so that of two who make a
vault at once neither uses what the other takes back.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.codec import rfc3339
from lango_cli.crypto.keys import (
    AuditKey,
    database_key,
    header_key,
    new_master_key,
    wrapping_key,
)
from lango_cli.crypto.mac import digest, random_bytes
from lango_cli.errors import (
    AlreadyInitialised,
    FileProblem,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.vault import rows
from lango_cli.vault.envelope import NONE, PAGE_SIZE, Envelope, slot_key
from lango_cli.vault.home import COPY, HEADER
from lango_cli.vault.kdfs import kdf_parameters
from lango_cli.vault.keys import Keys, wrap_audit_key
from lango_cli.vault.parts import Opened, Policy
from lango_cli.vault.slots import CHANGED, make_slot, prove
from lango_cli.vault.store import UNFINISHED
from lango_cli.vault.store_open import create_store, database_salt, finish
from lango_cli.vault.vault import Vault, open_vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lango_cli.crypto.keys import MasterKey, SlotKey
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.home import Home
    from lango_cli.vault.recipient import Group, Keeper
    from lango_cli.vault.store import Store


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A slot to be: what its owner holds, and which KDF stands between that and the key.

    `check` fails if what its owner holds is not where it was any more.
    """

    kind: str
    label: str
    credential: SecretBytes
    kdf: str
    slot_id: str | None = None
    check: Callable[[], None] = lambda: None
    keeper: Keeper | Group | None = None


def refuse_existing(home: Home) -> None:
    """AlreadyInitialised where a vault stands; Tampered where its header cannot be read."""
    found = home.vault_files()
    if not found:
        return
    try:
        home.read_header(lambda _text: None)
    except LangoError as err:
        raise Tampered(
            f"{home.folder} holds {', '.join(found)}, but no header that can be read:"
            f" {err.message}",
            hint="restore a backup, or choose another --home; nothing was changed",
        ) from None
    raise AlreadyInitialised(f"there is a vault at {home.folder} already")


def create_vault(
    home: Home,
    vault_id: str,
    slots: Iterable[NewSlot],
    policy: Policy,
    warn: Callable[[str], None],
    clock: Callable[[], float] = time.time,
    *,
    take_back: Callable[[], None] = lambda: None,
    page_size: int = PAGE_SIZE,
    fallback: str = NONE,
) -> Vault:
    """A new vault with these slots, open. `vault_id` is 32 random hex digits.

    `page_size`: bytes of a page of its database, one of `envelope.PAGE_SIZES`. `fallback`:
    the fallback policy, `local` or `none`.

    `slots` is gone through under the writer's lock, where no vault stands: what a slot needs
    outside may be made by that. `take_back` removes it again if no vault comes of it.
    """
    files.ensure_folder(home.folder)
    files.ensure_folder(home.state)
    with files.Lock(home.path("vault.lock"), policy.lock_timeout):
        refuse_existing(home)
        try:
            envelope = Envelope(vault_id, rfc3339(clock()))
            envelope.page_size, envelope.fallback = page_size, fallback
            opened = _make(home, envelope, slots, clock)
        except BaseException:
            if not files.exists(home.path(HEADER)):
                take_back()
            raise
    try:
        return _first_opened(home, envelope, opened, policy, warn, clock)
    except FileProblem as err:
        raise FileProblem(
            f"there is a vault at {home.folder} now, and its slots open it, but it could not be"
            f" noted in its audit log that it was made: {err.message}",
            hint="look at it: lango doctor",
        ) from None


def _make(
    home: Home,
    envelope: Envelope,
    slots: Iterable[NewSlot],
    clock: Callable[[], float],
) -> Opened:
    """Everything on disk, the header last; the first slot, as if it had been opened."""
    master = new_master_key()
    added = []
    keys = []
    for new in slots:
        keys.append(_add(envelope, master, new))
        added.append(new)
    if not added:
        raise UsageProblem("a vault needs at least one way to unlock it")
    _make_database(home, envelope, master, int(clock() * 1000))
    envelope.revision = 1
    home.clear_leftovers()
    data = envelope.render(header_key(master, envelope.vault_bytes))
    for new in added:
        new.check()
    files.replace_all((home.path(HEADER), home.path(COPY)), data)
    with suppress(FileProblem):
        # The vault stands: whoever opens it next will try this again, and say why it fails.
        finish(home.database(1))
    return Opened(envelope.slots[0], "init", keys[0], master)


def _first_opened(
    home: Home,
    envelope: Envelope,
    opened: Opened,
    policy: Policy,
    warn: Callable[[str], None],
    clock: Callable[[], float],
) -> Vault:
    vault = open_vault(home, envelope, opened, policy, warn, clock)
    try:
        created = vault.audit.event("vault.create", envelope.vault)
        with vault.store.write():
            vault.audit.append(created)
    except BaseException:
        vault.store.abandon()
        raise
    return vault


def _add(envelope: Envelope, master: MasterKey, new: NewSlot) -> SlotKey:
    if any(slot.label == new.label for slot in envelope.slots):
        raise UsageProblem(f"two slots cannot both be labelled {new.label}")
    kdf = kdf_parameters(new.kdf)
    key = slot_key(kdf, new.credential)
    slot = make_slot(
        envelope,
        master,
        new.kind,
        new.label,
        key,
        kdf,
        envelope.created,
        new.slot_id,
        new.keeper,
    )
    envelope.slots.append(slot)
    prove(envelope, slot, key, master)
    return key


def _make_database(home: Home, envelope: Envelope, master: MasterKey, now: int) -> None:
    path = home.database(1) + UNFINISHED
    for name in (path, path + "-wal", path + "-shm"):
        files.remove(name)
    vault = envelope.vault_bytes
    wrapping = wrapping_key(master, vault)

    def fill(store: Store) -> None:
        audit = AuditKey(random_bytes(32))
        store.set_meta("audit_key", wrap_audit_key(wrapping, vault, audit))
        Keys(store, wrapping, vault).create_default(now)
        store.set_meta(CHANGED, now)
        for slot in envelope.slots:
            # Each was opened once when it was added.
            rows.confirm_slot(store, slot.id, now, digest(slot.public_key))

    key = database_key(master, vault)
    create_store(home.folder, path, key, envelope.vault, envelope.page_size, now, fill)
    envelope.database_salt = database_salt(path)

"""An open vault: how it is opened, and what it holds while it is.

The rule: sources are asked in order, and only `NotApplicable`, or a wrong key from a source that
nobody named, lets the next one try; a damaged byte or a refusal stops. The master key lives from
the opening of a slot to the derivation of its children, or, for commands that change slots, until
the vault closes.
"""

from __future__ import annotations

import time

from lango_cli.crypto import keys as hierarchy
from lango_cli.errors import (
    KeyNotFound,
    Locked,
    NotApplicable,
    Tampered,
    WrongKey,
)
from lango_cli.files import read_count
from lango_cli.vault import rows
from lango_cli.vault.audit import WARN, AuditLog
from lango_cli.vault.bundle import Bundle
from lango_cli.vault.envelope import open_slot
from lango_cli.vault.home import HEADER, PENDING
from lango_cli.vault.keys import Keys, unwrap_audit_key
from lango_cli.vault.reader import Reader
from lango_cli.vault.store import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from lango_cli.crypto.keys import MasterKey
    from lango_cli.model import UnlockSource
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.home import Home
    from lango_cli.vault.secrets import Secrets
    from lango_cli.vault.slots import Slots
    from lango_cli.vault.store import Store


class Policy:
    """What settings say about an open vault. Seconds; 0 versions or retention: keep all."""

    __slots__ = ("audit_reads", "audit_retention", "lock_timeout", "retention", "versions")

    def __init__(self) -> None:
        self.lock_timeout = 10.0
        self.audit_reads = WARN
        self.audit_retention = 0
        self.retention = 30 * 86400
        self.versions = 0


class Opened:
    """A slot that opened: the slot, the source's name, the master key."""

    __slots__ = ("master", "slot", "source")

    def __init__(self, slot: Slot, source: str, master: MasterKey) -> None:
        self.slot = slot
        self.source = source
        self.master = master


def find_slot(envelope: Envelope, name: str) -> Slot:
    """The slot with this id, label or unambiguous start of an id; KeyNotFound otherwise."""
    exact = [slot for slot in envelope.slots if name in (slot.id, slot.label)]
    found = exact or [slot for slot in envelope.slots if name and slot.id.startswith(name)]
    if len(found) != 1:
        how = "several slots are" if found else "no slot is"
        raise KeyNotFound(f"{how} called {name}")
    return found[0]


def open_with(
    envelope: Envelope,
    sources: Sequence[UnlockSource],
    slots: Sequence[Slot],
    warn: Callable[[str], None],
) -> Opened:
    """The first slot that a source opens; Locked with every reason if none does."""
    reasons = []
    for source in sources:
        wrong: WrongKey | None = None
        reason = "the vault has no slot for it"
        for slot in slots:
            try:
                credential = source.offer(slot)
                return Opened(slot, source.name, open_slot(envelope, slot, credential))
            except NotApplicable as err:
                reason = err.message
            except WrongKey as err:
                wrong = err
        if wrong is not None and (source.explicit or source.interactive):
            raise wrong
        if source.explicit:
            raise WrongKey(f"{source.name}: {reason}")
        if wrong is not None:
            warn(f"{source.name} is stale, trying the next way: {wrong.message}")
            reason = "stale"
        reasons.append(f"{source.name}: {reason}")
    table = "; ".join(reasons)
    raise Locked(f"the vault is locked ({table})" if table else "the vault is locked")


def in_order(envelope: Envelope, name: str | None, last: str) -> list[Slot]:
    """The slot called `name` alone, or all with the one that worked last in front."""
    if name is not None:
        return [find_slot(envelope, name)]
    return sorted(envelope.slots, key=lambda slot: slot.id != last)


class Vault:
    """An open vault. A context manager; closing puts everything on disk."""

    def __init__(
        self,
        home: Home,
        envelope: Envelope,
        bundle: Bundle,
        store: Store,
        policy: Policy,
        clock: Callable[[], float],
    ) -> None:
        self.home = home
        self.id = envelope.vault
        self.envelope = envelope
        self.bundle = bundle
        self.store = store
        self.policy = policy
        self.clock = clock
        self.master: MasterKey | None = None
        self.unlocked_by = "unlock session"
        self.keys = Keys(store, bundle.wrapping, envelope.vault_bytes)
        self.audit = AuditLog(store, bundle.audit, envelope.vault_bytes, home.path(PENDING), clock)
        self.audit.reads = policy.audit_reads
        self.reader = Reader(store, self.keys, self.audit, envelope.vault_bytes, clock)
        self._header = home.path(HEADER)

    @property
    def secrets(self) -> Secrets:
        """All that can be done with secrets; reading one value alone is `reader`."""
        from lango_cli.vault.secrets import Secrets

        return Secrets(self.reader, self.policy, self._tidy)

    @property
    def slots(self) -> Slots:
        """The ways to unlock; changing them needs a real unlock."""
        from lango_cli.vault.slots import Slots

        return Slots(self)

    def _tidy(self) -> None:
        """Cut off old audit records, at most once a day; after a write, never after a read."""
        if self.policy.audit_retention:
            from lango_cli.vault import audit_check

            audit_check.prune_daily(self, self.policy.audit_retention)

    def check_fence(self) -> None:
        """Locked if the vault was rekeyed since it was opened; asked before every write."""
        if self.home.read_header(lambda _text: None).generation != self.envelope.generation:
            raise Locked("the vault was rekeyed by another process", hint="run the command again")

    def close(self) -> None:
        """Write what waits to be written and let go of the database."""
        try:
            self.audit.flush()
        finally:
            self.store.close()
            if self.master is not None:
                self.master.wipe()

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_vault(
    home: Home,
    envelope: Envelope,
    key: Bundle | Opened,
    policy: Policy,
    warn: Callable[[str], None],
    clock: Callable[[], float] = time.time,
) -> Vault:
    """Open the database with a session's bundle or a slot's master key.

    Tampered where header or database were rolled back or damaged, AnotherVault where the two are
    of different vaults.
    """
    if isinstance(key, Bundle):
        envelope.verify(key.header)
        database = key.database
    else:
        database = hierarchy.database_key(key.master, envelope.vault_bytes)
    # Read before the database: the count outside is never ahead of a commit it has not seen.
    seen = read_count(home.counters(envelope.vault))
    store = open_store(
        home.folder,
        home.database(envelope.generation),
        database,
        envelope.vault,
        envelope.page_size,
        envelope.database_salt,
    )
    try:
        _check_age(store, envelope, seen)
        bundle = key if isinstance(key, Bundle) else make_bundle(store, envelope, key)
        vault = Vault(home, envelope, bundle, store, policy, clock)
        store.lock_timeout = policy.lock_timeout
        store.guard(home.counters(envelope.vault), vault.check_fence)
        vault.audit.warn = warn
        if isinstance(key, Opened):
            _note_unlock(vault, key)
    except BaseException:
        store.abandon()
        raise
    return vault


def make_bundle(store: Store, envelope: Envelope, opened: Opened) -> Bundle:
    """The session bundle of an opened slot."""
    vault, master = envelope.vault_bytes, opened.master
    wrapping = hierarchy.wrapping_key(master, vault)
    wrapped = store.known.get("audit_key")
    if not isinstance(wrapped, bytes):
        raise Tampered("the database has no audit key")
    return Bundle(
        envelope.vault,
        envelope.generation,
        opened.slot.id,
        hierarchy.database_key(master, vault),
        wrapping,
        unwrap_audit_key(wrapping, vault, wrapped),
        hierarchy.header_key(master, vault),
    )


def _check_age(store: Store, envelope: Envelope, seen: int) -> None:
    revision, commits = store.known.get("revision"), store.known.get("commits")
    if not isinstance(revision, int) or not isinstance(commits, int):
        raise Tampered("the database does not say how old it is")
    if envelope.revision < revision:
        raise Tampered(
            "the header is older than the database: it was put back from a copy",
            hint="put the newer header back, or accept this one: lango doctor --fix",
        )
    if commits < seen:
        raise Tampered(
            "the database is older than what this machine has seen: it was put back from a copy,"
            " or its -wal file was lost",
            hint="put the newer file back, or accept this one: lango doctor --fix",
        )


def _note_unlock(vault: Vault, opened: Opened) -> None:
    vault.master = opened.master
    vault.unlocked_by = opened.source
    vault.home.remember_slot(vault.id, opened.slot.id)
    vault.audit.later(vault.audit.event("vault.unlock", opened.slot.id, detail=opened.source))
    now = int(vault.clock() * 1000)
    vault.audit.also(lambda: rows.use_slot(vault.store, opened.slot.id, now, tested=False))

"""The parts of an open vault, and what every room of it may lean on.

What lives here: the settings' say (`Policy`), a slot that opened (`Opened`), and the parts joined.
The rule: `secrets`, `slots` and `audit_check` know this module; `vault.py`, which holds them,
is above them.
"""

from __future__ import annotations

from lango_cli.errors import KeyNotFound, Locked
from lango_cli.vault.audit import WARN, AuditLog
from lango_cli.vault.home import PENDING
from lango_cli.vault.keys import Keys
from lango_cli.vault.reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from lango_cli.crypto.keys import MasterKey
    from lango_cli.vault.bundle import Bundle
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.home import Home
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


class Parts:
    """What an open vault is made of; closing it puts everything on disk."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

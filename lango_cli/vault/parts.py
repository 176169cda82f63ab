"""The parts of an open vault, and what every room of it may lean on.

What lives here: the settings' say (`Policy`), a slot that opened (`Opened`), and the parts joined.
The rule: `secrets`, `slots` and `audit_check` know this module; `vault.py`, which holds them,
is above them.
"""

from __future__ import annotations

from lango_cli import files
from lango_cli.errors import Busy, FileProblem, KeyNotFound, LangoError
from lango_cli.vault.audit import WARN, AuditLog
from lango_cli.vault.envelope import DIRECT, open_with_key, seal_master, slot_key
from lango_cli.vault.home import PENDING
from lango_cli.vault.keys import Keys
from lango_cli.vault.reader import Reader
from lango_cli.vault.store import COMPACT, UNFINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from lango_cli.crypto.keys import MasterKey, SlotKey
    from lango_cli.model_custody import Custodian
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.bundle import Bundle
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.home import Home
    from lango_cli.vault.store import Store


class Policy:
    """What settings say about an open vault. Seconds; 0 versions or retention: keep all."""

    __slots__ = (
        "audit_reads",
        "audit_retention",
        "late",
        "lock_timeout",
        "retention",
        "versions",
    )

    def __init__(self) -> None:
        self.lock_timeout = 10.0
        self.audit_reads = WARN
        self.audit_retention = 0
        self.retention = 30 * 86400
        self.versions = 0
        self.late: Callable[[Policy], None] | None = None
        """What settles `versions` and the two retentions, once somebody asks for them."""

    def settled(self) -> Policy:
        """The same, with what the profile says: reading a secret alone asks for none of it."""
        if self.late is not None:
            self.late(self)
            self.late = None
        return self


class Opened:
    """A slot that opened: the slot, the source's name, the slot's own key, the master key.

    `fallen_back`: why a local slot serves in place of a custodian's; empty where none does.
    """

    __slots__ = ("fallen_back", "key", "master", "slot", "source")

    def __init__(self, slot: Slot, source: str, key: SlotKey, master: MasterKey) -> None:
        self.slot = slot
        self.source = source
        self.key = key
        self.master = master
        self.fallen_back = ""


def unlock_slot(envelope: Envelope, slot: Slot, source: str, credential: SecretBytes) -> Opened:
    """The slot, opened by what its owner holds; WrongKey or Tampered if it does not open."""
    key = slot_key(slot.kdf, credential)
    return Opened(slot, source, key, open_with_key(envelope, slot, key))


def find_slot(envelope: Envelope, name: str) -> Slot:
    """The slot with this id, label or unambiguous start of an id; KeyNotFound otherwise."""
    exact = [slot for slot in envelope.slots if name in (slot.id, slot.label)]
    found = exact or [slot for slot in envelope.slots if name and slot.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    for slot in envelope.slots:
        if any(name in (member.id, member.label) for member in slot.members):
            raise KeyNotFound(
                f"{name} is a member of slot {slot.label}, and no slot itself",
                hint=f"name the slot: {slot.label}",
            )
    how = "several slots are" if found else "no slot is"
    raise KeyNotFound(f"{how} called {name}")


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
        self.opened: Opened | None = None
        self.unlocked_by = "unlock session"
        self.keys = Keys(store, bundle.wrapping, envelope.vault_bytes)
        self.audit = AuditLog(store, bundle.audit, envelope.vault_bytes, home.path(PENDING), clock)
        self.audit.reads = policy.audit_reads
        self.reader = Reader(store, self.keys, self.audit, envelope.vault_bytes, clock)

    @property
    def custody(self) -> Callable[[str], Custodian] | None:
        """What reaches the custodian of a key URI, where somebody handed it in."""
        return self.keys.custody

    @property
    def master(self) -> MasterKey | None:
        """The master key, None where the vault was opened by an unlock session."""
        return None if self.opened is None else self.opened.master

    def check_fence(self) -> None:
        """Busy if there is a newer generation than was opened; asked before every write."""
        if self.home.read_header(lambda _text: None).generation != self.envelope.generation:
            raise Busy(
                "another process made a new generation of the vault meanwhile",
                hint="run the command again",
            )

    def settle(self) -> None:
        """Seal the master key directly to the slot that opened by HPKE; inside a write.

        So that HPKE, which is slow to load, is needed once for each slot and generation. The
        header goes first: a header one revision ahead is what a crash may leave, not the reverse.
        """
        if self.opened is None:
            return
        try:
            envelope = self.home.read_header(lambda _text: None)
            envelope.verify(self.bundle.header)
            slot = find_slot(envelope, self.opened.slot.id)
            if slot.public_key == self.opened.slot.public_key and slot.wrapped_how != DIRECT:
                seal_master(envelope, slot, self.opened.key, self.opened.master)
                self.home.write_header(envelope, self.bundle.header)
                self.store.set_meta("revision", envelope.revision)
                self.envelope = envelope
        except (FileProblem, KeyNotFound):
            return  # It opens by HPKE as well; the next unlock comes past here again.

    def tidy(self) -> None:
        """Put away what a killed process left behind; under the writer's lock, after a write.

        Headers that were never finished go, and a copy that the crash left older follows its
        header. Before an older database goes, the two are made equal: only the newest generation
        is left then, and both have to lead to it. Where they cannot be, everything stays.
        """
        now = self.envelope.generation
        there = self.home.generations()
        older = [name for number, _, name in there if number < now]
        try:
            for number, rest, name in there:
                if rest.startswith(COMPACT) or (number > now and rest.startswith(UNFINISHED)):
                    files.remove(self.home.path(name))
            self.home.clear_leftovers()
            self.home.even_copies(self.bundle.header, whatever=bool(older))
            for name in older:
                files.remove(self.home.path(name))
        except LangoError:
            return  # What was asked for is done; the next writer comes past here again.

    def close(self) -> None:
        """Write what waits to be written and let go of the database."""
        try:
            self.audit.flush()
        finally:
            self.store.close()
            if self.opened is not None:
                self.opened.master.wipe()
                self.opened.key.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

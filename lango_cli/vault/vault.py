"""An open vault: how it is opened, and what it holds while it is.

The rule: the master key lives from the opening of a slot to the derivation of its children, or,
for commands that change slots, until the vault closes. Which slot opens is `unlocking`'s.
"""

from __future__ import annotations

import time

from lango_cli.crypto import keys as hierarchy
from lango_cli.crypto.mac import digest
from lango_cli.errors import (
    Busy,
    FileProblem,
    Tampered,
)
from lango_cli.files import exists, read_count
from lango_cli.vault import rows
from lango_cli.vault.bundle import Bundle
from lango_cli.vault.envelope import DIRECT
from lango_cli.vault.keys import unwrap_audit_key
from lango_cli.vault.parts import Opened, Parts
from lango_cli.vault.store_open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.vault.approvals import Approvals
    from lango_cli.vault.backups import Backups
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.groups import Groups
    from lango_cli.vault.home import Home
    from lango_cli.vault.key_use import KeyUse
    from lango_cli.vault.parts import Policy
    from lango_cli.vault.policies import Policies
    from lango_cli.vault.profiles import Profiles
    from lango_cli.vault.registry import Registry
    from lango_cli.vault.secrets import Secrets
    from lango_cli.vault.slots import Slots
    from lango_cli.vault.store import Store

OLD_HEADER = "the header is older than the database: it was put back from a copy"
OLD_DATABASE = (
    "the database is older than what this machine has seen: it was put back from a copy,"
    " or its -wal file was lost"
)


class Vault(Parts):
    """An open vault: its parts, and what they are for. A context manager."""

    @property
    def secrets(self) -> Secrets:
        """All that can be done with secrets; reading one value alone is `reader`."""
        from lango_cli.vault.secrets import Secrets

        return Secrets(self.reader, self.policy, self._tidy)

    @property
    def policies(self) -> Policies:
        """Who may receive which secret."""
        from lango_cli.vault.policies import Policies

        return Policies(self.store, self.audit)

    @property
    def slots(self) -> Slots:
        """The ways to unlock; changing them needs a real unlock."""
        from lango_cli.vault.slots import Slots

        return Slots(self)

    @property
    def groups(self) -> Groups:
        """The slots that members open together."""
        from lango_cli.vault.groups import Groups

        return Groups(self)

    @property
    def backups(self) -> Backups:
        """The backups that are known of."""
        from lango_cli.vault.backups import Backups

        return Backups(self.store)

    @property
    def registry(self) -> Registry:
        """All that can be done with keys but using them."""
        from lango_cli.vault.registry import Registry

        return Registry(self)

    @property
    def key_use(self) -> KeyUse:
        """Encrypting, decrypting, signing and verifying what is not kept in the vault."""
        from lango_cli.vault.key_use import KeyUse

        return KeyUse(self)

    @property
    def profiles(self) -> Profiles:
        """The profiles of settings."""
        from lango_cli.vault.profiles import Profiles

        return Profiles(self)

    @property
    def approvals(self) -> Approvals:
        """What the vault keeps of approvals."""
        from lango_cli.vault.approvals import Approvals

        return Approvals(self)

    def _tidy(self) -> None:
        """Cut off old audit records, at most once a day; after a write, never after a read."""
        if self.policy.settled().audit_retention:
            from lango_cli.vault import audit_check

            try:
                audit_check.prune_daily(self, self.policy.audit_retention)
            except (Busy, FileProblem):
                return  # What was asked for is done; the next write comes past here again.


def open_vault(
    home: Home,
    envelope: Envelope,
    key: Bundle | Opened,
    policy: Policy,
    warn: Callable[[str], None],
    clock: Callable[[], float] = time.time,
    *,
    accept_age: bool = False,
) -> Vault:
    """Open the database with a session's bundle or a slot's master key.

    Tampered where header or database were rolled back or damaged, AnotherVault where the two are
    of different vaults. `accept_age`: what was rolled back is taken as it is from now on.
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
        _still_there(store)
        bundle = key if isinstance(key, Bundle) else make_bundle(store, envelope, key)
        if not accept_age:
            envelope = _check_age(home, store, envelope, bundle, seen)
        vault = Vault(home, envelope, bundle, store, policy, clock)
        store.lock_timeout = policy.lock_timeout
        store.guard(home.counters(envelope.vault), vault.check_fence, vault.tidy)
        vault.audit.warn = warn
        if envelope.revision > store.known["revision"]:
            vault.audit.also(lambda: rows.raise_revision(store, envelope.revision))
        if isinstance(key, Opened):
            _note_unlock(vault, key)
        if accept_age:
            from lango_cli.vault import mending

            mending.accept_age(vault, seen)
    except BaseException:
        store.abandon()
        raise
    return vault


def _still_there(store: Store) -> None:
    """Busy if the file went while it was being opened: its log may have gone before."""
    if not exists(store.path):
        raise Busy(
            "another process made a new generation of the vault meanwhile",
            hint="run the command again",
        )


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


def _check_age(
    home: Home, store: Store, envelope: Envelope, bundle: Bundle, seen: int
) -> Envelope:
    """The header, read again where another process replaced it since; Tampered if it is old."""
    revision, commits = store.known.get("revision"), store.known.get("commits")
    if not isinstance(revision, int) or not isinstance(commits, int):
        raise Tampered("the database does not say how old it is")
    if envelope.revision < revision:
        envelope = home.read_header(lambda _text: None)
        envelope.verify(bundle.header)
    if envelope.revision < revision:
        raise Tampered(
            OLD_HEADER,
            hint="put the newer header back, or accept this one: lango doctor --fix",
        )
    if commits < seen or envelope.revision > revision + 1:
        # One ahead is what a crash in the middle of a slot change leaves; two cannot be.
        raise Tampered(
            OLD_DATABASE,
            hint="put the newer file back, or accept this one: lango doctor --fix",
        )
    return envelope


def _note_unlock(vault: Vault, opened: Opened) -> None:
    vault.opened = opened
    vault.unlocked_by = opened.source
    vault.home.remember_slot(vault.id, opened.slot.id)
    vault.audit.later(vault.audit.event("vault.unlock", opened.slot.id, detail=opened.source))
    if opened.fallen_back:
        vault.audit.later(
            vault.audit.event("vault.fallback", opened.slot.id, detail=opened.fallen_back)
        )
        vault.home.note_fallback(vault.id, vault.clock())
    now = int(vault.clock() * 1000)
    slot, public_key = opened.slot, digest(opened.slot.public_key)
    vault.audit.also(lambda: rows.use_slot(vault.store, slot.id, now, public_key, tested=False))
    if slot.wrapped_how != DIRECT:
        vault.audit.also(vault.settle)

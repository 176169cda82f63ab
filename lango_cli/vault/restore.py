"""Putting a backup's content back: a new generation of the vault, made from a backup's rows.

The rule: the header that is there stays, with its slots; its vault must be the backup's. Where
there is no vault at all the backup's header serves. The audit chain that is there goes on; where
the database that holds it cannot be read, the backup's does. Every row is compared before the
header leads to the new database, and what was there stays until the next writer.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.keys import header_key
from lango_cli.crypto.mac import digest
from lango_cli.errors import AlreadyInitialised, AnotherVault, Conflict, FileProblem, Tampered
from lango_cli.vault import rows, rows_restore, store_copy
from lango_cli.vault.audit import AuditLog
from lango_cli.vault.generation import Draft
from lango_cli.vault.header import parse
from lango_cli.vault.keys import Keys
from lango_cli.vault.mending import LOCK
from lango_cli.vault.rekey import SPARE, current_header
from lango_cli.vault.slots import CHANGED
from lango_cli.vault.store import note_commits
from lango_cli.vault.store_draft import File
from lango_cli.vault.store_open import IMMUTABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.model import Progress
    from lango_cli.vault.backup_file import Backup
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.parts import Opened, Parts
    from lango_cli.vault.store import Store

COMPARED = (
    "secrets",
    "versions",
    "tags",
    "keys",
    "key_versions",
    "profiles",
    "profile_versions",
)
"""Tables that have to come back as they are; of keys all but how they are wrapped."""


def refuse_stranger(envelope: Envelope, backup: Backup) -> None:
    """AnotherVault unless the backup is one of the vault that this header is of."""
    if backup.about.envelope.vault != envelope.vault:
        raise AnotherVault(
            f"{backup.path} is a backup of another vault",
            hint="restore it into an empty folder: lango --home DIR db restore FILE",
        )


class Restore:
    """One restore into `home`.

    `opened`: the slot of the present header, or of the backup's where there is none. `source`: the
    backup's content at the newest schema, open. `vault`: the present vault, None where there is
    none or its database cannot be read.
    """

    def __init__(
        self,
        home: Home,
        opened: Opened,
        backup: Backup,
        source: Parts,
        vault: Parts | None,
        clock: Callable[[], float],
    ) -> None:
        self.home = home
        self.opened = opened
        self.backup = backup
        self.source = source
        self.vault = vault
        self._now = int(clock() * 1000)
        self._clock = clock

    def run(self, progress: Progress, *, timeout: float) -> Envelope:
        """The new header. Busy after `timeout` seconds, FileProblem without room."""
        files.ensure_folder(self.home.folder)
        files.ensure_folder(self.home.state)
        self._check_room()
        if self.vault is not None:
            with self.vault.store.write():
                event = self.vault.audit.event("db.restore", self.backup.id, "begun")
                self.vault.audit.append(event)
        with files.Lock(self.home.path(LOCK), timeout):
            envelope = self._header()
            commits = self._make(envelope, progress)
            if self.vault is not None:
                self.vault.envelope = envelope
            note_commits(self.home.counters(envelope.vault), commits)
        return envelope

    def _check_room(self) -> None:
        about = os.statvfs(self.home.folder)
        free = about.f_bavail * about.f_frsize
        needed = self.backup.size + SPARE
        if free < needed:
            raise FileProblem(
                f"{self.home.folder}: {needed >> 20} MiB have to be free, {free >> 20} are",
                hint="make room and run the command again; nothing was changed",
            )

    def _header(self) -> Envelope:
        """The header to go on from, under the lock: the present one, verified, or the backup's."""
        if not self.home.vault_files():
            return parse(self.backup.about.header)
        key = header_key(self.opened.master, self.backup.about.envelope.vault_bytes)
        if self.vault is not None:
            self.vault.check_fence()
            envelope = current_header(self.vault, key)
        else:
            envelope = self.home.read_header(lambda _text: None)
            if envelope.generation != self.opened.slot.generation:
                raise AlreadyInitialised("another process made a vault here meanwhile")
            envelope.verify(key)
        refuse_stranger(envelope, self.backup)
        kept = [slot for slot in envelope.slots if slot.id == self.opened.slot.id]
        if not kept or kept[0].public_key != self.opened.slot.public_key:
            raise Conflict("the slot was changed by another process", hint="run it again")
        return envelope

    def _make(self, envelope: Envelope, progress: Progress) -> int:
        about = self.backup.about
        envelope.generation = max(envelope.generation, about.envelope.generation)
        envelope.page_size = about.envelope.page_size
        seen = files.read_count(self.home.counters(envelope.vault))
        present = 0 if self.vault is None else self.vault.store.meta("commits")
        commits = 1 + max(seen, present, about.commits)
        audit_key = (self.vault or self.source).bundle.audit

        def also(store: Store) -> None:
            self._join(store, envelope, commits)

        with Draft(self.home, envelope) as draft:
            store, size = self.source.store, envelope.page_size
            file = File(store.path, self.source.bundle.database, size, IMMUTABLE)
            draft.copy(store, file, progress)
            draft.fill(self.source.bundle.wrapping, audit_key, also)
            self._compare(draft, progress)
            draft.check()
            draft.commit({self.opened.slot.id: self.opened.key})
        return commits

    def _join(self, store: Store, envelope: Envelope, commits: int) -> None:
        """What is not the backup's: counters, the audit chain, what is known of slots."""
        if self.vault is not None:
            rows_restore.keep(self.vault.store, store)
        else:
            rows_restore.forget_slots(store)
        slot = self.opened.slot
        rows.confirm_slot(store, slot.id, self._now, digest(slot.public_key))
        for name, value in (
            ("commits", commits),
            ("revision", envelope.revision + 1),
            (CHANGED, self._now),
        ):
            store.set_meta(name, value)
        owner = self.vault or self.source
        log = AuditLog(store, owner.bundle.audit, envelope.vault_bytes, "", self._clock)
        detail = f"backup {self.backup.id}, generation {envelope.generation}"
        if self.vault is None:
            detail += ", audit log of the backup"
        log.append(log.event("db.restore", self.backup.id, detail=detail))

    def _compare(self, draft: Draft, progress: Progress) -> None:
        """Tampered unless every row and key of the backup is in the new database."""
        progress.start("comparing", 2 * sum(self.backup.about.counts.values()))
        source = self.source.store
        copy = store_copy.open_copy(draft.target.path, draft.target.key, draft.envelope.page_size)
        try:
            for table in COMPARED:
                columns = store_copy.columns_of(source, table)
                kept = tuple(name for name in columns if name != "wrapped")
                if not store_copy.same_rows(source, copy, table, kept, progress):
                    raise Tampered(f"the table {table} did not come back as it is")
            keys = Keys(copy, draft.wrapping, draft.envelope.vault_bytes)
            for key, version in rows_restore.all_keys(copy):
                keys.check(key, version)
        finally:
            copy.abandon()

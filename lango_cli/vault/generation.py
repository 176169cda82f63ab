"""A new generation of a vault: another master key, another database file, the same content.

What lives here: `Draft`, everything of a generation that is not yet the vault's. The rule: the
database is complete under a passing name, checked and on disk, before the header that leads to it
replaces the old one; that rename is the only commit point. A crash before it leaves a file that
the next writer removes, a crash after it a file that the next command gives its name. The old
database stays, as the snapshot, until the next writer has written to the new one.

Every slot of the header gets the new master key: sealed directly where its owner is here, by HPKE
to its public key where not. So whoever only learnt the old master key does not learn the new one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.keys import database_key, header_key, new_master_key, wrapping_key
from lango_cli.crypto.mac import same
from lango_cli.errors import FileProblem, NotInitialised, Tampered
from lango_cli.vault import audit, rows, store_copy, store_draft
from lango_cli.vault.envelope import hand_over, open_with_key, seal_master
from lango_cli.vault.keys import rewrap_all, wrap_audit_key
from lango_cli.vault.store import UNFINISHED
from lango_cli.vault.store_open import database_salt, finish, open_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from lango_cli.crypto.keys import AuditKey, HeaderKey, SlotKey, WrappingKey
    from lango_cli.model import Progress
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.store import Store


class Draft:
    """A generation in the making, under the writer's lock; nothing of it counts until `commit`.

    `envelope` is the present header, verified; it becomes the next one. A context manager: what
    was not committed is removed.
    """

    def __init__(self, home: Home, envelope: Envelope) -> None:
        self.home = home
        self.envelope = envelope
        envelope.generation = 1 + max(
            (envelope.generation, *(number for number, _, _ in home.generations()))
        )
        self.master = new_master_key()
        self.wrapping = wrapping_key(self.master, envelope.vault_bytes)
        key = database_key(self.master, envelope.vault_bytes)
        path = home.database(envelope.generation) + UNFINISHED
        self.target = store_draft.File(path, key, envelope.page_size)

    def copy(self, store: Store, source: store_draft.File, progress: Progress) -> None:
        """Take everything from the file `source` of the open `store`.

        Page by page where the page size stays: the pages are the same then, so that the trees in
        them can be checked where they come from, on another processor meanwhile.
        """
        if source.page_size == self.target.page_size:
            structure = store_draft.Meanwhile(lambda: store_draft.check_structure(source))
            try:
                self._copy_pages(store, source, progress)
            finally:
                structure.result()
        else:
            store_draft.copy_rows(source, self.target, progress)
            store_draft.check_structure(self.target)
        if store_draft.counts(self.target) != store_draft.counts(source):
            raise Tampered("the new database has not the rows that the old one has")

    def _copy_pages(self, store: Store, source: store_draft.File, progress: Progress) -> None:
        target = self.target
        files.create(target.path, b"")
        snapshot = store_copy.snapshot(store, source.key, source.page_size)
        try:
            store_copy.copy_pages(snapshot, target.path, target.key, target.page_size, progress)
        finally:
            snapshot.abandon()

    def fill(
        self,
        old: WrappingKey,
        audit_key: AuditKey,
        also: Callable[[Store], None],
    ) -> None:
        """Wrap the keys anew and do what else belongs to this generation, in one transaction."""
        vault = self.envelope.vault_bytes
        store = self.open()
        try:
            with store.write_alone():
                rewrap_all(store, old, self.wrapping, vault)
                store.set_meta("audit_key", wrap_audit_key(self.wrapping, vault, audit_key))
                audit.begin_range(store, self.envelope.generation)
                rows.raise_revision(store, self.envelope.revision + 1)
                also(store)
            store.take_over()
        finally:
            store.abandon()

    def open(self) -> Store:
        """The database to be."""
        return open_alone(
            self.home.folder, self.target.path, self.target.key, self.envelope.page_size
        )

    def check(self) -> None:
        """Tampered unless every page, as it is on disk, bears the seal of the new key."""
        store_draft.check_seals(self.target)

    def commit(self, owners: Mapping[str, SlotKey]) -> None:
        """Make this the vault. `owners`: slot id to the key of each slot whose owner is here."""
        envelope = self.envelope
        key = header_key(self.master, envelope.vault_bytes)
        for slot in envelope.slots:
            if slot.id in owners:
                seal_master(envelope, slot, owners[slot.id], self.master)
            else:
                hand_over(envelope, slot, self.master)
        envelope.database_salt = database_salt(self.target.path)
        envelope.render(key)
        for slot in envelope.slots:
            if slot.id in owners:
                opened = open_with_key(envelope, slot, owners[slot.id])
                if not same(opened.reveal(), self.master.reveal()):
                    raise Tampered(f"slot {slot.label} does not open the new generation")
        self._replace_header(key)
        with suppress(FileProblem):
            # The vault stands: whoever opens it next will try this again, and say why it fails.
            finish(self.home.database(envelope.generation))

    def _replace_header(self, key: HeaderKey) -> None:
        try:
            self.home.write_header(self.envelope, key)
        except FileProblem as err:
            if not self._is_the_vault():
                raise
            raise FileProblem(
                f"the new generation stands, but not everything was put away: {err.message}",
                hint="mend it: lango doctor --fix",
            ) from None

    def __enter__(self) -> Self:
        self._clear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and not self._is_the_vault():
            self._clear()

    def _is_the_vault(self) -> bool:
        """Whether the header leads here already, though something failed after that."""
        try:
            header = self.home.read_header(lambda _text: None)
        except NotInitialised:
            return False
        return header.generation == self.envelope.generation

    def _clear(self) -> None:
        for end in ("", "-wal", "-shm", "-journal"):
            files.remove(self.target.path + end)

"""Backups as they are used: made from an open vault, opened by their own credentials, checked.

The rule: a backup opens by its own header, in the ways in which a vault does; what this machine
keeps serves where the slots are the same. A backup is read where it lies; one of an older schema
is read from an encrypted copy in the state folder, which is gone afterwards.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.keys import database_key, header_key
from lango_cli.errors import Tampered
from lango_cli.passing import Passing
from lango_cli.vault import rows_look, store_copy
from lango_cli.vault import vault as core
from lango_cli.vault.backup_file import Backup, read_backup
from lango_cli.vault.bundle import Bundle
from lango_cli.vault.migrations import MIGRATIONS
from lango_cli.wiring import checks_database, opening
from lango_cli.wiring.findings import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from lango_cli.model import Progress
    from lango_cli.vault.parts import Opened
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.findings import Finding
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]


class OpenBackup:
    """A backup that a credential opened: `vault` reads its database where it lies."""

    def __init__(self, backup: Backup, vault: Vault, close: ExitStack) -> None:
        self.backup = backup
        self.vault = vault
        self._close = close

    def close(self) -> None:
        """Let go of the file, and of the copy that an older schema needed."""
        self._close.close()

    def check(self, progress: Progress) -> list[Finding]:
        """Everything that can be checked of it."""
        problems = store_copy.page_problems(self.vault.store, self.backup.about.pages)
        found = list(guarded("database", checks_database.backup_pages(problems)))
        return found + checks_database.inside(self.vault, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_backup(
    flags: Flags, path: str, ask: Prompter | None, warn: Warn, progress: Progress
) -> OpenBackup:
    """The backup at `path`, opened. Tampered where it is cut or changed, WrongKey, Locked."""
    backup = read_whole(path, progress)
    return with_key(flags, backup, unlock(flags, backup, ask, warn))


def read_whole(path: str, progress: Progress) -> Backup:
    """The backup at `path`, byte for byte what its trailer says; still locked."""
    backup = read_backup(path)
    backup.check_digest(progress)
    return backup


def unlock(flags: Flags, backup: Backup, ask: Prompter | None, warn: Warn) -> Bundle | Opened:
    """What opens the backup, by its own header."""
    folders, settings = opening.folders_of(flags), opening.load_settings(flags)
    envelope = backup.about.envelope
    return opening.unlock(flags, folders, settings, envelope, ask, warn, real=False)


def with_key(flags: Flags, backup: Backup, key: Bundle | Opened) -> OpenBackup:
    """The backup, opened by this; Tampered unless all of it was made with the vault's key."""
    envelope = backup.about.envelope
    if isinstance(key, Bundle):
        backup.verify(key.header)
        database = key.database
    else:
        backup.verify(header_key(key.master, envelope.vault_bytes))
        database = database_key(key.master, envelope.vault_bytes)
    home = opening.home_of(opening.folders_of(flags))
    policy = opening.policy_of(opening.load_settings(flags), flags)
    with ExitStack() as stack:
        store = store_copy.open_copy(backup.path, database, envelope.page_size)
        stack.callback(store.abandon)
        store_copy.know(store, envelope.vault)
        _compare_counts(backup, rows_look.counts(store))
        if store.known["schema"] < len(MIGRATIONS):
            files.ensure_folder(home.state)
            passing = stack.enter_context(Passing(f"{home.state}/{backup.id}.older"))
            store = store_copy.brought_forward(store, passing.name, database, envelope.page_size)
            stack.callback(store.abandon)
            store_copy.know(store, envelope.vault)
        bundle = key if isinstance(key, Bundle) else core.make_bundle(store, envelope, key)
        vault = core.Vault(home, envelope, bundle, store, policy, _no_clock)
        return OpenBackup(backup, vault, stack.pop_all())


def _compare_counts(backup: Backup, counts: dict[str, int]) -> None:
    if any(counts.get(name, count) != count for name, count in backup.about.counts.items()):
        raise Tampered(f"{backup.path} does not hold as many rows as it says")


def _no_clock() -> float:
    """A backup is only read: nothing in it gets a new time."""
    return 0.0

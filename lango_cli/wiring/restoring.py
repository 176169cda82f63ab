"""What a restore needs: the present vault, as far as it is there, and the backup, both unlocked.

The rule: the present header is opened by a credential of its own and the backup by one of its own;
what opened the first is tried on the second, so that the same passphrase is not asked for twice.
"""

from __future__ import annotations

import time
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.crypto.keys import header_key
from lango_cli.errors import AnotherVault, Tampered, WrongKey
from lango_cli.vault import rows, rows_restore, store_copy
from lango_cli.vault import vault as core
from lango_cli.vault.envelope import open_with_key
from lango_cli.vault.parts import Opened
from lango_cli.vault.restore import Restore, refuse_stranger
from lango_cli.wiring import backing, opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from lango_cli.model import Progress
    from lango_cli.vault.backup_file import Backup
    from lango_cli.vault.bundle import Bundle
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Other:
    """Ways to unlock that are the backup's alone, where it has other ones than the vault."""

    passphrase_file: str | None = None
    keyfile: str | None = None
    recovery: bool = False

    @property
    def named(self) -> bool:
        """Whether there is any."""
        return self.recovery or self.passphrase_file is not None or self.keyfile is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """Live secrets: how many the vault has, the backup has, and the vault alone has."""

    present: int
    restored: int
    lost: int


class Restoring:
    """Everything opened; a context manager. `vault` is None where there is no database to read."""

    def __init__(
        self, home: Home, opened: Opened, source: backing.OpenBackup, vault: Vault | None
    ) -> None:
        self.home = home
        self.opened = opened
        self.source = source
        self.vault = vault

    @property
    def backup(self) -> Backup:
        """The backup."""
        return self.source.backup

    def difference(self) -> Difference:
        """What the restore would change, in numbers; 0 where names of now cannot be read."""
        ours: set[str] = set()
        if self.vault is not None:
            with suppress(Tampered):
                ours = _names(self.vault)
        theirs = set(rows.names(self.source.vault.store, ""))
        return Difference(len(ours), len(theirs), len(ours - theirs))

    def run(self, progress: Progress, timeout: float) -> Envelope:
        """Do it; the new header."""
        work = Restore(
            self.home, self.opened, self.backup, self.source.vault, self.vault, time.time
        )
        return work.run(progress, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self.vault is not None:
                self.vault.close()
        finally:
            self.source.close()


def _names(vault: Vault) -> set[str]:
    """Names of now, by a connection of their own: one that met damage cannot write any more."""
    own = store_copy.snapshot(vault.store, vault.bundle.database, vault.envelope.page_size)
    try:
        return set(rows.names(own, ""))
    finally:
        own.abandon()


def prepare(
    flags: Flags, path: str, other: Other, ask: Prompter | None, warn: Warn, progress: Progress
) -> Restoring:
    """Open what is there and the backup at `path`; nothing is changed.

    AnotherVault before anything is asked, if the backup is one of another vault.
    """
    home = opening.home_of(opening.folders_of(flags))
    backup = backing.read_whole(path, progress)
    if not home.vault_files():
        home.check()
        own = _own_flags(flags, other) if other.named else flags
        opened = _real(own, backup.about.envelope, ask, warn)
        return Restoring(home, opened, backing.with_key(flags, backup, opened), None)
    try:
        envelope = home.read_header(warn)
    except Tampered as err:
        names = ", ".join(home.vault_files())
        hint = f"move {names} away, then restore as into an empty home"
        raise Tampered(err.message, hint=hint) from None
    refuse_stranger(envelope, backup)
    opened = _real(flags, envelope, ask, warn)
    key: Bundle | Opened | None = None if other.named else _by_the_same(opened, backup)
    if key is None:
        key = backing.unlock(_own_flags(flags, other), backup, ask, warn)
    source = backing.with_key(flags, backup, key)
    try:
        vault = _present(flags, home, envelope, opened, warn)
    except BaseException:
        source.close()
        raise
    return Restoring(home, opened, source, vault)


def _real(flags: Flags, envelope: Envelope, ask: Prompter | None, warn: Warn) -> Opened:
    folders, settings = opening.folders_of(flags), opening.load_settings(flags)
    found = opening.unlock(flags, folders, settings, envelope, ask, warn, real=True)
    if not isinstance(found, Opened):
        raise TypeError("a real unlock opens a slot")
    return found


def _own_flags(flags: Flags, other: Other) -> Flags:
    """The same circumstances with the backup's ways to unlock."""
    own = copy(flags)
    own.passphrase_fd = own.passphrase_command = own.slot = None
    own.passphrase_file, own.keyfile, own.recovery = (
        other.passphrase_file,
        other.keyfile,
        other.recovery,
    )
    return own


def _by_the_same(opened: Opened, backup: Backup) -> Opened | None:
    """The backup's slot that opens by what opened the vault's; None where none does."""
    envelope = backup.about.envelope
    for slot in envelope.slots:
        if slot.id == opened.slot.id and slot.kdf == opened.slot.kdf:
            try:
                master = open_with_key(envelope, slot, opened.key)
            except WrongKey:
                continue
            return Opened(slot, opened.source, opened.key, master)
    return _of_the_same_generation(opened, backup)


def _of_the_same_generation(opened: Opened, backup: Backup) -> Opened | None:
    """A backup of the present generation opens by the master key, whatever became of its slots."""
    try:
        backup.about.envelope.verify(header_key(opened.master, backup.about.envelope.vault_bytes))
    except Tampered:
        return None
    return opened


def _present(
    flags: Flags, home: Home, envelope: Envelope, opened: Opened, warn: Warn
) -> Vault | None:
    """The vault as it is; None, with a warning, where what stays of it cannot be read."""
    policy = opening.policy_of(opening.load_settings(flags), flags)
    try:
        vault = core.open_vault(home, envelope, opened, policy, warn, time.time)
        try:
            rows_restore.check_kept(vault.store)
        except BaseException:
            # Not `close`: it would wipe the keys that open what is made now.
            vault.store.abandon()
            raise
        return vault
    except (Tampered, AnotherVault) as err:
        warn(f"{err.message}; its audit log is lost, the backup's goes on instead")
        return None

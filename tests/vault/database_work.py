"""Work on a whole database as the command line does it, for the tests and their children."""

from __future__ import annotations

import os
import resource
import time
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError
from lango_cli.model import Unwatched
from lango_cli.vault import plain, plain_import
from lango_cli.vault.backup import make_backup
from lango_cli.vault.backup_file import read_backup
from lango_cli.vault.restore import Restore
from lango_cli.vault.vacuum import vacuum
from lango_cli.wiring import backing, checks_database, restoring
from lango_cli.wiring.findings import ERROR, SKIPPED
from lango_cli.wiring.flags import Flags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lango_cli.vault.backup_file import Backup
    from lango_cli.vault.vault import Vault
    from tests.vault.place import Place

UNWATCHED = Unwatched()
LIMITS = range(0, 1 << 20, 16 << 10)
"""Sizes that a file may have on the full disks of `on_a_full_disk`."""


def flags(place: Place) -> Flags:
    """What the command line would give for this place."""
    found = Flags()
    found.home = str(place.folder)
    return found


def back_up(vault: Vault, path: Path) -> Backup:
    """A backup, made by an open vault."""
    return make_backup(vault, str(path), UNWATCHED, lambda _text: None)


def open_backup(place: Place, vault: Vault, path: Path) -> backing.OpenBackup:
    """A backup, opened by what opened the vault."""
    backup = read_backup(str(path))
    backup.check_digest(UNWATCHED)
    assert vault.opened
    key = restoring._by_the_same(vault.opened, backup) or vault.opened
    return backing.with_key(flags(place), backup, key)


def put_back(place: Place, path: Path) -> None:
    """Restore a backup into the vault that is there."""
    with place.open() as vault, open_backup(place, vault, path) as source:
        assert vault.opened
        work = Restore(place.home, vault.opened, source.backup, source.vault, vault, time.time)
        work.run(UNWATCHED, timeout=10)


def write_clear(vault: Vault, path: Path) -> plain.Written:
    """Everything in clear, to a new file."""
    return plain.export_plain(vault, str(path), UNWATCHED)


def take_in(vault: Vault, path: Path) -> plain_import.Taken:
    """A plaintext file into the vault."""
    return plain_import.import_plain(vault, str(path), UNWATCHED, dry_run=False)


def troubles(vault: Vault) -> list[str]:
    """What the check of a whole vault finds."""
    found = checks_database.database(vault, UNWATCHED)
    return [finding.text for finding in found if finding.level in (ERROR, SKIPPED)]


# What a child does until it is killed: `path` is the file it writes or reads.


def _backup(place: Place, path: Path) -> None:
    with place.open() as vault:
        back_up(vault, path)


def _decrypt(place: Place, path: Path) -> None:
    with place.open() as vault:
        write_clear(vault, path)


def _encrypt(place: Place, path: Path) -> None:
    with place.open() as vault:
        take_in(vault, path)


def _vacuum(place: Place, _path: Path) -> None:
    with place.open() as vault:
        vacuum(vault, UNWATCHED)


WORK: dict[str, Callable[[Place, Path], None]] = {
    "backup": _backup,
    "decrypt": _decrypt,
    "encrypt": _encrypt,
    "restore": put_back,
    "vacuum": _vacuum,
}


def work(place: Place, what: str, name: str) -> None:
    """Do one of `WORK` with the file of this name."""
    WORK[what](place, place.root / name)


def on_a_full_disk(place: Place, what: str, name: str) -> None:
    """Do it under every limit on a file's size: `LIMIT CODE` for each, into `full`."""
    for limit in LIMITS:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        code = 0
        try:
            work(place, what, name)
        except LangoError as err:
            code = err.code
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        fd = os.open(place.root / "full", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(fd, f"{limit} {code}\n".encode())
        os.close(fd)
        if not code:
            return

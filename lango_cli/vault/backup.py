"""Making a backup: one encrypted file, while others write, verified before it has its name.

The rule: header and snapshot are taken together under the writer's lock, which is held no longer
than that. The copy is opened again and compared with the snapshot table by table before the
trailer makes a backup of it; the vault knows of a backup before the file has its name, so that
none is unknown to it.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import FileProblem, Interrupted, LangoError, Tampered, UsageProblem
from lango_cli.model import Unwatched
from lango_cli.passing import Passing
from lango_cli.vault import rows_backup, rows_look, store_copy
from lango_cli.vault.backup_file import About, Backup, file_digest, read_backup, trailer_of
from lango_cli.vault.backups import Backups, marks
from lango_cli.vault.mending import LOCK
from lango_cli.vault.store_draft import Meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.crypto.keys import DatabaseKey
    from lango_cli.model import Progress
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.store import Store

OURS = ("vault.", "vault-", "audit.pending", "keyfile", "config.toml")
"""How the names of a home's own files begin."""


def refuse_own_name(vault: Parts, path: str) -> None:
    """UsageProblem for a name that is one of the home's own."""
    folder, name = os.path.split(os.path.abspath(path))
    with contextlib.suppress(OSError):
        if os.path.samefile(folder, vault.home.folder) and name.startswith(OURS):
            raise UsageProblem(
                f"{name} is a name of the vault's own files", hint="name a file outside the home"
            )


def make_backup(
    vault: Parts, path: str, progress: Progress, warn: Callable[[str], None]
) -> Backup:
    """A verified backup at `path`, which must not exist: Conflict if it does."""
    refuse_own_name(vault, path)
    with Passing(path) as passing:
        with _source(vault) as sources:
            _check_room(vault, passing.name)
            about = _copied(vault, sources, passing, progress)
        passing.append(trailer_of(about, vault.bundle.header))
        backup = read_backup(passing.name)
        backup.verify(vault.bundle.header)
        _publish(vault, passing, backup, warn)
    return Backup(passing.path, backup.size, backup.about, backup.trailer)


@contextlib.contextmanager
def _source(vault: Parts) -> Iterator[tuple[Store, Store, Envelope]]:
    """The database, open twice, and the header, all as they are at one moment."""
    key, page_size = vault.bundle.database, vault.envelope.page_size
    lock = files.Lock(vault.home.path(LOCK), vault.store.lock_timeout)
    with contextlib.ExitStack() as stack:
        with lock if vault.store.writable else contextlib.nullcontext():
            vault.check_fence()
            envelope = vault.home.read_header(lambda _text: None)
            envelope.verify(vault.bundle.header)
            one, other = (store_copy.snapshot(vault.store, key, page_size) for _ in range(2))
            stack.callback(one.abandon)
            stack.callback(other.abandon)
        yield one, other, envelope


def _check_room(vault: Parts, name: str) -> None:
    """FileProblem where the copy cannot fit; what fits now may still not fit later."""
    folder = os.path.dirname(name)
    try:
        found = os.statvfs(folder)
    except OSError as err:
        raise files.problem(folder, err) from None
    size, pages, _ = rows_look.pages(vault.store)
    if found.f_bavail * found.f_frsize < size * pages:
        raise FileProblem(
            f"{folder}: no space left for a copy of {size * pages} bytes",
            hint="make room, or name a file on another disk",
        )


class _Stoppable(Unwatched):
    """Watches a copy on another processor, and ends it when nobody waits for it any more."""

    def __init__(self) -> None:
        self.stopped = False

    def advance(self, _count: int = 1) -> None:
        """Interrupted once it was stopped."""
        if self.stopped:
            raise Interrupted("nobody waits for the copy")


def _copied(
    vault: Parts, sources: tuple[Store, Store, Envelope], passing: Passing, progress: Progress
) -> About:
    """Copy, look at the copy, compare it, and describe it; two things at a time."""
    source, other, envelope = sources
    key, page_size = vault.bundle.database, envelope.page_size
    pages, counts = rows_look.pages(source)[1], rows_look.counts(source)
    progress.start("copying and checking", 2 * sum(counts.values()))
    watch = _Stoppable()
    with _meanwhile(
        lambda: store_copy.copy_pages(other, passing.name, key, page_size, watch), watch
    ):
        wanted = store_copy.digests(source, progress)
    copy = store_copy.open_copy(passing.name, key, page_size)
    try:
        with _meanwhile(lambda: _check_pages(passing.name, key, page_size, pages), watch):
            if store_copy.digests(copy, progress) != wanted:
                raise Tampered("the copy is not like the vault", hint="lango db check")
    finally:
        copy.abandon()
    progress.start("reading", pages * page_size)
    return About(
        envelope=envelope,
        header=envelope.render(vault.bundle.header),
        made=int(vault.clock() * 1000),
        commits=source.meta("commits"),
        schema=source.meta("schema"),
        pages=pages,
        sha256=file_digest(passing.name, pages * page_size, progress),
        counts=counts,
    )


@contextlib.contextmanager
def _meanwhile(action: Callable[[], None], watch: _Stoppable) -> Iterator[None]:
    """Do this on another processor; at the end wait for it and raise what it raised."""
    work = Meanwhile(action)
    try:
        yield
    except BaseException:
        watch.stopped = True
        with contextlib.suppress(LangoError):
            work.result()
        raise
    work.result()


def _check_pages(name: str, key: DatabaseKey, page_size: int, pages: int) -> None:
    copy = store_copy.open_copy(name, key, page_size)
    try:
        if rows_look.pages(copy)[1] != pages or store_copy.page_problems(copy, pages):
            raise Tampered("the copy is not whole", hint="look at the vault: lango db check")
    finally:
        copy.abandon()


def _publish(vault: Parts, passing: Passing, backup: Backup, warn: Callable[[str], None]) -> None:
    detail = f"id {backup.id}, generation {backup.about.envelope.generation}, {backup.size} bytes"
    if not vault.store.writable:
        passing.publish()
        warn("this backup is not in the vault's own records: the vault is read-only here")
        return
    _remember(vault, passing.path, backup, detail)
    try:
        passing.publish()
    except BaseException:
        with vault.store.write():
            rows_backup.forget(vault.store, backup.id)
            event = vault.audit.event("db.backup", _shown(passing.path), "failed", detail)
            vault.audit.append(event)
        raise
    with vault.store.write():
        vault.audit.append(vault.audit.event("db.backup", _shown(passing.path), detail=detail))


def _remember(vault: Parts, path: str, backup: Backup, detail: str) -> None:
    envelope = backup.about.envelope
    with vault.store.write():
        if vault.policy.settled().audit_retention:
            Backups(vault.store).forget_lost(vault.clock() - vault.policy.audit_retention)
        rows_backup.remember(
            vault.store,
            backup.id,
            os.fsencode(path),
            backup.about.made,
            envelope.generation,
            backup.size,
            marks(envelope.slots),
        )
        vault.audit.append(vault.audit.event("db.backup", _shown(path), "begun", detail))


def _shown(path: str) -> str:
    """A path as an audit record can hold it: bytes that are no text as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

"""Giving back the pages that nothing is in, without ever having the vault half moved.

The rule: under the writer's lock a compact copy is made beside the database, looked at, compared
with it, and copied back over it as one transaction through the log. Why not `VACUUM` alone: the
engine keeps its temporary copy in memory, all of it; and what it would put in place is not
compared with anything.

Killed at any moment, the database is as before or compact; a copy that is left over is encrypted
under the same key, and the next writer removes it. It needs room for the copy and
for a log of the same size.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import FileProblem, Tampered
from lango_cli.passing import Passing
from lango_cli.vault import rows_look, store_copy
from lango_cli.vault.mending import LOCK
from lango_cli.vault.store import COMPACT

if TYPE_CHECKING:
    from lango_cli.model import Progress
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.store import Store


@dataclass(frozen=True, slots=True)
class Won:
    """Bytes of the database before and after."""

    before: int
    after: int


def vacuum(vault: Parts, progress: Progress) -> Won:
    """Reclaim free pages. FileProblem without room, Busy while another process writes."""
    store = vault.store
    if store.obstacle is not None:
        raise store.obstacle
    if not store.writable:
        raise FileProblem("the vault is read-only here", hint="run it where it may change")
    with files.Lock(vault.home.path(LOCK), store.lock_timeout):
        vault.check_fence()
        store.take_over()
        before = _size(store)
        _check_room(vault, before)
        with Passing(store.path + COMPACT) as passing:
            _compact(vault, passing, progress)
            store_copy.copy_back(
                passing.name, store, vault.bundle.database, vault.envelope.page_size, progress
            )
        store.take_over()
        after = _size(store)
    with store.write():
        detail = f"{before} bytes before, {after} after"
        vault.audit.append(vault.audit.event("db.vacuum", detail=detail))
    return Won(before, after)


def _compact(vault: Parts, passing: Passing, progress: Progress) -> None:
    """Make the copy and compare it, table by table."""
    store, key = vault.store, vault.bundle.database
    progress.start("compacting", 2 * sum(rows_look.counts(store).values()))
    store_copy.compact_into(store, passing.name, vault.envelope.page_size)
    copy = store_copy.open_copy(passing.name, key, vault.envelope.page_size)
    try:
        pages = rows_look.pages(copy)[1]
        if store_copy.page_problems(copy, pages):
            raise Tampered("the compact copy is not whole", hint="lango db check")
        if store_copy.digests(copy, progress) != store_copy.digests(store, progress):
            raise Tampered("the compact copy is not like the database", hint="lango db check")
    finally:
        copy.abandon()


def _size(store: Store) -> int:
    size, pages, _ = rows_look.pages(store)
    return size * pages


def _check_room(vault: Parts, size: int) -> None:
    """The copy and the log are at most as large as the database is now."""
    try:
        found = os.statvfs(vault.home.folder)
    except OSError as err:
        raise files.problem(vault.home.folder, err) from None
    free = found.f_bavail * found.f_frsize
    if free < 2 * size:
        raise FileProblem(
            f"{vault.home.folder}: {free} bytes are free, {2 * size} may be needed",
            hint="make room; nothing was changed",
        )

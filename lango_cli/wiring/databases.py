"""The database of an open vault as a whole: what it is, how large, and what is in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.vault import rows_look

if TYPE_CHECKING:
    from lango_cli.vault.backups import Known
    from lango_cli.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class DatabaseStanding:
    """What `lango db status` says. Sizes in bytes; `older`: files of earlier generations."""

    vault: str
    generation: int
    path: str
    size: int
    log_size: int
    page_size: int
    pages: int
    free_pages: int
    schema: int
    commits: int
    engine: dict[str, str]
    counts: dict[str, int]
    deleted: int
    older: tuple[str, ...]
    backups: tuple[Known, ...]


def standing(vault: Vault) -> DatabaseStanding:
    """All of it, from an open vault."""
    store = vault.store
    page_size, pages, free = rows_look.pages(store)
    return DatabaseStanding(
        vault=vault.id,
        generation=vault.envelope.generation,
        path=store.path,
        size=_size(store.path),
        log_size=_size(f"{store.path}-wal"),
        page_size=page_size,
        pages=pages,
        free_pages=free,
        schema=store.meta("schema"),
        commits=store.meta("commits"),
        engine=store.versions(),
        counts=rows_look.counts(store),
        deleted=rows_look.deleted(store),
        older=tuple(_older(vault)),
        backups=tuple(vault.backups.list()),
    )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _older(vault: Vault) -> list[str]:
    """Names of databases in the home that the header does not name."""
    current = os.path.basename(vault.home.database(vault.envelope.generation))
    names = vault.home.vault_files()
    return [name for name in names if name.endswith(".db") and name != current]

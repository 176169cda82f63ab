"""The whole check of an open vault's database, and of a backup's: `db check` and `db verify`.

The rule: a part that fails is a finding, and not the end of the check; what is damaged, refers to
nothing or belongs to nothing is an error.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from lango_cli.errors import NewerFormat, Tampered, TooLarge
from lango_cli.vault import checking, mending
from lango_cli.vault.home import COPY, HEADER
from lango_cli.wiring import checks_files, checks_vault
from lango_cli.wiring.findings import ADVICE, ERROR, Finding, error, guarded, ok

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lango_cli.model import Progress
    from lango_cli.vault.vault import Vault

SHOWN = 100
"""Lines of one part of the check at most; how many more there are is said."""


def database(vault: Vault, progress: Progress) -> list[Finding]:
    """All findings of the vault's header, database and files, in the order of the check."""
    found = [
        *guarded("header", headers(vault)),
        *guarded("database", checks_vault.database(vault)),
    ]
    found += inside(vault, progress)
    found += guarded("leftovers", strays(vault))
    return found


def inside(vault: Vault, progress: Progress) -> list[Finding]:
    """All findings of what is in the database, the vault's or a backup's."""
    parts = (
        ("keys", "keys", checking.wrapped_keys(vault)),
        ("values", "values", checking.values(vault, progress)),
        ("profiles", "profiles", checking.documents(vault)),
        ("references", "references between rows", checking.references(vault)),
    )
    found = [
        finding
        for check, what, lines in parts
        for finding in guarded(check, _judged(check, what, lines))
    ]
    return [*found, *guarded("audit", checks_vault.audit(vault))]


def _judged(check: str, what: str, lines: Iterable[str]) -> Iterator[Finding]:
    count = 0
    for line in lines:
        count += 1
        if count <= SHOWN:
            yield error(check, line, "restore a backup: lango db restore FILE")
    if count > SHOWN:
        yield error(check, f"{count - SHOWN} more like that")
    if not count:
        yield ok(check, f"all {what} are as they should be")


def headers(vault: Vault) -> Iterator[Finding]:
    """Whether header and copy are the same, and each what the vault's key vouches for."""
    yield from checks_vault.headers(vault.home, _mended_by_doctor)
    for name in (HEADER, COPY):
        try:
            header = mending.header_of(vault.home, name)
        except (Tampered, TooLarge, NewerFormat):
            continue
        try:
            header.verify(vault.bundle.header)
        except Tampered as err:
            yield error("header", f"{name}: {err.message}", "lango doctor --fix")
        else:
            yield ok("header", f"{name} is what lango wrote")


def _mended_by_doctor() -> None:
    """Nothing: this check only looks, `doctor --fix` mends."""


def strays(vault: Vault) -> Iterator[Finding]:
    """Files in the home that belong to no generation, or that an interrupted command left."""
    now = vault.envelope.generation
    older = [name for number, _, name in vault.home.generations() if number < now]
    found = list(checks_files.leftovers(vault.home, now))
    for finding in found:
        if finding.text.partition(" ")[0] in older:
            yield ok("leftovers", f"{finding.text}; the next change of the vault removes it")
        else:
            yield replace(finding, level=ERROR if finding.level == ADVICE else finding.level)
    if not found:
        folder = os.path.basename(vault.home.folder)
        yield ok("leftovers", f"nothing in {folder} but what belongs there")


def backup_pages(problems: list[str]) -> Iterator[Finding]:
    """What was found in the pages of a backup."""
    for text in problems[: checks_vault.SHOWN]:
        yield error("database", f"the backup is damaged: {text}", "take another backup")
    if not problems:
        yield ok("database", "every page of the database is whole")

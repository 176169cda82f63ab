"""`lango db status|check`: what the database is, and whether it is whole. Nothing is changed.

What a check finds ends with 80, damage included, as with `doctor` and `audit verify`; 14 is for a
vault that does not open at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.cli.backups import backup_line, backup_members
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.db_app import app, report, size_text
from lango_cli.cli.options import command
from lango_cli.wiring import checks_database, databases

if TYPE_CHECKING:
    from lango_cli.wiring.databases import DatabaseStanding


@command(app, "status", unlocks=True)
def status(call: Call) -> None:
    """Say what the database is: generation, file, sizes, versions, and how much is in it."""
    with call.vault() as vault:
        found = databases.standing(vault)
    if call.ui.json:
        call.ui.document(_members(found))
    else:
        call.ui.pairs(_lines(found))


@command(app, "check", unlocks=True)
def check(call: Call) -> None:
    """Check the whole database: pages, keys, every value, audit log, headers, stray files.

    It ends with 80 if anything is found, or if a part could not be checked.
    """
    with call.vault() as vault, call.progress() as progress:
        found = checks_database.database(vault, progress)
    report(call, found, {"vault": vault.id, "generation": vault.envelope.generation})


def _members(found: DatabaseStanding) -> dict[str, object]:
    return {
        "vault": found.vault,
        "generation": found.generation,
        "path": found.path,
        "size": found.size,
        "log_size": found.log_size,
        "page_size": found.page_size,
        "pages": found.pages,
        "free_pages": found.free_pages,
        "schema": found.schema,
        "commits": found.commits,
        "engine": found.engine,
        "counts": found.counts,
        "deleted": found.deleted,
        "older": list(found.older),
        "backups": [backup_members(one) for one in found.backups],
    }


def _lines(found: DatabaseStanding) -> list[tuple[str, str]]:
    counts = found.counts
    return [
        ("vault", found.vault),
        ("generation", str(found.generation)),
        ("database", found.path),
        ("size", f"{size_text(found.size)}, log {size_text(found.log_size)}"),
        ("pages", f"{found.pages} of {found.page_size} bytes, {found.free_pages} free"),
        ("schema", f"{found.schema}, {found.commits} commits"),
        ("engine", f"SQLCipher {found.engine['sqlcipher']}, SQLite {found.engine['sqlite']}"),
        ("secrets", f"{counts['secrets'] - found.deleted}, and {found.deleted} deleted"),
        ("versions", str(counts["versions"])),
        ("keys", f"{counts['keys']}, {counts['key_versions']} versions of them"),
        ("audit records", str(counts["audit"])),
        *(("older generation", name) for name in found.older),
        *(("backup", backup_line(one)) for one in found.backups),
    ]

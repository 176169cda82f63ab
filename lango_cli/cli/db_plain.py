"""`lango db decrypt|encrypt`: the vault in clear, and back.

The rule: what is about to happen to the values is said in plain words before it does, and asked;
what is left in clear afterwards is said too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.db_app import File, app
from lango_cli.cli.options import command
from lango_cli.passing import clear_leftovers, refuse_existing
from lango_cli.vault import plain, plain_import, store_plain
from lango_cli.vault.backup import refuse_own_name

if TYPE_CHECKING:
    from lango_cli.vault.plain_import import Taken

IN_CLEAR = (
    "holds every value in clear: whoever can read it can read them all; a file that is removed is"
    " not erased on an SSD, in snapshots or in backups of the disk"
)


@command(app, "decrypt", unlocks=True)
def decrypt(call: Call, file: File) -> None:
    """Write every secret with all its versions, in clear, to a new SQLite file.

    Every row is read back and compared. Anyone who can read FILE can read every value.
    """
    refuse_existing(file)
    clear_leftovers(file)
    call.can_agree("decrypt", call.yes)
    with call.vault() as vault:
        refuse_own_name(vault, file)
        question = f"{file} will hold every value of the vault in clear, for anyone who can read"
        call.agree(f"{question} that file. Write it?")
        with call.progress() as progress:
            written = plain.export_plain(vault, file, progress)
    call.ui.note(f"{written.secrets} secrets are written to {file}, and compared")
    if written.profiles:
        call.ui.note(f"profiles of settings: {written.profiles}")
    if written.lost:
        call.ui.warn(f"{written.lost} versions are not: the keys that sealed them are destroyed")
    call.ui.warn(f"{file} {IN_CLEAR}")
    if call.ui.json:
        members = {"secrets": written.secrets, "lost": written.lost, "profiles": written.profiles}
        call.ui.document({"path": file, **members})


@command(app, "encrypt", unlocks=True)
def encrypt(
    call: Call,
    file: File,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what would be new, changed and the same.")
    ] = False,
) -> None:
    """Take the secrets of a plaintext SQLite file, as lango db decrypt writes it, into the vault.

    New ones come with their history; a value that differs becomes a new version. It is done as a
    whole or not at all, every row is compared, and doing it again changes nothing.
    """
    if not dry_run:
        call.can_agree("encrypt", call.yes)
    source = store_plain.open_plain(file)
    try:
        count = store_plain.plain_count(source)
    finally:
        source.abandon()
    with call.vault() as vault:
        if not dry_run:
            text = f"{file} holds {count} secrets. Those that the vault has not are added, those"
            call.agree(f"{text} that differ get a new version. Take them in?")
        with call.progress() as progress:
            taken = plain_import.import_plain(vault, file, progress, dry_run=dry_run)
    _tell(call, file, taken, dry_run=dry_run)


def _tell(call: Call, file: str, taken: Taken, *, dry_run: bool) -> None:
    done = "nothing was changed; it would be: " if dry_run else ""
    call.ui.note(f"{done}{taken.new} new, {taken.changed} changed, {taken.same} the same")
    if taken.profiles:
        call.ui.note(f"{done}profiles of settings, new or changed: {taken.profiles}")
    if not dry_run:
        call.ui.warn(f"{file} is still there and {IN_CLEAR}")
    if call.ui.json:
        members = {"new": taken.new, "changed": taken.changed, "same": taken.same}
        members["profiles"] = taken.profiles
        call.ui.document({"path": file, "dry_run": dry_run, **members})

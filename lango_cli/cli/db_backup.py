"""`lango db backup|verify`: the vault in one encrypted file, and whether that is whole.

The rule: what was made or found is told with the slots that open it, because a backup that nobody
can open is none.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.db_app import File, app, report, size_text
from lango_cli.cli.doctor import counted
from lango_cli.cli.options import command
from lango_cli.codec import rfc3339
from lango_cli.passing import refuse_existing
from lango_cli.vault.backup import make_backup, refuse_own_name
from lango_cli.vault.slot_info import describe
from lango_cli.wiring import backing

if TYPE_CHECKING:
    from lango_cli.vault.backup_file import Backup

DAY = 86_400


@command(app, "backup", unlocks=True)
def backup(call: Call, file: File) -> None:
    """Write the whole vault to a new encrypted file, while others go on using it.

    The file is opened and compared with the vault before it gets its name. It opens with the
    slots that the vault has now, whatever becomes of them later.
    """
    refuse_existing(file)
    with call.vault() as vault, call.progress() as progress:
        refuse_own_name(vault, file)
        made = make_backup(vault, file, progress, call.ui.warn)
    call.ui.note(f"{made.path} is a backup of the vault: {_told(made)}")
    for line in _opens_with(made):
        call.ui.note(line)
    if not any(slot.strength == "human" for slot in describe(made.about.envelope, {})):
        call.ui.warn(
            "nobody knows what opens this backup: without the keyfile or keyring of this machine"
            " it is lost; lango keys slot add recovery, then a new backup"
        )
    if call.ui.json:
        call.ui.document({"backup": _members(made)})


@command(app, "verify", unlocks=True)
def verify(call: Call, file: File) -> None:
    """Open a backup with a credential of its own, and check everything that is in it.

    It ends with 14 if the file was cut or changed, and with 80 if what is in it has faults.
    """
    with (
        call.progress() as progress,
        backing.open_backup(call.flags, file, call.ask, call.ui.warn, progress) as opened,
    ):
        found = opened.check(progress)
    made = opened.backup
    if not call.ui.json:
        call.ui.lines([f"{file}: {_told(made)}, {_age(made)}", *_opens_with(made)])
    report(call, found, {"backup": _members(made)})


def _told(made: Backup) -> str:
    counts = made.about.counts
    return (
        f"{counted(counts.get('secrets', 0), 'secret')},"
        f" {counted(counts.get('versions', 0), 'version')},"
        f" generation {made.about.envelope.generation}, {size_text(made.size)}"
    )


def _age(made: Backup) -> str:
    days = int(time.time() - made.about.made / 1000) // DAY
    when = rfc3339(made.about.made / 1000)
    return f"made {when}" + (f", {days} days ago" if days > 1 else "")


def _opens_with(made: Backup) -> list[str]:
    found = describe(made.about.envelope, {})
    return [
        f"it opens with slot {slot.label} ({slot.kind}, id {slot.id}, key {slot.fingerprint})"
        for slot in found
    ]


def _members(made: Backup) -> dict[str, object]:
    about = made.about
    return {
        "id": made.id,
        "path": made.path,
        "size": made.size,
        "vault": about.envelope.vault,
        "generation": about.envelope.generation,
        "made_at": rfc3339(about.made / 1000),
        "commits": about.commits,
        "schema": about.schema,
        "counts": about.counts,
        "slots": [
            {
                "id": slot.id,
                "label": slot.label,
                "kind": slot.kind,
                "created_at": slot.created,
                "fingerprint": slot.fingerprint,
            }
            for slot in describe(about.envelope, {})
        ],
    }

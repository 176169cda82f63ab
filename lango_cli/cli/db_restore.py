"""`lango db restore`: a backup's content back into the vault.

The rule: what is lost by it is said in numbers before it is asked, and the slots that the vault
opens with afterwards when it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.db_app import File, app
from lango_cli.cli.doctor import counted
from lango_cli.cli.options import command
from lango_cli.codec import rfc3339
from lango_cli.vault.slot_info import describe
from lango_cli.wiring import opening, restoring

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope
    from lango_cli.wiring.restoring import Difference, Restoring

KEPT = "what was there before is kept until the next change of the vault"


@command(app, "restore", unlocks=True)
def restore(
    call: Call,
    file: File,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be done.")] = False,
    backup_passphrase_file: Annotated[
        str | None,
        Option("--backup-passphrase-file", metavar="FILE", help="The backup's passphrase."),
    ] = None,
    backup_keyfile: Annotated[
        str | None, Option("--backup-keyfile", metavar="FILE", help="The backup's keyfile.")
    ] = None,
    backup_recovery: Annotated[
        bool, Option("--backup-recovery", help="Ask for the backup's recovery words.")
    ] = False,
) -> None:
    """Put the content of a backup in place of the vault's, as a new generation of its keys.

    The vault keeps its slots and its audit log. Where there is no vault, one is made from the
    backup, with the slots that it had then. The backup opens by what opens the vault, if that
    did so then, or by the ways named --backup-...
    """
    if not dry_run:
        call.can_agree("restore", call.yes)
    other = restoring.Other(backup_passphrase_file, backup_keyfile, backup_recovery)
    with (
        call.progress() as progress,
        restoring.prepare(call.flags, file, other, call.ask, call.ui.warn, progress) as ready,
    ):
        there = bool(ready.home.vault_files())
        difference = ready.difference()
        if dry_run:
            _tell(call, ready, difference, None, there=there)
            return
        call.agree(f"{_story(ready, difference, there=there)}. Go on?")
        policy = opening.policy_of(call.settings(), call.flags)
        envelope = ready.run(progress, policy.lock_timeout)
    _tell(call, ready, difference, envelope, there=there)


def _story(ready: Restoring, difference: Difference, *, there: bool) -> str:
    made = f"of {rfc3339(ready.backup.about.made / 1000)}"
    if not there:
        return (
            f"there is no vault at {ready.home.folder}: one is made with the backup's"
            f" {difference.restored} secrets {made}"
        )
    present = f"the {difference.present} now" if difference.present else "what the vault holds"
    return (
        f"the backup's {difference.restored} secrets {made} replace {present};"
        f" {difference.lost} of them are not in the backup"
    )


def _tell(
    call: Call, ready: Restoring, difference: Difference, done: Envelope | None, *, there: bool
) -> None:
    header = done or ready.backup.about.envelope
    slots = describe(header, {})
    if done is None:
        call.ui.note(f"nothing was changed; {_story(ready, difference, there=there)}")
    else:
        call.ui.note(
            f"the vault has the backup's {counted(difference.restored, 'secret')},"
            " and is of generation"
            f" {done.generation}" + (f"; {KEPT}" if there else "")
        )
        for slot in slots:
            call.ui.note(
                f"it opens with slot {slot.label} ({slot.kind}, id {slot.id},"
                f" key {slot.fingerprint})"
            )
    if call.ui.json:
        members = {
            "dry_run": done is None,
            "vault": header.vault,
            "generation": None if done is None else done.generation,
            "present": difference.present,
            "restored": difference.restored,
            "lost": difference.lost,
            "slots": [{"id": slot.id, "label": slot.label, "kind": slot.kind} for slot in slots],
        }
        call.ui.document(members)

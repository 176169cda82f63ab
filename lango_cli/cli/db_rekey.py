"""`lango db rekey`: another master key and another database key, the same content.

The rule: it says first what would be done and which slots would go along, each with the
fingerprint of its public key, because the new master key is sealed to these; then it asks. What it
does not protect against is its last line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import slot_members
from lango_cli.cli.db_app import app, size_text
from lango_cli.cli.options import command
from lango_cli.errors import UsageProblem
from lango_cli.vault.envelope import PAGE_SIZES
from lango_cli.vault.rekey import preflight, rekey
from lango_cli.wiring import opening, rekeying, slotting, standing

if TYPE_CHECKING:
    from lango_cli.crypto.keys import SlotKey
    from lango_cli.model import SlotInfo
    from lango_cli.vault.rekey import Plan, Rekeyed
    from lango_cli.vault.vault import Vault

NOT_PROTECTED = (
    "this does not protect against someone who read values before, or has an old copy of the"
    " database and what opened it: only new values do"
)


@command(app, "rekey", unlocks=True)
def rekey_database(
    call: Call,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    compromised: Annotated[
        bool,
        Option(
            "--compromised",
            help="Keep only slots that are opened now; the old database goes at once.",
        ),
    ] = False,
    held: Annotated[
        list[str] | None,
        Option(
            "--keep",
            metavar="FILE",
            help="With --compromised: a keyfile, passphrase or recovery words that opens another"
            " slot, which stays.",
        ),
    ] = None,
    page_size: Annotated[
        str | None, Option("--page-size", metavar="BYTES", help="Of the new database.")
    ] = None,
) -> None:
    """Give the vault a new master key and its database a new key; every value stays.

    Slots stay valid without their owners. The old database is kept until the next change. A crash
    at any moment leaves the old vault or the new one, whole.
    """
    if held and not compromised:
        raise UsageProblem("--keep is for --compromised", hint="without it every slot stays")
    pages = None if page_size is None else _page_size(page_size)
    if not dry_run:
        call.can_agree("db rekey", call.yes)
    with call.vault(real=True) as vault:
        plan = preflight(vault)
        owners = (
            rekeying.owners(call.flags, vault, held or [], call.ask, call.ui.warn)
            if compromised
            else None
        )
        staying = _staying(vault, plan, owners)
        _show(call, plan, staying)
        if dry_run:
            _answer_dry(call, plan, staying)
            return
        call.agree(_question(plan, staying))
        with call.progress() as progress:
            done = rekey(vault, progress, owners=owners, page_size=pages)
        for gone in done.dropped:
            slotting.forget_entry(call.flags, vault.id, gone, call.ui.warn)
    _tell(call, done)
    standing.end_sessions(opening.folders_of(call.flags), vault.id)
    call.ui.note(NOT_PROTECTED)
    if call.ui.json:
        call.ui.document(_members(done))


def _page_size(text: str) -> int:
    size = parse.whole(text, "--page-size", 1)
    if size not in PAGE_SIZES:
        sizes = ", ".join(map(str, PAGE_SIZES))
        raise UsageProblem("--page-size is none that SQLCipher can use", hint=f"one of {sizes}")
    return size


def _staying(vault: Vault, plan: Plan, owners: dict[str, SlotKey] | None) -> list[SlotInfo]:
    if owners is None or vault.opened is None:
        return list(plan.slots)
    stay = {vault.opened.slot.id, *owners}
    return [slot for slot in plan.slots if slot.id in stay]


def _show(call: Call, plan: Plan, staying: list[SlotInfo]) -> None:
    """What would be done; to stderr, because it is what the question is about."""
    call.ui.note(
        f"generation {plan.generation} becomes {plan.next_generation}:"
        f" {size_text(plan.size)} are written, {size_text(plan.free)} are free"
    )
    for slot in plan.slots:
        going = "" if slot in staying else ", DROPPED: it was not opened"
        seen = "" if slot.confirmed else ", not opened since the header last changed"
        call.ui.note(f"slot {slot.label} ({slot.kind}), key {slot.fingerprint}{seen}{going}")


def _question(plan: Plan, staying: list[SlotInfo]) -> str:
    strangers = sum(not slot.confirmed for slot in staying)
    gone = len(plan.slots) - len(staying)
    what = f"Seal the new master key to {_counted(len(staying), 'slot')}"
    if gone:
        what += f" and drop {gone}"
    if strangers:
        what += f" ({strangers} of them not opened since the header last changed)"
    return f"{what}?"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _answer_dry(call: Call, plan: Plan, staying: list[SlotInfo]) -> None:
    call.ui.note("nothing was changed")
    if call.ui.json:
        call.ui.document(
            {
                "generation": plan.generation,
                "next_generation": plan.next_generation,
                "size": plan.size,
                "free": plan.free,
                "slots": [_slot(slot) | {"stays": slot in staying} for slot in plan.slots],
            }
        )


def _slot(slot: SlotInfo) -> dict[str, object]:
    return slot_members(slot) | {"confirmed": slot.confirmed}


def _tell(call: Call, done: Rekeyed) -> None:
    call.ui.note(f"the vault is at generation {done.generation}")
    for slot in done.dropped:
        call.ui.note(f"slot {slot.label} is gone")
    if done.exposed:
        call.ui.note(
            f"{_counted(done.exposed, 'version')} of values could be read;"
            " change them: lango secrets due --exposed"
        )
    if done.snapshot is not None:
        call.ui.note(f"{done.snapshot} is the old database; the next change removes it")


def _members(done: Rekeyed) -> dict[str, object]:
    return {
        "generation": done.generation,
        "kept": [_slot(slot) for slot in done.kept],
        "dropped": [_slot(slot) for slot in done.dropped],
        "exposed": done.exposed,
        "snapshot": done.snapshot,
        "not_protected": NOT_PROTECTED,
    }

"""`lango keys slot group|member`: slots that several open together.

The rule: a member holds a share and nothing more. Whatever changes a group gives all its members
new shares, so what one of them held before is of no use then; that takes a real unlock, and none
of the other members.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from lango_cli.cli import credentials, parse
from lango_cli.cli.backups import warn_of_backups
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import KdfName, slot_members
from lango_cli.cli.keys_app import SlotName, end_sessions, header, slot_app
from lango_cli.cli.keys_slot_add import UNCHANGED, say_fallback
from lango_cli.cli.keys_slot_show import group_members
from lango_cli.cli.options import command
from lango_cli.errors import KeyNotFound, Locked, UsageProblem
from lango_cli.vault.grouping import find_member
from lango_cli.vault.groups import check_size
from lango_cli.vault.header import SHARES
from lango_cli.vault.parts import find_slot
from lango_cli.vault.recipient import Group
from lango_cli.vault.slot_info import describe
from lango_cli.wiring import grouped, key_uris, making, opening, slotting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.secret import SecretBytes
    from lango_cli.vault.backups import Known
    from lango_cli.vault.create import NewSlot
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.recipient import Member
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.grouped import Wanted

member_app = typer.Typer()
slot_app.add_typer(member_app, name="member", help="The members of a group.")

OLD_OPENS = (
    "an old copy of vault.json still opens with what the members held then, and the database with"
    " that, until: lango db rekey"
)
Threshold = Annotated[
    str | None, Option("--threshold", metavar="N", help="How many of them it takes; 2 at least.")
]
Keyfiles = Annotated[
    list[str] | None,
    Option("--keyfile", metavar="FILE", help="Of a keyfile member, in their order; may repeat."),
]
Passphrases = Annotated[
    list[str] | None,
    Option(
        "--new-passphrase-file",
        metavar="FILE",
        help="Holds the passphrase of a member, in their order; may repeat.",
    ),
]
WordFiles = Annotated[
    list[str] | None,
    Option(
        "--recovery-file",
        metavar="FILE",
        help="Where a recovery member's words go (0600), in their order; may repeat.",
    ),
]


class _Sources:
    """Where new members' credentials come from, in the order of the members."""

    def __init__(self, call: Call, files: dict[str, list[str] | None], kdf: str | None) -> None:
        self._call = call
        self._kdf = credentials.kdf_of(call, kdf)
        self._left = {kind: list(paths or []) for kind, paths in files.items()}

    def check(self, wanted: list[Wanted]) -> None:
        """Before anything is asked or made: UsageProblem, or Locked where nobody can be asked."""
        for kind, option in (
            ("keyfile", "--keyfile"),
            ("passphrase", "--new-passphrase-file"),
            ("recovery", "--recovery-file"),
        ):
            members = sum(one.kind == kind for one in wanted)
            given = len(self._left[kind])
            if given > members:
                raise UsageProblem(f"there are more {option} than {kind} members", hint="")
            if given < members and kind != "keyfile" and self._call.ask is None:
                raise Locked(
                    f"nobody can be asked for what the {kind} members hold",
                    hint=f"give {option} F once for each of them",
                )
            if kind == "keyfile" and members - given > 1:
                raise UsageProblem(
                    "each keyfile member has a file of its own", hint="give --keyfile F for each"
                )

    def make(self, vault: Vault, wanted: Wanted, undo: slotting.Undo) -> NewSlot:
        """What this member holds."""
        call, paths = self._call, self._left.get(wanted.kind)
        path = paths.pop(0) if paths else None
        if wanted.uri:
            keeping = slotting.keeping(call.flags, call.ask)
            return keeping.new_slot(wanted.uri, vault.id, wanted.label)
        if wanted.kind == "keyring":
            folders = opening.folders_of(call.flags)
            return slotting.keyring_slot(folders, vault.id, wanted.label, undo)
        if wanted.kind == "keyfile":
            given = path is not None
            path = path or making.keyfile_path(call.flags)
            return slotting.keyfile_slot(path, wanted.label, self._kdf, undo, given=given)
        if wanted.kind == "recovery":
            entropy = slotting.new_entropy()
            credentials.hand_out_words(call, entropy, path, UNCHANGED)
            if path is not None:
                slotting.write_words(path, entropy, undo)
            return slotting.recovery_slot(entropy, wanted.label)
        return slotting.passphrase_slot(self._passphrase(wanted, path), wanted.label, self._kdf)

    def _passphrase(self, wanted: Wanted, path: str | None) -> SecretBytes:
        new = credentials.NewPassphrase(self._call, None, path)
        return new.read(f"New passphrase of {wanted.label}")


def _wanted(call: Call, words: list[str], envelope: Envelope) -> list[Wanted]:
    def complete(uri: str) -> str:
        return key_uris.complete(uri, call.settings())

    return grouped.wanted(words, grouped.labels(envelope), complete)


def _sources(
    call: Call,
    keyfile: list[str] | None,
    passphrases: list[str] | None,
    words: list[str] | None,
    kdf: str | None,
) -> _Sources:
    files = {"keyfile": keyfile, "passphrase": passphrases, "recovery": words}
    return _Sources(call, files, kdf)


@command(slot_app, "group", unlocks=True)
def add_group(
    call: Call,
    members: Annotated[
        list[str],
        Argument(
            metavar="MEMBER...",
            help="passphrase, keyfile, keyring, recovery or a key URI; LABEL=KIND names it.",
        ),
    ],
    threshold: Threshold = None,
    label: Annotated[
        str | None, Option("--label", metavar="LABEL", help="What to call the slot.")
    ] = None,
    keyfile: Keyfiles = None,
    new_passphrase_file: Passphrases = None,
    recovery_file: WordFiles = None,
    kdf: KdfName = None,
) -> None:
    """Add a slot that several open together, any N of them: 2 of 3, say.

    Members can be people with passphrases or recovery words, keyfiles, the OS keyring, and keys
    that custodians keep. None of them opens the vault by itself. To unlock where nobody can be
    asked: --share FILE for each.
    """
    number = 2 if threshold is None else parse.whole(threshold, "--threshold", 2)
    if not 2 <= number <= len(members) <= SHARES:
        raise UsageProblem(
            f"a group has 2 to {SHARES} members, and takes 2 at least and all of them at most",
            hint="lango keys slot group --threshold 2 alice=passphrase bob=passphrase keyfile",
        )
    before = header(call)
    wanted = _wanted(call, members, before)
    given = _sources(call, keyfile, new_passphrase_file, recovery_file, kdf)
    given.check(wanted)
    undo = slotting.Undo()
    with call.vault(real=True) as vault:
        name = label or slotting.free_label(vault.envelope, "group")
        try:
            news = [given.make(vault, one, undo) for one in wanted]
            new = grouped.new_group(vault, news, number, name)
        except BaseException:
            undo.take_back(call.ui.warn)
            raise
        info = slotting.add(vault, new, undo, call.ui.warn)
        if any(one.uri for one in wanted):
            say_fallback(call, vault, before)
        others = [slot.label for slot in vault.envelope.slots if slot.id != info.id]
    call.ui.note(f"slot {info.label} is there, id {info.id}: any {info.kdf}")
    call.ui.note(f"these still open the vault without it: {', '.join(others)}")
    if call.ui.json:
        found = find_slot(vault.envelope, info.id)
        call.ui.document({"slot": slot_members(info) | group_members(found)})


@command(member_app, "add", unlocks=True)
def add_member(
    call: Call,
    name: SlotName,
    member: Annotated[
        str, Argument(metavar="MEMBER", help="As for lango keys slot group: [LABEL=]KIND or URI.")
    ],
    threshold: Threshold = None,
    keyfile: Keyfiles = None,
    new_passphrase_file: Passphrases = None,
    recovery_file: WordFiles = None,
    kdf: KdfName = None,
) -> None:
    """Add a member to a group; all members get new shares, and none of them is needed for it."""
    envelope = header(call)
    _group(envelope, name)
    number = _threshold(threshold)
    (wanted,) = _wanted(call, [member], envelope)
    given = _sources(call, keyfile, new_passphrase_file, recovery_file, kdf)
    given.check([wanted])
    undo = slotting.Undo()
    with call.vault(real=True) as vault:
        slot = _group(vault.envelope, name)
        holding = vault.backups.holding_slot(slot)
        try:
            new = given.make(vault, wanted, undo)
            grouped.refuse_alone(vault.envelope, new)
            made, key = grouped.member_of(vault.envelope, slot.id, new, vault.clock)
            info = vault.groups.add_member(slot.id, made, key, number)
        except BaseException:
            undo.take_back(call.ui.warn)
            raise
        new.check()
    _tell(
        call,
        vault,
        info.id,
        holding,
        f"member {made.label} is there: slot {info.label} takes {info.kdf}",
    )


@command(member_app, "remove", unlocks=True)
def remove_member(
    call: Call,
    name: Annotated[str, Argument(metavar="ID", help="A member's id or label.")],
    threshold: Threshold = None,
) -> None:
    """Take a member out of its group; the others get new shares, and its own is of no use."""
    slot, member = _member(header(call), name)
    number = _threshold(threshold)
    check_size(len(slot.members) - 1, number or _taken(slot))
    call.can_agree("slot member remove", call.yes)
    with call.vault(real=True) as vault:
        slot, member = _member(vault.envelope, member.id)
        holding = vault.backups.holding_slot(slot)
        call.agree(f"Remove member {member.label} ({member.kind}) of slot {slot.label}?")
        info = vault.groups.remove_member(slot.id, member, number)
        grouped.forget_entries(call.flags, vault.id, [member], call.ui.warn)
    _tell(
        call,
        vault,
        info.id,
        holding,
        f"member {member.label} is gone: slot {info.label} takes {info.kdf}",
    )


def change_passphrase(call: Call, new: credentials.NewPassphrase, kdf: str | None) -> bool:
    """The same for a member, if `--slot` names one; whether it does."""
    found = None if call.flags.slot is None else find_member(header(call), call.flags.slot)
    if found is None:
        return False
    if found[1].kind != "passphrase":
        raise KeyNotFound(f"member {found[1].label} has no passphrase, it is a {found[1].kind}")
    new.check()
    call.flags.slot = None
    with call.vault(real=True) as vault:
        slot, member = _member(vault.envelope, found[1].id)
        holding = vault.backups.holding_slot(slot)
        text = new.read(f"New passphrase of {member.label}")
        held = slotting.passphrase_slot(text, member.label, kdf or member.kdf_name)
        info = grouped.replace_member(vault, replace(held, slot_id=member.id))
    _tell(call, vault, info.id, holding, f"member {member.label} has a new passphrase")
    return True


def _threshold(text: str | None) -> int | None:
    return None if text is None else parse.whole(text, "--threshold", 2)


def _taken(slot: Slot) -> int:
    return slot.keeper.threshold if isinstance(slot.keeper, Group) else 0


def _tell(call: Call, vault: Vault, slot_id: str, holding: Sequence[Known], text: str) -> None:
    """What was done, and what still opens with what the members held before."""
    call.ui.note(text)
    end_sessions(call, vault)
    call.ui.note(OLD_OPENS)
    still = warn_of_backups(call, "what the members held before", holding)
    if call.ui.json:
        found = find_slot(vault.envelope, slot_id)
        (info,) = (one for one in describe(vault.envelope, {}) if one.id == slot_id)
        about = slot_members(info) | group_members(found)
        call.ui.document({"slot": about, "not_protected": OLD_OPENS, "backups": still})


def _group(envelope: Envelope, name: str) -> Slot:
    slot = find_slot(envelope, name)
    if not slot.members:
        raise KeyNotFound(
            f"slot {slot.label} has no members", hint="make a group: lango keys slot group"
        )
    return slot


def _member(envelope: Envelope, name: str) -> tuple[Slot, Member]:
    found = find_member(envelope, name)
    if found is None:
        raise KeyNotFound(
            f"no member is called {name}", hint="see who there is: lango keys slot show SLOT"
        )
    return found

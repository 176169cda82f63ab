"""Checks of the vault itself: header and copy, slots and what opens them, database, audit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError, NotApplicable, Tampered, TooLarge, WrongKey
from lango_cli.interceptor.strength import WHOLE, weakness
from lango_cli.unlock.keyfile import KeyfileSource
from lango_cli.unlock.keyring import KeyringSource
from lango_cli.vault import audit_check, mending
from lango_cli.vault.envelope import HKDF, Slot, open_slot, slot_key
from lango_cli.vault.grouping import open_share
from lango_cli.vault.home import COPY, HEADER, KEYFILE
from lango_cli.vault.recipient import Group
from lango_cli.wiring import sources
from lango_cli.wiring.findings import ERROR, Finding, advice, error, guarded, ok, skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.config.load import Folders
    from lango_cli.model import KeyringVerdict, SlotInfo, SlotView, UnlockSource
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.recipient import Member
    from lango_cli.vault.vault import Vault

DAY = 86_400
DRILL_DAYS = 180
"""Days after which a slot that a person keeps is worth a drill."""
DUE_DAYS = 14
HUMAN = ("passphrase", "recovery")
"""Kinds of slots that a person keeps."""
AWAY = ("kms", "companion", "group")
"""Kinds of slots that are not on this machine either; a TPM is."""
SHOWN = 5
"""Pages of a damaged database named at most."""


def headers(home: Home, fix: Callable[[], object] | None) -> Iterator[Finding]:
    """Whether header and copy can be read and are the same; `fix` mends them, if not None."""
    held: dict[str, Envelope] = {}
    found = False
    for name in (HEADER, COPY):
        try:
            held[name] = mending.header_of(home, name)
        except (Tampered, TooLarge) as err:
            found = True
            yield Finding("header", ERROR, f"{name}: {err.message}", _mend_hint(fix), fix=fix)
        except LangoError as err:
            found = True
            yield error("header", f"{name}: {err.message}", err.hint)
    if len(held) == 2 and not mending.same_header(held[HEADER], held[COPY]):
        found = True
        revisions = f"revisions {held[HEADER].revision} and {held[COPY].revision}"
        text = f"{HEADER} and {COPY} differ ({revisions})"
        yield Finding("header", ERROR, text, _mend_hint(fix), fix=fix)
    if not found:
        yield ok("header", "header and copy can be read and are the same")


def _mend_hint(fix: Callable[[], object] | None) -> str:
    return "lango doctor --fix" if fix else "unlock the vault for it: lango doctor --fix"


def survivors(envelope: Envelope, *, opens: bool) -> Iterator[Finding]:
    """How many slots are left if this machine dies and the vault's files come from a backup.

    `opens`: the vault can be unlocked, so that a slot can be added.
    """
    kept = [slot for slot in envelope.slots if _survives(slot)]
    if len(kept) > 1:
        yield ok("slots", f"{len(kept)} slots are left if this machine dies")
        return
    if kept:
        other = "passphrase" if kept[0].kind == "recovery" else "recovery"
        text = f"one slot left if this machine dies: {kept[0].label}"
    else:
        other = "recovery"
        text = "every slot is on this machine: if it dies, nothing opens a backup of the vault"
    yield advice("slots", text, f"lango keys slot add {other}" if opens else "")


def _survives(slot: Slot) -> bool:
    """Whether it opens without anything that is on this machine."""
    if slot.members and isinstance(slot.keeper, Group):
        left = sum(member.kind in (*HUMAN, *AWAY) for member in slot.members)
        return left >= slot.keeper.threshold
    return slot.kind in (*HUMAN, *AWAY)


def ways_in(envelope: Envelope, opens: set[str], *, locked: bool) -> Iterator[Finding]:
    """Whether anything that is here opens the vault; `opens` are the ids of slots that did."""
    if opens:
        return
    kept = [slot for slot in envelope.slots if slot.kind in HUMAN or slot.members]
    elsewhere = any(slot.kind == "keyfile" for slot in envelope.slots)
    if kept:
        if locked:
            labels = " and ".join(sorted({slot.kind for slot in kept}))
            yield advice("unlock", f"the vault is locked; what opens it: {labels}", _way(kept))
    elif locked and any(slot.keepers for slot in envelope.slots):
        text = "the vault is locked: its custodian was not available, or wants a PIN"
        yield advice("unlock", text, "see how it is: lango keys kms status")
    elif locked or not elsewhere:
        until = "" if locked else " once the unlock session ends"
        hint = "put back a copy of its keyfile" if elsewhere else ""
        yield error("unlock", f"nothing that is here opens this vault{until}", hint)
    else:
        text = "once the unlock session ends, only a keyfile that is elsewhere opens this vault"
        yield advice("unlock", text)


def _way(kept: list[Slot]) -> str:
    if any(slot.kind == "passphrase" for slot in kept):
        return "to look inside: lango doctor --passphrase-file F"
    if not any(slot.kind == "recovery" for slot in kept):
        return "to look inside: lango doctor --share F --share F"
    return "to look inside: lango doctor --recovery"


def drills(slots: list[SlotInfo], now: float) -> Iterator[Finding]:
    """Whether what people keep for a slot was tried, and when."""
    overdue = [advice("drill", *_overdue(slot)) for slot in slots if _is_overdue(slot, now)]
    yield from overdue
    if not overdue:
        yield ok("drill", "every slot that a person keeps was used or tested lately")


def _last(slot: SlotInfo) -> str:
    return max(slot.last_used or "", slot.last_tested or "")


def _is_overdue(slot: SlotInfo, now: float) -> bool:
    from lango_cli.codec import rfc3339

    # Times of one form compare as text.
    return slot.kind in HUMAN and _last(slot) < rfc3339(now - DRILL_DAYS * DAY)


def _overdue(slot: SlotInfo) -> tuple[str, str]:
    when = f"since {_last(slot)}" if _last(slot) else "ever"
    return f"slot {slot.label} was not used or tested {when}", f"lango keys slot test {slot.id}"


def machine_slots(
    folders: Folders, home: Home, envelope: Envelope, verdict: KeyringVerdict, opens: set[str]
) -> Iterator[Finding]:
    """Whether what this machine keeps opens the slots it is for; adds to `opens` which it does."""
    found = list(_judge_keyfile(envelope, KeyfileSource(home.path(KEYFILE), False), opens))
    if verdict.usable:
        ring = KeyringSource(sources.os_keyring(folders), envelope.vault)
        for slot in envelope.slots:
            if slot.kind == "keyring":
                yield from _judge_entry(envelope, slot, ring, opens)
            for number, member in enumerate(slot.members, 1):
                if member.kind == "keyring":
                    yield _judge_member(envelope, slot, number, ring)
    yield from found


def _judge_entry(
    envelope: Envelope, slot: Slot, source: UnlockSource, opens: set[str]
) -> Iterator[Finding]:
    others = opens - {slot.id} or {other.id for other in envelope.slots if other.kind in HUMAN}
    # The last way in cannot go, and without another one nothing can be added.
    replace = f"lango keys slot add keyring, then lango keys slot remove {slot.id}"
    try:
        open_slot(envelope, slot, source.offer(slot)).wipe()
    except NotApplicable as err:
        text = f"slot {slot.label} is of no use here: {err.message}"
        yield advice(
            "sources", text, f"if no other machine has its entry: {replace}" if others else ""
        )
    except WrongKey:
        text = f"the OS keyring's entry for slot {slot.label} is stale: it does not open it"
        yield advice("sources", text, replace if others else "")
    except LangoError as err:
        yield error("sources", f"slot {slot.label}: {err.message}", err.hint)
    else:
        opens.add(slot.id)
        yield ok("sources", f"the OS keyring opens slot {slot.label}")


def _judge_member(envelope: Envelope, slot: Slot, number: int, source: UnlockSource) -> Finding:
    """Whether what this machine keeps for a member of a group opens its share."""
    member = slot.members[number - 1]
    try:
        key = slot_key(member.kdf, source.offer(member))
        open_share(envelope, slot, number, key).wipe()
    except LangoError as err:
        text = f"member {member.label} of slot {slot.label} is of no use here: {err.message}"
        return advice("sources", text, f"lango keys slot member remove {member.label}")
    return ok("sources", f"{source.name} opens the share of member {member.label}")


def _judge_keyfile(envelope: Envelope, source: UnlockSource, opens: set[str]) -> Iterator[Finding]:
    """The keyfile in the home opens one slot; any other keyfile is somewhere else."""
    slots = [slot for slot in envelope.slots if slot.kind == "keyfile" and slot.kdf_name == HKDF]
    probe: list[SlotView] = [*slots] or [_AnyKeyfile()]
    opened = None
    for slot in probe:
        try:
            credential = source.offer(slot)
            if isinstance(slot, Slot):
                open_slot(envelope, slot, credential).wipe()
                opened = slot
        except NotApplicable:
            if slots and not opens & {slot.id for slot in slots}:
                yield ok("sources", "a keyfile slot has its keyfile somewhere else")
            return
        except WrongKey:
            continue
        except LangoError as err:
            yield error("sources", f"the keyfile in the home: {err.message}", err.hint)
            return
    if opened is None:
        yield _keyfile_of_none(envelope, source)
    else:
        opens.add(opened.id)
        yield ok("sources", f"the keyfile in the home opens slot {opened.label}")


def _keyfile_of_none(envelope: Envelope, source: UnlockSource) -> Finding:
    """What is to say of a keyfile that opens no slot: it may be a member's."""
    member = _member_with(envelope, source)
    if member is not None:
        return ok("sources", f"the keyfile in the home opens the share of member {member.label}")
    text = "the keyfile in the home is stale: it opens no slot"
    return advice("sources", text, "delete it, or put back the right one")


def _member_with(envelope: Envelope, source: UnlockSource) -> Member | None:
    """The member of a group whose keyfile this source has."""
    for slot in envelope.slots:
        for number, member in enumerate(slot.members, 1):
            if member.kind == "keyfile":
                try:
                    key = slot_key(member.kdf, source.offer(member))
                    open_share(envelope, slot, number, key).wipe()
                except LangoError:
                    continue
                return member
    return None


class _AnyKeyfile:
    """Asks a keyfile source for whatever it has."""

    id = label = group = ""
    kind = "keyfile"
    kdf_name = HKDF


def database(vault: Vault) -> Iterator[Finding]:
    """Whether every page of the database is what SQLCipher wrote."""
    problems = vault.store.check_pages()
    if problems:
        shown = "; ".join(problems[:SHOWN])
        yield error("database", f"the database is damaged: {shown}", "restore a backup")
    elif vault.store.unsure:
        yield skipped(
            "database",
            "some pages of the database",
            "another process is reading, so the log cannot be put in their place; try again",
        )
    else:
        yield ok("database", "every page of the database is whole")


def audit(vault: Vault) -> Iterator[Finding]:
    """Whether the audit chain is whole, from its first record to its last."""
    report = audit_check.verify(vault)
    if report.intact:
        yield ok("audit", f"{report.records} audit records follow from one another")
    else:
        text = f"the audit log is not whole: {'; '.join(report.problems)}"
        yield error("audit", text, "lango audit verify")


def due(vault: Vault) -> Iterator[Finding]:
    """Secrets that have expired, expire soon or want a new value."""
    found = vault.secrets.due(DUE_DAYS * DAY)
    if found:
        what = "1 secret has" if len(found) == 1 else f"{len(found)} secrets have"
        verb = "is" if len(found) == 1 else "are"
        text = f"{what} expired, or {verb} due within {DUE_DAYS} days"
        yield advice("due", text, f"lango secrets due --within {DUE_DAYS}d")
    else:
        yield ok("due", f"no secret expires or is due within {DUE_DAYS} days")


def masking(vault: Vault) -> Iterator[Finding]:
    """Values that cannot be masked in output, or not to their end."""
    weak, long = [], []
    for name, value in vault.secrets.for_masking():
        why = weakness(value.reveal())
        if why:
            weak.append(f"{name} ({why})")
        elif len(value) > WHOLE:
            long.append(name)
    if weak:
        text = f"these values are too plain to be masked in output: {', '.join(weak)}"
        yield advice("masking", text, "give each a value of its own: lango secrets generate")
    if long:
        text = f"of these values only the first {WHOLE >> 10} KiB are masked in output"
        yield advice("masking", f"{text}: {', '.join(long)}")
    if not weak and not long:
        yield ok("masking", "every value can be masked in output")


def keys(vault: Vault) -> Iterator[Finding]:
    """Whether a re-encryption was begun and is not through."""
    moving = [key.name for key in vault.registry.list() if key.moving_since is not None]
    for name in moving:
        text = f"the re-encryption of key {name} was interrupted, or is at work right now"
        yield advice("keys", text, f"lango keys rotate {name} --reencrypt")
    if not moving:
        yield ok("keys", "every re-encryption that was begun is through")


def open_vault(vault: Vault) -> Iterator[Finding]:
    """All checks that need the vault open."""
    yield from guarded("drill", drills(vault.slots.list(), time.time()))
    for check in (database, audit, keys, due, masking):
        yield from guarded(check.__name__, check(vault))

"""Which slot opens: sources in their order, each with the slots that it may serve.

The rule: only `NotApplicable`, or a wrong key from a source that nobody named, lets the next one
try; a damaged byte or a refusal stops. After a custodian that was not available another one may
serve, and a local slot if the header says so.
"""

from __future__ import annotations

from lango_cli.errors import (
    CustodyUnavailable,
    Locked,
    NotApplicable,
    Tampered,
    TooLarge,
    WrongKey,
)
from lango_cli.vault.envelope import ELSEWHERE, LOCAL
from lango_cli.vault.parts import find_slot, unlock_slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.errors import LangoError
    from lango_cli.model import UnlockSource
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.parts import Opened


def open_with(
    envelope: Envelope,
    sources: Sequence[UnlockSource],
    slots: Sequence[Slot],
    warn: Callable[[str], None],
) -> Opened:
    """The first slot that a source opens; Locked with every reason if none does.

    CustodyUnavailable where a custodian was not, and what would open besides is not to serve.
    """
    reasons = []
    down: CustodyUnavailable | None = None
    for source in sources:
        try:
            opened = _opened_by(envelope, source, slots)
        except CustodyUnavailable as err:
            if source.explicit:
                raise
            warn(err.message)
            down, slots = down or err, left_after(envelope, slots)
        except (NotApplicable, TooLarge, WrongKey) as err:
            reasons.append(f"{source.name}: {_passed_over(envelope, source, slots, err, warn)}")
        else:
            return opened if down is None else fallen_back(opened, down, warn)
    if down is not None:
        raise closed_by(envelope, down)
    table = "; ".join(reasons)
    raise Locked(f"the vault is locked ({table})" if table else "the vault is locked")


def _passed_over(
    envelope: Envelope,
    source: UnlockSource,
    slots: Sequence[Slot],
    err: LangoError,
    warn: Callable[[str], None],
) -> str:
    """Why the next source may try; what is not to be passed over is raised."""
    if source.explicit or (source.interactive and isinstance(err, WrongKey)):
        raise _refusal(envelope, source, slots, err) from None
    if isinstance(err, TooLarge):
        raise err
    if not isinstance(err, NotApplicable) or err.stale:
        warn(f"{source.name} is stale, trying the next way: {err.message}")
    return "stale" if isinstance(err, WrongKey) else err.message


def _refusal(
    envelope: Envelope, source: UnlockSource, slots: Sequence[Slot], err: LangoError
) -> WrongKey:
    """What a source that was named, or a person who was asked, could not do."""
    if isinstance(err, WrongKey):
        return err
    if isinstance(err, NotApplicable) and err.kind:
        return WrongKey(f"{source.name}: {_no_slot(envelope, slots, err.kind)}")
    return WrongKey(f"{source.name}: {err.message}", hint=err.hint or None)


def _no_slot(envelope: Envelope, slots: Sequence[Slot], kind: str) -> str:
    if len(slots) < len(envelope.slots):
        return f"slot {slots[0].label} is no {kind} slot"
    return f"the vault has no {kind} slot"


def _opened_by(envelope: Envelope, source: UnlockSource, slots: Sequence[Slot]) -> Opened:
    """The first slot that this source opens; otherwise its gravest reason why there is none.

    What a source holds and one slot cannot take (Tampered), another slot may: a keyfile that
    lango did not make is no key of a slot whose keyfile it made. A source that fails by itself
    (WrongKey), or damage to a slot, ends the search; so does what a custodian calls damaged.
    """
    failure: LangoError = NotApplicable("the vault has no slot for it", kind="suitable")
    closed = []
    for slot in slots:
        try:
            credential = source.offer(slot)
        except (CustodyUnavailable, NotApplicable, Tampered) as err:
            if isinstance(err, Tampered) and slot.kind in ELSEWHERE:
                raise
            failure = _graver(failure, err)
            continue
        try:
            return unlock_slot(envelope, slot, source.name, credential)
        except (NotApplicable, WrongKey) as err:
            failure = _graver(failure, err)
            if isinstance(err, WrongKey):
                closed.append(slot)
    if len(closed) > 1 and isinstance(failure, WrongKey):
        labels = ", ".join(slot.label for slot in closed)
        raise WrongKey(f"the {closed[0].kind} opens none of the slots {labels}")
    raise failure


def _graver(one: LangoError, other: LangoError) -> LangoError:
    """The graver of two reasons, the later one of two alike."""

    def rank(err: LangoError) -> tuple[bool, ...]:
        if isinstance(err, NotApplicable):
            return (False, False, err.stale, not err.kind)
        grave = isinstance(err, Tampered)
        return (grave, isinstance(err, WrongKey | CustodyUnavailable), False, False)

    return max((other, one), key=rank)


def in_order(envelope: Envelope, name: str | None, last: str) -> list[Slot]:
    """The slot called `name` alone, or all with the one that worked last in front."""
    if name is not None:
        return [find_slot(envelope, name)]
    return sorted(envelope.slots, key=lambda slot: slot.id != last)


def left_after(envelope: Envelope, slots: Sequence[Slot]) -> Sequence[Slot]:
    """The slots that may serve after a custodian was not available."""
    if envelope.fallback == LOCAL:
        return slots
    return [slot for slot in slots if slot.kind in ELSEWHERE]


def closed_by(envelope: Envelope, down: CustodyUnavailable) -> CustodyUnavailable:
    """What was not available, and what can be done besides."""
    local = [slot.label for slot in envelope.slots if slot.kind not in ELSEWHERE]
    if local:
        down.hint = f"open it by another slot: --slot {local[0]}; see lango keys kms status"
    return down


def fallen_back(opened: Opened, down: CustodyUnavailable, warn: Callable[[str], None]) -> Opened:
    """What opened after a custodian was not available: said if it is a local slot."""
    if opened.slot.kind not in ELSEWHERE:
        opened.fallen_back = down.message
        warn(f"fell back to slot {opened.slot.label}, as this vault allows")
    return opened

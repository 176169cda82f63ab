"""Which slot opens: sources in their order, each with the slots that it may serve.

The rule: only `NotApplicable`, or a wrong key from a source that nobody named, lets the next one
try; a damaged byte or a refusal stops. After a custodian that was not available another one may
serve, and a local slot if the header says so.
"""

from __future__ import annotations

from lango_cli.errors import (
    CustodyError,
    CustodyUnavailable,
    KeyNotFound,
    Locked,
    NotApplicable,
    Tampered,
    TooLarge,
    WrongKey,
)
from lango_cli.vault.envelope import LOCAL
from lango_cli.vault.parts import find_slot, unlock_slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.errors import LangoError
    from lango_cli.model import UnlockSource
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.grouping import Gathering
    from lango_cli.vault.parts import Opened


def open_with(
    envelope: Envelope,
    sources: Sequence[UnlockSource],
    slots: Sequence[Slot],
    warn: Callable[[str], None],
    helpers: Sequence[UnlockSource] = (),
) -> Opened:
    """The first slot that a source opens; Locked with every reason if none does.

    `helpers`: what else may open members of a group of which the sources opened some.
    CustodyUnavailable where a custodian was not, and what would open besides is not to serve.
    """
    return _Search(envelope, slots, warn).through(sources, helpers)


class _Search:
    """One search for a slot that opens: which may still serve, and why the others did not."""

    def __init__(
        self, envelope: Envelope, slots: Sequence[Slot], warn: Callable[[str], None]
    ) -> None:
        self._envelope = envelope
        self._warn = warn
        self._reasons: list[str] = []
        self._down: CustodyUnavailable | None = None
        self._untold: list[str] = []
        self._slots = [slot for slot in slots if not slot.members]
        self._groups: list[Gathering] = []
        if len(self._slots) < len(slots):
            from lango_cli.vault.grouping import Gathering

            together = [slot for slot in slots if slot.members]
            self._groups = [
                Gathering(envelope, slot, self._tell, self._untold.append) for slot in together
            ]

    def through(self, sources: Sequence[UnlockSource], helpers: Sequence[UnlockSource]) -> Opened:
        """Try each in turn; the helpers with groups alone."""
        for source in sources:
            opened = self._try(source)
            if opened is not None:
                return self._told(opened)
        for helper in helpers:
            opened = self._together(helper)
            if opened is not None:
                return self._told(opened)
        raise self._failure()

    def _try(self, source: UnlockSource) -> Opened | None:
        if source.interactive and (self._groups or any(not it.elsewhere for it in self._slots)):
            self._tell("")
        away: list[str] = []
        try:
            opened = _opened_by(self._envelope, source, self._slots, away)
        except CustodyUnavailable as err:
            if source.explicit:
                raise
            self._unavailable(err)
            return self._together(source)
        except CustodyError as err:
            raise refused_by(self._envelope, err) from None
        except (NotApplicable, TooLarge, WrongKey) as err:
            return self._else_together(source, err)
        if away:
            self._untold += [*dict.fromkeys(away), f"slot {opened.slot.label} served instead"]
        return opened

    def _else_together(self, source: UnlockSource, err: LangoError) -> Opened | None:
        """What a source opens no slot with may open members of groups."""
        before = sum(group.found for group in self._groups)
        if not (source.interactive and isinstance(err, WrongKey)):
            opened = self._together(source)
            if opened is not None or sum(group.found for group in self._groups) > before:
                return opened
        if source.explicit and self._groups and isinstance(err, NotApplicable):
            labels = ", ".join(group.slot.label for group in self._groups)
            raise WrongKey(
                f"{source.name} opens no member of slot {labels}",
                hint=f"see who its members are: lango keys slot show {labels}",
            )
        why = _passed_over(self._envelope, source, self._slots, err, self._warn)
        self._reasons.append(f"{source.name}: {why}")
        return None

    def _together(self, source: UnlockSource) -> Opened | None:
        for group in self._groups:
            group.take(source)
            if group.complete:
                return unlock_slot(self._envelope, group.slot, group.openers, group.credential)
        return None

    def _unavailable(self, err: CustodyUnavailable) -> None:
        """A custodian did not answer: from now on only what may serve then."""
        if self._down is None:
            self._down = err
            self._untold.append(err.message)
        self._slots = left_after(self._envelope, self._slots)
        kept = left_after(self._envelope, [group.slot for group in self._groups])
        self._groups = [group for group in self._groups if group.slot in kept]

    def _tell(self, text: str) -> None:
        """A warning, after what is untold of custodians: a person is asked, or a slot opens."""
        for line in (*self._untold, *([text] if text else [])):
            self._warn(line)
        self._untold.clear()

    def _told(self, opened: Opened) -> Opened:
        self._tell("")
        return opened if self._down is None else fallen_back(opened, self._down, self._warn)

    def _failure(self) -> LangoError:
        """Why nothing opens; what was not available is told by this error alone."""
        if self._down is not None:
            return closed_by(self._envelope, self._down)
        away = next((group for group in self._groups if group.down is not None), None)
        if away is not None or (self._groups and not self._slots):
            return (away or self._groups[0]).failure()
        table = "; ".join((*self._reasons, *(group.missing() for group in self._groups)))
        return Locked(f"the vault is locked ({table})" if table else "the vault is locked")


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


def _opened_by(
    envelope: Envelope, source: UnlockSource, slots: Sequence[Slot], away: list[str]
) -> Opened:
    """The first slot that this source opens; otherwise its gravest reason why there is none.

    `away` is filled with what was said of custodians that were not available.

    What a source holds and one slot cannot take (Tampered), another slot may: a keyfile that
    lango did not make is no key of a slot whose keyfile it made. A source that fails by itself
    (WrongKey), or damage to a slot, ends the search; so does what a custodian calls damaged, or
    gives back that is no key of the slot.
    """
    failure: LangoError = NotApplicable("the vault has no slot for it", kind="suitable")
    closed = []
    for slot in slots:
        try:
            credential = source.offer(slot)
        except (CustodyUnavailable, NotApplicable, Tampered) as err:
            if isinstance(err, Tampered) and slot.elsewhere:
                raise
            if isinstance(err, CustodyUnavailable):
                away.append(err.message)
            failure = _graver(failure, err)
            continue
        try:
            return unlock_slot(envelope, slot, source.name, credential)
        except (NotApplicable, WrongKey) as err:
            if isinstance(err, WrongKey) and slot.elsewhere:
                reason = f"what the {source.name} of slot {slot.label} gave back is not its key"
                raise Tampered(reason) from None
            failure = _graver(failure, err)
            if isinstance(err, WrongKey):
                closed.append(slot)
    raise _of_several(failure, closed, away)


def _of_several(failure: LangoError, closed: Sequence[Slot], away: Sequence[str]) -> LangoError:
    """The same failure, saying of how many slots it is true, or how many custodians."""
    if len(closed) > 1 and isinstance(failure, WrongKey):
        labels = ", ".join(slot.label for slot in closed)
        return WrongKey(f"the {closed[0].kind} opens none of the slots {labels}")
    if isinstance(failure, CustodyUnavailable):
        failure.message = "; ".join(dict.fromkeys(away))
    return failure


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


def left_after(envelope: Envelope, slots: Sequence[Slot]) -> list[Slot]:
    """The slots that may serve after a custodian was not available."""
    return [slot for slot in slots if slot.elsewhere or envelope.fallback == LOCAL]


LOCAL_KINDS = ("keyring", "keyfile", "passphrase", "group", "recovery")
"""Those of local slots, the ones that need no person first."""


def closed_by(envelope: Envelope, down: CustodyUnavailable) -> CustodyUnavailable:
    """What was not available, and what can be done besides: first what needs no person."""
    names = _other_ways(envelope)
    if not names:
        down.hint = "see how it is: lango keys kms status --fresh; then run the command again"
        return down
    down.hint = f"open it by another slot: {' or '.join(names)}"
    if envelope.fallback != LOCAL:
        by_itself = f"lango keys kms fallback local {names[0]}"
        down.hint += f"; to have local slots serve by themselves: {by_itself}"
    return down


def refused_by(envelope: Envelope, refusal: CustodyError) -> CustodyError:
    """A refusal is followed by nothing; the person may name another slot, and is told which."""
    names = _other_ways(envelope)
    if isinstance(refusal, KeyNotFound):
        refusal.hint = "see how it is: lango keys kms status --fresh"
    if names:
        refusal.hint += f"; or open it by another slot: {' or '.join(names)}"
    return refusal


def _other_ways(envelope: Envelope) -> list[str]:
    """How local slots are named on the command line."""
    local = [slot for slot in envelope.slots if not slot.elsewhere and slot.kind in LOCAL_KINDS]
    local.sort(key=lambda slot: LOCAL_KINDS.index(slot.kind))
    return [
        "--recovery" if slot.kind == "recovery" else f"--slot {_as_word(slot)}" for slot in local
    ]


def _as_word(slot: Slot) -> str:
    """Its label where a shell takes that as one word, else its id."""
    plain = slot.label.replace("-", "").replace("_", "")
    return slot.label if plain.isalnum() else slot.id


def fallen_back(opened: Opened, down: CustodyUnavailable, warn: Callable[[str], None]) -> Opened:
    """What opened after a custodian was not available: said if it is a local slot."""
    if not opened.slot.elsewhere:
        opened.fallen_back = down.message
        warn(f"fell back to slot {opened.slot.label}, as this vault allows")
    return opened

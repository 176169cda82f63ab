"""Slots whose credential a custodian unwraps: a KMS, an HSM, a TPM, a companion.

The rule: a custodian is asked once for each slot and command, whatever came of it. What needs a
PIN that nobody was asked for is not this source's, but the next one's, which asks a person. What
is not available, refuses or is damaged is said as it is: only the vault knows what may follow.
"""

from __future__ import annotations

from lango_cli.errors import CustodyUnavailable, NotApplicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.model import SlotView
    from lango_cli.secret import SecretBytes

    Unwrap = Callable[[str, Callable[[], SecretBytes | None]], SecretBytes]

KINDS = ("kms", "tpm2", "companion", "group")


class Asked:
    """What custodians said in this command, shared by the sources that ask them."""

    __slots__ = ("down", "found", "unwrap", "want_pin")

    def __init__(self, unwrap: Unwrap) -> None:
        self.unwrap = unwrap
        """The credential of a slot id, given what to call for a PIN."""
        self.found: dict[str, SecretBytes] = {}
        self.down: dict[str, CustodyUnavailable] = {}
        self.want_pin: set[str] = set()


class CustodianSource:
    """Serves slots that a custodian keeps; `ask`: a person types the PIN."""

    __slots__ = ("_ask", "_asked", "explicit", "interactive", "name")

    def __init__(
        self,
        asked: Asked,
        ask: Callable[[str], SecretBytes] | None = None,
        *,
        explicit: bool = False,
    ) -> None:
        self.name = "custodian" if ask is None else "PIN"
        self.interactive = ask is not None
        self.explicit = explicit
        self._asked = asked
        self._ask = ask

    def offer(self, slot: SlotView) -> SecretBytes:
        """The credential of this slot, as its custodian unwraps it."""
        if slot.kind not in KINDS:
            raise NotApplicable("serves slots of custodians only", kind="kms")
        asked = self._asked
        if slot.id in asked.down:
            raise asked.down[slot.id]
        if self._ask is not None and slot.id not in asked.want_pin:
            raise NotApplicable("no PIN is wanted")
        if slot.id not in asked.found:
            try:
                asked.found[slot.id] = asked.unwrap(slot.id, lambda: self._pin(slot))
            except CustodyUnavailable as err:
                asked.down[slot.id] = err
                raise
        return asked.found[slot.id]

    def _pin(self, slot: SlotView) -> SecretBytes:
        if self._ask is None:
            self._asked.want_pin.add(slot.id)
            raise NotApplicable(f"slot {slot.label} wants a PIN")
        return self._ask(slot.label)

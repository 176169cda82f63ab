"""Checks of the custodians that keep a vault's slots.

The rule: they are asked how they are now, whatever is remembered of it, which decrypts nothing,
and nobody is asked for a PIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.wiring import fallback, kept_health, opening
from lango_cli.wiring.findings import advice, ok
from lango_cli.wiring.kept import Keeping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.config.load import Folders
    from lango_cli.model_custody import Health
    from lango_cli.vault.envelope import Envelope
    from lango_cli.wiring.findings import Finding
    from lango_cli.wiring.flags import Flags


def kept_slots(flags: Flags, folders: Folders, envelope: Envelope) -> Iterator[Finding]:
    """Whether each slot's key can be used now, and what could be better about it."""
    slots = [slot for slot in envelope.slots if slot.keepers]
    if not slots:
        return
    keeping = Keeping(opening.load_settings(flags), folders, None)
    if wrong := fallback.contradicted(flags, envelope):
        yield advice("custody", wrong, fallback.make_one(envelope))
    for slot in slots:
        for found in kept_health.of_slot(keeping, slot, fresh=True):
            yield from _key(found.health, found.label)
    if load.variable(load.PIN) is not None:
        yield advice(
            "environment",
            f"{load.PIN} is set: every program started from here can read it",
            "name a file in the key's URI instead: pin-source=file:PATH",
        )


def _key(health: Health, label: str) -> Iterator[Finding]:
    if not health.usable:
        see = f"try it: lango keys kms test {label}"
        yield advice("custody", f"slot {label}: {health.reason}", see)
        return
    if health.remark:
        yield advice(
            "custody",
            f"slot {label}: of its key at {health.provider}: {health.remark}",
            f"make a stricter key, then: lango keys slot move {label} URI",
        )
    kind = health.algorithm
    yield ok("custody", f"slot {label}: its key at {health.provider} is there, {kind}")

"""`lango keys kms status|test|fallback`: the keys that are kept elsewhere, and how they are.

The rule: `status` asks custodians how they are and decrypts nothing; `test` is the one that does,
and says so, because such calls are billed.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.keys_app import app, header
from lango_cli.cli.options import command
from lango_cli.codec import rfc3339
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import KeyNotFound
from lango_cli.vault.envelope import LOCAL, NONE
from lango_cli.vault.parts import find_slot
from lango_cli.wiring import fallback as fallbacks
from lango_cli.wiring import kept_health, opening, settings_edit, slotting

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.wiring.kept_health import SlotHealth

kms_app = typer.Typer()
app.add_typer(kms_app, name="kms", help="Keys that a KMS, HSM, TPM or companion keeps.")

BILLED = {"aws-kms": 3, "azure-kv": 2, "gcp-kms": 2}
"""Providers that charge for each call, and how many a test takes."""

KeptSlot = Annotated[
    str | None, Argument(metavar="ID", help="A slot's id, its start, or its label; else all.")
]


@command(kms_app, "status")
def status(
    call: Call,
    name: KeptSlot = None,
    fresh: Annotated[
        bool, Option("--fresh", help="Ask even if the answer of the last 30 s is known.")
    ] = False,
) -> None:
    """Say how the custodians of the vault's slots are; unlocks and decrypts nothing."""
    envelope = header(call)
    keeping = slotting.keeping(call.flags, None)
    found = [
        health
        for slot in _kept(envelope, name)
        for health in kept_health.of_slot(keeping, slot, fresh=fresh)
    ]
    home = opening.home_of(opening.folders_of(call.flags))
    last = home.last_fallback(envelope.vault)
    when = rfc3339(last) if last else None
    if call.ui.json:
        call.ui.document(
            {
                "fallback": envelope.fallback,
                "last_fallback_at": when,
                "slots": [_members(one) for one in found],
            }
        )
        return
    call.ui.pairs([("fallback", envelope.fallback), ("last fallback", when or "never")])
    call.ui.table(
        ("slot", "kind", "usable", "algorithm", "version", "ms", "uri", "why not"),
        [_row(one) for one in found],
    )
    if wrong := fallbacks.contradicted(call.flags, envelope):
        call.ui.warn(f"{wrong}; {fallbacks.make_one(envelope)}")


def _members(one: SlotHealth) -> dict[str, object]:
    about = {"slot": one.label, "kind": one.kind, "uri": one.uri, "cached": one.cached}
    return about | asdict(one.health)


def _row(one: SlotHealth) -> tuple[str, ...]:
    health = one.health
    return (
        one.label,
        one.kind,
        "yes" if health.usable else "no",
        health.algorithm or "-",
        health.version or "-",
        f"{health.milliseconds}{' (known)' if one.cached else ''}",
        one.uri,
        health.reason or "-",
    )


@command(kms_app, "test")
def test(call: Call, name: KeptSlot = None) -> None:
    """Have the custodians wrap and unwrap a throw-away key; the vault stays closed meanwhile."""
    envelope = header(call)
    keeping = slotting.keeping(call.flags, call.ask)
    results = []
    for slot in _kept(envelope, name):
        for keeper in slot.keepers:
            start = time.monotonic()
            keeping.try_key(keeper.uri, envelope.vault)
            taken = int((time.monotonic() - start) * 1000)
            calls = BILLED.get(keeper.provider, 0)
            bill = f"; {calls} calls are billed" if calls else ""
            call.ui.note(f"slot {slot.label}: its key wraps and unwraps, {taken} ms{bill}")
            members = {"slot": slot.label, "uri": keeper.uri, "works": True}
            results.append(members | {"billed": calls, "milliseconds": taken})
    if call.ui.json:
        call.ui.document({"slots": results})


@command(kms_app, "fallback", unlocks=True)
def fallback(
    call: Call,
    policy: Annotated[str, Argument(metavar="POLICY", help="local or none.")],
) -> None:
    """Say whether local slots may open the vault after a custodian was not available.

    It stands in the header, under its seal, because it is needed before the vault is open, and is
    the setting security.kms.fallbackToLocal.
    """
    parse.choice(policy, "POLICY", (LOCAL, NONE))
    changes = settings_edit.Changes()
    changes.put(FALLBACK, policy == LOCAL)
    with call.vault(real=True) as vault:
        settings_edit.apply(call.flags, changes, vault)
    call.ui.note(fallbacks.SAYS[policy])
    if call.ui.json:
        call.ui.document({"fallback": policy})


def _kept(envelope: Envelope, name: str | None) -> list[Slot]:
    chosen = envelope.slots if name is None else [find_slot(envelope, name)]
    found = [slot for slot in chosen if slot.keepers]
    if not found:
        raise KeyNotFound(
            "no kms, tpm2 or companion slot" if name is None else f"slot {name} is a local slot",
            hint="make one: lango keys slot add kms URI",
        )
    return found

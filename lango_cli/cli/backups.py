"""How a known backup is told, and the warning that it still holds what was taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.codec import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.cli.call import Call
    from lango_cli.vault.backups import Known

SHOWN = 5
"""Backups named one by one where there are many."""


def backup_members(one: Known) -> dict[str, object]:
    """A known backup as JSON has it."""
    return {
        "id": one.id,
        "path": one.path,
        "made_at": rfc3339(one.made),
        "generation": one.generation,
        "size": one.size,
        "there": one.there,
    }


def backup_line(one: Known) -> str:
    """A known backup for a person."""
    there = "" if one.there else ", not there any more"
    return f"{one.path} ({rfc3339(one.made)}, generation {one.generation}{there})"


def warn_of_backups(call: Call, what: str, holding: Sequence[Known]) -> list[dict[str, object]]:
    """Say which known backups still hold what was taken away; the same as JSON has it."""
    for one in holding[:SHOWN]:
        call.ui.warn(f"{what} is still in a backup: {backup_line(one)}")
    if len(holding) > SHOWN:
        call.ui.warn(f"and in {len(holding) - SHOWN} more: lango db status")
    return [backup_members(one) for one in holding]

"""Slots as they are listed: what the header says of them, and what the database knows besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lango_cli.codec import rfc3339
from lango_cli.crypto.mac import digest
from lango_cli.model import SlotInfo
from lango_cli.vault.envelope import ARGON2ID, PBKDF2
from lango_cli.vault.recipient import Group

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope, Slot


def fingerprint(slot: Slot) -> str:
    """16 hex digits of the SHA-256 of the slot's public key."""
    return digest(slot.public_key).hex()[:16]


NEVER = (None, None, None, None)


def describe(
    envelope: Envelope, use: dict[str, tuple[Any, ...]], changed: int | None = None
) -> list[SlotInfo]:
    """The slots as they are listed.

    `use`, and the time at which the header changed last, are the database's, where it is open.
    """
    return [
        SlotInfo(
            id=slot.id,
            kind=slot.kind,
            label=slot.label,
            kdf=_how(slot),
            strength=slot.strength,
            created=slot.created,
            last_used=_time(use.get(slot.id, NEVER)[0]),
            last_tested=_time(use.get(slot.id, NEVER)[1]),
            fingerprint=fingerprint(slot),
            confirmed=(use.get(slot.id, NEVER)[2] or 0) >= changed if changed else None,
        )
        for slot in envelope.slots
    ]


def kdf_text(kdf: dict[str, Any]) -> str:
    """A KDF with its costs, e.g. `pbkdf2-sha256, 600000 rounds`."""
    if kdf["name"] == PBKDF2:
        return f"{PBKDF2}, {kdf['rounds']} rounds"
    if kdf["name"] == ARGON2ID:
        return f"{ARGON2ID}, {kdf['memory_kib']} KiB, {kdf['passes']} passes, {kdf['lanes']} lanes"
    return str(kdf["name"])


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else rfc3339(milliseconds / 1000)


def _how(slot: Slot) -> str:
    """What opens a slot: its KDF, or how many of which members."""
    if not slot.members or not isinstance(slot.keeper, Group):
        return kdf_text(slot.kdf)
    return f"{slot.keeper.threshold} of {', '.join(member.label for member in slot.members)}"

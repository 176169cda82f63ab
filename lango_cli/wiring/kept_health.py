"""How the custodians of a vault's slots are, as they say themselves; remembered for a short while.

The rule: nothing is unwrapped for it, so it needs no right to decrypt. A good
answer is remembered for 30 s, a bad one for 5 s, in the state folder; the memory holds the URI's
digest, and no more of it than the custodian's answer says.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.codec import canonical, parse_canonical
from lango_cli.crypto.mac import digest
from lango_cli.errors import CustodyError, FileProblem, Tampered, TooLarge, UsageProblem
from lango_cli.model_custody import Health

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Slot
    from lango_cli.vault.recipient import Keeper
    from lango_cli.wiring.kept import Keeping

GOOD_FOR, BAD_FOR = 30, 5
"""Seconds for which an answer is remembered."""
LIMIT = 65536


@dataclass(frozen=True, slots=True)
class SlotHealth:
    """A slot, its key, and how that is."""

    label: str
    kind: str
    uri: str
    health: Health
    cached: bool


def of_slot(keeping: Keeping, slot: Slot, *, fresh: bool = False) -> list[SlotHealth]:
    """How the custodians of a slot are; never raises a CustodyError."""
    return [_of_keeper(keeping, slot, keeper, fresh=fresh) for keeper in slot.keepers]


def _of_keeper(keeping: Keeping, slot: Slot, keeper: Keeper, *, fresh: bool) -> SlotHealth:
    path = os.path.join(keeping.folders.state, f"{digest(keeper.uri.encode()).hex()}.health")
    known = None if fresh else _recall(path)
    health = known or _ask(keeping, keeper.provider, keeper.uri)
    if known is None:
        _remember(path, health)
    return SlotHealth(slot.label, slot.kind, keeper.uri, health, known is not None)


def _ask(keeping: Keeping, provider: str, uri: str) -> Health:
    start = time.monotonic()
    try:
        custodian = keeping.open(uri, lambda: None)
        try:
            found = custodian.describe()
        finally:
            custodian.close()
    except (CustodyError, UsageProblem) as err:
        found = Health(provider, "", usable=False, reason=err.message)
    taken = int((time.monotonic() - start) * 1000)
    return Health(**(asdict(found) | {"milliseconds": taken}))


def _recall(path: str) -> Health | None:
    try:
        data = files.read_private(path, LIMIT)
        record = parse_canonical(data or b"", "what was remembered of a custodian")
        age = time.time() - record.pop("at")
        found = Health(**record)
    except (FileProblem, TooLarge, Tampered, AttributeError, KeyError, TypeError):
        return None
    return found if 0 <= age < (GOOD_FOR if found.usable else BAD_FOR) else None


def _remember(path: str, health: Health) -> None:
    try:
        files.ensure_folder(os.path.dirname(path))
        files.replace(path, canonical(asdict(health) | {"at": int(time.time())}))
    except FileProblem:
        return

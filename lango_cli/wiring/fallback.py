"""The fallback policy, which is a setting: `security.kms.fallbackToLocal`.

The rule: it is needed before the vault opens, so it counts where the header's seal covers it.
From the first slot that a custodian keeps the header has it, and nothing else does: what changes
the setting changes the header in the same command, which takes a real unlock and leaves a record.
Until then `config.toml` keeps what that first slot is to take over. The file says the same as the
header unless somebody edited it by hand, which changes nothing.
"""

from __future__ import annotations

from lango_cli.config import load
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import LangoError, Locked
from lango_cli.vault.envelope import LOCAL, NONE
from lango_cli.wiring import opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.config.load import Settings
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

SAYS = {
    LOCAL: "where its custodian is not available, a local slot may open the vault",
    NONE: "where its custodian is not available, no other slot opens the vault by itself after "
    "it; what unlock.order has before kms still does",
}


def wanted(settings: Settings) -> str:
    """The policy that the first custodian's slot takes over."""
    return policy(allowed=settings.on(FALLBACK))


def policy(*, allowed: bool) -> str:
    """The policy as the header has it."""
    return LOCAL if allowed else NONE


def as_setting(said: str) -> str:
    """The setting's text, for what the header says."""
    return "true" if said == LOCAL else "false"


def told(said: str) -> str:
    """What the header says now, for the person who had it say so."""
    return f"the vault's header says {said}: {SAYS[said]}"


def has_it(envelope: Envelope) -> bool:
    """Whether this header says what counts."""
    return any(slot.keepers for slot in envelope.slots)


def in_force(flags: Flags) -> str | None:
    """What the header says; None where it has no say: no vault, no custodian, no readable header.

    It is read as it stands: that nobody else wrote it is known when the vault opens.
    """
    try:
        home = opening.home_of(opening.folders_of(flags))
        envelope = home.read_header(lambda _text: None)
    except LangoError:
        return None
    return envelope.fallback if has_it(envelope) else None


def contradicted(flags: Flags, envelope: Envelope) -> str:
    """What is wrong where `config.toml` says otherwise than the header; else empty."""
    settings = opening.load_settings(flags)
    said = wanted(settings)
    if settings.origin(FALLBACK) == load.DEFAULT or not has_it(envelope):
        return ""
    if said == envelope.fallback:
        return ""
    return f"{load.CONFIG} says {said} for {FALLBACK}, which counts for nothing"


def make_one(envelope: Envelope) -> str:
    """The command after which the file says what the header says."""
    return f"lango settings set {FALLBACK} {as_setting(envelope.fallback)}"


def needs_unlocking() -> Locked:
    """Why an unlock session is not enough."""
    return Locked(
        f"{FALLBACK} stands in the vault's header, and changing it needs a real unlock",
        hint="give a passphrase or keyfile: --passphrase-file F, --keyfile F",
    )


def follow(vault: Vault, new: str) -> None:
    """Have the header say `new`; Locked if a session opened the vault."""
    if vault.envelope.fallback != new:
        vault.slots.set_fallback(new)

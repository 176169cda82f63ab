"""What completion may know of a vault: names of secrets and keys, and slots' labels.

The rule: nothing here unlocks, asks or warns. Names come from an unlock session or not at all,
labels from the header, where everybody who has the file can read them.
"""

from __future__ import annotations

from lango_cli.vault import vault as core
from lango_cli.wiring import opening, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.wiring.flags import Flags


def names(flags: Flags, *, keys: bool) -> list[str]:
    """The names of all secrets, or of all keys; none where the vault is locked."""
    folders = opening.folders_of(flags)
    settings = opening.load_settings(flags)
    home = opening.home_of(folders)
    envelope = home.read_header(_quietly)
    bundle = sources.session_bundle(settings, folders, envelope)
    if bundle is None:
        return []
    policy = opening.policy_of(settings, flags)
    with core.open_vault(home, envelope, bundle, policy, _quietly) as vault:
        if keys:
            return [key.name for key in vault.registry.list()]
        return vault.secrets.names()


def slot_names(flags: Flags, prefix: str) -> list[str]:
    """Labels of slots; ids too once there is something that one could begin with."""
    slots = opening.home_of(opening.folders_of(flags)).read_header(_quietly).slots
    labels = [slot.label for slot in slots]
    return labels + [slot.id for slot in slots] if prefix else labels


def _quietly(_text: str) -> None:
    """Nobody reads a warning while pressing Tab."""

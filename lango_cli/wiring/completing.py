"""What completion may know of a vault: names of secrets, keys and profiles, and slots' labels.

The rule: nothing here unlocks, asks or warns. Names come from an unlock session or not at all,
labels from the header, where everybody who has the file can read them.
"""

from __future__ import annotations

from lango_cli.vault import rows_profiles
from lango_cli.vault import vault as core
from lango_cli.vault.profile_documents import FIRST
from lango_cli.wiring import opening, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags


def names(flags: Flags, what: str) -> list[str]:
    """The names of all secrets, or of `--keys` or `--profiles`; none where the vault is locked."""
    vault = by_session(flags)
    if vault is None:
        return []
    with vault:
        if what == "--keys":
            return [key.name for key in vault.registry.list()]
        if what == "--profiles":
            rows = rows_profiles.all_profiles(vault.store)
            return [str(row[1]) for row in rows] or [FIRST]
        return vault.secrets.names()


def by_session(flags: Flags) -> Vault | None:
    """The vault, if an unlock session opens it; a context manager."""
    folders = opening.folders_of(flags)
    settings = opening.load_settings(flags)
    home = opening.home_of(folders)
    envelope = home.read_header(_quietly)
    bundle = sources.session_bundle(settings, folders, envelope)
    if bundle is None:
        return None
    policy = opening.policy_of(settings, flags)
    return core.open_vault(home, envelope, bundle, policy, _quietly)


def slot_names(flags: Flags, prefix: str) -> list[str]:
    """Labels of slots; ids too once there is something that one could begin with."""
    slots = opening.home_of(opening.folders_of(flags)).read_header(_quietly).slots
    labels = [slot.label for slot in slots]
    return labels + [slot.id for slot in slots] if prefix else labels


def _quietly(_text: str) -> None:
    """Nobody reads a warning while pressing Tab."""

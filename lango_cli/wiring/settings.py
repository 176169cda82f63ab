"""Settings with the layer of the vault's profile: default < file < profile < environment < flag.

The rule: what decides who is asked (the guarded settings) comes from the active profile, even
where `--profile` names another one for a command: whoever starts a command chooses its options,
and an agent is not to choose its guard. A profile that cannot be read is an error, never an empty
one.
"""

from __future__ import annotations

from lango_cli.config import load
from lango_cli.vault import rows_profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.load import Given, Settings
    from lango_cli.config.setting import Setting
    from lango_cli.model_settings import Profiles
    from lango_cli.vault.parts import Parts, Policy
    from lango_cli.vault.profile_documents import Documents
    from lango_cli.wiring.flags import Flags


def settings_of(flags: Flags, vault: Parts) -> Settings:
    """The settings in force for a command that has the vault open, with its secrets to refer to.

    ProfileNotFound where `--profile` names none; InvalidSetting where a profile holds a value that
    a setting cannot have; Tampered or KeyUnusable where it does not open.
    """
    config = load.folders(flags.home).config
    return load.load(config, flags.settings, _layer(flags, vault), reads_secrets(vault))


def reads_secrets(vault: Parts) -> Callable[[str], str]:
    """What gives the text of a secret that a setting refers to; its record is an access."""
    return lambda name: vault.reader.get(name).value.reveal().decode()


def _layer(flags: Flags, vault: Parts) -> list[Given]:
    active = rows_profiles.active(vault.store)
    if flags.profile is None and (active is None or not active[3]):
        return []  # Nothing was ever set: a command that hands out secrets loads no more for it.
    from lango_cli.vault.profile_documents import Documents

    return profile_layer(flags, Documents(vault))


def text_of(flags: Flags, setting: Setting, vault: Parts | None) -> str:
    """How `settings get` prints what is in force; of the profile too where a vault is open."""
    from lango_cli.config.printed import in_force

    layer = () if vault is None else _layer(flags, vault)
    return in_force(setting, load.layers(load.folders(flags.home).config, flags.settings, layer))


def profile_layer(flags: Flags, profiles: Profiles | Documents) -> list[Given]:
    """What the profile that counts for this command sets, and the active one of the guarded."""
    from lango_cli.config.layers import sealed

    guard = profiles.active()
    found = list(sealed(profiles.read(guard), guard))
    if flags.profile is None or flags.profile == guard:
        return found
    named = sealed(profiles.read(flags.profile), flags.profile)
    return [
        *(one for one in named if not one.setting.guarded),
        *(one for one in found if one.setting.guarded),
    ]


def fill_policy(policy: Policy, settings: Settings) -> None:
    """Put in what a profile may say about an open vault."""
    policy.audit_retention = settings.number("audit.retention")
    policy.retention = settings.number("secrets.retention")
    policy.versions = settings.number("secrets.versions")


def settle_late(flags: Flags, vault: Parts) -> None:
    """The profile's say about the vault counts once something asks for it, and is not read before.

    So `secrets get` never reads a profile.
    """
    vault.policy.late = lambda policy: fill_policy(policy, settings_of(flags, vault))

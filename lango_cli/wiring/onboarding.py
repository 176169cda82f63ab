"""What the steps of `lango onboard` look at and do, besides making the vault.

The rule: each step can be seen to be done, so that the guide may be left and begun again; none
replaces what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.config import document, load
from lango_cli.wiring import opening, settings_edit

if TYPE_CHECKING:
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

PROVIDERS = ("anthropic", "openai", "gemini", "github")
"""Those that take an API key."""
RECOVERY = "recovery"
"""The kind of slot that recovery words open."""
GUARD = {
    "security.interceptor.enabled": True,
    "security.interceptor.redactPii": True,
}
"""What a vault that AI agents use is set to."""


def has_vault(flags: Flags) -> bool:
    """Whether there is a vault already."""
    return bool(opening.home_of(opening.folders_of(flags)).vault_files())


def undrilled(vault: Vault) -> str | None:
    """The label of recovery words that were never tried; None if there are none."""
    found = (slot for slot in vault.slots.list() if slot.kind == RECOVERY and not slot.last_tested)
    return next((slot.label for slot in found), None)


def key_name(provider: str) -> str:
    """The secret that keeps a provider's API key."""
    return f"{provider}/api-key"


def kept_keys(vault: Vault) -> list[str]:
    """The providers of which a key is kept."""
    kept = {meta.name for meta in vault.secrets.list()}
    return [provider for provider in PROVIDERS if key_name(provider) in kept]


def has_provider_key(vault: Vault, flags: Flags) -> bool:
    """Whether there is a key of any provider, as a secret or as a setting."""
    profile = vault.profiles.read(flags.profile)
    return bool(kept_keys(vault)) or any(
        document.look(profile, _setting(provider)) is not None for provider in PROVIDERS
    )


def keep_key(vault: Vault, flags: Flags, provider: str, value: SecretBytes) -> str:
    """Keep a provider's API key as secret and setting, in one transaction; the secret's name.

    Conflict where there is such a secret.
    """
    name = key_name(provider)
    changes = _typed(vault, flags, provider)
    changes.keep(_setting(provider), name, value)
    settings_edit.apply(flags, changes, vault)
    return name


def unsettled(vault: Vault, flags: Flags) -> list[str]:
    """The providers with a key whose setting does not lead to it, nor to another one."""
    profile = vault.profiles.read(flags.profile)
    return [one for one in kept_keys(vault) if document.look(profile, _setting(one)) is None]


def refer(vault: Vault, flags: Flags, provider: str) -> None:
    """Make the setting of a provider's key the secret that keeps it."""
    changes = _typed(vault, flags, provider)
    changes.put(_setting(provider), f"{{{{secret:{key_name(provider)}}}}}")
    settings_edit.apply(flags, changes, vault)


def _typed(vault: Vault, flags: Flags, provider: str) -> settings_edit.Changes:
    """Changes that say what kind of provider it is, where nobody did."""
    changes, key = settings_edit.Changes(), f"providers.{provider}.type"
    if document.look(vault.profiles.read(flags.profile), key) is None:
        changes.put(key, provider)
    return changes


def _setting(provider: str) -> str:
    return f"providers.{provider}.apiKey"


def is_guarded(vault: Vault, flags: Flags) -> bool:
    """Whether it was said already what agents may do, be it yes or no."""
    values = settings_edit.standing(flags, vault.profiles)
    return any(values[key].origin != load.DEFAULT for key in GUARD)


def guard(vault: Vault, flags: Flags) -> str:
    """Set the profile up for a vault that AI agents use; its name."""
    changes = settings_edit.Changes()
    for key, value in GUARD.items():
        changes.put(key, value)
    settings_edit.apply(flags, changes, vault)
    return flags.profile or vault.profiles.active()

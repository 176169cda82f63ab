"""What the steps of `lango onboard` look at and do, besides making the vault.

The rule: each step can be seen to be done, so that the guide may be left and begun again; none
replaces what is there.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from lango_cli import files
from lango_cli.config import load
from lango_cli.wiring import opening

if TYPE_CHECKING:
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

PROVIDERS = ("anthropic", "openai", "gemini", "github")
"""Those that take an API key."""
RECOVERY = "recovery"
"""The kind of slot that recovery words open."""
LIMIT = 1 << 20
_COMPLETIONS = {
    "bash": (
        "bash-completion/completions/lango",
        ".local/share/bash-completion/completions/lango",
    ),
    "fish": ("fish/vendor_completions.d/lango.fish", ".config/fish/completions/lango.fish"),
}
"""By shell: where the installation has them below `share`, where the shell looks below HOME."""


class Completions(NamedTuple):
    """Completions that could be installed: for which shell, from where, to where."""

    shell: str
    source: str
    target: str


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


def has_provider_key(vault: Vault) -> bool:
    """Whether there is a key of any provider."""
    kept = {meta.name for meta in vault.secrets.list()}
    return any(key_name(provider) in kept for provider in PROVIDERS)


def keep_key(vault: Vault, provider: str, value: SecretBytes) -> str:
    """Keep a provider's API key, where there is none yet; the secret's name."""
    name = key_name(provider)
    vault.secrets.set(name, value, if_version=0)
    return name


def completions() -> Completions | None:
    """Completions of the person's shell that are not where it looks; None if there are none."""
    shell = os.path.basename(load.variable("SHELL") or "")
    home = load.variable("HOME")
    if shell not in _COMPLETIONS or home is None:
        return None
    inside, below = _COMPLETIONS[shell]
    source, target = os.path.join(sys.prefix, "share", inside), os.path.join(home, below)
    if not files.exists(source) or files.exists(target):
        return None
    return Completions(shell, source, target)


def install(found: Completions) -> None:
    """Put them where the shell looks."""
    data = files.read(found.source, LIMIT)
    files.ensure_folder(os.path.dirname(found.target))
    files.create(found.target, data or b"")

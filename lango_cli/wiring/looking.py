"""A look into the vault, for commands that promise to unlock nothing: what its profile says.

The rule: nothing is asked, noted or written. An unlock session or the home's keyfile opens it, or
nothing does; what the keyfile gives here has no key for the audit log.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.config.layers import unused
from lango_cli.crypto import keys as hierarchy
from lango_cli.errors import InvalidSetting, LangoError, ProfileNotFound
from lango_cli.unlock.keyfile import KeyfileSource
from lango_cli.vault import vault as core
from lango_cli.vault.bundle import Bundle
from lango_cli.vault.home import KEYFILE
from lango_cli.vault.unlocking import open_with
from lango_cli.wiring import opening
from lango_cli.wiring.settings import settings_of
from lango_cli.wiring.sources import session_bundle

if TYPE_CHECKING:
    from lango_cli.config.load import Settings
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.wiring.flags import Flags


@dataclass(frozen=True, slots=True)
class Known:
    """The profile in force, all settings with it, and those set in it that nothing reads there."""

    profile: str
    settings: Settings
    unused: tuple[str, ...]


def known(flags: Flags, vault: core.Vault) -> Known:
    """What is known with the vault open."""
    held = vault.profiles
    name = held.active() if flags.profile is None else flags.profile
    return Known(name, settings_of(flags, vault), tuple(unused(held.read(name))))


def peek(flags: Flags) -> Known | None:
    """What is known without a question; None where the vault is locked, damaged or not there.

    ProfileNotFound or InvalidSetting where the person has to mend something.
    """
    try:
        vault = _open(flags)
    except LangoError:
        return None
    if vault is None:
        return None
    try:
        return known(flags, vault)
    except (InvalidSetting, ProfileNotFound):
        raise
    except LangoError:
        return None
    finally:
        vault.store.abandon()


def _open(flags: Flags) -> core.Vault | None:
    """The vault, to be abandoned."""
    folders, settings = opening.folders_of(flags), opening.load_settings(flags)
    home = opening.home_of(folders)
    envelope = home.read_header(_quietly)
    bundle = session_bundle(settings, folders, envelope)
    if bundle is None:
        bundle = _keyfile_bundle(settings, home, envelope)
    if bundle is None:
        return None
    policy = opening.policy_of(settings, flags)
    return core.open_vault(home, envelope, bundle, policy, _quietly, time.time)


def _keyfile_bundle(settings: Settings, home: Home, envelope: Envelope) -> Bundle | None:
    slots = [slot for slot in envelope.slots if slot.kind == "keyfile"]
    if "keyfile" not in settings.words("unlock.order") or not slots:
        return None
    source = KeyfileSource(home.path(KEYFILE), False)
    opened = open_with(envelope, [source], slots, _quietly)
    vault, master = envelope.vault_bytes, opened.master
    return Bundle(
        envelope.vault,
        envelope.generation,
        opened.slot.id,
        hierarchy.database_key(master, vault),
        hierarchy.wrapping_key(master, vault),
        hierarchy.AuditKey(bytes(hierarchy.KEY_BYTES)),
        hierarchy.header_key(master, vault),
    )


def _quietly(_text: str) -> None:
    """Who only looks reports nothing."""

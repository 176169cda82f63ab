"""Opening the vault: settings, folders and ways to unlock joined to one open vault.

The rule: this package alone names concrete classes and joins rooms; rooms are imported when they
are needed, because `lango secrets get` needs few of them.
"""

from __future__ import annotations

import time

from lango_cli.config import load
from lango_cli.errors import (
    AnotherVault,
    Busy,
    FileProblem,
    Locked,
    Tampered,
    WrongKey,
)
from lango_cli.vault import vault as core
from lango_cli.vault.home import Home
from lango_cli.vault.parts import Policy
from lango_cli.vault.unlocking import in_order, open_with
from lango_cli.wiring.settings import fill_policy, settle_late
from lango_cli.wiring.sources import (
    explicit_source,
    kinds_of,
    of_groups,
    quiet_sources,
    session_bundle,
    shares_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model_custody import Custodian
    from lango_cli.vault.bundle import Bundle
    from lango_cli.vault.envelope import Envelope, Slot
    from lango_cli.vault.parts import Opened
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]


def folders_of(flags: Flags) -> Folders:
    """Where this command's files are."""
    return load.folders(flags.home)


def home_of(folders: Folders) -> Home:
    """The vault's home there."""
    return Home(folders.home, folders.state)


def load_settings(flags: Flags) -> Settings:
    """The settings in force without a vault; `settings.settings_of` has the profile's layer."""
    return load.load(folders_of(flags).config, flags.settings)


def policy_of(settings: Settings, flags: Flags) -> Policy:
    """What the settings say about an open vault."""
    policy = Policy()
    if flags.lock_timeout is None:
        policy.lock_timeout = float(settings.number("vault.lockTimeout")) or float("inf")
    else:
        policy.lock_timeout = flags.lock_timeout
    policy.audit_reads = settings.text("audit.reads")
    policy.late = lambda late: fill_policy(late, settings)
    return policy


def check_profile(flags: Flags, vault: core.Vault) -> None:
    """ProfileNotFound, with the vault closed, where `--profile` names none that there is."""
    if flags.profile is not None:
        from lango_cli.vault.profile_documents import Documents

        try:
            Documents(vault).version(flags.profile)
        except BaseException:
            vault.close()
            raise


def open_vault(
    flags: Flags, ask: Prompter | None, warn: Warn, *, real: bool = False
) -> core.Vault:
    """The vault, unlocked by the first way that works; a context manager.

    `real`: an unlock session is not enough, because slots are to be changed.
    """
    folders = folders_of(flags)
    settings = load_settings(flags)
    home = home_of(folders)
    policy = policy_of(settings, flags)
    while True:
        envelope = home.read_header(warn)
        key = unlock(flags, folders, settings, envelope, ask, warn, real=real)
        try:
            vault = core.open_vault(home, envelope, key, policy, warn, time.time)
            vault.keys.custody = custody_of(settings, folders, ask)
        except (AnotherVault, Busy, FileProblem, Tampered):
            # A new generation may have been made between reading the header and the database.
            if home.read_header(warn).generation == envelope.generation:
                raise
        else:
            settle_late(flags, vault)
            check_profile(flags, vault)
            return vault


def custody_of(
    settings: Settings, folders: Folders, ask: Prompter | None
) -> Callable[[str], Custodian]:
    """What reaches the custodian of a key URI; nothing of one is loaded before that."""

    def reach(uri: str) -> Custodian:
        from lango_cli.wiring.kept import Keeping

        return Keeping(settings, folders, ask).open(uri)

    return reach


def _may_want_pin(slots: Sequence[Slot]) -> bool:
    """Whether a token keeps one of these, and nothing gives its PIN."""
    tokens = (one.uri for slot in slots for one in slot.keepers if one.uri.startswith("pkcs11:"))
    return load.variable(load.PIN) is None and any("pin-source=" not in uri for uri in tokens)


def unlock(
    flags: Flags,
    folders: Folders,
    settings: Settings,
    envelope: Envelope,
    ask: Prompter | None,
    warn: Warn,
    *,
    real: bool,
) -> Bundle | Opened:
    """A session's bundle or an opened slot; Locked, WrongKey or Tampered otherwise."""
    home = home_of(folders)
    named = explicit_source(flags, ask)
    if named is None and flags.slot is None and not flags.share and not real:
        bundle = session_bundle(settings, folders, envelope)
        if bundle is not None:
            return bundle
    slots = in_order(envelope, flags.slot, home.remembered_slot(envelope.vault))
    kinds = kinds_of(slots)
    quiet = quiet_sources(flags, folders, settings, envelope, ask, slots)
    try:
        if flags.share:
            together = of_groups(slots)
            given = [*([named] if named else []), *shares_of(flags)]
            return open_with(envelope, given, together, warn, quiet)
        if named is not None:
            return open_with(envelope, [named], slots, warn, quiet)
        return open_with(envelope, quiet, slots, warn)
    except WrongKey:
        home.count_failure(envelope.vault)
        raise
    except Locked as err:
        from lango_cli.wiring import ways

        members = any(slot.members for slot in slots)
        alone = {slot.kind for slot in slots} if members else kinds
        pin = _may_want_pin(slots)
        text = ways.hint(folders, alone, person=ask is not None, members=members, pin=pin)
        raise Locked(err.message, hint=text) from None

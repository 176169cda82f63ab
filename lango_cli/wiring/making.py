"""Making a vault with everything that stands outside of it: keyring entry, keyfile, words on file.

The rule: an existing vault is refused before any question is asked and any file made. What stands
outside is made under the writer's lock, taken back under it if no vault comes of it, and kept from
the moment the header stands, because from then on it opens a vault.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.crypto.generate import generate
from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import CustodyUnavailable, FileProblem, ProfileNotFound, Tampered
from lango_cli.unlock.keyfile import KeyfileSource
from lango_cli.unlock.keyring import KeyringSource, unavailable
from lango_cli.vault import vault as core
from lango_cli.vault.create import create_vault
from lango_cli.vault.create import refuse_existing as refuse
from lango_cli.vault.envelope import NONE, PBKDF2
from lango_cli.vault.home import KEYFILE
from lango_cli.vault.profile_documents import FIRST
from lango_cli.vault.unlocking import open_with
from lango_cli.wiring import fallback, kept, opening, slotting, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.model import KeyringVerdict, UnlockSource
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.create import NewSlot
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

    Warn = Callable[[str], None]

FIRST_SECRET = "demo/quickstart"  # noqa: S105  # its name
FIRST_SPEC = "password:32"
OURS = (KEYFILE, "config.toml", "vault.", "vault-")
"""How the names begin of what may stand in a home without a vault in it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The slots of a vault to be. `kdf` is the passphrase's; words may go to `recovery_file`."""

    keyring: bool = False
    keyfile: bool = False
    passphrase: SecretBytes | None = None
    kdf: str = PBKDF2
    recovery: SecretBytes | None = None
    recovery_file: str | None = None
    kms: str | None = None
    """The whole URI of the key that keeps a slot."""


@dataclass(frozen=True, slots=True)
class First:
    """What quickstart did: the kind of slot, and why it is not the OS keyring if it is not."""

    kind: str
    keyring: KeyringVerdict
    reason: str


def refuse_existing(flags: Flags) -> None:
    """AlreadyInitialised; Tampered without a readable header; FileProblem for a link."""
    home = opening.home_of(opening.folders_of(flags))
    home.check()
    refuse(home)
    _check_folder(home.folder)


def keyring_verdict(flags: Flags) -> KeyringVerdict:
    """Whether the OS keyring answers now."""
    return sources.os_keyring(opening.folders_of(flags)).describe(fresh=True)


def require_keyring(flags: Flags) -> None:
    """CustodyUnavailable with the reason unless the OS keyring answers."""
    verdict = keyring_verdict(flags)
    if not verdict.usable:
        raise unavailable(verdict.reason)


def keyfile_path(flags: Flags) -> str:
    """Where `init --keyfile` makes the keyfile."""
    return os.path.join(opening.folders_of(flags).home, KEYFILE)


def make_vault(flags: Flags, plan: Plan, warn: Warn, ask: Prompter | None = None) -> Vault:
    """A new vault with the plan's slots, open; a token's PIN may be asked for."""
    if flags.profile not in (None, FIRST):
        raise ProfileNotFound("a new vault has no profile but default")
    folders = opening.folders_of(flags)
    home = opening.home_of(folders)
    settings = opening.load_settings(flags)
    policy = opening.policy_of(settings, flags)
    vault_id = random_bytes(16).hex()
    undo = slotting.Undo()
    _make_folder(home.folder, warn)
    return create_vault(
        home,
        vault_id,
        _slots(kept.Keeping(settings, folders, ask), vault_id, plan, undo),
        policy,
        warn,
        take_back=lambda: undo.take_back(warn),
        page_size=int(settings.text("security.dbEncryption.cipherPageSize")),
        fallback=NONE if plan.kms is None else fallback.wanted(settings),
    )


def _check_folder(path: str) -> int:
    """The bits of the home's mode to take away; FileProblem if other people's files are in it."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        strangers = [name for name in os.listdir(path) if not name.startswith(OURS)]
    except FileNotFoundError:
        return 0
    except OSError as err:
        raise files.problem(path, err) from None
    if mode & 0o077 and strangers:
        raise FileProblem(
            f"{path} holds other files, and others can get at it (mode {mode:04o})",
            hint=f"choose another --home, or: chmod 700 {path}",
        )
    return mode & 0o077


def _make_folder(path: str, warn: Warn) -> None:
    """The home, private from now on; said where something stands in it already."""
    wide = _check_folder(path)
    files.ensure_folder(path)
    if not wide:
        return
    if os.listdir(path):
        warn(f"others could get at {path}; now only you can (mode 0700)")
    files.restrict(path, files.FOLDER_MODE)


def _slots(
    keeping: kept.Keeping, vault_id: str, plan: Plan, undo: slotting.Undo
) -> Iterator[NewSlot]:
    """The slots, with what stands outside of the vault for them; only under the writer's lock."""
    folders = keeping.folders
    if plan.kms is not None:
        yield keeping.new_slot(plan.kms, vault_id, kept.kind_of(plan.kms))
    if plan.recovery is not None and plan.recovery_file is not None:
        slotting.write_words(plan.recovery_file, plan.recovery, undo)
    if plan.keyring:
        yield slotting.keyring_slot(folders, vault_id, "keyring", undo)
    if plan.keyfile:
        path = os.path.join(folders.home, KEYFILE)
        yield slotting.keyfile_slot(path, "keyfile", plan.kdf, undo, given=False)
    if plan.passphrase is not None:
        yield slotting.passphrase_slot(plan.passphrase, "passphrase", plan.kdf)
    if plan.recovery is not None:
        yield slotting.recovery_slot(plan.recovery, "recovery")


def quickstart(flags: Flags, warn: Warn) -> First:
    """A vault with one machine slot, the OS keyring's if that answers, and a first secret."""
    refuse_existing(flags)
    verdict = keyring_verdict(flags)
    kind, reason = _make_first(flags, verdict, warn)
    _keep_first(flags, kind, warn)
    return First(kind, verdict, reason)


def _make_first(flags: Flags, verdict: KeyringVerdict, warn: Warn) -> tuple[str, str]:
    reason = verdict.reason
    if verdict.usable:
        try:
            make_vault(flags, Plan(keyring=True), warn).close()
        except CustodyUnavailable as err:
            reason = err.message
        else:
            return "keyring", ""
    make_vault(flags, Plan(keyfile=True), warn).close()
    return "keyfile", reason


def _keep_first(flags: Flags, kind: str, warn: Warn) -> None:
    """Store a generated secret, open the vault anew as the next command will, and compare."""
    value = generate(FIRST_SPEC)
    with _reopen(flags, kind, warn) as vault:
        vault.secrets.set(FIRST_SECRET, value)
    with _reopen(flags, kind, warn) as vault:
        if vault.secrets.get(FIRST_SECRET).value != value:
            raise Tampered(f"{FIRST_SECRET} did not come back as it was stored")


def _reopen(flags: Flags, kind: str, warn: Warn) -> Vault:
    folders = opening.folders_of(flags)
    home = opening.home_of(folders)
    envelope = home.read_header(warn)
    source: UnlockSource = (
        KeyringSource(sources.os_keyring(folders), envelope.vault)
        if kind == "keyring"
        else KeyfileSource(home.path(KEYFILE), False)
    )
    opened = open_with(envelope, [source], envelope.slots, warn)
    policy = opening.policy_of(opening.load_settings(flags), flags)
    return core.open_vault(home, envelope, opened, policy, warn)

"""Where a vault stands: what can be said of it without unlocking it, and the sessions it has.

The rule: nothing here asks, notes or writes, and the OS keyring is at most probed. What the
profile says is told where an unlock session or the keyfile shows it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import FileProblem, LangoError, TooLarge
from lango_cli.unlock.session import KernelKeyring
from lango_cli.unlock.session_process import SessionProcess
from lango_cli.vault.audit import PENDING_LIMIT
from lango_cli.vault.home import KEYFILE, PENDING
from lango_cli.vault.recipient import ELSEWHERE
from lango_cli.vault.slot_info import describe
from lango_cli.wiring import checks_approval, fallback, opening, presidio, sources
from lango_cli.wiring.looking import peek

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model import KeyringVerdict, SessionStore, SlotInfo
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.presidio import Verdict

    Warn = Callable[[str], None]


ID = 32
"""Hex digits of a vault's id."""
KMS_NOT_ASKED = "not asked; see lango keys kms status"
KEYRING_ANSWERS = "the service answers; the entry is not looked at"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to unlock, in its turn: whether it would work (None: not looked at), and why."""

    name: str
    ready: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Session:
    """An unlock session: where it is kept, and for how many seconds more."""

    store: str
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What `lango status` says."""

    home: str
    vault: str
    format: int
    generation: int
    revision: int
    created: str
    slots: tuple[SlotInfo, ...]
    session: Session | None
    keyring: KeyringVerdict
    ways: tuple[Way, ...]
    fallback: str
    kept: bool
    """Whether custodians keep any of its slots, which the fallback policy is about."""
    last_fallback: int
    pending_records: int
    failed_unlocks: int
    presidio: Verdict
    approval: str
    profile: str
    """The one in force; empty where the vault is locked."""
    unused: tuple[str, ...]
    """Settings of the profile that nothing reads from there."""


def stores(folders: Folders) -> Sequence[SessionStore]:
    """Every place where an unlock session may be, whatever the settings prefer now."""
    return (KernelKeyring(), SessionProcess(folders.runtime))


def end_sessions(folders: Folders, vault: str) -> list[str]:
    """Forget this vault's sessions everywhere; the names of the places that had one."""
    return [store.name for store in stores(folders) if store.drop(vault)]


def drop_sessions(flags: Flags, warn: Warn) -> list[str]:
    """Forget the vault's sessions; the names of the places that had one.

    Where no header says which vault this is, those of every vault that this user had open go.
    """
    folders = opening.folders_of(flags)
    try:
        vault = opening.home_of(folders).read_header(warn).vault
    except LangoError as err:
        dropped = sorted({name for it in _known(folders) for name in end_sessions(folders, it)})
        if not dropped:
            raise
        warn(f"{err.message}; the sessions of every vault are ended")
        return dropped
    return end_sessions(folders, vault)


def _known(folders: Folders) -> set[str]:
    """The ids of vaults whose traces are in the runtime and state folders."""
    found = set()
    for folder in (folders.runtime, folders.state):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        found |= {name.partition(".")[0] for name in names}
    return {name for name in found if len(name) == ID and not name.strip("0123456789abcdef")}


def standing(flags: Flags, warn: Warn, *, person: bool) -> Standing:
    """All that is known of a locked vault; `person`: somebody could be asked."""
    folders = opening.folders_of(flags)
    settings = opening.load_settings(flags)
    home = opening.home_of(folders)
    envelope = home.read_header(warn)
    verdict = sources.os_keyring(folders).describe()
    session = _session(folders, envelope.vault)
    known = peek(flags)
    return Standing(
        home=home.folder,
        vault=envelope.vault,
        format=envelope.format,
        generation=envelope.generation,
        revision=envelope.revision,
        created=envelope.created,
        slots=tuple(describe(envelope, {})),
        session=session,
        keyring=verdict,
        ways=_named(flags) or _ways(settings, home, envelope, verdict, session, person),
        fallback=envelope.fallback,
        kept=fallback.has_it(envelope),
        last_fallback=home.last_fallback(envelope.vault),
        pending_records=pending_records(home),
        failed_unlocks=home.failed_unlocks(envelope.vault),
        presidio=presidio.verdict(settings),
        approval=checks_approval.line(settings if known is None else known.settings),
        profile="" if known is None else known.profile,
        unused=() if known is None else known.unused,
    )


def _session(folders: Folders, vault: str) -> Session | None:
    for store in stores(folders):
        left = store.remaining(vault)
        if left is not None:
            return Session(store.name, left)
    return None


def _named(flags: Flags) -> tuple[Way, ...]:
    """The one way that a variable or a credentials folder names, if one does."""
    try:
        named = sources.explicit_source(flags, None)
    except LangoError as err:
        return (Way("environment", False, err.message),)
    if named is None:
        return ()
    return (Way(named.name, True, "it is named, so nothing else is tried"),)


def _ways(
    settings: Settings,
    home: Home,
    envelope: Envelope,
    verdict: KeyringVerdict,
    session: Session | None,
    person: bool,
) -> tuple[Way, ...]:
    kinds = sources.kinds_of(envelope.slots)
    judged = {
        "session": (session is not None, "an unlock session is open", "no unlock session"),
        "keyring": (verdict.usable, KEYRING_ANSWERS, verdict.reason),
        "keyfile": (_there(home.path(KEYFILE)), "it is there", "no keyfile in the home"),
        "kms": (True, KMS_NOT_ASKED, ""),
        "prompt": (person, "somebody can be asked", "nobody can be asked"),
    }
    needs = {"keyring": "keyring", "keyfile": "keyfile", "prompt": "passphrase"}
    if any(slot.keepers for slot in envelope.slots):
        needs["kms"] = next(kind for kind in ELSEWHERE if kind in kinds)
    found = []
    for name in settings.words("unlock.order"):
        if name == "kms" and name not in needs:
            continue
        ready, why, why_not = judged[name]
        kind = needs.get(name)
        if kind is not None and kind not in kinds:
            ready, why_not = False, f"the vault has no {kind} slot"
        # Whether the entry is right is known only by reading it, and that unlocks.
        known = None if ready and name in ("keyring", "kms") else ready
        found.append(Way(name, known, why if ready else why_not))
    return tuple(found)


def _there(path: str) -> bool:
    try:
        return files.exists(path)
    except FileProblem:
        return False


def pending_records(home: Home) -> int:
    """How many audit records wait for the next writer."""
    try:
        data = files.read(home.path(PENDING), PENDING_LIMIT)
    except (FileProblem, TooLarge):
        return 0
    return (data or b"").count(b"\n")

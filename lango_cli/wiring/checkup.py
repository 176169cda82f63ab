"""The whole of `doctor`: every check in its turn, and what `--fix` mends.

The rule: a check that fails is a finding, never the end of the checkup; what needs an open vault
is skipped with the reason where it does not open. Nothing is asked, unless it is to mend.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lango_cli.errors import (
    Cancelled,
    CustodyError,
    Interrupted,
    InvalidSetting,
    LangoError,
    Locked,
    NotInitialised,
    ProfileNotFound,
    Tampered,
    UnknownSetting,
    WrongKey,
)
from lango_cli.vault import mending
from lango_cli.vault import vault as core
from lango_cli.vault.home import COPY
from lango_cli.wiring import (
    checks_approval,
    checks_custody,
    checks_files,
    checks_machine,
    checks_pii,
    checks_vault,
    drilling,
    opening,
    sources,
)
from lango_cli.wiring.findings import (
    ERROR,
    LEVELS,
    Finding,
    advice,
    error,
    guarded,
    mended,
    skipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.config.load import Folders
    from lango_cli.model import KeyringVerdict
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags
    from lango_cli.wiring.sources import Prompter

NEED_OPEN = {
    "drill": "when each slot was tried",
    "database": "the pages of the database",
    "audit": "the audit log",
    "due": "which secrets have expired or are due",
    "masking": "which values can be masked in output",
}
"""Checks that are skipped where the vault does not open, and what they look at."""
STOP = (Cancelled, Interrupted, ProfileNotFound)
"""What is no finding but the person's own end of the checkup, or their mistake."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All findings, the gravest first, and the versions of what is at work."""

    findings: tuple[Finding, ...]
    versions: dict[str, str]

    def count(self, level: str) -> int:
        """How many findings of this level still stand."""
        return sum(found.level == level and found.counts for found in self.findings)


class Doctor:
    """One checkup. `ask` answers only where `fix` needs the vault unlocked."""

    def __init__(self, flags: Flags, ask: Prompter | None, *, fix: bool) -> None:
        self.flags = flags
        self.fix = fix
        self.folders: Folders = opening.folders_of(flags)
        self.home: Home = opening.home_of(self.folders)
        self._ask = ask
        self._warnings: list[str] = []
        self._opens: set[str] = set()

    def examine(self) -> Checkup:
        """Run every check, mend what can be if that is wished."""
        findings = [self._plain(found) for found in self._once()]
        findings.sort(key=lambda found: LEVELS.index(found.level))
        return Checkup(tuple(findings), checks_machine.versions())

    def _once(self) -> Iterator[Finding]:
        """Every finding but what fails because of one path of which something is said already."""
        found = list(self._all())
        paths = checks_files.complaints(found, self.folders, self.home)
        for finding in found:
            repeats = finding.level == ERROR and any(path in finding.text for path in paths)
            if finding.id in checks_files.OURS or not repeats:
                yield finding

    def _plain(self, finding: Finding) -> Finding:
        """The finding without a hint that only leads back here."""
        circular = "lango doctor" in finding.hint and (self.fix or "--" not in finding.hint)
        return replace(finding, hint="") if circular else finding

    def _all(self) -> Iterator[Finding]:
        for finding in self._machine():
            yield self._treated(finding)
        yield from self._vault()

    def _treated(self, finding: Finding) -> Finding:
        return mended(finding) if self.fix else finding

    def _machine(self) -> Iterator[Finding]:
        yield from checks_machine.core_dumps()
        yield from checks_machine.swap()
        yield from checks_machine.environment()
        yield from checks_machine.settings(self.flags, self.folders)
        yield from checks_pii.redaction(self.flags, self.folders)
        yield from checks_approval.approval(self.flags)
        files = checks_files.permissions(self.folders, self.home)
        yield from guarded("permissions", files)

    def _vault(self) -> Iterator[Finding]:
        envelope: Envelope | None = None
        absent = False
        try:
            envelope = self.home.read_header(lambda _text: None)
        except NotInitialised as err:
            absent = True
            yield advice("vault", err.message, err.hint)
        except LangoError as err:
            yield error("vault", err.message, err.hint)
        verdict = sources.os_keyring(self.folders).describe(fresh=True)
        kinds = set() if envelope is None else {slot.kind for slot in envelope.slots}
        yield from checks_machine.keyring(verdict, needed="keyring" in kinds)
        generation = None if envelope is None else envelope.generation
        for finding in guarded("leftovers", checks_files.leftovers(self.home, generation)):
            yield self._treated(finding)
        if envelope is not None:
            yield from self._inside(envelope, verdict)
        elif not absent:
            yield from _skipped("no header can be read")

    def _inside(self, envelope: Envelope, verdict: KeyringVerdict) -> Iterator[Finding]:
        """What needs the vault open; the headers are mended by the key that opened it."""
        vault, found, why = self._opened(envelope)
        yield from found
        if vault is None:
            yield from checks_vault.headers(self.home, None)
            yield from _skipped(why)
        else:
            yield from guarded("vault", self._opened_up(vault))
            envelope = vault.envelope
        slots = checks_vault.machine_slots(self.folders, self.home, envelope, verdict, self._opens)
        yield from guarded("sources", slots)
        custodians = checks_custody.kept_slots(self.flags, self.folders, envelope)
        yield from guarded("custody", custodians)
        if vault is not None or not found:
            yield from checks_vault.ways_in(envelope, self._opens, locked=vault is None)
        human = any(slot.kind in checks_vault.HUMAN for slot in envelope.slots)
        yield from checks_vault.survivors(envelope, opens=human or bool(self._opens))
        for finding in guarded("state", checks_files.witness(self.home, envelope)):
            yield self._treated(finding)
        yield from (advice("unlock", text) for text in self._warnings)

    def _opened_up(self, vault: Vault) -> Iterator[Finding]:
        with vault:
            if vault.master is not None:
                self._opens.add(vault.bundle.slot)
            for finding in checks_vault.headers(self.home, lambda: mending.mend_headers(vault)):
                yield self._treated(finding)
            yield from checks_vault.open_vault(vault)

    def _opened(self, envelope: Envelope) -> tuple[Vault | None, list[Finding], str]:
        """The open vault, what was found on the way to it, and why it is not open if it is not."""
        try:
            return self._open(envelope), [], ""
        except WrongKey as err:
            if drilling.names_a_way(self.flags):
                raise
            return None, [error("unlock", err.message, err.hint)], "the vault is locked"
        except STOP:
            raise
        except (InvalidSetting, UnknownSetting):
            return None, [], "the settings cannot be read"
        except (Locked, CustodyError):
            if drilling.names_a_way(self.flags):
                raise
            return self._open_to_mend(envelope), [], "the vault is locked"
        except LangoError as err:
            vault, found = self._rescue(envelope, err)
            return vault, [found], "the vault does not open"

    def _open(self, envelope: Envelope, *, accept_age: bool = False, ask: bool = False) -> Vault:
        settings = opening.load_settings(self.flags)
        person = self._ask if ask or self.flags.recovery else None
        # What is stale, `machine_slots` says.
        key = opening.unlock(
            self.flags, self.folders, settings, envelope, person, _unheard, real=accept_age
        )
        policy = opening.policy_of(settings, self.flags)
        vault = core.open_vault(
            self.home, envelope, key, policy, self._warn, time.time, accept_age=accept_age
        )
        opening.check_profile(self.flags, vault)
        vault.keys.custody = opening.custody_of(settings, self.folders, person)
        return vault

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)

    def _open_to_mend(self, envelope: Envelope) -> Vault | None:
        """With --fix a locked vault is worth a question, if its headers are what is wrong."""
        headers = checks_vault.headers(self.home, None)
        if not (self.fix and any(finding.level == ERROR for finding in headers)):
            return None
        for header in filter(None, (envelope, self._copy())):
            try:
                return self._open(header, ask=True)
            except STOP:
                raise
            except LangoError:
                continue
        return None

    def _rescue(self, envelope: Envelope, err: LangoError) -> tuple[Vault | None, Finding]:
        """A vault that was rolled back, or whose header was changed, as far as --fix may help."""
        again = self._way_back(envelope, err)
        if again is None or not self.fix:
            return None, Finding("vault", ERROR, err.message, err.hint, fix=again)
        try:
            vault = again()
        except STOP:
            raise
        except LangoError as second:
            text = f"{err.message}; it cannot be mended: {second.message}"
            return None, error("vault", text, second.hint)
        return vault, Finding("vault", ERROR, err.message, fixed=True)

    def _way_back(self, envelope: Envelope, err: LangoError) -> Callable[[], Vault] | None:
        """The header's copy, if that is another one; then what was rolled back, as it is."""
        ways: list[Callable[[], Vault]] = []
        copy = self._copy() if isinstance(err, Tampered) else None
        if copy is not None and not mending.same_header(copy, envelope):
            ways.append(lambda: self._open(copy, ask=True))
        if err.message in (core.OLD_HEADER, core.OLD_DATABASE):
            ways.append(lambda: self._open(envelope, accept_age=True, ask=True))
        return (lambda: _first(ways)) if ways else None

    def _copy(self) -> Envelope | None:
        """The header's copy, if it can be read; the vault's key judges it."""
        try:
            return mending.header_of(self.home, COPY)
        except LangoError:
            return None


def _unheard(_text: str) -> None:
    """A warning that a finding repeats."""


def _skipped(why: str) -> Iterator[Finding]:
    return (skipped(check, what, why) for check, what in NEED_OPEN.items())


def _first(ways: list[Callable[[], Vault]]) -> Vault:
    """What the first way that works gives; the last one's error if none does."""
    for way in ways[:-1]:
        try:
            return way()
        except STOP:
            raise
        except LangoError:
            continue
    return ways[-1]()

"""A vault's files: where they are, whether there is a vault, and reading and writing the header.

The rule: a vault exists if any of header, copy or database does. The header is replaced whole,
then its copy; if one of the two cannot be read the other is used and the reason reported, and a
header that can be read but not verified is never passed over for its copy.
"""

from __future__ import annotations

import os

from lango_cli import files
from lango_cli.errors import FileProblem, LangoError, NotInitialised, Tampered, TooLarge
from lango_cli.vault.envelope import HEADER_LIMIT
from lango_cli.vault.header import parse
from lango_cli.vault.store import COMPACT, SIDES, UNFINISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.crypto.keys import HeaderKey
    from lango_cli.vault.envelope import Envelope

HEADER = "vault.json"
COPY = "vault.json.2"
PENDING = "audit.pending"
KEYFILE = "keyfile"
GENERATIONS = 1 << 52
"""A file's number from here on is none of a generation: the header could not hold many more."""


class Home:
    """The folder of one vault, and its two places outside: state and runtime folders."""

    __slots__ = ("folder", "state")

    def __init__(self, folder: str, state: str) -> None:
        self.folder = folder
        self.state = state

    def path(self, name: str) -> str:
        """A file of the home."""
        return os.path.join(self.folder, name)

    def database(self, generation: int) -> str:
        """The database file of a generation."""
        return self.path(f"vault-{generation}.db")

    def counters(self, vault: str) -> str:
        """Where the commit count is kept outside the home."""
        return os.path.join(self.state, f"{vault}.commits")

    def last_slot(self, vault: str) -> str:
        """Where the slot that worked last is remembered."""
        return os.path.join(self.state, f"{vault}.slot")

    def failures(self, vault: str) -> str:
        """Where failed unlocks are counted."""
        return os.path.join(self.state, f"{vault}.failures")

    def fallbacks(self, vault: str) -> str:
        """Where the time of the last fallback is kept."""
        return os.path.join(self.state, f"{vault}.fallback")

    def vault_files(self) -> list[str]:
        """Names of header, copy and databases that are there."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as err:
            raise files.problem(self.folder, err) from None
        return sorted(
            name
            for name in names
            if name in (HEADER, COPY) or (name.startswith("vault-") and name.endswith(".db"))
        )

    def generations(self) -> list[tuple[int, str, str]]:
        """Every file of a database: its generation, what stands after `.db`, its name.

        Sorted, so that a database comes before its log. Only names that lango gives: what somebody
        put beside them (`vault-1.db.bak`, `vault-01.db`) is theirs, and nothing here removes it.
        """
        found = []
        try:
            names = sorted(os.listdir(self.folder))
        except OSError as err:
            raise files.problem(self.folder, err) from None
        for name in names:
            number, dot, rest = name.removeprefix("vault-").partition(".db")
            generation = _generation(number)
            if name.startswith("vault-") and dot and generation and _is_ending(rest):
                found.append((generation, rest, name))
        return found

    def check(self) -> None:
        """FileProblem if the home is a link."""
        if os.path.islink(self.folder):
            raise FileProblem(
                f"{self.folder} is a symbolic link, and lango follows none here",
                hint="name the real folder: --home DIR",
            )

    def read_header(self, warn: Callable[[str], None]) -> Envelope:
        """The header, or its copy where only that can be read.

        NotInitialised without a vault, Tampered where neither can be read, NewerFormat.
        """
        self.check()
        problems = []
        for name in (HEADER, COPY):
            try:
                envelope = self._parse(name)
            except (Tampered, TooLarge) as err:
                problems.append(err.message)
                continue
            if problems:
                warn(f"using the copy of the header: {problems[0]} (mend it: lango doctor --fix)")
            return envelope
        if not self.vault_files():
            raise NotInitialised(f"no vault at {self.folder}")
        raise Tampered(f"neither header can be read: {'; '.join(problems)}")

    def _parse(self, name: str) -> Envelope:
        data = files.read(self.path(name), HEADER_LIMIT)
        if data is None:
            raise Tampered(f"{name} is missing")
        return parse(data)

    def write_header(self, envelope: Envelope, key: HeaderKey) -> None:
        """Replace header and copy by the next revision; under the writer's lock."""
        envelope.revision += 1
        data = envelope.render(key)
        parse(data)
        self.clear_leftovers()
        files.replace_all((self.path(HEADER), self.path(COPY)), data)

    def even_copies(self, key: HeaderKey, *, whatever: bool = False) -> None:
        """Make an older copy equal to the header, under the writer's lock: a crash leaves one.

        A copy that is missing, or cannot be read or verified, stays for `doctor` to report,
        unless it is to go `whatever` it is. Tampered if the header is not one that lango wrote.
        """
        data = files.read(self.path(HEADER), HEADER_LIMIT)
        if data is None:
            raise Tampered(f"{HEADER} is missing")
        copy = files.read(self.path(COPY), HEADER_LIMIT)
        if copy == data:
            return
        header = parse(data)
        header.verify(key)
        if not whatever:
            if copy is None:
                return
            older = parse(copy)
            older.verify(key)
            if older.revision >= header.revision:
                return
        files.replace(self.path(COPY), data)

    def clear_leftovers(self) -> None:
        """Remove headers that were never finished; under the writer's lock."""
        for name in os.listdir(self.folder):
            if name.startswith(f"{HEADER}.") and name.endswith(files.PASSING):
                files.remove(self.path(name))

    def count_failure(self, vault: str) -> None:
        """One more failed unlock, best effort."""
        try:
            files.overwrite(self.failures(vault), b"%020d\n" % (self.failed_unlocks(vault) + 1))
        except LangoError:
            return

    def failed_unlocks(self, vault: str) -> int:
        """How many unlocks failed on this machine."""
        return files.read_count(self.failures(vault))

    def note_fallback(self, vault: str, now: float) -> None:
        """When a local slot last served in place of a custodian's, best effort."""
        try:
            files.ensure_folder(self.state)
            files.overwrite(self.fallbacks(vault), b"%020d\n" % int(now))
        except LangoError:
            return

    def last_fallback(self, vault: str) -> int:
        """When that was, in seconds since 1970 UTC; 0 for never."""
        return files.read_count(self.fallbacks(vault))

    def remember_slot(self, vault: str, slot: str) -> None:
        """The slot to try first next time, best effort; written only when it is another one."""
        if self.remembered_slot(vault) != slot:
            try:
                files.overwrite(self.last_slot(vault), slot.encode() + b"\n")
            except LangoError:
                return

    def remembered_slot(self, vault: str) -> str:
        """The id of the slot that worked last, or nothing."""
        try:
            data = files.read(self.last_slot(vault), 64)
        except LangoError:
            return ""
        return (data or b"").decode("ascii", "replace").strip()


def _generation(number: str) -> int:
    """The number as a file's name has it, 0 for one that lango does not write so."""
    if not (number.isascii() and number.isdigit() and len(number) < 17):
        return 0
    value = int(number)
    return value if number == str(value) and value < GENERATIONS else 0


def _is_ending(rest: str) -> bool:
    """Whether lango or SQLite gives this ending: of a copy of `vacuum`, of a database, its log."""
    return rest.startswith(f"{COMPACT}.") or rest.removeprefix(UNFINISHED) in ("", *SIDES)

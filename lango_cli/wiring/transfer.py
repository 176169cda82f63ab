"""Secrets in and out of files: `formats` on one side, the vault's `bulk` on the other.

The rule: what a file holds is read whole and compared before anything is written, and what leaves
is written out whole before it is put on record and handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.formats import catalogue
from lango_cli.formats.entry import Entry, Problem
from lango_cli.vault import bulk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.formats.entry import Parsed
    from lango_cli.model import Progress
    from lango_cli.vault.bulk import Standing
    from lango_cli.vault.vault import Vault


class Plan:
    """What an import would do: the standing of each entry, and every problem with the input."""

    def __init__(self, source: str, parsed: Parsed, standings: Sequence[Standing]) -> None:
        self.source = source
        self.standings = standings
        self.ignored = parsed.ignored
        places = {id(entry): entry.place for entry in parsed.entries}
        refused = [one for one in standings if one.kind == bulk.REFUSED]
        names = [Problem(places[id(one.incoming)], one.reason) for one in refused]
        self.refused = sorted(parsed.problems + names, key=_in_order)

    def names(self, *kinds: str) -> list[str]:
        """The names of these kinds, as they stand in the input."""
        return [one.name for one in self.standings if one.kind in kinds]

    def keep_what_is_there(self) -> None:
        """Leave what the vault has as it is: only what is new is imported."""
        kept = (bulk.CHANGED, bulk.DESCRIBED)
        self.standings = [one for one in self.standings if one.kind not in kept]


def _in_order(problem: Problem) -> tuple[int, str]:
    """Lines by their number, then the rest by its path."""
    number = problem.place.removeprefix("line ")
    return (int(number) if number.isdigit() else 1 << 60, problem.place)


def plan(vault: Vault, source: str, parsed: Parsed, prefix: str) -> Plan:
    """How the entries stand beside the vault, their names behind `prefix`."""
    if prefix:
        for entry in parsed.entries:
            entry.name = prefix + entry.name
    return Plan(source, parsed, bulk.compare(vault.secrets, parsed.entries))


def carry_out(vault: Vault, wanted: Plan, progress: Progress) -> None:
    """Write what the plan says, all of it or nothing."""
    bulk.write(vault.secrets, wanted.standings, wanted.source, progress)


def note_dry_run(vault: Vault, wanted: Plan) -> None:
    """Put on record that values were compared."""
    bulk.record_comparison(vault.secrets, wanted.source, len(wanted.standings))


class Wish:
    """How an export is wanted: format, folder, what stands before each key, names in full."""

    def __init__(
        self, form: str, folder: str, key_prefix: str = "", full_names: bool = False
    ) -> None:
        self.form = form
        self.folder = folder
        self.key_prefix = key_prefix
        self.full_names = full_names
        self.title = catalogue.TITLE


def export(vault: Vault, wish: Wish) -> tuple[bytes, list[str]]:
    """A file with every secret of a folder, and their names; it is on record as read."""
    leaving = bulk.export(vault.secrets, wish.folder)
    whole = wish.full_names or catalogue.FORMATS[wish.form].whole
    entries = [_entry(one, "" if whole else wish.folder) for one in leaving]
    data = catalogue.write(wish.form, entries, wish.key_prefix, wish.title)
    names = [one.name for one in leaving]
    bulk.record_export(vault.secrets, wish.folder, wish.form, names)
    return data, names


def _entry(one: bulk.Outgoing, folder: str) -> Entry:
    inside = f"{folder.rstrip('/')}/" if folder else ""
    entry = Entry(one.name.removeprefix(inside), one.value)
    entry.note, entry.owner, entry.tags = one.note, one.owner, one.tags
    entry.expires_at, entry.rotate_every = one.expires_at, one.rotate_every
    return entry

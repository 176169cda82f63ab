"""How values are told that somebody who lost the right to them could read: the list of to-dos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.codec import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.cli.call import Call
    from lango_cli.vault.shapes import Exposure


def state(one: Exposure) -> str:
    """How far a secret is: `change it`, `changed`, or `deleted`."""
    if not one.due:
        return "changed"
    return "deleted" if one.deleted else "change it"


def exposed_members(found: Sequence[Exposure]) -> list[dict[str, object]]:
    """The list as JSON has it."""
    return [
        {
            "name": one.name,
            "due": one.due,
            "deleted": one.deleted,
            "version": one.version,
            "exposed_versions": list(one.versions),
            "slots": list(one.slots),
            "exposed_at": rfc3339(one.at),
        }
        for one in found
    ]


def exposed_rows(found: Sequence[Exposure]) -> list[tuple[str, ...]]:
    """The list as a table has it."""
    return [
        (one.name, state(one), ",".join(map(str, one.versions)), ", ".join(one.slots))
        for one in found
    ]


def progress_text(found: Sequence[Exposure]) -> str:
    """How far the whole list is."""
    done = sum(not one.due for one in found)
    return f"{done} of {len(found)} exposed secrets have a new value"


def tell_exposed(call: Call, found: Sequence[Exposure]) -> None:
    """How much there is to do, and where the list is."""
    versions = sum(len(one.versions) for one in found)
    many = "1 version" if versions == 1 else f"{versions} versions"
    call.ui.note(f"{many} of values could be read; change them: lango secrets due --exposed")

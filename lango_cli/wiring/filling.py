"""`lango env` and `lango inject`: texts filled for a reader that lango does not know."""

from __future__ import annotations

import os

from lango_cli.config import load
from lango_cli.crypto.mac import digest
from lango_cli.interceptor import use_policy as ways
from lango_cli.launch import environment as inheriting
from lango_cli.launch.shells import SHELLS, line
from lango_cli.wiring.handing import Place, Receiver, hand_out
from lango_cli.wiring.ordering import check_types, project_of, read_named, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.handing import Approve
    from lango_cli.wiring.ordering import Order

    Open = Callable[[], Vault]
    Warn = Callable[[str], None]

__all__ = ["SHELLS", "environment", "template"]

TEMPLATE_LIMIT = 16 << 20
"""Bytes of a template."""


def environment(order: Order, shell: str, vault: Open, approve: Approve, warn: Warn) -> bytes:
    """Lines for a shell that set all that lango would set for a command."""
    project = project_of(order)
    inherited = inheriting.inherited(load.environment(), everything=True)
    found = variables(order, ways.SHELL, inherited, project)
    shown = {"given": {place.label: place.text for place in found.values()}}
    receiver = Receiver("", f"env for {shell}", shown)
    texts = _filled(list(found.values()), receiver, vault, approve, warn)
    filled = dict(zip(found, texts, strict=True))
    check_types(project, filled)
    return b"".join(line(shell, name, data) for name, data in filled.items())


def template(source: str, where: str, vault: Open, approve: Approve, warn: Warn) -> bytes:
    """A template, filled; `where` is what the audit log says it goes to."""
    label = "the template" if source == "-" else os.path.basename(source)
    data = read_named(source, TEMPLATE_LIMIT)
    # A template may be longer than anybody reads: a yes is for this one, known by its digest.
    named = "standard input" if source == "-" else os.path.abspath(source)
    shown = {"template": named, "sha256": digest(data).hex()}
    receiver = Receiver("", f"inject to {where}", shown)
    return _filled([Place(ways.TEMPLATE, label, data)], receiver, vault, approve, warn)[0]


def _filled(
    places: list[Place], receiver: Receiver, vault: Open, approve: Approve, warn: Warn
) -> list[bytes]:
    """The places filled; the vault stays closed where nothing is referred to."""
    if not any(place.references for place in places):
        return [b"".join(p for p in place.pieces if isinstance(p, bytes)) for place in places]
    with vault() as opened:
        return hand_out(opened, places, receiver, approve, warn).texts

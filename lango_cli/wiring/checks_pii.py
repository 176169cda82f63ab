"""Checks of what takes personal data out: the patterns that the settings name, and Presidio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.errors import LangoError
from lango_cli.wiring import presidio
from lango_cli.wiring.findings import advice, error, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.config.load import Folders, Settings
    from lango_cli.wiring.findings import Finding
    from lango_cli.wiring.flags import Flags

OWN = tuple(
    f"security.interceptor.pii{name}Patterns" for name in ("Enabled", "Disabled", "Custom")
)

SET = "lango settings set security.interceptor.presidio."
OFF, BLOCK = f"start it, or: {SET}enabled false", f"{SET}whenDown block"


def redaction(flags: Flags, folders: Folders) -> Iterator[Finding]:
    """Both checks; settings that cannot be read are another check's finding."""
    try:
        settings = load.load(folders.config, flags.settings)
    except LangoError:
        return
    yield from _patterns(settings)
    yield from _presidio(settings)


def _patterns(settings: Settings) -> Iterator[Finding]:
    if all(settings.origin(key) == load.DEFAULT for key in OWN):
        yield ok("patterns", "redaction looks for the patterns that are on by default")
        return
    from lango_cli.wiring import redacting

    try:
        found = redacting.patterns(settings, redacting.Choice())
    except LangoError as err:
        yield error("patterns", err.message, err.hint)
    else:
        yield ok("patterns", f"redaction looks for {sum(one.on for one in found)} patterns")


def _presidio(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, and what its absence would mean."""
    stands = presidio.verdict(settings)
    text = f"presidio: {stands.line()}"
    if not stands.enabled:
        yield ok("presidio", text)
    elif not stands.answers:
        yield error("presidio", text, OFF)
    elif stands.when_down != "block":
        yield advice("presidio", text, BLOCK)
    else:
        yield ok("presidio", text)

"""The layer of a profile: what of a profile's document is a setting that is read from there.

The rule: a setting that is needed before a vault is open, or by commands that open none, is a
bootstrap setting: it stands in `config.toml` and is never read from a profile. All others are
sealed: the profile stands above the file. What no part of lango reads yet is kept and passed over
here, and `unused` names it, so that nobody takes it for being in force.
"""

from __future__ import annotations

from lango_cli.config.finding import flat, known
from lango_cli.config.load import PROFILE, Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


def sealed(document: Mapping[str, Any], name: str) -> Iterator[Given]:
    """What is read from a profile that has this document; an error names the profile.

    A name that is not known, as another version of lango may have left one, is passed over.
    """
    for key, value in flat(document):
        setting = known(key)
        if setting is not None and not setting.bootstrap:
            yield Given.of(setting, value, PROFILE, f"profile {name}")


def unused(document: Mapping[str, Any]) -> list[str]:
    """The settings of a profile that nothing reads from there, sorted."""
    found = ((key, known(key)) for key, _ in flat(document))
    return sorted(key for key, one in found if one is None or one.bootstrap or not one.used)

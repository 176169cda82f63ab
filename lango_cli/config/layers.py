"""The layer of a profile: what of a profile's document is a setting that is read from there.

The rule: a setting that is needed before a vault is open, or by commands that open none, is a
bootstrap setting: it stands in `config.toml` and is never read from a profile. All others are
sealed: the profile stands above the file. What no part of lango reads yet is kept and passed over
here, and `unused` names it, so that nobody takes it for being in force.
"""

from __future__ import annotations

from lango_cli.config.load import text_of
from lango_cli.config.schema import BY_KEY
from lango_cli.config.setting import BOOTSTRAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lango_cli.config.load import Value

APPS = "apps."
"""Settings of other programs: free in form, and used by whoever asks for them."""


def is_bootstrap(key: str) -> bool:
    """Whether this setting stands in `config.toml` alone."""
    return key.startswith(BOOTSTRAP)


def sealed_values(document: Mapping[str, Any], where: str) -> dict[str, Value]:
    """The settings that a profile sets, checked; InvalidSetting naming `where` it is wrong."""
    return {
        key: BY_KEY[key].parse(text_of(key, value, where), where)
        for key, value in _members(document)
        if key in BY_KEY and not is_bootstrap(key)
    }


def unused(document: Mapping[str, Any]) -> list[str]:
    """The settings of a profile that nothing reads from there, sorted."""
    found = (key for key, _ in _members(document) if key not in BY_KEY or is_bootstrap(key))
    return sorted(key for key in found if not key.startswith(APPS))


def _members(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Key and value of each setting; a table of a setting's own is one value."""
    waiting = [(name, value) for name, value in document.items()]
    while waiting:
        key, value = waiting.pop(0)
        if isinstance(value, dict) and key not in BY_KEY:
            waiting[:0] = [(f"{key}.{name}", inside) for name, inside in value.items()]
        else:
            yield key, value

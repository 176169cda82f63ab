"""Which setting a name stands for, and which settings a document has.

Apart from `schema` and `declared`, because it looks into both, into the second only when it must.
"""

from __future__ import annotations

from lango_cli.config.schema import BY_KEY
from lango_cli.errors import UnknownSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lango_cli.config.setting import Setting


def find(key: str, where: str = "") -> Setting:
    """The setting of this name; UnknownSetting with the nearest one, and `where` it was asked."""
    setting = known(key)
    if setting is None:
        from lango_cli.config.declared import nearest

        near = nearest(key)
        raise UnknownSetting(
            f"{where}there is no setting {key}" + (f"; did you mean {near}?" if near else "")
        )
    return setting


def known(key: str) -> Setting | None:
    """The setting of this name, if there is one.

    Most commands read what stands in `schema` alone; the rest, and names with free parts, are
    loaded for a name that does not.
    """
    setting = BY_KEY.get(key)
    if setting is None:
        from lango_cli.config.declared import locate

        setting = locate(key)
    return setting


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of a document; what is unknown comes as a name that `find` refuses."""
    for name, value in document.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and _nests(key):
            yield from flat(value, f"{key}.")
        else:
            yield key, value


def _nests(key: str) -> bool:
    """Whether names go on after this one, which is no setting itself."""
    if key in BY_KEY:
        return False
    if any(name.startswith(f"{key}.") for name in BY_KEY):
        return True
    from lango_cli.config.declared import below, locate

    return locate(key) is None and below(key)

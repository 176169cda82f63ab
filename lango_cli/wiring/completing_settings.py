"""What completion may know of settings: all names, and those with free parts that are set.

The rule: what stands in the profile is read where an unlock session opens the vault and the word
could be one of it, and not otherwise: most names are known without a vault, and somebody waits.
"""

from __future__ import annotations

from lango_cli.config import load
from lango_cli.config.declared import PROVIDERS, everything
from lango_cli.config.finding import flat
from lango_cli.errors import LangoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lango_cli.wiring.flags import Flags


def setting_names(flags: Flags, prefix: str) -> list[str]:
    """Names that begin with the prefix, each once, in byte order."""
    found = set()
    for setting in everything():
        fixed, free, _ = setting.key.partition("<")
        if not free:
            found.add(setting.key)
        elif prefix.startswith(fixed) or fixed.startswith(prefix):
            found.update(_filled(setting.key, prefix))
    if _is_free(prefix):
        found.update(_set(flags))
    return sorted(name for name in found if name.startswith(prefix))


def _is_free(prefix: str) -> bool:
    """Whether a name with free parts may begin so."""
    starts = {one.key.partition("<")[0] for one in everything() if "<" in one.key}
    return any(prefix.startswith(start) or start.startswith(prefix) for start in starts)


def _filled(pattern: str, prefix: str) -> Iterator[str]:
    """The pattern with what was typed for its free part, or with the usual providers."""
    start, _, rest = pattern.partition("<")
    end = rest.partition(">")[2]
    typed, dot, _ = prefix[len(start) :].partition(".")
    names = (typed,) if dot and typed else PROVIDERS if pattern.startswith("providers.") else ()
    if end != ".*":
        yield from (f"{start}{name}{end}" for name in names)


def _set(flags: Flags) -> list[str]:
    """What `config.toml` and the active profile set, parts of applications' settings too."""
    from lango_cli.vault.profile_documents import Documents
    from lango_cli.wiring import completing

    try:
        found = list(load.written(load.folders(flags.home).config))
        vault = completing.by_session(flags)
        if vault is not None:
            with vault:
                found += _ends(dict(flat(Documents(vault).read())))
    except LangoError:
        return []
    return found


def _ends(values: dict[str, Any]) -> list[str]:
    """The names of values, and of those inside an application's."""
    found = []
    waiting = list(values.items())
    while waiting:
        key, value = waiting.pop()
        found.append(key)
        if key.startswith("apps.") and isinstance(value, dict):
            waiting += [(f"{key}.{name}", one) for name, one in value.items() if "." not in name]
    return found

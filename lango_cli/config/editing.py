"""`config.toml` edited in place: comments, order and spelling of everything else stay.

The rule: a file that is no TOML is refused and never written over, and so is one that changed
since it was read: whoever edits it in another window loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from lango_cli import files
from lango_cli.config.load import CONFIG_LIMIT
from lango_cli.errors import Conflict, InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping


def edit(path: str, changes: Mapping[str, Any]) -> None:
    """Set these values, or remove those that are None, in one atomic replacement of the file."""
    before = files.read(path, CONFIG_LIMIT) or b""
    after = edited(before, changes, path)
    if after == before:
        return
    if (files.read(path, CONFIG_LIMIT) or b"") != before:
        raise Conflict(f"{path} was changed meanwhile; nothing was written", hint="try again")
    files.replace(path, after)


def edited(data: bytes, changes: Mapping[str, Any], path: str) -> bytes:
    """The text of the file with these changes."""
    try:
        document = tomlkit.parse(data.decode())
        for key, value in changes.items():
            if value is None:
                _remove(document, key.split("."))
            else:
                _set(document, key, value)
        return tomlkit.dumps(document).encode()
    except (TOMLKitError, ValueError, RecursionError):
        raise InvalidSetting(f"{path} is not TOML", hint="mend it first") from None


def _set(document: Any, key: str, value: object) -> None:  # noqa: ANN401  # tomlkit's tables
    *path, last = key.split(".")
    at = document
    for depth, name in enumerate(path):
        if name not in at:
            at[name] = tomlkit.table(is_super_table=depth < len(path) - 1)
        at = at[name]
        if not isinstance(at, dict):
            raise InvalidSetting(f"{key} would go through {name}, which has a value")
    at[last] = value


def _remove(at: Any, path: list[str]) -> None:  # noqa: ANN401
    name, *rest = path
    if name not in at:
        return
    if not rest:
        del at[name]
    elif isinstance(at[name], dict):
        _remove(at[name], rest)
        if not at[name]:
            del at[name]

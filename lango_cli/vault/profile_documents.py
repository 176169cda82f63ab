"""The document of a profile: how it is sealed, and read; all that `lango settings get` asks.

The rule: a document is sealed as a value is, under the default data key and bound to the vault,
the table, the profile's id, its version and the key: a row that was moved does not open. What a
document means is not known here: it is JSON, and comes back as it was given. Why apart from
`profiles`: programs ask for a setting as often as for a secret, and wait for no more than that.
"""

from __future__ import annotations

from lango_cli.codec import json_text, parse_json
from lango_cli.errors import (
    InvalidName,
    InvalidSetting,
    KeyUnusable,
    ProfileNotFound,
    Tampered,
    TooLarge,
)
from lango_cli.vault import rows_profiles
from lango_cli.vault.reader import VALUE_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lango_cli.vault.parts import Parts
    from lango_cli.vault.rows import Row

TABLE = b"profiles"
"""What the seal of a document is bound to, where that of a secret has `secrets`."""
FIRST = "default"
"""The profile that every vault has from the start, empty."""
LONGEST = 64
DEEPEST = 64
"""Levels of a document at most: it has to be read back in whatever depth of calls."""
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Documents:
    """The profiles of an open vault, as far as they are read."""

    def __init__(self, vault: Parts) -> None:
        self.keys = vault.keys
        self._vault = vault
        self._store = vault.store

    def active(self) -> str:
        """The name of the active one."""
        row = rows_profiles.active(self._store)
        return FIRST if row is None else str(row[1])

    def read(self, name: str | None = None, version: int | None = None) -> dict[str, Any]:
        """The values of a profile (default: the active one) at a version (default: its last)."""
        row = self._find(name)
        if row is None or (version is None and row[3] == 0):
            if version is not None:
                raise _no_version(FIRST, version)
            return {}
        return self._open(row, row[3] if version is None else version)

    def version(self, name: str | None = None) -> int:
        """The number of the last version; 0 for `default` before anything was set in it."""
        row = self._find(name)
        return 0 if row is None else int(row[3])

    def _find(self, name: str | None) -> Row | None:
        """The row of a profile; None for `default` while it has none. ProfileNotFound else."""
        if name is None:
            return rows_profiles.active(self._store)
        row = rows_profiles.profile(self._store, check_name(name))
        if row is None and (name != FIRST or rows_profiles.count(self._store)):
            raise not_found(name)
        return row

    def _open(self, row: Row, version: int) -> dict[str, Any]:
        known = 0 < version < 1 << 53
        found = rows_profiles.sealed_version(self._store, row[0], version) if known else None
        if found is None and known and version == row[3]:
            raise Tampered(f"profile {row[1]}: its last version is not there")
        if found is None:
            raise _no_version(row[1], version)
        key, sealed = (found[0], found[1]), found[2]
        try:
            opener = self.keys.version(*key)
        except KeyUnusable as err:
            raise KeyUnusable(
                f"profile {row[1]}@{version}: {err.message}",
                hint=err.hint or f"another version: lango settings profile rollback {row[1]} N",
            ) from None
        return decode(
            self._vault.reader.unseal_with(opener, row[0], version, key, sealed, TABLE), row[1]
        )


def check_name(name: str) -> str:
    """The name; InvalidName unless it has 1 to 64 letters, digits, dots, dashes, underscores."""
    if not 0 < len(name) <= LONGEST or not _LETTERS.issuperset(name):
        raise InvalidName(
            "a profile's name has 1 to 64 of the letters a to z and A to Z, digits and . _ -"
        )
    if name[0] in ".-":
        raise InvalidName("a profile's name begins with a letter, a digit or _")
    return name


def encode(document: dict[str, Any]) -> tuple[bytes, int]:
    """The document as it is sealed, and how many values it has; InvalidSetting if not JSON."""
    members = _members(document)
    try:
        data = json_text(document).encode()
    except (TypeError, ValueError):
        raise InvalidSetting("the settings have a value that JSON cannot hold") from None
    if len(data) > VALUE_LIMIT:
        raise TooLarge(f"the settings are over {VALUE_LIMIT} bytes")
    return data, members


def decode(data: bytes, name: str) -> dict[str, Any]:
    """The document that was sealed; Tampered if it is none."""
    try:
        document = parse_json(data.decode())
        if isinstance(document, dict) and encode(document)[0] == data:
            return document
    except (ValueError, RecursionError, InvalidSetting):
        pass
    raise Tampered(f"profile {name} holds no settings")


def _members(document: dict[str, Any]) -> int:
    """How many values there are at the ends of a document's branches."""
    count = 0
    waiting: list[tuple[object, int, bool]] = [(document, 1, True)]
    while waiting:
        value, depth, branch = waiting.pop()
        if depth > DEEPEST:
            raise InvalidSetting(f"the settings are over {DEEPEST} levels deep")
        if isinstance(value, dict):
            if not all(isinstance(name, str) for name in value):
                raise InvalidSetting("the settings have a name that is no text")
            inside = list(value.values())
        elif isinstance(value, list | tuple):
            inside, branch = list(value), False
        else:
            continue
        count += sum(branch and not (isinstance(one, dict) and one) for one in inside)
        deeper = [one for one in inside if isinstance(one, dict | list | tuple)]
        waiting.extend((one, depth + 1, branch) for one in deeper)
    return count


def not_found(name: str) -> ProfileNotFound:
    """The error for a profile that there is not."""
    return ProfileNotFound(
        f"there is no profile called {name}", hint="list profiles: lango settings profile list"
    )


def _no_version(name: str, version: int) -> ProfileNotFound:
    return ProfileNotFound(
        f"profile {name} has no version {version}",
        hint=f"see which it has: lango settings profile history {name}",
    )

"""What is known of a key but the key itself, as commands show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyVersionInfo:
    """One version of a key: number, state, seconds UTC, how many values it seals."""

    version: int
    state: str
    created_at: float
    values: int


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as `keys list` shows it. Times are seconds since 1970 UTC, None for never.

    `purpose` is `encryption` or `signing`; `version` the newest; `versions` newest first;
    `last_used_at` is true to the hour; `moving_since`: a re-encryption is not through yet.
    """

    id: str
    name: str
    purpose: str
    algorithm: str
    state: str
    default: bool
    version: int
    created_at: float
    rotated_at: float | None
    last_used_at: float | None
    moving_since: float | None
    versions: tuple[KeyVersionInfo, ...]
    custodian: str = ""
    """Where the key is kept, as a URI; empty for one that the vault keeps itself."""

    @property
    def values(self) -> int:
        """How many values it seals, all versions together."""
        return sum(version.values for version in self.versions)

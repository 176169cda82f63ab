"""The door between settings and the vault that seals their profiles.

The rule: a profile is a document of the values that were set, nested as JSON; defaults are not in
it, and references (`${VAR}`, `{{secret:NAME}}`) stay references in it. What a key means is
`config.schema`'s, who may read a profile is the vault's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@dataclass(frozen=True, slots=True)
class ProfileMeta:
    """All that is known of a profile but its values. Times are seconds since 1970 UTC."""

    name: str
    active: bool
    version: int
    versions: int
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class ProfileVersion:
    """One version of a profile: number, seconds UTC, and how many values are set in it."""

    version: int
    created_at: float
    values: int
    current: bool


class Profiles(Protocol):
    """The profiles of an open vault: exactly one is active, and that one is never deleted.

    ProfileNotFound where there is none of a name.
    """

    def active(self) -> str:
        """The name of the active one."""

    def all(self) -> list[ProfileMeta]:
        """All, by name."""

    def read(self, name: str | None = None, version: int | None = None) -> dict[str, Any]:
        """The values of a profile (default: the active one) at a version (default: its last)."""

    def version(self, name: str | None = None) -> int:
        """The number of the last version; 0 for `default` before anything was set in it."""

    def expect(self, name: str, version: int | None) -> None:
        """Conflict if its last version is not this one (None: any)."""

    def write(
        self,
        name: str | None,
        document: dict[str, Any],
        *,
        if_version: int | None = None,
        beside: Callable[[], None] | None = None,
    ) -> ProfileMeta:
        """A new version; Conflict if the last is not `if_version`. `beside`: as for `create`."""

    def create(
        self, name: str, document: dict[str, Any], *, beside: Callable[[], None] | None = None
    ) -> ProfileMeta:
        """A new profile; ProfileExists if the name is taken.

        `beside`: what else is done in the same transaction, such as the secrets it refers to.
        """

    def use(self, name: str) -> None:
        """Make it the active one."""

    def copy(self, name: str, new: str) -> ProfileMeta:
        """A new profile with the same values."""

    def rename(self, name: str, new: str) -> ProfileMeta:
        """The same profile, its versions too, under another name."""

    def delete(self, name: str) -> None:
        """Remove it and its versions; ProfileExists (33) for the active one."""

    def history(self, name: str | None = None) -> list[ProfileVersion]:
        """Its versions, the newest first."""

    def rollback(self, name: str | None, version: int) -> ProfileMeta:
        """A new version with the values of an older one."""

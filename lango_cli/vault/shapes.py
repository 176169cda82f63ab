"""Rows of the database as what the rest of lango knows them by. Times become seconds UTC."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from lango_cli.model import SecretMeta, VersionMeta

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.vault.rows import Row


@dataclass(frozen=True, slots=True)
class Exposure:
    """A secret of which some versions could be read through slots that are gone.

    `versions` are those, `version` is the current one, `at` the time in seconds UTC.
    """

    name: str
    version: int
    versions: tuple[int, ...]
    slots: tuple[str, ...]
    at: float
    deleted: bool

    @property
    def due(self) -> bool:
        """Whether the current value is still one of them."""
        return self.version in self.versions


def secret_meta(row: Row) -> SecretMeta:
    """A row of `rows.meta_of` or `rows.metas`."""
    seconds = [None if row[at] is None else row[at] / 1000 for at in (5, 6, 7, 8, 9, 14)]
    tags = tuple(sorted(row[13].split("\n"))) if row[13] else ()
    return SecretMeta(
        id=row[0],
        name=row[1],
        version=row[2],
        versions=row[3],
        size=row[4],
        created_at=seconds[0] or 0.0,
        updated_at=seconds[1] or 0.0,
        value_changed_at=seconds[2] or 0.0,
        deleted_at=seconds[3],
        expires_at=seconds[4],
        rotate_every=row[10],
        note=row[11],
        owner=row[12],
        tags=tags,
        last_used_at=seconds[5],
        access_count=row[15],
        key=row[16],
    )


def version_meta(row: Row, current: int) -> VersionMeta:
    """A row of `rows.versions`, of a secret whose current version is `current`."""
    version, created, size, key, key_version = row
    return VersionMeta(version, created / 1000, size, key, key_version, version == current)


def exposures(found: Iterable[Row]) -> list[Exposure]:
    """Rows of `rows_exposed.exposed`, one for each secret."""
    return [
        Exposure(
            name=name,
            version=rows[0][1],
            versions=tuple(row[2] for row in rows),
            slots=tuple(sorted({row[3] for row in rows})),
            at=max(row[4] for row in rows) / 1000,
            deleted=bool(rows[0][5]),
        )
        for name, rows in (
            (key[0], [*group]) for key, group in groupby(found, key=lambda row: (row[0], row[6]))
        )
    ]

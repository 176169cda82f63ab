"""What the commands of `lango secrets` share: the app they are declared on, and a secret's story.

The rule: nothing here holds a value; `described` is all that `show`, `list` and every `--json` of
this group say of a secret.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import typer

from lango_cli.codec import rfc3339
from lango_cli.config.durations import span

if TYPE_CHECKING:
    from lango_cli.model import SecretMeta

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]


@lru_cache(4096)
def when(seconds: float | None) -> str | None:
    """RFC 3339 UTC, None for never."""
    return None if seconds is None else rfc3339(seconds)


def described(meta: SecretMeta) -> dict[str, object]:
    """All that is known of a secret but its value, as JSON has it."""
    return {
        "id": meta.id,
        "name": meta.name,
        "version": meta.version,
        "versions": meta.versions,
        "size": meta.size,
        "key": meta.key,
        "created_at": when(meta.created_at),
        "updated_at": when(meta.updated_at),
        "value_changed_at": when(meta.value_changed_at),
        "deleted_at": when(meta.deleted_at),
        "expires_at": when(meta.expires_at),
        "rotate_every": meta.rotate_every,
        "note": meta.note,
        "owner": meta.owner,
        "tags": list(meta.tags),
        "last_used_at": when(meta.last_used_at),
        "access_count": meta.access_count,
    }


def told(meta: SecretMeta) -> list[tuple[str, str]]:
    """The same for a person, without what is empty."""
    rows = []
    for name, value in described(meta).items():
        if isinstance(value, list):
            value = ", ".join(value)
        if name == "rotate_every" and meta.rotate_every is not None:
            value = span(meta.rotate_every)
        if value not in (None, ""):
            rows.append((name.replace("_", " "), str(value)))
    return rows

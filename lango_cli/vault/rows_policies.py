"""The queries of the policies' table; see `rows.py` for the rule."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.vault.store import Store


def policy(store: Store, secret: str) -> list[tuple[str, str]]:
    """Kind and pattern of a secret's policy, in order."""
    found = store.rows(
        "SELECT kind, pattern FROM policies WHERE secret_id = ? ORDER BY kind, pattern", secret
    )
    return [(kind, pattern) for kind, pattern in found]


def replace_policy(store: Store, secret: str, entries: Iterable[tuple[str, str]]) -> None:
    """These entries in place of all there were."""
    store.run("DELETE FROM policies WHERE secret_id = ?", secret)
    store.run_many(
        "INSERT INTO policies VALUES (?, ?, ?)", [(secret, *entry) for entry in entries]
    )


def secrets_with_policies(store: Store) -> list[str]:
    """Names of live secrets that have a policy, in byte order."""
    found = store.rows(
        """SELECT name FROM secrets WHERE deleted_at IS NULL AND id IN
            (SELECT secret_id FROM policies) ORDER BY name"""
    )
    return [row[0] for row in found]

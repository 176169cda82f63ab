"""The queries of grants and of how requests ended; what holds for `rows` holds here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.vault.rows import Row
    from lango_cli.vault.store import Store


def grants(store: Store, now: int) -> list[Row]:
    """id, created_at, expires_at, used_at, uses, sealed of those that last, the oldest first."""
    return store.rows(
        """SELECT id, created_at, expires_at, used_at, uses, sealed FROM grants
            WHERE expires_at > ? ORDER BY created_at, id""",
        now,
    )


def insert_grant(store: Store, grant: str, created: int, expires: int, sealed: bytes) -> None:
    """A grant that nobody used yet."""
    store.run("INSERT INTO grants VALUES (?, ?, ?, NULL, 0, ?)", grant, created, expires, sealed)


def use_grant(store: Store, grant: str, now: int) -> bool:
    """Count one use; False if it has expired or is gone."""
    change = "UPDATE grants SET used_at = ?1, uses = uses + 1 WHERE id = ?2 AND expires_at > ?1"
    return bool(store.run(change, now, grant))


def drop_grant(store: Store, grant: str) -> bool:
    """Remove a grant; False where there was none."""
    return bool(store.run("DELETE FROM grants WHERE id = ?", grant))


def drop_over(store: Store, now: int, before: int) -> None:
    """Remove grants that have expired, and requests that ended before a time."""
    store.run("DELETE FROM grants WHERE expires_at <= ?", now)
    store.run("DELETE FROM approvals WHERE at < ?", before)


def insert_ending(store: Store, row: tuple[str, int, str, str, str, str]) -> None:
    """id, at, turn, digest, outcome, channel of a request that ended."""
    store.run("INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?)", *row)


def ending(store: Store, request: str) -> Row | None:
    """id, outcome, channel, at of the request with this id."""
    return store.row("SELECT id, outcome, channel, at FROM approvals WHERE id = ?", request)


def endings_like(store: Store, start: str) -> list[Row]:
    """The same of all whose id begins so; `start` is hex digits."""
    return store.rows(
        "SELECT id, outcome, channel, at FROM approvals WHERE id >= ?1 AND id < ?1 || 'g'", start
    )


def outcomes(store: Store, turn: str, action: str) -> list[str]:
    """How this action ended in this turn, the oldest first."""
    found = store.rows(
        """SELECT outcome FROM approvals WHERE turn = ? AND turn <> '' AND digest = ?
            ORDER BY at""",
        turn,
        action,
    )
    return [row[0] for row in found]

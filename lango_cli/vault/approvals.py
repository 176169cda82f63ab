"""What the vault keeps of approvals: grants, sealed, and how requests ended, for a week.

The rule: a decision, the grant that it makes or uses and its audit record are one transaction, so
that no yes counts that is not in the log. A grant is sealed under a key of its own kind and bound
to its id and its end: whoever could write into the table could neither make one nor make one last
longer. One that does not open counts as none. What is over is removed by the next decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.codec import canonical, parse_canonical
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import ApprovalKey
from lango_cli.crypto.mac import hkdf_sha256, pack
from lango_cli.errors import Tampered
from lango_cli.model_approval import Ending, Grant
from lango_cli.vault import rows_approval as rows

if TYPE_CHECKING:
    from lango_cli.model_approval import Entry
    from lango_cli.vault.parts import Parts
    from lango_cli.vault.rows import Row

KEPT = 7 * 86_400
"""Seconds for which it is known how a request ended."""


class Approvals:
    """Grants and endings of an open vault; `model_approval.ApprovalMemory`."""

    def __init__(self, vault: Parts) -> None:
        self._vault = vault
        self._store = vault.store
        self.key = ApprovalKey(
            hkdf_sha256(
                vault.bundle.audit.reveal(), vault.envelope.vault_bytes, b"lango/approval/v1"
            )
        )

    def grants(self) -> list[Grant]:
        """Every grant that lasts and opens, the oldest first."""
        found = [self._opened(row) for row in rows.grants(self._store, self._now())]
        return [grant for grant in found if grant is not None]

    def outcomes(self, turn: str, digest: str) -> list[str]:
        """How this action ended before in this turn, the oldest first."""
        return rows.outcomes(self._store, turn, digest)

    def ending(self, request: str) -> Ending | None:
        """How the request of this id, or of the one id that begins so, ended."""
        if not request or request.strip("0123456789abcdef"):
            return None
        exact = rows.ending(self._store, request)
        found = [exact] if exact else rows.endings_like(self._store, request)
        if len(found) != 1:
            return None
        name, outcome, channel, at = found[0]
        return Ending(name, outcome, channel, at / 1000)

    def record(self, entry: Entry) -> bool:
        """Keep a decision with its record; False, and nothing kept, if the grant used is gone."""
        audit, ending = self._vault.audit, entry.ending
        with self._store.write():
            now = self._now()
            rows.drop_over(self._store, now, now - KEPT * 1000)
            if entry.used and not rows.use_grant(self._store, entry.used, now):
                return False
            if entry.keep is not None:
                self._keep(entry.keep)
            row = (ending.id, now, entry.turn, entry.digest, ending.outcome, ending.channel)
            rows.insert_ending(self._store, row)
            audit.append(audit.event("approval", entry.tool, ending.outcome, entry.detail))
        return True

    def revoke(self, grant: Grant) -> bool:
        """Take a grant back, with its record; False if it is gone already."""
        audit = self._vault.audit
        with self._store.write():
            there = rows.drop_grant(self._store, grant.id)
            if there:
                detail = f"grant {grant.id}, {grant.scope}"
                audit.append(audit.event("approval.revoke", grant.tool, detail=detail))
        return there

    def refused(self, tool: str, detail: str) -> None:
        """An answer that did not count; recorded with the next decision."""
        self._vault.audit.later(
            self._vault.audit.event("approval.answer", tool, outcome="refused", detail=detail)
        )

    def _now(self) -> int:
        return int(self._vault.clock() * 1000)

    def _keep(self, grant: Grant) -> None:
        created, expires = int(grant.created * 1000), int(grant.expires * 1000)
        body = {
            "digest": grant.digest,
            "leaves": dict(grant.leaves),
            "likes": dict(grant.likes),
            "origin": grant.origin,
            "scope": grant.scope,
            "secrets": dict(grant.secrets),
            "session": grant.session,
            "tool": grant.tool,
        }
        sealed = seal(self.key, canonical(body), self._context(grant.id, expires))
        rows.insert_grant(self._store, grant.id, created, expires, sealed)

    def _opened(self, row: Row) -> Grant | None:
        name, created, expires, used, uses, sealed = row
        try:
            data = unseal(self.key, sealed, self._context(name, expires))
            body = parse_canonical(data, "a grant")
        except Tampered:
            return None
        return Grant(
            id=name,
            created=created / 1000,
            expires=expires / 1000,
            used=None if used is None else used / 1000,
            uses=uses,
            **body,
        )

    def _context(self, grant: str, expires: int) -> bytes:
        vault = self._vault.envelope.vault_bytes
        return pack(b"lango/grant/v1", vault, grant.encode(), expires.to_bytes(8, "big"))

"""What goes wrong at a custodian, said in one form: `aws-kms unwrap (key alias/x): reason`.

The rule: the class is chosen by an SDK's error code or status, never by its text, and the reason
is ours: what a server says may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import CustodyUnavailable, KeyUnusable

if TYPE_CHECKING:
    from lango_cli.errors import LangoError

WRAP, UNWRAP, SIGN, VERIFY = "wrap", "unwrap", "sign", "verify"
PUBLIC_KEY, DESCRIBE = "public key", "describe"
UNUSABLE = "look at the key where it is kept: is it enabled, and made for this?"


class Where:
    """Which key at which provider: what every message begins with."""

    __slots__ = ("key", "provider")

    def __init__(self, provider: str, key: str) -> None:
        self.provider = provider
        self.key = key

    def problem(
        self, kind: type[LangoError], operation: str, reason: str, *, hint: str | None = None
    ) -> LangoError:
        """An error of this kind, to be raised."""
        if hint is None and issubclass(kind, KeyUnusable):
            hint = UNUSABLE
        named = f" (key {self.key})" if self.key else ""
        return kind(f"{self.provider} {operation}{named}: {reason}", hint=hint)

    def unavailable(
        self, operation: str, reason: str, *, throttled: bool = False
    ) -> CustodyUnavailable:
        """It cannot be reached, or has no time for us now (`throttled`)."""
        named = f" (key {self.key})" if self.key else ""
        found = CustodyUnavailable(f"{self.provider} {operation}{named}: {reason}")
        found.throttled = throttled
        return found

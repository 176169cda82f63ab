"""What every custodian checks before it asks anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import Tampered, UsageProblem
from lango_cli.model_custody import KEY_BYTES

if TYPE_CHECKING:
    from lango_cli.secret import SecretBytes

WRAPPED_LIMIT = 8192
"""Bytes of a wrapped key; the longest that a provider makes is a few hundred."""


def check_key(data: SecretBytes) -> None:
    """UsageProblem unless it is a 32-byte key: nothing else is ever wrapped."""
    if len(data) != KEY_BYTES:
        raise UsageProblem("a custodian wraps keys of 32 bytes, and nothing else")


def check_wrapped(wrapped: bytes) -> None:
    """Tampered if this cannot be a wrapped key, whoever wrapped it."""
    if not 0 < len(wrapped) <= WRAPPED_LIMIT:
        raise Tampered("a wrapped key is cut short, or too long to be one")

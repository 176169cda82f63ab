"""`lango secrets`: the group. Each of these modules declares commands on its app."""

from __future__ import annotations

from lango_cli.cli import (
    secrets_export,
    secrets_import,
    secrets_policy,
    secrets_read,
    secrets_write,
)
from lango_cli.cli.secrets_app import app

__all__ = [
    "app",
    "secrets_export",
    "secrets_import",
    "secrets_policy",
    "secrets_read",
    "secrets_write",
]

"""`lango secrets`: the group. Reading is in `secrets_read`, writing in `secrets_write`."""

from __future__ import annotations

from lango_cli.cli import secrets_read, secrets_write
from lango_cli.cli.secrets_app import app

__all__ = ["app", "secrets_read", "secrets_write"]

"""`lango settings`: the group, made of the modules that declare its commands."""

from __future__ import annotations

from lango_cli.cli import settings_menu, settings_profile
from lango_cli.cli.settings_app import app

__all__ = ["app", "settings_menu", "settings_profile"]

"""`lango db`: the group. What is in it is declared in the modules named here."""

from __future__ import annotations

from lango_cli.cli import db_backup, db_look, db_plain, db_rekey, db_restore, db_vacuum
from lango_cli.cli.db_app import app

__all__ = ["app", "db_backup", "db_look", "db_plain", "db_rekey", "db_restore", "db_vacuum"]

"""What the commands of `lango settings` share: the app they are declared on."""

from __future__ import annotations

import typer

app = typer.Typer()

"""What the commands of `lango db` share: the app they are declared on.

The rule: the modules beside this one declare their commands on it; `cli.db` names them all.
"""

from __future__ import annotations

import typer

app = typer.Typer()


def size_text(count: int) -> str:
    """Bytes for a person: `512 bytes`, `1.5 MiB`."""
    if count < 1024:
        return f"{count} bytes"
    size, power = count / 1024, 0
    while size >= 1024 and power < 2:
        size, power = size / 1024, power + 1
    return f"{size:.1f} {('KiB', 'MiB', 'GiB')[power]}"

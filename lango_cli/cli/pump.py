"""Standard input through a filter to standard output, as it comes.

The rule: at most one chunk is held besides what the filter holds; where nothing more comes for a
moment, what is safe goes out.
"""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from lango_cli.cli import ui
from lango_cli.errors import FileProblem

if TYPE_CHECKING:
    from lango_cli.cli.ui import Ui
    from lango_cli.model import TextFilter

CHUNK = 1 << 16
IDLE = 0.2
"""Seconds without input after which a filter gives what is safe."""


def pump(screen: Ui, through: TextFilter) -> None:
    """Until the input ends; StdoutGone when the reader has stopped."""
    try:
        while chunk := _next(screen, through):
            screen.out(through.feed(chunk))
    except OSError as err:
        raise FileProblem(f"standard input: {(err.strerror or 'failed').lower()}") from None
    screen.out(through.finish())


def wait() -> None:
    """Until the input has something, or ends."""
    select.select([ui.STDIN], [], [])


def _next(screen: Ui, through: TextFilter) -> bytes:
    while True:
        ready, _, _ = select.select([ui.STDIN], [], [], IDLE)
        if not ready:
            screen.out(through.idle())
            ready, _, _ = select.select([ui.STDIN], [], [])
        try:
            return os.read(ui.STDIN, CHUNK)
        except BlockingIOError:
            continue

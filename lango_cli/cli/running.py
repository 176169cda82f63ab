"""What the two fronts share where they meet: the way from one to the other, `lango run`'s codes.

The rule: every code is the command's own but 125 (lango could not start it, or not pass on its
output), 126, 127 and 130 (a question was interrupted).
"""

from __future__ import annotations

from lango_cli.errors import Interrupted, LangoError
from lango_cli.errors_launch import CommandNotFound, NotExecutable, RunFailed

OWN = (RunFailed, NotExecutable, CommandNotFound, Interrupted)


class Elsewhere(Exception):
    """The small front cannot answer this; Typer's can."""


def as_run_error(err: LangoError) -> LangoError:
    """What a failure of lango itself is to whoever called `lango run`."""
    return err if isinstance(err, OWN) else RunFailed(err)

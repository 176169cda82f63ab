"""`lango` and `python -m lango_cli`: the way in."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Run the command line of this process, by the small front or by Typer's; the exit code."""
    # A read is over before the collector would pay for itself.
    gc.disable()
    from lango_cli import hygiene
    from lango_cli.cli import front

    hygiene.harden()
    code = front.main(sys.argv[1:])
    if code is not None:
        # Everything is written and the database closed; taking the interpreter apart would cost a
        # sixth of the whole command.
        os._exit(code)
    gc.enable()
    from lango_cli.cli import app

    return app.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

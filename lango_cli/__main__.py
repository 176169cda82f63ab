"""`lango` and `python -m lango_cli`: the way in, by the small front or by Typer's."""

from __future__ import annotations

import gc
import os
import sys

SCRIPTED = (["secrets", "get"], ["secrets", "read"])
COMPLETION = "__complete"


def main() -> int:
    """Run the command line of this process; the exit code."""
    from lango_cli import hygiene

    hygiene.harden()
    argv = sys.argv[1:]
    if argv[:2] in SCRIPTED or argv[:1] == [COMPLETION]:
        from lango_cli.cli import front

        code = front.main(argv)
        if code is not None:
            return code
    from lango_cli.cli import app

    gc.enable()
    return app.main(argv)


def run() -> None:
    """The script's entry: `main`, then straight out.

    Output is written and the database closed by then; taking the interpreter apart would cost a
    tenth to a sixth of the whole command. The collector is off while modules load: nothing that a
    command imports is ever garbage.
    """
    gc.disable()
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    os._exit(code)


if __name__ == "__main__":
    run()

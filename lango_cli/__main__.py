"""`lango` and `python -m lango_cli`: the way in, by the small front or by Typer's."""

from __future__ import annotations

import gc
import os
import sys

SCRIPTED = (["secrets", "get"], ["secrets", "read"], ["settings", "get"])
FIRST = (["run"], ["__complete"])
"""The beginnings of a command line that the small front may know, by two words and by one."""


def main() -> int:
    """Run the command line of this process; the exit code."""
    from lango_cli import hygiene

    hygiene.harden()
    argv = sys.argv[1:]
    if argv[:2] in SCRIPTED or argv[:1] in FIRST:
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
    except BaseException as err:  # noqa: BLE001  # the last resort: never a traceback
        code = _unexpected(err)
    os._exit(code)


def _unexpected(err: BaseException) -> int:
    """Say which class went past every handler, and nothing that could hold a value."""
    try:
        os.write(2, f"lango: error: unexpected ({type(err).__name__})\n".encode())
    except OSError:
        return 1
    return 1


if __name__ == "__main__":
    run()

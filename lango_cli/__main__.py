"""`lango` and `python -m lango_cli`: the way in."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process; the exit code."""
    from lango_cli.cli import app

    return app.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

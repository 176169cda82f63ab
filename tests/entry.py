"""The command with weak key derivation and a clock that stands still: for transcripts only.

    python tests/entry.py front ARGUMENTS     the small front first, as users have it
    python tests/entry.py typer ARGUMENTS     Typer alone

`ENTRY_CLOCK=2026-01-31T12:00:00Z` sets the clock. The knobs are patched in here and then the real
`main()` is called, so that no variable and no option of the product can ever weaken a vault.
"""

from __future__ import annotations

import datetime
import os
import sys
import time

ROUNDS = 1_000
CLOCK = "ENTRY_CLOCK"


def weaken() -> None:
    """Cut the rounds of PBKDF2: the lower bound, and what is chosen for a new slot."""
    from lango_cli.crypto import passphrase

    passphrase.PBKDF2_MIN_ROUNDS = ROUNDS
    passphrase.calibrated_rounds = lambda *_arguments, **_options: ROUNDS


def stop_clock(moment: str) -> None:
    """Make it `moment` (RFC 3339, UTC) for the whole process."""
    seconds = datetime.datetime.fromisoformat(moment).timestamp()
    time.time = lambda: seconds
    time.time_ns = lambda: int(seconds) * 1_000_000_000


def main() -> int:
    """Patch, then run the product's own main through the front named first."""
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    front = sys.argv.pop(1)
    sys.argv[0] = "lango"
    weaken()
    if moment := os.environ.pop(CLOCK, ""):
        stop_clock(moment)
    if front == "typer":
        from lango_cli.cli import app

        return app.main(sys.argv[1:])
    from lango_cli import __main__

    return __main__.main()


if __name__ == "__main__":
    sys.exit(main())

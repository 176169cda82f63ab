"""Somebody who asks: a small command that needs a yes, as an agent would start one.

    python tests/interceptor/asker.py [--tool T] [--level L] [--session S] [--turn T] [--peer]
                                      [--json PARAMETERS] WORD...

It opens the vault of LANGO_HOME as any command does, asks for its words (or for PARAMETERS) and
prints the decision; its exit code is lango's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main() -> int:
    """Ask once."""
    from lango_cli import hygiene
    from lango_cli.cli import asking
    from lango_cli.cli.call import Call
    from lango_cli.cli.ui import Ui
    from lango_cli.errors import LangoError
    from lango_cli.model_approval import ApprovalRequest
    from lango_cli.wiring.flags import Flags
    from tests.entry import weaken

    weaken()
    hygiene.harden()
    parser = argparse.ArgumentParser()
    for name in ("tool", "level", "session", "turn", "json", "secret"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("words", nargs="*")
    given = parser.parse_args()
    parameters = (
        json.loads(given.json) if given.json else {"argv": given.words, "cwd": "/somewhere"}
    )
    request = ApprovalRequest(
        given.tool or "run",
        parameters,
        level=given.level,
        session=given.session,
        turn=given.turn,
        origin="peer" if given.peer else "local",
        secrets={given.secret: "env TOKEN"} if given.secret else {},
    )
    call = Call(Ui(os.environ), Flags())
    try:
        with call.vault() as vault:
            decision = asking.approve(call, vault, request)
    except LangoError as err:
        call.ui.fail(err)
        return err.code
    except KeyboardInterrupt:
        return 130
    call.ui.lines([f"{decision.by} {decision.channel} {decision.grant}".rstrip()])
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Approval as a command asks for it: the one call before an action that may need a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.wiring import approving

if TYPE_CHECKING:
    from lango_cli.cli.call import Call
    from lango_cli.model_approval import ApprovalRequest, Decision
    from lango_cli.vault.vault import Vault


def approve(call: Call, vault: Vault, request: ApprovalRequest) -> Decision:
    """Whether this may go on: see `wiring.approving.approve`, which raises where it may not."""
    return approving.approve(
        call.flags, vault, request, person=None, note=call.ui.note, warn=call.ui.warn
    )

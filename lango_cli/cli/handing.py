"""The yes that a command needs before a secret leaves: what `wiring.handing` calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli.cli.asking import approve
from lango_cli.model_approval import ApprovalRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lango_cli.cli.call import Call
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.handing import Approve


def approval_of(call: Call, tool: str, words: Sequence[str]) -> Approve:
    """Ask whether `tool` with these words may have the secrets; an ApprovalError if not."""

    def ask(vault: Vault, secrets: Mapping[str, str], shown: Mapping[str, object]) -> None:
        parameters = {"argv": list(words), "cwd": os.getcwd(), **shown}
        approve(call, vault, ApprovalRequest(tool, parameters, secrets=secrets))

    return ask

"""Approval joined from its parts: settings, the open vault, channels.

The rule: whoever is about to do something that may need a yes calls `approve` once, with all that
the action is, before anything of it has happened, and goes on only if it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import ApprovalDenied
from lango_cli.interceptor import policy
from lango_cli.model_approval import Decision
from lango_cli.wiring import opening

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.config.load import Settings
    from lango_cli.model_approval import ApprovalChannel, ApprovalRequest
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

    Say = Callable[[str], None]


def rules_of(settings: Settings) -> policy.Rules:
    """What the settings say about which tools need a yes."""
    section = "security.interceptor"
    return policy.Rules(
        settings.on(f"{section}.enabled"),
        settings.text(f"{section}.approvalPolicy"),
        settings.words(f"{section}.sensitiveTools"),
        settings.words(f"{section}.exemptTools"),
    )


def approve(
    flags: Flags,
    vault: Vault,
    request: ApprovalRequest,
    *,
    person: ApprovalChannel | None,  # noqa: ARG001  # no channel is joined yet: all is denied
    note: Say,  # noqa: ARG001
    warn: Say,  # noqa: ARG001
) -> Decision:
    """Whether an action may go on: the decision that allows it, or an error.

    `person` is the channel `terminal` (`cli.asking.terminal_channel`), None without one; `note`
    says how one may answer, `warn` what must not be overlooked. With the interceptor off, as it
    is by default, nothing is asked or recorded. ApprovalDenied (50) where somebody, an earlier
    answer or the lack of a channel says no; ApprovalTimedOut (51) where nobody answered. The
    decision is in the audit log before this returns.

    For `lango run` the tool is `run`, and the parameters are `argv` (all words, the program first)
    and `cwd`; `secrets` maps each name to how it is handed over, such as `env TOKEN`.
    """
    verdict = policy.judge(rules_of(opening.load_settings(flags)), request.tool, request.level)
    if not verdict.needed:
        if verdict.rule != "off":
            detail = f"not needed: {verdict.why}"
            vault.audit.later(vault.audit.event("approval", request.tool, detail=detail))
        return Decision("policy", verdict.why)
    with vault.store.write():
        detail = f"no channel; {verdict.why}"
        event = vault.audit.event("approval", request.tool, outcome="denied", detail=detail)
        vault.audit.append(event)
    raise ApprovalDenied(f"{request.tool} needs a yes, and no channel can ask ({verdict.why})")

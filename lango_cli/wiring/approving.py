"""Approval joined from its parts: settings, the open vault, channels, the masker.

The rule: whoever is about to do something that may need a yes calls `approve` once, with all that
the action is, before anything of it has happened, and goes on only if it returns.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.interceptor import answering, kinship, policy
from lango_cli.interceptor.approval import Gate, Ways
from lango_cli.interceptor.watching import Line, Watch
from lango_cli.model_approval import Decision
from lango_cli.wiring import opening
from lango_cli.wiring.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lango_cli.config.load import Settings
    from lango_cli.interceptor.actions import Mask
    from lango_cli.model_approval import (
        Answer,
        ApprovalChannel,
        ApprovalRequest,
        Grant,
        Question,
    )
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

    Say = Callable[[str], None]

SECTION = "security.interceptor"
TYPED = "passphrase"
"""The name of the source that asks a person for the passphrase."""
FOLDER = "asking"
"""Below the state folder: where the sockets of questions stand."""


def rules_of(settings: Settings) -> policy.Rules:
    """What the settings say about which tools need a yes."""
    return policy.Rules(
        settings.on(f"{SECTION}.enabled"),
        settings.text(f"{SECTION}.approvalPolicy"),
        settings.words(f"{SECTION}.sensitiveTools"),
        settings.words(f"{SECTION}.exemptTools"),
    )


def approve(
    flags: Flags,
    vault: Vault,
    request: ApprovalRequest,
    *,
    person: Callable[[], ApprovalChannel] | None,
    document: Callable[[Question], bytes],
    note: Say,
    warn: Say,
) -> Decision:
    """Whether an action may go on: the decision that allows it, or an error.

    `cli.asking.approve` is this for a command. `person` makes the channel `terminal`, `document`
    a question's JSON; `note` says how one may answer, `warn` what must not be overlooked. With
    the interceptor off, as it is by default, nothing is asked or recorded. ApprovalDenied (50)
    where somebody, an earlier answer or the lack of a channel says no; ApprovalTimedOut (51) where
    nobody answered. The decision is in the audit log before this returns.

    For `lango run` the tool is `run`, and the parameters are `argv` (all words, the program first)
    and `cwd`; `secrets` maps each name to how it is handed over, such as `env TOKEN`. An empty
    session or turn is taken from LANGO_SESSION and LANGO_TURN, else the session is the terminal's.
    """
    settings = settings_of(flags, vault)
    rules = rules_of(settings)
    if not rules.enabled:
        return Decision("policy", policy.judge(rules, request.tool, request.level).why)
    request = _placed(request)
    ways = Ways(
        list(_channels(settings, flags, vault, person, document, note)),
        settings.number(f"{SECTION}.approvalTimeoutSec"),
        settings.number(f"{SECTION}.approval.grantTtl"),
        settings.on(f"{SECTION}.headlessAutoApprove"),
        asker_name(),
    )
    gate = Gate(rules, vault.approvals, ways, mask_of(vault), vault.clock, warn)
    return gate.decide(request)


def _placed(request: ApprovalRequest) -> ApprovalRequest:
    """The request with its session and turn; a turn is one of the session that was named."""
    named = request.session or load.variable("LANGO_SESSION") or ""
    turn = request.turn or load.variable("LANGO_TURN") or ""
    place = f"{named} {turn}" if named and turn else turn
    return replace(request, session=named or terminal_session(), turn=place)


def _channels(
    settings: Settings,
    flags: Flags,
    vault: Vault,
    person: Callable[[], ApprovalChannel] | None,
    document: Callable[[Question], bytes],
    note: Say,
) -> Iterator[ApprovalChannel]:
    """The channels that the settings trust, in their order."""
    for name in settings.words(f"{SECTION}.approval.channels"):
        if name == "watch":
            yield _watch(settings, flags, vault, note)
        elif name == "desktop":
            from lango_cli.interceptor.desktop import Desktop, login_bus

            yield Desktop(settings.text(f"{SECTION}.approval.bus") or login_bus())
        elif name == "command":
            from lango_cli.interceptor.program import Program

            yield Program(settings.words(f"{SECTION}.approval.command"), document)
        elif person is not None:
            yield person()


def _watch(settings: Settings, flags: Flags, vault: Vault, note: Say) -> Watch:
    approvals = vault.approvals

    def announce(question: Question) -> None:
        note(
            f"{question.tool} waits for a yes; in another terminal of yours: lango approve watch,"
            f" or lango approve show {question.id}"
        )

    return Watch(
        line_of(flags, vault),
        lambda text: approvals.refused("", text),
        announce,
        anywhere=settings.text(f"{SECTION}.approval.answers") == "anywhere",
        person=settings.text(f"{SECTION}.approval.proof") == "person",
    )


def line_of(flags: Flags, vault: Vault) -> Line:
    """How askers and answerers of this vault speak, and where."""
    folder = os.path.join(opening.folders_of(flags).state, FOLDER)
    return Line(folder, vault.id, vault.approvals.key)


def mask_of(vault: Vault) -> Mask:
    """How the vault's values are hidden in what is shown; they are read at the first text."""
    from lango_cli.wiring.masking import maskers_for

    make = maskers_for(vault.secrets)

    def mask(text: str) -> str:
        masker = make()
        data = text.encode("utf-8", "surrogatepass")
        return (masker.feed(data) + masker.finish()).decode("utf-8", "surrogatepass")

    return mask


def terminal_session() -> str:
    """The terminal's session, as far as the system tells it apart from others."""
    leader = os.getsid(0)
    return f"sid {leader} since {kinship.started(leader)}"


def asker_name() -> str:
    """Who asks, for people: this process and the one that started it."""
    parent = kinship.process(os.getppid())
    of = f" of {parent.name} (pid {parent.pid})" if parent else ""
    return f"pid {os.getpid()}{of}, uid {os.geteuid()}"


def send(flags: Flags, vault: Vault, question: Question, answer: Answer) -> str:
    """Answer a question from here; how it ended. See `interceptor.answering.send`."""
    proof = "person" if vault.unlocked_by == TYPED else "vault"
    return answering.send(line_of(flags, vault), vault.approvals, question, answer, proof)


def find_grant(vault: Vault, name: str) -> Grant | None:
    """The grant with this id or unambiguous start of one."""
    found = [grant for grant in vault.approvals.grants() if name and grant.id.startswith(name)]
    return found[0] if len(found) == 1 else None

"""`lango approve`: what waits for a yes, the answer, and what an earlier yes still covers.

The rule: who answers is shown all of it first. An answer takes the open vault, and by a setting
the passphrase; it counts only while who asks still waits, and only once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from lango_cli.cli import parse
from lango_cli.cli.asking import members
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.codec import rfc3339
from lango_cli.errors import Conflict, UsageProblem
from lango_cli.interceptor import answering, policy
from lango_cli.interceptor.actions import shown
from lango_cli.interceptor.grants import reach
from lango_cli.interceptor.questions import page
from lango_cli.model_approval import ALWAYS, LEVELS, ONCE, SESSION, Answer
from lango_cli.wiring import approving, looking, opening
from lango_cli.wiring.settings import settings_of

if TYPE_CHECKING:
    from lango_cli.config.load import Settings
    from lango_cli.model_approval import Grant, Question
    from lango_cli.vault.vault import Vault

app = typer.Typer()

Request = Annotated[str, Argument(metavar="REQUEST", help="A request's id, or its start.")]


def open_to_answer(call: Call) -> Vault:
    """The open vault; by the passphrase, typed now, where the settings want that of an answer."""
    vault = call.vault()
    if _may_answer(call, vault):
        return vault
    vault.close()
    call.flags.settings["unlock.order"] = "prompt"
    vault = call.vault(real=True)
    if not _may_answer(call, vault):
        vault.close()
        raise UsageProblem(
            "an answer takes the passphrase, typed on a terminal: the settings say so",
            hint="leave out the option or variable that names another way to unlock",
        )
    return vault


def _may_answer(call: Call, vault: Vault) -> bool:
    proof = settings_of(call.flags, vault).text("security.interceptor.approval.proof")
    return proof != "person" or vault.unlocked_by == approving.TYPED


@command(app, "list", unlocks=True)
def list_requests(call: Call) -> None:
    """List the requests that wait for an answer now, the oldest first."""
    with call.vault() as vault:
        found = answering.pending(approving.line_of(call.flags, vault))
    if call.ui.json:
        call.ui.document({"requests": [members(question) for question in found]})
        return
    now = time.time()
    head = ("id", "tool", "level", "seconds left", "asked by")
    call.ui.table(
        head,
        [
            (one.id, one.tool, one.level, str(max(0, int(one.until - now))), one.asker)
            for one in found
        ],
    )


@command(app, "show", unlocks=True)
def show(call: Call, request: Request) -> None:
    """Show all of a request that waits, with nothing in it invisible and values masked."""
    with call.vault() as vault:
        question = _find(call, vault, request)
    if call.ui.json:
        call.ui.document({"request": members(question)})
    else:
        call.ui.lines(page(question))


def _find(call: Call, vault: Vault, name: str) -> Question:
    line = approving.line_of(call.flags, vault)
    return answering.find(line, vault.approvals, parse.text(name, "REQUEST"))


@command(app, "allow", unlocks=True)
def allow(
    call: Call,
    request: Request,
    session: Annotated[
        bool, Option("--session", help="This action for the rest of its session too.")
    ] = False,
    always: Annotated[bool, Option("--always", help="This action from now on too.")] = False,
    like: Annotated[
        list[str] | None,
        Option("--like", metavar="PATH=PATTERN", help="With --always: where * may vary."),
    ] = None,
    lasts: Annotated[
        str | None, Option("--for", metavar="TIME", help="With --always: how long, such as 7d.")
    ] = None,
) -> None:
    """Say yes to a request that waits: once, or with --session or --always for longer.

    A yes for longer covers exactly these parameters. With --like, which may be given several
    times, one of them may vary: --always --like 'argv[2]=https://api.example.com/v1/*'. A single
    star stands for letters, digits and ._~@+=:,- and two stars for / too.
    """
    if session and always:
        raise UsageProblem("--session and --always exclude one another", hint="give one of them")
    if (like or lasts) and not always:
        raise UsageProblem("--like and --for go with --always", hint="add --always")
    likes = dict(_like(text) for text in like or ())
    scope = SESSION if session else ALWAYS if always else ONCE
    seconds = 0 if lasts is None else parse.duration(lasts, "--for")
    call.can_agree("approve allow", call.yes)
    with open_to_answer(call) as vault:
        question = _find(call, vault, request)
        _agree(call, question, scope, likes)
        answer = Answer(True, scope, likes=likes, seconds=seconds)
        _told(call, question, approving.send(call.flags, vault, question, answer))


def _like(text: str) -> tuple[str, str]:
    path, equals, pattern = text.partition("=")
    if not (path and equals and pattern):
        raise UsageProblem(
            "--like takes PATH=PATTERN", hint="--like 'argv[2]=https://api.example.com/v1/*'"
        )
    return path, pattern


def _agree(call: Call, question: Question, scope: str, likes: dict[str, str]) -> None:
    """Ask, with all of it in sight; a script that gives --yes has read it by `show`."""
    if call.yes:
        return
    if call.ask is not None:
        for text in [*page(question), *reach(likes)]:
            call.ask.tell(text)
    how = {ONCE: "once", SESSION: "for its session", ALWAYS: "always"}[scope]
    call.agree(f"Allow it {how}?")


def _told(call: Call, question: Question, ending: str) -> None:
    call.ui.note(f"request {question.id}: {ending}")
    if call.ui.json:
        call.ui.document({"request": question.id, "ending": ending})


@command(app, "deny", unlocks=True)
def deny(call: Call, request: Request) -> None:
    """Say no to a request that waits; in this turn it is not asked again."""
    with open_to_answer(call) as vault:
        question = _find(call, vault, request)
        _told(call, question, approving.send(call.flags, vault, question, Answer(False)))


@command(app, "watch", unlocks=True)
def watch(
    call: Call,
    plain: Annotated[
        bool, Option("--plain", help="A line for each request and its end; nothing is asked.")
    ] = False,
) -> None:
    """Wait for requests and answer them here, until Ctrl-C.

    Run it in a terminal that no agent can type into: that is what makes an answer yours.
    """
    from lango_cli.cli.watching import Watcher

    if call.ui.json:
        raise UsageProblem("watch prints no JSON", hint="lango approve list --json")
    with open_to_answer(call) as vault:
        Watcher(call, vault, asks=not plain).run()


@command(app, "grants", unlocks=True)
def grants(call: Call) -> None:
    """List what an earlier yes still covers, and until when."""
    with call.vault() as vault:
        found = [_grant_members(vault, grant) for grant in vault.approvals.grants()]
    if call.ui.json:
        call.ui.document({"grants": found})
        return
    head = ("id", "tool", "scope", "expires", "uses", "covers")
    call.ui.table(
        head,
        [
            (
                *(str(one[name]) for name in ("id", "tool", "scope", "expires_at", "uses")),
                _text(one),
            )
            for one in found
        ],
    )


def _grant_members(vault: Vault, grant: Grant) -> dict[str, object]:
    mask = approving.mask_of(vault)
    return {
        "id": grant.id,
        "tool": grant.tool,
        "origin": grant.origin,
        "scope": grant.scope,
        "created_at": rfc3339(grant.created),
        "expires_at": rfc3339(grant.expires),
        "last_used_at": None if grant.used is None else rfc3339(grant.used),
        "uses": grant.uses,
        "digest": grant.digest,
        "parameters": {path: shown(leaf, mask) for path, leaf in grant.leaves.items()},
        "likes": dict(grant.likes),
        "secrets": dict(grant.secrets),
    }


def _text(members: dict[str, object]) -> str:
    """What a grant covers, on one line."""
    parameters, likes = members["parameters"], members["likes"]
    assert isinstance(parameters, dict), "made above"
    assert isinstance(likes, dict), "made above"
    parts = [f"{path}={likes.get(path, value)}" for path, value in parameters.items()]
    return ", ".join(parts)


@command(app, "revoke", unlocks=True)
def revoke(
    call: Call,
    grant: Annotated[
        str | None, Argument(metavar="GRANT", help="A grant's id, or its start.")
    ] = None,
    every: Annotated[bool, Option("--all", help="All of them.")] = False,
) -> None:
    """Take back a grant: from now on its actions are asked again."""
    if (grant is None) is not every:
        raise UsageProblem("give a grant's id, or --all", hint="lango approve grants")
    with call.vault() as vault:
        wanted = vault.approvals.grants() if grant is None else [_find_grant(vault, grant)]
        gone = [one.id for one in wanted if vault.approvals.revoke(one)]
    if grant is not None and not gone:
        raise Conflict("this grant was taken back by somebody else", hint="lango approve grants")
    call.ui.note(f"taken back: {', '.join(gone)}" if gone else "there was none")
    if call.ui.json:
        call.ui.document({"revoked": gone})


def _find_grant(vault: Vault, name: str) -> Grant:
    found = approving.find_grant(vault, name)
    if found is None:
        raise UsageProblem("no one grant has this id", hint="lango approve grants")
    return found


def _known(call: Call) -> Settings:
    """The settings as far as they are known without a question."""
    found = looking.peek(call.flags)
    if found is not None:
        return found.settings
    if opening.home_of(opening.folders_of(call.flags)).vault_files():
        call.ui.warn("the vault is locked: what its active profile says is not known")
    return call.settings()


@command(app, "explain")
def explain(
    call: Call,
    tool: Annotated[str, Argument(metavar="TOOL", help="The tool's name.")],
    level: Annotated[
        str | None, Option("--level", metavar="LEVEL", help="safe, moderate or dangerous.")
    ] = None,
) -> None:
    """Say whether a tool needs a yes, and which rule decides that; unlocks nothing."""
    if level is not None:
        parse.choice(level, "--level", LEVELS)
    rules = approving.rules_of(_known(call))
    verdict = policy.judge(rules, parse.text(tool, "TOOL"), level or "")
    if call.ui.json:
        found = {"tool": tool, "needed": verdict.needed, "level": verdict.level}
        call.ui.document({**found, "rule": verdict.rule, "why": verdict.why})
        return
    rows = [
        ("needs a yes", "yes" if verdict.needed else "no"),
        ("rule", verdict.rule),
        ("why", verdict.why),
        ("level", verdict.level),
    ]
    call.ui.pairs(rows)

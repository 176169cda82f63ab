"""`lango secrets get|show|list|find|history|diff|due|generate`: what changes nothing.

The rule: `get`, `generate` and `--reveal` are all here that prints a value, and each value of the
vault that is printed is on record as read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.exposed import exposed_members, exposed_rows, progress_text
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import Name, app, described, told, when
from lango_cli.cli.show import Wish, check, encoded, show, show_value
from lango_cli.errors import Findings, UsageProblem
from lango_cli.vault.names import check_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.model import SecretMeta
    from lango_cli.vault.vault import Vault

Newline = Annotated[
    str | None,
    Option(
        "--newline", metavar="WHEN", help="End it with a newline: auto (on a terminal), yes, no."
    ),
]
Base64 = Annotated[bool, Option("--base64", help="In base64.")]
Output = Annotated[
    str | None, Option("--output", metavar="FILE", help="Into a new file that only you can read.")
]


@command(app, "get", unlocks=True)
def get(
    call: Call,
    names: Annotated[
        list[str], Argument(metavar="NAME...", help="NAME, or NAME@3 for version 3.")
    ],
    newline: Newline = None,
    base64: Base64 = False,
    force: Annotated[bool, Option("--force", help="Binary on a terminal too.")] = False,
    output: Output = None,
    null: Annotated[bool, Option("--null", "-0", help="End each value with a zero byte.")] = False,
    strict: Annotated[bool, Option("--strict", help="Fail (23) on an expired secret.")] = False,
) -> None:
    """Print a secret's value.

    Off a terminal exactly its bytes; on one with a newline after it.
    Several names need --json or -0.
    """
    wish = Wish()
    wish.newline, wish.base64, wish.force, wish.output = newline, base64, force, output
    wish.null, wish.strict, wish.json = null, strict, call.ui.json
    check(wish, len(names))
    with call.vault() as vault:
        values = [vault.secrets.get(name) for name in names]
    show(values, wish, call.ui, lambda: call.settings().text("output.newline"))


@command(app, "generate")
def generate(
    call: Call,
    spec: Annotated[str, Argument(metavar="SPEC", help="password:32, hex:32, words:6, uuid, ...")],
    newline: Newline = None,
    base64: Base64 = False,
    output: Output = None,
) -> None:
    """Make a random value and print it; nothing is kept.

    Kinds: password, hex, base64, words, uuid, ed25519, p256, rsa; after a colon how long.
    To keep one at once: lango secrets set NAME --generate SPEC.
    """
    from lango_cli.crypto.generate import generate as make

    wish = Wish()
    wish.newline, wish.base64, wish.output, wish.json = newline, base64, output, call.ui.json
    check(wish, 1)
    show_value(
        "the value", make(spec), wish, call.ui, lambda: call.settings().text("output.newline")
    )


@command(app, "show", unlocks=True)
def show_one(
    call: Call,
    name: Name,
    reveal: Annotated[bool, Option("--reveal", help="Its value too, on record as read.")] = False,
) -> None:
    """Say all about a secret but its value."""
    with call.vault() as vault:
        meta = vault.secrets.show(name)
        value = _revealed(vault, meta) if reveal else {}
    if call.ui.json:
        call.ui.document({"secret": described(meta) | value})
        return
    rows = told(meta)
    if reveal:
        how = " (base64)" if value["encoding"] == "base64" else ""
        rows.append((f"value{how}", str(value["value"])))
    call.ui.pairs(rows)


def _revealed(vault: Vault, meta: SecretMeta) -> dict[str, object]:
    """The value that `meta` is about, and its encoding."""
    return encoded(vault.secrets.get(f"{meta.name}@{meta.version}").value)


@command(app, "list", unlocks=True)
def list_all(
    call: Call,
    prefix: Annotated[str, Argument(metavar="PREFIX", help="This folder and what is in it.")] = "",
    deleted: Annotated[bool, Option("--deleted", help="Those that undelete brings back.")] = False,
    reveal: Annotated[
        bool, Option("--reveal", help="With --json: their values too, on record as read.")
    ] = False,
) -> None:
    """List secrets: one name a line, a table on a terminal."""
    if reveal and (deleted or not call.ui.json):
        raise UsageProblem(
            "--reveal is for a list of live secrets with --json",
            hint="for one value: lango secrets get NAME",
        )
    prefix = check_prefix(prefix)
    with call.vault() as vault:
        if reveal:
            metas = vault.secrets.list(prefix)
            members = (described(meta) | _revealed(vault, meta) for meta in metas)
            call.ui.document_of("secrets", members)
        elif call.ui.json or call.ui.is_terminal() or deleted:
            print_all(call, vault.secrets.each(prefix, deleted=deleted))
        else:
            call.ui.lines(vault.secrets.names(prefix))


@command(app, "find", unlocks=True)
def find(
    call: Call,
    text: Annotated[str, Argument(metavar="TEXT", help="Part of a name, note, owner or tag.")],
) -> None:
    """List secrets whose name, note, owner or tags hold a text."""
    with call.vault() as vault:
        print_all(call, vault.secrets.find(parse.text(text, "TEXT")))


def print_all(call: Call, metas: Iterable[SecretMeta]) -> None:
    """Secrets as a list command prints them."""
    if call.ui.json:
        call.ui.document_of("secrets", map(described, metas))
    elif call.ui.is_terminal():
        rows = [_row(meta) for meta in metas]
        if rows:
            call.ui.table(("name", "version", "changed", "expires", "tags"), rows)
        else:
            _nothing(call, "nothing found")
    else:
        call.ui.lines([meta.name for meta in metas])


def _nothing(call: Call, text: str) -> None:
    """Why a terminal shows nothing; a script sees that by itself."""
    if call.ui.is_terminal():
        call.ui.note(text)


def _row(meta: SecretMeta) -> tuple[str, ...]:
    return (
        meta.name,
        str(meta.version),
        when(meta.value_changed_at) or "",
        when(meta.expires_at) or "",
        ", ".join(meta.tags),
    )


@command(app, "history", unlocks=True)
def history(call: Call, name: Name) -> None:
    """List a secret's versions, newest first, without their values."""
    with call.vault() as vault:
        versions = vault.secrets.history(name)
    if call.ui.json:
        members = [
            {
                "version": one.version,
                "created_at": when(one.created_at),
                "size": one.size,
                "key": one.key,
                "key_version": one.key_version,
                "current": one.current,
            }
            for one in versions
        ]
        call.ui.document({"name": name, "versions": members})
        return
    rows = [
        (
            str(one.version),
            when(one.created_at) or "",
            str(one.size),
            f"{one.key}:{one.key_version}",
            "current" if one.current else "",
        )
        for one in versions
    ]
    call.ui.table(("version", "created", "bytes", "key", ""), rows)


@command(app, "diff", unlocks=True)
def diff(
    call: Call,
    name: Name,
    a: Annotated[str, Argument(metavar="A", help="A version.")],
    b: Annotated[str, Argument(metavar="B", help="Another one.")],
) -> None:
    """Say whether two versions hold the same value, by fingerprint."""
    first, second = parse.whole(a, "A", 1), parse.whole(b, "B", 1)
    with call.vault() as vault:
        left, right = vault.secrets.diff(name, first, second)
    if call.ui.json:
        members = [
            {"version": version, "fingerprint": fingerprint}
            for version, fingerprint in ((first, left), (second, right))
        ]
        call.ui.document({"name": name, "same": left == right, "versions": members})
    else:
        call.ui.lines(
            [f"{first} {left}", f"{second} {right}", "same" if left == right else "different"]
        )


@command(app, "due", unlocks=True)
def due(
    call: Call,
    within: Annotated[str, Option("--within", metavar="TIME", help="How far to look.")] = "14d",
    exposed: Annotated[
        bool, Option("--exposed", help="Instead: what slots could read that were compromised.")
    ] = False,
) -> None:
    """List secrets that expire or want a new value soon; exit 80 if there are any."""
    ahead = parse.duration(within, "--within")
    if exposed:
        _due_exposed(call)
        return
    with call.vault() as vault:
        found = vault.secrets.due(ahead)
    if call.ui.json:
        call.ui.document({"secrets": [described(meta) | {"why": why} for meta, why in found]})
    elif found:
        call.ui.table(("name", "why"), [(meta.name, why) for meta, why in found])
    else:
        _nothing(call, f"nothing is due within {within}")
    if found:
        many = "1 secret is" if len(found) == 1 else f"{len(found)} secrets are"
        raise Findings(f"{many} due within {within}")


def _due_exposed(call: Call) -> None:
    """The values to change after `keys slot remove --compromised` or `db rekey --compromised`."""
    with call.vault() as vault:
        found = vault.secrets.exposed()
    if call.ui.json:
        call.ui.document({"secrets": exposed_members(found)})
    elif found:
        call.ui.table(("name", "state", "versions", "slot"), exposed_rows(found))
    else:
        _nothing(call, "nothing was exposed")
    if any(one.due for one in found):
        raise Findings(progress_text(found))

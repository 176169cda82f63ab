"""`lango mask`: standard input to standard output, with every value of the vault masked.

The rule: it fails closed. Where the vault cannot be unlocked, or a value cannot be read, nothing
is passed on. It is silent and quick: what is safe goes on as soon as it has come.
"""

from __future__ import annotations

import os
import select
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from lango_cli.cli import ui
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.errors import FileProblem, Findings, UsageProblem
from lango_cli.wiring.masking import Masking, needles_of, only
from lango_cli.wiring.passing import Nothing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from lango_cli.model import TextFilter

app = typer.Typer()

CHUNK = 1 << 16


@command(app, "mask", unlocks=True)
def mask(
    call: Call,
    names: Annotated[
        list[str] | None,
        Option("--only", metavar="NAME", help="Only this secret; may stand several times."),
    ] = None,
    no_credentials: Annotated[
        bool,
        Option("--no-credentials", help="Leave what only looks like a credential as it is."),
    ] = False,
    check: Annotated[
        bool, Option("--check", help="End with 80 if there was anything to mask.")
    ] = False,
    summary: Annotated[
        bool, Option("--summary", help="Say at the end, on stderr, what was masked how often.")
    ] = False,
) -> None:
    """Pass a stream on with every value of the vault in it masked.

    It goes from standard input to standard output; a value is found in whatever form it stands.
    A value becomes [SECRET:its name], a token or password that no vault knows [REDACTED:its kind].
    With --json the summary is one document on stderr. If the vault does not open, nothing passes.
    """
    if call.flags.passphrase_fd == ui.STDIN:
        raise UsageProblem(
            "standard input is what is masked, so it cannot hold the passphrase",
            hint="give it by another descriptor: --passphrase-fd 3",
        )
    with call.vault() as vault:
        values = vault.secrets.for_masking()
        needles = needles_of(only(values, names) if names else values)
    masking = Masking(lambda: needles, credentials=not no_credentials)
    with _behind(call) as behind:
        for chunk in _stdin():
            _out(call, behind.feed(masking.feed(chunk)))
        _out(call, behind.feed(masking.finish()))
        _out(call, behind.finish())
    if summary or call.ui.json:
        _tell(call, masking)
    found = sum(masking.secrets.values()) + sum(masking.credentials.values())
    if check and found:
        raise Findings("1 value was masked" if found == 1 else f"{found} values were masked")


def _behind(call: Call) -> AbstractContextManager[TextFilter]:
    """What takes personal data out too, if the settings say so; it is loaded for that alone."""
    settings = call.settings()
    if not settings.on("security.interceptor.redactPii"):
        return nullcontext(Nothing())
    from lango_cli.wiring.redacting import in_passing

    return in_passing(settings, call.ui.warn)


def _stdin() -> Iterator[bytes]:
    """What comes, as it comes."""
    while True:
        try:
            chunk = os.read(ui.STDIN, CHUNK)
        except BlockingIOError:
            # The other end made the pipe non-blocking: wait until there is more.
            select.select([ui.STDIN], [], [])
            continue
        except OSError as err:
            reason = (err.strerror or "failed").lower()
            raise FileProblem(
                f"standard input: {reason}", hint="give it something to read"
            ) from None
        if not chunk:
            return
        yield chunk


def _out(call: Call, data: bytes) -> None:
    if data:
        call.ui.out(data)


def _tell(call: Call, masking: Masking) -> None:
    if call.ui.json:
        secrets = [{"name": name, "count": n} for name, n in sorted(masking.secrets.items())]
        kinds = [{"kind": kind, "count": n} for kind, n in sorted(masking.credentials.items())]
        call.ui.aside({"secrets": secrets, "credentials": kinds})
        return
    for name, count in sorted(masking.secrets.items()):
        call.ui.note(f"masked {name} {_times(count)}")
    for kind, count in sorted(masking.credentials.items()):
        call.ui.note(f"masked what looks like {kind} {_times(count)}")
    if not masking.secrets and not masking.credentials:
        call.ui.note("nothing was masked")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

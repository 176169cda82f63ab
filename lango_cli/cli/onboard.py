"""`lango onboard`: a vault set up step by step, for a person who has not read anything yet.

The rule: it only asks what `lango init` has options for, and then does the same. The questions are
drawn on the controlling terminal, whatever the standard streams are.
"""

from __future__ import annotations

import typer

from lango_cli.cli import credentials
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import NewPassphrase
from lango_cli.cli.options import command
from lango_cli.cli.vault import NO_VAULT, tell_made
from lango_cli.wiring import making, slotting

app = typer.Typer()

PASSPHRASE, KEYRING, KEYFILE = "passphrase", "keyring", "keyfile"


@command(app, "onboard")
def onboard(call: Call) -> None:
    """Set up a vault step by step, with questions."""
    making.refuse_existing(call.flags)
    hint = "use lango quickstart, which asks nothing, or lango init with its options"
    call.asking("how the vault shall open", hint=hint)
    kinds, kdf, words = _answers(call)
    passphrase = None
    if PASSPHRASE in kinds:
        passphrase = NewPassphrase(call, None, None).read()
    recovery = slotting.new_entropy() if words else None
    if recovery is not None:
        credentials.hand_out_words(call, recovery, None, NO_VAULT)
    plan = making.Plan(KEYRING in kinds, KEYFILE in kinds, passphrase, kdf, recovery)
    tell_made(call, plan)
    call.ui.note("keep a first secret: lango secrets set NAME; see how it is: lango status")


def _answers(call: Call) -> tuple[list[str], str, bool]:
    """Kinds of slots, the passphrase's KDF, and whether there shall be recovery words."""
    from questionary import Choice

    from lango_cli.cli.questions import Questions

    verdict = making.keyring_verdict(call.flags)
    with Questions(call.ui) as ask:
        kinds = ask.several(
            "What shall open the vault?",
            [
                Choice("a passphrase that you type", PASSPHRASE, checked=True),
                Choice(
                    "the OS keyring of this machine: nothing to type while you are logged in",
                    KEYRING,
                    disabled=None if verdict.usable else verdict.reason,
                ),
                Choice("a keyfile in the vault's folder: nothing to type at all", KEYFILE),
            ],
        )
        kdf = call.settings().text("kdf.algorithm")
        if PASSPHRASE in kinds:
            kdf = ask.one(
                "How shall the passphrase be stretched?",
                [
                    Choice("PBKDF2, which every system has", "pbkdf2"),
                    Choice("Argon2id, dearer to guess (64 MiB)", "argon2id"),
                ],
                kdf,
            )
        words = ask.yes("Make recovery words, to write on paper?")
    return kinds, slotting.KDFS[kdf], words

"""`lango onboard`: a first-run guide, for a person who has not read anything yet.

The rule: each step does what a command of its own does, can be skipped, and is not asked again
once it is done, so the guide can be left with Ctrl-C and begun again. Only the vault itself cannot
be skipped, for all else stands in it. Nothing is asked that has an obvious answer: the first
profile is called `default`, and the checks of doctor are free. The questions are drawn on the
controlling terminal, whatever the standard streams are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lango_cli.cli import credentials
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import NewPassphrase
from lango_cli.cli.options import command
from lango_cli.cli.vault import NO_VAULT, tell_made
from lango_cli.errors import LangoError
from lango_cli.secret import SecretBytes
from lango_cli.wiring import drilling, making, onboarding, shells, slotting

if TYPE_CHECKING:
    from lango_cli.cli.questions import Questions
    from lango_cli.cli.terminal import Prompter

app = typer.Typer()

PASSPHRASE, KEYRING, KEYFILE = "passphrase", "keyring", "keyfile"
SKIP = ""


@command(app, "onboard", unlocks=True)
def onboard(call: Call) -> None:
    """Set up a vault step by step, with questions, and see that all is well.

    A vault and how it opens, a try of the recovery words, a first API key, the first profile of
    settings, completions of the shell, and what doctor finds. Each step can be skipped, and one
    that is done is not asked again.
    """
    hint = "use lango quickstart, which asks nothing, or lango init with its options"
    person = call.asking("how the vault shall open", hint=hint)
    if onboarding.has_vault(call.flags):
        call.ui.note("the vault is there already")
    else:
        _make(call)
    _drill(call, person)
    _first_key(call, person)
    _first_profile(call)
    _complete(call)
    _examine(call)
    call.ui.note("keep a first secret: lango secrets set NAME; see how it is: lango status")


def _asks(call: Call) -> Questions:
    from lango_cli.cli.questions import Questions

    return Questions(call.ui)


def _make(call: Call) -> None:
    """The vault, and how it opens."""
    kinds, kdf, words = _answers(call)
    passphrase = None
    if PASSPHRASE in kinds:
        passphrase = NewPassphrase(call, None, None).read()
    recovery = slotting.new_entropy() if words else None
    if recovery is not None:
        credentials.hand_out_words(call, recovery, None, NO_VAULT)
    plan = making.Plan(KEYRING in kinds, KEYFILE in kinds, passphrase, kdf, recovery)
    tell_made(call, plan)


def _drill(call: Call, person: Prompter) -> None:
    """Recovery words that nobody has ever tried may as well not be there."""
    with call.vault() as vault:
        label = onboarding.undrilled(vault)
    if label is None:
        return
    with _asks(call) as ask:
        wanted = ask.yes("Try the recovery words now, all 24 of them, from your paper?")
    if not wanted:
        call.ui.note(f"skipped; later: lango keys slot test {label}")
        return
    try:
        drilling.drill(call.flags, label, None, person, call.ui.warn)
    except LangoError as err:
        call.ui.warn(f"the recovery words did not open the vault: {err.message}")
        call.ui.note(f"try again: lango keys slot test {label}")
    else:
        call.ui.note("the recovery words open the vault")


def _first_key(call: Call, person: Prompter) -> None:
    """The first API key, which is what most vaults are made for."""
    from questionary import Choice

    with call.vault() as vault:
        for provider in onboarding.unsettled(vault, call.flags):
            onboarding.refer(vault, call.flags, provider)
            call.ui.note(f"the key of {provider} is the setting providers.{provider}.apiKey now")
        if onboarding.has_provider_key(vault, call.flags):
            return
        with _asks(call) as ask:
            provider = ask.one(
                "Keep an API key of a provider now?",
                [
                    *(Choice(name, name) for name in onboarding.PROVIDERS),
                    Choice("skip", SKIP),
                ],
                onboarding.PROVIDERS[0],
            )
        if provider == SKIP:
            call.ui.note("skipped; later: lango secrets set NAME")
            return
        value = person.secret(f"API key of {provider} (Enter alone skips)")
        if not len(value):
            call.ui.note("skipped; later: lango secrets set NAME")
            return
        name = onboarding.keep_key(vault, call.flags, provider, SecretBytes(value.reveal()))
    call.ui.note(f"kept as {name}; in text it stands as {{{{secret:{name}}}}},")
    call.ui.note(f"and it is the setting providers.{provider}.apiKey")


def _first_profile(call: Call) -> None:
    """What agents may do, which is all that a new profile has to be asked."""
    with call.vault() as vault:
        if onboarding.is_guarded(vault, call.flags):
            return
        with _asks(call) as ask:
            wanted = ask.yes(
                "Will AI agents use this vault? Then dangerous tools ask you first, and personal "
                "data is taken out of what agents read."
            )
        if not wanted:
            call.ui.note("skipped; the profile is as it comes; later: lango settings")
            return
        name = onboarding.guard(vault, call.flags)
    call.ui.note(f"profile {name}: {', '.join(onboarding.GUARD)} are on; more: lango settings")


def _complete(call: Call) -> None:
    """Completions, where the shell does not find them by itself."""
    found = shells.completions()
    if found is None:
        return
    where = f" in {found.target}"
    if found.lines:
        call.ui.note(f"{found.shell} finds completions with these lines in {found.start}:")
        for line in found.lines.strip().split("\n"):
            call.ui.note(f"    {line}")
        where += ", and add the lines"
    with _asks(call) as ask:
        wanted = ask.yes(f"Install completions for {found.shell}{where}?")
    if not wanted:
        call.ui.note(f"skipped; they are in {found.source}")
        return
    try:
        shells.install(found)
    except LangoError as err:
        call.ui.warn(f"not done: {err.message}")
        if found.lines:
            call.ui.note("add the lines by hand")
    else:
        call.ui.note(f"installed; {found.takes_effect()}")


def _examine(call: Call) -> None:
    """What doctor finds; a finding is no failure here, since something may well be left to do."""
    from lango_cli.cli.doctor import counted, lines_of
    from lango_cli.wiring.checkup import Doctor
    from lango_cli.wiring.findings import ADVICE, ERROR

    checkup = Doctor(call.flags, call.ask, fix=False).examine()
    for finding in checkup.findings:
        if finding.level in (ADVICE, ERROR):
            for line in lines_of(finding):
                call.ui.note(line)
    errors, advice = checkup.count(ERROR), checkup.count(ADVICE)
    call.ui.note(f"doctor: {counted(errors, 'error')}, {counted(advice, 'piece')} of advice")


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
                    "the OS keyring" + ": nothing to type while logged in" * verdict.usable,
                    KEYRING,
                    disabled=None if verdict.usable else verdict.reason,
                ),
                Choice("a keyfile in the vault's folder: nothing to type", KEYFILE),
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

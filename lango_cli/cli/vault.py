"""`lango init|quickstart|unlock|lock|status`: the vault as a whole.

The rule: `init` and `quickstart` never touch what is there; `status` never unlocks; what a command
did is told on stderr, what was asked for goes to stdout.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from lango_cli.cli import credentials, parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.credentials import (
    KdfName,
    NewFd,
    NewFile,
    NewPassphrase,
    RecoveryFile,
    slot_members,
)
from lango_cli.cli.options import command
from lango_cli.codec import rfc3339
from lango_cli.errors import UsageProblem
from lango_cli.wiring import key_uris, making, opening, slotting, sources, standing

if TYPE_CHECKING:
    from lango_cli.model import SlotInfo
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.making import First
    from lango_cli.wiring.standing import Standing

app = typer.Typer()

LONGEST_SESSION = 30 * 86_400
"""Seconds that `unlock --ttl` may last at most."""
NO_VAULT = "no vault was made"


@command(app, "init")
def init(
    call: Call,
    keyring: Annotated[
        bool, Option("--keyring", help="A slot whose key the OS keyring keeps.")
    ] = False,
    keyfile: Annotated[
        bool, Option("--keyfile", help="A slot whose key is the file `keyfile` in the home.")
    ] = False,
    kms: Annotated[
        str | None,
        Option(
            "--kms", metavar="URI", help="A slot whose key a KMS, HSM, TPM or companion keeps."
        ),
    ] = None,
    kdf: KdfName = None,
    no_recovery: Annotated[bool, Option("--no-recovery", help="Make no recovery words.")] = False,
    recovery_file: RecoveryFile = None,
    new_passphrase_fd: NewFd = None,
    new_passphrase_file: NewFile = None,
) -> None:
    """Make a new vault, where there is none.

    Without --keyring, --keyfile and --kms it opens with a passphrase, asked for twice. It gets
    recovery words too, 24 of them, shown once; --no-recovery leaves them out.
    """
    if no_recovery and recovery_file is not None:
        raise UsageProblem(
            "--no-recovery and --recovery-file exclude one another", hint="give one of the two"
        )
    new = NewPassphrase(call, new_passphrase_fd, new_passphrase_file)
    function = credentials.kdf_of(call, kdf)
    uri = None if kms is None else key_uris.complete(kms, call.settings())
    making.refuse_existing(call.flags)
    if not no_recovery:
        credentials.check_words(call, recovery_file, " or --no-recovery")
    if keyring:
        making.require_keyring(call.flags)
    passphrase = None
    if new.named or not (keyring or keyfile or uri):
        new.check(", --keyring, --keyfile or --kms")
        passphrase = new.read()
    recovery = None if no_recovery else slotting.new_entropy()
    if recovery is not None:
        credentials.hand_out_words(call, recovery, recovery_file, NO_VAULT)
    plan = making.Plan(keyring, keyfile, passphrase, function, recovery, recovery_file, uri)
    tell_made(call, plan)


def tell_made(call: Call, plan: making.Plan) -> None:
    """Make the vault that was planned, and say what it is."""
    with making.make_vault(call.flags, plan, call.ui.warn, call.ask) as vault:
        slots = vault.slots.list()
        call.ui.note(f"made a vault at {vault.home.folder}")
        for slot in slots:
            call.ui.note(f"it opens with {_opens_with(call, slot)}")
        if plan.recovery_file is not None:
            call.ui.note("the recovery words are in that file: put them on paper, and shred it")
        if plan.recovery is None:
            call.ui.note("it has no recovery words; to make some: lango keys slot add recovery")
        if call.ui.json:
            call.ui.document(_made(vault, slots))


def _opens_with(call: Call, slot: SlotInfo) -> str:
    texts = {
        "keyring": "the OS keyring of this user on this machine",
        "keyfile": f"the keyfile {making.keyfile_path(call.flags)}",
        "passphrase": "the passphrase",
        "recovery": "the recovery words",
        "kms": "the key that its KMS keeps",
        "tpm2": "this machine's TPM",
        "companion": "its companion",
        "group": "several keys together",
    }
    return texts[slot.kind]


def _made(vault: Vault, slots: list[SlotInfo]) -> dict[str, object]:
    return {
        "home": vault.home.folder,
        "vault": vault.id,
        "slots": [slot_members(slot) for slot in slots],
    }


@command(app, "quickstart")
def quickstart(call: Call) -> None:
    """Make a vault if there is none, keep a first secret in it and read it back.

    Asks nothing. The vault opens with the OS keyring where that answers, else with a keyfile.
    """
    first = making.quickstart(call.flags, call.ui.warn)
    stands = standing.standing(call.flags, call.ui.warn, person=call.ask is not None)
    if call.ui.json:
        members = {
            "slot": first.kind,
            "reason": first.reason,
            "secret": making.FIRST_SECRET,
            "status": _status_members(stands),
        }
        call.ui.document(members)
        return
    call.ui.lines(_story(call, first))
    call.ui.out("\n")
    _show_status(call, stands)
    call.ui.lines(
        [
            "",
            "next:",
            f"  lango secrets get {making.FIRST_SECRET}",
            "  lango secrets set NAME",
            "  lango keys slot add recovery",
        ]
    )


def _story(call: Call, first: First) -> list[str]:
    keyfile = making.keyfile_path(call.flags)
    if first.kind == "keyring":
        backend = first.keyring.backend
        opens = f"it opens with the OS keyring ({backend}), for this user on this machine"
        stronger = []
    else:
        why = f"because the OS keyring does not serve: {first.reason}"
        opens = f"it opens with a keyfile, {keyfile}, {why}"
        stronger = ["  keep the keyfile on a stick of its own, and name it: LANGO_KEYFILE=FILE"]
    return [
        f"made a vault at {opening.folders_of(call.flags).home}",
        opens,
        f"stored a generated secret as {making.FIRST_SECRET}, read it back: the same",
        "",
        "nobody was asked, so there are no recovery words; to strengthen it:",
        "  lango keys slot add recovery     24 words on paper, for the day this machine is gone",
        "  lango keys slot add passphrase   what only you know",
        *stronger,
    ]


@command(app, "unlock", unlocks=True)
def unlock(
    call: Call,
    ttl: Annotated[
        str | None, Option("--ttl", metavar="TIME", help="How long, such as 15m (1s to 30d).")
    ] = None,
) -> None:
    """Keep the vault open for this login session, so that the next commands do not ask.

    The kernel's keyring keeps it where that works, else a small process; `lango lock` ends it.
    """
    settings = call.settings()
    seconds = _session_seconds(ttl, settings.number("unlock.ttl"))
    with call.vault(real=True) as vault:
        folders = opening.folders_of(call.flags)
        place = sources.keep_session(vault, seconds, settings, folders)
        vault.audit.later(vault.audit.event("session.keep", place, detail=f"{seconds} s"))
        vault_id = vault.id
    until = rfc3339(time.time() + seconds)
    call.ui.note(f"unlocked until {until}, kept by the {place}; to end it: lango lock")
    if call.ui.json:
        call.ui.document({"vault": vault_id, "store": place, "seconds": seconds, "until": until})


def _session_seconds(ttl: str | None, usual: int) -> int:
    seconds = usual if ttl is None else parse.duration(ttl, "--ttl")
    if not 1 <= seconds <= LONGEST_SESSION:
        raise UsageProblem("--ttl takes 1s to 30d", hint="such as 15m")
    return seconds


@command(app, "lock")
def lock(call: Call) -> None:
    """Forget at once what `lango unlock` kept."""
    dropped = standing.drop_sessions(call.flags, call.ui.warn)
    if dropped:
        call.ui.note(f"locked: the {' and the '.join(dropped)} kept an unlock session")
    else:
        call.ui.note("locked already: there was no unlock session")
    if call.ui.json:
        call.ui.document({"dropped": dropped})


@command(app, "status")
def status(call: Call) -> None:
    """Say where the vault is, which slots it has, and how it would open now; unlocks nothing."""
    stands = standing.standing(call.flags, call.ui.warn, person=call.ask is not None)
    if call.ui.json:
        call.ui.document(_status_members(stands))
    else:
        _show_status(call, stands)


def _status_members(stands: Standing) -> dict[str, object]:
    session, keyring = stands.session, stands.keyring
    return {
        "home": stands.home,
        "vault": stands.vault,
        "format": stands.format,
        "generation": stands.generation,
        "revision": stands.revision,
        "created_at": stands.created,
        "slots": [slot_members(slot) for slot in stands.slots],
        "session": None
        if session is None
        else {"store": session.store, "seconds_left": session.seconds_left},
        "keyring": {
            "usable": keyring.usable,
            "backend": keyring.backend,
            "reason": keyring.reason,
            "milliseconds": keyring.milliseconds,
            "cached": keyring.cached,
        },
        "ways": [{"way": way.name, "ready": way.ready, "why": way.why} for way in stands.ways],
        "fallback": stands.fallback,
        "last_fallback_at": rfc3339(stands.last_fallback) if stands.last_fallback else None,
        "pending_records": stands.pending_records,
        "failed_unlocks": stands.failed_unlocks,
        "approval": stands.approval,
        "profile": stands.profile or None,
        "settings_not_used_yet": list(stands.unused),
        "presidio": {
            "enabled": stands.presidio.enabled,
            "url": stands.presidio.url,
            "answers": stands.presidio.answers,
            "milliseconds": stands.presidio.milliseconds,
            "reason": stands.presidio.reason,
            "when_down": stands.presidio.when_down,
        },
    }


def _show_status(call: Call, stands: Standing) -> None:
    rows = [
        ("home", stands.home),
        ("vault", stands.vault),
        (
            "format",
            f"{stands.format}, generation {stands.generation}, revision {stands.revision}",
        ),
        *(("slot", _slot_line(slot)) for slot in stands.slots),
        ("session", _session_line(stands)),
        ("keyring", _keyring_line(stands)),
        *(("way in", f"{way.name}: {_yes_no(way.ready)}, {way.why}") for way in stands.ways),
        *_fallback_lines(stands),
        ("audit records waiting", str(stands.pending_records)),
        ("failed unlocks", str(stands.failed_unlocks)),
        ("presidio", stands.presidio.line()),
        ("profile", stands.profile or "not known, the vault is locked"),
        *([("set, not used yet", ", ".join(stands.unused))] if stands.unused else []),
        ("approval", stands.approval),
    ]
    call.ui.pairs(rows)


def _slot_line(slot: SlotInfo) -> str:
    named = slot.label if slot.label == slot.kind else f"{slot.label} ({slot.kind})"
    return f"{named}, {slot.strength}, {slot.kdf}, id {slot.id}, key {slot.fingerprint}"


def _fallback_lines(stands: Standing) -> list[tuple[str, str]]:
    """Of a vault that custodians open, whether local slots serve too, and when one last did."""
    if not stands.kept:
        return []
    last = f", last used {rfc3339(stands.last_fallback)}" if stands.last_fallback else ""
    return [("fallback", f"{stands.fallback}{last}")]


def _session_line(stands: Standing) -> str:
    if stands.session is None:
        return "none"
    return f"{stands.session.seconds_left} s left, kept by the {stands.session.store}"


def _keyring_line(stands: Standing) -> str:
    found = stands.keyring
    when = "from the cache" if found.cached else f"asked, {found.milliseconds} ms"
    return f"{found.backend} ({when})" if found.usable else f"not usable: {found.reason} ({when})"


def _yes_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "perhaps"}[value]

"""`lango keys slot add`: one more way to unlock the vault.

The rule: an option of another kind of slot is a misunderstanding and never passed over; what makes
no sense is refused before anybody is asked for anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

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
from lango_cli.cli.keys_app import header, slot_app
from lango_cli.cli.options import command
from lango_cli.errors import Conflict, UsageProblem
from lango_cli.vault.recipient import CUSTODIANS
from lango_cli.vault.slots import check_label
from lango_cli.wiring import fallback, kept, key_uris, making, opening, slotting

if TYPE_CHECKING:
    from lango_cli.model import SlotInfo
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.create import NewSlot
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.vault import Vault

UNCHANGED = "nothing was changed"
PROVIDER = {"tpm2": "tpm2", "companion": "rpc", "kms": None}
"""Where a slot of this kind is kept when no URI is given; None: where the settings say."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The slot to be."""

    kind: str
    label: str
    kdf: str
    keyfile: str | None
    words: str | None
    uri: str


@command(slot_app, "add", unlocks=True)
def add_slot(
    call: Call,
    kind: Annotated[
        str,
        Argument(
            metavar="KIND",
            help="passphrase, keyring, keyfile, recovery, kms, tpm2 or companion.",
        ),
    ],
    uri: Annotated[
        str | None,
        Argument(metavar="URI", help="Of a kms, tpm2 or companion slot: where its key is."),
    ] = None,
    label: Annotated[
        str | None, Option("--label", metavar="LABEL", help="What to call it.")
    ] = None,
    keyfile: Annotated[
        str | None,
        Option("--keyfile", metavar="FILE", help="The new slot's keyfile (made if not there)."),
    ] = None,
    kdf: KdfName = None,
    new_passphrase_fd: NewFd = None,
    new_passphrase_file: NewFile = None,
    recovery_file: RecoveryFile = None,
) -> None:
    """Add a way to unlock the vault; it is opened once before it counts.

    To unlock with a keyfile here, name it first: lango --keyfile F keys slot add KIND.
    """
    parse.choice(kind, "KIND", slotting.KINDS)
    new = NewPassphrase(call, new_passphrase_fd, new_passphrase_file)
    _refuse_strangers(kind, keyfile=keyfile, recovery_file=recovery_file, new=new, uri=uri)
    function = credentials.kdf_of(call, kdf)
    envelope = header(call)
    where = _uri(call, kind, uri)
    if label is not None:
        _check_label(envelope, label)
    if kind == "passphrase":
        new.check()
    if kind == "recovery":
        credentials.check_words(call, recovery_file, "")
    with call.vault(real=True) as vault:
        name = label or slotting.free_label(vault.envelope, kind)
        wanted = _Wanted(kind, name, function, keyfile, recovery_file, where)
        info = _make_slot(call, vault, wanted, new)
        if where:
            say_fallback(call, vault, envelope)
    call.ui.note(f"slot {info.label} is there, id {info.id}")
    if call.ui.json:
        call.ui.document({"slot": slot_members(info)})


def _uri(call: Call, kind: str, uri: str | None) -> str:
    """The whole URI of the key that keeps the new slot; empty for a local slot."""
    if kind not in CUSTODIANS:
        return ""
    if kind == "companion" and uri is None:
        uri = _paired(call)
    whole = key_uris.complete(uri or PROVIDER[kind], call.settings())
    if kept.kind_of(whole) != kind:
        raise UsageProblem(
            f"that URI is of a {kept.kind_of(whole)} slot, not of a {kind} slot",
            hint=f"lango keys slot add {kept.kind_of(whole)} URI",
        )
    return whole


def _paired(call: Call) -> str | None:
    """The companion that is meant where none is named: the setting's, else the only one paired."""
    from lango_cli.wiring import companions

    if call.settings().text("security.signer.rpcUrl"):
        return None
    found = companions.only_uri(call.flags)
    if found is None:
        raise UsageProblem(
            "no companion is named, and security.signer.rpcUrl is not set",
            hint="lango companion list, then: lango keys slot add companion rpc:https://HOST:8467",
        )
    return found


def say_fallback(call: Call, vault: Vault, before: Envelope) -> None:
    """With the first slot of this sort the header takes over what the settings say of fallback."""
    if fallback.has_it(before):
        return
    policy = fallback.wanted(call.settings())
    fallback.follow(vault, policy)
    call.ui.note(fallback.SAYS[policy])


def _check_label(envelope: Envelope, label: str) -> None:
    check_label(parse.text(label, "--label"))
    if any(slot.label == label for slot in envelope.slots):
        raise Conflict(f"there is a slot labelled {label} already", hint="choose another --label")


def _refuse_strangers(
    kind: str,
    *,
    keyfile: str | None,
    recovery_file: str | None,
    new: NewPassphrase,
    uri: str | None,
) -> None:
    """An option of another kind of slot is a misunderstanding, never passed over."""
    if uri is not None and kind not in CUSTODIANS:
        raise UsageProblem(
            "a key URI is for a slot of kind kms, tpm2 or companion",
            hint="lango keys slot add kms URI",
        )
    for option, given, owner in (
        ("--keyfile", keyfile is not None, "keyfile"),
        ("--recovery-file", recovery_file is not None, "recovery"),
        ("a new passphrase", new.named, "passphrase"),
    ):
        if given and owner != kind:
            raise UsageProblem(
                f"{option} is for a slot of kind {owner}",
                hint="to unlock with a keyfile: lango --keyfile F keys slot add KIND"
                if owner == "keyfile"
                else f"lango keys slot add {owner}",
            )


def _make_slot(call: Call, vault: Vault, wanted: _Wanted, new: NewPassphrase) -> SlotInfo:
    undo = slotting.Undo()
    try:
        slot = _material(call, vault, wanted, new, undo)
    except BaseException:
        undo.take_back(call.ui.warn)
        raise
    return slotting.add(vault, slot, undo, call.ui.warn)


def _material(
    call: Call, vault: Vault, wanted: _Wanted, new: NewPassphrase, undo: slotting.Undo
) -> NewSlot:
    if wanted.uri:
        return slotting.keeping(call.flags, call.ask).new_slot(wanted.uri, vault.id, wanted.label)
    if wanted.kind == "passphrase":
        return slotting.passphrase_slot(new.read(), wanted.label, wanted.kdf)
    if wanted.kind == "keyring":
        folders = opening.folders_of(call.flags)
        return slotting.keyring_slot(folders, vault.id, wanted.label, undo)
    if wanted.kind == "keyfile":
        path = wanted.keyfile or making.keyfile_path(call.flags)
        given = wanted.keyfile is not None
        return slotting.keyfile_slot(path, wanted.label, wanted.kdf, undo, given=given)
    return slotting.recovery_slot(_words(call, wanted.words, undo), wanted.label)


def _words(call: Call, path: str | None, undo: slotting.Undo) -> SecretBytes:
    entropy = slotting.new_entropy()
    credentials.hand_out_words(call, entropy, path, UNCHANGED)
    if path is not None:
        slotting.write_words(path, entropy, undo)
    return entropy

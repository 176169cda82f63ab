"""`lango keys list|show|create|rotate|enable|disable|retire|destroy|default|export`: the registry.

The rule: no key ever leaves the vault, only the public half of one that signs. What cannot be
undone wants the name typed, and losing values with it wants to be said as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from lango_cli import files
from lango_cli.cli import parse
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.keys_app import KeyName, KeyVersionName, app, described, many
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import when
from lango_cli.cli.ui import json_bytes, one_object
from lango_cli.crypto.signing import ALGORITHMS, ECDSA_P256, ED25519
from lango_cli.errors import Conflict, UsageProblem
from lango_cli.vault.keys import AES, ENCRYPTION, SIGNING
from lango_cli.vault.registry import DISABLE, ENABLE, RETIRE, depends
from lango_cli.wiring import key_uris

if TYPE_CHECKING:
    from lango_cli.vault.key_info import KeyInfo, KeyVersionInfo
    from lango_cli.vault.registry import Rotated
    from lango_cli.vault.vault import Vault

TYPES = (ENCRYPTION, SIGNING)
NOT_PROTECTED = (
    "this does not protect values that somebody has already read, nor old backups:"
    " to make those worthless, change the values themselves"
)


@command(app, "list", unlocks=True)
def list_keys(call: Call) -> None:
    """List the keys that seal values and those that sign."""
    with call.vault() as vault:
        keys = vault.registry.list()
    if call.ui.json:
        call.ui.document({"keys": [described(key) for key in keys]})
        return
    call.ui.table(
        ("name", "type", "algorithm", "state", "", "version", "values", "rotated", "used"),
        [
            (
                key.name,
                key.purpose,
                key.algorithm,
                key.state,
                "default" if key.default else "",
                str(key.version),
                str(key.values) if key.purpose == ENCRYPTION else "-",
                when(key.rotated_at) or "-",
                when(key.last_used_at) or "-",
            )
            for key in keys
        ],
    )


@command(app, "show", unlocks=True)
def show(call: Call, name: KeyName) -> None:
    """Say all about a key but the key itself; of one that signs, its public half as PEM."""
    with call.vault() as vault:
        key = vault.registry.show(name)
        public = vault.key_use.public(key.name)
    if call.ui.json:
        pem = {"public_key": public[0] if public else None}
        call.ui.document({"key": described(key) | pem})
        return
    rows = [
        (title.replace("_", " "), str(value))
        for title, value in described(key).items()
        if value not in (None, "") and title not in ("versions", "default")
    ]
    rows += [("default", "yes" if key.default else "no")]
    rows += [
        (f"version {one.version}", f"{one.state}, since {when(one.created_at)}{_sealed(key, one)}")
        for one in key.versions
    ]
    call.ui.pairs(rows)
    if public:
        call.ui.out(public[0])


def _sealed(key: KeyInfo, one: KeyVersionInfo) -> str:
    return f", {many(one.values)}" if key.purpose == ENCRYPTION else ""


@command(app, "create", unlocks=True)
def create(
    call: Call,
    name: Annotated[str, Argument(metavar="NAME", help="What to call it.")],
    kind: Annotated[
        str | None, Option("--type", metavar="TYPE", help="encryption (default) or signing.")
    ] = None,
    algorithm: Annotated[
        str | None,
        Option(
            "--algorithm",
            metavar="NAME",
            help="aes-256-gcm; or ed25519 (default for signing), ecdsa-p256, hmac-sha256.",
        ),
    ] = None,
    default: Annotated[
        bool, Option("--default", help="It serves from now on where no key is named.")
    ] = False,
    custodian: Annotated[
        str | None,
        Option("--custodian", metavar="URI", help="The key at a KMS, HSM or the like to use."),
    ] = None,
) -> None:
    """Make a key: random, kept wrapped in the vault. Its type never changes.

    With --custodian a key that seals is wrapped by the key at URI, and is asked for there once by
    each command that needs it; one that signs is that key itself, and never leaves it.
    """
    if custodian is not None and kind == SIGNING and algorithm is None:
        algorithm = ECDSA_P256
    purpose, algorithm = _kind(kind, algorithm)
    uri = _uri(call, custodian, purpose, algorithm)
    with call.vault() as vault:
        key = vault.registry.create(name, purpose, algorithm, default=default, custodian=uri)
    _say(call, f"key {key.name} is there, {key.algorithm}, id {key.id}", key)


def _uri(call: Call, custodian: str | None, purpose: str, algorithm: str) -> str:
    """The whole URI of the key that keeps the new one; empty where the vault does."""
    if custodian is None:
        return ""
    if algorithm not in (AES, ECDSA_P256):
        raise UsageProblem(
            f"custodians have no {algorithm} keys", hint=f"--algorithm {ECDSA_P256}"
        )
    return key_uris.complete(custodian, call.settings(), signing=purpose == SIGNING)


def _kind(kind: str | None, algorithm: str | None) -> tuple[str, str]:
    """Purpose and algorithm; each follows from the other where it is not given."""
    if kind is not None:
        parse.choice(kind, "--type", TYPES)
    if algorithm is None:
        kind = kind or ENCRYPTION
        return kind, AES if kind == ENCRYPTION else ED25519
    parse.choice(algorithm, "--algorithm", (AES, *ALGORITHMS))
    purpose = ENCRYPTION if algorithm == AES else SIGNING
    if kind not in (None, purpose):
        raise UsageProblem(f"{algorithm} is for {purpose}", hint=f"--type {purpose}")
    return purpose, algorithm


@command(app, "default", unlocks=True)
def default(call: Call, name: KeyName) -> None:
    """Let a key serve where no key is named: one that seals new values, one that signs."""
    with call.vault() as vault:
        key = vault.registry.make_default(name)
    _say(call, f"{key.name} is the default {key.purpose} key now", key)


@command(app, "rotate", unlocks=True)
def rotate(
    call: Call,
    name: KeyName,
    reencrypt: Annotated[
        bool,
        Option(
            "--reencrypt",
            help="Move every value to the new version; goes on with one that was interrupted.",
        ),
    ] = False,
) -> None:
    """Make a new version of a key, which seals from now on; older ones go on opening.

    With --reencrypt every value, old versions and the trash included, is moved to it in steps
    between which others can work. Interrupted, the same command goes on where it stopped and makes
    no further version.

    A key that a custodian keeps is only wrapped anew, by the newest version of what keeps it: its
    values stay as they are. With --reencrypt it gets a new version too.
    """
    with call.vault() as vault, call.progress() as bar:
        if not reencrypt and vault.registry.show(name).custodian:
            _rewrap(call, vault, name)
            return
        done = vault.registry.rotate(name, bar if reencrypt else None)
    key = done.key
    call.ui.note(_rotated(done))
    if done.moved is not None:
        call.ui.note(f"{many(done.moved)} re-encrypted")
    call.ui.note(NOT_PROTECTED)
    if call.ui.json:
        members = {"resumed": done.resumed, "reencrypted": done.moved}
        call.ui.document({"key": described(key), **members, "not_protected": NOT_PROTECTED})


def _rewrap(call: Call, vault: Vault, name: str) -> None:
    """Wrap a key anew that a custodian keeps."""
    count = vault.registry.rewrap(name)
    key = vault.registry.show(name)
    call.ui.note(f"{many(count, 'version')} of {key.name} wrapped anew; no value was touched")
    if call.ui.json:
        call.ui.document({"key": described(key), "rewrapped": count})


def _rotated(done: Rotated) -> str:
    if done.resumed:
        return (
            f"went on with the re-encryption to {done.key.name}@{done.key.version} that was"
            " interrupted; it was not rotated once more"
        )
    return f"{done.key.name} has version {done.key.version} now"


@command(app, "enable", unlocks=True)
def enable(call: Call, name: KeyVersionName) -> None:
    """Let a key, or a version of one, be used again."""
    _change(call, name, ENABLE)


@command(app, "disable", unlocks=True)
def disable(call: Call, name: KeyVersionName) -> None:
    """Let a key, or a version of one, neither seal nor open until it is enabled."""
    _change(call, name, DISABLE)


@command(app, "retire", unlocks=True)
def retire(call: Call, name: KeyVersionName) -> None:
    """Let a key, or a version of one, open what it sealed but make nothing new."""
    _change(call, name, RETIRE)


def _change(call: Call, name: str, verb: str) -> None:
    with call.vault() as vault:
        key = vault.registry.change_state(name, verb)
    state = {one.version: one.state for one in key.versions}
    version = name.rpartition("@")[2] if name != key.name else ""
    is_now = state[int(version)] if version else key.state
    _say(call, f"key {name} is {is_now}", key)


@command(app, "destroy", unlocks=True)
def destroy(
    call: Call,
    name: KeyVersionName,
    lose_values: Annotated[
        bool, Option("--lose-values", help="Though values depend on it, which are lost then.")
    ] = False,
    confirm: Annotated[
        str | None, Option("--confirm", metavar="NAME", help="The name again, in scripts.")
    ] = None,
) -> None:
    """Erase a key, or a version of one, for ever.

    Refused while values depend on it (keys rotate --reencrypt moves them away), unless
    --lose-values says that they may go. What keys encrypt made with it is lost in any case.
    """
    call.can_agree("destroy", confirm is not None, "--confirm NAME")
    with call.vault() as vault:
        lost = vault.registry.dependents(name)
        if lost and not lose_values:
            raise Conflict(
                depends(name, lost),
                hint="move them first: lango keys rotate KEY --reencrypt; or lose them:"
                " --lose-values",
            )
        question = f"Destroy key {name}, and with it {many(lost)}, for ever?"
        call.agree_by_name(question, name, confirm)
        key = vault.registry.destroy(name, lost)
    call.ui.note(f"key {name} is destroyed; {many(lost)} cannot be read any more")
    if call.ui.json:
        call.ui.document({"key": described(key), "destroyed": name, "values_lost": lost})


@command(app, "export", unlocks=True)
def export(
    call: Call,
    name: KeyVersionName,
    as_jwk: Annotated[
        bool, Option("--jwk", help="As JWK instead; its kid is RFC 7638's.")
    ] = False,
    output: Annotated[
        str | None,
        Option("--output", metavar="FILE", help="Into a new file that only you can read."),
    ] = None,
) -> None:
    """Print the public half of a key that signs, as PEM."""
    with call.vault() as vault:
        pem, jwk = vault.key_use.export(name)
    if call.ui.json:
        data = json_bytes({"name": name, "public_key": pem, "jwk": jwk})
    else:
        data = one_object(jwk).encode() + b"\n" if as_jwk else pem.encode()
    if output is None or output == "-":
        call.ui.out(data)
    else:
        files.create(output, data)


def _say(call: Call, text: str, key: KeyInfo) -> None:
    call.ui.note(text)
    if call.ui.json:
        call.ui.document({"key": described(key)})

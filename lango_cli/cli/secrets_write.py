"""`lango secrets set|edit|rollback|delete|undelete|purge|rename|copy`: what changes the vault.

The rule: a value comes in by one of the ways of `cli.values` and never by an argument; verbs that
take something away ask; what was done is said on stderr, or as one document under `--json`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from lango_cli.cli import parse, values
from lango_cli.cli.backups import warn_of_backups
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.secrets_app import Name, app, described
from lango_cli.errors import UsageProblem
from lango_cli.vault.names import check_name

if TYPE_CHECKING:
    from lango_cli.model import SecretMeta

NEVER = "never"

Words = Annotated[
    list[str] | None, Argument(metavar="-", help="- takes the value from standard input.")
]
FromFile = Annotated[
    str | None, Option("--from-file", metavar="FILE", help="The value is this file's content.")
]
FromFd = Annotated[
    str | None, Option("--from-fd", metavar="N", help="Read it from this open descriptor.")
]
FromEnv = Annotated[
    str | None, Option("--from-env", metavar="VAR", help="Take this variable's value.")
]
Generate = Annotated[
    str | None, Option("--generate", metavar="SPEC", help="Make one: password:32, hex:32, ...")
]
IfVersion = Annotated[
    str | None,
    Option("--if-version", metavar="N", help="Only if this is its version; 0: only if new."),
]
Note = Annotated[str | None, Option("--note", metavar="TEXT", help="A note; no secret in it.")]
Owner = Annotated[str | None, Option("--owner", metavar="WHO", help="Whose it is.")]
Tags = Annotated[
    list[str] | None, Option("--tag", metavar="TAG", help="A tag; may stand several times.")
]
Expires = Annotated[
    str | None,
    Option("--expires", metavar="DATE|90d|never", help="When it stops being good (UTC)."),
]
RotateEvery = Annotated[
    str | None,
    Option("--rotate-every", metavar="90d|never", help="How often it wants a new value."),
]
NewName = Annotated[str, Argument(metavar="NEW", help="The new name.")]


@command(app, "set", unlocks=True, spill=values.SPILL)
def set_value(
    call: Call,
    name: Name,
    words: Words = None,
    from_file: FromFile = None,
    from_fd: FromFd = None,
    from_env: FromEnv = None,
    generate: Generate = None,
    raw: Annotated[bool, Option("--raw", help="Keep standard input's final line end.")] = False,
    allow_empty: Annotated[bool, Option("--allow-empty", help="The value may be empty.")] = False,
    key: Annotated[str | None, Option("--key", metavar="KEY", help="Data key to seal it.")] = None,
    if_version: IfVersion = None,
    note: Note = None,
    owner: Owner = None,
    tag: Tags = None,
    expires: Expires = None,
    rotate_every: RotateEvery = None,
) -> None:
    """Keep a value under a name; a name that exists gets a new version.

    On a terminal the value is asked for twice, hidden. Standard input loses one final line end.
    """
    source = values.Source(words or (), from_file, from_fd, from_env, generate)
    changes = _metadata(note, owner, expires, rotate_every)
    if tag:
        changes["tags"] = tuple(parse.text(one, "--tag") for one in tag)
    if if_version is not None:
        changes["if_version"] = parse.whole(if_version, "--if-version")
    check_name(name)
    # A question comes last, when it is known that the answer can be kept; all else comes first.
    value = None
    if source.asks:
        call.asking("the value", hint=f"give it by {values.WAYS}")
    else:
        value = values.read(call, source, name, raw=raw, allow_empty=allow_empty)
    with call.vault() as vault:
        if value is None:
            value = values.read(call, source, name, raw=raw, allow_empty=allow_empty)
        meta = vault.secrets.set(name, value, key=key, **changes)
    _say(call, f"{meta.name} has version {meta.version} now", meta)
    if meta.expires_at is not None and meta.expires_at <= time.time():
        call.ui.warn(f"{meta.name} counts as expired: give --expires DATE, or --expires {NEVER}")


@command(app, "edit", unlocks=True)
def edit(
    call: Call,
    name: Name,
    note: Note = None,
    owner: Owner = None,
    tag: Tags = None,
    untag: Annotated[
        list[str] | None, Option("--untag", metavar="TAG", help="Take a tag away.")
    ] = None,
    expires: Expires = None,
    rotate_every: RotateEvery = None,
) -> None:
    """Change what is said about a secret, not its value; an empty text takes it away."""
    changes = _metadata(note, owner, expires, rotate_every)
    if not (changes or tag or untag):
        raise UsageProblem("nothing to change was given", hint="lango secrets edit --help")
    with call.vault() as vault:
        if tag or untag:
            have = vault.secrets.show(name).tags
            changes["tags"] = _tags(have, tag or [], untag or [])
        meta = vault.secrets.edit(name, **changes)
    _say(call, f"{meta.name} is changed", meta)


def _metadata(
    note: str | None, owner: str | None, expires: str | None, rotate_every: str | None
) -> dict[str, Any]:
    """What was given, as the vault takes it; what was not given is left out."""
    changes: dict[str, Any] = {}
    if note is not None:
        changes["note"] = parse.text(note, "--note")
    if owner is not None:
        changes["owner"] = parse.text(owner, "--owner")
    if expires is not None:
        ends = None if expires == NEVER else parse.moment(expires, time.time(), "--expires")
        changes["expires_at"] = ends
    if rotate_every is not None:
        every = None if rotate_every == NEVER else parse.duration(rotate_every, "--rotate-every")
        if every == 0:
            raise UsageProblem("--rotate-every takes a duration above 0", hint="90d, or never")
        changes["rotate_every"] = every
    return changes


def _tags(have: tuple[str, ...], more: list[str], fewer: list[str]) -> tuple[str, ...]:
    """The tags there are, the new ones at the end, without those taken away."""
    wanted = [*have, *(parse.text(one, "--tag") for one in more)]
    return tuple(one for one in dict.fromkeys(wanted) if one not in fewer)


@command(app, "rollback", unlocks=True)
def rollback(
    call: Call,
    name: Name,
    version: Annotated[str, Argument(metavar="VERSION", help="The version to go back to.")],
) -> None:
    """Make an old version's value the newest version."""
    wanted = parse.whole(version, "VERSION", 1)
    with call.vault() as vault:
        meta = vault.secrets.rollback(name, wanted)
    _say(call, f"{meta.name} has version {meta.version} now, the value of {wanted}", meta)


@command(app, "delete", unlocks=True)
def delete(call: Call, name: Name) -> None:
    """Delete a secret; undelete brings it back until it is purged."""
    call.can_agree("delete", call.yes)
    with call.vault() as vault:
        meta = vault.secrets.show(name)
        call.agree(f"Delete {meta.name}?")
        vault.secrets.delete(name)
    _say_done(call, f"{meta.name} is deleted", name=meta.name, deleted=True)


@command(app, "undelete", unlocks=True)
def undelete(
    call: Call,
    name: Name,
    other: Annotated[
        str | None, Option("--as", metavar="NEW", help="Under another name, if it is taken.")
    ] = None,
) -> None:
    """Bring back the secret of this name that was deleted last."""
    with call.vault() as vault:
        meta = vault.secrets.undelete(name, other)
    _say(call, f"{meta.name} is back", meta)


@command(app, "purge", unlocks=True)
def purge(
    call: Call,
    name: Name,
    confirm: Annotated[
        str | None, Option("--confirm", metavar="NAME", help="The name again, in scripts.")
    ] = None,
) -> None:
    """Destroy a secret and all its versions, deleted or not; nothing brings it back."""
    call.can_agree("purge", confirm is not None, "--confirm NAME")
    with call.vault() as vault:
        call.agree_by_name(f"Purge {name} for ever?", name, confirm)
        holding = vault.backups.holding_name(check_name(name))
        vault.secrets.purge(name)
    still = warn_of_backups(call, name, holding)
    _say_done(call, f"{name} is purged", name=name, purged=True, backups=still)


@command(app, "rename", unlocks=True)
def rename(call: Call, name: Name, new: NewName) -> None:
    """Give a secret another name; versions and notes stay."""
    with call.vault() as vault:
        meta = vault.secrets.rename(name, new)
    _say(call, f"{name} is {meta.name} now", meta)


@command(app, "copy", unlocks=True)
def copy(call: Call, name: Name, new: NewName) -> None:
    """Copy the newest value and what is said about it to a new name."""
    with call.vault() as vault:
        meta = vault.secrets.copy(name, new)
    _say(call, f"{meta.name} is a copy of {name}", meta)


def _say(call: Call, text: str, meta: SecretMeta) -> None:
    call.ui.note(text)
    if call.ui.json:
        call.ui.document({"secret": described(meta)})


def _say_done(call: Call, text: str, **members: object) -> None:
    call.ui.note(text)
    if call.ui.json:
        call.ui.document(members)

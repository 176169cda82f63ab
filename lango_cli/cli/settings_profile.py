"""`lango settings profile ...`: profiles of settings, sealed in the vault.

The rule: every change is a new version that can be rolled back; only deleting a profile is for
good, and asks. A source file is never removed unless `--shred` says so, and then last of all.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from lango_cli.cli import parse, shredded
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.settings_app import app
from lango_cli.cli.settings_write import read_document
from lango_cli.cli.shredded import Shred  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.codec import rfc3339
from lango_cli.config import document
from lango_cli.config.finding import flat
from lango_cli.config.layers import unused
from lango_cli.errors import UsageProblem
from lango_cli.wiring.settings_edit import into_profile
from lango_cli.wiring.settings_rules import Whole

if TYPE_CHECKING:
    from lango_cli.model_settings import ProfileMeta
    from lango_cli.vault.vault import Vault

profile_app = typer.Typer()
app.add_typer(profile_app, name="profile", help="Profiles of settings, sealed in the vault.")

Name = Annotated[str, Argument(metavar="NAME", help="A profile's name.")]
New = Annotated[str, Argument(metavar="NEW", help="A name that no profile has yet.")]
Some = Annotated[
    str | None, Argument(metavar="NAME", help="A profile's name; without it, the active one.")
]
IfVersion = Annotated[
    int | None,
    Option("--if-version", metavar="N", min=0, help="Only if its last version is this one."),
]


@command(profile_app, "list", unlocks=True)
def list_profiles(call: Call) -> None:
    """List the profiles: which is active, how many versions, when it was changed."""
    with call.vault() as vault:
        found = vault.profiles.all()
    if call.ui.json:
        call.ui.document({"profiles": [_members(one) for one in found]})
        return
    rows = [
        (
            one.name,
            "active" if one.active else "",
            str(one.version),
            rfc3339(one.updated_at) if one.version else "-",
        )
        for one in found
    ]
    call.ui.table(("name", "", "version", "changed"), rows)


def _members(one: ProfileMeta) -> dict[str, object]:
    return {
        "name": one.name,
        "active": one.active,
        "version": one.version,
        "versions": one.versions,
        "created_at": rfc3339(one.created_at) if one.created_at else None,
        "updated_at": rfc3339(one.updated_at) if one.version else None,
    }


def _tell(call: Call, meta: ProfileMeta, text: str) -> None:
    call.ui.note(text)
    if call.ui.json:
        call.ui.document({"profile": _members(meta)})


@command(profile_app, "create", unlocks=True)
def create(call: Call, name: New) -> None:
    """Make a profile in which nothing is set."""
    with call.vault() as vault:
        meta = vault.profiles.create(parse.text(name, "NEW"), {})
    _tell(call, meta, f"profile {name} is there; use it: lango settings profile use {name}")


@command(profile_app, "use", unlocks=True)
def use(call: Call, name: Name) -> None:
    """Make a profile the active one, for every command from now on."""
    with call.vault() as vault:
        held = vault.profiles.read(parse.text(name, "NAME"))
        wrong, right = document.sifted(held)
        document.refuse(wrong, f"profile {name}")
        rules = Whole(call.flags, None, right)
        rules()
        vault.profiles.use(name)
        meta = _meta(vault, name)
    _tell(call, meta, f"profile {name} is the active one now")
    for text in rules.missing:
        call.ui.warn(f"{text}, which is not set yet")
    _tell_unused(call, held)


def _tell_unused(call: Call, held: dict[str, Any]) -> None:
    if found := unused(held):
        call.ui.warn(f"set, and not used from a profile: {', '.join(found)}")


def _meta(vault: Vault, name: str) -> ProfileMeta:
    return next(one for one in vault.profiles.all() if one.name == name)


@command(profile_app, "copy", unlocks=True)
def copy(call: Call, name: Name, new: New) -> None:
    """Make a second profile with the same values; references stay references."""
    with call.vault() as vault:
        meta = vault.profiles.copy(parse.text(name, "NAME"), parse.text(new, "NEW"))
    _tell(call, meta, f"profile {new} has what {name} has")


@command(profile_app, "rename", unlocks=True)
def rename(call: Call, name: Name, new: New) -> None:
    """Give a profile another name; its versions stay with it."""
    with call.vault() as vault:
        meta = vault.profiles.rename(parse.text(name, "NAME"), parse.text(new, "NEW"))
    _tell(call, meta, f"profile {name} is called {new} now")


@command(profile_app, "delete", unlocks=True)
def delete(call: Call, name: Name) -> None:
    """Remove a profile with all its versions, for good; never the active one."""
    call.can_agree("delete", call.yes)
    with call.vault() as vault:
        vault.profiles.version(parse.text(name, "NAME"))
        call.agree(f"Remove profile {name} with all its versions, for good?")
        vault.profiles.delete(name)
    call.ui.note(f"profile {name} is removed")
    if call.ui.json:
        call.ui.document({"deleted": name})


@command(profile_app, "history", unlocks=True)
def history(call: Call, name: Some = None) -> None:
    """List the versions of a profile, the newest first: when, and how many values are set."""
    with call.vault() as vault:
        found = vault.profiles.history(_named(call, name))
    if call.ui.json:
        versions = [
            {
                "version": one.version,
                "created_at": rfc3339(one.created_at),
                "values": one.values,
                "current": one.current,
            }
            for one in found
        ]
        call.ui.document({"versions": versions})
        return
    rows = [
        (
            str(one.version),
            rfc3339(one.created_at),
            str(one.values),
            "current" if one.current else "",
        )
        for one in found
    ]
    call.ui.table(("version", "set", "values", ""), rows)


def _named(call: Call, name: str | None) -> str | None:
    """The profile that is meant: the argument, `--profile`, or (None) the active one."""
    return call.flags.profile if name is None else parse.text(name, "NAME")


@command(profile_app, "rollback", unlocks=True)
def rollback(
    call: Call,
    name: Name,
    version: Annotated[int, Argument(metavar="VERSION", min=1, help="An older version.")],
) -> None:
    """Set a profile to what an older version had; that is a new version, and can be undone."""
    with call.vault() as vault:
        meta = vault.profiles.rollback(parse.text(name, "NAME"), version)
    _tell(call, meta, f"profile {name} is at version {meta.version}, with what {version} had")


@command(profile_app, "diff", unlocks=True)
def diff(
    call: Call,
    one: Annotated[str, Argument(metavar="A", help="A profile; NAME@2 for its version 2.")],
    other: Annotated[
        str | None, Argument(metavar="B", help="Another; without it, the active one.")
    ] = None,
) -> None:
    """Show what differs between two profiles or versions: - is A's value, + is B's."""
    with call.vault() as vault:
        before = _read(vault, parse.text(one, "A"))
        after = vault.profiles.read() if other is None else _read(vault, parse.text(other, "B"))
    found = document.changes(before, after)
    if call.ui.json:
        members = [{"key": key, "before": old, "after": new} for key, old, new in found]
        call.ui.document({"changes": members})
        return
    lines = []
    for key, old, new in found:
        lines += [f"- {key} = {old}"] if old else []
        lines += [f"+ {key} = {new}"] if new else []
    call.ui.lines(lines)


def _read(vault: Vault, reference: str) -> dict[str, Any]:
    name, _, digits = reference.partition("@")
    if not _:
        return vault.profiles.read(name)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise UsageProblem("a version is a number: NAME@2")
    return vault.profiles.read(name, int(digits))


@command(profile_app, "export", unlocks=True)
def export(
    call: Call,
    name: Some = None,
    redact: Annotated[
        bool, Option("--redact", help="[REDACTED] for every value that may be sensitive.")
    ] = False,
) -> None:
    """Print what is set in a profile, as one JSON document; references stay references."""
    with call.vault() as vault:
        held = vault.profiles.read(_named(call, name))
    shown = document.nested(document.redacted(dict(flat(held)))) if redact else held
    call.ui.out(f"{json.dumps(shown, ensure_ascii=False, indent=2)}\n")


@command(profile_app, "import", unlocks=True)
def import_profile(
    call: Call,
    file: Annotated[str, Argument(metavar="FILE", help="A JSON document; - for standard input.")],
    name: Annotated[
        str | None,
        Option("--as", metavar="LABEL", help="The profile's name; else FILE's, without its end."),
    ] = None,
    if_version: IfVersion = None,
    shred: Shred = False,
) -> None:
    """Make a profile of a JSON document; one of that name gets a new version.

    FILE stays as it is, unless --shred is given. A document in which something is wrong changes
    nothing. Sensitive values become secrets of the vault.
    """
    if shred:
        shredded.check(file)
    if name is None and file == "-":
        raise UsageProblem("standard input has no name", hint="add --as NAME")
    target = os.path.splitext(os.path.basename(file))[0] if name is None else name
    given = read_document(file, alone=False)
    Whole(call.flags, None, document.sifted(given)[1], whole=True)()
    with call.vault() as vault:
        meta = into_profile(vault, target, given, if_version)
    _tell(call, meta, f"profile {target} is at version {meta.version}")
    _tell_unused(call, given)
    if shred:
        shredded.remove(call, file)

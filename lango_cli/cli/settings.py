"""`lango settings get|list|describe|schema|validate|diff`: looking at settings.

The rule: a value that is sensitive is never shown, since its reference is all that a profile has;
`get --resolve` alone follows references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from lango_cli.cli import settings_menu, settings_profile
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.settings_app import Key, app, find_or_parent, shown, vault_of
from lango_cli.cli.settings_write import read_document  # and declares its commands on this app
from lango_cli.config import document, load
from lango_cli.config.declared import locate
from lango_cli.config.finding import flat
from lango_cli.config.formed import dump
from lango_cli.errors import InvalidSetting, UsageProblem
from lango_cli.wiring import settings_edit as editing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.settings_edit import Standing

__all__ = ["app", "settings_menu", "settings_profile"]


@command(app, "get", unlocks=True)
def get(
    call: Call,
    key: Key,
    resolve: Annotated[
        bool, Option("--resolve", help="Put in what ${VAR} and {{secret:NAME}} stand for.")
    ] = False,
) -> None:
    """Print the value of a setting that is in force."""
    find_or_parent(key)
    with vault_of(call, key) as vault:
        found = editing.look(call.flags, key, vault.profiles if vault else None)
        value = editing.filled(key, found, vault) if resolve else found.value
    if call.ui.json:
        call.ui.document({"key": key, "value": value, "origin": found.origin})
    else:
        call.ui.out(f"{shown(value)}\n")


def values_of(call: Call) -> dict[str, Standing]:
    """All values, the profile's among them where there is a vault."""
    with vault_of(call) as vault:
        return editing.standing(call.flags, _profiles(vault))


def _profiles(vault: Vault | None) -> Any:  # noqa: ANN401  # the door is model_settings.Profiles
    return None if vault is None else vault.profiles


@command(app, "list", unlocks=True)
def list_settings(
    call: Call,
    prefix: Annotated[str, Argument(metavar="PREFIX", help="Only names that begin so.")] = "",
) -> None:
    """List settings by name: value, where it comes from, and whether anything uses it yet."""
    values = {key: one for key, one in values_of(call).items() if key.startswith(prefix)}
    if call.ui.json:
        members = [{"key": key, **_members(key, values[key])} for key in sorted(values)]
        call.ui.document({"settings": members})
        return
    rows = [
        (key, shown(values[key].value), values[key].origin, "" if _used(key) else "not used yet")
        for key in sorted(values)
    ]
    call.ui.table(("name", "value", "from", ""), rows)


def _used(key: str) -> bool:
    setting = locate(key)
    return setting is None or setting.used


def _members(key: str, one: Standing) -> dict[str, object]:
    return {"value": one.value, "origin": one.origin, "used": _used(key)}


@command(app, "describe", unlocks=True)
def describe(call: Call, key: Key) -> None:
    """Say what a setting is, what it takes, its default, its value and where that comes from."""
    setting = find_or_parent(key)
    with vault_of(call, key) as vault:
        values = editing.standing(call.flags, _profiles(vault))
    default = document.to_json(setting, setting.default)
    found = values.get(setting.key) or editing.Standing(default, "default")
    home = "config.toml" if setting.bootstrap else "the profile"
    if found.origin == load.HEADER:
        home = "the vault's header"
    about: list[tuple[str, Any]] = [
        ("key", setting.key),
        ("doc", setting.doc),
        ("takes", setting.takes()),
        ("default", default),
        ("value", found.value),
        ("origin", found.origin),
        ("kept_in", home),
        ("variable", None if setting.guarded or not setting.used else setting.variable),
        ("secret", setting.secret),
        ("used", setting.used),
    ]
    if call.ui.json:
        call.ui.document(dict(about))
        return
    lines = [(name.replace("_", " "), shown(value)) for name, value in about[:-3]]
    variable = about[-3][1]
    lines += [("variable", variable)] if variable else []
    lines += [("sensitive", "kept as a secret; here is the reference")] if setting.secret else []
    lines += [] if setting.used else [("used", "not used yet")]
    call.ui.pairs(lines)


@command(app, "schema")
def schema(call: Call) -> None:
    """Print the JSON Schema (2020-12) of a document of settings."""
    from lango_cli.config.json_schema import schema as made

    call.ui.out(f"{dump(made())}\n")


@command(app, "validate", unlocks=True)
def validate(
    call: Call,
    file: Annotated[
        str | None, Argument(metavar="FILE", help="A document; without it what is set now.")
    ] = None,
) -> None:
    """Check a document, or what is set now, and say everything that is wrong with it.

    What is set now is checked with what its references stand for; those of a document are not
    followed.
    """
    if file is None:
        with vault_of(call) as vault:
            values = editing.standing(call.flags, _profiles(vault), options=False)
            wrong = document.problems(document.nested(editing.given(values)))
            document.refuse([*wrong, *editing.unfilled(values, vault)], "the settings")
        call.ui.note("the settings are fine")
        return
    read_document(file)
    call.ui.note(f"{file} is fine")


@command(app, "diff", unlocks=True)
def diff(
    call: Call,
    file: Annotated[str | None, Option("--file", metavar="FILE", help="With a document.")] = None,
    against: Annotated[
        str | None, Option("--with", metavar="PROFILE", help="With another profile.")
    ] = None,
) -> None:
    """Print what differs from the defaults, from another profile or from a document.

    A line has the name, the value there and the value here, - for none.
    """
    if file is not None and against is not None:
        raise UsageProblem("diff takes one of --file and --with", hint="leave one out")
    with vault_of(call) as vault:
        here = editing.standing(call.flags, _profiles(vault))
        there = document.defaults()
        if against is not None:
            if vault is None:
                raise InvalidSetting("there is no vault, so there are no profiles")
            here = {key: one for key, one in here.items() if one.origin == load.PROFILE}
            there = dict(flat(vault.profiles.read(against)))
        elif file is not None:
            there |= dict(flat(read_document(file, alone=False)))
    now = {key: one.value for key, one in here.items()}
    _tell(call, there, now)


def _tell(call: Call, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    keys = sorted(key for key in {*there, *here} if there.get(key) != here.get(key))
    if call.ui.json:
        rows = [{"key": key, "there": there.get(key), "here": here.get(key)} for key in keys]
        call.ui.document({"differences": rows})
        return
    cells = [
        (key, *(shown(side[key]) if key in side else "-" for side in (there, here)))
        for key in keys
    ]
    call.ui.table(("name", "there", "here"), cells)

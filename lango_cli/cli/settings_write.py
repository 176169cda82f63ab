"""`lango settings set|unset|export|import`: changing settings, and whole documents of them.

The rule: everything is checked before anything is written. A sensitive value never stands on the
command line: it comes by prompt, `-`, --from-file, --from-fd or --from-env and becomes a secret of
the vault; a reference to one may be typed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from lango_cli.cli import shredded, values
from lango_cli.cli.call import Call  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.cli.options import command
from lango_cli.cli.secrets_write import (  # noqa: TC001  # Typer reads annotations when it runs
    FromEnv,
    FromFd,
    FromFile,
    Generate,
)
from lango_cli.cli.settings_app import Key, app, find_or_parent, vault_of
from lango_cli.cli.shredded import Shred  # noqa: TC001  # Typer reads annotations when it runs
from lango_cli.config import document
from lango_cli.config.declared import locate
from lango_cli.config.finding import flat
from lango_cli.config.kinds import JSON_KINDS, WORDS
from lango_cli.config.references import is_reference
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import InvalidSetting, NotInitialised, UsageProblem
from lango_cli.wiring import fallback
from lango_cli.wiring import settings_edit as editing
from lango_cli.wiring.settings_rules import Whole, changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from lango_cli.config.setting import Setting
    from lango_cli.vault.vault import Vault

LISTS = ("list", "regexes", "rules", *WORDS)
APPEND = "[+]"
File = Annotated[str, Argument(metavar="FILE", help="A JSON document; - for standard input.")]


@command(app, "set", unlocks=True)
def set_one(
    call: Call,
    key: Key,
    value: Annotated[
        str | None, Argument(metavar="VALUE", help="The value, or - for standard input.")
    ] = None,
    from_file: FromFile = None,
    from_fd: FromFd = None,
    from_env: FromEnv = None,
    generate: Generate = None,
) -> None:
    """Set a setting: a list or table as JSON, or by item.

    KEY[+] adds an item to a list, and KEY.NAME sets a member of a table. What is needed before the
    vault opens stands in config.toml, everything else in the profile. A sensitive setting takes
    its value at the prompt or from where the options say, and keeps it as a secret.
    """
    name = key.removesuffix(APPEND)
    setting = find_or_parent(name)
    words = [] if value is None else [value]
    sources = (from_file, from_fd, from_env, generate)
    if setting.secret and value is not None and value != "-" and not is_reference(value):
        raise UsageProblem(
            f"{name} is sensitive and stands on the command line", hint=values.SPILL
        )
    given = value
    if value in (None, "-") or any(sources):
        source = values.Source(words, *sources)
        if source.asks and not setting.secret:
            raise UsageProblem(f"{name} needs a value", hint=f"it takes {setting.takes()}")
        read = values.read(call, source, name, raw=False, allow_empty=True)
        given = _text(read.reveal(), name)
    with _vault_for(call, name) as vault:
        changes, agreed = editing.Changes(), _unchanged(call, key, setting, vault)
        _put(call, changes, key, _parsed(setting, name, given or ""), vault)
        _write(call, changes, vault, agreed)
    call.ui.note(f"{name} is set" + _marked(setting))


def _vault_for(call: Call, key: str | None) -> AbstractContextManager[Vault | None]:
    """The vault, as changing this setting needs it: by a real unlock where its header has it."""
    if key == FALLBACK and fallback.in_force(call.flags) is not None:
        return call.vault(real=True)
    return vault_of(call, key)


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidSetting(f"{name} takes a text, and this is none") from None


def _marked(setting: Setting) -> str:
    return "" if setting.used else "; nothing uses it yet"


def _parsed(setting: Setting, key: str, text: str) -> Any:  # noqa: ANN401  # what JSON holds
    """A typed value: JSON where the setting takes any, else as people write it."""
    if key != setting.key or setting.kind not in (*JSON_KINDS, *LISTS, "table"):
        return _plain(setting, text)
    if setting.kind in (*LISTS, "table") and text[:1] not in ("[", "{"):
        return text
    try:
        return document.read(f'{{"value": {text}}}'.encode(), key)["value"]
    except InvalidSetting:
        if setting.kind == "free" and (is_reference(text) or text[:1] not in ("[", "{", '"')):
            return text
        raise InvalidSetting(
            f"{key} takes JSON here", hint=f"it takes {setting.takes()}"
        ) from None


def _plain(setting: Setting, text: str) -> Any:  # noqa: ANN401
    """A number or switch as JSON has it, where it is one; everything else stays a text."""
    if setting.kind in ("count", "switch", "fraction"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _put(
    call: Call,
    changes: editing.Changes,
    key: str,
    value: Any,  # noqa: ANN401
    vault: Vault | None,
) -> None:
    name = key.removesuffix(APPEND)
    setting = find_or_parent(name)
    profiles = None if vault is None else vault.profiles
    if key != name:
        value = _whole(setting, value)
        changes.put(name, editing.appended(call.flags, setting, value, profiles))
    elif name != setting.key:
        table = dict(editing.look(call.flags, setting.key, profiles).value)
        changes.put(setting.key, table | {name[len(setting.key) + 1 :]: value})
    elif setting.kind in ("list", "regexes") and isinstance(value, str):
        changes.put(name, [value])
    else:
        changes.put(name, value)


def _whole(setting: Setting, value: Any) -> Any:  # noqa: ANN401
    """An item of a list of rules typed as JSON; a text stays one item."""
    if setting.kind == "rules" and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise InvalidSetting(f"{setting.key} takes JSON here") from None
    return value


def _unchanged(
    call: Call, key: str, setting: Setting, vault: Vault | None
) -> Callable[[], None] | None:
    """What sees to it that a list or table, of which one item is changed, is still what it was."""
    if key == setting.key:
        return None
    profiles = None if vault is None else vault.profiles
    return editing.unchanged(call.flags, setting.key, profiles)


def _write(
    call: Call,
    changes: editing.Changes,
    vault: Vault | None,
    agreed: Callable[[], None] | None = None,
    *,
    whole: bool = False,
) -> None:
    if (changes.sealed or changes.secrets) and vault is None:
        raise NotInitialised("there is no vault, and these settings are kept in it")
    rules = _rules(call, changes, vault, agreed, whole=whole)
    policy = editing.apply(call.flags, changes, vault, rules)
    for text in rules.missing:
        call.ui.warn(f"{text}, which is not set yet")
    if policy:
        call.ui.note(fallback.told(policy))


def _rules(
    call: Call,
    changes: editing.Changes,
    vault: Vault | None,
    agreed: Callable[[], None] | None = None,
    *,
    whole: bool,
) -> Whole:
    profiles = None if vault is None else vault.profiles
    return Whole(call.flags, profiles, changed(changes), agreed, whole=whole)


@command(app, "unset", unlocks=True)
def unset(call: Call, key: Key) -> None:
    """Take a setting back to what it is without the file or the profile.

    A secret that held a sensitive value stays in the vault.
    """
    setting = find_or_parent(key)
    with _vault_for(call, key) as vault:
        changes, agreed = editing.Changes(), _unchanged(call, key, setting, vault)
        if key == setting.key:
            changes.put(key, None)
        else:
            profiles = None if vault is None else vault.profiles
            table = dict(editing.look(call.flags, setting.key, profiles).value)
            table.pop(key[len(setting.key) + 1 :], None)
            changes.put(setting.key, table or None)
        _write(call, changes, vault, agreed)
    call.ui.note(f"{key} is not set any more")


@command(app, "export", unlocks=True)
def export(
    call: Call,
    everything: Annotated[bool, Option("--all", help="The defaults too.")] = False,
    redact: Annotated[
        bool, Option("--redact", help="[REDACTED] for references and what may be sensitive.")
    ] = False,
) -> None:
    """Print one JSON document of the settings that differ from their defaults.

    References stay references: nothing in it is a secret's value.
    """
    with vault_of(call) as vault:
        profiles = None if vault is None else vault.profiles
        standing = editing.standing(call.flags, profiles, options=False)
    found = {key: one.value for key, one in standing.items()}
    kept = found if everything else editing.changed(standing)
    shown = document.nested(document.redacted(kept) if redact else kept)
    text = json.dumps(shown, ensure_ascii=False, indent=2)
    call.ui.out(f"{text}\n")


@command(app, "import", unlocks=True)
def import_document(
    call: Call,
    file: File,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Check and compare, change nothing.")
    ] = False,
    shred: Shred = False,
) -> None:
    """Take settings from a JSON document; what it does not name stays as it is.

    Everything that is wrong in it is said at once, and then nothing is changed. Sensitive values
    become secrets of the vault.
    """
    if shred and dry_run:
        raise UsageProblem("--shred is for a file that is imported", hint="leave it out")
    if shred:
        shredded.check(file)
    given = dict(flat(read_document(file, alone=False)))
    changes = editing.Changes()
    for key, value in given.items():
        changes.put(key, value)
    sealed = bool(changes.sealed or changes.secrets)
    headed = not dry_run and editing.new_policy(call.flags, changes) is not None
    with _vault_for(call, FALLBACK if headed else None if sealed else "unlock.ttl") as vault:
        before = editing.standing(call.flags, None if vault is None else vault.profiles)
        new = [key for key, value in given.items() if _differs(before, key, value)]
        if dry_run:
            _rules(call, changes, vault, whole=True)()
        else:
            _write(call, changes, vault, whole=True)
    if shred:
        shredded.remove(call, file)
    _summary(call, new, len(given) - len(new), dry_run=dry_run)


def _differs(before: dict[str, editing.Standing], key: str, value: Any) -> bool:  # noqa: ANN401
    setting = locate(key)
    if setting is not None:
        value = document.to_json(setting, document.to_text(setting, value))
    return key not in before or before[key].value != value


def _summary(call: Call, new: list[str], same: int, *, dry_run: bool) -> None:
    unused = [key for key in new if (one := locate(key)) is not None and not one.used]
    if call.ui.json:
        call.ui.document(
            {"changed": new, "same": same, "not_used_yet": unused, "dry_run": dry_run}
        )
        return
    call.ui.lines(new)
    verb = "would be changed" if dry_run else "changed"
    later = f"; {len(unused)} of them nothing uses yet" if unused else ""
    call.ui.note(f"{len(new)} {verb}, {same} the same{later}")


def read_document(file: str, *, alone: bool = True) -> dict[str, Any]:
    """The document in a file that the person named, if nothing is wrong in it.

    One that is not `alone` may leave to other layers what its values need.
    """
    where = "standard input" if file == "-" else file
    found = document.read(values.from_file(file, "FILE", document.LIMIT), where)
    if alone or document.sifted(found)[0]:
        document.refuse(document.problems(found), where)
    return found

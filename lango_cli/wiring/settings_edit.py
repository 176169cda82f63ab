"""The settings of a home and of a profile, each with its origin, and changing them.

The rule: what has to be known before the vault opens goes into `config.toml`, everything else into
the profile; a value that is sensitive goes into the vault as a secret, and the profile has the
reference. Everything is checked before anything is written. A profile is written at the version
that was read, the file as it was read: what somebody else changed meanwhile is a Conflict.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from lango_cli import files
from lango_cli.config import document, load
from lango_cli.config.declared import locate, member
from lango_cli.config.finding import find, flat
from lango_cli.config.references import Filler, is_reference
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import Conflict, InvalidSetting, LangoError, SecretNotFound
from lango_cli.formats.entry import Entry
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import bulk
from lango_cli.vault.envelope import LOCAL
from lango_cli.vault.profile_documents import check_name
from lango_cli.wiring import fallback, opening
from lango_cli.wiring.settings import profile_layer, reads_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.config.setting import Setting
    from lango_cli.model_settings import ProfileMeta, Profiles
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

PII = "security.interceptor.pii"
LOCK_SECONDS = 10.0


class Standing(NamedTuple):
    """A value, as JSON has it, and where it comes from."""

    value: Any
    origin: str


def standing(
    flags: Flags, profiles: Profiles | None, *, options: bool = True
) -> dict[str, Standing]:
    """Every value that is set or has a default, by name; `profiles` of the open vault, if any.

    Without `options` as it is for other commands: what this one was given does not count.
    """
    found = {key: Standing(value, load.DEFAULT) for key, value in document.defaults().items()}
    profile = () if profiles is None else profile_layer(flags, profiles)
    given = flags.settings if options else {}
    for one in load.layers(opening.folders_of(flags).config, given, profile):
        one.value()  # Says what is wrong with it.
        found[one.setting.key] = Standing(document.to_json(one.setting, one.text), one.origin)
    policy = fallback.in_force(flags)
    if policy is not None:
        found[FALLBACK] = Standing(policy == LOCAL, load.HEADER)
    if options and flags.lock_timeout is not None:
        # Apart from the others because it may be a fraction, which no setting can be.
        found["vault.lockTimeout"] = Standing(f"{flags.lock_timeout:.15g}s", load.FLAG)
    return found


def look(flags: Flags, key: str, profiles: Profiles | None) -> Standing:
    """One value; a member of a table or of an application's settings too.

    InvalidSetting for a member that is not there.
    """
    found = _seek(flags, key, profiles)
    if found is None:
        raise InvalidSetting(f"{key} is not set")
    return found


def _seek(flags: Flags, key: str, profiles: Profiles | None) -> Standing | None:
    values = standing(flags, profiles)
    if key in values:
        return values[key]
    inside = member(key)
    if inside is not None and inside[0].key in values:
        table = values[inside[0].key]
        if isinstance(table.value, dict) and inside[1] in table.value:
            return Standing(table.value[inside[1]], table.origin)
        return None
    setting = find(key)
    for above, value in values.items():
        if key.startswith(f"{above}.") and setting.kind == "free":
            found = document.look({"at": value.value}, f"at.{key[len(above) + 1 :]}")
            if found is not None:
                return Standing(found, value.origin)
    if setting.kind == "free":
        return None
    return Standing(document.to_json(setting, setting.default), load.DEFAULT)


def appended(flags: Flags, setting: Setting, value: Any, profiles: Profiles | None) -> list[Any]:  # noqa: ANN401
    """The list that a setting has, with an item more, or with all of a list where it has texts.

    InvalidSetting for what is no list. A free setting is one if it is not set yet or has one.
    """
    free = setting.kind == "free"
    found = _seek(flags, setting.key, profiles)
    held = [] if found is None else found.value
    if not isinstance(held, list):
        raise InvalidSetting(f"{setting.key} is no list", hint=f"it takes {setting.takes()}")
    return [*held, *(value if isinstance(value, list) and not free else [value])]


def unchanged(flags: Flags, key: str, profiles: Profiles | None) -> Callable[[], None]:
    """What raises Conflict if the value of a setting is, by then, not the one that it is now."""
    before = _seek(flags, key, profiles)

    def agreed() -> None:
        if _seek(flags, key, profiles) != before:
            raise Conflict(f"{key} was changed meanwhile; nothing was written", hint="try again")

    return agreed


def given(values: Mapping[str, Standing]) -> dict[str, Any]:
    """The values that somebody set."""
    return {key: one.value for key, one in values.items() if one.origin != load.DEFAULT}


def changed(values: Mapping[str, Standing]) -> dict[str, Any]:
    """The values that differ from the defaults; what a name with free parts has always does."""
    usual = document.defaults()
    return {
        key: one.value
        for key, one in values.items()
        if key not in usual or usual[key] != one.value
    }


def filled(key: str, found: Standing, vault: Vault | None) -> Any:  # noqa: ANN401  # what JSON holds
    """The value, its references filled in and checked; what a variable of lango's has stays.

    SecretNotFound or InvalidSetting where one fails.
    """
    if found.origin not in (load.FILE, load.PROFILE):
        return found.value
    filler = Filler(load.variable, None if vault is None else reads_secrets(vault))
    setting = locate(key)
    if setting is None or setting.kind == "free":
        return filler.value(key, found.value)
    text = filler.text(setting, document.to_text(setting, found.value), "the settings")
    return document.from_text(setting, text)


def unfilled(values: Mapping[str, Standing], vault: Vault | None) -> list[LangoError]:
    """What is wrong with the references in these values, here and now."""
    found: list[LangoError] = []
    for key, one in values.items():
        try:
            filled(key, one, vault)
        except (InvalidSetting, SecretNotFound) as err:
            found.append(err)
    return found


class Changes:
    """What is to be changed: values by name, None for those that go back to their defaults."""

    def __init__(self) -> None:
        self.file: dict[str, Any] = {}
        self.sealed: dict[str, Any] = {}
        self.secrets: dict[str, SecretBytes] = {}
        """Values of sensitive settings by the setting's name."""
        self.named: dict[str, str] = {}
        """The secrets that keep them, by the setting's name, where `secret_name` is not meant."""

    def put(self, key: str, value: Any) -> None:  # noqa: ANN401  # what JSON holds
        """Set one, checked; a sensitive one that is no reference becomes a secret."""
        setting = find(key)
        text = "" if value is None else document.to_text(setting, value)
        if value is not None:
            value = document.to_json(setting, text)
        if text == document.REDACTED:
            raise InvalidSetting(f"{key} was taken out of this document: it holds no value")
        if setting.secret and text and not is_reference(text):
            self.secrets[key] = SecretBytes(text.encode())
        elif setting.bootstrap:
            self.file[key] = value
        else:
            self.sealed[key] = value

    def keep(self, key: str, name: str, value: SecretBytes) -> None:
        """Set a sensitive one by a new secret of this name; Conflict, later, if there is one."""
        self.secrets[key], self.named[key] = value, name


def new_policy(flags: Flags, changes: Changes) -> str | None:
    """What the header is to say after these changes, where it says something else now."""
    held = fallback.in_force(flags)
    if held is None or FALLBACK not in changes.file:
        return None
    value = changes.file[FALLBACK]
    wanted = document.defaults()[FALLBACK] if value is None else value
    policy = fallback.policy(allowed=wanted is True)
    return None if policy == held else policy


def apply(
    flags: Flags,
    changes: Changes,
    vault: Vault | None,
    agreed: Callable[[], None] | None = None,
    *,
    unlocked: Vault | None = None,
) -> str:
    """Write it all; what the header says of fallback now, if that is new.

    `agreed` is called once nobody else can write: what it raises is the answer, and nothing was
    written. It looks at what the changes were made upon. `unlocked`: the vault by a real unlock,
    where `vault` is by a session and the header is to change. Locked, before anything is written,
    where neither is.
    """
    policy = new_policy(flags, changes)
    unlocked = unlocked or vault
    if policy is not None and (unlocked is None or unlocked.master is None):
        raise fallback.needs_unlocking()
    with _file_held(flags) if changes.file else nullcontext():
        if changes.file:
            _check_file(flags, changes.file)
        if vault is None or not (changes.sealed or changes.secrets):
            _ask(agreed)
        else:
            name = flags.profile or vault.profiles.active()
            version, held = vault.profiles.version(name), vault.profiles.read(name)
            _ask(agreed)
            beside = _seal(vault, name, held, changes)
            vault.profiles.write(name, held, if_version=version, beside=beside)
        if policy is not None and unlocked is not None:
            unlocked.slots.set_fallback(policy)
        if changes.file:
            from lango_cli.config.editing import edit

            edit(opening.folders_of(flags).config, changes.file)
    return policy or ""


def _ask(agreed: Callable[[], None] | None) -> None:
    if agreed is not None:
        agreed()


def _file_held(flags: Flags) -> files.Lock:
    """The lock that every writer of `config.toml` takes; its folder is made."""
    path = opening.folders_of(flags).config
    files.ensure_folder(os.path.dirname(path))
    return files.Lock(f"{path}.lock", LOCK_SECONDS, load.CONFIG)


def into_profile(
    vault: Vault, name: str, given: Mapping[str, Any], if_version: int | None
) -> ProfileMeta:
    """A profile that has what this document has, and nothing else; a new one, or a new version.

    Conflict, before any secret is written, if its last version is not `if_version`.
    """
    changes, held = Changes(), dict[str, Any]()
    for key, value in flat(given):
        changes.put(key, value)
    changes.sealed |= changes.file
    known = if_version or name in {one.name for one in vault.profiles.all()}
    if known:
        vault.profiles.expect(name, if_version)
    else:
        check_name(name)
    beside = _seal(vault, name, held, changes)
    if known:
        return vault.profiles.write(name, held, if_version=if_version, beside=beside)
    return vault.profiles.create(name, held, beside=beside)


def _seal(vault: Vault, name: str, held: dict[str, Any], changes: Changes) -> Callable[[], None]:
    """Put the changes into what a profile holds, checked.

    What is returned writes the sensitive values, inside of the transaction that writes the
    profile: a reference and what it refers to come together or not at all.
    """
    places = {key: changes.named.get(key) or secret_name(name, key) for key in changes.secrets}
    for key, place in places.items():
        changes.sealed[key] = f"{{{{secret:{place}}}}}"
    for key, value in changes.sealed.items():
        _into(held, key, value)
    document.refuse(document.sifted(held)[0], f"profile {name}")
    values = [Entry(places[key], one) for key, one in changes.secrets.items()]
    standings = bulk.compare(vault.secrets, values)
    for one in standings:
        if one.kind == bulk.REFUSED:
            raise InvalidSetting(f"{one.name} cannot be kept: {one.reason}")
        if one.kind != bulk.NEW and one.name in changes.named.values():
            raise Conflict(f"{one.name} is there already; nothing was written")
    detail = f"settings of profile {name}"
    return lambda: bulk.write_inside(vault.secrets, standings, detail, Unwatched())


def _into(held: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401
    if value is None:
        document.take(held, key)
    else:
        document.put(held, key, value)


def secret_name(profile: str, key: str) -> str:
    """Where the value of a sensitive setting is kept."""
    return f"settings/{profile}/{key}"


def _check_file(flags: Flags, values: Mapping[str, Any]) -> None:
    """InvalidSetting where the file would not be right with these values."""
    texts = load.written(opening.folders_of(flags).config)
    for key, value in values.items():
        texts.pop(key, None)
        if value is not None:
            texts[key] = document.to_text(find(key), value)
    parsed: dict[str, tuple[load.Value | load.Given, str]] = {}
    for key, text in texts.items():
        one = load.Given(find(key), text, load.FILE, key)
        value = one.value()
        if not isinstance(value, load.Given):
            parsed[key] = (value, load.FILE)
    if any(key.startswith(PII) for key in values):
        from lango_cli.wiring.redacting import Choice, patterns

        patterns(load.Settings(parsed), Choice())

"""The settings as the menu edits them: read into a draft, and a draft saved.

The rule: once no other lango can write, and before anything is written, it is read again; what
somebody else changed since the draft was read is a Conflict, and the menu brings the two together.
A sensitive value is kept as a secret, and its setting has the reference (`settings_edit`).
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from lango_cli.config import document, load
from lango_cli.config.declared import everything, locate
from lango_cli.config.finding import find, flat
from lango_cli.config.formed import dump
from lango_cli.config.kinds import JSON_KINDS
from lango_cli.config.setting import FALLBACK
from lango_cli.errors import Conflict, InvalidSetting, LangoError, NotInitialised
from lango_cli.secret import SecretText
from lango_cli.tui.draft import (
    CHOICE,
    FREE,
    LIST,
    SECRET,
    SWITCH,
    TABLE,
    TEXT,
    Draft,
    Field,
    Pairs,
    Standing,
)
from lango_cli.vault.envelope import LOCAL
from lango_cli.wiring import fallback, opening, settings_edit
from lango_cli.wiring.settings_rules import Whole, changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from lango_cli.config.setting import Setting
    from lango_cli.tui.draft import Value
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

SHAPES = {
    "choice": CHOICE,
    "switch": SWITCH,
    **dict.fromkeys(("list", "regexes", "names", "words", "order", "command"), LIST),
    **dict.fromkeys(("table", "map"), TABLE),
}
NO_VAULT = "there is no vault, and this is kept in it: make one with lango init"
UNUSED = "Not used yet: it is kept for a part of lango that is not here."


class Opened:
    """The settings of a home, and of the vault in it if there is one; a context manager."""

    def __init__(
        self,
        flags: Flags,
        vault: Vault | None,
        unlock: Callable[[], Vault] | None = None,
    ) -> None:
        self._flags = flags
        self._unlock = unlock
        self.missing: list[str] = []
        """What the settings that were saved still need."""
        self.policy = ""
        """What the header says of fallback since the draft was saved, where that is new."""
        self._vault = vault
        self._profile = ""
        if vault is not None:
            self._profile = flags.profile or vault.profiles.active()

    def read(self) -> Draft:
        """The settings as they stand now."""
        profiles = None if self._vault is None else self._vault.profiles
        values = settings_edit.standing(self._flags, profiles)
        kept = self._kept()
        fields, standing = {}, {}
        for key, found in sorted(values.items()):
            setting = find(key)
            fields[key] = self._field(setting)
            standing[key] = Standing(
                value_of(setting, found.value),
                found.origin,
                value_of(setting, kept[key]) if key in kept else None,
            )
        patterns = () if self._vault is None else self._patterns()
        return Draft(
            fields, standing, patterns, check=check, check_name=check_name, profile=self._profile
        )

    def _kept(self) -> dict[str, Any]:
        """What the places have that a saved draft goes to."""
        path = opening.folders_of(self._flags).config
        found = {key: document.to_json(find(key), text)
                 for key, text in load.written(path).items()
                 if find(key).bootstrap}  # fmt: skip
        policy = fallback.in_force(self._flags)
        if policy is not None:
            found[FALLBACK] = policy == LOCAL
        if self._vault is not None:
            held = flat(self._vault.profiles.read(self._profile))
            found.update((key, value) for key, value in held if not _bootstrap(key))
        return found

    def _patterns(self) -> tuple[Field, ...]:
        return tuple(self._field(one) for one in everything() if FREE in one.key)

    def _field(self, setting: Setting) -> Field:
        shape = SECRET if setting.secret else SHAPES.get(setting.kind, TEXT)
        sealed = setting.secret or not setting.bootstrap
        notes = [] if setting.used else [UNUSED]
        if FREE not in setting.key and load.variable(setting.variable) is not None:
            notes.append(f"{setting.variable} is set in the environment, which counts first.")
        return Field(
            setting.key,
            _section(setting.key),
            shape,
            value_of(setting, document.to_json(setting, setting.default)),
            setting.doc,
            setting.takes(),
            setting.choices,
            tuple(notes),
            f"profile {self._profile}" if sealed else _place(self._flags, setting),
            NO_VAULT if sealed and self._vault is None else "",
            setting.kind == "order",
        )

    def save(self, draft: Draft) -> None:
        """Write the changes; Conflict if what they were made upon is not what stands there now."""
        changes = settings_edit.Changes()
        for key, new in draft.changes.items():
            changes.put(key, None if new is None else json_of(find(key), new))
        if self._vault is None and (changes.sealed or changes.secrets):
            raise NotInitialised("there is no vault, and these settings are kept in it")
        with self._unlocked(changes) as unlocked:
            profiles = None if self._vault is None else self._vault.profiles
            agreed = partial(self._compare, draft)
            rules = Whole(self._flags, profiles, changed(changes), agreed)
            self.policy = settings_edit.apply(
                self._flags, changes, self._vault, rules, unlocked=unlocked
            )
            self.missing = rules.missing

    def _unlocked(self, changes: settings_edit.Changes) -> AbstractContextManager[Vault | None]:
        """The vault by a real unlock, where these changes need one and it was opened by less."""
        enough = self._vault is None or self._vault.master is not None
        if enough or self._unlock is None:
            return nullcontext(self._vault)
        headed = settings_edit.new_policy(self._flags, changes) is not None
        return self._unlock() if headed else nullcontext(self._vault)

    def _compare(self, draft: Draft) -> None:
        """Conflict if a setting is not what it was when the draft was read."""
        fresh = self.read()
        others = {key for key in {*draft.standing, *fresh.standing}
                  if _stands(draft, key) != _stands(fresh, key)}  # fmt: skip
        if others:
            raise Conflict("the settings were changed by another process", hint="look again")

    def reveal(self, key: str) -> SecretText:
        """What a sensitive setting's kept value leads to; the audit records that it was read."""
        found = settings_edit.Standing(self._kept().get(key, ""), load.PROFILE)
        kept = settings_edit.filled(key, found, self._vault)
        return SecretText(kept if isinstance(kept, str) else dump(kept))


def _place(flags: Flags, setting: Setting) -> str:
    """Where a setting goes that is no profile's."""
    headed = setting.key == FALLBACK and fallback.in_force(flags) is not None
    return "the vault's header" if headed else load.CONFIG


def _bootstrap(key: str) -> bool:
    setting = locate(key)
    return setting is None or setting.bootstrap


def _stands(draft: Draft, key: str) -> Value | None:
    found = draft.standing.get(key)
    return None if found is None else found.kept


def _section(key: str) -> str:
    """The first word of a name; of the many that begin with `security` or `p2p`, two."""
    words = key.split(".")
    return ".".join(words[:2]) if words[0] in ("security", "p2p") and len(words) > 2 else words[0]


def check(key: str, value: Value) -> str:
    """What is wrong with a value, in words that hold none."""
    setting = find(key)
    try:
        settings_edit.Changes().put(key, json_of(setting, value))
    except LangoError as err:
        return f"{err.message}; it takes {setting.takes()}"
    return ""


def check_name(key: str) -> str:
    """What is wrong with a name that fills a pattern."""
    return "" if locate(key) is not None else "names have letters, digits, _ and - only"


def value_of(setting: Setting, found: Any) -> Value:  # noqa: ANN401  # what JSON holds
    """A JSON value as the menu has it."""
    shape = SHAPES.get(setting.kind, TEXT)
    if shape == LIST and isinstance(found, list):
        return tuple(map(str, found))
    if shape == TABLE and isinstance(found, dict):
        return Pairs(tuple((str(name), str(text)) for name, text in found.items()))
    if isinstance(found, str) and setting.kind not in JSON_KINDS:
        return found
    return dump(found)


def json_of(setting: Setting, value: Value) -> Any:  # noqa: ANN401  # what JSON holds
    """The menu's value as JSON has it; a text that is none of it stays a text, to be refused."""
    if isinstance(value, SecretText):
        return value.text()
    if isinstance(value, Pairs):
        if len(dict(value.members)) < len(value.members):
            raise InvalidSetting(f"{setting.key} has the same name twice")
        return dict(value.members)
    if isinstance(value, tuple):
        return list(value)
    if setting.kind in ("count", "switch", "fraction", *JSON_KINDS):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value

"""The settings as the menu edits them: read into a draft, and a draft saved.

The rule: before anything is written it is read again; what somebody else changed since the draft
was read is a Conflict, and the menu brings the two together. Bootstrap settings go to
`config.toml`, which keeps its comments, all others to the profile.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from lango_cli import files
from lango_cli.config import load
from lango_cli.config.finding import find
from lango_cli.config.layers import is_bootstrap
from lango_cli.config.schema import SETTINGS
from lango_cli.errors import Conflict, InvalidSetting, LangoError
from lango_cli.tui.draft import CHOICE, LIST, SWITCH, TABLE, TEXT, Draft, Field, Pairs, Standing
from lango_cli.wiring import opening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lango_cli.config.setting import Setting
    from lango_cli.secret import SecretText
    from lango_cli.tui.draft import Value
    from lango_cli.vault.vault import Vault
    from lango_cli.wiring.flags import Flags

SHAPES = {
    "choice": CHOICE,
    "switch": SWITCH,
    "table": TABLE,
    **dict.fromkeys(("names", "words", "order", "command"), LIST),
}
NO_VAULT = "there is no vault, and this is kept in it: make one with lango init"
LOCK_SECONDS = 10.0


class Opened:
    """The settings of a home, and of the vault in it if there is one."""

    def __init__(self, flags: Flags, vault: Vault | None) -> None:
        self._flags = flags
        self._vault = vault
        self._profile = ""
        if vault is not None:
            self._profile = flags.profile or vault.profiles.active()

    @property
    def _path(self) -> str:
        return opening.folders_of(self._flags).config

    def read(self) -> Draft:
        """The settings as they stand now."""
        load.load(self._path, self._flags.settings)  # Says what is wrong in the file.
        file = _file(self._path)
        sealed = {} if self._vault is None else self._vault.profiles.read(self._profile)
        return Draft(
            {one.key: self._field(one) for one in SETTINGS},
            {one.key: _standing(one, file, sealed) for one in SETTINGS},
            check=check,
            profile=self._profile,
        )

    def _field(self, setting: Setting) -> Field:
        sealed = not is_bootstrap(setting.key)
        notes = []
        if not setting.guarded and load.variable(setting.variable) is not None:
            notes.append(f"{setting.variable} is set in the environment, which counts first.")
        return Field(
            setting.key,
            _section(setting.key),
            SHAPES.get(setting.kind, TEXT),
            value_of(setting, setting.default),
            setting.doc,
            setting.takes(),
            setting.choices,
            tuple(notes),
            f"profile {self._profile}" if sealed else load.CONFIG,
            NO_VAULT if sealed and self._vault is None else "",
        )

    def save(self, draft: Draft) -> None:
        """Write the changes; Conflict if what they were made upon is not what stands there now."""
        version = None if self._vault is None else self._vault.profiles.version(self._profile)
        fresh = self.read()
        if any(fresh.was(key) != draft.was(key) for key in fresh.fields):
            raise Conflict("the settings were changed by another process", hint="look again")
        values = {key: _json(find(key), new) for key, new in draft.changes.items()}
        sealed = {key: value for key, value in values.items() if not is_bootstrap(key)}
        plain = {key: value for key, value in values.items() if is_bootstrap(key)}
        if sealed and self._vault is not None:
            document = self._vault.profiles.read(self._profile)
            for key, value in sealed.items():
                _put(document, key.split("."), value)
            self._vault.profiles.write(self._profile, document, if_version=version)
        if plain:
            _edit(self._path, plain)

    def reveal(self, key: str) -> SecretText:
        """What is kept for a sensitive setting; none of these is."""
        raise InvalidSetting(f"{key} keeps nothing secret")


def _standing(setting: Setting, file: Mapping[str, Any], sealed: Mapping[str, Any]) -> Standing:
    """What counts, where it comes from, and what is kept where a draft is saved to."""
    value, origin, kept = setting.default, load.DEFAULT, None
    layers = [("file", file)]
    if not is_bootstrap(setting.key):
        layers.append(("profile", sealed))
    for name, layer in layers:
        found = _look(layer, setting.key.split("."))
        if found is not None:
            value, origin = load.text_of(setting.key, found, name), name
        kept = None if found is None else value_of(setting, value)
    given = None if setting.guarded else load.variable(setting.variable)
    if given is not None:
        value, origin = given, load.ENVIRONMENT
    return Standing(value_of(setting, value), origin, kept)


def _section(key: str) -> str:
    """The first word of a name; of the many that begin with `security`, two."""
    words = key.split(".")
    return ".".join(words[:2]) if words[0] == "security" and len(words) > 2 else words[0]


def check(key: str, value: Value) -> str:
    """What is wrong with a value, in words that hold none."""
    setting = find(key)
    try:
        setting.parse(load.text_of(key, _json(setting, value), "the menu"), "the menu")
    except LangoError:
        return f"{key} cannot have this value; it takes {setting.takes()}"
    return ""


def value_of(setting: Setting, text: str) -> Value:
    """A setting's text as the menu has it."""
    shape = SHAPES.get(setting.kind, TEXT)
    if shape == LIST:
        words = setting.parse(text, "the menu") if text else ()
        return words if isinstance(words, tuple) else ()
    if shape == TABLE:
        pairs = (line.partition("=") for line in text.split("\n") if line)
        return Pairs(tuple((name, one) for name, _, one in pairs))
    return text


def _json(setting: Setting, value: Value | None) -> Any:  # noqa: ANN401  # what TOML and JSON hold
    """The menu's value as a document has it; None for one that goes."""
    if isinstance(value, Pairs):
        if len(dict(value.members)) < len(value.members):
            raise InvalidSetting(f"{setting.key} has the same name twice")
        return dict(value.members)
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str):
        return None
    if setting.kind == "switch" and value in ("true", "false"):
        return value == "true"
    if setting.kind == "count" and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value


def _look(layer: Mapping[str, Any], path: list[str]) -> Any:  # noqa: ANN401
    """What stands at a place of a document; None for nothing."""
    at: Any = layer
    for name in path:
        at = at.get(name) if isinstance(at, dict) else None
    return at


def _put(at: Any, path: list[str], value: object) -> None:  # noqa: ANN401  # tomlkit's tables too
    """Set the value at a place of a document, or take it away; tables that are empty then too."""
    name, *rest = path
    if rest:
        if not isinstance(at.get(name), dict):
            if value is None:
                return
            at[name] = {}
        _put(at[name], rest, value)
        if value is None and not at[name]:
            del at[name]
    elif value is None:
        at.pop(name, None)
    else:
        at[name] = value


def _file(path: str) -> dict[str, Any]:
    """What `config.toml` has, which was found right before."""
    return tomllib.loads((files.read(path, load.CONFIG_LIMIT) or b"").decode())


def _edit(path: str, values: Mapping[str, Any]) -> None:
    """Change `config.toml` in place; its comments and all else in it stay."""
    import tomlkit

    files.ensure_folder(os.path.dirname(path))
    with files.Lock(f"{path}.lock", LOCK_SECONDS, load.CONFIG):
        document = tomlkit.parse((files.read(path, load.CONFIG_LIMIT) or b"").decode())
        for key, value in values.items():
            _put(document, key.split("."), value)
        files.replace(path, tomlkit.dumps(document).encode())

"""Settings with their origins, folders, and the only door to the environment.

The rule: default < `config.toml` < profile < environment < flag, and each value remembers where
it came from. An unknown member of `config.toml` or a value out of range is an error, never passed
over. Sections of layers that are not here yet are checked too, and used by nothing. A reference in
the file or a profile is filled in once its setting is asked for; one in a variable is a text.
"""

from __future__ import annotations

import os
import sys

from lango_cli import files
from lango_cli.config.finding import find, flat
from lango_cli.config.kinds import STRUCTURED, may_refer
from lango_cli.config.schema import BY_KEY, SETTINGS
from lango_cli.config.texts import text_of
from lango_cli.errors import InvalidSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeVar

    from lango_cli.config.setting import Setting

    T = TypeVar("T")

    Value = str | int | tuple[str, ...]

CONFIG = "config.toml"
CONFIG_LIMIT = 1 << 20
PASSPHRASE = "LANGO_PASSPHRASE"  # noqa: S105  # the variable's name, not a passphrase
PIN = "LANGO_PKCS11_PIN"
"""The variable that a token's PIN may stand in."""
DEFAULT, FILE, PROFILE, ENVIRONMENT, FLAG = "default", "file", "profile", "environment", "flag"
HEADER = "header"
"""Where `setting.FALLBACK` comes from, once it stands in the vault's header."""


class Settings:
    """Values by name, each with its origin."""

    __slots__ = ("_found", "_secret")

    def __init__(
        self,
        found: dict[str, tuple[Value | Given, str]],
        secret: Callable[[str], str] | None = None,
    ) -> None:
        self._found = found
        self._secret = secret

    def text(self, key: str) -> str:
        """The value of a choice."""
        value = self._value(key)
        return value if isinstance(value, str) else str(value)

    def on(self, key: str) -> bool:
        """The value of a switch."""
        return self._value(key) is True

    def number(self, key: str) -> int:
        """The value of a count, or a duration's seconds (0: for ever)."""
        value = self._value(key)
        return value if isinstance(value, int) else 0

    def words(self, key: str) -> tuple[str, ...]:
        """The value of an order, of names or of a command."""
        value = self._value(key)
        return value if isinstance(value, tuple) else ()

    def table(self, key: str) -> dict[str, str]:
        """The value of a table: texts by name."""
        pairs = (line.partition("=") for line in self.text(key).split("\n") if line)
        return {name: text for name, _, text in pairs}

    def origin(self, key: str) -> str:
        """`default`, `file`, `profile`, `environment` or `flag`."""
        found = self._found.get(key)
        return DEFAULT if found is None else found[1]

    def _value(self, key: str) -> Value:
        found = self._found.get(key)
        if found is not None:
            return self._filled(found[0]) if isinstance(found[0], Given) else found[0]
        setting = find(key)
        return setting.parse(setting.default, "the default")

    def _filled(self, given: Given) -> Value:
        from lango_cli.config.references import Filler

        text = Filler(variable, self._secret).text(given.setting, given.text, given.where)
        value = given.setting.parse(text, given.where)
        self._found[given.setting.key] = (value, given.origin)  # A secret is read once.
        return value


class Folders:
    """Where things are: the vault's home, `config.toml`, state and runtime folders."""

    __slots__ = ("config", "home", "runtime", "state")

    def __init__(self, home: str, config: str, state: str, runtime: str) -> None:
        self.home = home
        self.config = config
        self.state = state
        self.runtime = runtime


def variable(name: str) -> str | None:
    """One variable of the environment; None where unset or empty."""
    return os.environ.get(name) or None


def environment() -> Mapping[str, str]:
    """The environment as it is, for rooms that are handed what they need of it."""
    return os.environ


def called_with(variables: Mapping[str, str], work: Callable[[], T]) -> T:
    """What `work` returns while these are set, for a library that reads them as it begins.

    Those that are set already keep their values.
    """
    new = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(new)
    try:
        return work()
    finally:
        for name in new:
            del os.environ[name]


def child_environment() -> dict[str, str]:
    """The environment for a child: without the passphrase and the PIN."""
    return {name: value for name, value in os.environ.items() if name not in (PASSPHRASE, PIN)}


def folders(home: str | None) -> Folders:
    """`home`, else LANGO_HOME, holds vault and config.toml; else the platform's folders do."""
    given = home or variable("LANGO_HOME")
    data, config, state, runtime = _platform_folders()
    if given:
        try:
            given = os.path.abspath(given)
        except OSError as err:
            raise files.problem("the working folder", err) from None
        return Folders(given, os.path.join(given, CONFIG), state, runtime)
    return Folders(data, os.path.join(config, CONFIG), state, runtime)


def _platform_folders() -> tuple[str, str, str, str]:
    """Data, config, state and runtime folders; on XDG systems without the cost of platformdirs."""
    if sys.platform != "linux":
        import platformdirs

        return (
            platformdirs.user_data_dir("lango", False),
            platformdirs.user_config_dir("lango", False),
            platformdirs.user_state_dir("lango", False),
            platformdirs.user_runtime_dir("lango", False),
        )
    user = os.path.expanduser("~")
    runtime = _xdg("XDG_RUNTIME_DIR", "")
    return (
        os.path.join(_xdg("XDG_DATA_HOME", os.path.join(user, ".local/share")), "lango"),
        os.path.join(_xdg("XDG_CONFIG_HOME", os.path.join(user, ".config")), "lango"),
        os.path.join(_xdg("XDG_STATE_HOME", os.path.join(user, ".local/state")), "lango"),
        os.path.join(runtime, "lango") if runtime else f"/tmp/lango-{os.getuid()}",  # noqa: S108  # checked to be ours and 0700 before use
    )


def _xdg(name: str, default: str) -> str:
    """A base folder; a relative path is to be ignored (XDG Base Directory Specification)."""
    value = os.environ.get(name, "")
    return value if os.path.isabs(value) else default


class Given:
    """A value that somebody set: the setting, its text, its layer, and where it stands."""

    __slots__ = ("origin", "setting", "text", "where")

    def __init__(self, setting: Setting, text: str, origin: str, where: str) -> None:
        self.setting = setting
        self.text = text
        self.origin = origin
        self.where = where

    @classmethod
    def of(cls, setting: Setting, value: object, origin: str, where: str) -> Given:
        """Of a value of TOML or JSON; InvalidSetting for one of another kind."""
        return cls(setting, text_of(setting, value, f"{where}: "), origin, where)

    @property
    def refers(self) -> bool:
        """Whether there are references in it; InvalidSetting for one that it may not have."""
        if self.origin not in (FILE, PROFILE) or not may_refer(self.text):
            return False
        from lango_cli.config.references import deferred

        return deferred(self.setting, self.text, f"{self.where}: ")

    def value(self) -> Value | Given:
        """The value, or this itself while it refers; InvalidSetting for one it cannot have."""
        refers = self.refers
        if refers and self.setting.kind not in STRUCTURED:
            return self
        value = self.setting.parse(self.text, self.where)
        return self if refers else value


def load(
    config: str,
    flags: Mapping[str, str],
    profile: Iterable[Given] = (),
    secret: Callable[[str], str] | None = None,
) -> Settings:
    """All settings from `config.toml` at this path, a profile, the environment and these flags.

    `secret` gives the text of a secret that a setting refers to, where a vault is open.
    """
    found = layers(config, flags, profile)
    return Settings({one.setting.key: (one.value(), one.origin) for one in found}, secret)


def layers(
    config: str, flags: Mapping[str, str], profile: Iterable[Given] = ()
) -> Iterator[Given]:
    """Everything that is set, in the order of the layers: of a setting the last one counts."""
    yield from _from_file(config)
    yield from profile
    for setting in SETTINGS:
        given = variable(setting.variable)
        if given is not None and setting.guarded:
            raise InvalidSetting(
                f"{setting.key} is not taken from {setting.variable}",
                hint=f"whoever starts a command chooses its variables: set it in {config}",
            )
        if given is not None:
            yield Given(setting, given, ENVIRONMENT, setting.variable)
    for key, text in flags.items():
        yield Given(BY_KEY[key], text, FLAG, "the command line")


def _from_file(path: str) -> Iterator[Given]:
    data = files.read(path, CONFIG_LIMIT)
    if not data or not data.strip():
        return
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as err:
        # Of the message only the number: the rest may hold what stands in the file.
        number = str(err).rpartition("(at line ")[2].partition(",")[0]
        line = f", line {number}" if number.isdigit() else ""
        raise InvalidSetting(f"{path} is not TOML{line}", hint="mend it in an editor") from None
    for key, value in flat(document):
        one = Given.of(find(key, f"{path}: "), value, FILE, path)
        if one.setting.secret and one.text:
            _refuse_sensitive(one)
        yield one


def _refuse_sensitive(given: Given) -> None:
    """InvalidSetting for a sensitive value that stands in a file; a reference to one may."""
    from lango_cli.config.references import is_reference

    if not is_reference(given.text):
        raise InvalidSetting(
            f"{given.where}: a value of {given.setting.key} is sensitive and stands in a file",
            hint="take it out and keep it in the vault: lango settings set KEY",
        )


def written(config: str) -> dict[str, str]:
    """What `config.toml` at this path sets, as texts."""
    return {one.setting.key: one.text for one in _from_file(config)}

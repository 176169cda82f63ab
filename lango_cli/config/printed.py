"""How `settings get` prints a value, without what documents take to load.

The rule: what is printed is what Typer's front makes of the same value by way of `document`; a
test compares the two for every setting. All that is set is checked, also what is not asked for: a
setting that nobody could read is never passed over.
"""

from __future__ import annotations

from lango_cli.codec import parse_json
from lango_cli.config.durations import spelled
from lango_cli.config.formed import dump
from lango_cli.config.kinds import JSON_KINDS, STRUCTURED, WORDS
from lango_cli.errors import InvalidSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.config.load import Given
    from lango_cli.config.setting import Setting


def in_force(setting: Setting, given: Iterable[Given]) -> str:
    """The text of a setting after all that was given, in the order of the layers.

    InvalidSetting for a value that a setting cannot have, and for a free one that is not set.
    """
    standing: Given | None = None
    whole: dict[str, str] = {}
    for one in given:
        one.value()
        if one.setting.key == setting.key:
            standing = one
        elif setting.key.startswith(f"{one.setting.key}."):
            whole[one.setting.key] = one.text
    if standing is not None and setting.kind not in STRUCTURED and standing.refers:
        return standing.text
    if standing is not None:
        return printed(setting, standing.text)
    return _inside(setting, whole) if setting.kind == "free" else printed(setting, setting.default)


def _inside(setting: Setting, whole: dict[str, str]) -> str:
    """A part of a free setting, out of the one that is above it."""
    for key, text in whole.items():
        found = parse_json(text)
        for name in setting.key[len(key) + 1 :].split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            return found if isinstance(found, str) else dump(found)
    raise InvalidSetting(f"{setting.key} is not set")


def printed(setting: Setting, text: str) -> str:
    """How a text of this setting is printed: as JSON writes it, a text without quotes."""
    kind = setting.kind
    if kind in JSON_KINDS:
        made = str(setting.parse(text, "value"))
        return str(parse_json(made)) if made[:1] == '"' else made
    if kind == "table":
        pairs = (line.partition("=") for line in text.split("\n") if line)
        return dump({name: one for name, _, one in pairs})
    if kind in WORDS:
        words = setting.parse(text, "value") if text else ()
        return dump(words if isinstance(words, tuple) else ())
    if kind == "duration":
        return spelled(text)
    if kind == "count":
        return str(int(text))
    return repr(float(text)) if kind == "fraction" else text

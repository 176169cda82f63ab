"""A value of TOML or JSON as the one text that a setting is checked, compared and kept by.

The rule: from the text `Setting.parse` makes the same value, and a value of another kind than the
setting's has no text: a number never stands for a text. Why apart from `document`: every command
reads `config.toml`, and most need no more than this of it.
"""

from __future__ import annotations

from lango_cli.config.kinds import JSON_KINDS, WORDS
from lango_cli.errors import InvalidSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lango_cli.config.setting import Setting


def text_of(setting: Setting, value: object, where: str = "") -> str:
    """The value's text; InvalidSetting, with `where` it stands, for a value of another kind."""
    text = _text(setting.kind, value)
    if text is None:
        raise InvalidSetting(
            f"{where}{setting.key} cannot have this kind of value",
            hint=f"it takes {setting.takes()}",
        )
    return text


def _text(kind: str, value: object) -> str | None:
    if kind in JSON_KINDS:
        return _dumped(value)
    if isinstance(value, str):
        return None if "\0" in value else value
    if kind == "table":
        return _lines(value)
    if kind in WORDS:
        return _line(value)
    if isinstance(value, bool):
        return ("false", "true")[value] if kind == "switch" else None
    if isinstance(value, int):
        return str(value) if kind in ("count", "fraction", "choice", "decimal", "size") else None
    return str(value) if isinstance(value, float) and kind in ("fraction", "decimal") else None


def _dumped(value: object) -> str | None:
    from lango_cli.config.formed import dump

    try:
        return dump(value)
    except (TypeError, ValueError):
        return None  # TOML has dates, times and infinite numbers.


def _lines(table: object) -> str | None:
    """A table of texts as one text, from which `Settings.table` makes the same table."""
    if not isinstance(table, dict):
        return None
    fine = all(
        isinstance(text, str) and "\n" not in text and "=" not in name and name
        for name, text in table.items()
    )
    return "\n".join(f"{name}={text}" for name, text in table.items()) if fine else None


def _line(words: object) -> str | None:
    """A list as one text, from which `Setting.parse` makes the same list."""
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    if all(words) and not any(c in "\\'\"" or c.isspace() for word in words for c in word):
        return " ".join(words)
    import shlex

    return shlex.join(words)

"""A draft with a setting of every shape, as the tests of the menu use it."""

from __future__ import annotations

from lango_cli.tui.draft import Draft, Field, Pairs, Standing, Value

FIELDS = (
    Field("output.color", "output", "choice", "auto", "Colour on a terminal.",
          "one of auto, always, never", ("auto", "always", "never"), home="config.toml"),
    Field("output.wide", "output", "switch", "false", "Whether it is wide.", home="config.toml"),
    Field("unlock.order", "unlock", "list", ("session", "prompt"), "Which ways are tried.",
          "some of session, prompt, in order", home="config.toml", ordered=True),
    Field("unlock.ttl", "unlock", "text", "15m", "How long an unlock lasts.",
          "a duration such as 90s or 15m", home="config.toml"),
    Field("security.patterns", "security", "table", Pairs(), "Patterns of your own.",
          "a table of names and texts", home="profile work"),
    Field("security.pin", "security", "secret", "", "The token's PIN.", home="profile work"),
    Field("security.fixed", "security", "text", "x", "Cannot be changed now.",
          fixed="make a vault first: lango init"),
)  # fmt: skip
PATTERN = Field("providers.<id>.apiKey", "providers", "secret", "", "A provider's key.",
                home="profile work")  # fmt: skip
LONG = "x" * 30 + "日本語" * 40 + " and an end"


def check(key: str, value: Value) -> str:
    """What is wrong: durations end in m, items are not empty."""
    if key == "unlock.ttl" and not str(value).endswith("m"):
        return "it takes a duration such as 90s or 15m"
    if isinstance(value, tuple) and "" in value:
        return "an item is empty"
    return ""


def draft(**kept: Value) -> Draft:
    """The settings, with these kept; names have `_` for `.`."""
    values = {key.replace("_", "."): value for key, value in kept.items()}
    return Draft(
        {field.key: field for field in FIELDS},
        {key: Standing(value, "file", value) for key, value in values.items()},
        (PATTERN,),
        check=check,
        check_name=lambda key: "" if key.isascii() else "that is no name",
        profile="work",
    )

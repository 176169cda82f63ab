"""The settings that are kept in the vault's profiles, and names with free parts.

The rule: a section whose layer is not here yet is accepted, checked and kept, and said to be not
used yet (`used=False`), never passed over. The names are those that people of the reference know;
where its documents and its program give different defaults, the stricter one stands here. Why
apart from `schema`: no command that reads a secret needs any of these.
"""

from __future__ import annotations

from lango_cli.config.declared_p2p import P2P
from lango_cli.config.schema import SETTINGS
from lango_cli.config.setting import Setting, is_tool, later

APPS = Setting(
    "apps.<name>.*",
    "free",
    "{}",
    (),
    "Settings of your own programs; lango keeps them and hands them out.",
)
PROVIDERS = ("openai", "anthropic", "gemini", "google", "ollama", "github")

SCHEMAS = Setting(
    "appSchemas.<name>",
    "free",
    "{}",
    (),
    "A JSON Schema (draft 2020-12) that the settings at apps.<name> keep to; {}: none.",
)

DECLARED = (
    SCHEMAS,
    APPS,
    later("auth.providers.<id>.clientId", "text", "", "The client's id.", secret=True),
    later("auth.providers.<id>.clientSecret", "text", "", "The client's secret.", secret=True),
    later("auth.providers.<id>.issuerUrl", "url", "", "Who signs people in."),
    later("auth.providers.<id>.redirectUrl", "url", "", "Where they come back to."),
    later(
        "auth.providers.<id>.scopes", "list", '["openid"]', "What is asked of it; openid among it."
    ),
    later("logging.format", "choice", "console", "How lines look.", "console", "json"),
    later("logging.level", "choice", "info", "What is said.", "debug", "info", "warn", "error"),
    later("logging.outputPath", "path", "", "Where the log goes; empty: stderr."),
    later("payment.enabled", "switch", "false", "Whether anything may be paid."),
    later("payment.limits.autoApproveBelow", "decimal", "0.10", "Less than this asks nobody."),
    later("payment.limits.maxDaily", "decimal", "10.00", "The most on one day."),
    later("payment.limits.maxPerTx", "decimal", "1.00", "The most at once."),
    later(
        "payment.walletProvider",
        "choice",
        "local",
        "Where the wallet's key is.",
        "local",
        "rpc",
        "composite",
    ),
    later("providers.<id>.apiKey", "text", "", "The key of the provider.", secret=True),
    later("providers.<id>.baseUrl", "url", "", "Where it answers; empty: as usual."),
    later("providers.<id>.type", "choice", "openai", "What it speaks.", *PROVIDERS),
    later(
        "security.dbEncryption.enabled",
        "switch",
        "true",
        "Nothing to choose: the vault's database is always encrypted.",
    ),
    later(
        "security.interceptor.notifyChannel",
        "text",
        "",
        "A channel of the reference; see security.interceptor.approval.channels.",
    ),
    later(
        "security.interceptor.piiRegexPatterns",
        "regexes",
        "[]",
        "Unnamed expressions of the reference; those in piiCustomPatterns are looked for.",
    ),
    later(
        "security.keyring.enabled",
        "switch",
        "false",
        "A switch of the reference; unlock.order says whether the keyring is tried.",
    ),
    later("server.allowedOrigins", "list", "[]", "Whose pages may speak with the gateway."),
    later("server.host", "text", "localhost", "Where the gateway listens."),
    later("server.httpEnabled", "switch", "true", "Whether it answers HTTP."),
    later("server.port", "count", "18789", "Its port.", low=1, high=65535),
    later("server.wsEnabled", "switch", "true", "Whether it answers WebSocket."),
    later("session.databasePath", "path", "~/.lango/lango.db", "Where sessions are kept."),
    later("session.maxHistoryTurns", "count", "50", "How many messages a session keeps."),
    later("session.ttl", "duration", "24h", "How long a session lasts."),
    *P2P,
)


_ALL = tuple(sorted((*SETTINGS, *DECLARED), key=lambda setting: setting.key))
_FIXED = {setting.key: setting for setting in _ALL if "<" not in setting.key}


def everything() -> tuple[Setting, ...]:
    """All settings by name, those with free parts as patterns."""
    return _ALL


def locate(key: str) -> Setting | None:
    """The setting of a name, its free parts filled in; None if there is none."""
    found = _FIXED.get(key)
    if found is not None:
        return found
    words = key.split(".")
    for setting in DECLARED:
        if "<" in setting.key and _matches(setting.key.split("."), words):
            return setting.named(key)
    return None


def below(prefix: str) -> bool:
    """Whether any setting's name goes on after this one, so that a document may nest here."""
    words = prefix.split(".")
    return any(
        len(pattern) > len(words) and _matches(pattern[: len(words)], words)
        for pattern in (setting.key.split(".") for setting in everything())
    )


def nearest(key: str) -> str:
    """The known name that is most like this one; empty if none is."""
    from difflib import get_close_matches

    words = key.split(".")
    names = [_filled(setting.key, words) for setting in everything() if setting is not APPS]
    near = get_close_matches(key, names, n=1)
    return near[0] if near else ""


def member(key: str) -> tuple[Setting, str] | None:
    """The table that a name is a member of, and the member's own name."""
    parent, _, name = key.rpartition(".")
    while parent:
        setting = locate(parent)
        if setting is not None and setting.kind in ("table", "map") and name:
            return setting, name
        parent, _, last = parent.rpartition(".")
        name = f"{last}.{name}"
    return None


def _matches(pattern: list[str], words: list[str]) -> bool:
    if pattern[-1:] == ["*"]:
        words, pattern = words[: len(pattern) - 1], pattern[:-1]
        if len(words) < len(pattern):
            return False
    return len(pattern) == len(words) and all(
        is_tool(word) if part.startswith("<") else part == word
        for part, word in zip(pattern, words, strict=True)
    )


def _filled(pattern: str, words: list[str]) -> str:
    """The pattern with the free parts that a name with as many parts gives it."""
    parts = pattern.split(".")
    if len(parts) != len(words):
        return pattern
    return ".".join(
        word if part.startswith("<") else part for part, word in zip(parts, words, strict=True)
    )

"""What a setting is: its kinds, and how a text becomes a value of one.

The rule: a kind is checked in one place, whether the text comes from the file, a variable or a
flag. Which settings there are is `schema`'s.
"""

from __future__ import annotations

from lango_cli.config.durations import FOREVER, LONGEST, ORDER, is_disordered, seconds_of, span
from lango_cli.config.kinds import WORDS
from lango_cli.errors import InvalidSetting

FALLBACK = "security.kms.fallbackToLocal"
"""The one setting that stands in the vault's header, once a custodian keeps one of its slots."""
MOST = 999_999_999
"""The greatest number of a setting that names no other."""


BOOTSTRAP = (
    "audit.reads",
    "kdf.",
    "output.",
    "security.dbEncryption.",
    "security.interceptor.pii",
    "security.interceptor.presidio.",
    "security.interceptor.redactPii",
    "security.kms.",
    "security.signer.",
    "unlock.",
    "vault.lockTimeout",
)
"""Names, and beginnings of names, of what is needed before a vault is open, or where none is.
`audit.reads` is needed by `secrets get`, which reads no profile because scripts wait for it."""


class Setting:
    """One setting.

    `kind`: `choice`, `switch`, `duration` (in seconds), `count`, `order`, `names` (of tools),
    `words`, `command` (words as in a shell, which none reads), `fraction` (from 0 to 1, as text),
    `table` (a `name=text` a line), `text`, or one of `formed`. `guarded`: it is never taken from
    the environment, because whoever starts a command chooses its variables. `secret`: its value
    is kept as a secret and the profile has the reference. `used`: something reads it. `low` and
    `high` bound a number, or the seconds of a duration. `endless`: a duration may be `forever`,
    of which `0s` is another spelling where `low` is 0.
    """

    __slots__ = (
        "choices",
        "default",
        "doc",
        "endless",
        "guarded",
        "high",
        "key",
        "kind",
        "low",
        "secret",
        "used",
    )

    def __init__(
        self,
        key: str,
        kind: str,
        default: str,
        choices: tuple[str, ...],
        doc: str,
        *,
        guarded: bool = False,
        secret: bool = False,
        used: bool = True,
        low: int = 0,
        high: int = MOST,
        endless: bool = False,
    ) -> None:
        self.key = key
        self.kind = kind
        self.default = default
        self.choices = choices
        self.doc = doc
        self.guarded = guarded
        self.secret = secret
        self.used = used
        self.low = low
        self.high = high
        self.endless = endless

    def named(self, key: str) -> Setting:
        """The same under a name in which the free parts are filled in."""
        return Setting(
            key,
            self.kind,
            self.default,
            self.choices,
            self.doc,
            guarded=self.guarded,
            secret=self.secret,
            used=self.used,
            low=self.low,
            high=self.high,
            endless=self.endless,
        )

    @property
    def bootstrap(self) -> bool:
        """Whether it stands in `config.toml`; else it is kept in the vault's active profile."""
        return self.key.startswith(BOOTSTRAP)

    @property
    def section(self) -> str:
        """The first part of its name."""
        return self.key.partition(".")[0]

    @property
    def variable(self) -> str:
        """`LANGO_VAULT_LOCK_TIMEOUT` for `vault.lockTimeout`."""
        name = "".join(f"_{c}" if c.isupper() else c for c in self.key)
        return f"LANGO_{name.replace('.', '_').upper()}"

    def parse(self, text: str, where: str) -> str | int | tuple[str, ...]:
        """The value that `text` stands for, or InvalidSetting naming `where` it was found."""
        value = self._parsed(text)
        if value is None:
            slip = f"; {ORDER}" if self.kind == "duration" and is_disordered(text) else ""
            raise InvalidSetting(
                f"{where}: {self.key} cannot have this value",
                hint=f"it takes {self.takes()}{slip}",
            )
        return value

    def _parsed(self, text: str) -> str | int | tuple[str, ...] | None:
        if self.kind in WORDS:
            return self._words(text)
        if self.kind in ("fraction", "table"):
            return text if _FORMS[self.kind](text) else None
        if self.kind == "choice":
            return text if text in self.choices else None
        if self.kind == "switch":
            return {"true": True, "false": False}.get(text)
        if self.kind == "count":
            return self._number(text)
        if self.kind in ("duration", "text"):
            return self._seconds(text) if self.kind == "duration" else text
        from lango_cli.config.formed import formed

        return formed(self.kind, text)

    def _number(self, text: str) -> int | None:
        if not (text.isascii() and text.isdigit() and len(text) < 11):
            return None
        return int(text) if self.low <= int(text) <= self.high else None

    def _seconds(self, text: str) -> int | None:
        """Whole seconds; 0 for `forever`."""
        if text == FOREVER:
            return 0 if self.endless else None
        seconds = seconds_of(text)
        if seconds is None or not self.low <= seconds <= self.longest:
            return None
        return seconds if seconds or self.endless else None

    @property
    def longest(self) -> int:
        """The greatest duration that it takes, in seconds."""
        return LONGEST if self.high == MOST else self.high

    def _words(self, text: str) -> tuple[str, ...] | None:
        if self.kind == "command" and not _is_unquoted(text):
            import shlex

            try:
                return tuple(shlex.split(text))
            except ValueError:
                return None
        if self.kind == "command":
            return tuple(text.split())
        words = tuple(text.replace(",", " ").split())
        if len(set(words)) != len(words):
            return None
        if self.kind == "words":
            return words if all(map(_is_word, words)) else None
        if self.kind == "names":
            return words if all(is_tool(word.removesuffix("*")) for word in words) else None
        return words if words and set(words) <= set(self.choices) else None

    def takes(self) -> str:
        """What values it can have, for people."""
        if self.kind == "count" and (self.low, self.high) != (0, MOST):
            return f"a whole number from {self.low} to {self.high}"
        if self.kind in _TAKES:
            return _TAKES[self.kind]
        if self.kind == "duration":
            return self._takes_duration()
        if self.kind == "order":
            return f"some of {', '.join(self.choices)}, in order"
        return f"one of {', '.join(self.choices)}"

    def _takes_duration(self) -> str:
        bounded = self.high != MOST
        least = f" of {self.low}s or more" if self.low and not bounded else ""
        bounds = f" from {self.low}s to {span(self.high)}" if bounded else least
        same = " (0s is the same)" if self.endless and not self.low else ""
        end = f", or {FOREVER}{same}" if self.endless else ""
        return f"a duration{bounds}, such as 90s, 15m or 1h30m{end}"


def later(
    key: str,
    kind: str,
    default: str,
    doc: str,
    *choices: str,
    secret: bool = False,
    low: int = 0,
    high: int = MOST,
) -> Setting:
    """A setting of a layer that is not here yet: checked and kept, and used by nothing."""
    least = low or int(kind == "duration")
    return Setting(
        key, kind, default, choices, doc, secret=secret, used=False, low=least, high=high
    )


_TAKES = {
    "count": "a whole number",
    "switch": "true or false",
    "names": "names of tools; one that ends with * stands for all that begin so",
    "words": "words of letters, digits, _ and -",
    "fraction": "a number from 0 to 1",
    "table": "a table of names and texts; as one text: name=text, one a line",
    "command": "a program's full path and its words, as in a shell",
    "text": "a text",
    "size": "a size such as 512KiB, 16MiB or 2GiB",
    "url": "an address that begins with http:// or https://",
    "path": "a path",
    "decimal": "an amount such as 0.10, as a text",
    "list": "a list of texts",
    "regexes": "a list of regular expressions (RE2's syntax)",
    "map": "a table of names and texts",
    "rules": "a list of objects with peerDid, action (allow or deny), tools and rateLimit",
    "free": "anything that JSON can hold",
}


def _is_unquoted(text: str) -> bool:
    """Whether a shell would take it apart at its spaces and change nothing."""
    return text.isascii() and text.isprintable() and not any(c in "\\'\"" for c in text)


def _is_word(word: str) -> bool:
    return word.isascii() and word.replace("_", "").replace("-", "").isalnum()


def _is_fraction(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = f"{whole}{part}"
    return digits.isascii() and digits.isdigit() and len(text) < 10 and 0 <= float(text) <= 1


def _is_table(text: str) -> bool:
    names = [line.partition("=")[0] for line in text.split("\n") if line]
    lined = all("=" in line for line in text.split("\n") if line)
    return lined and all(map(_is_word, names)) and len(set(names)) == len(names)


_FORMS = {"fraction": _is_fraction, "table": _is_table}


def is_tool(name: str) -> bool:
    """Whether this is a name that a tool can have."""
    rest = name.replace("_", "").replace("-", "").replace(".", "").replace(":", "")
    return rest.replace("/", "").isalnum() and name.isascii() and len(name) <= 128

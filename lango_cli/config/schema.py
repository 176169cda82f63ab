"""Every setting, declared once: name, kind, default, choices, one line of documentation.

The rule: from a declaration come the default, the check, the environment's name and the table in
the README. The settings here are bootstrap settings: needed before a vault is open, kept in plain
`config.toml`. A setting that nothing reads is a defect.
"""

from __future__ import annotations

from lango_cli.errors import InvalidSetting, UnknownSetting

DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
FOREVER = "forever"
PAGE_SIZES = tuple(str(1 << power) for power in range(10, 17))
"""Not 512: SQLCipher takes 80 bytes of each page for its IV and HMAC, and SQLite needs 480."""
SOURCES = ("session", "keyring", "keyfile", "prompt")


class Setting:
    """One setting.

    `kind`: `choice`, `switch`, `duration` (in seconds), `count`, `order`, `names` (of tools),
    `words`, `command` (words as in a shell, which none reads), `fraction` (from 0 to 1, as text),
    `table` (a `name=text` a line) or `text`. `guarded`: it stands in the file
    alone, because whoever starts a command chooses its variables.
    """

    __slots__ = ("choices", "default", "doc", "guarded", "key", "kind")

    def __init__(
        self,
        key: str,
        kind: str,
        default: str,
        choices: tuple[str, ...],
        doc: str,
        *,
        guarded: bool = False,
    ) -> None:
        self.key = key
        self.kind = kind
        self.default = default
        self.choices = choices
        self.doc = doc
        self.guarded = guarded

    @property
    def variable(self) -> str:
        """`LANGO_VAULT_LOCK_TIMEOUT` for `vault.lockTimeout`."""
        name = "".join(f"_{c}" if c.isupper() else c for c in self.key)
        return f"LANGO_{name.replace('.', '_').upper()}"

    def parse(self, text: str, where: str) -> str | int | tuple[str, ...]:
        """The value that `text` stands for, or InvalidSetting naming `where` it was found."""
        value = self._parsed(text)
        if value is None:
            raise InvalidSetting(
                f"{where}: {self.key} cannot have this value", hint=f"it takes {self.takes()}"
            )
        return value

    def _parsed(self, text: str) -> str | int | tuple[str, ...] | None:
        if self.kind in ("order", "names", "words", "command"):
            return self._words(text)
        if self.kind in ("fraction", "table"):
            return text if _FORMS[self.kind](text) else None
        if self.kind == "choice":
            return text if text in self.choices else None
        if self.kind == "switch":
            return {"true": True, "false": False}.get(text)
        if self.kind == "count":
            return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        return _seconds(text) if self.kind == "duration" else text

    def _words(self, text: str) -> tuple[str, ...] | None:
        if self.kind == "command":
            import shlex

            try:
                return tuple(shlex.split(text))
            except ValueError:
                return None
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
        if self.kind in _TAKES:
            return _TAKES[self.kind]
        if self.kind == "duration":
            return f"a duration such as 90s, 15m, 24h, 30d or 2w, or {FOREVER}"
        if self.kind == "order":
            return f"some of {', '.join(self.choices)}, in order"
        return f"one of {', '.join(self.choices)}"


_TAKES = {
    "count": "a whole number",
    "switch": "true or false",
    "names": "names of tools; one that ends with * stands for all that begin so",
    "words": "words of letters, digits, _ and -",
    "fraction": "a number from 0 to 1",
    "table": "a table of names and texts; as one text: name=text, one a line",
    "command": "a program's full path and its words, as in a shell",
    "text": "a text",
}


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


def _seconds(text: str) -> int | None:
    """Whole seconds of `90s` to `2w`; 0 for `forever`; None for anything else."""
    if text == FOREVER:
        return 0
    digits, unit = text[:-1], text[-1:]
    if unit in DURATION_UNITS and digits.isascii() and digits.isdigit() and len(digits) < 10:
        return int(digits) * DURATION_UNITS[unit]
    return None


SETTINGS = (
    Setting(
        "audit.reads",
        "choice",
        "warn",
        ("require", "warn", "off"),
        "What happens when the record of a read cannot be written: fail, warn, or keep no record.",
    ),
    Setting("audit.retention", "duration", "400d", (), "How long audit records are kept."),
    Setting(
        "kdf.algorithm",
        "choice",
        "pbkdf2",
        ("pbkdf2", "argon2id"),
        "Key derivation of new passphrase slots.",
    ),
    Setting(
        "output.color", "choice", "auto", ("auto", "always", "never"), "Colour on a terminal."
    ),
    Setting(
        "output.newline",
        "choice",
        "auto",
        ("auto", "yes", "no"),
        "A newline after the value of secrets get; auto: only on a terminal.",
    ),
    Setting(
        "secrets.retention", "duration", "30d", (), "How long deleted secrets can be brought back."
    ),
    Setting(
        "secrets.versions", "count", "0", (), "How many versions of a secret are kept; 0: all."
    ),
    Setting(
        "security.interceptor.enabled",
        "switch",
        "false",
        (),
        "Whether actions of tools are judged before they happen.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.approvalPolicy",
        "choice",
        "dangerous",
        ("dangerous", "all", "configured", "none"),
        "Which tools need a yes, besides those named: dangerous and unknown ones, all, none more.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.piiCustomPatterns",
        "table",
        "",
        (),
        "Regular expressions of your own for lango redact, by name (RE2's syntax).",
    ),
    Setting(
        "security.interceptor.piiDisabledPatterns",
        "words",
        "",
        (),
        "Patterns or categories of lango pii list that are not looked for.",
    ),
    Setting(
        "security.interceptor.piiEnabledPatterns",
        "words",
        "",
        (),
        "Patterns or categories that are looked for besides those on by default; all: every one.",
    ),
    Setting(
        "security.interceptor.piiPlaceholder",
        "choice",
        "typed",
        ("typed", "plain"),
        "What stands for personal data: [REDACTED:email], or [REDACTED].",
    ),
    Setting(
        "security.interceptor.presidio.allowHttp",
        "switch",
        "false",
        (),
        "Text may go to a Presidio on another machine without TLS.",
    ),
    Setting(
        "security.interceptor.presidio.enabled",
        "switch",
        "false",
        (),
        "A Microsoft Presidio analyzer is asked too.",
    ),
    Setting(
        "security.interceptor.presidio.entities",
        "words",
        "PERSON EMAIL_ADDRESS PHONE_NUMBER CREDIT_CARD CRYPTO IBAN_CODE IP_ADDRESS MEDICAL_LICENSE"
        " US_BANK_NUMBER US_DRIVER_LICENSE US_ITIN US_PASSPORT US_SSN UK_NHS UK_NINO",
        (),
        "Which of Presidio's entities count; the others it finds are left alone.",
    ),
    Setting(
        "security.interceptor.presidio.language",
        "words",
        "en",
        (),
        "Languages in which Presidio is asked, one after another.",
    ),
    Setting(
        "security.interceptor.presidio.scoreThreshold",
        "fraction",
        "0.7",
        (),
        "How sure Presidio must be.",
    ),
    Setting(
        "security.interceptor.presidio.timeout",
        "duration",
        "5s",
        (),
        "How long Presidio may take to answer one request.",
    ),
    Setting(
        "security.interceptor.presidio.url",
        "text",
        "http://localhost:5002",
        (),
        "Where the Presidio analyzer answers.",
    ),
    Setting(
        "security.interceptor.presidio.whenDown",
        "choice",
        "block",
        ("block", "regex", "allow"),
        "Without an answer of Presidio: nothing passes, the patterns alone decide, or all passes.",
    ),
    Setting(
        "security.interceptor.sensitiveTools",
        "names",
        "",
        (),
        "Tools that always need a yes, whatever the policy.",
        guarded=True,
    ),
    Setting(
        "security.interceptor.exemptTools",
        "names",
        "",
        (),
        "Tools that never need a yes; stands before everything else.",
        guarded=True,
    ),
    Setting(
        "security.dbEncryption.cipherPageSize",
        "choice",
        "4096",
        PAGE_SIZES,
        "Bytes of a page of a new vault's database; the vault's header remembers it.",
    ),
    Setting(
        "unlock.order",
        "order",
        "session keyring keyfile prompt",
        SOURCES,
        "Which ways to unlock are tried, in this order, when none is named.",
    ),
    Setting(
        "unlock.session",
        "choice",
        "auto",
        ("auto", "kernel", "process"),
        "Where lango unlock keeps the keys: kernel keyring or a small process.",
    ),
    Setting("unlock.ttl", "duration", "15m", (), "How long lango unlock lasts without --ttl."),
    Setting(
        "vault.lockTimeout", "duration", "10s", (), "How long a command waits for another writer."
    ),
)
BY_KEY = {setting.key: setting for setting in SETTINGS}


def find(key: str, where: str = "") -> Setting:
    """The setting of this name; UnknownSetting with the nearest one, and `where` it was asked."""
    setting = BY_KEY.get(key)
    if setting is None:
        from difflib import get_close_matches

        near = get_close_matches(key, BY_KEY, n=1)
        raise UnknownSetting(
            f"{where}there is no setting {key}" + (f"; did you mean {near[0]}?" if near else "")
        )
    return setting

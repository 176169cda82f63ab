"""How programs write a text that cannot stand as it is: tables from a character to its escape.

The rule: one table for each habit that real encoders have (which characters they leave alone,
which of two spellings they choose), because a value is recognised only in the form in which it
was written. Sources: RFC 8259 (JSON), RFC 3986 and the WHATWG URL and HTML standards, XML 1.0,
POSIX.1-2024 *Shell Command Language*, PowerShell's `about_Quoting_Rules`, C17 6.4.4.4.
"""

from __future__ import annotations

from html.entities import html5
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Table = dict[int, str]
"""For `str.translate`: what a character becomes; what is not in it stays."""

Steps = tuple[tuple[str, str], ...]
"""The same as replacements, one after another."""
Escape = Table | Steps

ASCII = range(128)
LETTERS_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ALPHANUMERIC = frozenset(LETTERS_DIGITS.encode())
CONTROLS = [*range(32), 127]


class Every(dict[int, str]):
    """A table that writes each character by one rule, and remembers it."""

    def __init__(self, form: str, *, pairs: bool = False) -> None:
        super().__init__()
        self._form = form
        self._pairs = pairs

    def __missing__(self, code: int) -> str:
        if self._pairs and code > 0xFFFF:
            high, low = divmod(code - 0x10000, 0x400)
            self[code] = self._form % (0xD800 + high) + self._form % (0xDC00 + low)
        else:
            self[code] = self._form % code
        return self[code]


class AsciiOnly(Every):
    """The same for all that is not ASCII, with a table of its own for what is."""

    def __init__(self, form: str, table: Table, *, pairs: bool = False) -> None:
        super().__init__(form, pairs=pairs)
        self.update({code: chr(code) for code in ASCII} | table)


def _each(characters: str, form: str) -> Table:
    return {ord(c): form % ord(c) for c in characters}


# Percent: tables of bytes, given as the characters (latin-1) that stand for them.

_PERCENT_KEPT = {
    "-._~": "lower form",  # RFC 3986, unreserved: Python's quote(safe=""), Go, Rust, curl
    "-._~/": "lower form",  # Python's quote
    "-._~!'()*": "lower",  # JavaScript's encodeURIComponent
    "-._~!'()*;,/?:@&=+$#": "lower",  # JavaScript's encodeURI
    "-._~!()*": "",  # the same in an address, whose query has no apostrophe
    "-._*": "lower form",  # forms in browsers and Java
    "-_.!*()": "lower form",  # .NET's UrlEncode
    "-._": "lower form",  # old PHP and Perl
    "-._~!$&'()*+,;=:@": "",  # RFC 3986, a path's segment
    "$-_.~&+=:@": "",  # Go's PathEscape
    "-._~!$&'()*+,;=:@/?": "",  # RFC 3986, a query
    "-._~!$&()*+,;=:@/?[]\\^`{|}%'": "",  # WHATWG, query: a browser's address
    "-._~!$&'()*+,;=%": "",  # WHATWG, user and password
}
"""What is left alone by which encoders; whether some write small digits, or `+` for a space."""


def _percent(kept: str, form: str, space: str) -> Table:
    table = {code: form % code for code in range(256) if chr(code) not in LETTERS_DIGITS + kept}
    return table | ({0x20: space} if space else {})


PERCENT: tuple[Table, ...] = tuple(
    _percent(kept, form, space)
    for kept, ways in _PERCENT_KEPT.items()
    for form in ("%%%02X", "%%%02x")[: 2 if "lower" in ways else 1]
    for space in ("", "+")[: 2 if "form" in ways else 1]
)
PERCENT_ALL: tuple[Table, ...] = (Every("%%%02X"), Every("%%%02x"))

# JSON and the languages that took its strings over.

_JSON: Table = _each("".join(map(chr, range(32))), "\\u%04x") | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    12: "\\f",
    13: "\\r",
}
_FOR_HTML = "<>&"  # Go; with the two separators of lines that JavaScript had
_FOR_NET = "\"&'+<>`"
PLAIN_JSON: Table = dict(_JSON)


def _json() -> Iterator[Table]:
    yield PLAIN_JSON
    yield _JSON | _each("".join(map(chr, range(32))), "\\u%04X") | _each("\x08\t\n\f\r", "\\u%04X")
    yield _JSON | {ord("/"): "\\/"}  # PHP
    yield _JSON | {127: "\\u007f"}
    for form in ("\\u%04x", "\\u%04X"):
        yield AsciiOnly(form, _JSON, pairs=True)
        yield AsciiOnly(form, _JSON | {ord("/"): "\\/"}, pairs=True)
        yield _JSON | _each(_FOR_HTML + "\u2028\u2029", form)
        yield _JSON | _each(_FOR_HTML + "'", form)  # Rails, Gson, Jinja
        yield _JSON | _each(_FOR_HTML + "'\"", form)  # PHP's JSON_HEX_*
        yield _JSON | _each(_FOR_HTML + "'=", form)  # Gson
        net = _each(_FOR_NET + "\x7f", form) | {ord("\\"): "\\\\"}
        yield AsciiOnly(form, _JSON | net, pairs=True)
        special = "".join(chr(code) for code in ASCII if chr(code) not in LETTERS_DIGITS)
        yield AsciiOnly(form, _each(special, form), pairs=True)  # Django's escapejs and OWASP's


JSON: tuple[Table, ...] = tuple(_json())
JSON_ALL: tuple[Table, ...] = (Every("\\u%04x", pairs=True), Every("\\u%04X", pairs=True))

# XML and HTML.

_NAMED = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_QUOTE = {ord('"'): "&quot;"}


def _names() -> Table:
    """Of several names the shortest in small letters, which is the one that encoders write."""
    names: Table = {}
    for name, text in sorted(html5.items(), key=lambda pair: (len(pair[0]), pair[0])):
        if name.endswith(";") and name.islower() and len(text) == 1 and not text.isalnum():
            names.setdefault(ord(text), f"&{name}")
    return names | _NAMED


_NAMES = _names()
_APOSTROPHES = ("", "&#39;", "&#x27;", "&apos;", "&#039;", "&#X27;")


def _xml() -> Iterator[Table]:
    for apostrophe in _APOSTROPHES:
        own = {ord("'"): apostrophe} if apostrophe else {}
        yield _NAMED | _QUOTE | own
        yield AsciiOnly("&#%d;", _NAMED | _QUOTE | own)
        yield AsciiOnly("&#x%X;", _NAMED | _QUOTE | own)
    yield _NAMED | _QUOTE | {9: "&#9;", 10: "&#10;", 13: "&#13;"}
    yield _NAMED | _QUOTE | {9: "&#x9;", 10: "&#xA;", 13: "&#xD;"}
    yield _NAMED
    yield _NAMED | {ord("'"): "&apos;"}
    yield _NAMED | {ord('"'): "&#34;", ord("'"): "&#39;"}  # Go, Jinja
    yield {ord("&"): "&amp;", ord("<"): "&lt;"}
    yield {ord("&"): "&amp;", ord("<"): "&lt;"} | _QUOTE
    yield _NAMED | _QUOTE | {ord("'"): "&#39;", ord("`"): "&#x60;", ord("="): "&#x3D;"}
    yield _NAMED | _QUOTE | {ord("'"): "&#x27;", ord("`"): "&#x60;", ord("="): "&#x3D;"}
    yield _NAMED | _QUOTE | {ord("'"): "&#x27;", ord("/"): "&#x2F;", ord("`"): "&#x60;"}
    yield _NAMES
    special = "".join(chr(code) for code in ASCII if chr(code) not in LETTERS_DIGITS)
    for form in ("&#%d;", "&#x%x;", "&#x%X;", "&#x%02x;", "&#x%02X;"):
        yield AsciiOnly(form, _each(special, form))


XML: tuple[Table, ...] = tuple(_xml())
XML_ALL: tuple[Table, ...] = tuple(
    Every(form) for form in ("&#%d;", "&#x%x;", "&#x%X;", "&#%03d;", "&#x%04x;", "&#x%04X;")
)

# Shells. What is put round the whole (quotes) is no part of a needle.

_AFTER_BACKSLASH = {ord(c): f"\\{c}" for c in "\t !\"#$&'()*,;<>?[\\]^`{|}~"}
SHELL: tuple[Table, ...] = (
    {ord("'"): "'\"'\"'"},  # Python's shlex.quote
    {ord("'"): "'\\''"},
    {ord("'"): "\\'"},
    {ord("'"): "\\'", ord("\\"): "\\\\"},  # fish; bash's $'...'
    {ord("'"): "''"},  # PowerShell, SQL, YAML
    {ord("'"): "''", ord("\u2018"): "\u2018\u2018", ord("\u2019"): "\u2019\u2019"},
    {ord(c): f"\\{c}" for c in '"\\$`'},  # between double quotes
    {ord(c): f"\\{c}" for c in '"\\$`!'},
    {code: text for code, text in _AFTER_BACKSLASH.items() if chr(code) not in "#~"},
    _AFTER_BACKSLASH,  # bash's printf %q escapes these two only where a word begins
    _AFTER_BACKSLASH | {ord(c): f"\\{c}" for c in "%+:=@"},  # zsh's ${(q)}, Ruby's shellescape
    {ord(c): f"\\{c}" for c in map(chr, ASCII) if c not in LETTERS_DIGITS + "_-./"},
    {ord(c): f"\\{c}" for c in map(chr, ASCII) if c not in LETTERS_DIGITS + "_-.,:+/@"},
    {ord(c): f"\\{c}" for c in map(chr, ASCII) if c not in LETTERS_DIGITS + "_"},  # quotemeta
    {ord(c): f"\\{c}" for c in "\t #&-~$*+.?[\\]^{|}()"},  # Python's re.escape
    {ord(c): f"`{c}" for c in '"`$'},  # PowerShell, between double quotes
    {ord(c): f"`{c}" for c in "\"`$'"},
    {ord('"'): '""'},  # CSV, cmd, VB
    {ord(c): f"^{c}" for c in '&<>|^()"!%'},  # cmd
    {ord(c): f"^{c}" for c in "&<>|^"},
    {ord("%"): "%%"},
    {ord("$"): "$$"},  # make, Compose
)

QUOTED: tuple[Escape, ...] = (SHELL[0], SHELL[1], SHELL[4], SHELL[6])
"""Of these the ways in which a JSON document is put on a command line."""

# C and its children.

_NAMED_CONTROLS = {
    7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r",
}  # fmt: skip


def _c() -> Iterator[Table]:
    for quotes in ("", "'", '"', "'\""):
        for form in ("\\x%02x", "\\x%02X", "\\%03o", "\\u%04x"):
            quoted = {ord(c): f"\\{c}" for c in "\\" + quotes}
            controls = {code: form % code for code in CONTROLS}
            few = {9: "\\t", 10: "\\n", 13: "\\r"}
            yield controls | few | quoted
            yield controls | _NAMED_CONTROLS | quoted
    yield {code: f"\\x{code:02x}" for code in ASCII if chr(code) not in LETTERS_DIGITS}
    yield {code: f"\\x{code:02X}" for code in ASCII if chr(code) not in LETTERS_DIGITS}


C: tuple[Table, ...] = tuple(_c())
C_BYTES: tuple[Table, ...] = tuple(
    table | {code: form % code for code in range(128, 256)}
    for table in C
    for form in ("\\x%02x", "\\x%02X", "\\%03o")
)
"""For bytes that are not ASCII, given as latin-1."""
QUOTEMETA: Table = {b: f"\\{chr(b)}" for b in range(256) if chr(b) not in LETTERS_DIGITS + "_"}
C_ALL: tuple[Table, ...] = tuple(
    Every(form) for form in ("\\x%02x", "\\x%02X", "\\%03o", "0x%02x")
)


class Family(NamedTuple):
    """The tables for one kind of text."""

    octets: tuple[Escape, ...]
    """For bytes, given as latin-1."""
    text: tuple[Escape, ...]
    json: tuple[Escape, ...]
    plain_json: Escape


def _printable(tables: tuple[Table, ...]) -> tuple[Escape, ...]:
    """The same for printable ASCII, where many are alike; as steps, which are quicker."""
    unlike: dict[str, Escape] = {}
    for table in tables:
        written = {c: c.translate(table) for c in map(chr, range(0x20, 0x7F))}
        changed = {c: text for c, text in written.items() if c != text}
        unlike.setdefault("\0".join(written.values()), _steps(changed) or table)
    return tuple(unlike.values())


def _steps(changed: dict[str, str]) -> Steps:
    """Replacements in an order in which none touches what another wrote; none if there is none."""
    left: dict[str, str] = dict(changed)
    steps: list[tuple[str, str]] = []
    while left:
        # A character comes after all that stand in what is written for it.
        ready = [c for c in left if not any(d in left[c] for d in left if d != c)]
        if not ready:
            return ()
        steps += [(c, left.pop(c)) for c in ready]
    return tuple(steps)


def write(escape: Escape, text: str) -> str:
    """The text as this encoder writes it."""
    if isinstance(escape, dict):
        return text.translate(escape)
    for character, written in escape:
        text = text.replace(character, written)
    return text


ANY = Family((*PERCENT, *C_BYTES, QUOTEMETA), XML + SHELL + C, JSON, PLAIN_JSON)
PRINTABLE = Family(
    _printable(PERCENT),
    _printable(XML + SHELL + C),
    _printable(JSON),
    _printable((PLAIN_JSON,))[0],
)
"""For text of printable ASCII alone, which most values are."""

"""Values and names that break quoting somewhere."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from lango_cli.formats.entry import Entry
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXTS = (
    "plain", "", " ", "  both  ends ", "\t", "tab\tin", "line\nbreak", "\n", "ends\n",
    "\n\nstarts", "cr\rin", "cr at the end\r", "crlf\r\nin", "'", "''", "it's", '"', '""',
    '"quoted"', "'quoted'", "`", "`quoted`", "mix'ed\"quotes", "all'three\"kinds`", "$", "$$",
    "$HOME", "${HOME}", "${X:-y}", "$(id)", "`id`", "$2a$10$N9qo8uLOickgx2ZMRZoMye", "\\",
    "\\\\", "ends\\", "C:\\new\\table", "\\n", "\\r\\t", "\\'", '\\"', "a\\'b", "a\\\\'b", "!",
    "!!", "!history", "#", "# comment", "a#b", "a #b", "=", "=a", "a=b=c", "a = b", ";", "a;b",
    "&", "a && b", "|", "<", ">", "*", "?", "[a]", "{a,b}", "~", "~root", "%", "%s", "%%", "^",
    "-", "--", "-n", "-e x", "+", ":", "a: b", ": a", "- a", "? a", "@a", ",", "[", "]", "{",
    "}", "{}", "[]", "null", "~null", "true", "yes", "no", "on", "off", "0", "007", "0x1F",
    "1e5", "1_000", "1.50", ".inf", ".nan", "NaN", "2024-01-01", "12:30:45", "<<", "EOF",
    "<<EOF\nx\nEOF", "---", "...", "--- a", "&anchor", "*alias", "!!str a", "!tag", "|", ">",
    "'''", '"""', "a'''b", "grüße", "日本語", "😀", "e\u0301", "\u00a0", "\u2028", "\u2029",
    "\u0085", "\ufeff", "\u200b", "\u202eabc", "\ue000", "a\u00adb", "\x01",
    "\x1b[31mred\x1b[0m", "\x7f", "\x0b\x0c", "\b", "export A=b", "A=b\nB=c", "x\nEVIL=1\n",
    "x\nexport EVIL=1", "{{secret:a}}", "https://u:p@h:1/p?q=1&r=%20#f",
    "-----BEGIN KEY-----\nAb+/=\n" "-----END KEY-----\n", '{"a": "b\\n", "c": [1, \'d\']}',
    "eval \"$(cat)\"", "\\x41", "\\u0041", "\\e", "\\\n", "a\\\nb", "a\\ b", "\\$", "\\`",
    "$'a'", "$\"a\"", "'\\''", "x" * 5000, "long " * 3000,
)  # fmt: skip
BINARY = (b"\0", b"a\0b", b"\xff", b"\xc3", b"a\xffb\n", bytes(range(256)), b"\xed\xa0\x80")
PIECES = (
    "'", '"', "`", "\\", "\\\\", "$", "${", "}", "$(", ")", "!", "#", " #", "=", " ", "\t", "\n",
    "\r", "\r\n", "a", "n", "r", "x", "0", "é", "😀", "\u2028", "\ufeff", "\u00a0", "-", ":", ";",
    "&", "|", "<<", "EOF", "%", "*", "~", "^", "\x01", "\x1b", "\x7f", "\x85", ", ", "[", "{",
    "@", "A=b",
)  # fmt: skip

texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=20)
"""Texts made of what hurts; no zero bytes but by chance."""


def entries(values: Iterable[str | bytes]) -> list[Entry]:
    """Secrets V_000, V_001 and so on with these values."""
    found = []
    for number, value in enumerate(values):
        data = value.encode() if isinstance(value, str) else value
        found.append(Entry(f"V_{number:03}", SecretBytes(data)))
    return found


def two_hundred() -> list[str]:
    """200 different texts, the hostile ones first."""
    pairs = ("".join(pair) for pair in product(("a", "'", '"', "\\", "$", " "), PIECES))
    return [*dict.fromkeys((*TEXTS, *pairs))][:200]

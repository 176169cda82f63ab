"""Credentials that are told by their build or by the words around them, and the list of all rules.

The rule: see `tokens`. What only resembles a credential stays: a name beside `=` is believed where
the value looks made up, and not where it is a word, a path, a variable or another placeholder.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from math import log2
from typing import TYPE_CHECKING, NamedTuple

from lango_cli.interceptor.strength import weakness
from lango_cli.interceptor.tokens import (
    LONGEST,
    LONGEST_KEY,
    SAMPLE,
    SHAPES,
    WORD_BYTES,
    Found,
    Verdict,
    View,
    Wait,
    may_stand,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.interceptor.tokens import Rule

_DIGITS = frozenset(b"0123456789")


def _end_of(run: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = run.match(data, at)
    return found.end() if found else at


_KEY_RUN = re.compile(rb"[A-Za-z0-9_-]*+")


def secret_key(view: View, at: int) -> Verdict:
    """`sk-` of nobody in particular: only with digits and capitals, as class names start so."""
    if not may_stand(view.data, at, b"s", ()):
        return None
    end = view.end(_KEY_RUN, at, 256)
    if view.is_open(end):
        return Wait(at)
    token = view.data[at + 3 : min(end, at + SAMPLE)]
    mixed = not token.islower() and not token.isupper() and _DIGITS & set(token)
    return Found(at, end, "secret-key") if len(token) >= 32 and mixed else None


_JWT_RUN = re.compile(rb"[A-Za-z0-9_.=-]*+")


def jwt(view: View, at: int) -> Verdict:
    """A signed or encrypted token: parts in base64url, of which the first is a JSON object."""
    data = view.data
    if not may_stand(data, at, b"e", ()):
        return None
    end = view.end(_JWT_RUN, at, LONGEST_KEY)
    if view.is_open(end):
        return Wait(at)
    # The second part of an encrypted one may be empty; the last of an unsigned one is.
    second = data.find(b".", at, end)
    third = data.find(b".", second + 1, end)
    is_one = second - at > 10 and third > 0 and end - at > 30
    return Found(at, end, "jwt") if is_one else None


DASHES = (b"-----",)
_ARMOUR = re.compile(rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_ARMOUR_START = re.compile(rb"BEGIN [A-Z0-9 ]{0,60}-{0,4}")
_BODY = re.compile(rb"[A-Za-z0-9+/=\s\\:;,.()@<>_-]*+")
_ARMOUR_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}-----")
_KEY_LINE = re.compile(rb"[A-Za-z0-9+/]{40}")
_FIRST_LINES = 512


def private_key(view: View, at: int) -> Verdict:
    r"""A private key in armour; line ends may be written as `\n`. One that breaks off counts."""
    data = view.data
    if not may_stand(data, at, b"B", DASHES):
        return None
    head = _ARMOUR.match(data, at)
    if head is None:
        return Wait(at) if view.is_open(_end_of(_ARMOUR_START, data, at)) else None
    body = head.end()
    stop = view.end(_BODY, body, LONGEST_KEY)
    end = _ARMOUR_END.match(data, max(body, data.find(b"-----END ", body, stop)), stop)
    if end:
        return Found(at, end.end(), "private-key")
    if view.is_open(stop):
        return Wait(at)
    is_key = _KEY_LINE.search(data, body, min(stop, body + _FIRST_LINES))
    return Found(at, stop, "private-key") if is_key else None


_USER = re.compile(rb"[^\s\"'<>/?#@:\[\]\\]*+")
_PASSWORD = re.compile(rb"[^\s\"'<>/?#@\\]*+")


def address(view: View, at: int) -> Verdict:
    """The password in `scheme://user:password@host`."""
    data = view.data
    colon = view.end(_USER, at + 3, 128)
    if colon == len(data):
        return None if view.last else Wait(colon)
    start = colon + 1
    end = view.end(_PASSWORD, start, 512)
    if data[colon] != ord(":") or end == start:
        return Wait(start) if data[colon] == ord(":") and view.is_open(end) else None
    if end == len(data):
        return None if view.last else Wait(start)
    secret = data[start:end]
    if data[end] != ord("@") or is_stand_in(secret) or weakness(secret):
        return None
    return Found(start, end, "url-password")


_SPACES = re.compile(rb" {1,4}+")
_SCHEME_RUN = re.compile(rb"[A-Za-z0-9._~+/=-]*+")


def bearer(view: View, at: int) -> Verdict:
    """What follows the word `Bearer`."""
    return _scheme(view, at + 6, "bearer-token", _is_random)


def basic(view: View, at: int) -> Verdict:
    """What follows the word `Basic`, if it is a user and a password."""
    return _scheme(view, at + 5, "basic-auth", _is_user_and_password)


def _scheme(view: View, at: int, kind: str, judge: Callable[[bytes], bool]) -> Verdict:
    start = _end_of(_SPACES, view.data, at)
    if start == at:
        return Wait(at) if view.is_open(at) else None
    end = view.end(_SCHEME_RUN, start, LONGEST)
    if view.is_open(end):
        return Wait(start)
    return Found(start, end, kind) if judge(view.data[start : min(end, start + 256)]) else None


def _is_user_and_password(token: bytes) -> bool:
    try:
        return len(token) >= 8 and b":" in a2b_base64(token + b"=" * (-len(token) % 4))
    except ValueError:
        return False


def _is_random(token: bytes) -> bool:
    return len(token) >= 16 and bool(_DIGITS & set(token)) and entropy(token) >= 3


_SIGNATURE = re.compile(rb"[A-Za-z0-9%+/=_-]*+")


def signature(view: View, at: int) -> Verdict:
    """The signature in the address of a shared thing."""
    if not may_stand(view.data, at, b"s", ()):
        return None
    start = at + len(b"sig=")
    end = view.end(_SIGNATURE, start, 128)
    if view.is_open(end):
        return Wait(start)
    return Found(start, end, "url-signature") if end - start >= 40 else None


_NAME = re.compile(rb"[A-Za-z0-9_.-]{0,24}+(?:\\{0,3}[\"'])?\]?[ \t]{0,8}+")
_SIGN = re.compile(rb"(?:=>|:=|==|[:=])[ \t]{0,8}+")
_OPEN_SIGN = re.compile(rb"\\{0,3}[\"']?\]?[ \t]{0,8}[:=]{0,2}>?[ \t]{0,8}+")
_QUOTE = re.compile(rb"\\{0,3}([\"'`])")
_OPEN_QUOTE = re.compile(rb"\\{1,3}\Z")
_QUOTED = {q: re.compile(rb"[^%s\\\r\n]*+" % q) for q in (b"'", b'"', b"`")}
_UNQUOTED = re.compile(rb"[^\s\"'`,;|<>(){}\[\]\\]*+")
_OTHER_THINGS = re.compile(
    rb"name|path|file|url|uri|type|count|arn|version|ttl|expir|len|size|policy|field|hint|label"
    rb"|prefix|provider|manager|[_-]id|Id$|endpoint|limit|max|min|usage|reset|status",
    re.IGNORECASE,
)
"""What makes `secret` or `token` speak of something that is none."""


OURS = b"[SECRET:"


def assignment(view: View, at: int, word: bytes) -> Verdict:
    """The value in `password = "..."`, `"api_key": "..."`, `TOKEN=...`, if it looks made up."""
    data = view.data
    after = at + len(word)
    name_end = _end_of(_NAME, data, after)
    sign = _SIGN.match(data, name_end)
    if sign is None or sign.end() == len(data):
        return Wait(len(data)) if view.is_open(_end_of(_OPEN_SIGN, data, name_end)) else None
    if _is_other_word(word, data[after:name_end]) or data.endswith(OURS, 0, after + 1):
        return None
    start = sign.end()
    if _OPEN_QUOTE.match(data, start) and not view.last:
        return Wait(start)
    quote = _QUOTE.match(data, start)
    start = quote.end() if quote else start
    end = view.end(_QUOTED[quote[1]] if quote else _UNQUOTED, start, 512)
    if view.is_open(end):
        return Wait(start)
    is_call = not quote and data[end : end + 1] in (b"(", b"[")
    value = data[start : min(end, start + SAMPLE)]
    return Found(start, end, "secret-value") if not is_call and _is_made_up(value, quote) else None


def _is_other_word(word: bytes, rest: bytes) -> bool:
    """Whether the name goes on to something else: `tokenizer`, `secret_name`."""
    more = rest[:1]
    goes_on = more.islower() if word[-1:].islower() else more.isupper()
    return goes_on or _OTHER_THINGS.search(rest) is not None


def _is_made_up(value: bytes, quoted: object) -> bool:
    """Whether a value beside a telling name is a secret, and no reference to one and no word."""
    if len(value) < 8 or is_stand_in(value) or weakness(value) or entropy(value) < 2.75:
        return False
    if b" " in value or value.startswith((b"/", b"./", b"~/", b"http:", b"https:")):
        return False
    digits = bool(_DIGITS & set(value))
    letters = any(byte in WORD_BYTES and byte not in _DIGITS for byte in value)
    if not quoted:
        return digits and letters
    capitals = value != value.lower() and value != value.upper()
    return letters and (digits or capitals or any(byte not in WORD_BYTES for byte in value))


_REFERENCE = re.compile(
    rb"\$[{(A-Za-z_]|\{|<[^>]*>?$|%[({]|%s|%[A-Z_]+%|(?:your|my|the|an?)[-_ ]|process\.|os\."
)
_EXAMPLE = re.compile(
    rb"\[(?:SECRET|REDACTED)|\{\{|\*{3}|x{4}|X{4}|\.{3}|example|change-?me|placeholder|redacted"
)


def is_stand_in(value: bytes) -> bool:
    """Whether it stands where a secret would: a placeholder, a variable, an example."""
    return bool(_REFERENCE.match(value) or _EXAMPLE.search(value))


def entropy(value: bytes) -> float:
    """Bits a character, by how often each occurs."""
    size = len(value)
    counts = (value.count(byte) / size for byte in set(value))
    return -sum(share * log2(share) for share in counts)


KEYWORDS = (
    "password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "api_key", "api-key",
    "access_key", "access-key", "accesskey", "private_key", "private-key", "auth_key",
    "credential",
)  # fmt: skip
CAMEL = ("apiKey", "ApiKey", "accessKey", "AccessKey", "privateKey", "PrivateKey", "authKey")


class Beginning(NamedTuple):
    """Where a rule is to look: a literal, and what must stand before it.

    `hides`: the literal is part of what is hidden.
    """

    text: bytes
    rule: Rule
    hides: bool = False
    after: tuple[bytes, ...] = ()


def beginnings() -> list[Beginning]:
    """Everything that is looked for, the most telling first."""
    shaped = [
        Beginning(text, shape.rule(text), hides=True, after=shape.after)
        for shape in SHAPES
        for text in map(str.encode, shape.beginnings.split())
    ]
    spelt = {form for word in KEYWORDS for form in (word, word.upper(), word.capitalize())}
    words = sorted(word.encode() for word in spelt | set(CAMEL))
    return [
        *shaped,
        Beginning(b"BEGIN ", private_key, hides=True, after=DASHES),
        Beginning(b"eyJ", jwt, hides=True),
        Beginning(b"sk-", secret_key, hides=True),
        Beginning(b"://", address),
        Beginning(b"sig=", signature),
        *(Beginning(text, bearer) for text in (b"Bearer", b"bearer", b"BEARER")),
        *(Beginning(text, basic) for text in (b"Basic", b"basic", b"BASIC")),
        *(Beginning(word, _assignment_of(word)) for word in words),
    ]


def _assignment_of(word: bytes) -> Rule:
    return lambda view, at: assignment(view, at, word)

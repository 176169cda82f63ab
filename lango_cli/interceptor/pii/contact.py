"""How people are reached: electronic mail, telephone numbers.

Telephone numbers are judged by `phonenumbers` (the library of Android's dialler) where the writing
alone does not show that it is one.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from lango_cli.interceptor.pii.rules import END, Pattern, Rule, digits

_LATIN = r"[\p{Latin}0-9\-]"
_OTHER = (
    r"\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}\p{Cyrillic}\p{Greek}\p{Arabic}\p{Hebrew}"
    r"\p{Thai}\p{Devanagari}"
)
_LOCAL = r"[\pL\pN][\pL\pN\pM._%+'\-]*"
_TOP = rf"(?:xn--[a-zA-Z0-9\-]{{2,59}}|[A-Za-z]{{2,63}}|[{_OTHER}]{{2,}})"
_DOMAIN = rf"(?:(?:{_LATIN}+|[{_OTHER}ー0-9\-]+)\.)+{_TOP}\b?|localhost\b"
_DOT = r"(?:\s?[\[({<]\s?(?:dot|DOT|\.)\s?[\])}>]\s?|\.)"
_HIDDEN = rf"{_LOCAL}\s?[\[({{<]\s?(?:at|AT|@)\s?[\])}}>]\s?{_LATIN}+(?:{_DOT}{_LATIN}+)+"
_IDEOGRAPHIC = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_FILES = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html", "md"))


def _is_mail(text: str) -> bool:
    """Not the picture `icon@2x.png`, nor a name with nothing before or after a dot."""
    local, _, domain = text.rpartition("@")
    top = domain.rpartition(".")[2].lower()
    return not (top in _FILES and domain[:1].isdigit()) and ".." not in domain and bool(local)


def _mail_begins(text: str) -> tuple[int, int]:
    """Where the address begins if words of a script without spaces stand right before it."""
    local = text.rpartition("@")[0]
    match = _IDEOGRAPHIC.match(local)
    skipped = match.end() if match else 0
    latin = skipped < len(local) and local[skipped].isascii() and local[skipped].isalnum()
    return (skipped if latin else 0), len(text)


_IN_URL = r"://[^\s/?#]*"
"""What stands before a URL's password, which may look like an address together with the host."""

EMAIL = Pattern(
    "email",
    "Email address",
    "contact",
    True,
    (
        Rule(rf"{_LOCAL}@(?:{_DOMAIN})", _is_mail, never=_IN_URL, literal=b"@", trim=_mail_begins),
        Rule(rf'"[^"\n]{{1,64}}"@(?:{_DOMAIN})', literal=b'"@'),
        Rule(_HIDDEN),
    ),
)

_NOT_A_PHONE = (
    r"\b(?:order|invoice|part|sku|serial|ticket|case|ref|reference|no|nr|id|code|version|ver|isbn|item"
    r"|account|acct|timestamp|ts|epoch)|주문번호|송장번호|계좌번호|계좌|우편번호"
)
_PHONE_WORDS = (
    r"\b(?:tel(?:[eé]ph?[oô]ne?|[ée]fon[eo]?|efax|efonnummer)?|ph(?:one)?|mob(?:ile?|iel|il)?|gsm"
    r"|cell(?:ulare?)?|fax|whats ?app|sms|call|handy|rufnummer|portable|movil|móvil|celular|tlf)\b"
    r"|전화|연락처|휴대|핸드폰|팩스|電話|携帯|电话|手机|联系|тел\b|телефон|моб|τηλ|هاتف|טלפון|फ़ोन|फोन|โทร"
)
_SEPARATED = r"[-. ]"


@lru_cache(maxsize=4096)
def _valid(text: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _american(text: str) -> bool:
    return len(set(digits(text))) > 2 and _valid(text, "US")


def _american_shape(text: str) -> bool:
    """As numbers in examples are written too: any area, but not one digit all through."""
    return len(set(digits(text))) > 2


def _korean(text: str) -> bool:
    return _valid(text, "KR")


def _possible(text: str) -> bool:
    number = digits(text)
    written_so = len(number) >= 9 or len(number) < len(text)
    return 7 <= len(number) <= 15 and len(set(number)) > 2 and written_so


@lru_cache(maxsize=4096)
def _international(text: str) -> bool:
    bare = text.replace("(0)", "")
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    return _valid(bare, None)


US_PHONE = Pattern(
    "us_phone",
    "US phone number",
    "contact",
    True,
    (
        Rule(rf"(?:\b|_)(\d{{3}}-\d{{3}}-\d{{4}}){END}", _american_shape, never=_NOT_A_PHONE),
        Rule(r"(\(\d{3}\)[ \-.]?\d{3}[\-. ]\d{4})\b", _american_shape),
        Rule(r"(?:\b|_)(\d{3}\.\d{3}\.\d{4}|\d{3} \d{3} \d{4})\b", _american, never=_NOT_A_PHONE),
        Rule(r"(?:\b|_)([2-9]\d{2}[2-9]\d{6})\b", _american, never=_NOT_A_PHONE),
        Rule(r"(\+1[-. ]?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4})\b", _american_shape),
        Rule(r"(?:\b|_)(1[-. ]\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})\b", _american_shape),
    ),
)

KR_MOBILE = Pattern(
    "kr_mobile",
    "Korean mobile number",
    "contact",
    True,
    (
        Rule(rf"(?:\b|_)(01[016789]{_SEPARATED}?\d{{3,4}}{_SEPARATED}?\d{{4}})\b"),
        Rule(r"(?:\b|_)(01[016789]\)[-. ]?\d{3,4}[-. ]?\d{4})\b"),
        Rule(r"((?:\+|\b00)82[-. ]?(?:\(0\)|0)?1[016789][-. ]?\d{3,4}[-. ]?\d{4})\b"),
    ),
)

_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50\d)"
KR_LANDLINE = Pattern(
    "kr_landline",
    "Korean landline number",
    "contact",
    True,
    (
        Rule(rf"(?:\b|_)(0{_AREA}{_SEPARATED}[2-9]\d{{2,3}}{_SEPARATED}\d{{4}})\b"),
        Rule(rf"(\(0{_AREA}\)[ \-]?[2-9]\d{{2,3}}[-. ]?\d{{4}})\b"),
        Rule(rf"(?:\b|_)(0{_AREA}\)[ \-]?[2-9]\d{{2,3}}[-. ]?\d{{4}})\b"),
        Rule(rf"(?:\b|_)(0{_AREA}-?\d{{3,4}}-?\d{{4}})\b", _korean),
        Rule(rf"((?:\+|\b00)82[-. ]?(?:\(0\)|0)?{_AREA}[-. ]?\d{{3,4}}[-. ]?\d{{4}})\b"),
        Rule(r"(?:\b|_)(1[5-8]\d{2}-\d{4})\b", near=_PHONE_WORDS),
    ),
)

INTL_PHONE = Pattern(
    "intl_phone",
    "International phone number",
    "contact",
    False,
    (
        Rule(r"(\+[1-9]\d{0,2}[-. ]?(?:\(\d{1,4}\)|\d)[-. \d()/]{4,16}\d)\b", _international),
        Rule(
            r"(?:\b|_)(00[1-9]\d{0,2}[-. ]?(?:\(\d{1,4}\)|\d)[-. \d()/]{5,16}\d)\b", _international
        ),
    ),
)

PHONE = Pattern(
    "phone",
    "Phone number that is called one",
    "contact",
    True,
    (Rule(r"(\+?\(?\d[\d\-. ()/]{5,18}\d)\b", _possible, near=_PHONE_WORDS, reach=20),),
)

PATTERNS = (EMAIL, US_PHONE, KR_MOBILE, KR_LANDLINE, INTL_PHONE, PHONE)

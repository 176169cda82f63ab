"""Numbers of persons and of their money: the seed's Korean and US ones, cards, accounts.

National numbers of other countries are in `national`.
"""

from __future__ import annotations

from stdnum import iban as stdnum_iban

from lango_cli.interceptor.pii import checksums
from lango_cli.interceptor.pii.rules import END, Pattern, Rule, digits


def _driver(text: str) -> bool:
    """The first two digits are an issuing region, 11 to 28."""
    return 11 <= int(text[:2]) <= 28


def _account(text: str) -> bool:
    """Ten to fourteen digits in groups, and no date, phone or card number."""
    number = digits(text)
    groups = text.split("-")
    shape = tuple(map(len, groups))
    phone = number[0] == "0" and shape[-1] == 4 and shape[-2] in (3, 4)
    return 10 <= len(number) <= 14 and not phone and shape != (3, 3, 4)


def _iban(text: str) -> bool:
    """Length and structure of its country, and modulo 97 (ISO 13616, ISO 7064)."""
    return stdnum_iban.is_valid(text, check_country=False)


KR_RRN = Pattern(
    "kr_rrn",
    "Korean resident registration number",
    "identity",
    True,
    (
        Rule(r"(?:\b|_)(\d{6}[- ]{1,3}[1-8]\d{6})\b", checksums.rrn_date),
        Rule(r"(?:\b|_)(\d{6}[1-8]\d{6})\b", checksums.rrn),
        Rule(
            r"(?:\b|_)(\d{6}[1-8]\d{6})\b",
            checksums.rrn_date,
            near=r"주민|외국인|등록번호|\brrn\b",
        ),
        Rule(r"(?:\b|_)(\d{6}-[1-8])[*xX●]{6}"),
    ),
)
US_SSN = Pattern(
    "us_ssn",
    "US social security number",
    "identity",
    True,
    (
        Rule(rf"(?:\b|_)(\d{{3}}-\d{{2}}-\d{{4}}){END}", checksums.ssn),
        Rule(r"(?:\b|_)(\d{3}[ .]\d{2}[ .]\d{4})\b", checksums.ssn),
        Rule(r"(?:\b|_)(\d{9})\b", checksums.ssn, near=r"\bssn\b|social[ -]?security|ssn[_\"'#:]"),
    ),
)
KR_DRIVER = Pattern(
    "kr_driver",
    "Korean driver's licence number",
    "identity",
    False,
    (
        Rule(r"(?:\b|_)(\d{2}-\d{2}-\d{6}-\d{2})\b", _driver),
        Rule(r"(?:\b|_)(\d{12})\b", _driver, near=r"운전면허|면허번호"),
    ),
)
_PASSPORT_WORDS = (
    r"passport|passeport|pasaporte|passaporto|reisepass|paspoort|паспорт|여권|護照|护照|旅券"
)
PASSPORT = Pattern(
    "passport",
    "Passport number",
    "identity",
    False,
    (
        Rule(r"(?:\b|_)([A-Z]{1,2}\d{7,8})\b"),
        Rule(r"(?:\b|_)([A-Z]\d{3}[A-Z]\d{4})\b"),
        Rule(
            r"(?i:\b|_)([A-Z0-9]{0,3}\d{5,9}[A-Z]?)\b",
            lambda text: 6 <= len(text) <= 10,
            near=_PASSPORT_WORDS,
        ),
    ),
)
CREDIT_CARD = Pattern(
    "credit_card",
    "Credit card number",
    "financial",
    True,
    (
        Rule(
            r"(?:\b|_)([2-6]\d{3}(?:[ .\-]{0,3}\d{4}){3}(?:[ .\-]{0,3}\d{3})?)\b", checksums.card
        ),
        Rule(r"(?:\b|_)(3\d{3}[ .\-]{0,3}\d{6}[ .\-]{0,3}\d{4,5})\b", checksums.card),
        Rule(r"(?:\b|_)([2-6]\d{11,18})\b", checksums.card),
        Rule(r"(?:\b|_)([2-6]\d{3}(?:[ .\-]{0,3}\d{4}){2}[ .\-]{0,3}\d{1,3})\b", checksums.card),
    ),
)
KR_BANK_ACCOUNT = Pattern(
    "kr_bank_account",
    "Korean bank account number",
    "financial",
    False,
    (
        Rule(r"(?:\b|_)(\d{3,6}-\d{2,6}-\d{2,7}(?:-\d{1,3})?)\b", _account),
        Rule(r"(?:\b|_)(\d{10,14})\b", near=r"계좌|통장"),
    ),
)
IBAN = Pattern(
    "iban",
    "International bank account number",
    "financial",
    False,
    (
        Rule(r"(?:\b|_)([A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30})\b", _iban),
        Rule(r"(?:\b|_)([A-Z]{2}\d{2}(?:[ \-][A-Z0-9]{4}){2,7}(?:[ \-][A-Z0-9]{1,3})?)\b", _iban),
        Rule(r"(?:\b|_)([A-Z]{2}\d{2}(?:[ \-][A-Z0-9]{4}){2,7})\b", _iban),
    ),
)

PATTERNS = (KR_RRN, US_SSN, KR_DRIVER, PASSPORT, CREDIT_CARD, KR_BANK_ACCOUNT, IBAN)

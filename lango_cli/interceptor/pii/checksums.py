"""Check digits and number rules that no library at hand has, each with where it is published.

The rule: every function takes the text as it stands, separators included, and says whether it
could have been given to somebody. Most national numbers are checked by python-stdnum; see
`national`.
"""

from __future__ import annotations

import datetime

from lango_cli.interceptor.pii.rules import digits

BRANDS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 19)),
    (51, 55, (16,)),
    (2221, 2720, (16,)),
    (34, 34, (15,)),
    (37, 37, (15,)),
    (300, 305, (14,)),
    (3095, 3095, (14,)),
    (36, 36, (14, 16, 19)),
    (38, 39, (14, 16, 19)),
    (6011, 6011, (16, 19)),
    (644, 649, (16, 19)),
    (65, 65, (16, 19)),
    (3528, 3589, (16, 19)),
    (62, 62, (16, 17, 18, 19)),
    (2200, 2204, (16, 17, 18, 19)),
    (5018, 5018, (12, 13, 14, 15, 16, 17, 18, 19)),
    (5020, 5020, (12, 13, 14, 15, 16, 17, 18, 19)),
    (5038, 5038, (12, 13, 14, 15, 16, 17, 18, 19)),
    (6304, 6304, (12, 13, 14, 15, 16, 17, 18, 19)),
    (6759, 6763, (12, 13, 14, 15, 16, 17, 18, 19)),
)
"""First and last prefix and the lengths of Visa, Mastercard, American Express, Diners Club,
Discover, JCB, UnionPay, Mir and Maestro (ISO/IEC 7812 issuer ranges as the schemes publish)."""


def luhn(text: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, char in enumerate(reversed(digits(text))):
        number = int(char) * (1 + place % 2)
        total += number - 9 * (number > 9)
    return total % 10 == 0


def card(text: str) -> bool:
    """A card number of a known brand: its prefix, its length, and the check digit."""
    number = digits(text)
    known = any(
        len(number) in lengths and first <= int(number[: len(str(first))]) <= last
        for first, last, lengths in BRANDS
    )
    return known and luhn(number) and len(set(number)) > 1


def is_date(year: int, month: int, day: int) -> bool:
    """Whether the calendar has this day, and it is not in the future."""
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return False
    return date <= datetime.datetime.now(datetime.UTC).date()


_CENTURIES = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}


def rrn_date(text: str) -> bool:
    """A Korean resident registration number whose date of birth is one; foreigners' too.

    The seventh digit says century and sex: 1 to 4 for citizens, 5 to 8 for foreigners.
    """
    number = digits(text)
    century = _CENTURIES.get(number[6], 2000)
    return is_date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))


def rrn(text: str) -> bool:
    """The same with the check digit: numbers given from October 2020 on have none."""
    number = digits(text)
    total = _weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    wanted = (11 - total % 11) % 10
    if number[6] in "5678":
        wanted = (13 - total % 11) % 10
    return rrn_date(text) and wanted == int(number[12])


def brn(text: str) -> bool:
    """A Korean business registration number (National Tax Service)."""
    number = digits(text)
    total = _weighted(number, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(number[8]) * 5 // 10
    return (10 - total % 10) % 10 == int(number[9]) and number[:3] > "100"


def ssn(text: str) -> bool:
    """A US social security number by the Administration's rules for areas, groups and serials."""
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return given and len(set(number)) > 1


def nino(text: str) -> bool:
    """A UK National Insurance number: prefixes that HMRC does not give are none."""
    return text[:2].upper() not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")


def snils(text: str) -> bool:
    """A Russian SNILS: the weighted sum modulo 101 (Pension Fund)."""
    number = digits(text)
    total = _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100
    return total == int(number[9:])


_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def taiwan(text: str) -> bool:
    """A Taiwan identity number: the letter counts from 10 (Ministry of the Interior)."""
    code = _TAIWAN.index(text[0].upper()) + 10
    number = f"{code}{text[1:]}"
    return _weighted(number, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def hong_kong(text: str) -> bool:
    """A Hong Kong identity card number: letters count from 10, a missing first one 36, A is 10."""
    bare = [char for char in text.upper() if char.isalnum()]
    values = [int(char, 36) for char in bare]
    if len(values) == 8:
        values.insert(0, 36)
    return sum(value * (9 - place) for place, value in enumerate(values)) % 11 == 0


_SINGAPORE = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}
_SINGAPORE["M"] = "KLJNPQRTUWX"


def singapore(text: str) -> bool:
    """A Singapore NRIC or FIN: a letter out of a table for each series."""
    first = text[0].upper()
    total = _weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(first, 0)
    rest = total % 11
    return _SINGAPORE[first][10 - rest if first == "M" else rest] == text[8].upper()


def medicare(text: str) -> bool:
    """An Australian Medicare number: the ninth digit checks the first eight."""
    number = digits(text)
    total = _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9))
    return number[0] in "23456" and total % 10 == int(number[8])


def itin(text: str) -> bool:
    """A US individual taxpayer number: its group is one that the IRS gives."""
    group = int(digits(text)[3:5])
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


def _weighted(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(char) * weight for char, weight in zip(number, weights, strict=False))

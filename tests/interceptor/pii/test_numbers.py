"""Numbers with check digits: published examples pass, and one digit off does not."""

from __future__ import annotations

import pytest

from lango_cli.interceptor.pii import checksums
from lango_cli.interceptor.pii.catalogue import NAMES
from lango_cli.interceptor.pii.engine import Detector
from tests.interceptor.pii.corpus import samples

CHECKED = [
    "br_cpf",
    "fr_nir",
    "es_dni",
    "it_codice_fiscale",
    "fi_hetu",
    "be_nn",
    "ch_ahv",
    "ie_pps",
]
CHECKED += ["ru_snils", "mx_curp", "cl_rut", "ar_cuit", "cn_resident_id", "tw_id", "hk_id"]
CHECKED += ["in_aadhaar", "sg_nric", "kr_brn", "credit_card", "iban", "pl_pesel", "nl_bsn"]
CHECKED += ["de_steuer_id", "at_svnr", "uk_nhs", "bg_egn", "hr_oib", "ro_cnp", "au_tfn", "ca_sin"]
CHECKED += ["tr_tckn", "se_personnummer"]


def labelled(kind: str) -> list[tuple[str, str]]:
    """The examples of a kind in the corpus, each with what stands before it on its line."""
    return [
        (one.text[: span.start], one.text[span.start : span.end])
        for one in samples()
        for span in one.spans
        if span.type == kind
    ]


@pytest.mark.parametrize("kind", CHECKED)
def test_one_digit_off_is_no_number(kind: str) -> None:
    detector = Detector([NAMES[kind]])
    examples = labelled(kind)
    assert examples
    for before, number in examples:
        known = len(detector.find(before))
        assert len(detector.find(before + number)) > known
        places = [at for at, char in enumerate(number) if char.isdigit()]
        wrong = 0
        for at in places:
            digit = str((int(number[at]) + 1) % 10)
            other = number[:at] + digit + number[at + 1 :]
            wrong += len(detector.find(before + other)) <= known
        # A check digit shows a changed digit; the odd one meets another rule that it passes.
        assert wrong >= len(places) - 1


@pytest.mark.parametrize(
    ("number", "given"),
    [
        ("4111111111111111", True),
        ("4222222222222", True),
        ("378282246310005", True),
        ("371449635398431", True),
        ("30569309025904", True),
        ("38520000023237", True),
        ("6011111111111117", True),
        ("3566002020360505", True),
        ("2223003122003222", True),
        ("5105105105105100", True),
        ("6200000000000005", True),
        ("2200000000000004", True),
        ("4111111111111112", False),
        ("411111111111111", False),
        ("1234567812345670", False),
        ("0000000000000000", False),
    ],
)
def test_cards_are_known_by_brand_length_and_check_digit(number: str, given: bool) -> None:
    assert checksums.card(number) is given


@pytest.mark.parametrize(
    ("number", "given"),
    [
        ("536-22-1234", True),
        ("899-99-9999", True),
        ("000-12-3456", False),
        ("666-12-3456", False),
        ("900-12-3456", False),
        ("123-00-4567", False),
        ("123-45-0000", False),
    ],
)
def test_social_security_numbers_follow_the_area_rules(number: str, given: bool) -> None:
    assert checksums.ssn(number) is given


@pytest.mark.parametrize(
    ("number", "date", "checked"),
    [
        ("900101-1234568", True, True),
        ("900101-1234567", True, False),
        ("000229-3000000", True, False),
        ("010229-3000000", False, False),
        ("901301-1234567", False, False),
        ("850315-5123456", True, False),
        ("991231-4000000", False, False),
    ],
)
def test_korean_numbers_need_a_date_and_bare_ones_a_check_digit(
    number: str, date: bool, checked: bool
) -> None:
    assert checksums.rrn_date(number) is date
    assert checksums.rrn(number) is checked


def test_a_foreigners_korean_number_has_a_check_digit_of_its_own() -> None:
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    bare = "850315512345"
    total = sum(int(char) * weight for char, weight in zip(bare, weights, strict=True))
    assert checksums.rrn(f"{bare}{(13 - total % 11) % 10}")
    assert not checksums.rrn(f"{bare}{(14 - total % 11) % 10}")

"""What is found in the labelled corpus, and that nothing else is.

The figures are a floor: a change that lowers one of them fails here.
"""

from __future__ import annotations

import pytest

from lango_cli.interceptor.pii.catalogue import NAMES, PATTERNS, select
from lango_cli.interceptor.pii.engine import Detector
from lango_cli.interceptor.pii.evaluate import Sample, evaluate
from lango_cli.interceptor.pii.windows import search
from tests.interceptor.pii.corpus import samples

EVERY = Detector(PATTERNS)
DEFAULT = Detector(select((), ()))


def texts(detector: Detector, text: str) -> list[str]:
    """What is found, as it stands in the text."""
    return [text[one.start : one.end] for one in search(detector.find, text)]


def test_recall_and_precision_over_the_corpus_are_at_their_floor() -> None:
    total = evaluate(EVERY.find, samples())[-1]
    assert total.recall == 1.0
    assert total.precision == 1.0


def test_the_corpus_has_every_named_type_and_nearly_every_other() -> None:
    labelled = {span.type for sample in samples() for span in sample.spans}
    seed = ["email", "us_phone", "kr_mobile", "kr_landline", "intl_phone", "kr_rrn", "us_ssn"]
    seed += ["kr_driver", "passport", "credit_card", "kr_bank_account", "iban", "ipv4"]
    assert set(seed) <= labelled <= NAMES.keys()
    assert len(labelled) >= 50


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.text[:40])
def test_exactly_what_is_labelled_is_taken_out(sample: Sample) -> None:
    found = {(one.start, one.end) for one in search(EVERY.find, sample.text)}
    assert found == {(span.start, span.end) for span in sample.spans}


def test_seven_of_the_thirteen_named_patterns_are_on_by_default() -> None:
    on = ["email", "us_phone", "kr_mobile", "kr_landline", "kr_rrn", "us_ssn", "credit_card"]
    off = ["intl_phone", "kr_driver", "passport", "kr_bank_account", "iban", "ipv4"]
    assert all(NAMES[name].on for name in on)
    assert not any(NAMES[name].on for name in off)


@pytest.mark.parametrize(
    "text",
    [
        "request_id=8f14e45f-ceea-467f-ab12-0123456789ab took 1234567890 ns",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b at 1700000000",
        "price 1,234,567.89 EUR; ISBN 978-3-16-148410-0; EAN 4006381333931",
        "tracking 1Z999AA10123456784, IMEI 490154203237518",
        "3.14159265358979323846 and 2.71828182845904523536",
        "UUID 550e8400-e29b-41d4-a716-446655440000, 2024-01-15T12:34:56.789Z",
        "SKU 123-45-6789-X, model 555-12-3456A, pages 100-101",
        "const password = getPassword(); self.password = password",
        'api_key = os.environ["API_KEY"]; export TOKEN=$(cat file)',
        "Phone support is available 24/7; call 911 now",
        "아파트 101동 1203호, 3월 12일, 100만원, 제3조 제2항 2024년 1월 15일",
        "東京都の人口は1400万人、1 Corinthians 13",
        "Der Weg 12 ist lang, via Gmail 12 messages",
    ],
)
def test_near_misses_stay(text: str) -> None:
    assert texts(DEFAULT, text) == []


@pytest.mark.parametrize("particle", ["로", "입니다", "에게", "은", "를"])
def test_a_korean_particle_ends_an_address_or_number(particle: str) -> None:
    for bare in ("user@example.com", "010-1234-5678", "900101-1234567"):
        assert texts(DEFAULT, f"{bare}{particle} 보냄") == [bare]


def test_nothing_of_a_local_part_that_is_not_ascii_is_left() -> None:
    assert texts(DEFAULT, "an jérôme.müller@example.com.") == ["jérôme.müller@example.com"]


def test_the_letter_of_an_escaped_line_end_is_no_part_of_an_address() -> None:
    assert texts(DEFAULT, r'"a\njane@example.com\tb"') == ["jane@example.com"]


def test_overlapping_findings_leave_no_tail() -> None:
    text = "password=jane.miller@example.com"
    assert texts(DEFAULT, text) == ["jane.miller@example.com"]

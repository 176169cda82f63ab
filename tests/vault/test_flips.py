"""One changed byte in the files of a vault never gives another value and never a traceback.

Every byte of both headers is changed in turn, and of the database bytes spread so that each page
is hit several times; `python -m tests soak` changes all of them, bit by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.vault.home import COPY, HEADER
from tests.vault.flipping import (
    ALLOWED,
    Sample,
    database_offsets,
    header_outcome,
    make_sample,
    try_database,
    try_header,
)

if TYPE_CHECKING:
    from pathlib import Path

LOWEST_BIT = 0x01


@pytest.fixture(scope="module")
def sample(memory_folder: Path) -> Sample:
    """A vault with two slots and values on many pages."""
    return make_sample(memory_folder)


@pytest.mark.parametrize("how", ["keyfile", "session"])
def test_an_unchanged_sample_gives_every_value(sample: Sample, how: str) -> None:
    assert header_outcome(sample, sample.files, how) == "right"


@pytest.mark.parametrize("how", ["keyfile", "session"])
@pytest.mark.parametrize("name", [HEADER, COPY])
def test_each_flipped_byte_of_a_header_that_stands_alone_is_noticed(
    sample: Sample, name: str, how: str
) -> None:
    for offset in range(len(sample.files[name])):
        found = try_header(sample, name, offset, LOWEST_BIT, how, alone=True)
        assert found in ALLOWED, f"byte {offset} of {name}: {found}"


@pytest.mark.parametrize("how", ["keyfile", "session"])
def test_each_flipped_byte_of_the_header_is_noticed_or_the_copy_serves(
    sample: Sample, how: str
) -> None:
    found = [
        try_header(sample, HEADER, offset, LOWEST_BIT, how)
        for offset in range(len(sample.files[HEADER]))
    ]
    assert set(found) <= ALLOWED | {"right"}
    assert found.count("right") > 100, "the copy never served"


def test_a_flipped_byte_of_the_copy_does_not_matter_beside_a_good_header(sample: Sample) -> None:
    for offset in range(0, len(sample.files[COPY]), 37):
        assert try_header(sample, COPY, offset, LOWEST_BIT, "keyfile") == "right"


@pytest.mark.parametrize("how", ["keyfile", "session"])
def test_flipped_bytes_of_the_database_give_the_right_values_or_tampered(
    sample: Sample, how: str
) -> None:
    found: list[str | int] = []
    for offset in database_offsets(sample):
        found.append(try_database(sample, offset, LOWEST_BIT, how))
        assert found[-1] in {"right", 14}, f"byte {offset} of the database: {found[-1]}"
    assert 14 in found
    assert "right" in found

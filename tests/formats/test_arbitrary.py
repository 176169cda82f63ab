"""Arbitrary bytes into every importer: entries, problems or a `LangoError`, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.errors import LangoError
from lango_cli.formats import catalogue

PIECES = st.sampled_from(
    [
        b"A", b"B_1=", b"=", b"'", b'"', b"`", b"\\", b"\\'", b"$", b"${", b"}", b"#", b" ", b"\t",
        b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"export ",
        b"{", b"[", b"]", b":", b",", b'"a":', b"1e999", b"NaN", b"null", b"true", b"- ", b"? ",
        b"&a ", b"*a", b"!!binary ", b"!x ", b"|\n", b">\n", b"---\n", b"<<", b"EOF", b"<a>",
        b"</a>", b"<!DOCTYPE a>", b"&b;", b"a.b", b'"""', b"'''", b"0x1F", b"1979-05-27",
        b"kind: Secret\n",
        b"data:\n", b"  ", b'"v": 1', b'"secrets": ', b"set -gx ", b"$'", b"\\x41", b";", b"-e",
        b"services:\n", b"environment:\n", b"Title,Username,Password\n", b"PK\x03\x04",
    ]
)  # fmt: skip
DATA = st.binary(max_size=200) | st.lists(PIECES, max_size=40).map(b"".join)


@pytest.mark.parametrize("form", catalogue.READABLE)
@settings(max_examples=300, deadline=None)
@given(data=DATA)
def test_arbitrary_bytes_raise_only_errors_of_ours(form: str, data: bytes) -> None:
    try:
        parsed = catalogue.read(form, data)
    except LangoError:
        return
    for entry in parsed.entries:
        entry.name.encode()
        assert entry.place
    for problem in parsed.problems + parsed.ignored:
        assert problem.reason


@settings(max_examples=300, deadline=None)
@given(data=DATA, name=st.sampled_from(["", ".env", "x.json", "x.yaml", "x.csv", "x.xml", "x"]))
def test_arbitrary_bytes_are_some_format_or_asked_for(data: bytes, name: str) -> None:
    try:
        assert catalogue.detect(name, data) in catalogue.READABLE
    except LangoError:
        return


@pytest.mark.parametrize("form", catalogue.READABLE)
@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 100_000, b"a: " * 5_000, b"<a>" * 50_000]
)
def test_deep_nesting_is_refused(form: str, data: bytes) -> None:
    try:
        parsed = catalogue.read(form, data)
    except LangoError:
        return
    assert len(parsed.entries) <= 1

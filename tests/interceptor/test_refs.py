"""References in text: what is one, what is none, and what only looks like one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import InvalidName
from lango_cli.interceptor.refs import SecretRef, cut, fill, references
from lango_cli.secret import SecretBytes


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (b"", []),
        (b"plain", [b"plain"]),
        (b"{{secret:a}}", [SecretRef("a")]),
        (b"x{{secret:demo/token@3}}y", [b"x", SecretRef("demo/token@3"), b"y"]),
        (b"{{secret:a}}{{secret:b}}", [SecretRef("a"), SecretRef("b")]),
        (b"{{{secret:a}}}", [b"{", SecretRef("a"), b"}"]),
        ("{{secret:dépôt clé}}".encode(), [SecretRef("dépôt clé")]),
        (b"${{ secrets.TOKEN }}", [b"${{ secrets.TOKEN }}"]),
        (b"{{ name }} {{secret}} {{secrets:x}}", [b"{{ name }} {{secret}} {{secrets:x}}"]),
        (b"\xff{{secret:a}}\x00", [b"\xff", SecretRef("a"), b"\x00"]),
    ],
)
def test_a_text_is_cut_at_its_references(text: bytes, pieces: list[object]) -> None:
    assert cut(text, "here") == pieces


@pytest.mark.parametrize(
    "text",
    [
        b"{{secret:}}",
        b"{{secret: }}",
        b"{{secret:a",
        b"{{secret:a}",
        b"{{ secret:a }}",
        b"{{secret :a}}",
        b"{{Secret:a}}",
        b"{{SECRET:a}}",
        b"{{secret:a\nb}}",
        b"{{secret:{{secret:a}}}}",
        b"{{secret:a{b}}",
        b"{{secret:\xff}}",
    ],
)
def test_what_only_looks_like_a_reference_is_an_error_that_repeats_nothing(text: bytes) -> None:
    with pytest.raises(InvalidName) as caught:
        cut(b"before " + text, "variable X")
    assert caught.value.message == "variable X: what looks like a reference to a secret is none"


def test_a_value_that_looks_like_a_reference_stays_what_it_is() -> None:
    pieces = cut(b"{{secret:a}}", "here")
    assert fill(pieces, {"a": SecretBytes(b"{{secret:b}}")}) == b"{{secret:b}}"


def test_a_name_that_comes_twice_is_one_reference() -> None:
    assert references(cut(b"{{secret:a}} {{secret:b}} {{secret:a}}", "here")) == ["a", "b"]


NAMES = st.text("abz019/._@+:#- é", min_size=1, max_size=20).filter(lambda name: name.strip())


@given(st.lists(st.one_of(st.binary(max_size=30).filter(lambda b: b"{{" not in b), NAMES)))
def test_filling_puts_each_value_where_its_reference_stood(parts: list[bytes | str]) -> None:
    text = b"".join(
        part if isinstance(part, bytes) else b"|{{secret:" + part.encode() + b"}}|"
        for part in parts
    )
    values = {
        part: SecretBytes(b"<" + part.encode() + b">") for part in parts if part.__class__ is str
    }
    wanted = b"".join(
        part if isinstance(part, bytes) else b"|<" + part.encode() + b">|" for part in parts
    )
    assert fill(cut(text, "here"), values) == wanted


@given(st.binary(max_size=200))
def test_any_bytes_are_cut_or_refused_and_lose_nothing(text: bytes) -> None:
    try:
        pieces = cut(text, "here")
    except InvalidName:
        return
    again = b"".join(
        piece if isinstance(piece, bytes) else b"{{secret:" + piece.reference.encode() + b"}}"
        for piece in pieces
    )
    assert again == text


def test_a_text_of_braces_alone_takes_no_longer_than_its_length() -> None:
    begun = time.perf_counter()
    cut(b"{" * 1_000_000, "here")
    cut(b"{{ " * 300_000, "here")
    assert time.perf_counter() - begun < 20

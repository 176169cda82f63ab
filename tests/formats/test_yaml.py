"""YAML that is refused, and YAML as people write it."""

from __future__ import annotations

import pytest

from lango_cli.errors import UsageProblem
from lango_cli.formats import catalogue

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "line 1: anchors and aliases are not read"),
        ("a: 1\nb: *a", "line 2: anchors"),
        ("a: !!python/object/apply:os.system [id]", "a tag that is not read|not read"),
        ("a: !x y", "line 1: a tag that is not read"),
        ("a: [", "this is not YAML"),
        ("- a\n- b", "no single map"),
        ("a: 1\n---\nb: 1", "no single map"),
        ("? [a]\n: b", "a key is no text"),
        ("a: \0", "this is not YAML"),
        ("\n".join(f"{'  ' * n}a:" for n in range(200)), "nested too deep"),
        ("a: !!binary '%'", "this is not base64"),
    ],
)
def test_what_is_no_map_of_texts_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageProblem, match=why):
        catalogue.read("yaml", text.encode())


def test_plain_scalars_are_the_text_that_stands_there() -> None:
    text = (
        "a: yes\nb: 0x1F\nc: 1.50\nd: 2024-01-01\ne: |\n  x\n  y\nf: 'null'\ng: <<\nh:\n  i: '~'"
    )
    found = {e.name: e.value.reveal() for e in catalogue.read("yaml", text.encode()).entries}
    assert found == {
        "a": b"yes", "b": b"0x1F", "c": b"1.50", "d": b"2024-01-01", "e": b"x\ny\n", "f": b"null",
        "g": b"<<", "h/i": b"~",
    }  # fmt: skip


def test_all_that_is_wrong_is_said_at_once() -> None:
    parsed = catalogue.read("yaml", b"a: null\nb: [x]\nc: 1\nc: 2\nd:\ne: 1")
    assert [str(problem) for problem in parsed.problems] == [
        "at a: null is no value",
        "at b: a list or date is no value; write it as a text, in quotes",
        "at c: it stands here more than once",
        "at c: it stands here more than once",
        "at d: null is no value",
    ]
    assert [entry.name for entry in parsed.entries] == ["e"]


def test_a_manifest_with_both_kinds_of_data_and_a_compose_list() -> None:
    manifest = "kind: Secret\ndata: {a: eA==, b: '%'}\nstringData: {c: x}\n---\nkind: Pod"
    parsed = catalogue.read("kubernetes", manifest.encode())
    assert {entry.name: entry.value.reveal() for entry in parsed.entries} == {"a": b"x", "c": b"x"}
    assert len(parsed.problems) == 2
    compose = "services: {a: {image: x}, b: {environment: [A=1, 'B=x=$$y', 'C=$Z']}}"
    parsed = catalogue.read("compose", compose.encode())
    assert {e.name: e.value.reveal() for e in parsed.entries} == {"A": b"1", "B": b"x=$y"}
    assert [str(problem) for problem in parsed.problems] == [
        "at C: compose replaces $NAME; a dollar sign is $$"
    ]

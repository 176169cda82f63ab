"""What lango exports is what the real reader reads, whatever the value is; else it is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lango_cli.errors import UsageProblem
from lango_cli.formats import catalogue
from lango_cli.formats.entry import Entry
from lango_cli.secret import SecretBytes
from tests.formats import hostile
from tests.formats.readers import READERS

FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PAIRS = [(form, reader) for form, readers in READERS.items() for reader in readers]

CARRIES_ALL = {"lango", "yaml", "kubernetes"}


def fits(form: str, value: bytes) -> bool:
    """Whether the format takes a secret of this value; the writer's own answer."""
    try:
        catalogue.write(form, hostile.entries([value]))
    except UsageProblem as err:
        assert "V_000" in err.message
        return False
    return True


def read_back(form: str, reader: str, values: list[bytes]) -> None:
    entries = hostile.entries(values)
    wanted = {entry.key: entry.value.reveal() for entry in entries}
    assert READERS[form][reader](catalogue.write(form, entries)) == wanted


def test_every_format_that_is_written_has_a_reader() -> None:
    assert set(READERS) == set(catalogue.WRITABLE)


@pytest.mark.parametrize(("form", "reader"), PAIRS)
def test_hostile_values_are_read_back_by_the_reader_or_refused(form: str, reader: str) -> None:
    values = [text.encode() for text in hostile.TEXTS] + list(hostile.BINARY)
    kept = [value for value in values if fits(form, value)]
    assert len(kept) > len(values) // 2
    read_back(form, reader, kept)


@pytest.mark.parametrize(("form", "reader"), PAIRS)
@FEW
@given(values=st.lists(hostile.texts, min_size=20, max_size=60))
def test_made_up_values_are_read_back_by_the_reader_or_refused(
    form: str, reader: str, values: list[str]
) -> None:
    data = [value.encode("utf-8", "ignore") for value in values]
    read_back(form, reader, [value for value in data if fits(form, value)])


@pytest.mark.parametrize("form", catalogue.WRITABLE)
def test_lango_reads_what_it_wrote(form: str) -> None:
    values = [text.encode() for text in hostile.TEXTS] + list(hostile.BINARY)
    entries = hostile.entries([value for value in values if fits(form, value)])
    parsed = catalogue.read(form, catalogue.write(form, entries))
    assert parsed.problems == []
    found = {entry.name: entry.value.reveal() for entry in parsed.entries}
    assert found == {entry.name: entry.value.reveal() for entry in entries}


@pytest.mark.parametrize("form", catalogue.WRITABLE)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(hostile.texts, max_size=10))
def test_lango_reads_what_it_wrote_of_made_up_values(form: str, values: list[str]) -> None:
    data = [value.encode("utf-8", "ignore") for value in values]
    entries = hostile.entries([value for value in data if fits(form, value)])
    parsed = catalogue.read(form, catalogue.write(form, entries))
    assert parsed.problems == []
    found = [(entry.name, entry.value.reveal()) for entry in parsed.entries]
    assert found == [(entry.name, entry.value.reveal()) for entry in entries]


@pytest.mark.parametrize("form", catalogue.WRITABLE)
def test_what_a_format_takes_is_what_it_is_said_to_take(form: str) -> None:
    takes = {name: fits(form, value) for name, value in EXAMPLES.items()}
    refused = {name for name, taken in takes.items() if not taken}
    assert refused == REFUSED[form]


EXAMPLES = {
    "newline": b"a\nb",
    "carriage return": b"a\rb",
    "quotes": b"a'b\"c`d\n#",
    "quotes and a backslash at the end": b"a'b\"c`\n\\",
    "reference": b"${HOME}",
    "dollar": b"$2a$10$x",
    "zero": b"\0",
    "binary": b"\xff",
    "escape": b"\x1b",
    "long": b"x" * (128 << 10),
    "very long": b"x" * (8 << 20),
}
VARIABLES = {"zero", "binary", "long", "very long"}
REFUSED: dict[str, set[str]] = {
    "lango": set(),
    "json": {"binary"},
    "yaml": set(),
    "toml": {"binary"},
    "dotenv": {"quotes", "quotes and a backslash at the end", "reference", "zero", "binary"},
    "dotenv-python": {"quotes and a backslash at the end", "reference", "zero", "binary"},
    "dotenv-node": {"quotes", "quotes and a backslash at the end", "zero", "binary"},
    "shell": {"zero", "long", "very long"},
    "fish": {"zero", "long", "very long"},
    "docker": {"newline", "quotes", "quotes and a backslash at the end", *VARIABLES},
    "compose": VARIABLES,
    "systemd": VARIABLES,
    "kubernetes": {"very long"},
    "github": VARIABLES,
}
"""What each format refuses."""


@pytest.mark.parametrize("form", catalogue.WRITABLE)
def test_an_error_names_every_secret_and_no_value(form: str) -> None:
    values = {f"n/{number}": b"hunter2\xff\0" for number in range(20)}
    entries = [Entry(name, SecretBytes(value)) for name, value in values.items()]
    try:
        catalogue.write(form, entries)
    except UsageProblem as err:
        assert "n/0: " in err.message
        assert "and 12 more" in err.message
        assert "hunter2" not in err.message + err.hint
        assert "nothing was written" in err.hint
    else:
        assert form in CARRIES_ALL


@pytest.mark.parametrize("form", catalogue.WRITABLE)
def test_names_come_back_where_the_format_has_room_for_them(form: str) -> None:
    names = ["db/main-password", "db/main", "UPPER", "lower", "Ünïcode/ä b", "7up", "a@b:c+d#e.f"]
    entries = [Entry(name, SecretBytes(name.encode())) for name in names]
    parsed = catalogue.read(form, catalogue.write(form, entries, "P_" if form != "lango" else ""))
    found = {entry.name: entry.value.reveal().decode() for entry in parsed.entries}
    if form in ("shell", "fish", "github"):
        assert all(re.fullmatch(r"P_[A-Za-z_][A-Za-z0-9_]*", name) for name in found)
    elif form in ("json", "yaml", "toml"):
        assert found == {f"P_{name}": name for name in names}
    else:
        assert {name.removeprefix("P_"): value for name, value in found.items()} == {
            name: name for name in names
        }


@pytest.mark.parametrize("form", ["dotenv", "shell", "docker", "kubernetes"])
def test_two_names_that_become_one_are_an_error(form: str) -> None:
    entries = [Entry(name, SecretBytes(b"x")) for name in ("a/b", "a.b", "a/b/c", "other")]
    with pytest.raises(UsageProblem, match=r"a/b and a\.b would both be [aA][._][bB]$"):
        catalogue.write(form, entries)

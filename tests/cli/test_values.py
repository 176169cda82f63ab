"""Where new values come from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli import ui, values
from lango_cli.cli.call import Call
from lango_cli.errors import FileProblem, Locked, TooLarge, UsageProblem
from lango_cli.secret import SecretText
from lango_cli.wiring.flags import Flags

if TYPE_CHECKING:
    from pathlib import Path


def call(ask: object = None, **environment: str) -> Call:
    """A command's circumstances, with nobody to ask unless `ask` is somebody."""
    flags = Flags()
    flags.no_input = ask is None
    made = Call(ui.Ui(environment), flags)
    made._ask = ask  # type: ignore[assignment]  # a stand-in for a person
    return made


def source(*words: str, **named: str) -> values.Source:
    """A source as the command line names it."""
    given = dict.fromkeys(("from_file", "from_fd", "from_env", "generate")) | named
    return values.Source(words, **given)


def read(made: Call, named: values.Source, *, raw: bool = False, empty: bool = False) -> bytes:
    """The value's bytes."""
    return values.read(made, named, "s", raw=raw, allow_empty=empty).reveal()


@given(st.binary())
def test_one_final_line_end_is_lost_and_no_more(data: bytes) -> None:
    assert values.without_line_end(data + b"\n") == (data[:-1] if data.endswith(b"\r") else data)
    assert values.without_line_end(data + b"\r\n") == data
    assert values.without_line_end(data + b"x") == data + b"x"


@pytest.mark.parametrize("words", [["hunter2"], ["-", "hunter2"], ["hunter2", "-"], ["--", "x"]])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(words: list[str]) -> None:
    with pytest.raises(UsageProblem, match="on the command line") as caught:
        source(*words)
    assert "history" in caught.value.hint
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["-"], {"from_file": "f"}),
        (["-", "-"], {}),
        ([], {"from_env": "V", "generate": "uuid"}),
        ([], {"from_fd": "3", "from_file": "f"}),
    ],
)
def test_two_sources_are_refused(words: list[str], named: dict[str, str]) -> None:
    with pytest.raises(UsageProblem, match="more than one source"):
        source(*words, **named)


def test_without_a_source_the_person_is_asked() -> None:
    class Person:
        def new_secret(self, prompt: str) -> SecretText:
            assert prompt == "Value of s"
            return SecretText("typed ")

    assert source().asks
    assert read(call(Person()), source()) == b"typed "
    with pytest.raises(Locked, match="nobody can be asked"):
        read(call(), source())


def test_a_file_is_taken_byte_for_byte_through_links_and_pipes_too(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"value\r\n\xff\n")
    (tmp_path / "link").symlink_to("f")
    assert read(call(), source(from_file=str(tmp_path / "link"))) == b"value\r\n\xff\n"


@pytest.mark.parametrize("name", ["hunter2", "hunter2\0", "/"])
def test_a_file_that_cannot_be_read_is_not_named(name: str) -> None:
    with pytest.raises(FileProblem) as caught:
        read(call(), source(from_file=name))
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_descriptor_of_our_own_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"value")
    with open(tmp_path / "f", "rb") as own:
        with pytest.raises(FileProblem, match="was not handed to lango"):
            read(call(), source(from_fd=str(own.fileno())))
        os.set_inheritable(own.fileno(), True)
        assert read(call(), source(from_fd=str(own.fileno()))) == b"value"


def test_a_variable_that_is_not_set_is_not_named() -> None:
    assert read(call(V="value\n\udcff"), source(from_env="V")) == b"value\n\xff"
    with pytest.raises(UsageProblem) as caught:
        read(call(), source(from_env="hunter2"))
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_the_empty_value_is_kept_only_on_request() -> None:
    with pytest.raises(UsageProblem, match="empty"):
        read(call(V=""), source(from_env="V"))
    assert read(call(V=""), source(from_env="V"), empty=True) == b""


def test_a_value_over_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "LIMIT", 4)
    (tmp_path / "f").write_bytes(b"12345")
    for named in (source(from_file=str(tmp_path / "f")), source(from_env="V")):
        with pytest.raises(TooLarge):
            read(call(V="12345"), named)


@pytest.mark.parametrize(("named", "fd"), [(("-",), 0), ((), 3)])
def test_passphrase_and_value_need_two_descriptors(named: tuple[str, ...], fd: int) -> None:
    made = call()
    made.flags.passphrase_fd = fd
    with pytest.raises(UsageProblem, match="same descriptor"):
        read(made, source("-") if named else source(from_fd="3"))


def test_a_generated_value_is_another_one_each_time() -> None:
    assert read(call(), source(generate="hex:16")) != read(call(), source(generate="hex:16"))

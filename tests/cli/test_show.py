"""How values come out."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli import ui
from lango_cli.cli.show import Wish, check, is_text, show, show_value
from lango_cli.errors import Expired, UsageProblem
from lango_cli.secret import SecretBytes
from tests.cli.conftest import listening

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said


class Shown:
    """A value as the vault gives it."""

    def __init__(self, value: bytes, expires_at: float | None = None, name: str = "s") -> None:
        self.name, self.version, self.expires_at = name, 1, expires_at
        self.value = SecretBytes(value)


def wish(**wishes: object) -> Wish:
    """A wish with these attributes."""
    made = Wish()
    for name, value in wishes.items():
        setattr(made, name, value)
    return made


def shown(value: bytes, made: Wish, newline: str = "auto") -> str:
    """What stdout gets of one value."""
    with listening() as said:
        show([Shown(value)], made, ui.Ui({}), lambda: newline)
    return said.out


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdout is one."""
    monkeypatch.setattr(ui.Ui, "is_terminal", lambda _self, _fd=1: True)


@pytest.mark.parametrize(
    ("flag", "setting", "ended"),
    [
        (None, "auto", False),
        (None, "yes", True),
        (None, "no", False),
        ("auto", "yes", False),
        ("yes", "no", True),
        ("no", "yes", False),
    ],
)
def test_off_a_terminal_a_newline_follows_on_request_alone(
    flag: str | None, setting: str, ended: bool
) -> None:
    assert shown(b"value", wish(newline=flag), setting) == ("value\n" if ended else "value")


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("flag", "setting", "ended"),
    [(None, "auto", True), (None, "no", False), ("no", "yes", False), ("auto", "no", True)],
)
def test_on_a_terminal_a_newline_follows_unless_unwanted(
    flag: str | None, setting: str, ended: bool
) -> None:
    assert shown(b"value", wish(newline=flag), setting) == ("value\n" if ended else "value")


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "value", [b"\xff", b"a\x00b", b"\x1b[2J", b"\x07", "\x9b".encode(), b"\x7f"]
)
def test_what_a_terminal_might_obey_is_refused_there_without_force(value: bytes) -> None:
    with pytest.raises(UsageProblem, match="s is binary") as caught:
        shown(value, wish())
    assert "--base64" in caught.value.hint
    shown(value, wish(base64=True))
    with listening() as said:
        show([Shown(value)], wish(force=True, newline="no"), ui.Ui({}), lambda: "auto")
    assert said._parts[1] == [value]


def test_text_of_any_language_with_tabs_and_lines_is_no_binary() -> None:
    assert is_text("a\tb\r\nä漢🔑\u200d".encode())


@given(st.binary())
def test_off_a_terminal_the_value_comes_out_byte_for_byte(value: bytes) -> None:
    with listening() as said:
        show([Shown(value)], wish(), ui.Ui({}), lambda: "auto")
    assert b"".join(said._parts[1]) == value


@given(st.lists(st.binary(), min_size=1), st.booleans())
def test_json_holds_every_value_exactly(values: list[bytes], base64_wanted: bool) -> None:
    with listening() as said:
        made = wish(json=True, base64=base64_wanted)
        show([Shown(value) for value in values], made, ui.Ui({}), lambda: "auto")
    members = json.loads(said.out)["secrets"]
    for value, member in zip(values, members, strict=True):
        text = member["value"].encode()
        assert (base64.b64decode(text) if member["encoding"] == "base64" else text) == value
        assert not base64_wanted or member["encoding"] == "base64"


@given(st.lists(st.binary(), min_size=1))
def test_nul_ends_each_value_or_is_refused_inside_one(values: list[bytes]) -> None:
    with listening() as said:
        entries = [Shown(value) for value in values]
        if any(b"\0" in value for value in values):
            with pytest.raises(UsageProblem, match="zero byte"):
                show(entries, wish(null=True), ui.Ui({}), lambda: "auto")
            assert said.out == ""
            return
        show(entries, wish(null=True), ui.Ui({}), lambda: "auto")
    assert b"".join(said._parts[1]).split(b"\0") == [*values, b""]


def test_an_expired_secret_comes_with_a_warning_and_not_under_strict(said: Said) -> None:
    show([Shown(b"v", 1.0)], wish(), ui.Ui({}), lambda: "auto")
    assert said.out == "v"
    assert said.err == "lango: warning: s expired on 1970-01-01T00:00:01Z\n"
    with pytest.raises(Expired):
        show([Shown(b"v"), Shown(b"v", 1.0)], wish(strict=True, null=True), ui.Ui({}), str)
    assert said.out == "v"


def test_a_file_is_the_owners_and_was_not_there(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "out"
    show_value("it", SecretBytes(b"value"), wish(output=str(path)), ui.Ui({}), lambda: "auto")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"value", 0o600)
    document = tmp_path / "out.json"
    made = wish(output=str(document), json=True)
    show_value("it", SecretBytes(b"value"), made, ui.Ui({}), lambda: "auto")
    assert json.loads(document.read_text()) == {"v": 1, "value": "value", "encoding": "utf-8"}
    assert said.out == ""


@pytest.mark.parametrize(
    ("made", "count"),
    [(wish(), 2), (wish(json=True, null=True), 1), (wish(newline="hunter2"), 1)],
)
def test_wishes_that_make_no_sense_are_refused_first(made: Wish, count: int) -> None:
    with pytest.raises(UsageProblem) as caught:
        check(made, count)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_dash_for_a_file_is_standard_output() -> None:
    made = wish(output="-")
    check(made, 1)
    assert made.output is None

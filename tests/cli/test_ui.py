"""Streams, colours, documents and tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli import ui
from lango_cli.errors import FileProblem, InvalidSetting, SecretNotFound

if TYPE_CHECKING:
    from tests.cli.conftest import Said, Tty


def screen(**environment: str) -> ui.Ui:
    """A ui in an environment of its own."""
    return ui.Ui(environment)


@pytest.mark.parametrize(
    ("flag", "environment", "preferred", "on_terminal", "elsewhere"),
    [
        (None, {"TERM": "xterm"}, "auto", True, False),
        (None, {"TERM": "dumb"}, "auto", False, False),
        (None, {}, "auto", False, False),
        (None, {"TERM": "xterm", "NO_COLOR": "1"}, "always", False, False),
        (None, {"TERM": "xterm", "NO_COLOR": ""}, "auto", True, False),
        (None, {"CLICOLOR_FORCE": "1"}, "never", True, True),
        (None, {"TERM": "xterm", "CLICOLOR_FORCE": "0"}, "auto", True, False),
        (None, {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, "auto", False, False),
        (None, {"TERM": "xterm"}, "never", False, False),
        (None, {"TERM": "dumb"}, "always", True, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, "never", True, True),
        ("never", {"CLICOLOR_FORCE": "1", "TERM": "xterm"}, "always", False, False),
        ("auto", {"NO_COLOR": "1", "TERM": "xterm"}, "auto", True, False),
    ],
)
def test_colour_is_the_flags_then_the_environments_then_the_settings(
    tty: Tty,
    flag: str | None,
    environment: dict[str, str],
    preferred: str,
    on_terminal: bool,
    elsewhere: bool,
) -> None:
    shown = screen(**environment)
    shown.colour, shown.preferred = flag, lambda: preferred
    with open(os.devnull) as null:
        assert (shown.colours(tty.near), shown.colours(null.fileno())) == (on_terminal, elsewhere)


@pytest.mark.parametrize("err", [InvalidSetting("broken"), FileNotFoundError("no folder")])
def test_settings_that_cannot_be_read_do_not_hide_the_error_about_them(
    said: Said, err: Exception
) -> None:
    def fail() -> str:
        raise err

    shown = screen(TERM="xterm")
    shown.preferred = fail
    shown.fail(InvalidSetting("broken", hint=""))
    assert said.err == "lango: error: broken\n"


@given(st.text())
def test_text_for_people_is_one_printable_line(text: str) -> None:
    assert ui.plain(text).isprintable()


def test_escapes_and_overrides_of_direction_are_shown_and_not_obeyed() -> None:
    assert ui.plain("a\x1b[2J\n\u202eb\x9b") == r"a\x1b[2J\n\u202eb\x9b"


@given(st.dictionaries(st.text(), st.text() | st.integers()))
def test_an_error_object_is_json_whatever_it_says(members: dict[str, str | int]) -> None:
    line = ui.one_object(
        {f"m{k}".encode("utf-8", "replace").decode(): members[k] for k in members}
    )
    assert "\n" not in line
    assert isinstance(json.loads(line), dict)


def test_an_error_is_told_with_its_hint(said: Said) -> None:
    screen().fail(SecretNotFound("no secret named x"))
    assert (
        said.err
        == "lango: error: no secret named x\nlango: hint: list names: lango secrets list\n"
    )
    assert said.out == ""


def test_under_json_an_error_is_one_object_and_so_is_a_warning(said: Said) -> None:
    shown = screen()
    shown.json = True
    shown.warn("w")
    shown.note("n")
    shown.fail(SecretNotFound("no secret named x"))
    warning, error = said.err.splitlines()
    assert json.loads(warning) == {"warning": "w"}
    assert json.loads(error) == {
        "error": "secret_not_found",
        "code": 20,
        "message": "no secret named x",
        "hint": "list names: lango secrets list",
    }


def test_quiet_silences_notes_and_no_warning(said: Said) -> None:
    shown = screen()
    shown.quiet = True
    shown.note("kept")
    shown.warn("stale keyfile")
    assert said.err == "lango: warning: stale keyfile\n"


def test_debug_lines_appear_on_request_alone(said: Said) -> None:
    shown = screen()
    shown.debug("silent")
    shown.debugging = True
    shown.debug("opened")
    assert said.err.startswith("lango: debug: ")
    assert said.err.endswith(" ms  opened\n")


def test_a_document_starts_with_its_version(said: Said) -> None:
    screen().document({"secrets": [{"name": "ä", "size": 1}], "same": None})
    assert said.out == '{"v": 1, "secrets": [{"name": "ä", "size": 1}], "same": null}\n'


def test_a_path_that_is_no_text_is_escaped_in_a_document(said: Said) -> None:
    members = {"home": "/h\udcff", "slots": [{"a\udcff": ("\udcff",)}], "n": 1, "none": None}
    screen().document(members)
    screen().document_of("all", [members])
    document, listed = said.out.splitlines()
    wanted = {"home": r"/h\udcff", "slots": [{r"a\udcff": [r"\udcff"]}], "n": 1, "none": None}
    assert json.loads(document) == {"v": 1} | wanted
    assert json.loads(listed)["all"] == [wanted]


def test_a_list_that_fails_at_once_writes_nothing(said: Said) -> None:
    def member(_number: int) -> dict[str, object]:
        raise SecretNotFound("none")

    with pytest.raises(SecretNotFound):
        screen().document_of("secrets", map(member, range(3)))
    assert said.out == ""


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 1001, 2500])
def test_a_long_list_is_the_same_document_in_pieces(said: Said, count: int) -> None:
    members = [{"name": f"n{number}", "tags": ["a", "b"]} for number in range(count)]
    screen().document_of("secrets", iter(members))
    assert said.out == ui.json_bytes({"secrets": members}).decode()


def test_a_table_off_a_terminal_is_cells_between_tabs(said: Said) -> None:
    screen().table(("name", "why"), [("a\tb", "x"), ("c", "")])
    assert said.out == "a\\tb\tx\nc\t\n"


def drawn(
    monkeypatch: pytest.MonkeyPatch, width: int, head: tuple[str, ...], *rows: tuple[str, ...]
) -> list[str]:
    """A table's lines on a terminal of this width."""
    monkeypatch.setattr(ui.Ui, "width", lambda _self: width)
    return screen()._drawn(head, rows).splitlines()


@pytest.mark.parametrize("width", [80, 60, 48])
def test_a_table_that_is_too_wide_folds_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    row = ("n" * 40, "2026-06-01T12:00:00Z", "tags, more")
    lines = drawn(monkeypatch, width, ("name", "at", "tags"), row)
    assert all(len(line) <= width for line in lines)
    text = "".join(lines)
    assert text.count("n") == 40 + "name".count("n")
    assert "2026-06-01" in text
    assert "12:00:00Z" in text
    assert "tags" in lines[0]
    assert "left out" not in text


@pytest.mark.parametrize(
    ("width", "missing"), [(38, "tags"), (26, "at, tags"), (20, "at, tags"), (1, "at, tags")]
)
def test_columns_that_do_not_fit_are_left_out_from_the_right_and_named(
    monkeypatch: pytest.MonkeyPatch, width: int, missing: str
) -> None:
    row = ("x" * 40, "2026-06-01T12:00:00Z", "some tags, more")
    lines = drawn(monkeypatch, width, ("name", "at", "tags"), row)
    assert lines[-1] == f"columns left out: {missing} (--json has all)"
    assert sum(line.count("x") for line in lines) == 40


def test_a_short_table_is_as_wide_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ("s", "2026-06-01T12:00:00Z", "")
    assert drawn(monkeypatch, 80, ("name", "at", ""), row)[1:] == ["s     2026-06-01T12:00:00Z"]


def test_a_long_name_folds_last(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, 40, ("name", "note"), ("x" * 26, "one two three"))
    assert any("x" * 26 in line for line in lines)


def test_wide_characters_count_two_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui.Ui, "width", lambda _self: 40)
    lines = screen()._drawn(("name", "n"), [("漢字", "1"), ("abcd", "2")]).splitlines()
    assert lines[1:] == ["漢字  1", "abcd  2"]


def test_pairs_name_what_they_say(said: Said) -> None:
    screen().pairs([("name", "s"), ("created at", "now\n")])
    assert said.out == "name: s\ncreated at: now\\n\n"


def test_all_is_written_to_a_reader_that_takes_little_and_does_not_block() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    data = bytes(1 << 20)
    got = bytearray()

    def drain() -> None:
        while chunk := os.read(reader, 1 << 14):
            got.extend(chunk)

    thread = threading.Thread(target=drain)
    thread.start()
    ui._write(writer, data)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert got == data


def test_a_reader_that_has_gone_is_told_from_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(ui, "STDOUT", writer)
    with pytest.raises(ui.StdoutGone):
        screen().out("x")
    os.close(writer)
    with open("/dev/full", "wb") as full:
        monkeypatch.setattr(ui, "STDOUT", full.fileno())
        with pytest.raises(FileProblem, match="no space left"):
            screen().out("x")


def test_the_scripted_path_loads_no_json_no_rich_and_no_typer() -> None:
    unwanted = "typer rich json re typing dataclasses enum msgspec termios pathlib contextlib"
    program = (
        "import sys; from lango_cli.cli import show, ui; s = ui.Ui({}); s.note('n'); s.warn('w');"
        "s.json = True; s.warn('w'); s.out('x');"
        f"print(sorted(set({unwanted.split()!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(ui.__file__)) + "/.."},
    )
    assert done.stdout == "x[]\n"

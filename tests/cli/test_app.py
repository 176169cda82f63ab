"""The root: what went wrong becomes a code and words, and nothing typed is ever repeated."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli import app, front, groups, ui
from lango_cli.errors import Busy
from lango_cli.wiring import completing
from tests.cli.conftest import listening

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.wiring.flags import Flags
    from tests.cli.conftest import Said

PLANTED = "opensesame"


def fail_with(monkeypatch: pytest.MonkeyPatch, err: BaseException) -> None:
    """Make the root command end in this."""

    def invoke(_self: groups.Root, _ctx: object) -> NoReturn:
        planted = [PLANTED]  # a local variable, which no traceback may show
        assert planted
        raise err

    monkeypatch.setattr(groups.Root, "invoke", invoke)


def test_an_error_of_ours_has_its_code(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    fail_with(monkeypatch, Busy("another process is writing"))
    assert app.main([]) == 15
    assert said.err.startswith("lango: error: another process is writing\nlango: hint: ")


def test_a_bug_shows_its_class_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    fail_with(monkeypatch, KeyError(PLANTED))
    assert app.main([]) == 1
    assert said.err.startswith("lango: error: unexpected (KeyError)\nlango: hint: this is a bug")
    assert PLANTED not in said.err


def test_debug_shows_where_and_no_value(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    err = KeyError(PLANTED)
    err.__cause__ = OSError(PLANTED)
    fail_with(monkeypatch, err)
    assert app.main(["--debug"]) == 1
    assert "builtins.KeyError" in said.err
    assert "test_app.py:" in said.err
    assert " invoke\n" in said.err
    assert PLANTED not in said.err


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (KeyboardInterrupt(), 130),
        (app.Ended(signal.SIGTERM), 143),
        (ui.StdoutGone(), 141),
    ],
)
def test_being_ended_has_the_code_of_its_signal(
    monkeypatch: pytest.MonkeyPatch, said: Said, raised: BaseException, code: int
) -> None:
    fail_with(monkeypatch, raised)
    assert app.main([]) == code
    assert "Traceback" not in said.err


def test_the_last_resort_shows_a_class_and_no_traceback() -> None:
    program = (
        "from lango_cli import __main__ as m\n"
        "def main(): raise RuntimeError('opensesame')\n"
        "m.main = main\nm.run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "lango: error: unexpected (RuntimeError)\n"


@pytest.mark.parametrize("err", [RuntimeError(PLANTED), FileNotFoundError(PLANTED), Busy("x")])
def test_completion_is_silent_whatever_is_wrong(
    monkeypatch: pytest.MonkeyPatch, said: Said, err: Exception
) -> None:
    def names(_flags: Flags, *, keys: bool) -> NoReturn:
        raise err

    monkeypatch.setattr(completing, "names", names)
    assert front.main(["__complete", "x"]) == 0
    assert said.out + said.err == ""


@pytest.mark.parametrize(
    "rest", [["--keyfile"], ["--output"], ["--home="], ["--home", ""], ["--slot", ""], ["--nope"]]
)
def test_the_small_front_hands_over_what_it_does_not_know_to_the_letter(rest: list[str]) -> None:
    assert front.main(["secrets", "get", "a", *rest]) is None


def test_an_error_is_told_even_if_drawing_it_fails(
    monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    def colours(screen: ui.Ui, _fd: int = 1) -> bool:
        if screen.colour is None:
            raise RuntimeError(PLANTED)
        return False

    monkeypatch.setattr(ui.Ui, "colours", colours)
    fail_with(monkeypatch, Busy("another process is writing"))
    assert app.main([]) == 15
    assert said.err.startswith("lango: error: another process is writing\n")


def test_a_bug_under_json_is_one_object(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    fail_with(monkeypatch, RuntimeError(PLANTED))
    assert app.main(["--json"]) == 1
    assert json.loads(said.err)["error"] == "unexpected"


def test_a_signal_that_the_parent_ignores_stays_ignored(said: Said) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert app.main(["--version"]) == 0
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert said.out.startswith("lango ")


WORDS = st.sampled_from(
    [
        "secrets",
        "set",
        "get",
        "list",
        "edit",
        "name",
        "--json",
        "--generate",
        "--from-env",
        "--from-file",
        "--from-fd",
        "--if-version",
        "--lock-timeout",
        "--expires",
        "--newline",
        "--color",
        "--passphrase-fd",
        "--debug",
        "-",
        "--",
        "-0",
    ]
)
SPILLED = st.sampled_from(
    [PLANTED, f"-{PLANTED}", f"--{PLANTED}", f"--{PLANTED}=x", f"--json={PLANTED}", f"-0{PLANTED}"]
)


@given(st.lists(WORDS | SPILLED, max_size=6))
def test_no_command_line_is_repeated_and_none_ends_in_a_bug(argv: list[str]) -> None:
    home = "/nowhere/lango"
    with listening() as said:
        code = app.main(["--home", home, "--no-input", *argv])
    assert code != 1, said.err
    assert PLANTED not in said.out + said.err.replace(f"no secret named {PLANTED}", "")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--lock-timeout"], "--lock-timeout needs a value"),
        (["--quiet=x"], "--quiet takes no value"),
        (["secrets", "show"], "NAME is missing"),
        (["secrets", "lst"], "no such command; did you mean list?"),
        (["secrets", "list", "--jsn"], "no such option; did you mean --json?"),
        (["secrets", "list", "a", "b"], "there is a word too many"),
        (["secrets"], "a command is missing"),
    ],
)
def test_what_makes_no_sense_is_said_in_our_words(said: Said, argv: list[str], says: str) -> None:
    assert app.main(argv) == 2
    assert f"lango: error: {says}" in said.err


@pytest.mark.parametrize("ask", [app.main])
def test_no_words_at_all_are_answered_with_help(
    said: Said, ask: Callable[[list[str]], int]
) -> None:
    assert ask([]) == 0
    assert said.out.startswith("Usage: lango ")
    assert said.err == ""

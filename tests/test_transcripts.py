"""Every `transcripts/*.txt`, through the fronts that it has; and the runner, against stand-ins.

How a transcript is written stands at the top of tests/stage.py. Both fronts must say the same: the
small one only exists to be faster. A transcript without a command line that the small front looks
at would run twice through Typer's, so it runs once.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from lango_cli.__main__ import FIRST, SCRIPTED
from tests.stage import Stage, parse

HERE = Path(__file__).parent
TRANSCRIPTS = sorted((HERE / "transcripts").glob("*.txt"))
SMALL = tuple(" ".join(["lango", *words]) for words in (*SCRIPTED, *FIRST))
"""How the command lines begin that the small front looks at."""


def played() -> list[tuple[Path, str]]:
    """Each transcript with each front that says something of its own in it."""
    found = []
    for path in TRANSCRIPTS:
        both = any(beginning in path.read_text() for beginning in SMALL)
        found += [(path, front) for front in ("front", "typer")[: 1 + both]]
    return found


@pytest.mark.parametrize(
    ("path", "front"), played(), ids=lambda part: part.stem if isinstance(part, Path) else part
)
def test_transcript(path: Path, front: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path, [sys.executable, str(HERE / "entry.py"), front])
    try:
        stage.perform(path.read_text())
    except AssertionError as err:
        pytest.fail(f"{path.name}: {err}", pytrace=False)


# The runner itself. A stand-in is a few lines of Python in place of lango.


def perform(tmp_path: Path, program: str, transcript: str) -> Stage:
    """Run a transcript against `program`."""
    stage = Stage(tmp_path, [sys.executable, "-I", "-c", program])
    stage.perform(transcript)
    return stage


ASK = """
import getpass, sys
first = getpass.getpass("passphrase: ")
second = getpass.getpass("once more: ")
sys.exit(0 if first == second == "hunter2" else 13)
"""

TALK = """
import sys
what = sys.argv[1]
if what == "cat":
    sys.stdout.buffer.write(sys.stdin.buffer.read())
elif what == "fail":
    sys.stderr.write("error: no secret named X\\n")
    sys.exit(20)
elif what == "kind":
    import os
    print([os.isatty(n) for n in range(3)])
"""


def test_each_typed_line_answers_one_prompt(tmp_path: Path) -> None:
    perform(
        tmp_path,
        ASK,
        "tty right\nlango\nttyout passphrase\n! ttyout hunter2\n! stdout .\n"
        "tty wrong\nexit 13 lango\n"
        "-- right --\nhunter2\nhunter2\n-- wrong --\nhunter2\nhunter3\n",
    )


def test_without_tty_there_is_no_terminal_to_open(tmp_path: Path) -> None:
    perform(tmp_path, "open('/dev/tty')", "exit 1 lango\nstderr 'No such device'\n")


def test_streams_are_compared_byte_for_byte(tmp_path: Path) -> None:
    perform(
        tmp_path,
        TALK,
        "stdin any\nlango cat\ncmp stdout any\n! cmp stdout other\n"
        "sh lango cat < bare | cmp - bare\n"
        "exit 20 lango fail\nstderr '^error: no'\n! stdout .\n"
        "-- any base64 --\nAAH/gA==\n-- other --\nx\n-- bare bare --\nvalue\n",
    )
    assert (tmp_path / "any").read_bytes() == b"\x00\x01\xff\x80"
    assert (tmp_path / "bare").read_bytes() == b"value"


def test_a_large_stdin_is_fed_while_the_output_is_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(4 * 1024 * 1024))
    perform(tmp_path, TALK, "stdin large\nlango cat\ncmp stdout large\n")


def test_streams_can_be_the_terminal_itself(tmp_path: Path) -> None:
    perform(
        tmp_path,
        TALK,
        r"lango kind"
        "\n"
        r"stdout '^\[False, False, False\]$'"
        "\n"
        "on tty\nlango kind\n"
        r"ttyout '^\[True, True, True\]$'"
        "\n! stdout .\n"
        "on tty stdout\nlango kind\n"
        r"ttyout '^\[False, True, False\]$'"
        "\n",
    )


def test_a_stream_can_be_closed_from_the_start(tmp_path: Path) -> None:
    program = "import os, sys; os.fstat(int(sys.argv[1]))"
    perform(tmp_path, program, "lango 2\nclosed stdout\nexit 1 lango 1\nstderr 'Bad file'\n")


def test_signals_arrive_after_the_words_that_they_wait_for(tmp_path: Path) -> None:
    program = "import signal; print('ready', flush=True); signal.pause()"
    perform(
        tmp_path,
        program,
        f"signal TERM ready\nexit {128 + signal.SIGTERM} lango\nstdout ready\n",
    )


def test_a_typed_control_c_interrupts(tmp_path: Path) -> None:
    program = "import sys\ntry: input('sure? ')\nexcept KeyboardInterrupt: sys.exit(130)"
    perform(tmp_path, program, "on tty\ntty keys\nexit 130 lango\n-- keys --\n^C\n")


def test_the_word_asked_for_is_typed_back(tmp_path: Path) -> None:
    program = """
import sys
print("1. abandon   12. zoo")
sys.exit(0 if input("word 12: ") == "zoo" and input("word 1: ") == "abandon" else 13)
"""
    perform(tmp_path, program, "on tty\ntty words\nlango\n-- words --\n<word>\n<word>\n")


def test_the_terminal_has_the_size_given(tmp_path: Path) -> None:
    program = "import os; print(os.get_terminal_size())"
    perform(tmp_path, program, "resize 30 132\non tty\nlango\nttyout 'columns=132, lines=30'\n")


def test_files_and_modes_are_checked(tmp_path: Path) -> None:
    perform(
        tmp_path,
        "",
        "write deep/config.toml config\nmode deep/config.toml 0600\nmode deep 0700\n"
        "exists deep\n! exists deeper\ncmp deep/config.toml config\n"
        "sh chmod 0640 deep/config.toml\nmode deep/config.toml 0640\n-- config --\na = 1\n",
    )


def test_variables_hold_until_they_are_unset(tmp_path: Path) -> None:
    perform(
        tmp_path,
        "import os; print(os.environ.get('LANGO_X', 'none'))",
        "env LANGO_X=$WORK/a\nlango\nstdout '/a$'\nunset LANGO_X\nlango\nstdout '^none$'\n",
    )


@pytest.mark.parametrize(
    "transcript",
    [
        "lango fail",
        "exit 3 lango fail",
        "lango kind\nstdout nothing",
        "lango kind\n! stdout False",
        "exists nowhere",
        "lango kind\ncmp stdout other\n-- other --\nx\n",
        "sh false",
    ],
)
def test_what_is_not_as_written_fails_and_names_the_line(tmp_path: Path, transcript: str) -> None:
    with pytest.raises(AssertionError, match=r"line \d: "):
        perform(tmp_path, TALK, transcript)


def test_an_unknown_step_is_no_passed_step(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown step"):
        perform(tmp_path, TALK, "stdoud x")


def test_no_variable_of_the_person_reaches_a_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGO_PASSPHRASE", "theirs")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    stage = perform(tmp_path, "import os; print(sorted(os.environ))", "lango\n! stdout DBUS")
    assert "LANGO_PASSPHRASE" not in stage.outcome.text("stdout")
    assert stage.env["LANGO_HOME"].startswith(str(tmp_path))


def test_sections_end_the_script() -> None:
    assert parse("lango a\n-- b --\nlango c\n") == (["lango a\n"], {"b": b"lango c\n"})

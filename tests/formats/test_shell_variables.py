"""Variables that a shell keeps for itself are refused; every other one arrives."""

from __future__ import annotations

import subprocess

import pytest

from lango_cli.errors import UsageProblem
from lango_cli.formats import catalogue, shells
from lango_cli.formats.entry import VARIABLE, Entry
from lango_cli.secret import SecretBytes
from tests.formats.readers import PATH, home
from tests.parts import require

LISTING = {
    "bash": ("shell", ["--norc", "-c", "compgen -v"]),
    "zsh": (
        "shell",
        ["-f", "-c", "zmodload zsh/parameter zsh/datetime; print -l ${(k)parameters}"],
    ),
    "dash": ("shell", ["-c", "set | sed -n 's/=.*//p'"]),
    "fish": ("fish", ["--no-config", "-c", "set --names"]),
}
SPENT = {"PATH"}
"""Without it nothing can be started that shows the rest."""


@pytest.mark.parametrize("program", LISTING)
def test_each_variable_that_a_shell_has_is_refused_or_arrives(program: str) -> None:
    form, options = LISTING[program]
    path = require(program)
    bare = {"PATH": PATH, "HOME": home(), "LC_ALL": "C.UTF-8"}
    listed = subprocess.run([path, *options], env=bare, capture_output=True, text=True)
    names = [name for name in listed.stdout.split() if VARIABLE.fullmatch(name)]
    assert len(names) > 3
    kept = shells.KEPT_BY_FISH if form == "fish" else shells.KEPT
    for name in names:
        if name in kept | SPENT:
            continue
        data = catalogue.write(form, [Entry(name, SecretBytes(b"a b'c"))])
        script = "source -; exec env -0" if form == "fish" else 'eval "$(cat)"; exec env -0'
        start = [*options[: options.index("-c")], "-c", script]
        done = subprocess.run([path, *start], input=data, env=bare, capture_output=True)
        assert f"{name}=a b'c".encode() in done.stdout.split(b"\0"), name


def test_what_a_shell_keeps_is_refused_by_name() -> None:
    for form, name in (("shell", "UID"), ("shell", "PPID"), ("fish", "status")):
        with pytest.raises(UsageProblem, match=f"{name}: the shell keeps {name} for itself"):
            catalogue.write(form, [Entry(name, SecretBytes(b"1"))])


@pytest.mark.parametrize(
    "line",
    ["A=$B", "A=$(id)", "A=`id`", 'A="$B"', 'A="`id`"', "A='x", "rm -rf x", "A=b c", "A=(1 2)",
     "A=b; id", "export A", "A+=b", "A=$'\\cA'", "A=b | c", "A=b && c", "A=*", "A=~", "A=b>c"],
)  # fmt: skip
def test_what_would_have_to_be_run_is_refused(line: str) -> None:
    parsed = catalogue.read("shell", f"OK=1\n{line}\nAFTER=2\n".encode())
    assert [problem.place for problem in parsed.problems] == ["line 2"]
    assert {entry.name for entry in parsed.entries} - {"A"} == {"OK", "AFTER"}


def test_what_people_write_by_hand_is_read() -> None:
    text = (
        '# settings\nA=plain; B=\'single\'\nexport C="a\\"b\\$c"  # said\n'
        "D=a\\ b'c'\"d\"\nE=$'x\\n\\x41'\nF=\n  export -- G=a:b,c\n"
    )
    parsed = catalogue.read("shell", text.encode())
    assert parsed.problems == []
    assert {entry.name: entry.value.reveal() for entry in parsed.entries} == {
        "A": b"plain", "B": b"single", "C": b'a"b$c', "D": b"a bcd", "E": b"x\nA", "F": b"",
        "G": b"a:b,c",
    }  # fmt: skip

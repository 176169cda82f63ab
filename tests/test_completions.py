"""The completions, as bash, zsh and fish themselves read them; and man pages, as groff does.

Each shell is asked what it would offer after some typed words. That the files are the command
tree's is tests/test_house.py's business.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.parts import require

TOP = Path(__file__).resolve().parent.parent
SHELLS = ("bash", "zsh", "fish")


def offered(shell: str, typed: str, folder: Path) -> set[str]:
    """What `shell` offers for the last word of `typed` (a trailing space: a new word)."""
    script = shlex.quote(str(TOP / "completions" / f"lango.{shell}"))
    words = typed.split(" ")
    listed = " ".join(shlex.quote(word) for word in words)
    programs = {
        "bash": f"source {script}; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}\n"
        '_lango; printf "%s\\n" "${COMPREPLY[@]}"',
        # What zsh would draw goes through these; -M and the like never occur.
        "zsh": '_describe() { local -a rows; rows=("${(P)@[-1][@]}")\n'
        'print -rl -- "${rows[@]%%:*}" }\n'
        f"compdef() {{ }}; compadd() {{ shift; print -rl -- $@ }}; _files() {{ print -rl -- * }}\n"
        f"source {script}; words=({listed}); CURRENT={len(words)}; _lango",
        "fish": f"source {script}; complete -C {shlex.quote(typed)}",
    }
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [require(shell), *options, "-c", programs[shell]],
        cwd=folder,
        env={
            "PATH": f"{folder}:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    names = {line.partition("\t")[0] for line in done.stdout.splitlines()}
    # zsh filters what it is offered by what was typed; the stand-ins above do not.
    return {name for name in names if name.startswith(words[-1])}


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered_where_they_stand(shell: str, tmp_path: Path) -> None:
    assert {"secrets", "init", "status"} <= offered(shell, "lango ", tmp_path)
    assert offered(shell, "lango secrets g", tmp_path) == {"get", "generate"}
    assert "list" in offered(shell, "lango keys slot ", tmp_path)
    assert "init" not in offered(shell, "lango secrets ", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_option_and_its_value_do_not_hide_the_command(shell: str, tmp_path: Path) -> None:
    assert "get" in offered(shell, "lango --home secrets --json secrets g", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_options_of_the_command_and_of_all_commands_are_offered(
    shell: str, tmp_path: Path
) -> None:
    assert {"--if-version", "--json"} <= offered(shell, "lango secrets set X --", tmp_path)
    assert "--if-version" not in offered(shell, "lango secrets get X --", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_alias_is_completed_like_the_command_it_stands_for(shell: str, tmp_path: Path) -> None:
    after_alias = offered(shell, "lango secrets read --", tmp_path)
    assert after_alias == offered(shell, "lango secrets get --", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_values_are_choices_files_or_nothing(shell: str, tmp_path: Path) -> None:
    (tmp_path / "a key").touch()
    assert offered(shell, "lango --color ", tmp_path) == {"auto", "always", "never"}
    files = offered(shell, "lango secrets get X --keyfile ", tmp_path)
    assert {name.replace("\\ ", " ") for name in files} == {"a key"}
    assert offered(shell, "lango secrets set X --note ", tmp_path) <= {""}


@pytest.mark.parametrize("shell", SHELLS)
def test_names_come_from_lango_and_only_where_a_name_may_stand(shell: str, tmp_path: Path) -> None:
    stand_in = tmp_path / "lango"
    stand_in.write_text('#!/bin/sh\necho "$*" >> calls\necho prod/db\necho "prod/a b"\n')
    stand_in.chmod(0o755)
    found = offered(shell, "lango secrets get prod", tmp_path)
    assert {name.replace("\\ ", " ") for name in found} == {"prod/db", "prod/a b"}
    assert (tmp_path / "calls").read_text().splitlines() == ["__complete prod"]
    for typed in ("lango ", "lango secrets ", "lango secrets get --", "lango secrets find x"):
        offered(shell, typed, tmp_path)
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_man_pages_are_read_without_a_warning() -> None:
    pages = sorted((TOP / "man").glob("*.1"))
    assert pages
    done = subprocess.run(
        [require("groff"), "-man", "-Tutf8", "-ww", "-z", *map(str, pages)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr

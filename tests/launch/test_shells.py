"""What `lango env` prints, read back by the shells it is for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.errors import UsageProblem
from lango_cli.launch.shells import line
from tests.parts import require

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = ("bash", "dash", "fish", "zsh")
HOSTILE = (
    b"",
    b"'",
    b"''",
    b"'''\\'",
    b"\\",
    b"\\'",
    b"\\\\'\\",
    b"$(touch pwned) `touch pwned` ${HOME} $HOME",
    b"'; touch pwned; '",
    b'"; touch pwned; "',
    b"!! !$ ^a^b",
    b"a\nb\n\n",
    b"\r\n\t\x01\x1b[31m\x7f",
    b"* ? [a-z] ~ {a,b} # not a comment",
    b"-n -e",
    b" leading and trailing ",
    b"\xff\xfe not UTF-8 \x80",
    "naïve ünïcode 한글".encode(),
    b"=cmd <(id) >(id) &|;",
    b"x" * 50_000,
)


def back(shell: str, values: list[bytes], folder: Path) -> list[bytes]:
    """The values as a program started by the shell sees them."""
    script = b"".join(line(shell, f"V{n}", value) for n, value in enumerate(values))
    printing = b"env -0\n"
    flags = {"fish": ["--no-config"], "zsh": ["-f"], "bash": ["--norc"], "dash": []}[shell]
    path = folder / f"{shell}.in"
    path.write_bytes(script + printing)
    how = {"fish": "source", "zsh": ".", "bash": ".", "dash": "."}[shell]
    done = subprocess.run(
        [require(shell), *flags, "-c", f"{how} ./{path.name}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    found = dict(one.split(b"=", 1) for one in done.stdout.split(b"\0") if one)
    return [found[b"V%d" % n] for n in range(len(values))]


@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_values_come_back_and_run_nothing(shell: str, tmp_path: Path) -> None:
    assert back(shell, list(HOSTILE), tmp_path) == list(HOSTILE)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_any_bytes_come_back(shell: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(shell)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\0", b"'")), max_size=40))
    def check(values: list[bytes]) -> None:
        assert back(shell, values, folder) == values

    check()


def test_zsh_with_rc_quotes_reads_the_same(tmp_path: Path) -> None:
    script = b"setopt rc_quotes\n" + line("zsh", "V", b"''a'''b'") + b"printf %s $V\n"
    (tmp_path / "in").write_bytes(script)
    done = subprocess.run(
        [require("zsh"), "-f", "in"], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == b"''a'''b'"


@pytest.mark.parametrize("shell", [*SHELLS, "sh"])
def test_a_zero_byte_is_refused(shell: str) -> None:
    with pytest.raises(UsageProblem, match="zero byte"):
        line(shell, "V", b"a\0b")

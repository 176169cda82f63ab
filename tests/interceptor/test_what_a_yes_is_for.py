"""A yes for `lango run`, `env` and `inject` is for all that decides what happens to the secret."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.interceptor.conftest import ENTRY, PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interceptor.conftest import Stand

TOKEN = "hunter2-swordfish-0123456789"
SET = ("--set", "T={{secret:demo/token}}")
RUN = ("run", *SET, "--", "sh", "-c", "echo got $T")


def start(
    stand: Stand, *words: str, env: dict[str, str] | None = None, stdin: str = ""
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(ENTRY), "typer", *words],
        env=stand.env | (env or {}),
        cwd=stand.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    stand.started.append(process)
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in said
    return process.returncode, said


@pytest.fixture
def granted(stand: Stand) -> Stand:
    """A vault with a yes for `RUN` that lasts."""
    stand.lango("secrets", "set", "demo/token", "-", stdin=TOKEN)
    process = start(stand, *RUN)
    request = stand.request()
    shown = json.loads(stand.lango("approve", "show", request, "--json"))["request"]
    names = {one["name"]: one["value"] for one in shown["parameters"]}
    assert names["program"].endswith("/sh")
    assert names["masked"] == "true"
    assert names['given["env T"]'] == "{{secret:demo/token}}"
    assert "environment.PATH" in names
    stand.lango("approve", "allow", request, "--yes", "--always")
    assert ended(process)[1].endswith("got [SECRET:demo/token]\n")
    stand.settings("approvalTimeoutSec = 1")
    return stand


def test_it_is_for_the_same_again(granted: Stand) -> None:
    assert ended(start(granted, *RUN)) == (0, "got [SECRET:demo/token]\n")
    assert TOKEN not in granted.lango("audit", "list", "--json")


@pytest.mark.parametrize(
    "words",
    [
        ("--no-masking", *SET),
        ("--set", "T=https://{{secret:demo/token}}"),
        (*SET, "--set", "U={{secret:demo/token}}"),
        (*SET, "--stdin", "{{secret:demo/token}}"),
        (*SET, "--env-file", "variables"),
    ],
)
def test_it_is_for_no_other_way_of_handing_over(granted: Stand, words: tuple[str, ...]) -> None:
    (granted.root / "variables").write_text("BASH_ENV=./mine\n")
    code, said = ended(start(granted, "run", *words, *RUN[3:]))
    assert (code, "approval_timed_out" in said, "got" in said) == (125, True, False), said


@pytest.mark.parametrize("name", ["LD_PRELOAD", "BASH_ENV", "https_proxy", "HOME"])
def test_it_is_for_no_other_environment(granted: Stand, name: str) -> None:
    code, said = ended(start(granted, *RUN, env={name: "/nowhere"}))
    assert (code, "approval_timed_out" in said, "got" in said) == (125, True, False), said


def test_it_is_for_no_other_program_of_the_same_name(granted: Stand, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "sh").write_text("#!/bin/sh\necho got it\n")
    (mine / "sh").chmod(0o755)
    code, said = ended(start(granted, *RUN, env={"PATH": f"{mine}:{granted.env['PATH']}"}))
    assert (code, "got it" in said) == (125, False), said


def test_of_a_template_it_is_for_that_text_alone(stand: Stand) -> None:
    stand.lango("secrets", "set", "demo/token", "-", stdin=TOKEN)
    process = start(stand, "inject", stdin="token = {{secret:demo/token}}")
    stand.lango("approve", "allow", stand.request(), "--yes", "--always")
    assert ended(process)[0] == 0
    again = start(stand, "inject", stdin="token = {{secret:demo/token}}")
    assert ended(again) == (0, f"token = {TOKEN}")
    stand.settings("approvalTimeoutSec = 1")
    other = start(stand, "inject", stdin="https://elsewhere/{{secret:demo/token}}")
    code, said = ended(other)
    assert (code, TOKEN in said) == (51, False), said

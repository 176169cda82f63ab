"""lango.toml: what it may say, and what it may not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.config import project
from lango_cli.errors import FileProblem, InvalidSetting, LangoError

if TYPE_CHECKING:
    from pathlib import Path


def read(tmp_path: Path, text: str | bytes) -> project.Project:
    path = tmp_path / project.NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o644)
    return project.read(str(path))


def test_a_variable_says_what_it_is_and_where_it_comes_from(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '[run]\ninherit = false\n[env.A]\ntype = "integer"\ndefault = 8080\n'
        '[env.B]\nreference = "{{secret:b}}"\ndescription = "for b"\n[env.C]\nrequired = false\n',
    )
    a, b, c = found.variables
    assert (a.type, a.text, found.inherit) == ("integer", "8080", False)
    assert (b.text, b.description, b.required) == ("{{secret:b}}", "for b", True)
    assert (c.text, c.required) == (None, False)


@pytest.mark.parametrize(
    "text",
    [
        "masking = false",
        "[run]\nmasking = false",
        "[run]\ncommand = 'id'",
        "[run]\ninherit = 1",
        "[audit]\nreads = 'off'",
        "[security.interceptor]\nenabled = false",
        "[vault]\nhome = '/tmp'",
        "[env]\nA = 'x'",
        "env = 3",
        "[env.A]\ncommand = 'id'",
        "[env.A]\ntype = 'shell'",
        "[env.A]\ntype = 3",
        "[env.A]\nrequired = 'no'",
        "[env.A]\nreference = 3",
        "[env.A]\ndefault = [1]",
        "[env.A]\ndefault = 'x'\ntype = 'integer'",
        "[env.A]\ndefault = 'x'\nreference = '{{secret:x}}'",
        "[env.A]\ndefault = 0x1" + "0" * 5000,
        "[env.LD_PRELOAD]\ndefault = './mine.so'",
        "[env.PROMPT_COMMAND]\ndefault = 'id'",
        "[env.LANGO_PASSPHRASE_COMMAND]\ndefault = 'id'",
        "[env.LANGO_HOME]\ndefault = '/tmp'",
        "[env.https_proxy]\ndefault = 'http://elsewhere'",
        "[env.GIT_SSH_COMMAND]\nreference = '{{secret:x}}'",
        "[env.'A B']",
        "[env.1A]",
        "[env.A",
    ],
)
def test_what_is_not_a_projects_to_say_is_an_error_that_names_the_file(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(InvalidSetting, match=project.NAME):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", ["0", "-7", "8080"], ["", "1.5", "0x1", "1_0", "²", " 1"]),
        ("number", ["0", "-1.5", "1e3"], ["", "nan", "inf", "1_0", "x"]),
        ("boolean", ["true", "false"], ["", "yes", "1", "True"]),
        ("url", ["https://a", "postgres://u:p@h/d"], ["", "a", "://x", "https://", "1a://x"]),
        ("string", ["", "anything"], []),
    ],
)
def test_types_are_what_they_say(kind: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not project.fits(kind, text)] == []
    assert [text for text in bad if project.fits(kind, text)] == []


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / project.NAME).touch()
    assert project.find(str(deep)) == str(tmp_path / project.NAME)
    (tmp_path / "a" / project.NAME).touch()
    assert project.find(str(deep)) == str(tmp_path / "a" / project.NAME)


def test_a_file_that_others_may_write_or_own_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / project.NAME
    path.touch()
    path.chmod(0o646)
    with pytest.raises(FileProblem, match="written by everybody"):
        project.read(str(path))
    if os.geteuid() == 0:
        path.chmod(0o644)
        os.chown(path, 12345, 12345)
        with pytest.raises(FileProblem, match="belongs to another user"):
            project.read(str(path))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    try:
        read(tmp_path_factory.mktemp("any"), data)
    except LangoError:
        return


def test_a_project_may_ask_for_a_variable_that_decides_what_runs_but_not_set_it(
    tmp_path: Path,
) -> None:
    (found,) = read(tmp_path, "[env.KUBECONFIG]\ndescription = 'which cluster'\n").variables
    assert (found.name, found.text, found.required) == ("KUBECONFIG", None, True)

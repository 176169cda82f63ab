"""Secrets that root lays out for a service: as container engines and systemd mount them."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.errors import FileProblem

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unprivileged import Person

ROOT, ME, STRANGER = 0, 1000, 1001


class Doubled:
    """The module `os`, but for what a double says of the caller and the file."""

    def __init__(self, double: object) -> None:
        self._double = double

    def __getattr__(self, name: str) -> object:
        return getattr(self._double, name, None) or getattr(os, name)


def reads(path: Path, *, given: bool) -> bool:
    """Whether lango takes a secret from there."""
    try:
        return files.read_private(str(path), 10, given=given) == b"x"
    except FileProblem:
        return False


@pytest.mark.parametrize(
    ("caller", "owner", "mode", "flags", "accepted"),
    [
        (ME, ROOT, 0o444, 0, True),
        (ME, ROOT, 0o440, 0, True),
        (ME, ROOT, 0o600, 0, True),
        (ME, ROOT, 0o464, 0, False),
        (ME, ROOT, 0o446, 0, False),
        (ME, ME, 0o444, os.ST_RDONLY, False),
        (ME, STRANGER, 0o444, os.ST_RDONLY, False),
        (ME, STRANGER, 0o400, 0, False),
        (ROOT, ROOT, 0o444, 0, False),
        (ROOT, ROOT, 0o444, os.ST_RDONLY, True),
        (ROOT, ROOT, 0o466, os.ST_RDONLY, False),
    ],
)
def test_others_may_read_what_root_lays_out_and_write_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caller: int,
    owner: int,
    mode: int,
    flags: int,
    accepted: bool,
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    double = SimpleNamespace(
        geteuid=lambda: caller,
        fstat=lambda _fd: SimpleNamespace(st_uid=owner, st_mode=0o100000 | mode),
        fstatvfs=lambda _fd: SimpleNamespace(f_flag=flags),
    )
    monkeypatch.setattr(files, "os", Doubled(double))
    assert reads(path, given=True) == accepted
    assert not reads(path, given=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay a file out")
def test_a_service_reads_what_root_laid_out_for_it(nobody: Person) -> None:
    made = nobody.run(["lango", "init", "--keyfile", "--no-recovery"])
    assert made.returncode == 0, made.stderr
    keyfile = nobody.home / "lango" / "keyfile"
    laid = nobody.home / "laid"
    laid.write_bytes(keyfile.read_bytes())
    keyfile.unlink()
    named = {"LANGO_KEYFILE": str(laid)}
    for mode, code in ((0o444, 0), (0o464, 13), (0o446, 13)):
        laid.chmod(mode)
        assert nobody.run(["lango", "secrets", "list"], env=named).returncode == code
    nobody.give(laid, 0o444)
    done = nobody.run(["lango", "secrets", "list"], env=named)
    assert done.returncode == 13
    assert b"chmod 600" in done.stderr

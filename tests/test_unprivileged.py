"""The user without privileges, whom the tests of permissions rely on, is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unprivileged import Person


def test_nobody_is_not_root_and_has_no_group_of_ours(nobody: Person) -> None:
    done = nobody.run(
        [nobody.installed.python, "-c", "import os; print(os.getuid(), os.getgroups())"]
    )
    uid, groups = done.stdout.decode().split(maxsplit=1)
    assert int(uid) == nobody.uid != 0
    assert os.geteuid() != 0 or groups.strip() in ("[]", f"[{nobody.uid}]")


def test_nobody_is_stopped_by_a_mode(nobody: Person) -> None:
    file = nobody.home / "closed"
    file.write_text("x")
    nobody.give(file, 0o000)
    assert nobody.run(["cat", str(file)]).returncode != 0


def test_nobody_has_a_home_to_write_in(nobody: Person) -> None:
    assert nobody.run(["sh", "-c", "touch new && test -O . && test -w $HOME"]).returncode == 0
    assert (nobody.home / "new").stat().st_uid == nobody.uid


def test_nobody_runs_the_installed_lango(nobody: Person) -> None:
    done = nobody.run(["lango", "--version"])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"lango ")

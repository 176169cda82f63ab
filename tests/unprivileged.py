"""Lango as its users have it: installed from the wheel, and run by someone who is not root.

Two fixtures. `installed`: an environment with the wheel of this tree and exactly the packages it
declares, so that a forgotten dependency shows. `nobody`: a user with a home of their own who can
reach that environment; root passes every permission and ptrace check, so tests of those mean
something only here. Where the suite itself is not run by root, `nobody` is whoever runs it.

The rule: made once a run, for all workers, and nothing is downloaded; the packages are copied from
the environment that runs the tests.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.parts import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOP = Path(__file__).resolve().parent.parent
NOBODY = 65534
"""The user and group id that by custom own nothing."""
REACH = "import sys; print(sys.implementation.cache_tag)"


@dataclass(frozen=True)
class Installed:
    """An environment that any user can start."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def lango(self) -> str:
        """The command, as pip put it there."""
        return str(self.folder / "bin" / "lango")


@dataclass(frozen=True)
class Person:
    """A user without privileges, with a home (0700) of their own."""

    home: Path
    installed: Installed
    uid: int

    def environment(self, **more: str) -> dict[str, str]:
        """What a login gives them, and `more`."""
        return {
            "HOME": str(self.home),
            "LANGO_HOME": str(self.home / "lango"),
            "PATH": f"{Path(self.installed.python).parent}:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **more,
        }

    def run(
        self, argv: list[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this user, in their home; `lango` is on the PATH."""
        variables = self.environment(**(env or {}))
        program = shutil.which(argv[0], path=variables["PATH"]) or argv[0]
        return run_as(self.uid, [program, *argv[1:]], variables, self.home, stdin)

    def give(self, path: Path, mode: int) -> None:
        """Make a file or folder theirs."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        path.chmod(mode)


def run_as(
    uid: int, argv: list[str], env: Mapping[str, str], cwd: Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as `uid` without any group but its own; plainly where that is us already."""
    if uid == os.geteuid():
        return subprocess.run(argv, env=dict(env), cwd=cwd, input=stdin, capture_output=True)
    return subprocess.run(
        argv,
        env=dict(env),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        user=uid,
        group=uid,
        extra_groups=[],
    )


def reachable_interpreter() -> str | None:
    """A base interpreter that an unprivileged user can start, of the same version as this one."""
    uid = NOBODY if os.geteuid() == 0 else os.geteuid()
    base = getattr(sys, "_base_executable", sys.executable)
    for python in (base, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = run_as(uid, [python, "-I", "-c", REACH], {}, Path("/"))
        except OSError:
            continue
        if done.stdout.decode().strip() == sys.implementation.cache_tag:
            return python
    return None


def needed() -> set[str]:
    """The names of all packages that lango needs, and what these need."""
    import tomllib

    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    names: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        extras = requirement.extras or {""}
        applies = requirement.marker is None or requirement.marker.evaluate()
        if requirement.name in names or not applies:
            continue
        names.add(requirement.name)
        for line in metadata.requires(requirement.name) or ():
            below = Requirement(line)
            if below.marker is None or any(below.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(Requirement(line.partition(";")[0]))
    return names


def copy_packages(target: Path) -> None:
    """Copy the files of every needed package into another environment's site-packages."""
    for name in sorted(needed()):
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            if ".." not in file.parts and source.is_file():
                goal = target / file
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, goal)


def install(folder: Path, base: str) -> None:
    """Make the environment: the declared packages, and the wheel of this tree by pip."""
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PIP_NO_INDEX": "1"}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"

    def quietly(*command: str) -> None:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    python = str(folder / "bin" / "python")
    wheels = folder.parent / "wheels"
    pip = (sys.executable, "-m", "pip")
    quietly(base, "-m", "venv", "--without-pip", str(folder))
    library = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    copy_packages(library)
    quietly(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(TOP))
    (wheel,) = wheels.glob("*.whl")
    quietly(*pip, "--python", python, "install", "--no-deps", str(wheel))
    quietly("chmod", "-R", "a+rX", str(folder))


@pytest.fixture(scope="session")
def installed(shared_folder: Path) -> Installed:
    """Lango from the wheel, reachable by every user."""
    folder = shared_folder / "installed"
    base = reachable_interpreter()
    if base is None:
        unavailable("no interpreter of this version that an unprivileged user can start")
    with (shared_folder / "installed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared_folder / "installed.done"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            install(folder, base)
            done.touch()
    return Installed(folder)


@pytest.fixture
def nobody(installed: Installed, shared_folder: Path, tmp_path: Path) -> Iterator[Person]:
    """A user without privileges; their home goes with the test."""
    home = shared_folder / f"{tmp_path.parent.name}-{tmp_path.name}"
    home.mkdir()
    person = Person(home, installed, NOBODY if os.geteuid() == 0 else os.geteuid())
    person.give(home, 0o700)
    yield person
    shutil.rmtree(home, ignore_errors=True)

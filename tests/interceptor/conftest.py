"""A vault that opens by its keyfile, settings that make it ask, and processes around it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
ENTRY = HERE.parent / "entry.py"
ASKER = HERE / "asker.py"
PATIENCE = 30.0
"""Seconds after which something that must happen is taken not to happen."""
USUAL = 'channels = ["watch"]\nanswers = "anywhere"\n'


def until(true: Callable[[], bool], what: str) -> None:
    """Poll until something is so; the test fails where it is not in time."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not so after {PATIENCE} s: {what}"
        time.sleep(0.01)


@dataclass
class Stand:
    """A home with a vault in it, and who asks and answers there."""

    root: Path
    env: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def asking(self) -> Path:
        """Where the sockets of questions stand."""
        return self.root / "state" / "lango" / "asking"

    def settings(self, top: str = "", below: str = USUAL) -> None:
        """Write config.toml: lines of security.interceptor, and of its approval."""
        path = Path(self.env["LANGO_HOME"]) / "config.toml"
        head = f"[security.interceptor]\nenabled = true\n{top}\n"
        path.write_text(f"{head}[security.interceptor.approval]\n{below}\n")
        path.chmod(0o600)

    def lango(self, *arguments: str, code: int = 0, stdin: str = "") -> str:
        """What a command prints, stderr last; it has no terminal."""
        done = subprocess.run(
            [sys.executable, str(ENTRY), "typer", *arguments],
            env=self.env,
            cwd=self.root,
            input=stdin,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"exit {done.returncode}, wanted {code}: {said}"
        return said

    def ask(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start somebody who asks; without a terminal."""
        process = subprocess.Popen(
            [sys.executable, str(ASKER), *arguments],
            env=self.env | (env or {}),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def asked(self, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """The exit code of somebody who asks, and what they say."""
        process = self.ask(*arguments, env=env)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def request(self, other: str = "") -> str:
        """The id of the request that stands, or comes to stand, and is not `other`."""
        found: list[str] = []

        def there() -> bool:
            names = os.listdir(self.asking) if self.asking.exists() else []
            found[:] = [n.partition("-")[2].partition(".")[0] for n in names if ".new" not in n]
            return any(name != other for name in found)

        until(there, "a request stands")
        return next(name for name in found if name != other)

    def audit(self) -> list[dict[str, object]]:
        """The records of decisions, the oldest first."""
        import json

        said = self.lango("audit", "list", "--json")
        records: list[dict[str, object]] = json.loads(said)["records"]
        return [record for record in records if str(record["event"]).startswith("approval")]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A vault whose questions are answered by `lango approve`, from anywhere."""
    env = {
        "HOME": str(tmp_path),
        "LANGO_HOME": str(tmp_path / "vault"),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": os.environ.get("PATH", os.defpath),
        "TERM": "xterm",
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    stand = Stand(tmp_path, env)
    stand.lango("init", "--keyfile", "--no-recovery")
    stand.settings()
    yield stand
    for process in stand.started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

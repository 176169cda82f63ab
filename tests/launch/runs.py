"""A vault to run commands from, and `lango run` as a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "hunter2-swordfish-0123456789"


class Lango:
    """A home with a keyfile and one secret, `demo/token`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        self.command = [sys.executable, "-m", "lango_cli"]
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANGO_HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(runtime),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "PYTHONPATH": os.getcwd(),
        }
        self("init", "--keyfile", "--no-recovery")
        self("secrets", "set", "demo/token", "-", stdin=TOKEN.encode())

    def __call__(self, *words: str, stdin: bytes = b"", code: int = 0) -> bytes:
        """Run to the end with this code; what it printed."""
        done = subprocess.run(
            [*self.command, *words], env=self.env, input=stdin, capture_output=True
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout

    def start(self, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        """`lango run` with these words, on pipes unless `more` says otherwise."""
        given: dict[str, Any] = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        more = {**given, "bufsize": 0, **more}
        process = subprocess.Popen(
            [*self.command, "run", *words], env=self.env, process_group=0, **more
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what was started and is not over, and let go of its streams."""
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.started.clear()

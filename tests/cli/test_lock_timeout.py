"""How long a command waits for another writer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import Busy
from tests.cli.test_profiles import Home

if TYPE_CHECKING:
    from pathlib import Path


def test_a_command_waits_for_another_writer_as_long_as_the_setting_says(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.run("init", "--keyfile", "--no-recovery").returncode == 0
    # The last is longer than the default, so that no other wait is taken for it.
    for seconds in (1, 11):
        assert home.run("settings", "set", "vault.lockTimeout", f"{seconds}s").returncode == 0
        with files.Lock(str(tmp_path / "lango" / "vault.lock"), 0):
            begun = time.monotonic()
            done = home.run("secrets", "set", "a", "--generate", "hex:8")
        assert done.returncode == Busy.code
        assert time.monotonic() - begun >= seconds
    assert home.run("secrets", "set", "a", "--generate", "hex:8").returncode == 0

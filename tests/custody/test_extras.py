"""What is not installed is said with the command that installs it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unprivileged import Installed

URIS = {
    "aws": "aws-kms:alias/kek?region=eu-west-1",
    "pkcs11": "pkcs11:token=t;object=kek?module-path=/usr/lib/softhsm/libsofthsm2.so",
}
"""Extra: a key that needs it."""


@pytest.mark.parametrize("extra", URIS)
def test_a_provider_whose_library_is_missing_names_the_command_that_installs_it(
    installed: Installed, tmp_path: Path, extra: str
) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANGO_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [installed.lango, "init", "--no-recovery", "--kms", URIS[extra]],
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 42, done.stderr
    assert f"hint: {installed.python} -m pip install 'lango[{extra}]'" in done.stderr
    assert not (tmp_path / "home" / "vault.json").exists()

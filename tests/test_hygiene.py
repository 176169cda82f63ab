"""What a process that holds keys keeps from others, tried as a user without privileges.

Root passes every check of modes and ptrace, so all of this runs as `nobody`, against a command
that waits with the vault's passphrase on its way in.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
from tests.vault.place import Place, weaken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unprivileged import Person

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl are Linux's")

WATCHER = """
import ctypes, os, sys
pid = sys.argv[1]
for name in ("environ", "mem", "fd"):
    path = f"/proc/{pid}/{name}"
    try:
        os.listdir(path) if name == "fd" else open(path, "rb").read(1)
    except PermissionError:
        print(name, "refused")
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH = 16
if libc.ptrace(PTRACE_ATTACH, int(pid), None, None) == -1 and ctypes.get_errno() == 1:
    print("ptrace refused")
"""


@pytest.fixture
def waiting(nobody: Person) -> Iterator[subprocess.Popen[bytes]]:
    """A `lango secrets list` of that user which waits for its passphrase on a pipe."""
    assert nobody.run(["lango", "init", "--keyfile", "--no-recovery"]).returncode == 0
    command = [nobody.installed.lango, "secrets", "list", "--passphrase-fd", "0", "--debug"]
    as_user = {"user": nobody.uid, "group": nobody.uid} if os.geteuid() == 0 else {}
    process = subprocess.Popen(
        command,
        env=nobody.environment(),
        cwd=nobody.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **as_user,  # type: ignore[call-overload]  # user and group alone
    )
    assert process.stderr is not None
    assert b"command read" in process.stderr.readline()
    yield process
    process.communicate(b"wrong\n")


@linux
def test_a_running_command_cannot_be_looked_into_by_its_own_user(
    nobody: Person, waiting: subprocess.Popen[bytes]
) -> None:
    done = nobody.run([nobody.installed.python, "-c", WATCHER, str(waiting.pid)])
    assert set(done.stdout.decode().splitlines()) == {
        "environ refused",
        "mem refused",
        "fd refused",
        "ptrace refused",
    }


@linux
def test_a_running_command_leaves_no_core_and_private_files(
    waiting: subprocess.Popen[bytes],
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root sees the limits of a process that is not dumpable")
    folder = Path(f"/proc/{waiting.pid}")
    limits = folder.joinpath("limits").read_text()
    assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE)
    assert re.search(r"^Umask:\s+0077$", folder.joinpath("status").read_text(), re.MULTILINE)


def test_every_file_of_a_vault_is_private_whatever_the_umask(nobody: Person) -> None:
    script = "umask 0; lango quickstart >/dev/null && lango secrets get demo/quickstart >/dev/null"
    done = nobody.run(["sh", "-c", script])
    assert done.returncode == 0, done.stderr
    home, state = nobody.home / "lango", nobody.home / ".local" / "state" / "lango"
    for folder in (home, state):
        assert folder.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("option", [None, "me"])
def test_one_unlock_derives_one_passphrase(
    option: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lango_cli.crypto import passphrase

    weaken()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    place = Place(tmp_path)
    place.create(passphrase=True).close()
    counted = []
    derive = passphrase.pbkdf2_sha256

    def counting(*arguments: bytes | int) -> bytes:
        counted.append(1)
        return derive(*arguments)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(passphrase, "pbkdf2_sha256", counting)
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    flags = Flags()
    flags.home, flags.passphrase_file, flags.slot = str(place.folder), str(secret), option
    with opening.open_vault(flags, None, print) as vault:
        vault.secrets.names()
    assert len(counted) == 1

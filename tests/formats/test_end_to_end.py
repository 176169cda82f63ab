"""The whole way: a .env of 200 hostile values through the vault and out to every real reader."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import UsageProblem
from lango_cli.formats import catalogue
from tests.formats import hostile
from tests.formats.readers import READERS, python_dotenv
from tests.parts import require

if TYPE_CHECKING:
    from pathlib import Path


class Home:
    """A vault in a folder, used through the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANGO_HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "state"),
            "LC_ALL": "C.UTF-8",
        }
        self.lango("init", "--keyfile", "--no-recovery")

    def lango(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
        """Run it, to this exit code."""
        command = [sys.executable, "-m", "lango_cli", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, timeout=120
        )
        assert done.returncode == code, done.stderr.decode(errors="replace")[:2000]
        return done


def test_two_hundred_hostile_values_go_in_and_out_to_every_reader(tmp_path: Path) -> None:
    values = hostile.two_hundred()
    assert len(set(values)) == 200
    fitting = [value for value in values if _fits("dotenv-python", value)]
    entries = hostile.entries(fitting)
    home = Home(tmp_path)
    (tmp_path / "hostile.env").write_bytes(catalogue.write("dotenv-python", entries))
    wanted = {entry.key: entry.value.reveal() for entry in entries}
    assert python_dotenv((tmp_path / "hostile.env").read_bytes()) == wanted
    home.lango("secrets", "import", "hostile.env", "--format", "dotenv-python", "--prefix", "a/")
    # What python-dotenv cannot be given goes in by another way, so that there are 200.
    rest = hostile.entries(value for value in values if value not in fitting)
    for number, entry in enumerate(rest):
        entry.name = f"V_R{number:02}"
        wanted[entry.name] = entry.value.reveal()
    (tmp_path / "rest.json").write_bytes(catalogue.write("json", rest, ""))
    home.lango("secrets", "import", "rest.json", "--prefix", "a/")
    assert len(wanted) == 200
    for form, readers in READERS.items():
        refused = sorted(n for n, value in wanted.items() if not _fits(form, value.decode()))
        if refused:
            failed = home.lango("secrets", "export", "a", "--format", form, code=2)
            assert failed.stdout == b""
            assert refused[0] in failed.stderr.decode()
            kept = {name: value for name, value in wanted.items() if name not in refused}
            _copy(home, form, kept)
            written = home.lango("secrets", "export", f"for/{form}", "--format", form).stdout
        else:
            kept = wanted
            written = home.lango("secrets", "export", "a", "--format", form).stdout
        for name, read in readers.items():
            found = {key.removeprefix("a/"): value for key, value in read(written).items()}
            assert found == kept, f"{form} as {name} reads it"


def _fits(form: str, value: str) -> bool:
    try:
        catalogue.write(form, hostile.entries([value]))
    except UsageProblem:
        return False
    return True


def _copy(home: Home, form: str, kept: dict[str, bytes]) -> None:
    """The same secrets without those that the format refuses, in a folder of their own."""
    entries = hostile.entries(list(kept.values()))
    for entry, name in zip(entries, kept, strict=True):
        entry.name = name
    (home.folder / f"{form}.kept").write_bytes(catalogue.write("json", entries))
    more = ["--format", "json", "--prefix", f"for/{form}/"]
    home.lango("secrets", "import", f"{form}.kept", *more)


@pytest.mark.parametrize("program", ["pass"])
def test_a_real_store_of_pass_is_imported(program: str, tmp_path: Path) -> None:
    require("gpg")
    pass_ = require(program)
    home = Home(tmp_path)
    store = tmp_path / "store"
    home.environment |= {
        "GNUPGHOME": str(tmp_path / "gnupg"),
        "PASSWORD_STORE_DIR": str(store),
    }
    (tmp_path / "gnupg").mkdir(mode=0o700)

    def run(*command: str, data: bytes = b"") -> None:
        subprocess.run(
            command, env=home.environment, input=data, capture_output=True, check=True, timeout=120
        )

    key = ["--quick-gen-key", "tests@example.org", "default", "default", "never"]
    try:
        run("gpg", "--batch", "--passphrase", "", *key)
        run(pass_, "init", "tests@example.org")
        run(pass_, "insert", "-m", "web/shop", data=b"p'w\nuser: me\n")
        run(pass_, "insert", "-m", "plain", data=b"one line\n")
        home.lango("secrets", "import", str(store), "--prefix", "pass/")
        found = {
            name: home.lango("secrets", "get", name).stdout
            for name in home.lango("secrets", "list").stdout.decode().split()
        }
        assert found == {
            "pass/plain": b"one line",
            "pass/web/shop": b"p'w",
            "pass/web/shop/more": b"user: me",
        }
        (store / "broken.gpg").write_bytes(b"no message")
        failed = home.lango("secrets", "import", str(store), code=2)
        assert b"broken: gpg does not decrypt it" in failed.stderr
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=home.environment, check=False)

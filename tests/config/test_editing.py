"""`config.toml` is edited in place, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.config import editing, load
from lango_cli.errors import Conflict, InvalidSetting

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# what this machine is for
[vault]   # the vault
lockTimeout = "5s"  # slow disk

[unlock]
# in this order
order = [
    "session",  # first
    "prompt",
]
"""


def test_comments_order_and_spelling_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    editing.edit(str(path), {"vault.lockTimeout": "9s", "security.kms.azure.keyVersion": "a"})
    assert path.read_text().startswith(TEXT.replace('"5s"', '"9s"'))
    assert path.stat().st_mode & 0o777 == 0o600
    assert load.load(str(path), {}).text("security.kms.azure.keyVersion") == "a"
    editing.edit(str(path), {"vault.lockTimeout": "5s", "security.kms.azure.keyVersion": None})
    assert path.read_text().strip() == TEXT.strip()


def test_a_table_and_a_list_are_written_as_they_are_read(tmp_path: Path) -> None:
    path = str(tmp_path / "config.toml")
    table = {"id": r"\b[A-Z]{2,3}-\d{4,6}\b"}
    changes = {
        "security.interceptor.piiCustomPatterns": table,
        "security.interceptor.piiEnabledPatterns": ["email"],
        "security.interceptor.redactPii": True,
    }
    editing.edit(path, changes)
    found = load.load(path, {})
    assert found.table("security.interceptor.piiCustomPatterns") == table
    assert found.words("security.interceptor.piiEnabledPatterns") == ("email",)
    assert found.on("security.interceptor.redactPii")


def test_a_file_that_is_no_toml_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("vault = [")
    with pytest.raises(InvalidSetting):
        editing.edit(str(path), {"unlock.ttl": "1h"})
    assert path.read_text() == "vault = ["


def test_what_an_editor_saved_meanwhile_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    real = editing.edited

    def slowly(data: bytes, changes: dict[str, object], name: str) -> bytes:
        path.write_text("# theirs\n")
        return real(data, changes, name)

    monkeypatch.setattr(editing, "edited", slowly)
    with pytest.raises(Conflict):
        editing.edit(str(path), {"unlock.ttl": "1h"})
    assert path.read_text() == "# theirs\n"


KILLED = """
import itertools, sys
from lango_cli.config import editing
print("ready", flush=True)
for number in itertools.count():
    editing.edit(sys.argv[1], {"unlock.ttl": f"{number % 900 + 1}m"})
    if number == 20:
        print("going", flush=True)
"""


def test_a_kill_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        assert child.stdout.readline() == "going\n"
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        found = tomllib.loads(path.read_text())
        assert found["vault"] == {"lockTimeout": "5s"}
        assert found["unlock"]["ttl"].endswith("m")
        assert b"# in this order" in (files.read(str(path), 1 << 20) or b"")

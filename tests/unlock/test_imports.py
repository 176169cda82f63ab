"""The scripted path stays light: what its modules of this room may not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
HEAVY = {
    "asyncio",
    "base64",
    "collections",
    "contextlib",
    "ctypes",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "inspect",
    "json",
    "keyring",
    "logging",
    "msgspec",
    "pathlib",
    "platformdirs",
    "re",
    "shlex",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "tomllib",
    "typer",
    "typing",
    "unicodedata",
}


@pytest.mark.parametrize(
    "module", ["keyfile", "session", "session_process", "keyring", "sources", "child"]
)
def test_a_module_of_the_scripted_path_loads_nothing_heavy(module: str) -> None:
    code = (
        f"import sys; sys.path.append({str(TOP)!r}); before = set(sys.modules); "
        f"import lango_cli.unlock.{module}; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert f"lango_cli.unlock.{module}" in loaded.split()
    assert HEAVY.isdisjoint(loaded.split())

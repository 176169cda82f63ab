"""Vaults for the fault tests: weak key derivation, and each vault in a folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.vault.place import ROUNDS, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase costs a thousand rounds here, so that hundreds of unlocks fit into a run."""
    monkeypatch.setattr("lango_cli.crypto.passphrase.PBKDF2_MIN_ROUNDS", ROUNDS)
    monkeypatch.setattr(
        "lango_cli.crypto.passphrase.calibrated_rounds", lambda *_arguments, **_options: ROUNDS
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place without a vault yet, on the disk."""
    return Place(tmp_path / "place")


@pytest.fixture(scope="module")
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: for thousands of opens that need no disk."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="lango-tests-", dir=MEMORY if usable else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def memory_place(memory_folder: Path) -> Place:
    """A place without a vault yet, in memory."""
    return Place(Path(tempfile.mkdtemp(dir=memory_folder)) / "place")

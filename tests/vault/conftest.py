"""Vaults for the fault tests: weak key derivation, and each vault in a folder of its own."""

from __future__ import annotations

import pytest

from tests.vault.place import ROUNDS, Place


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase costs a thousand rounds here, so that hundreds of unlocks fit into a run."""
    monkeypatch.setattr("lango_cli.crypto.passphrase.PBKDF2_MIN_ROUNDS", ROUNDS)
    monkeypatch.setattr(
        "lango_cli.crypto.passphrase.calibrated_rounds", lambda *_arguments, **_options: ROUNDS
    )


@pytest.fixture
def place(tmp_path: object) -> Place:
    """A place without a vault yet."""
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    return Place(tmp_path / "place")

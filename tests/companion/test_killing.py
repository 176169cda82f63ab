"""A few of the kills of `python -m tests soak companions`, in each run of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.companion.killing import kill_clients, kill_companions, kill_pairers

if TYPE_CHECKING:
    from pathlib import Path

KILLS, SEED = 4, 5


@pytest.mark.parametrize("tls", [False, True], ids=["socket", "tls"])
def test_a_request_to_a_companion_that_dies_is_answered_rightly_or_unavailable(
    tmp_path: Path, tls: bool
) -> None:
    found = kill_companions(tmp_path, KILLS, SEED, tls=tls)
    assert found.kills == KILLS


@pytest.mark.parametrize("tls", [False, True], ids=["socket", "tls"])
def test_a_client_that_dies_leaves_the_companion_serving(tmp_path: Path, tls: bool) -> None:
    assert kill_clients(tmp_path, KILLS, SEED, tls=tls).answers == KILLS


def test_pairings_are_whole_whoever_dies_while_writing_them(tmp_path: Path) -> None:
    assert kill_pairers(tmp_path, KILLS, SEED).answers == KILLS

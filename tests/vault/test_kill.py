"""A vault survives `kill -9` at any moment of a write, of a slot's change and of its creation.

Two hundred kills each; `python -m tests soak` draws other moments and prints the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vault.killing import kill_changes, kill_creations, kill_writes
from tests.vault.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.vault.place import Place

KILLS = 200
SEED = 20260131


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the victims come from."""
    with Nursery() as found:
        yield found


def test_every_acknowledged_write_survives_a_kill(nursery: Nursery, memory_place: Place) -> None:
    figures = kill_writes(nursery, memory_place, KILLS, SEED)
    assert figures.kills == KILLS
    assert figures.acknowledged >= KILLS // 2, "the victims were killed before they were at work"


def test_after_a_kill_exactly_one_of_the_old_and_the_new_passphrase_opens(
    nursery: Nursery, memory_place: Place
) -> None:
    figures = kill_changes(nursery, memory_place, KILLS, SEED)
    assert figures.kills == KILLS
    assert figures.acknowledged >= KILLS // 2, "the victims were killed before they were at work"


def test_a_creation_that_was_killed_left_nothing_or_a_whole_vault(
    nursery: Nursery, memory_folder: Path
) -> None:
    figures = kill_creations(nursery, memory_folder, KILLS, SEED)
    assert figures.kills == KILLS
    assert 0 < figures.acknowledged + figures.unacknowledged_but_done < KILLS

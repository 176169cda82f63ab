"""A vault survives `kill -9` at any moment of a write, a slot's or key's change, its creation.

Two hundred kills each; `python -m tests soak` draws other moments and prints the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vault.killing import (
    kill_changes,
    kill_creations,
    kill_key_changes,
    kill_moves,
    kill_writes,
)
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


def test_a_re_encryption_that_was_killed_lost_nothing_and_is_gone_on_with(
    nursery: Nursery, memory_place: Place
) -> None:
    figures = kill_moves(nursery, memory_place, KILLS, SEED)
    assert figures.kills == KILLS
    assert figures.acknowledged >= KILLS // 2, "the victims were killed before they were at work"
    assert figures.unacknowledged_but_done >= KILLS // 20, "none was killed in the middle"


def test_keys_are_as_before_or_after_whenever_their_change_is_killed(
    nursery: Nursery, memory_place: Place
) -> None:
    figures = kill_key_changes(nursery, memory_place, KILLS, SEED)
    assert figures.kills == KILLS
    assert figures.acknowledged >= KILLS // 2, "the victims were killed before they were at work"

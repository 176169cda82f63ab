"""A rekey that was killed in the middle never stands in the way of the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.commands import kill_rekeys

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20
SEED = 20260131


def test_after_a_kill_of_db_rekey_a_plain_get_works_and_nothing_is_lost(tmp_path: Path) -> None:
    met = kill_rekeys(tmp_path / "killed", KILLS, 50, SEED)
    assert met.kills == KILLS

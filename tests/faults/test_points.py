"""Whatever point an operation is stopped at, the next plain command finds all of the old or new.

Every point of every operation in `cases`: see `points` for what that means, `look` for what is
asked of the vault, and `power` for the cuts of power, which are a replay.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import shim
from tests.faults.cases import BROKEN, CASES

if TYPE_CHECKING:
    from pathlib import Path

SEED = "20260131"
DRAWN = "8"
"""Disks that are drawn for each cut of power; `python -m tests soak power` draws many more."""
POINTS, POWER = "tests.faults.points", "tests.faults.power"


def told(library: Path, module: str, *arguments: str) -> dict[str, Any]:
    """What a run found, with its failures."""
    done = shim.start(library, module, *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_process_killed_at_any_point_leaves_a_whole_vault(library: Path, case: str) -> None:
    found = told(library, POINTS, case)
    assert not found["failures"], "\n\n".join(found["failures"])
    for kind in ("statement", "write", "half a write", "fsync"):
        assert found["kinds"][kind], f"no {kind} was met"


@pytest.mark.parametrize("case", CASES)
def test_a_power_cut_anywhere_leaves_a_whole_vault(library: Path, case: str) -> None:
    found = told(library, POWER, case, SEED, DRAWN)
    assert not found["failures"], "\n\n".join(found["failures"])
    assert found["cuts"] > found["steps"]["fsync"]


@pytest.mark.parametrize("case", BROKEN)
def test_an_operation_in_two_steps_is_found_out(library: Path, case: str) -> None:
    assert "neither old nor new" in told(library, POINTS, case)["failures"][0]


@pytest.mark.parametrize("kind", ["fsync", "fsync of a folder"])
def test_an_operation_that_forgets_to_sync_is_found_out(library: Path, kind: str) -> None:
    assert told(library, POWER, "rekey", SEED, DRAWN, kind)["failures"]

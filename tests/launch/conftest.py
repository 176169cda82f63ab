"""One vault for all the tests of a worker: none of them changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.launch.runs import Lango

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def home_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Lango:
    return Lango(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def lango(home_of_runs: Lango) -> Iterator[Lango]:
    yield home_of_runs
    home_of_runs.close()

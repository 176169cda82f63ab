"""The shim, built once for each test process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import shim
from tests.parts import require

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What has to be loaded before libc."""
    return shim.build(tmp_path_factory.mktemp("shim"), require("gcc"))

"""What every test of companions leaves: no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.companion.companions import close_all

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def hung_up() -> Iterator[None]:
    """Custodians keep their connection open until they are closed."""
    yield
    close_all()

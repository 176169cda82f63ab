"""The suite of all custodians, for keys of a companion whatever holds them behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.companion.companions import custodian
from tests.custody.suite import CustodianSuite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.custody.rpc import RpcCustodian
    from tests.companion.companions import Companion


def served(companion: Companion) -> Iterator[Companion]:
    """A companion while it runs, with one client."""
    companion.start()
    companion.client(companion.root / "client")
    yield companion
    companion.stop()


class CompanionSuite(CustodianSuite):
    """Three keys of a companion, called one (wraps), two (wraps) and three (signs)."""

    @pytest.fixture
    def companion(self) -> Companion:
        """The companion."""
        raise NotImplementedError

    @pytest.fixture
    def wrapping(self, companion: Companion) -> RpcCustodian:
        return custodian(companion.root / "client", companion.url, "one")

    @pytest.fixture
    def other(self, companion: Companion) -> RpcCustodian:
        return custodian(companion.root / "client", companion.url, "two")

    @pytest.fixture
    def signing(self, companion: Companion) -> RpcCustodian:
        return custodian(companion.root / "client", companion.url, "three")

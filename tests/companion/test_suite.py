"""The suite of all custodians, against a real companion over both transports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.companion.companions import Companion, custodian
from tests.custody.suite import CustodianSuite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.custody.rpc import RpcCustodian


def serving(root: Path, *, tls: bool) -> Iterator[Companion]:
    """A companion that runs, with one client."""
    companion = Companion(root, tls=tls)
    companion.start()
    companion.client(companion.root / "client")
    yield companion
    companion.stop()


@pytest.fixture(scope="module")
def at_a_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    yield from serving(tmp_path_factory.mktemp("socket"), tls=False)


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    yield from serving(tmp_path_factory.mktemp("tls"), tls=True)


class Over(CustodianSuite):
    """Three keys of a companion."""

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


class TestOverASocket(Over):
    """A Unix socket."""

    @pytest.fixture
    def companion(self, at_a_socket: Companion) -> Companion:
        return at_a_socket


class TestOverTls(Over):
    """Mutual TLS."""

    @pytest.fixture
    def companion(self, over_tls: Companion) -> Companion:
        return over_tls

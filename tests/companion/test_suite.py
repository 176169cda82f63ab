"""The suite of all custodians, against a real companion over both transports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.companion.companions import Companion
from tests.companion.suite import CompanionSuite, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def at_a_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    yield from served(Companion(tmp_path_factory.mktemp("socket"), tls=False))


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    yield from served(Companion(tmp_path_factory.mktemp("tls"), tls=True))


class TestOverASocket(CompanionSuite):
    """A Unix socket."""

    @pytest.fixture
    def companion(self, at_a_socket: Companion) -> Companion:
        return at_a_socket


class TestOverTls(CompanionSuite):
    """Mutual TLS."""

    @pytest.fixture
    def companion(self, over_tls: Companion) -> Companion:
        return over_tls

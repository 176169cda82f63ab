"""The suite again, with a real token or TPM behind the companion: its keys never leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import CustodyUnavailable
from tests.companion.companions import Companion, custodian
from tests.companion.suite import CompanionSuite, served
from tests.custody.softhsm import PIN, Token
from tests.custody.suite import HERE, KEY
from tests.custody.test_tpm import SIGNER, STORE, Tpm

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENT = "LANGO_SECURITY_KMS_TIMEOUT_PER_OPERATION"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    found = Token(tmp_path_factory.mktemp("token"))
    found.fill()
    return found


@pytest.fixture(scope="module")
def keeper(token: Token, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    """A companion that serves three keys of the token over TLS."""
    keys = tuple(
        f"{name}={token.uri(f'object={label}')}"
        for name, label in (("one", "kek"), ("two", "spare"), ("three", "sig"))
    )
    found = Companion(tmp_path_factory.mktemp("keeper"), tls=True, keys=keys)
    found.variables = token.environment | {"LANGO_PKCS11_PIN": PIN}
    yield from served(found)


class TestWithAToken(CompanionSuite):
    """SoftHSM2 behind the companion."""

    @pytest.fixture
    def companion(self, keeper: Companion) -> Companion:
        return keeper


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tpm]:
    made = Tpm(tmp_path_factory.mktemp("tpm"))
    made.fill()
    yield made
    made.close()


@pytest.fixture(scope="module")
def board(chip: Tpm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    """A companion that serves three keys of a TPM at a socket."""
    keys = ("one=tpm2:", f"two=tpm2:?handle={STORE}", f"three=tpm2:?handle={SIGNER}")
    found = Companion(tmp_path_factory.mktemp("board"), tls=False, keys=keys)
    found.variables = {"TPM2TOOLS_TCTI": chip.tcti, PATIENT: "60s"}
    yield from served(found)


class TestWithATpm(CompanionSuite):
    """swtpm behind the companion."""

    @pytest.fixture
    def companion(self, board: Companion) -> Companion:
        return board


def test_a_token_that_is_taken_away_is_unavailable_and_comes_back(
    token: Token, keeper: Companion
) -> None:
    far = custodian(keeper.root / "client", keeper.url, "one")
    wrapped = far.wrap(KEY, HERE)
    keeper.stop()
    token.take_away()
    try:
        keeper.start()
        with pytest.raises(CustodyUnavailable, match="behind the companion does not answer"):
            far.unwrap(wrapped, HERE)
        health = far.describe()
        assert not health.usable
        assert health.reason == "what is behind the companion is not usable now"
        keeper.stop()
    finally:
        token.put_back()
    keeper.start()
    assert far.unwrap(wrapped, HERE) == KEY

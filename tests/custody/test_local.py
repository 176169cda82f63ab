"""The custodian in software."""

from __future__ import annotations

import pytest

from lango_cli.crypto.mac import random_bytes
from lango_cli.crypto.signing import ECDSA_P256, new_signing_key
from lango_cli.custody.local import LocalCustodian
from lango_cli.secret import SecretBytes
from tests.custody.suite import CustodianSuite


class TestLocal(CustodianSuite):
    """Keys in this process."""

    @pytest.fixture
    def wrapping(self) -> LocalCustodian:
        return LocalCustodian("one", wrapping=SecretBytes(random_bytes(32)))

    @pytest.fixture
    def other(self) -> LocalCustodian:
        return LocalCustodian("two", wrapping=SecretBytes(random_bytes(32)))

    @pytest.fixture
    def signing(self) -> LocalCustodian:
        return LocalCustodian("three", signing=new_signing_key(ECDSA_P256))

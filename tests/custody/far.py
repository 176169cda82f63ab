"""Custodians that stand far away in this process: keys by URI, and what is wrong with them now.

For the tests of what the vault does with custodians; that a custodian is one, the suite tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.mac import random_bytes
from lango_cli.crypto.signing import ECDSA_P256, new_signing_key
from lango_cli.custody.fault import DESCRIBE, UNWRAP, Where
from lango_cli.custody.local import LocalCustodian
from lango_cli.errors import CustodyDenied
from lango_cli.files import Lock
from lango_cli.model_custody import Health
from lango_cli.secret import SecretBytes
from lango_cli.vault.home import HEADER

if TYPE_CHECKING:
    from pathlib import Path

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.errors import LangoError
    from lango_cli.model_custody import Context


class Far:
    """All the keys there are; `wrong`: what calls to a URI end with; `pins`: which want a PIN."""

    def __init__(self) -> None:
        self.wrapping: dict[str, SecretBytes] = {}
        self.wrong: dict[str, LangoError] = {}
        self.pins: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.closed = 0
        self.home: Path | None = None
        """Of the vault that asks; once it is made, its lock is free while a custodian is asked."""
        self.signing = new_signing_key(ECDSA_P256)

    def opener(self, provider: str) -> object:
        """In the place of `custodians.opener`."""

        def opened(uri: KeyUri, options: Options) -> FarCustodian:
            return FarCustodian(self, provider, uri, options)

        return opened

    def down(self, uri: str) -> None:
        """It cannot be reached from now on."""
        self.wrong[uri] = Where(uri.partition(":")[0], "kek").unavailable(UNWRAP, "no answer")

    def refusing(self, uri: str) -> None:
        """It answers, and refuses."""
        where = Where(uri.partition(":")[0], "kek")
        self.wrong[uri] = where.problem(CustodyDenied, UNWRAP, "no right to it")


class FarCustodian(LocalCustodian):
    """One of them."""

    def __init__(self, far: Far, provider: str, uri: KeyUri, options: Options) -> None:
        key = far.wrapping.setdefault(uri.text, SecretBytes(random_bytes(32)))
        signs = "sign" in uri.key
        super().__init__(
            uri.key or "kek",
            wrapping=None if signs else key,
            signing=far.signing if signs else None,
        )
        self.provider = provider
        self._far, self._uri, self._options = far, uri, options

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        self._call("wrap")
        return super().wrap(data, context)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        self._call("unwrap")
        return super().unwrap(wrapped, context)

    def sign(self, message: bytes) -> bytes:
        self._call("sign")
        return super().sign(message)

    def describe(self) -> Health:
        self._far.calls.append(DESCRIBE)
        wrong = self._far.wrong.get(self._uri.text)
        reason = "" if wrong is None else wrong.message
        return Health(self.provider, self.key, usable=wrong is None, reason=reason)

    def close(self) -> None:
        self._far.closed += 1

    def _call(self, operation: str) -> None:
        pin = self._far.pins.get(self._uri.text)
        if pin is not None:
            given = self._options.pin()
            if given is None or given.reveal() != pin:
                raise CustodyDenied("a PIN is wanted")
        self._far.calls.append(operation)
        if self._far.home is not None and (self._far.home / HEADER).exists():
            with Lock(str(self._far.home / "vault.lock"), 0):
                pass
        if self._uri.text in self._far.wrong:
            raise self._far.wrong[self._uri.text]

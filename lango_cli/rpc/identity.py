"""Who one is, and whom one knows: the files that pairing leaves.

What lives here: `Identity`, a certificate and its key in one 0600 file, and `Pins`, those that a
person paired with. The rule: whoever is not pinned is nobody. The key lies in clear, because it is
needed before any vault opens: who can read this user's files can speak for this user to the
companion, as they could with a keyfile.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto import certificates
from lango_cli.errors import Tampered, UsageProblem

if TYPE_CHECKING:
    from typing import Any

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a client, a companion or a key at one may be called: it is shown on terminals."""
LIMIT = 1 << 20
"""Bytes of a file."""
MOST = 256
"""Pins in a file."""
CERTIFICATE_LIMIT = 4096
LOCK_SECONDS = 10.0

CLIENT, COMPANIONS = "companions.pem", "companions.json"
"""In a vault's home: this client, and the companions that it is paired with."""
COMPANION, CLIENTS = "identity.pem", "clients.json"
"""In a companion's folder: itself, and the clients that it is paired with."""


def check_name(name: str, what: str) -> str:
    """The same name; UsageProblem, which does not repeat it, where it cannot be one."""
    if not NAME.fullmatch(name):
        raise UsageProblem(
            f"{what} is no name",
            hint="letters, digits and ._- , at most 64, a letter or digit first",
        )
    return name


class Identity:
    """A certificate and its key."""

    def __init__(self, path: str, pem: bytes) -> None:
        self.path = path
        self._pem = pem
        self.certificate = certificates.certificate_of(pem)
        self.fingerprint = certificates.fingerprint(self.certificate)

    def sign(self, message: bytes) -> bytes:
        """ECDSA as DER."""
        return certificates.sign(self._pem, message)


def load(path: str) -> Identity | None:
    """The identity in this file; None where there is none, FileProblem if others can read it."""
    pem = files.read_private(path, LIMIT)
    return None if pem is None else Identity(path, pem)


def load_or_make(path: str, name: str) -> Identity:
    """The identity in this file, made there if there was none."""
    files.ensure_folder(os.path.dirname(path))
    with files.Lock(f"{path}.lock", LOCK_SECONDS, "the identity"):
        found = load(path)
        if found is None:
            files.create(path, certificates.new_identity(name))
            found = load(path)
    assert found is not None, "it was just written"
    return found


@dataclass(frozen=True, slots=True)
class Pin:
    """Another party, as a person agreed to it."""

    name: str
    url: str
    """Where a companion is; empty for a client."""
    certificate: bytes
    """DER."""

    @property
    def fingerprint(self) -> str:
        """Of its certificate."""
        return certificates.fingerprint(self.certificate)


class Pins:
    """All pins of one file, which is read anew each time: taking one back counts at once."""

    def __init__(self, path: str) -> None:
        self._path = path

    def all(self) -> list[Pin]:
        """Every pin, in the order of pairing; Tampered if the file is not as it was written."""
        data = files.read_private(self._path, LIMIT)
        if data is None:
            return []
        found = parse_canonical(data, self._path)
        if not isinstance(found, list):
            raise Tampered(f"{self._path} is no list of pins")
        return [self._pin(one) for one in found]

    def _pin(self, one: Any) -> Pin:  # noqa: ANN401  # any JSON value
        if not isinstance(one, dict) or set(one) != {"certificate", "name", "url"}:
            raise Tampered(f"{self._path} is no list of pins")
        name, url = one["name"], one["url"]
        if not isinstance(name, str) or not NAME.fullmatch(name) or not isinstance(url, str):
            raise Tampered(f"{self._path} is no list of pins")
        certificate = unb64(one["certificate"], self._path)
        certificates.check(certificate)
        return Pin(name, url, certificate)

    def at(self, url: str) -> Pin | None:
        """The companion that was paired with at this address."""
        return next((pin for pin in self.all() if pin.url == url), None)

    def of(self, fingerprint: str) -> Pin | None:
        """Whoever has this certificate."""
        return next((pin for pin in self.all() if pin.fingerprint == fingerprint), None)

    def add(self, pin: Pin) -> None:
        """Keep a pin; one of the same address, or of the same certificate and no address, goes.

        UsageProblem for a name that could not be read back, and when there are too many.
        """
        check_name(pin.name, "what is paired with")
        with files.Lock(f"{self._path}.lock", LOCK_SECONDS, "the pins"):
            kept = [one for one in self.all() if not _same(one, pin)]
            if len(kept) >= MOST:
                raise UsageProblem("too many are paired", hint="lango companion forget")
            self._write([*kept, pin])

    def remove(self, who: str) -> list[Pin]:
        """Forget whoever has this name, address or fingerprint; those that are gone."""
        if not files.exists(self._path):
            return []
        with files.Lock(f"{self._path}.lock", LOCK_SECONDS, "the pins"):
            known = self.all()
            gone = [pin for pin in known if who in (pin.name, pin.url, pin.fingerprint)]
            if gone:
                self._write([pin for pin in known if pin not in gone])
        return gone

    def _write(self, pins: list[Pin]) -> None:
        rows = [
            {"certificate": b64(pin.certificate), "name": pin.name, "url": pin.url} for pin in pins
        ]
        files.replace(self._path, canonical(rows))


def _same(one: Pin, other: Pin) -> bool:
    if one.url != other.url:
        return False
    return bool(one.url) or one.certificate == other.certificate or one.name == other.name

"""An authority of a test's own: who signs the certificates of the servers on this machine.

A client is told of it explicitly, by a file; nothing is added to what the machine trusts.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import ssl
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

HERE = "127.0.0.1"
DAY = datetime.timedelta(days=1)


@functools.cache
def rsa_key(which: int, size: int = 2048) -> rsa.RSAPrivateKey:
    """One of a few keys that are made once: making one takes longer than most tests."""
    assert which >= 0
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


class Authority:
    """A key, its certificate at `path`, and certificates for this machine under it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("the authority of a test")
        self.pem = self._certificate(self._name, self._key, authority=True)
        self.path = folder / "authority.pem"
        self.path.write_bytes(self.pem)

    def pair(self, *names: str) -> tuple[bytes, bytes]:
        """A certificate for this machine, also under these names, and its key, both as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._certificate(_named("a server"), key, names), _private(key)

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server of TLS needs to be this machine, also under these names."""
        path = self._folder / "server.pem"
        path.write_bytes(b"".join(self.pair(*names)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client(self) -> ssl.SSLContext:
        """What a client needs that trusts this authority alone."""
        return ssl.create_default_context(cadata=self.pem.decode())

    def _certificate(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        names: tuple[str, ...] = (),
        *,
        authority: bool = False,
    ) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            here = x509.IPAddress(ipaddress.ip_address(HERE))
            also = [x509.DNSName(name) for name in ("localhost", *names)]
            made = made.add_extension(x509.SubjectAlternativeName([here, *also]), critical=False)
        return made.sign(self._key, SHA256()).public_bytes(Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

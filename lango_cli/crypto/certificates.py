"""Self-made certificates: what two parties that pinned each other show in TLS.

The rule: a certificate is trusted because a person compared a code, never for what stands in it,
so it says nothing but its key; no clock can make it expire. Key and certificate lie in one PEM
text. Sources: RFC 5280 (4.1.2.5: no well-defined expiration date), FIPS 186-5 (ECDSA on P-256).
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from lango_cli.crypto.mac import digest
from lango_cli.errors import Tampered

_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_NEVER = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)


def new_identity(name: str) -> bytes:
    """A fresh P-256 key (PKCS#8) and a certificate that it signed itself, as PEM."""
    key = generate_private_key(SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder(called, called, public, x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_NEVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


def certificate_of(pem: bytes) -> bytes:
    """The certificate in a PEM text, as DER; Tampered if there is none."""
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        raise Tampered("that is no certificate") from None


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate's DER, 64 hex digits."""
    return digest(certificate).hex()


def check(certificate: bytes) -> None:
    """Tampered unless this is the DER of a certificate with a P-256 key."""
    _public(certificate)


def sign(pem: bytes, message: bytes) -> bytes:
    """ECDSA over the SHA-256 of `message`, as DER, with the key in a PEM text."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise Tampered("that is no private key") from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Tampered("that is no private key of P-256")
    return key.sign(message, ECDSA(SHA256()))


def verify(certificate: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is one of `message` by the key in a certificate (DER)."""
    try:
        _public(certificate).verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _public(certificate: bytes) -> EllipticCurvePublicKey:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        raise Tampered("that is no certificate") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise Tampered("that is no certificate with a P-256 key")
    return key

"""A Key Vault on this machine: HTTPS with the vault's challenge, over real keys.

Microsoft publishes no emulator. Its own client library is what speaks to this one, by TLS under an
authority of the test's own, and it has to answer the challenge before anything is done for it.
Its name ends in that of its domain, as the client wants it; whoever uses it lets that name stand
for this machine.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
DOMAIN = "vault.test"
HOST = f"kv.{DOMAIN}"
TOKEN = "a token that the test's credential gives"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class KeyVault:
    """Keys by name, each the newest version. `answer`: what is said in place of all else."""

    def __init__(self, folder: Path) -> None:
        self.keys: dict[str, Any] = {}
        self.versions: dict[str, str] = {}
        self.older: dict[tuple[str, str], Any] = {}
        self.disabled: set[str] = set()
        self.answer: tuple[int, bytes] | None = None
        self.missing = 0
        """Bytes that an answer promises and does not have."""
        self.go_on = threading.Event()
        self.go_on.set()
        self.calls: list[str] = []
        self.challenges = 0
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vault.handle(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                vault.handle(self, json.loads(body or b"{}"))

            def log_message(self, *_words: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"https://{HOST}:{self.port}"
        self.resource = f"https://{DOMAIN}:{self.port}"
        self.authority = str(folder / "authority.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*_certificate(folder))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def rotate(self, name: str, key: Any) -> None:
        self.older[name, self._newest(name)] = self.keys[name]
        self.keys[name], self.versions[name] = key, os.urandom(16).hex()

    def _newest(self, name: str) -> str:
        return self.versions.get(name, "0123456789abcdef0123456789abcdef")

    def handle(self, request: Any, body: dict[str, str]) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.challenges += 1
            request.send_response(401)
            where = f'authorization="https://login.invalid/tenant", resource="{self.resource}"'
            request.send_header("WWW-Authenticate", f"Bearer {where}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        path = request.path.partition("?")[0].strip("/").split("/")
        self.calls.append(path[-1] if request.command == "POST" else "get")
        self.go_on.wait(60)
        status, answer = self.answer or self._work(path, body)
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(answer) + self.missing))
        request.end_headers()
        request.wfile.write(answer)

    def _work(self, path: list[str], body: dict[str, str]) -> tuple[int, bytes]:
        name = path[1]
        newest = self._newest(name)
        version = (path[2] if len(path) > 2 else "") or newest
        key = self.keys.get(name) if version == newest else self.older.get((name, version))
        if key is None:
            return _error(404, "KeyNotFound")
        operation = path[-1] if body else "get"
        if operation == "get":
            return 200, json.dumps(self._shown(name, version, key)).encode()
        if name in self.disabled:
            return _error(403, "Forbidden", "KeyDisabled")
        made = _operation(operation, key, unb64(body["value"]))
        if made is None:
            return _error(400, "BadParameter")
        kid = f"{self.url}/keys/{name}/{version}"
        return 200, json.dumps({"kid": kid, "value": b64(made)}).encode()

    def _shown(self, name: str, version: str, key: Any) -> dict[str, Any]:
        about: dict[str, Any] = {"kid": f"{self.url}/keys/{name}/{version}"}
        if isinstance(key, rsa.RSAPrivateKey):
            public = key.public_key().public_numbers()
            about |= {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            point = key.public_key().public_numbers()
            x, y = (b64(part.to_bytes(32, "big")) for part in (point.x, point.y))
            about |= {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        else:
            about |= {"kty": "oct-HSM"}
        return {"key": about, "attributes": {"enabled": name not in self.disabled}}


def _operation(operation: str, key: Any, value: bytes) -> bytes | None:
    try:
        if isinstance(key, rsa.RSAPrivateKey) and operation == "wrapkey":
            return key.public_key().encrypt(value, OAEP)
        if isinstance(key, rsa.RSAPrivateKey) and operation == "unwrapkey":
            return key.decrypt(value, OAEP)
        if isinstance(key, bytes) and operation == "wrapkey":
            return aes_key_wrap(key, value)
        if isinstance(key, bytes) and operation == "unwrapkey":
            return aes_key_unwrap(key, value)
        if isinstance(key, ec.EllipticCurvePrivateKey) and operation == "sign":
            der = key.sign(value, ec.ECDSA(Prehashed(hashes.SHA256())))
            return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(der))
    except (ValueError, InvalidUnwrap):
        return None
    return None


def _error(status: int, code: str, inner: str = "") -> tuple[int, bytes]:
    about: dict[str, Any] = {"code": code, "message": "nobody's business"}
    if inner:
        about["innererror"] = {"code": inner}
    return status, json.dumps({"error": about}).encode()


def _certificate(folder: Path) -> tuple[str, str]:
    """One that signs itself, for that name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vault of a test")])
    now = datetime.datetime.now(datetime.UTC)
    host = x509.DNSName(HOST)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(8), "big"))
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "authority.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])

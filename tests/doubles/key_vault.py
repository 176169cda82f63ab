"""A Key Vault on this machine: HTTPS with the vault's challenge, over real keys.

Microsoft publishes no emulator. Its own client library is what speaks to this one, by TLS under an
authority of the test's own, and it has to answer the challenge before anything is done for it.
Beside it stands what an App Service gives its programs, a managed identity's endpoint: so the
token is one that Microsoft's own `DefaultAzureCredential` finds.

A challenge is for a domain that the vault's name ends in. The name here is an address, and so its
"domain" is the end of one.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from tests.doubles.authority import rsa_key

if TYPE_CHECKING:
    from tests.doubles.authority import Authority

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
HOST, DOMAIN = "127.0.0.1", "0.0.1"
FIRST = "0123456789abcdef0123456789abcdef"
TENANT = "0a1b2c3d-0000-0000-0000-000000000000"
IDENTITY = "a header that only programs of this machine know"
MAKING = ("wrapkey", "sign")
"""What a key that has expired, or is not valid yet, does not do; it unwraps all the same."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class KeyVault:
    """Keys by name, each the newest version. `answer`: what is said in place of all else."""

    def __init__(self, authority: Authority) -> None:
        self.clean()
        self._server = _serve(self.handle)
        self._server.socket = authority.server().wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._identity = _serve(self.give_token)
        self.port = self._server.server_address[1]
        for server in (self._server, self._identity):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"https://{HOST}:{self.port}"

    def clean(self) -> None:
        """As on the first day: two RSA keys, one of AES, one that signs, and a good token."""
        self.keys: dict[str, Any] = {
            "kek": rsa_key(0),
            "spare": rsa_key(1),
            "hsm": bytes(range(1, 33)),
            "signer": ec.generate_private_key(ec.SECP256R1()),
        }
        self.versions: dict[str, str] = {}
        self.older: dict[tuple[str, str], Any] = {}
        self.about: dict[str, dict[str, Any]] = {}
        """Attributes of keys: `enabled`, `nbf`, `exp`."""
        self.deleted: set[str] = set()
        self.token = f"token {b64(os.urandom(24))}".replace(" ", "-")
        """The one that is good now."""
        self.claims = ""
        """What a token must have been asked for with; else there is a challenge for it."""
        self.domain: str | None = None
        """What the challenge is for, where it is not this vault's own domain."""
        self.answer: tuple[int, bytes] | None = None
        self.made: bytes | None = None
        """What every key makes, in place of what it would."""
        self.calls: list[str] = []
        self.challenges = 0
        self.scopes: list[str] = []
        """What tokens were asked for, at the identity's endpoint."""

    def environment(self) -> dict[str, str]:
        """Where a program finds the identity that the vault knows."""
        return {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self._identity.server_address[1]}/token",
            "IDENTITY_HEADER": IDENTITY,
            "NO_PROXY": HOST,
        }

    def stop(self) -> None:
        for server in (self._server, self._identity):
            server.shutdown()
            server.server_close()

    def rotate(self, name: str, key: Any) -> None:
        self.older[name, self._newest(name)] = self.keys[name]
        self.keys[name], self.versions[name] = key, os.urandom(16).hex()

    def _newest(self, name: str) -> str:
        return self.versions.get(name, FIRST)

    def give_token(self, request: Any, _body: bytes) -> None:
        asked = parse_qs(urlsplit(request.path).query)
        if request.headers.get("X-IDENTITY-HEADER") != IDENTITY:
            _answer(request, 403, b"{}")
            return
        self.scopes += asked.get("resource", [])
        given = {
            "access_token": self.token,
            "expires_on": str(int(time.time()) + 86400),
            "resource": asked["resource"][0],
            "token_type": "Bearer",
        }
        _answer(request, 200, json.dumps(given).encode())

    def handle(self, request: Any, body: bytes) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.challenges += 1
            _answer(request, 401, b"", {"WWW-Authenticate": f"Bearer {self._challenge(request)}"})
            return
        path = request.path.partition("?")[0].strip("/").split("/")
        self.calls.append(path[-1] if request.command == "POST" else "get")
        status, answer = self.answer or self._work(path, json.loads(body or b"{}"))
        _answer(request, status, answer)

    def _challenge(self, request: Any) -> str:
        where = f'authorization="https://login.invalid/{TENANT}"'
        if self.claims and "Authorization" in request.headers:
            claims = base64.b64encode(self.claims.encode()).decode()
            return f'{where}, error="insufficient_claims", claims="{claims}"'
        port = request.headers["Host"].rpartition(":")[2]
        return f'{where}, resource="{self.domain or f"https://{DOMAIN}:{port}"}"'

    def _work(self, path: list[str], body: dict[str, str]) -> tuple[int, bytes]:
        name = path[1]
        newest = self._newest(name)
        version = (path[2] if len(path) > 2 else "") or newest
        key = self.keys.get(name) if version == newest else self.older.get((name, version))
        if key is None or name in self.deleted:
            return _error(404, "KeyNotFound")
        operation = path[-1] if body else "get"
        if operation == "get":
            return 200, json.dumps(self._shown(name, version, key)).encode()
        if refused := self._refused(name, operation):
            return _error(403, "Forbidden", refused)
        made = self.made
        if made is None:
            made = _operation(operation, body["alg"], key, unb64(body["value"]))
        if made is None:
            return _error(400, "BadParameter")
        return 200, json.dumps({"kid": self._kid(name, version), "value": b64(made)}).encode()

    def _refused(self, name: str, operation: str) -> str:
        about = self.about.get(name, {})
        if not about.get("enabled", True):
            return "KeyDisabled"
        if operation in MAKING and time.time() >= about.get("exp", float("inf")):
            return "KeyExpired"
        if operation in MAKING and time.time() < about.get("nbf", 0):
            return "KeyNotYetValid"
        return ""

    def _kid(self, name: str, version: str) -> str:
        return f"{self.url}/keys/{name}/{version}"

    def _shown(self, name: str, version: str, key: Any) -> dict[str, Any]:
        about: dict[str, Any] = {"kid": self._kid(name, version)}
        if isinstance(key, rsa.RSAPrivateKey):
            public = key.public_key().public_numbers()
            about |= {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            point = key.public_key().public_numbers()
            x, y = (b64(part.to_bytes(32, "big")) for part in (point.x, point.y))
            about |= {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        else:
            about |= {"kty": "oct-HSM"}
        return {"key": about, "attributes": {"enabled": True} | self.about.get(name, {})}


def _serve(handle: Any) -> ThreadingHTTPServer:
    """A server of which each request, with its body, is given to `handle`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            handle(self, b"")

        def do_POST(self) -> None:
            handle(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_words: object) -> None:
            """Nothing: clients go away as they like."""

    return Server((HOST, 0), Handler)


def _answer(request: Any, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
    request.send_response(status)
    for name, value in (more or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _operation(operation: str, algorithm: str, key: Any, value: bytes) -> bytes | None:
    """What the key makes of it; None where this key, by this algorithm, makes nothing."""
    try:
        if isinstance(key, rsa.RSAPrivateKey) and algorithm == "RSA-OAEP-256":
            if operation == "wrapkey":
                return key.public_key().encrypt(value, OAEP)
            return key.decrypt(value, OAEP) if operation == "unwrapkey" else None
        if isinstance(key, bytes) and algorithm == "A256KW":
            if operation == "wrapkey":
                return aes_key_wrap(key, value)
            return aes_key_unwrap(key, value) if operation == "unwrapkey" else None
        if isinstance(key, ec.EllipticCurvePrivateKey) and (operation, algorithm) == (
            "sign",
            "ES256",
        ):
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

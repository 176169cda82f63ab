"""A Cloud KMS on this machine: the real gRPC service's methods, over real keys, with CRC32C.

Google publishes no emulator. Its own client library is what speaks to this one: by TLS under an
authority of the test's own, with a service account's token in each call, which is checked here.
A key's versions have their states; what was encrypted says by which version, as at Google.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from google.auth import jwt
from google.cloud.kms_v1 import types

from tests.doubles.authority import rsa_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.doubles.authority import Authority

SERVICE = "google.cloud.kms.v1.KeyManagementService"
AUDIENCE = "https://cloudkms.googleapis.com/"
RING = "projects/p/locations/l/keyRings/r/cryptoKeys"
VERSIONS = "/cryptoKeyVersions/"
ACCOUNT_BITS = 1024
"""A short key: Google's client proves the account's anew for each custodian."""
NUMBER, NONCE = 4, 12
"""Bytes of a version's number before what it encrypted, and of the nonce after it."""
State = types.CryptoKeyVersion.CryptoKeyVersionState
Purpose = types.CryptoKey.CryptoKeyPurpose
Algorithm = types.CryptoKeyVersion.CryptoKeyVersionAlgorithm
BUSINESS = "what it says here is nobody's business"


def crc(data: bytes) -> int:
    return int(google_crc32c.value(data))


class Key:
    """Versions, from 1, each of bytes or of a private key; and which is the primary one."""

    def __init__(self, *, signs: bool = False) -> None:
        self.signs = signs
        self.versions: list[Any] = []
        self.states: list[int] = []
        self.primary = 1
        self.rotate()

    def rotate(self) -> None:
        """A new version, which becomes the primary one."""
        made = ec.generate_private_key(ec.SECP256R1()) if self.signs else os.urandom(32)
        self.versions.append(made)
        self.states.append(State.ENABLED)
        self.primary = len(self.versions)


class CloudKms:
    """Keys by name, behind a port; without an authority it speaks without TLS, to anybody."""

    def __init__(self, authority: Authority | None = None) -> None:
        self.clean()
        self._tls = authority is not None
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, self._handlers()),)
        )
        if authority is None:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            self.port = self._server.add_secure_port("127.0.0.1:0", credentials(authority))
        self._server.start()

    def clean(self) -> None:
        """As on the first day: two keys that wrap and one that signs."""
        self.keys = {f"{RING}/{name}": Key(signs=name == "signer") for name in NAMES}
        self.faults: dict[str, Callable[[Any, Any], None]] = {}
        """What a method does to its answer."""
        self.calls: list[str] = []
        self.refused = 0
        """Calls without a good token."""

    def stop(self) -> None:
        self._server.stop(None).wait()

    def key(self, name: str = "kek") -> Key:
        return self.keys[f"{RING}/{name}"]

    def _handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        methods: dict[str, tuple[Any, Any, Any]] = {
            "Encrypt": (self.encrypt, types.EncryptRequest, types.EncryptResponse),
            "Decrypt": (self.decrypt, types.DecryptRequest, types.DecryptResponse),
            "AsymmetricSign": (
                self.sign,
                types.AsymmetricSignRequest,
                types.AsymmetricSignResponse,
            ),
            "GetPublicKey": (self.public, types.GetPublicKeyRequest, types.PublicKey),
            "GetCryptoKey": (self.show, types.GetCryptoKeyRequest, types.CryptoKey),
            "GetCryptoKeyVersion": (
                self.show_version,
                types.GetCryptoKeyVersionRequest,
                types.CryptoKeyVersion,
            ),
        }
        return {
            name: grpc.unary_unary_rpc_method_handler(
                self._wrapped(name, work),
                request_deserializer=request.deserialize,
                response_serializer=response.serialize,
            )
            for name, (work, request, response) in methods.items()
        }

    def _wrapped(self, name: str, work: Any) -> Any:
        def handle(request: Any, context: Any) -> Any:
            self._check_token(context)
            self.calls.append(name)
            answer = work(request, context)
            if name in self.faults:
                self.faults[name](context, answer)
            return answer

        return handle

    def _check_token(self, context: Any) -> None:
        """A service account's own: signed by its key, for this service, and not expired."""
        if not self._tls:
            return
        given = dict(context.invocation_metadata()).get("authorization", "")
        decode: Any = jwt.decode
        try:
            decode(given.removeprefix("Bearer "), certs=_public(), audience=AUDIENCE)
        except ValueError:
            self.refused += 1
            _fail(context, grpc.StatusCode.UNAUTHENTICATED)

    def _find(self, name: str, context: Any, *, signs: bool) -> tuple[Key, int]:
        """A key, and the number of the version that is named, else of the primary one."""
        of, _, number = name.partition(VERSIONS)
        key = self.keys.get(of)
        if key is None or int(number or 1) > len(key.versions):
            _fail(context, grpc.StatusCode.NOT_FOUND)
        if key.signs is not signs:
            _fail(context, grpc.StatusCode.FAILED_PRECONDITION)
        return key, int(number or key.primary)

    def _version(self, key: Key, number: int, context: Any) -> Any:
        if not 0 < number <= len(key.versions):
            _fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        if key.states[number - 1] != State.ENABLED:
            _fail(context, grpc.StatusCode.FAILED_PRECONDITION)
        return key.versions[number - 1]

    def encrypt(self, request: Any, context: Any) -> Any:
        key, number = self._find(request.name, context, signs=False)
        plaintext, aad = request.plaintext, request.additional_authenticated_data
        if request.plaintext_crc32c != crc(plaintext):
            _fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        version = AESGCM(self._version(key, number, context))
        nonce = os.urandom(NONCE)
        made = number.to_bytes(NUMBER, "big") + nonce + version.encrypt(nonce, plaintext, aad)
        return types.EncryptResponse(
            name=f"{request.name.partition(VERSIONS)[0]}{VERSIONS}{number}",
            ciphertext=made,
            ciphertext_crc32c=crc(made),
            verified_plaintext_crc32c=True,
            verified_additional_authenticated_data_crc32c=(
                request.additional_authenticated_data_crc32c == crc(aad)
            ),
        )

    def decrypt(self, request: Any, context: Any) -> Any:
        key, _ = self._find(request.name, context, signs=False)
        blob, aad = request.ciphertext, request.additional_authenticated_data
        sums = (request.ciphertext_crc32c, request.additional_authenticated_data_crc32c)
        if sums != (crc(blob), crc(aad)) or len(blob) < NUMBER + NONCE:
            _fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        number, rest = int.from_bytes(blob[:NUMBER], "big"), blob[NUMBER:]
        version = AESGCM(self._version(key, number, context))
        try:
            found = version.decrypt(rest[:NONCE], rest[NONCE:], aad)
        except InvalidTag:
            _fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        return types.DecryptResponse(
            plaintext=found, plaintext_crc32c=crc(found), used_primary=number == key.primary
        )

    def sign(self, request: Any, context: Any) -> Any:
        hashed = request.digest.sha256
        key, number = self._find(request.name, context, signs=True)
        signature = self._version(key, number, context).sign(hashed, ec.ECDSA(Prehashed(SHA256())))
        return types.AsymmetricSignResponse(
            name=request.name,
            signature=signature,
            signature_crc32c=crc(signature),
            verified_digest_crc32c=request.digest_crc32c == crc(hashed),
        )

    def public(self, request: Any, context: Any) -> Any:
        key, number = self._find(request.name, context, signs=True)
        public = self._version(key, number, context).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return types.PublicKey(pem=pem.decode(), pem_crc32c=crc(pem), name=request.name)

    def show(self, request: Any, context: Any) -> Any:
        key = self.keys.get(request.name)
        if key is None:
            _fail(context, grpc.StatusCode.NOT_FOUND)
        if key.signs:
            return types.CryptoKey(name=request.name, purpose=Purpose.ASYMMETRIC_SIGN)
        primary = self._shown(request.name, key, key.primary)
        return types.CryptoKey(name=request.name, purpose=Purpose.ENCRYPT_DECRYPT, primary=primary)

    def show_version(self, request: Any, context: Any) -> Any:
        name, _, number = request.name.partition(VERSIONS)
        key = self.keys.get(name)
        if key is None or int(number) > len(key.versions):
            _fail(context, grpc.StatusCode.NOT_FOUND)
        return self._shown(name, key, int(number))

    def _shown(self, name: str, key: Key, number: int) -> Any:
        wraps, signs = Algorithm.GOOGLE_SYMMETRIC_ENCRYPTION, Algorithm.EC_SIGN_P256_SHA256
        return types.CryptoKeyVersion(
            name=f"{name}{VERSIONS}{number}",
            state=key.states[number - 1],
            algorithm=signs if key.signs else wraps,
        )


NAMES = ("kek", "spare", "signer")


def _fail(context: Any, status: grpc.StatusCode) -> NoReturn:
    context.abort(status, BUSINESS)
    raise AssertionError


def credentials(authority: Authority) -> grpc.ServerCredentials:
    """What a gRPC server needs to be this machine."""
    certificate, key = authority.pair()
    return grpc.ssl_server_credentials([(key, certificate)])


def service_account(folder: Path) -> Path:
    """A file of application default credentials: the account whose tokens are good here."""
    private = rsa_key(0, ACCOUNT_BITS).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path = folder / "account.json"
    about = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "1",
        "private_key": private.decode(),
        "client_email": "lango@p.iam.gserviceaccount.com",
        "token_uri": "https://login.invalid/token",
    }
    path.write_text(json.dumps(about))
    return path


def _public() -> bytes:
    public = rsa_key(0, ACCOUNT_BITS).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

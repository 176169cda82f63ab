"""A Cloud KMS on this machine: the real gRPC service's methods, over real keys, with CRC32C.

Google publishes no emulator. Its own client library is what speaks to this one. `faults` says what
a method does in the place of, or to, its answer.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.cloud.kms_v1 import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SERVICE = "google.cloud.kms.v1.KeyManagementService"
Enabled = types.CryptoKeyVersion.CryptoKeyVersionState.ENABLED
Purpose = types.CryptoKey.CryptoKeyPurpose
Algorithm = types.CryptoKeyVersion.CryptoKeyVersionAlgorithm


def crc(data: bytes) -> int:
    return int(google_crc32c.value(data))


class CloudKms:
    """Keys by name, behind a port."""

    def __init__(self) -> None:
        self.symmetric: dict[str, AESGCM] = {}
        self.older: dict[str, list[AESGCM]] = {}
        self.signing: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.states: dict[str, int] = {}
        self.faults: dict[str, Callable[[Any, Any], None]] = {}
        self.calls: list[str] = []
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
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._wrapped(name, work),
                request_deserializer=request.deserialize,
                response_serializer=response.serialize,
            )
            for name, (work, request, response) in methods.items()
        }
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, handlers),)
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _wrapped(self, name: str, work: Any) -> Any:
        def handle(request: Any, context: Any) -> Any:
            self.calls.append(name)
            answer = work(request, context)
            if name in self.faults:
                self.faults[name](context, answer)
            return answer

        return handle

    def _fail(self, context: Any, status: grpc.StatusCode) -> Any:
        return context.abort(status, "what it says here is nobody's business")

    def _key(self, name: str, context: Any) -> AESGCM:
        if name.partition("/cryptoKeyVersions/")[0] in self.signing:
            self._fail(context, grpc.StatusCode.FAILED_PRECONDITION)
        key = self.symmetric.get(name.partition("/cryptoKeyVersions/")[0])
        if key is None:
            self._fail(context, grpc.StatusCode.NOT_FOUND)
        if self.states.get(name, Enabled) != Enabled:
            self._fail(context, grpc.StatusCode.FAILED_PRECONDITION)
        assert key is not None
        return key

    def encrypt(self, request: Any, context: Any) -> Any:
        key = self._key(request.name, context)
        plaintext, aad = request.plaintext, request.additional_authenticated_data
        if request.plaintext_crc32c != crc(plaintext):
            self._fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        nonce = os.urandom(12)
        made = nonce + key.encrypt(nonce, plaintext, aad)
        return types.EncryptResponse(
            name=f"{request.name}/cryptoKeyVersions/1",
            ciphertext=made,
            ciphertext_crc32c=crc(made),
            verified_plaintext_crc32c=True,
            verified_additional_authenticated_data_crc32c=(
                request.additional_authenticated_data_crc32c == crc(aad)
            ),
        )

    def decrypt(self, request: Any, context: Any) -> Any:
        key = self._key(request.name, context)
        blob, aad = request.ciphertext, request.additional_authenticated_data
        sums = (request.ciphertext_crc32c, request.additional_authenticated_data_crc32c)
        if sums != (crc(blob), crc(aad)) or len(blob) < 28:
            self._fail(context, grpc.StatusCode.INVALID_ARGUMENT)
        for version in (key, *self.older.get(request.name, ())):
            with contextlib.suppress(InvalidTag):
                found = version.decrypt(blob[:12], blob[12:], aad)
                return types.DecryptResponse(plaintext=found, plaintext_crc32c=crc(found))
        return self._fail(context, grpc.StatusCode.INVALID_ARGUMENT)

    def rotate(self, name: str, key: AESGCM) -> None:
        self.older.setdefault(name, []).append(self.symmetric[name])
        self.symmetric[name] = key

    def _signer(self, name: str, context: Any) -> ec.EllipticCurvePrivateKey:
        key = self.signing.get(name.partition("/cryptoKeyVersions/")[0])
        if key is None:
            self._fail(context, grpc.StatusCode.FAILED_PRECONDITION)
        assert key is not None
        return key

    def sign(self, request: Any, context: Any) -> Any:
        hashed = request.digest.sha256
        signature = self._signer(request.name, context).sign(hashed, ec.ECDSA(Prehashed(SHA256())))
        return types.AsymmetricSignResponse(
            name=request.name,
            signature=signature,
            signature_crc32c=crc(signature),
            verified_digest_crc32c=request.digest_crc32c == crc(hashed),
        )

    def public(self, request: Any, context: Any) -> Any:
        public = self._signer(request.name, context).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return types.PublicKey(pem=pem.decode(), pem_crc32c=crc(pem), name=request.name)

    def show(self, request: Any, context: Any) -> Any:
        if request.name in self.signing:
            return types.CryptoKey(name=request.name, purpose=Purpose.ASYMMETRIC_SIGN)
        if request.name not in self.symmetric:
            self._fail(context, grpc.StatusCode.NOT_FOUND)
        primary = types.CryptoKeyVersion(
            name=f"{request.name}/cryptoKeyVersions/1",
            state=self.states.get(request.name, Enabled),
            algorithm=Algorithm.GOOGLE_SYMMETRIC_ENCRYPTION,
        )
        return types.CryptoKey(name=request.name, purpose=Purpose.ENCRYPT_DECRYPT, primary=primary)

    def show_version(self, request: Any, _context: Any) -> Any:
        return types.CryptoKeyVersion(
            name=request.name, state=Enabled, algorithm=Algorithm.EC_SIGN_P256_SHA256
        )

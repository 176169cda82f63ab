"""AWS on this machine: moto's server, with what AWS KMS checks and moto does not.

Keys, aliases, replicas and roles are moto's. The cryptographic operations are answered here, over
the same keys, as the API reference has them: a ciphertext names its key, multi-Region keys
included, and the version of its material; a key's state and usage count, and so does the region;
a digest is not hashed again. Whoever uses it says which rights are missing, how long a role's
credentials hold, and reads what was asked. `python -m tests.doubles.moto_kms` serves until it is
stopped.

Sources: AWS KMS API Reference, version 2014-11-01; what each operation's errors are.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

HEADER = struct.Struct(">40sB12s")
"""Of a ciphertext: the key's id (`mrk-` and 36, or 36), its material's version, the nonce."""
STATES = {"Enabled": "", "Disabled": "DisabledException"}
LEASE = 3600


class Refusal(Exception):
    """An error of the API, by its code."""


@dataclass
class MotoKms:
    """One server. `seen`: (region, operation) of each request, in order."""

    url: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    """Operations to which nobody has a right."""
    expired: set[str] = field(default_factory=set)
    """Access keys that are not taken any more."""
    lease: float = LEASE
    """Seconds for which a role's credentials hold."""
    materials: dict[str, list[bytes]] = field(default_factory=dict)
    """The versions of each symmetric key, by its id: a replica has those of its primary."""

    def check(self, access: str, operation: str) -> None:
        """Refusal unless this access key may ask for it."""
        if access in self.expired:
            raise Refusal("ExpiredTokenException")
        if operation in self.denied:
            raise Refusal("AccessDeniedException")

    def operations(self, region: str = "") -> list[str]:
        """What was asked, in order, of one region or all."""
        return [operation for where, operation in self.seen if region in ("", where)]


def serve(kms: MotoKms, tls: ssl.SSLContext | None = None) -> Callable[[], None]:
    """Answer at a free port, which `kms.url` names; what ends it."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: object) -> None:
            """Nobody reads it."""

    app = _checked(kms, DomainDispatcherApplication(create_backend_app))
    server = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=Quiet, ssl_context=tls
    )
    kms.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def end() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return end


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[MotoKms]:
    """A server for as long as it is wanted."""
    kms = MotoKms()
    end = serve(kms, tls)
    try:
        yield kms
    finally:
        end()


def _checked(kms: MotoKms, moto: Application) -> Application:
    """Moto's application behind the checks."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        operation = _operation(environ, body)
        access, region = _scope(environ.get("HTTP_AUTHORIZATION", ""))
        kms.seen.append((region, operation))
        try:
            kms.check(access, operation)
            answer = _Answers(kms, region).to(operation, body)
        except Refusal as err:
            return _refuse(start, operation, str(err))
        if answer is not None:
            return _say(start, "200 OK", answer)
        if operation == "AssumeRole":
            return _leased(kms.lease, moto(environ, start))
        return moto(environ, start)

    return app


def _operation(environ: dict[str, Any], body: bytes) -> str:
    """Of KMS from the header, of STS from the form."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    found = re.match(rb"Action=(\w+)", body)
    return target.rpartition(".")[2] or (found[1].decode() if found else "")


def _scope(authorization: str) -> tuple[str, str]:
    """The access key and the region that a request is signed for."""
    found = re.search(r"Credential=([^/]+)/[0-9]+/([^/]+)/", authorization)
    return (found[1], found[2]) if found else ("", "")


def _refuse(start: Callable[..., Any], operation: str, code: str) -> list[bytes]:
    """As KMS says it, or as STS does."""
    if not operation.startswith("AssumeRole"):
        return _say(start, "400 Bad Request", {"__type": code, "message": "no"})
    code = code.removesuffix("Exception")
    body = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
    start("403 Forbidden", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _say(start: Callable[..., Any], status: str, document: dict[str, Any]) -> list[bytes]:
    body = json.dumps(document).encode()
    kind = ("Content-Type", "application/x-amz-json-1.1")
    start(status, [kind, ("Content-Length", str(len(body)))])
    return [body]


def _leased(seconds: float, parts: Iterable[bytes]) -> list[bytes]:
    """A role's credentials with an end of our own; as long as moto's, to the byte."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return [
        re.sub(
            rb"(?<=<Expiration>)[^<]+",
            lambda old: until.strftime("%Y-%m-%dT%H:%M:%SZ").encode().ljust(len(old[0])),
            part,
        )
        for part in parts
    ]


class _Answers:
    """The operations that are answered here, for one region."""

    def __init__(self, kms: MotoKms, region: str) -> None:
        self._kms = kms
        self._region = region
        self._backend = kms_backends[DEFAULT_ACCOUNT_ID][region] if region else None

    def to(self, operation: str, body: bytes) -> dict[str, Any] | None:
        """The answer; None for what moto answers."""
        kinds: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "Decrypt": self._decrypt,
            "Encrypt": self._encrypt,
            "GenerateDataKey": self._generate,
            "GetPublicKey": self._public,
            "ReEncrypt": self._again,
            "RotateKeyOnDemand": self._rotate,
            "Sign": self._sign,
            "Verify": self._verify,
        }
        return kinds[operation](json.loads(body)) if operation in kinds else None

    def _key(self, name: str, usage: str = "ENCRYPT_DECRYPT") -> Any:
        """The key of an id, an alias or an ARN of either, if it may be used for this now."""
        assert self._backend is not None
        if name.startswith("arn:") and name.split(":")[3] != self._region:
            raise Refusal("NotFoundException")
        key = self._backend.keys.get(self._backend.any_id_to_key_id(name))
        if key is None:
            raise Refusal("NotFoundException")
        wrong = STATES.get(key.key_state, "KMSInvalidStateException")
        if wrong:
            raise Refusal(wrong)
        if (key.key_usage or "ENCRYPT_DECRYPT") != usage:
            raise Refusal("InvalidKeyUsageException")
        if usage == "ENCRYPT_DECRYPT" and key.key_spec != "SYMMETRIC_DEFAULT":
            # Nobody here names the algorithm that such a key needs.
            raise Refusal("InvalidKeyUsageException")
        return key

    def _versions(self, key: Any) -> list[bytes]:
        return self._kms.materials.setdefault(key.id, [key.key_material])

    def _seal(self, key: Any, plain: bytes, context: dict[str, str]) -> str:
        if not 1 <= len(plain) <= 4096:
            raise Refusal("ValidationException")
        versions, nonce = self._versions(key), os.urandom(12)
        head = HEADER.pack(key.id.encode(), len(versions) - 1, nonce)
        sealed = AESGCM(versions[-1]).encrypt(nonce, plain, head + _packed(context))
        return _text(head + sealed)

    def _open(self, blob: str, name: str | None, context: dict[str, str]) -> tuple[Any, bytes]:
        """The key that sealed it, and what it sealed; by no other than `name`, if one is named."""
        assert self._backend is not None
        data = base64.b64decode(blob)
        try:
            head, sealed = data[: HEADER.size], data[HEADER.size :]
            found, version, nonce = HEADER.unpack(head)
            sealer = found.rstrip(b"\0").decode("ascii")
        except (struct.error, UnicodeDecodeError):
            raise Refusal("InvalidCiphertextException") from None
        if name is not None and self._key(name).id != sealer:
            raise Refusal("IncorrectKeyException")
        if sealer not in self._backend.keys:
            # Whose key it is, and whether there is one, nobody is told.
            raise Refusal("AccessDeniedException")
        key = self._key(sealer)
        try:
            material = self._versions(key)[version]
            return key, AESGCM(material).decrypt(nonce, sealed, head + _packed(context))
        except (IndexError, InvalidTag):
            raise Refusal("InvalidCiphertextException") from None

    def _encrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        key = self._key(asked["KeyId"])
        plain = base64.b64decode(asked["Plaintext"])
        blob = self._seal(key, plain, asked.get("EncryptionContext", {}))
        return {"CiphertextBlob": blob, "KeyId": key.arn}

    def _decrypt(self, asked: dict[str, Any]) -> dict[str, Any]:
        context = asked.get("EncryptionContext", {})
        key, plain = self._open(asked["CiphertextBlob"], asked.get("KeyId"), context)
        return {"KeyId": key.arn, "Plaintext": _text(plain)}

    def _generate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if ("KeySpec" in asked) == ("NumberOfBytes" in asked):
            raise Refusal("ValidationException")
        key = self._key(asked["KeyId"])
        sizes = {"AES_128": 16, "AES_256": 32}
        plain = os.urandom(asked.get("NumberOfBytes") or sizes[asked["KeySpec"]])
        blob = self._seal(key, plain, asked.get("EncryptionContext", {}))
        return {"CiphertextBlob": blob, "KeyId": key.arn, "Plaintext": _text(plain)}

    def _again(self, asked: dict[str, Any]) -> dict[str, Any]:
        context = asked.get("SourceEncryptionContext", {})
        source, plain = self._open(asked["CiphertextBlob"], asked.get("SourceKeyId"), context)
        key = self._key(asked["DestinationKeyId"])
        blob = self._seal(key, plain, asked.get("DestinationEncryptionContext", {}))
        return {"CiphertextBlob": blob, "KeyId": key.arn, "SourceKeyId": source.arn}

    def _rotate(self, asked: dict[str, Any]) -> None:
        self._versions(self._key(asked["KeyId"])).append(os.urandom(32))

    def _public(self, asked: dict[str, Any]) -> None:
        try:
            self._key(asked["KeyId"], "SIGN_VERIFY")
        except Refusal as err:
            if str(err) == "InvalidKeyUsageException":
                raise Refusal("UnsupportedOperationException") from None
            raise

    def _signing(self, asked: dict[str, Any]) -> tuple[Any, bytes, ECDSA]:
        """The key, the message, and how it is hashed: not at all, if it is a digest."""
        key = self._key(asked["KeyId"], "SIGN_VERIFY")
        message = base64.b64decode(asked["Message"])
        digest = asked.get("MessageType") == "DIGEST"
        if asked["SigningAlgorithm"] != "ECDSA_SHA_256" or key.key_spec != "ECC_NIST_P256":
            raise Refusal("InvalidKeyUsageException")
        if len(message) > 4096 or (digest and len(message) != 32):
            raise Refusal("ValidationException")
        return key, message, ECDSA(Prehashed(SHA256()) if digest else SHA256())

    def _sign(self, asked: dict[str, Any]) -> dict[str, Any]:
        key, message, algorithm = self._signing(asked)
        signature = key.private_key.private_key.sign(message, algorithm)
        return {
            "KeyId": key.arn,
            "Signature": _text(signature),
            "SigningAlgorithm": asked["SigningAlgorithm"],
        }

    def _verify(self, asked: dict[str, Any]) -> dict[str, Any]:
        key, message, algorithm = self._signing(asked)
        signature = base64.b64decode(asked["Signature"])
        try:
            key.private_key.private_key.public_key().verify(signature, message, algorithm)
        except InvalidSignature:
            raise Refusal("KMSInvalidSignatureException") from None
        return {
            "KeyId": key.arn,
            "SignatureValid": True,
            "SigningAlgorithm": asked["SigningAlgorithm"],
        }


def _packed(context: dict[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    with serving() as server:
        print(server.url, flush=True)
        threading.Event().wait()

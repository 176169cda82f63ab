"""Keys at Google Cloud KMS: symmetric keys that wrap, versions of P-256 keys that sign.

The rule: a CRC32C goes along with everything that is sent and is checked on everything that comes,
because Google asks for it; one that is wrong is a fault of the way, and tried again. None of the
SDK's own retries, and an end to everything when the time is over. The context is the additional
authenticated data. With each request goes a token that is good at all of Google's services, and an
endpoint stands in a header that anybody may have written: so it is one of Google's own or one on
this machine, and without TLS only the latter.

Sources: Cloud KMS API, google.cloud.kms.v1: Encrypt, Decrypt, AsymmetricSign, GetPublicKey,
GetCryptoKey, GetCryptoKeyVersion; "Verifying end-to-end data integrity" in its documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import google_crc32c
import grpc
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud.kms_v1 import KeyManagementServiceClient, types
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)

from lango_cli.config import load
from lango_cli.crypto.ecdsa import pem_of_pem, raw_of_der, verify_pem
from lango_cli.crypto.mac import digest
from lango_cli.custody.calling import Calls, within
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, WRAP, Where
from lango_cli.errors import (
    CustodyDenied,
    CustodyError,
    KeyNotFound,
    KeyUnusable,
    LangoError,
    Tampered,
    UsageProblem,
)
from lango_cli.model_custody import KEY_BYTES, Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum
    from typing import TypeVar

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

    T = TypeVar("T")

PROVIDER = "gcp-kms"
VERSIONS = "/cryptoKeyVersions/"
BEGINNING = {"GRPC_ENABLE_FORK_SUPPORT": "false", "GRPC_VERBOSITY": "NONE"}
"""What gRPC reads as it begins: else it has a part in every fork, and speaks on stderr."""
UNVERSIONED = "a key that signs is named with its version"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
GOOGLES = re.compile(
    r"(?:https://)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.googleapis\.com(?::[0-9]{1,5})?/?"
)
HERE = re.compile(r"(?:https?://)?(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?/?")

DOWN = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
}
KINDS: dict[object, tuple[type[LangoError], str]] = {
    grpc.StatusCode.FAILED_PRECONDITION: (KeyUnusable, "the key, or its version, is not enabled"),
    grpc.StatusCode.NOT_FOUND: (KeyNotFound, "there is no such key"),
    grpc.StatusCode.INVALID_ARGUMENT: (KeyUnusable, "the key is not for this"),
}
"""What a status stands for; what is not here is a refusal."""


class GcpCustodian:
    """One key at Cloud KMS; a version in its name is what signs."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._endpoint = uri.options.get("endpoint", "")
        self._timeout = options.timeout
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._client: KeyManagementServiceClient | None = None
        self._public = b""
        parts = urlsplit(self._endpoint if "//" in self._endpoint else f"//{self._endpoint}")
        self._host = parts.netloc
        self._plain = parts.scheme == "http"
        if self._plain and parts.hostname not in LOOPBACK:
            raise UsageProblem("a KMS endpoint without TLS may only be on this machine")
        known = GOOGLES.fullmatch(self._endpoint) or HERE.fullmatch(self._endpoint)
        if self._endpoint and not known:
            raise UsageProblem(
                "a Google endpoint is one in googleapis.com, or on this machine: it gets a token",
                hint="such as cloudkms-NAME.p.googleapis.com",
            )

    @property
    def _name(self) -> str:
        """The key without its version, which Decrypt finds by itself."""
        return self.key.partition(VERSIONS)[0]

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Encrypt, with the context as additional authenticated data."""
        check_key(data)
        plaintext, aad = data.reveal(), context.packed()
        request = types.EncryptRequest(
            name=self.key,
            plaintext=plaintext,
            plaintext_crc32c=_crc(plaintext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=_crc(aad),
        )

        def whole(answer: types.EncryptResponse) -> bool:
            sent = answer.verified_plaintext_crc32c
            bound = answer.verified_additional_authenticated_data_crc32c
            made = answer.ciphertext
            # The sum of nothing is 0, as is a sum that is not there.
            return bool(sent and bound and made and answer.ciphertext_crc32c == _crc(made))

        answer = self._ask(
            WRAP, lambda kms, left: kms.encrypt(request, timeout=left, retry=None), whole
        )
        return bytes(answer.ciphertext)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """Decrypt."""
        check_wrapped(wrapped)
        aad = context.packed()
        request = types.DecryptRequest(
            name=self._name,
            ciphertext=wrapped,
            ciphertext_crc32c=_crc(wrapped),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=_crc(aad),
        )
        answer = self._ask(
            UNWRAP,
            lambda kms, left: kms.decrypt(request, timeout=left, retry=None),
            lambda found: found.plaintext_crc32c == _crc(found.plaintext),
        )
        if len(answer.plaintext) != KEY_BYTES:
            raise self._where.problem(Tampered, UNWRAP, "that is no key of 32 bytes")
        return SecretBytes(answer.plaintext)

    def sign(self, message: bytes) -> bytes:
        """AsymmetricSign of the SHA-256 digest; Google answers in DER."""
        self._check_version(SIGN)
        hashed = digest(message)
        request = types.AsymmetricSignRequest(
            name=self.key, digest={"sha256": hashed}, digest_crc32c=_crc(hashed)
        )
        answer = self._ask(
            SIGN,
            lambda kms, left: kms.asymmetric_sign(request, timeout=left, retry=None),
            lambda found: bool(
                found.verified_digest_crc32c and found.signature_crc32c == _crc(found.signature)
            ),
        )
        try:
            raw_of_der(answer.signature)
        except Tampered:
            reason = "it does not sign with P-256"
            raise self._where.problem(KeyUnusable, SIGN, reason) from None
        return bytes(answer.signature)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Under the public half: Google has no operation for it."""
        return verify_pem(self.public_key(), message, signature)

    def public_key(self) -> bytes:
        """The public half, as PEM; asked for once."""
        self._check_version(PUBLIC_KEY)
        if not self._public:
            answer = self._ask(
                PUBLIC_KEY,
                lambda kms, left: kms.get_public_key(name=self.key, timeout=left, retry=None),
                lambda found: found.pem_crc32c == _crc(found.pem.encode()),
            )
            self._public = pem_of_pem(answer.pem.encode())
        return self._public

    def describe(self) -> Health:
        """What GetCryptoKey and GetCryptoKeyVersion say, without the right to decrypt."""
        try:
            return self._describe()
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)

    def _describe(self) -> Health:
        key = self._ask(
            DESCRIBE,
            lambda kms, left: kms.get_crypto_key(name=self._name, timeout=left, retry=None),
            _any,
        )
        version = key.primary
        if VERSIONS in self.key:
            version = self._ask(
                DESCRIBE,
                lambda kms, left: kms.get_crypto_key_version(
                    name=self.key, timeout=left, retry=None
                ),
                _any,
            )
        # What a newer service calls by a name of its own is known by its number here.
        bare, of = types.CryptoKey.pb(key), types.CryptoKeyVersion.pb(version)
        state = _name(types.CryptoKeyVersion.CryptoKeyVersionState, of.state)
        purpose = _name(types.CryptoKey.CryptoKeyPurpose, bare.purpose)
        reason = "" if state == "ENABLED" else f"its version is {state.lower().replace('_', ' ')}"
        if purpose == "ASYMMETRIC_SIGN" and VERSIONS not in self.key:
            reason = UNVERSIONED
        elif not version.name:
            reason = "it has no primary version, which wraps"
        return Health(
            PROVIDER,
            self.key,
            usable=not reason,
            reason=reason,
            algorithm=_name(types.CryptoKeyVersion.CryptoKeyVersionAlgorithm, of.algorithm),
            purpose={"ENCRYPT_DECRYPT": "wrap", "ASYMMETRIC_SIGN": "sign"}.get(purpose, ""),
            version=version.name.rpartition("/")[2],
        )

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            transport: Any = self._client.transport
            transport.close()
            self._client = None

    def _check_version(self, operation: str) -> None:
        if VERSIONS not in self.key:
            raise self._where.problem(KeyUnusable, operation, UNVERSIONED)

    def _ask(
        self,
        operation: str,
        request: Callable[[KeyManagementServiceClient, float], T],
        whole: Callable[[T], bool],
    ) -> T:
        """The answer to one request, tried again while there is time, and also if not `whole`."""

        def attempt(left: float) -> T:
            try:
                answer = within(left, lambda: request(self._reach(), left))
            except TimeoutError:
                raise self._too_late(operation) from None
            except (GoogleAPICallError, GoogleAuthError, RetryError, grpc.RpcError) as err:
                raise self._problem(operation, err) from None
            except (AttributeError, LookupError, TypeError, ValueError) as err:
                reason = f"the SDK could not ask ({type(err).__name__})"
                raise self._where.problem(CustodyDenied, operation, reason) from None
            if not whole(answer):
                raise self._where.unavailable(operation, "damaged on the way (CRC32C)")
            named = getattr(answer, "name", "")
            if named and _place(named) != _place(self.key):
                reason = "its answer is about another key"
                raise self._where.problem(CustodyDenied, operation, reason)
            return answer

        return self._calls.call(operation, attempt)

    def _too_late(self, operation: str) -> LangoError:
        return self._where.unavailable(operation, f"no answer within {self._timeout:g} s")

    def _reach(self) -> KeyManagementServiceClient:
        """The SDK's client, made once; looking for credentials may be a request of its own."""
        if self._client is None:
            self._client = load.called_with(BEGINNING, self._make)
        return self._client

    def _make(self) -> KeyManagementServiceClient:
        if self._plain:
            channel = grpc.insecure_channel(self._host)
            transport = KeyManagementServiceGrpcTransport(channel=channel)
            return KeyManagementServiceClient(transport=transport)
        options = {"api_endpoint": self._host} if self._host else {}
        return KeyManagementServiceClient(client_options=options)

    def _problem(self, operation: str, err: Exception) -> LangoError:
        """What an error of the SDK stands for, by its status or class."""
        if isinstance(err, TransportError | RetryError):
            return self._where.unavailable(operation, "it cannot be reached")
        if isinstance(err, GoogleAuthError):
            reason = f"no usable credentials ({type(err).__name__})"
            hint = "gcloud auth application-default login"
            return self._where.problem(CustodyDenied, operation, reason, hint=hint)
        status = getattr(err, "grpc_status_code", None)
        if status == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return self._where.unavailable(operation, "too many requests", throttled=True)
        if status == grpc.StatusCode.DEADLINE_EXCEEDED:
            return self._too_late(operation)
        if status in DOWN:
            return self._where.unavailable(operation, "it cannot be reached")
        if status == grpc.StatusCode.INVALID_ARGUMENT and operation == UNWRAP:
            reason = "it is damaged, another key's, or of another context"
            return self._where.problem(Tampered, operation, reason)
        refused = f"refused ({getattr(status, 'name', 'no known status')})"
        kind, reason = KINDS.get(status, (CustodyDenied, refused))
        return self._where.problem(kind, operation, reason)


def _crc(data: bytes) -> int:
    """CRC32C (RFC 3720, appendix B.4), as Google counts it."""
    return int(google_crc32c.value(data))


def _place(name: str) -> str:
    """A key's name without its version, and without its project, which has a number as well."""
    return name.partition(VERSIONS)[0].partition("/locations/")[2]


def _name(names: type[IntEnum], number: int) -> str:
    """What a number of the protocol is called, or that number."""
    try:
        return names(number).name
    except ValueError:
        return f"number {number}"


def _any(_answer: object) -> bool:
    """What is only shown bears no sum."""
    return True


def open_custodian(uri: KeyUri, options: Options) -> GcpCustodian:
    """The custodian of a `gcp-kms:` URI; nothing is asked yet."""
    return GcpCustodian(uri, options)

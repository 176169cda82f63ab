"""Keys at AWS KMS: symmetric keys that wrap, P-256 keys that sign.

The rule: one request an operation, none of the SDK's own retries, and an end to everything when
the time is over: names, credentials and roles are looked up on the way, and may hang as well. The
encryption context binds what is wrapped; the key's id goes along with each request, so that what
another key wrapped is refused. An endpoint without TLS is one on this machine or none.

Sources: AWS KMS API Reference, version 2014-11-01: Encrypt, Decrypt, ReEncrypt, Sign, Verify,
GetPublicKey, DescribeKey, and their errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as NoConnection

from lango_cli.crypto.ecdsa import pem_of_der
from lango_cli.crypto.mac import digest
from lango_cli.custody.aws_answers import MALFORMED, STRANGE, check_whole, has
from lango_cli.custody.calling import Calls, within
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, VERIFY, WRAP, Where
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
    from collections.abc import Callable, Mapping

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

PROVIDER = "aws-kms"
REWRAP = "rewrap"
ALGORITHM = "ECDSA_SHA_256"
CHECK = 8
"""Bytes of the digest before a wrapped key, which shows damage without a call."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

THROTTLED = ("LimitExceeded", "RequestLimitExceeded", "Throttl", "TooManyRequests")
DOWN = {
    "DependencyTimeoutException",
    "InternalFailure",
    "KMSInternalException",
    "KeyUnavailableException",
    "RequestTimeout",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
KINDS: dict[str, tuple[type[LangoError], str]] = {
    "DisabledException": (KeyUnusable, "the key is disabled"),
    "KMSInvalidStateException": (KeyUnusable, "the key is in a state that does not allow it"),
    "InvalidKeyUsageException": (KeyUnusable, "the key is not for this"),
    "UnsupportedOperationException": (KeyUnusable, "the key is not for this"),
    "ValidationException": (KeyUnusable, "the key is not for this"),
    "NotFoundException": (KeyNotFound, "there is no such key"),
    "InvalidArnException": (KeyNotFound, "that is not how a key is named"),
    "InvalidCiphertextException": (Tampered, "it is damaged, or of another context"),
    "IncorrectKeyException": (Tampered, "another key wrapped it"),
}
"""What an error code stands for; what is not here is a refusal."""
STATES = {"Enabled": "", "Disabled": "the key is disabled"}


class AwsCustodian:
    """One key at AWS KMS."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._set = uri.options
        self._timeout = options.timeout
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._client: Any = None
        endpoint = self._set.get("endpoint", "")
        parts = urlsplit(endpoint)
        if endpoint and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise UsageProblem("an AWS endpoint without TLS may only be on this machine")

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Encrypt, with the context as encryption context."""
        check_key(data)
        self._check_usage()
        answer = self._ask(
            WRAP,
            "CiphertextBlob",
            lambda kms: kms.encrypt(
                KeyId=self.key, Plaintext=data.reveal(), EncryptionContext=context.pairs()
            ),
        )
        return _framed(str(answer.get("KeyId", "")), answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """Decrypt, by this very key."""
        blob = self._blob_of(UNWRAP, wrapped)
        answer = self._ask(
            UNWRAP,
            "Plaintext",
            lambda kms: kms.decrypt(
                KeyId=self.key, CiphertextBlob=blob, EncryptionContext=context.pairs()
            ),
        )
        plain = SecretBytes(answer["Plaintext"])
        if len(plain) != KEY_BYTES:
            raise self._where.problem(Tampered, UNWRAP, "that is no key that lango wrapped")
        return plain

    def rewrap(self, wrapped: bytes, context: Context) -> bytes:
        """ReEncrypt: under the key's newest material, without the key coming here."""
        blob = self._blob_of(REWRAP, wrapped)
        pairs = context.pairs()
        answer = self._ask(
            REWRAP,
            "CiphertextBlob",
            lambda kms: kms.re_encrypt(
                CiphertextBlob=blob,
                SourceKeyId=self.key,
                SourceEncryptionContext=pairs,
                DestinationKeyId=self.key,
                DestinationEncryptionContext=pairs,
            ),
        )
        return _framed(str(answer.get("KeyId", "")), answer["CiphertextBlob"])

    def sign(self, message: bytes) -> bytes:
        """Sign the SHA-256 digest; AWS answers in DER."""
        hashed = digest(message)
        answer = self._ask(
            SIGN,
            "Signature",
            lambda kms: kms.sign(
                KeyId=self.key,
                Message=hashed,
                MessageType="DIGEST",
                SigningAlgorithm=ALGORITHM,
            ),
        )
        return bytes(answer["Signature"])

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Verify; what AWS calls an invalid signature is one."""
        hashed = digest(message)
        if not signature:
            return False

        def ask(kms: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK makes its classes as it runs
            try:
                found: dict[str, Any] = kms.verify(
                    KeyId=self.key,
                    Message=hashed,
                    MessageType="DIGEST",
                    Signature=signature,
                    SigningAlgorithm=ALGORITHM,
                )
            except ClientError as err:
                if err.response["Error"]["Code"] == "KMSInvalidSignatureException":
                    return {"SignatureValid": False}
                raise
            return found

        return bool(self._ask(VERIFY, "SignatureValid", ask)["SignatureValid"])

    def public_key(self) -> bytes:
        """The public half, as PEM."""
        answer = self._ask(PUBLIC_KEY, "PublicKey", lambda kms: kms.get_public_key(KeyId=self.key))
        return pem_of_der(answer["PublicKey"])

    def describe(self) -> Health:
        """DescribeKey, which needs no right to decrypt and is not billed as a use of the key."""
        try:
            about = self._about(DESCRIBE)
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        state = str(about.get("KeyState", ""))
        reason = STATES.get(state, f"the key is in state {state}")
        usage = {"ENCRYPT_DECRYPT": "wrap", "SIGN_VERIFY": "sign"}
        return Health(
            PROVIDER,
            self.key,
            usable=not reason,
            reason=reason,
            algorithm=str(about.get("KeySpec", "")),
            purpose=usage.get(about.get("KeyUsage", ""), ""),
        )

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _about(self, operation: str) -> dict[str, Any]:
        answer = self._ask(operation, "KeyMetadata", lambda kms: kms.describe_key(KeyId=self.key))
        found: dict[str, Any] = answer["KeyMetadata"]
        return found

    def _check_usage(self) -> None:
        """KeyUnusable for a key that signs; where it is not said or shown, Encrypt will say it."""
        try:
            usage = self._about(WRAP).get("KeyUsage", "ENCRYPT_DECRYPT")
        except CustodyDenied:
            return
        if usage != "ENCRYPT_DECRYPT":
            raise self._where.problem(KeyUnusable, WRAP, "the key is not for this")

    def _blob_of(self, operation: str, wrapped: bytes) -> bytes:
        """AWS's part of a wrapped key; Tampered if it is damaged, or another key wrapped it.

        Looked at here, because what AWS does is billed. A multi-Region key has one id in every
        region; what an alias stands for, AWS alone knows, and refuses any other.
        """
        check_wrapped(wrapped)
        check, size, rest = wrapped[:CHECK], wrapped[CHECK : CHECK + 2], wrapped[CHECK + 2 :]
        length = int.from_bytes(size, "big")
        if check != digest(size + rest)[:CHECK] or len(rest) <= length:
            raise self._where.problem(Tampered, operation, "what was wrapped is damaged")
        used = rest[:length].decode("ascii", "replace").rpartition("/")[2]
        if "alias/" not in self.key and used != self.key.rpartition("/")[2]:
            raise self._where.problem(Tampered, operation, "another key wrapped it")
        return rest[length:]

    def _ask(
        self, operation: str, member: str, request: Callable[[Any], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """The answer to one request, with `member` in it; tried again while there is time."""

        def attempt(left: float) -> dict[str, Any]:
            try:
                answer = dict(within(left, lambda: request(self._reach())))
            except TimeoutError:
                raise self._where.unavailable(operation, "no answer in time") from None
            except (ClientError, BotoCoreError) as err:
                raise self._problem(operation, err) from None
            except MALFORMED:
                raise self._strange(operation) from None
            if not has(answer, member):
                raise self._strange(operation)
            return answer

        return self._calls.call(operation, attempt)

    def _strange(self, operation: str) -> LangoError:
        return self._where.problem(CustodyDenied, operation, STRANGE)

    def _reach(self) -> Any:  # noqa: ANN401  # the SDK makes its classes as it runs
        """The SDK's client, made once; that may take a role, and so a request of its own."""
        if self._client is None:
            config = Config(
                connect_timeout=self._timeout,
                read_timeout=self._timeout,
                retries={"total_max_attempts": 1, "mode": "standard"},
            )
            session = boto3.session.Session(
                profile_name=self._set.get("profile"), region_name=self._region()
            )
            more = _credentials(session, self._set["role"], config) if "role" in self._set else {}
            self._client = session.client(
                "kms", endpoint_url=self._set.get("endpoint"), config=config, **more
            )
            self._client.meta.events.register("before-parse.kms", check_whole)
        return self._client

    def _region(self) -> str | None:
        """That of the URI, else the ARN's own, else the one that AWS's tools find."""
        parts = self.key.split(":")
        return self._set.get("region") or (parts[3] if len(parts) > 5 else None)

    def _problem(self, operation: str, err: Exception) -> LangoError:
        """What an error of the SDK stands for, by its code or class."""
        if isinstance(err, ClientError):
            return self._refusal(operation, err)
        if isinstance(err, HTTPClientError | IncompleteReadError | NoConnection):
            return self._where.unavailable(operation, "it cannot be reached")
        if isinstance(err, ParamValidationError):
            return self._where.problem(KeyNotFound, operation, "that is not how a key is named")
        # No credentials, no region, no such profile: nothing that waiting mends.
        reason = f"the SDK could not ask ({type(err).__name__})"
        return self._where.problem(CustodyDenied, operation, reason, hint="aws configure list")

    def _refusal(self, operation: str, err: ClientError) -> LangoError:
        code = str(err.response.get("Error", {}).get("Code", ""))
        status = err.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code.startswith(THROTTLED) or status == 429:
            return self._where.unavailable(operation, "too many requests", throttled=True)
        if code in DOWN or status >= 500:
            return self._where.unavailable(operation, "the service has a fault of its own")
        kind, reason = KINDS.get(code, (CustodyDenied, f"refused ({_printable(code)})"))
        return self._where.problem(kind, operation, reason)


def _framed(key: str, blob: bytes) -> bytes:
    """A digest's start, the length of the key's ARN, that ARN, and what AWS made."""
    name = key.encode()
    rest = len(name).to_bytes(2, "big") + name + blob
    return digest(rest)[:CHECK] + rest


def _credentials(session: Any, role: str, config: Config) -> dict[str, str]:  # noqa: ANN401  # see above
    """Those of the role, for this command."""
    client = session.client("sts", config=config)
    found = client.assume_role(RoleArn=role, RoleSessionName="lango")["Credentials"]
    return {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def _printable(code: str) -> str:
    """An error code that may be shown: letters and no more than a line of them."""
    return code if code.isalnum() and len(code) <= 64 else "no known code"


def open_custodian(uri: KeyUri, options: Options) -> AwsCustodian:
    """The custodian of an `aws-kms:` URI; nothing is asked yet."""
    return AwsCustodian(uri, options)

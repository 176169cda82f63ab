"""Keys at AWS KMS: symmetric keys that wrap, P-256 keys that sign.

The rule: one request an operation (wrapping looks at the key before), none of the SDK's own
retries, and an end to everything when the time is over: names, credentials and roles are looked up
on the way, and may hang as well. The encryption context binds what is wrapped; the key's id goes
along with each request, so that what another key wrapped is refused. An endpoint without TLS is
one on this machine or none.

Sources: AWS KMS API Reference, version 2014-11-01: Encrypt, GenerateDataKey, Decrypt, ReEncrypt,
Sign, Verify, GetPublicKey, DescribeKey, and their errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lango_cli.crypto.ecdsa import pem_of_der
from lango_cli.crypto.mac import digest, random_bytes
from lango_cli.custody import aws_errors
from lango_cli.custody.aws_answers import MALFORMED, STRANGE, has
from lango_cli.custody.aws_errors import GENERATE, REWRAP
from lango_cli.custody.aws_session import Access, WantsCode, check_endpoint
from lango_cli.custody.calling import Calls, within
from lango_cli.custody.checking import check_key, check_wrapped
from lango_cli.custody.fault import DESCRIBE, PUBLIC_KEY, SIGN, UNWRAP, VERIFY, WRAP, Where
from lango_cli.errors import (
    CustodyDenied,
    CustodyError,
    KeyUnusable,
    LangoError,
    NotApplicable,
    Tampered,
)
from lango_cli.model_custody import KEY_BYTES, Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.custody.uri import KeyUri, Options
    from lango_cli.model_custody import Context

PROVIDER = "aws-kms"
ALGORITHM = "ECDSA_SHA_256"
CHECK = 8
"""Bytes of the digest before a wrapped key, which shows damage without a call."""
RAW_LIMIT = 4096
"""Bytes of a message that AWS hashes itself, and at least one."""
STATES = {"Enabled": "", "Disabled": "the key is disabled"}
WRAPS, AES = "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"
PURPOSES = {WRAPS: "wrap", "SIGN_VERIFY": "sign"}
MOVED = "point it back, or open the vault by another slot and: lango keys slot rewrap"
MFA = "type it on a terminal, or get a session first: aws sts get-session-token"


class AwsCustodian:
    """One key at AWS KMS."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._options = options
        self._calls = Calls(self._where, options.timeout, options.retries)
        if "endpoint" in uri.options:
            check_endpoint(uri.options["endpoint"])
        self._access = Access(uri.options, _region(uri), options.timeout)

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """Encrypt, with the context as encryption context."""
        check_key(data)
        self._check_usage(WRAP)
        answer = self._ask(
            WRAP,
            ("CiphertextBlob",),
            lambda kms: kms.encrypt(
                KeyId=self.key, Plaintext=data.reveal(), EncryptionContext=context.pairs()
            ),
        )
        return _framed(answer)

    def generate(self, context: Context) -> tuple[SecretBytes, bytes]:
        """GenerateDataKey; for whoever has no right to that, Encrypt of a key made here."""
        self._check_usage(GENERATE)
        answer = self._ask(
            GENERATE,
            ("CiphertextBlob", "Plaintext"),
            lambda kms: self._generated(kms, context.pairs()),
        )
        return self._plain(GENERATE, answer), _framed(answer)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """Decrypt, by this very key."""
        blob = self._blob_of(UNWRAP, wrapped)
        answer = self._ask(
            UNWRAP,
            ("Plaintext",),
            lambda kms: kms.decrypt(
                KeyId=self.key, CiphertextBlob=blob, EncryptionContext=context.pairs()
            ),
        )
        return self._plain(UNWRAP, answer)

    def rewrap(self, wrapped: bytes, context: Context) -> bytes:
        """ReEncrypt: under the key's newest material, without the key coming here."""
        blob = self._blob_of(REWRAP, wrapped)
        pairs = context.pairs()
        answer = self._ask(
            REWRAP,
            ("CiphertextBlob",),
            lambda kms: kms.re_encrypt(
                CiphertextBlob=blob,
                SourceKeyId=self.key,
                SourceEncryptionContext=pairs,
                DestinationKeyId=self.key,
                DestinationEncryptionContext=pairs,
            ),
        )
        return _framed(answer)

    def sign(self, message: bytes) -> bytes:
        """Sign by AWS's SHA-256 or over ours; AWS answers in DER."""
        said = _said(message)
        answer = self._ask(
            SIGN,
            ("Signature",),
            lambda kms: kms.sign(KeyId=self.key, SigningAlgorithm=ALGORITHM, **said),
        )
        return bytes(answer["Signature"])

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Verify; what AWS calls an invalid signature is one."""
        said = _said(message)
        if not signature:
            return False

        def ask(kms: Any) -> dict[str, Any]:  # noqa: ANN401  # the SDK makes its classes as it runs
            try:
                found: dict[str, Any] = kms.verify(
                    KeyId=self.key, Signature=signature, SigningAlgorithm=ALGORITHM, **said
                )
            except ClientError as err:
                if aws_errors.code_of(err) == aws_errors.BAD_SIGNATURE:
                    return {"SignatureValid": False}
                raise
            return found

        return bool(self._ask(VERIFY, ("SignatureValid",), ask)["SignatureValid"])

    def public_key(self) -> bytes:
        """The public half, as PEM."""
        answer = self._ask(
            PUBLIC_KEY, ("PublicKey",), lambda kms: kms.get_public_key(KeyId=self.key)
        )
        return pem_of_der(answer["PublicKey"])

    def describe(self) -> Health:
        """DescribeKey, which needs no right to decrypt, and is no use of the key."""
        try:
            answer = self._ask(
                DESCRIBE, ("KeyMetadata",), lambda kms: kms.describe_key(KeyId=self.key)
            )
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        about = answer["KeyMetadata"]
        state = str(about.get("KeyState", ""))
        reason = STATES.get(state, f"the key is in state {state}")
        return Health(
            PROVIDER,
            self.key,
            usable=not reason,
            reason=reason,
            algorithm=str(about.get("KeySpec", "")),
            purpose=PURPOSES.get(about.get("KeyUsage", ""), ""),
            version=str(about.get("KeyId", "")) if self._is_alias else "",
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._access.close()

    @property
    def _is_alias(self) -> bool:
        return "alias/" in self.key

    def _check_usage(self, operation: str) -> None:
        """KeyUnusable for a key that signs, or is none of AES; what is not shown, AWS will say.

        A request of its own, for the few times that something is wrapped: servers that speak like
        AWS (moto, for one) wrap by a key that signs, and AWS itself would not open it.
        """

        def ask(kms: Any) -> dict[str, Any]:  # noqa: ANN401  # see above
            try:
                found: dict[str, Any] = kms.describe_key(KeyId=self.key)
            except ClientError as err:
                if aws_errors.lacks_right(err, "DescribeKey"):
                    return {"KeyMetadata": {"KeyUsage": WRAPS}}
                raise
            return found

        about = self._ask(operation, ("KeyMetadata",), ask)["KeyMetadata"]
        if (about.get("KeyUsage", WRAPS), about.get("KeySpec", AES)) != (WRAPS, AES):
            raise self._where.problem(KeyUnusable, operation, "the key is not for this")

    def _generated(self, kms: Any, pairs: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401  # see above
        """A key and what opens to it, whoever made the key: AWS would see it either way."""
        found: dict[str, Any]
        try:
            found = kms.generate_data_key(
                KeyId=self.key, KeySpec="AES_256", EncryptionContext=pairs
            )
        except ClientError as err:
            if not aws_errors.lacks_right(err, "GenerateDataKey"):
                raise
            fresh = random_bytes(KEY_BYTES)
            found = kms.encrypt(KeyId=self.key, Plaintext=fresh, EncryptionContext=pairs)
            found["Plaintext"] = fresh
        return found

    def _plain(self, operation: str, answer: Mapping[str, Any]) -> SecretBytes:
        plain = SecretBytes(answer["Plaintext"])
        if len(plain) != KEY_BYTES:
            raise self._where.problem(Tampered, operation, "that is no key that lango wrapped")
        return plain

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
        if not self._is_alias and used != self.key.rpartition("/")[2]:
            raise self._where.problem(Tampered, operation, "another key wrapped it")
        return rest[length:]

    def _ask(
        self,
        operation: str,
        members: tuple[str, ...],
        request: Callable[[Any], Mapping[str, Any]],
    ) -> dict[str, Any]:
        """The answer to one request, with `members` in it; tried again while there is time."""

        def attempt(left: float) -> dict[str, Any]:
            try:
                answer = dict(within(left, lambda: request(self._access.client())))
            except TimeoutError:
                raise self._where.unavailable(operation, "no answer in time") from None
            except (BotoCoreError, ClientError, OSError, RuntimeError) as err:
                raise self._problem(operation, err) from None
            except MALFORMED:
                raise self._strange(operation) from None
            if not all(has(answer, member) for member in members) or self._is_of_another(answer):
                raise self._strange(operation)
            return answer

        try:
            return self._calls.call(operation, attempt)
        except WantsCode:
            self._access.give(self._mfa_code(operation))
        return self._calls.call(operation, attempt)

    def _is_of_another(self, answer: Mapping[str, Any]) -> bool:
        """Whether it names another key than was asked for; what an alias stands for, AWS says."""
        named = str(answer.get("KeyMetadata", answer).get("KeyId", self.key))
        return not self._is_alias and named.rpartition("/")[2] != self.key.rpartition("/")[2]

    def _mfa_code(self, operation: str) -> str:
        reason = "AWS wants the code of an MFA device"
        try:
            code = self._options.pin()
        except NotApplicable as err:
            raise NotApplicable(f"{err.message}: {reason}") from None
        if code is None:
            raise self._where.problem(CustodyDenied, operation, reason, hint=MFA)
        return code.reveal().decode("ascii", "replace")

    def _problem(self, operation: str, err: Exception) -> LangoError:
        """An error of the SDK; of an alias it is known that it may have been moved."""
        code = aws_errors.code_of(err) if isinstance(err, ClientError) else ""
        if self._is_alias and code == aws_errors.INCORRECT_KEY:
            reason = "the alias stands for another key than the one that wrapped it"
            return self._where.problem(Tampered, operation, reason, hint=MOVED)
        return aws_errors.problem(self._where, operation, err)

    def _strange(self, operation: str) -> LangoError:
        return self._where.problem(CustodyDenied, operation, STRANGE)


def _region(uri: KeyUri) -> str | None:
    """That of the URI, else the ARN's own, else the one that AWS's tools find."""
    parts = uri.key.split(":")
    return uri.options.get("region") or (parts[3] if len(parts) > 5 else None)


def _said(message: bytes) -> dict[str, Any]:
    """What is to be signed: as it is where AWS takes that, else its digest."""
    if 1 <= len(message) <= RAW_LIMIT:
        return {"Message": message, "MessageType": "RAW"}
    return {"Message": digest(message), "MessageType": "DIGEST"}


def _framed(answer: Mapping[str, Any]) -> bytes:
    """A digest's start, the length of the key's ARN, that ARN, and what AWS made."""
    name = str(answer.get("KeyId", "")).encode()
    rest = len(name).to_bytes(2, "big") + name + bytes(answer["CiphertextBlob"])
    return digest(rest)[:CHECK] + rest


def open_custodian(uri: KeyUri, options: Options) -> AwsCustodian:
    """The custodian of an `aws-kms:` URI; nothing is asked yet."""
    return AwsCustodian(uri, options)

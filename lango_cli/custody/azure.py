"""Keys at Azure Key Vault or Managed HSM: RSA or AES keys that wrap, P-256 keys that sign.

The rule: wrapping takes no additional data there, so the context is bound here (`binding`): what
the vault wraps is a fresh key, by RSA-OAEP-256, or A256KW where the key is AES. What was wrapped
says by which version, because only that one unwraps it. None of the SDK's own retries, and an end
to everything when the time is over: looking for credentials may hang as well.

Requests go as they are in the REST API through the SDK's pipeline, which knows the challenge, the
tokens and the transport: its own `CryptographyClient` would ask twice, and do by itself, with the
public half, what the vault is to do. An answer that does not name the key it was asked of is none.

Sources: Key Vault REST API, keys: wrapKey, unwrapKey, sign, and Get Key, version 7.4 and later.
"""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import CredentialUnavailableError, DefaultAzureCredential
from azure.keyvault.keys import KeyClient

from lango_cli.crypto.ecdsa import HALF, der_of_raw, pem_of_point, verify_pem
from lango_cli.crypto.mac import digest
from lango_cli.custody.azure_answers import KeyShown, code_of, key_shown, made_by
from lango_cli.custody.binding import bind, unbind
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
)
from lango_cli.model_custody import Context, Health
from lango_cli.secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from lango_cli.custody.uri import KeyUri, Options

    T = TypeVar("T")

PROVIDER = "azure-kv"
STRANGE = "its challenge, or its answer, is none of a Key Vault for this host"
OAEP, KEY_WRAP, ES256 = "RSA-OAEP-256", "A256KW", "ES256"
WRAPS = {"RSA": OAEP, "RSA-HSM": OAEP, "oct": KEY_WRAP, "oct-HSM": KEY_WRAP}
"""Key types that wrap, and how."""
NUMBERS = {OAEP: 1, KEY_WRAP: 2}
BY_NUMBER = {number: algorithm for algorithm, number in NUMBERS.items()}
VERSION = re.compile(r"[A-Za-z0-9]{1,64}")
UNUSABLE = {"KeyDisabled", "KeyExpired", "KeyNotYetValid", "KeyOperationForbidden"}


class AzureCustodian:
    """One key in one vault; without a version in its name the newest wraps and signs."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._vault, _, rest = uri.key.partition("/keys/")
        self._name, _, self._version = rest.partition("/")
        self._timeout = options.timeout
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._client: KeyClient | None = None

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """The algorithm, the key's version, and `data` bound to the context."""
        check_key(data)
        key = self._shown(WRAP)
        algorithm = WRAPS.get(key.kind)
        if algorithm is None:
            raise self._where.problem(KeyUnusable, WRAP, "the key is not for this")

        def outer(fresh: SecretBytes) -> bytes:
            return self._use(WRAP, "wrapkey", key.version, algorithm, fresh.reveal())

        head = bytes([NUMBERS[algorithm], len(key.version)]) + key.version.encode()
        return head + bind(data, _bound(context, head), outer)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`, unwrapped by the version that wrapped it."""
        check_wrapped(wrapped)
        head = 2 + (wrapped[1] if len(wrapped) > 1 else 0)
        algorithm = BY_NUMBER.get(wrapped[0])
        version = wrapped[2:head].decode("ascii", "replace")
        if algorithm is None or not VERSION.fullmatch(version):
            raise self._where.problem(Tampered, UNWRAP, "what was wrapped is damaged")

        def outer(blob: bytes) -> SecretBytes:
            return SecretBytes(self._use(UNWRAP, "unwrapkey", version, algorithm, blob))

        return unbind(wrapped[head:], _bound(context, wrapped[:head]), outer)

    def sign(self, message: bytes) -> bytes:
        """ES256 over the SHA-256 digest, as DER."""
        raw = self._use(SIGN, "sign", self._version, ES256, digest(message))
        if len(raw) != 2 * HALF:
            raise self._where.problem(KeyUnusable, SIGN, "it does not sign with P-256")
        return der_of_raw(raw)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Under the public half, which the vault shows."""
        return verify_pem(self.public_key(), message, signature)

    def public_key(self) -> bytes:
        """The public half, as PEM."""
        point = self._shown(PUBLIC_KEY).point
        if not point:
            raise self._where.problem(KeyUnusable, PUBLIC_KEY, "the key is not for this")
        return pem_of_point(point)

    def describe(self) -> Health:
        """What Get Key says, without the right to unwrap."""
        try:
            key = self._shown(DESCRIBE)
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        reason = _reason(key)
        return Health(
            PROVIDER,
            self.key,
            usable=not reason,
            reason=reason,
            algorithm=key.kind,
            purpose="wrap" if key.kind in WRAPS else "sign",
            version=key.version,
        )

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _shown(self, operation: str) -> KeyShown:
        request = HttpRequest("GET", f"/keys/{self._name}/{self._version}")
        return self._ask(
            operation, request, lambda answer: key_shown(answer, self._name, self._version)
        )

    def _use(self, operation: str, verb: str, version: str, algorithm: str, value: bytes) -> bytes:
        """What the vault makes of `value` with one version (`""`: the newest) of the key."""
        body = {"alg": algorithm, "value": urlsafe_b64encode(value).rstrip(b"=").decode()}
        request = HttpRequest("POST", f"/keys/{self._name}/{version}/{verb}", json=body)
        return self._ask(operation, request, lambda answer: made_by(answer, self._name, version))

    def _ask(self, operation: str, request: HttpRequest, read: Callable[[object], T]) -> T:
        """What `read` finds in the answer to one request, tried again while there is time."""

        def attempt(left: float) -> T:
            try:
                status, answer = within(left, lambda: self._send(request))
                if status < 300:
                    return read(answer)
            except TimeoutError:
                reason = f"no answer within {self._timeout:g} s"
                raise self._where.unavailable(operation, reason) from None
            except AzureError as err:
                raise self._problem(operation, err) from None
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
                # What the SDK makes of a challenge for another domain, and of a strange answer.
                raise self._where.problem(CustodyDenied, operation, STRANGE) from None
            raise self._refusal(operation, status, code_of(answer))

        return self._calls.call(operation, attempt)

    def _send(self, request: HttpRequest) -> tuple[int, object]:
        """The status, and what JSON is in the answer: None where there is none."""
        if self._client is None:
            self._client = KeyClient(
                self._vault,
                DefaultAzureCredential(),
                retry_total=0,
                connection_timeout=self._timeout,
                read_timeout=self._timeout,
            )
        response = self._client.send_request(request)
        try:
            return response.status_code, response.json()
        except (LookupError, RecursionError, ValueError):
            return response.status_code, None

    def _problem(self, operation: str, err: AzureError) -> LangoError:
        """What an error of the SDK stands for, by its class: no answer came, or none that is."""
        if isinstance(err, ClientAuthenticationError | CredentialUnavailableError):
            return self._no_credentials(operation)
        if isinstance(err, HttpResponseError) and err.status_code is not None:
            status = err.status_code
            if status < 300:
                return self._where.problem(CustodyDenied, operation, STRANGE)
            return self._refusal(operation, status, "")
        return self._where.unavailable(operation, "it cannot be reached")

    def _no_credentials(self, operation: str) -> LangoError:
        return self._where.problem(
            CustodyDenied, operation, "no usable credentials", hint="az login"
        )

    def _refusal(self, operation: str, status: int, code: str) -> LangoError:
        """What a status that is no success stands for, with the vault's own code."""
        if status == 429:
            return self._where.unavailable(operation, "too many requests", throttled=True)
        if status == 408 or status >= 500:
            return self._where.unavailable(operation, "the service has a fault of its own")
        if status == 401:
            return self._no_credentials(operation)
        kind, reason = self._kind(operation, status, code)
        return self._where.problem(kind, operation, reason)

    def _kind(self, operation: str, status: int, code: str) -> tuple[type[LangoError], str]:
        if code in UNUSABLE:
            return KeyUnusable, "the key is disabled, expired or not for this"
        if status == 404:
            return KeyNotFound, "there is no such key, or it was deleted"
        if status == 400 and operation == UNWRAP:
            return Tampered, "it is damaged, or another key's"
        if status == 400:
            return KeyUnusable, "the key is not for this"
        return CustodyDenied, f"refused (status {status})"


def _reason(key: KeyShown) -> str:
    """Why it cannot be used now, or nothing. What it wrapped, an expired key still unwraps."""
    now = time.time()
    if not key.enabled:
        return "the key is disabled"
    if now >= key.ends:
        return "the key has expired: it unwraps, and wraps and signs no more"
    return "" if now >= key.begins else "the key is not valid yet"


def _bound(context: Context, head: bytes) -> Context:
    """The context, with what stands before the wrapped key."""
    return Context(context.vault, f"{context.slot}/{head.hex()}")


def open_custodian(uri: KeyUri, options: Options) -> AzureCustodian:
    """The custodian of an `azure-kv:` URI; nothing is asked yet."""
    return AzureCustodian(uri, options)

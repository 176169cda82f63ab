"""Keys at Azure Key Vault or Managed HSM: RSA or AES keys that wrap, P-256 keys that sign.

The rule: wrapping takes no additional data there, so the context is bound here (`binding`): what
the vault wraps is a fresh key, by RSA-OAEP-256, or A256KW where the key is AES. What was wrapped
says by which version, because only that one unwraps it. None of the SDK's own retries, and an end
to everything when the time is over: looking for credentials may hang as well.

Sources: Key Vault REST API, keys: wrapKey, unwrapKey, sign, and Get Key, version 7.4 and later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm, SignatureAlgorithm

from lango_cli.crypto.ecdsa import der_of_raw, pem_of_point, verify_pem
from lango_cli.crypto.mac import digest
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
WRAPS = {
    "RSA": KeyWrapAlgorithm.rsa_oaep_256,
    "RSA-HSM": KeyWrapAlgorithm.rsa_oaep_256,
    "oct": KeyWrapAlgorithm.aes_256,
    "oct-HSM": KeyWrapAlgorithm.aes_256,
}
"""Key types that wrap, and how."""
BY_NUMBER = {1: KeyWrapAlgorithm.rsa_oaep_256, 2: KeyWrapAlgorithm.aes_256}
VERSION_LIMIT, OUTER_LIMIT = 64, 4096
"""Characters of a key's version, and bytes that a vault makes of 32: a few hundred."""
UNUSABLE = {"KeyDisabled", "KeyExpired", "KeyNotYetValid", "KeyOperationForbidden"}


class AzureCustodian:
    """One key in one vault; without a version in its name the newest wraps and signs."""

    provider = PROVIDER

    def __init__(self, uri: KeyUri, options: Options) -> None:
        self.key = uri.key
        self._where = Where(PROVIDER, uri.key)
        self._vault, _, rest = uri.key.partition("/keys/")
        self._name, _, self._version = rest.partition("/")
        self._calls = Calls(self._where, options.timeout, options.retries)
        self._settings = {
            "retry_total": 0,
            "connection_timeout": options.timeout,
            "read_timeout": options.timeout,
        }
        self._clients: dict[str, Any] = {}
        self._credential: Any = None

    def wrap(self, data: SecretBytes, context: Context) -> bytes:
        """The algorithm, the key's version, and `data` bound to the context."""
        check_key(data)
        key = self._get(WRAP)
        algorithm = WRAPS.get(str(_text(key.key_type)))
        if algorithm is None:
            raise self._where.problem(KeyUnusable, WRAP, "the key is not for this")
        version = str(key.properties.version or "")
        if not _is_version(version):
            raise self._where.problem(CustodyDenied, WRAP, STRANGE)

        def outer(fresh: SecretBytes) -> bytes:
            made = self._ask(
                WRAP,
                lambda: bytes(self._at(version).wrap_key(algorithm, fresh.reveal()).encrypted_key),
            )
            if not 0 < len(made) <= OUTER_LIMIT:
                raise self._where.problem(CustodyDenied, WRAP, STRANGE)
            return made

        number = next(number for number, known in BY_NUMBER.items() if known == algorithm)
        head = bytes([number, len(version)]) + version.encode()
        return head + bind(data, _bound(context, head), outer)

    def unwrap(self, wrapped: bytes, context: Context) -> SecretBytes:
        """The key out of `wrap`, unwrapped by the version that wrapped it."""
        check_wrapped(wrapped)
        head = 2 + (wrapped[1] if len(wrapped) > 1 else 0)
        algorithm = BY_NUMBER.get(wrapped[0])
        version = wrapped[2:head].decode("ascii", "replace")
        if algorithm is None or not _is_version(version):
            raise self._where.problem(Tampered, UNWRAP, "what was wrapped is damaged")

        def outer(blob: bytes) -> SecretBytes:
            return self._ask(
                UNWRAP, lambda: SecretBytes(self._at(version).unwrap_key(algorithm, blob).key)
            )

        return unbind(wrapped[head:], _bound(context, wrapped[:head]), outer)

    def sign(self, message: bytes) -> bytes:
        """ES256 over the SHA-256 digest, as DER."""
        hashed = digest(message)
        return der_of_raw(
            self._ask(
                SIGN,
                lambda: bytes(
                    self._at(self._version).sign(SignatureAlgorithm.es256, hashed).signature
                ),
            )
        )

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Under the public half, which the vault shows."""
        return verify_pem(self.public_key(), message, signature)

    def public_key(self) -> bytes:
        """The public half, as PEM."""
        key = self._get(PUBLIC_KEY).key
        if not key.x or not key.y:
            raise self._where.problem(KeyUnusable, PUBLIC_KEY, "the key is not for this")
        return pem_of_point(b"\4" + key.x.rjust(32, b"\0") + key.y.rjust(32, b"\0"))

    def describe(self) -> Health:
        """What Get Key says, without the right to unwrap."""
        try:
            key = self._get(DESCRIBE)
        except CustodyError as err:
            return Health(PROVIDER, self.key, usable=False, reason=err.message)
        kind = str(_text(key.key_type))
        enabled = bool(key.properties.enabled)
        return Health(
            PROVIDER,
            self.key,
            usable=enabled,
            reason="" if enabled else "the key is disabled",
            algorithm=kind,
            purpose="wrap" if kind in WRAPS else "sign",
            version=str(key.properties.version or ""),
        )

    def close(self) -> None:
        """Let go of the connections."""
        while self._clients:
            self._clients.popitem()[1].close()

    def _get(self, operation: str) -> Any:  # noqa: ANN401  # the SDK's models say little
        def get() -> Any:  # noqa: ANN401  # see above
            client = self._clients.get("keys")
            if client is None:
                client = KeyClient(self._vault, self._login(), **self._settings)
                self._clients["keys"] = client
            return client.get_key(self._name, self._version or None)

        return self._ask(operation, get)

    def _at(self, version: str) -> Any:  # noqa: ANN401  # the SDK's models say little
        """A client of one version that leaves everything to the vault."""
        key = f"{self._vault}/keys/{self._name}{'/' * bool(version)}{version}"
        if key in self._clients:
            return self._clients[key]
        client = CryptographyClient(key, self._login(), **self._settings)
        # It would get the key first, and so ask twice.
        client._keys_get_forbidden = True
        self._clients[key] = client
        return client

    def _login(self) -> Any:  # noqa: ANN401  # one of many classes
        if self._credential is None:
            self._credential = DefaultAzureCredential()
        return self._credential

    def _ask(self, operation: str, request: Callable[[], T]) -> T:
        """The answer to one request, tried again while there is time."""

        def attempt(left: float) -> T:
            try:
                return within(left, request)
            except TimeoutError:
                raise self._where.unavailable(operation, "no answer in time") from None
            except AzureError as err:
                raise self._problem(operation, err) from None
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
                # What the SDK makes of a challenge for another domain, and of a strange answer.
                raise self._where.problem(CustodyDenied, operation, STRANGE) from None

        return self._calls.call(operation, attempt)

    def _problem(self, operation: str, err: AzureError) -> LangoError:
        """What an error of the SDK stands for, by its status, code or class."""
        if isinstance(err, ClientAuthenticationError | CredentialUnavailableError):
            reason = "no usable credentials"
            return self._where.problem(CustodyDenied, operation, reason, hint="az login")
        if not isinstance(err, HttpResponseError) or err.status_code is None:
            return self._where.unavailable(operation, "it cannot be reached")
        status = err.status_code
        if status == 429:
            return self._where.unavailable(operation, "too many requests", throttled=True)
        if status == 408 or status >= 500 or status < 300:
            return self._where.unavailable(operation, "the service has a fault of its own")
        kind, reason = self._refusal(operation, status, _inner_code(err))
        return self._where.problem(kind, operation, reason)

    def _refusal(self, operation: str, status: int, code: str) -> tuple[type[LangoError], str]:
        if code in UNUSABLE:
            return KeyUnusable, "the key is disabled, expired or not for this"
        if status == 404:
            return KeyNotFound, "there is no such key"
        if status == 400 and operation == UNWRAP:
            return Tampered, "it is damaged, or another key's"
        if status == 400:
            return KeyUnusable, "the key is not for this"
        return CustodyDenied, f"refused (status {status})"


def _is_version(text: str) -> bool:
    return 0 < len(text) <= VERSION_LIMIT and text.isascii() and text.isalnum()


def _bound(context: Context, head: bytes) -> Context:
    """The context, with what stands before the wrapped key."""
    return Context(context.vault, f"{context.slot}/{head.hex()}")


def _inner_code(err: HttpResponseError) -> str:
    """The code of what the service says, the inner one where there is one."""
    inner = getattr(getattr(err, "error", None), "innererror", None) or {}
    found = inner.get("code") if isinstance(inner, dict) else getattr(inner, "code", None)
    return str(found or getattr(getattr(err, "error", None), "code", None) or "")


def _text(value: object) -> object:
    """An enumeration's value, or what is no enumeration."""
    return getattr(value, "value", value)


def open_custodian(uri: KeyUri, options: Options) -> AzureCustodian:
    """The custodian of an `azure-kv:` URI; nothing is asked yet."""
    return AzureCustodian(uri, options)

"""Where a key is: the URIs of keys that are kept elsewhere, and what it takes to reach one.

The rule: a URI names a key and never holds a secret, so it may stand in a header, a listing and a
message about something else; what cannot be understood is refused without being repeated.

    aws-kms:ARN | alias/NAME | KEY-ID     ?region= &endpoint= &profile= &role=
    gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K[/cryptoKeyVersions/N]     ?endpoint=
    azure-kv:https://HOST/keys/NAME[/VERSION]
    pkcs11:token=T;object=K;id=%01...     ?module-path= &pin-source=file:PATH        (RFC 7512)
    tpm2:                                 ?pcrs=sha256:7 &tcti= &handle= &pin=yes
    rpc:https://HOST:PORT | rpc:unix:PATH
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lango_cli.secret import SecretBytes

LIMIT = 2048
"""Characters of a URI."""
HINT = "see the forms of key URIs: man lango-keys, or README, Custody"


@dataclass(frozen=True, slots=True)
class KeyUri:
    """A key URI in parts. `text` is the URI as it was given."""

    provider: str
    key: str
    text: str
    options: Mapping[str, str] = field(default_factory=dict)
    """What stands after `?`, and the attributes of a `pkcs11:` path."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a custodian may use besides its URI."""

    pin: Callable[[], SecretBytes | None]
    """Asked when a PIN is needed, and no earlier; None where there is none."""
    environment: Mapping[str, str]
    """The variables that SDKs read."""
    timeout: float = 5.0
    """Seconds for one operation, with everything that is tried again in it."""
    retries: int = 3
    """How often an operation is tried again after it was unavailable; may be 0."""
    folder: str = ""
    """Where pairing material is, the vault's home."""
    runtime: str = ""
    """The runtime folder, where processes of one user wait for one another; or none."""
    new_pin: Callable[[], SecretBytes | None] | None = None
    """Asked instead of `pin` where a PIN is set, so that nothing but a second look could tell a
    mistyped one; None: as `pin`."""


@dataclass(frozen=True, slots=True)
class _Form:
    key: re.Pattern[str]
    options: frozenset[str]
    example: str


_FORMS = {
    "aws-kms": _Form(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9:/_.-]*"),
        frozenset({"region", "endpoint", "profile", "role"}),
        "aws-kms:alias/NAME?region=eu-central-1",
    ),
    "gcp-kms": _Form(
        re.compile(
            r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+"
            r"(?:/cryptoKeyVersions/[0-9]+)?"
        ),
        frozenset({"endpoint"}),
        "gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K",
    ),
    "azure-kv": _Form(
        re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/keys/[A-Za-z0-9-]+(?:/[0-9A-Za-z]+)?"),
        frozenset(),
        "azure-kv:https://VAULT.vault.azure.net/keys/NAME",
    ),
    "tpm2": _Form(
        re.compile(r""), frozenset({"pcrs", "tcti", "handle", "pin"}), "tpm2:?pcrs=sha256:7"
    ),
    "rpc": _Form(
        re.compile(r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?|unix:/.+"),
        frozenset({"key"}),
        "rpc:https://HOST:PORT or rpc:unix:/PATH",
    ),
}
PROVIDERS = ("aws-kms", "azure-kv", "gcp-kms", "pkcs11", "rpc", "tpm2")

_PKCS11_PATH = frozenset(
    {
        "token",
        "manufacturer",
        "serial",
        "model",
        "object",
        "type",
        "id",
        "slot-id",
        "slot-description",
        "slot-manufacturer",
        "library-manufacturer",
        "library-description",
        "library-version",
    }
)
_WHO = frozenset({"profile", "role", "pin-source"})
"""Options that say who asks for a key, and not which it is."""
_PKCS11_QUERY = frozenset({"module-path", "module-name", "pin-source", "pin-value"})


def parse(text: str) -> KeyUri:
    """The parts of a key URI; UsageProblem for anything else, which is not repeated."""
    provider, colon, rest = text.partition(":")
    if not colon or provider not in PROVIDERS:
        raise UsageProblem(f"that is no key URI: it begins with one of {_beginnings()}", hint=HINT)
    if len(text) > LIMIT or not text.isprintable() or " " in text:
        raise UsageProblem(f"that is no {provider} URI", hint=HINT)
    return _pkcs11(text, rest) if provider == "pkcs11" else _other(text, provider, rest)


def place_of(text: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """Which key a URI names, whoever asks for it: the same however one gets at it."""
    uri = parse(text)
    where = {(name, value) for name, value in uri.options.items() if name not in _WHO}
    return uri.provider, uri.key, frozenset(where)


def _beginnings() -> str:
    return ", ".join(f"{name}:" for name in PROVIDERS)


def _other(text: str, provider: str, rest: str) -> KeyUri:
    form = _FORMS[provider]
    key, _, query = rest.partition("?")
    options = _options(provider, query, form)
    if not form.key.fullmatch(key) or "#" in text:
        raise _bad(provider, form.example)
    if provider in ("azure-kv", "rpc") and key.startswith("https:"):
        _check_host(provider, key, form.example)
    return KeyUri(provider, key, text, options)


def _check_host(provider: str, url: str, example: str) -> None:
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise _bad(provider, example)


def _options(provider: str, query: str, form: _Form) -> dict[str, str]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, strict_parsing=True, max_num_fields=16)
    except ValueError:
        raise _bad(provider, form.example) from None
    return _once(provider, pairs, form.options, form.example)


def _once(
    provider: str, pairs: list[tuple[str, str]], known: frozenset[str], example: str
) -> dict[str, str]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not known.issuperset(names):
        raise _bad(provider, example)
    if not all(value.isprintable() for _, value in pairs):
        raise _bad(provider, example)
    return dict(pairs)


def _bad(provider: str, example: str) -> UsageProblem:
    return UsageProblem(f"that is no {provider} URI", hint=f"it looks like this: {example}")


def _pkcs11(text: str, rest: str) -> KeyUri:
    """RFC 7512: path attributes between `;`, query attributes between `&`, percent-encoded.

    `id` is kept as hexadecimal digits.
    """
    example = "pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so"
    path, _, query = rest.partition("?")
    options = _once("pkcs11", _attributes(path, ";", example), _PKCS11_PATH, example)
    more = _once("pkcs11", _attributes(query, "&", example), _PKCS11_QUERY, example)
    if "pin-value" in more:
        raise UsageProblem(
            "a PIN has no place in a URI",
            hint="give it by LANGO_PKCS11_PIN, pin-source=file:PATH, or at the prompt",
        )
    if more.get("pin-source", "file:").partition(":")[0] != "file":
        raise _bad("pkcs11", example)
    key = options.get("object") or (f"id {options['id']}" if options.get("id") else "")
    return KeyUri("pkcs11", key, text, options | more)


def _attributes(text: str, between: str, example: str) -> list[tuple[str, str]]:
    found = []
    for part in text.split(between) if text else []:
        name, equals, value = part.partition("=")
        if not equals:
            raise _bad("pkcs11", example)
        data = unquote_to_bytes(value)
        try:
            found.append((name, data.hex() if name == "id" else data.decode()))
        except UnicodeDecodeError:
            raise _bad("pkcs11", example) from None
    return found

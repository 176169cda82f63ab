"""What settings say about one another.

The rule: a rule is broken in one of two ways, which callers treat apart. What is *missing* can
still come with the next command; a *contradiction* cannot. A value that refers to a variable or a
secret counts as given, and what it will say is not guessed. Messages name settings, never values.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from lango_cli.config.kinds import may_refer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMITS = ("autoApproveBelow", "maxPerTx", "maxDaily")
"""Members of payment.limits, each at most the one after it."""
SIGNERS = {
    "rpc": ("security.signer.rpcUrl",),
    "azure-kv": ("security.kms.azure.vaultUrl",),
    "pkcs11": ("security.kms.pkcs11.modulePath",),
}
KEYED = ("aws-kms", "azure-kv", "gcp-kms")
KEY_IDS = ("security.kms.keyId", "security.signer.keyId")
TOKEN_KEYS = ("security.kms.pkcs11.keyLabel", "security.signer.keyId")


class Broken(NamedTuple):
    """A rule that these values break, the settings that it is about, and how."""

    text: str
    keys: tuple[str, ...]
    missing: bool = True


def broken(values: Mapping[str, Any], usual: Mapping[str, Any]) -> list[Broken]:
    """Every rule that the values that were set break, where `usual` counts for all others."""
    return [
        *_signer(values),
        *_payment(values, usual),
        *_peers(values),
        *_interceptor(values, usual),
        *_sign_in(values),
        *_providers(values),
        *_applications(values),
    ]


def _any_of(what: str, values: Mapping[str, Any], *keys: str) -> Iterator[Broken]:
    """What needs one of these settings, where none of them is given."""
    if not any(values.get(key) for key in keys):
        yield Broken(f"{what} needs {' or '.join(keys)}", (what.split()[0], *keys))


def _signer(values: Mapping[str, Any]) -> Iterator[Broken]:
    provider = values.get("security.signer.provider")
    what = f"security.signer.provider {provider}"
    for key in SIGNERS.get(str(provider), ()):
        yield from _any_of(what, values, key)
    if provider in KEYED:
        yield from _any_of(what, values, *KEY_IDS)
    if provider == "pkcs11":
        yield from _any_of(what, values, *TOKEN_KEYS)


def _payment(values: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[Broken]:
    keys = [f"payment.limits.{name}" for name in LIMITS]
    for less, more in pairwise(keys):
        low, high = (str(values.get(key, usual.get(key, ""))) for key in (less, more))
        if not low or not high or may_refer(low) or may_refer(high):
            continue
        if Decimal(low) > Decimal(high):
            yield Broken(f"{less} is over {more}", (less, more), missing=False)


def _peers(values: Mapping[str, Any]) -> Iterator[Broken]:
    if values.get("p2p.enabled") is True:
        if values.get("payment.enabled") is False:
            keys = ("p2p.enabled", "payment.enabled")
            yield Broken("p2p.enabled needs payment.enabled, which is off", keys, missing=False)
        yield from (
            ()
            if "payment.enabled" in values
            else _any_of("p2p.enabled", values, "payment.enabled")
        )
    if values.get("p2p.zkp.srsMode") == "file":
        yield from _any_of("p2p.zkp.srsMode file", values, "p2p.zkp.srsPath")
    if values.get("p2p.pricing.enabled") is True:
        yield from _any_of(
            "p2p.pricing.enabled", values, "p2p.pricing.perQuery", "p2p.pricing.toolPrices"
        )
    container = "p2p.toolIsolation.container.enabled"
    if values.get(container) is True:
        yield from _any_of(container, values, "p2p.toolIsolation.enabled")


def _interceptor(values: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[Broken]:
    presidio = "security.interceptor.presidio"
    if values.get(f"{presidio}.enabled") is True:
        yield from _any_of(f"{presidio}.enabled", {**usual, **values}, f"{presidio}.url")


def _named(values: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """`prefix.ID` of everything below it that somebody set, each once."""
    parts = prefix.count(".") + 2
    found = {
        ".".join(key.split(".")[:parts]): None for key in values if key.startswith(f"{prefix}.")
    }
    yield from found


def _sign_in(values: Mapping[str, Any]) -> Iterator[Broken]:
    for one in _named(values, "auth.providers"):
        for needed in ("issuerUrl", "clientId"):
            key = f"{one}.{needed}"
            if not values.get(key):
                yield Broken(f"{one} needs {key}", (key, *_below(values, one)))
        scopes = values.get(f"{one}.scopes", ["openid"])
        if "openid" not in scopes and not may_refer(" ".join(map(str, scopes))):
            yield Broken(f"{one}.scopes must have openid", (f"{one}.scopes",), missing=False)


def _providers(values: Mapping[str, Any]) -> Iterator[Broken]:
    """A provider elsewhere wants a key; one whose address is set may be on this machine."""
    for one in _named(values, "providers"):
        kind = values.get(f"{one}.type")
        if kind != "ollama" and not values.get(f"{one}.baseUrl"):
            key = f"{one}.apiKey"
            if not values.get(key):
                yield Broken(f"{one} needs {key}", (key, *_below(values, one)))


def _below(values: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    return tuple(key for key in values if key.startswith(f"{prefix}."))


def _applications(values: Mapping[str, Any]) -> Iterator[Broken]:
    """What an application's own schema says of its settings."""
    for key in values:
        schema = values[key]
        if not key.startswith("appSchemas.") or schema == {}:
            continue
        from lango_cli.config.app_schemas import faults, unfit

        app = f"apps.{key.partition('.')[2]}"
        if why := unfit(schema):
            yield Broken(f"{key} {why}", (key,), missing=False)
            continue
        for path, said, missing in faults(schema, _application(values, app)):
            yield Broken(f"{app}{'.' if path else ''}{path} {said}", (key, app), missing)


def _application(values: Mapping[str, Any], app: str) -> Any:  # noqa: ANN401  # what JSON holds
    """The settings of one application, which stand together or one by one."""
    found: dict[str, Any] = {}
    for key in sorted(one for one in values if one == app or one.startswith(f"{app}.")):
        *path, last = key.split(".")
        at = found
        for name in path:
            at = at.setdefault(name, {})
        at[last] = dict(values[key]) if isinstance(values[key], dict) else values[key]
    return found.get("apps", {}).get(app.partition(".")[2], {})

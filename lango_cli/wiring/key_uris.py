"""Key URIs as people write them: the parts left out come from the settings.

The rule: what is written down, in a header or a registry, is complete, so that a setting that
changes later does not point an old slot at another key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lango_cli.custody.uri import PROVIDERS, parse
from lango_cli.errors import UsageProblem

if TYPE_CHECKING:
    from lango_cli.config.load import Settings

LOCAL = "local"


def complete(text: str | None, settings: Settings, *, signing: bool = False) -> str:
    """The whole URI of `text`: a URI, a provider's name alone, or None for the one of settings."""
    text = settings.text("security.signer.provider") if text is None else text
    provider = text.removesuffix(":")
    if provider == LOCAL:
        raise UsageProblem(
            "a key in software beside the vault is no better than a keyfile",
            hint="name a key URI such as pkcs11:token=T;object=K; see README, Custody",
        )
    if provider in PROVIDERS:
        text = _from_settings(provider, settings, signing=signing)
    return _filled(text, settings)


def _from_settings(provider: str, settings: Settings, *, signing: bool) -> str:
    key = settings.text("security.signer.keyId" if signing else "security.kms.keyId")
    if provider == "tpm2":
        return "tpm2:"
    if provider == "rpc":
        return f"rpc:{_needed(settings, 'security.signer.rpcUrl').removeprefix('rpc:')}"
    if provider == "pkcs11":
        label = key if signing and key else _needed(settings, "security.kms.pkcs11.keyLabel")
        slot = settings.text("security.kms.pkcs11.slotId")
        where = f"slot-id={quote(slot)};" if slot else ""
        return f"pkcs11:{where}object={quote(label)}"
    if not key:
        key = _needed(settings, "security.signer.keyId" if signing else "security.kms.keyId")
    if provider == "azure-kv":
        vault = _needed(settings, "security.kms.azure.vaultUrl").rstrip("/")
        return f"azure-kv:{vault}/keys/{key}"
    return f"{provider}:{key}"


def _needed(settings: Settings, name: str) -> str:
    value = settings.text(name)
    if not value:
        raise UsageProblem(f"no key URI is given, and {name} is not set", hint="give a key URI")
    return value


def _filled(text: str, settings: Settings) -> str:
    """The URI with what it leaves out, as far as the settings have it."""
    uri = parse(text)
    wanted = {
        "aws-kms": (("region", "security.kms.region"), ("endpoint", "security.kms.endpoint")),
        "gcp-kms": (("endpoint", "security.kms.endpoint"),),
        "pkcs11": (("module-path", "security.kms.pkcs11.modulePath"),),
    }
    for option, name in wanted.get(uri.provider, ()):
        value = settings.text(name)
        if value and option not in uri.options and not _names_region(uri.key, option):
            text += f"{'&' if '?' in text else '?'}{option}={quote(value, safe='/:')}"
    version = settings.text("security.kms.azure.keyVersion")
    if uri.provider == "azure-kv" and version and uri.key.rpartition("/keys/")[2].count("/") == 0:
        text += f"/{version}"
    return parse(text).text


def _names_region(key: str, option: str) -> bool:
    """An ARN says which region it is of."""
    return option == "region" and key.startswith("arn:")

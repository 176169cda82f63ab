"""What settings say about one another: each rule, and when it is not judged."""

from __future__ import annotations

from typing import Any

import pytest

from lango_cli.config.document import defaults
from lango_cli.config.rules import broken

SIGNER = "security.signer.provider"
KEY_ID = {"security.kms.keyId": "k"}
OIDC = {"auth.providers.g.issuerUrl": "https://g.example", "auth.providers.g.clientId": "${ID}"}
LIMITS = "payment.limits"
PRESIDIO = "security.interceptor.presidio"

MISSING: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "rpc": ({SIGNER: "rpc"}, "signer.rpcUrl", {"security.signer.rpcUrl": "${URL}"}),
    "aws": ({SIGNER: "aws-kms"}, "kms.keyId", KEY_ID),
    "google": ({SIGNER: "gcp-kms"}, "kms.keyId", {"security.signer.keyId": "k"}),
    "azure": (
        {SIGNER: "azure-kv", **KEY_ID},
        "azure.vaultUrl",
        {"security.kms.azure.vaultUrl": "https://v.example"},
    ),
    "a key at azure": (
        {SIGNER: "azure-kv", "security.kms.azure.vaultUrl": "https://v.example"},
        "kms.keyId",
        KEY_ID,
    ),
    "a token's library": (
        {SIGNER: "pkcs11", "security.kms.pkcs11.keyLabel": "k"},
        "pkcs11.modulePath",
        {"security.kms.pkcs11.modulePath": "/m.so"},
    ),
    "a token's key": (
        {SIGNER: "pkcs11", "security.kms.pkcs11.modulePath": "/m.so"},
        "pkcs11.keyLabel",
        {"security.kms.pkcs11.keyLabel": "k"},
    ),
    "peers": ({"p2p.enabled": True}, "payment.enabled", {"payment.enabled": "${PAY}"}),
    "srs": ({"p2p.zkp.srsMode": "file"}, "p2p.zkp.srsPath", {"p2p.zkp.srsPath": "/s"}),
    "price": ({"p2p.pricing.enabled": True}, "perQuery", {"p2p.pricing.toolPrices": {"a": "1"}}),
    "container": (
        {"p2p.toolIsolation.container.enabled": True},
        "toolIsolation.enabled",
        {"p2p.toolIsolation.enabled": True},
    ),
    "presidio": (
        {f"{PRESIDIO}.enabled": True, f"{PRESIDIO}.url": ""},
        "presidio.url",
        {f"{PRESIDIO}.url": "https://p.example"},
    ),
    "who signs in": (
        {"auth.providers.g.clientId": "{{secret:id}}"},
        "g.issuerUrl",
        {"auth.providers.g.issuerUrl": "https://g.example"},
    ),
    "as whom": ({"auth.providers.g.issuerUrl": "https://g.example"}, "g.clientId", OIDC),
    "a provider's key": (
        {"providers.o.type": "openai"},
        "providers.o.apiKey",
        {"providers.o.apiKey": "{{secret:o}}"},
    ),
    "a provider here": (
        {"providers.o.type": "openai"},
        "providers.o.apiKey",
        {"providers.o.baseUrl": "http://localhost:1"},
    ),
}


@pytest.mark.parametrize(("values", "said", "mended"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_named_and_any_value_mends_it(
    values: dict[str, Any], said: str, mended: dict[str, Any]
) -> None:
    (found,) = broken(values, defaults())
    assert found.missing
    assert said in found.text
    assert any(said in key for key in found.keys)
    assert broken(values | mended, defaults()) == []


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "openid": ({**OIDC, "auth.providers.g.scopes": ["email"]}, "g.scopes must have openid"),
    "peers": ({"p2p.enabled": True, "payment.enabled": False}, "which is off"),
    "limits": ({f"{LIMITS}.maxPerTx": "5", f"{LIMITS}.maxDaily": "1"}, "maxPerTx is over"),
    "a limit over a default": ({f"{LIMITS}.maxPerTx": "11"}, f"is over {LIMITS}.maxDaily"),
    "what asks nobody": ({f"{LIMITS}.autoApproveBelow": "1.01"}, f"is over {LIMITS}.maxPerTx"),
}


@pytest.mark.parametrize(("values", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_none_of_what_is_missing(values: dict[str, Any], said: str) -> None:
    (found,) = broken(values, defaults())
    assert not found.missing
    assert said in found.text
    assert not any(str(value) in found.text for value in values.values() if value is not True)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {SIGNER: "local"},
        {SIGNER: "tpm2"},
        {SIGNER: "${WHICH}"},
        {"p2p.enabled": "${PEERS}"},
        {f"{LIMITS}.maxPerTx": "${MOST}"},
        {f"{LIMITS}.maxDaily": "{{secret:most}}", f"{LIMITS}.maxPerTx": "99"},
        {f"{LIMITS}.maxPerTx": "0.30", f"{LIMITS}.autoApproveBelow": "0.3"},
        {**OIDC, "auth.providers.g.scopes": ["${SCOPE}"]},
        {"providers.o.type": "ollama"},
    ],
)
def test_what_a_reference_will_say_is_not_guessed(values: dict[str, Any]) -> None:
    assert broken(values, defaults()) == []

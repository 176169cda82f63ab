"""The settings of keys that are kept outside the vault.

The rule: where a key is stands in the URI of its slot. These say how long and how often it is
asked, and fill in what a URI that is being written down leaves out.
"""

from __future__ import annotations

from lango_cli.config.setting import FALLBACK, Setting

PROVIDERS = ("local", "aws-kms", "azure-kv", "gcp-kms", "pkcs11", "rpc", "tpm2")

KMS = (
    Setting(
        "security.kms.azure.keyVersion",
        "text",
        "",
        (),
        "Version of the Azure key, where a new slot's URI has none; empty: the newest.",
    ),
    Setting(
        "security.kms.azure.vaultUrl",
        "text",
        "",
        (),
        "Address of the Azure Key Vault, where a new slot's URI has none.",
    ),
    Setting(
        "security.kms.endpoint",
        "text",
        "",
        (),
        "Where AWS or Google's KMS answers, where a new slot's URI does not say; empty: as usual.",
    ),
    Setting(
        FALLBACK,
        "switch",
        "true",
        (),
        "Whether local slots may open the vault after a KMS was not available; from the first kms"
        " slot on it stands in the vault's header, and changing it takes a real unlock.",
        guarded=True,
    ),
    Setting(
        "security.kms.keyId",
        "text",
        "",
        (),
        "The key at security.signer.provider, where keys slot add kms names none.",
    ),
    Setting(
        "security.kms.maxRetries",
        "count",
        "3",
        (),
        "How often a KMS that does not answer is asked again; 0: never.",
    ),
    Setting(
        "security.kms.pkcs11.keyLabel",
        "text",
        "",
        (),
        "Label of the token's key, where a new slot's URI has none.",
    ),
    Setting(
        "security.kms.pkcs11.modulePath",
        "text",
        "",
        (),
        "The token's PKCS#11 library, where a new slot's URI has none.",
    ),
    Setting(
        "security.kms.pkcs11.slotId",
        "text",
        "",
        (),
        "The token's slot, where a new slot's URI names neither token nor slot.",
    ),
    Setting(
        "security.kms.region",
        "text",
        "",
        (),
        "AWS region, where a new slot's URI has none; empty: as AWS's own tools find it.",
    ),
    Setting(
        "security.kms.timeoutPerOperation",
        "duration",
        "5s",
        (),
        "How long one operation of a KMS may take, with everything that is tried again in it;"
        " forever is a day.",
        high=86_400,
        endless=True,
    ),
    Setting(
        "security.signer.keyId",
        "text",
        "",
        (),
        "The key at security.signer.provider that new signing keys use.",
    ),
    Setting(
        "security.signer.provider",
        "choice",
        "local",
        PROVIDERS,
        "Where keys slot add kms and keys create --custodian find a key whose URI is not given.",
    ),
    Setting(
        "security.signer.rpcUrl",
        "text",
        "",
        (),
        "Where the companion answers, where a new slot's URI does not say.",
    ),
)

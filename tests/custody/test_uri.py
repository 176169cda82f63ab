"""Key URIs: what is understood, and what is refused without being repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.custody.uri import PROVIDERS, parse
from lango_cli.errors import UsageProblem

ARN = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd"
GOOD = {
    f"aws-kms:{ARN}": ("aws-kms", ARN, {}),
    "aws-kms:alias/vault?region=eu-west-1&endpoint=http://127.0.0.1:5000": (
        "aws-kms",
        "alias/vault",
        {"region": "eu-west-1", "endpoint": "http://127.0.0.1:5000"},
    ),
    "gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3": (
        "gcp-kms",
        "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3",
        {},
    ),
    "azure-kv:https://v.vault.azure.net/keys/kek/0123abcd": (
        "azure-kv",
        "https://v.vault.azure.net/keys/kek/0123abcd",
        {},
    ),
    "pkcs11:token=my%20token;object=kek;id=%01%ff?module-path=/usr/lib/x.so": (
        "pkcs11",
        "kek",
        {"token": "my token", "object": "kek", "id": "01ff", "module-path": "/usr/lib/x.so"},
    ),
    "pkcs11:id=%01": ("pkcs11", "id 01", {"id": "01"}),
    "tpm2:": ("tpm2", "", {}),
    "tpm2:?pcrs=sha256:7,8": ("tpm2", "", {"pcrs": "sha256:7,8"}),
    "rpc:https://host:8443": ("rpc", "https://host:8443", {}),
    "rpc:unix:/run/user/1000/companion": ("rpc", "unix:/run/user/1000/companion", {}),
}
BAD = (
    "",
    "kek",
    "vault:kek",
    "aws-kms:",
    "aws-kms:alias/x?colour=red",
    "aws-kms:alias/x?region=a&region=b",
    "aws-kms:alias/x y",
    "gcp-kms:projects/p/cryptoKeys/k",
    "azure-kv:http://v.vault.azure.net/keys/kek",
    "azure-kv:https://v.vault.azure.net:0/keys/kek",
    "azure-kv:https://user@v.vault.azure.net/keys/kek",
    "pkcs11:object",
    "pkcs11:object=a;object=b",
    "pkcs11:object=%ff",
    "pkcs11:object=kek?pin-source=|cat",
    "tpm2:kek",
    "rpc:http://host",
    "rpc:unix:relative",
    "tpm2:?pcrs=" + "7" * 3000,
)


@pytest.mark.parametrize("text", GOOD)
def test_a_uri_is_taken_apart(text: str) -> None:
    found = parse(text)
    assert (found.provider, found.key, dict(found.options)) == GOOD[text]
    assert found.text == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem):
        parse(text)


def test_a_pin_in_a_uri_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageProblem) as caught:
        parse("pkcs11:object=kek?pin-value=987654")
    assert "987654" not in caught.value.message + caught.value.hint


@given(st.sampled_from([*PROVIDERS, "x"]), st.text(max_size=60))
def test_any_text_is_understood_or_refused_and_never_repeated(provider: str, rest: str) -> None:
    try:
        found = parse(f"{provider}:{rest}")
    except UsageProblem as err:
        assert len(rest) < 8 or rest not in err.message
    else:
        assert found.text == f"{provider}:{rest}"

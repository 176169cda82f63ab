"""Settings as documents: strictly read, wholly checked, and the same after a round."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.config import document, load
from lango_cli.config.declared import everything, locate, nearest
from lango_cli.config.finding import find, flat
from lango_cli.config.json_schema import schema
from lango_cli.config.schema import SETTINGS
from lango_cli.errors import InvalidSetting, LangoError, TooLarge, UnknownSetting
from tests.config.test_load import OTHER

if TYPE_CHECKING:
    from pathlib import Path

SEED = {
    "security": {
        "interceptor": {"enabled": True, "redactPii": True, "approvalPolicy": "dangerous"}
    }
}
"""The document that the reference prints for its users."""
REFERENCE: dict[str, Any] = {
    "server": {"host": "0.0.0.0", "port": 18789, "allowedOrigins": ["https://a.example"]},
    "auth": {
        "providers": {
            "google": {
                "issuerUrl": "https://accounts.google.com",
                "clientId": "${GOOGLE_ID}",
                "clientSecret": "{{secret:oidc/google}}",
                "redirectUrl": "http://localhost:18789/auth/callback/google",
                "scopes": ["openid", "email"],
            }
        }
    },
    "security": {
        "interceptor": {
            "piiCustomPatterns": {"id": r"\b[A-Z]{2,3}-\d{4,6}\b"},
            "presidio": {"enabled": True, "scoreThreshold": 0.5, "url": "http://localhost:5002"},
        },
        "signer": {"provider": "pkcs11"},
        "kms": {
            "timeoutPerOperation": "5s",
            "maxRetries": 3,
            "pkcs11": {"modulePath": "/usr/lib/softhsm/libsofthsm2.so", "keyLabel": "k"},
        },
    },
    "p2p": {
        "firewallRules": [
            {"peerDid": "*", "action": "deny", "tools": ["*"]},
            {"peerDid": "did:lango:02", "action": "allow", "tools": ["search"], "rateLimit": 10},
        ],
        "pricing": {"toolPrices": {"exec": "0.25"}},
        "toolIsolation": {"container": {"runtime": "gvisor"}},
    },
    "payment": {"limits": {"maxPerTx": "1.00", "maxDaily": 10}},
    "apps": {"web": {"theme": {"dark": True}, "ports": [1, 2.5, None]}},
}


@pytest.mark.parametrize("given_document", [SEED, REFERENCE, {}], ids=["seed", "all", "empty"])
def test_a_document_of_the_reference_is_taken_as_it_stands(given_document: dict[str, Any]) -> None:
    read = document.read(json.dumps(given_document).encode(), "x.json")
    assert document.problems(read) == []
    jsonschema.Draft202012Validator(schema()).validate(
        json.loads(json.dumps(given_document).replace('"maxDaily": 10', '"maxDaily": "10"'))
    )


def test_every_setting_comes_back_from_a_document() -> None:
    values = {key: document.to_json(find(key), text) for key, text in OTHER.items()}
    nested = json.loads(json.dumps(document.nested(values)))
    assert dict(flat(nested)) == values
    assert document.problems(nested) == []
    for key, value in values.items():
        setting = find(key)
        back = setting.parse(document.to_text(setting, value), "test")
        assert back == setting.parse(OTHER[key], "test"), key


def test_the_defaults_fit_their_settings_and_the_schema() -> None:
    checker = jsonschema.Draft202012Validator(schema())
    jsonschema.Draft202012Validator.check_schema(schema())
    checker.validate(document.nested(document.defaults()))
    assert not checker.is_valid({"server": {"port": 0}})
    assert not checker.is_valid({"servr": {}})
    assert not checker.is_valid({"providers": {"a b": {"type": "openai"}}})


BAD = {
    "twice": b'{"server": {"port": 1, "port": 2}}',
    "nan": b'{"p2p": {"minTrustScore": NaN}}',
    "infinite": b'{"p2p": {"minTrustScore": -Infinity}}',
    "deep": b'{"apps": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
    "very deep": b"[" * 200_000,
    "not an object": b"[]",
    "cut": b'{"server": ',
    "latin": b'{"apps": {"a": "\xff"}}',
    "empty": b"",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidSetting, match=r"x\.json"):
        document.read(data, "x.json")


def test_a_mark_of_order_and_line_ends_of_windows_are_taken() -> None:
    data = b'\xef\xbb\xbf{\r\n  "server": {"port": 1}\r\n}\r\n'
    assert document.read(data, "x") == {"server": {"port": 1}}


def test_ten_mebibytes_are_the_most() -> None:
    big = b'{"apps": {"a": "' + b"x" * (document.LIMIT - 19) + b'"}}'
    assert len(big) == document.LIMIT
    assert document.problems(document.read(big, "x")) == []
    with pytest.raises(TooLarge):
        document.read(big + b" ", "x")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"server": {"port": "hunter2"}}, "server.port"),
    "range": ({"server": {"port": 70000}}, "server.port"),
    "switch": ({"server": {"wsEnabled": 1}}, "server.wsEnabled"),
    "number for a text": ({"server": {"host": 5}}, "server.host"),
    "nanoseconds": ({"session": {"ttl": 86400000000000}}, "session.ttl"),
    "regex": ({"security": {"interceptor": {"piiRegexPatterns": ["a{2,", "(b,{c"]}}}, "pii"),
    "url": ({"auth": {"providers": {"g": {"issuerUrl": "javascript:1"}}}}, "issuerUrl"),
    "rule": ({"p2p": {"firewallRules": [{"peerDid": "x", "action": "perhaps"}]}}, "firewall"),
    "price": ({"p2p": {"pricing": {"toolPrices": {"a": 1}}}}, "toolPrices"),
    "amount": ({"payment": {"limits": {"maxDaily": "-1"}}}, "maxDaily"),
    "null": ({"server": {"port": None}}, "server.port"),
    "section": ({"server": 5}, "server"),
}


@pytest.mark.parametrize(("given_document", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_named_and_not_shown(given_document: dict[str, Any], said: str) -> None:
    found = document.problems(given_document)
    assert len(found) == 1
    assert said in found[0].message
    assert "hunter2" not in found[0].message


def test_all_that_is_wrong_is_said_at_once_with_the_nearest_name() -> None:
    found = document.problems(
        {"server": {"prt": 1, "port": 0}, "loging": {"level": "info"}, "audit": {"reads": "maybe"}}
    )
    assert [type(err) for err in found].count(UnknownSetting) == 2
    with pytest.raises(LangoError) as caught:
        document.refuse(found, "x.json")
    for said in ("x.json: ", "server.prt (is it server.port?)", "server.port cannot", "loging"):
        assert said in caught.value.message
    assert "audit.reads cannot have this value: it takes one of require" in caught.value.message


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_errors_of_ours(data: bytes) -> None:
    try:
        document.problems(document.read(data, "x"))
    except LangoError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from([one.key for one in everything() if "<" not in one.key]), JSON)
def test_any_value_of_any_setting_is_taken_or_refused_in_words(key: str, value: object) -> None:
    document.problems(document.nested({key: value}))


def test_names_with_free_parts_are_found_and_nearly_found() -> None:
    assert find("providers.openai.apiKey").secret
    assert find("apps.web.port").kind == "free"
    assert locate("providers.a.b.apiKey") is None
    assert nearest("providers.my-own.apikey") == "providers.my-own.apiKey"
    with pytest.raises(UnknownSetting, match=r"did you mean server.port\?"):
        find("server.prot")


def test_a_setting_says_where_it_is_kept_and_whether_it_is_used() -> None:
    assert find("unlock.ttl").bootstrap
    assert not find("secrets.retention").bootstrap
    assert all(one.used for one in SETTINGS)
    assert not any(one.used for one in everything() if one not in SETTINGS and one.kind != "free")


def test_a_redacted_document_has_no_reference_and_nothing_free() -> None:
    values = {
        "providers.x.apiKey": "{{secret:a}}",
        "providers.x.baseUrl": "https://${HOST}/v1",
        "apps.web": {"password": "hunter2"},
        "server.port": 1,
    }
    assert document.redacted(values) == dict.fromkeys(values, "[REDACTED]") | {"server.port": 1}


def test_a_sensitive_value_does_not_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[providers.a]\napiKey = "sk-hunter2"\n')
    with pytest.raises(InvalidSetting, match="sensitive") as caught:
        load.load(str(path), {})
    assert "hunter2" not in caught.value.message + caught.value.hint
    path.write_text('[providers.a]\napiKey = "{{secret:a}}"\n')
    assert load.written(str(path)) == {"providers.a.apiKey": "{{secret:a}}"}

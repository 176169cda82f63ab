"""References in settings: which may have one, and what happens where it is filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lango_cli.config import document, load
from lango_cli.config.declared import everything
from lango_cli.config.document import nested, problems
from lango_cli.config.finding import find
from lango_cli.config.json_schema import schema
from lango_cli.config.kinds import STRUCTURED, WORDS
from lango_cli.config.references import UNSHARED, Filler
from lango_cli.errors import InvalidSetting, LangoError, SecretNotFound
from lango_cli.secret import SecretBytes
from lango_cli.vault.audit_check import listing
from lango_cli.wiring import companions, presidio, redacting
from lango_cli.wiring.settings import settings_of
from tests.config.test_profile_layer import flags, opened, written
from tests.config.test_profile_layer import place as place
from tests.vault.conftest import few_rounds as few_rounds
from tests.vault.place import set_value

if TYPE_CHECKING:
    from pathlib import Path

    from tests.vault.place import Place

URL = "security.interceptor.presidio.url"
TTL = "unlock.ttl"
VALUE = "hunter2"


def filler(variables: dict[str, str], secrets: dict[str, str]) -> Filler:
    def secret(name: str) -> str:
        if name not in secrets:
            raise SecretNotFound(f"no secret named {name}")
        return secrets[name]

    return Filler(variables.get, secret)


def test_what_a_reference_gives_is_taken_as_it_is() -> None:
    fills = filler({"A": "x${B}", "S": "a{{secret:x}}"}, {"x": "{{secret:x}} ${A}", "y": "why"})
    value = {"one": ["${A}-${S}", "{{secret:x}}", 5], "two": "{{ x }} $A {{secret:y}}!"}
    assert fills.value("k", value) == {
        "one": ["x${B}-a{{secret:x}}", "{{secret:x}} ${A}", 5],
        "two": "{{ x }} $A why!",
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${NONE}", "k refers to the variable NONE, which is not set"),
        ("{{secret:none}}", "k refers to the secret none, which is not there"),
        ("${SELF}", "k refers to a cycle of references: ${SELF} -> ${SELF}"),
        (
            "a {{secret:a}}",
            "k refers to a cycle of references: {{secret:a}} -> {{secret:b}} -> ${BACK}"
            " -> {{secret:a}}",
        ),
        (
            ["${INTO}"],
            "k refers to a cycle of references: ${INTO} -> {{secret:a}} -> {{secret:b}}"
            " -> ${BACK} -> {{secret:a}}",
        ),
        (
            "{{secret:c}}",
            "k refers to a reference, which is not followed: {{secret:c}} -> ${END}",
        ),
        (
            "{{secret:d}}",
            "k refers to a reference, which is not followed: {{secret:d}} -> {{secret:gone}}",
        ),
    ],
)
def test_what_leads_nowhere_or_round_in_a_circle_is_an_error_with_all_names(
    value: Any, said: str
) -> None:
    variables = {"SELF": "${SELF}", "BACK": "{{secret:a}}", "INTO": "{{secret:a}}", "END": VALUE}
    secrets = {"a": "{{secret:b}}", "b": "${BACK}", "c": "${END}", "d": "{{secret:gone}}"}
    with pytest.raises(LangoError) as caught:
        filler(variables, secrets).value("k", value)
    assert caught.value.message == said
    assert VALUE not in caught.value.hint
    assert isinstance(caught.value, SecretNotFound if "not there" in said else InvalidSetting)


def with_reference(key: str, reference: str) -> dict[str, Any]:
    """A document in which a setting refers."""
    setting = find(key)
    if setting.kind in ("list", "regexes"):
        return nested({key: ["openid", reference]})
    if setting.kind in ("map", "table"):
        return nested({key: {"name": reference}})
    return nested({key: [] if setting.kind == "rules" else reference})


KEYS = [
    one.key.replace("<id>", "x").replace("<name>.*", "x")
    for one in everything()
    if one.key != "appSchemas.<name>"  # Judged as it stands: a reference is no schema.
]


@pytest.mark.parametrize("key", KEYS)
def test_a_setting_refers_unless_it_guards_and_to_no_secret_before_the_vault_opens(
    key: str,
) -> None:
    setting = find(key)
    for reference in ("${THING}", "{{secret:thing}}"):
        given = with_reference(key, reference)
        refused = (
            setting.guarded
            or (setting.kind in WORDS)
            or (setting.bootstrap and reference.startswith("{{") and setting.kind != "rules")
        )
        found = [one for one in problems(given) if "needs" not in one.message]
        assert bool(found) is refused, f"{found}"
        valid = Draft202012Validator(schema()).is_valid(given)
        if refused and setting.kind in ("text", "table", "regexes", "names", "words", "command"):
            continue  # The schema says nothing of what stands in a text.
        assert valid is not refused, key


@pytest.mark.parametrize("key", [one.key for one in everything() if one.guarded])
@pytest.mark.parametrize("reference", ["${WHO}", "{{secret:who}}"])
def test_no_guard_is_decided_by_a_reference(key: str, reference: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    section, _, name = key.partition(".")
    path.write_text(f'[{section}]\n{name} = "{reference}"\n')
    with pytest.raises(InvalidSetting, match=re.escape(f"{path}: {key} decides who is asked")):
        load.load(str(path), {})
    with pytest.raises(InvalidSetting, match="takes no reference"):
        document.to_text(find(key), reference)


def test_a_secret_is_refused_where_the_vault_is_not_open_yet(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[security.kms]\nregion = "{{secret:aws/region}}"\n')
    with pytest.raises(InvalidSetting, match="needed before the vault opens") as caught:
        load.load(str(path), {})
    assert "${NAME}" in caught.value.hint


@pytest.mark.parametrize("name", UNSHARED)
def test_what_unlocks_the_vault_is_handed_to_no_setting(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[security.interceptor.presidio]\nurl = "http://x/${{{name}}}"\n')
    with pytest.raises(InvalidSetting, match=f"refers to {name}, which unlocks the vault"):
        load.load(str(path), {})
    assert {load.PASSPHRASE, load.PIN} == {*UNSHARED}


def test_a_variable_is_asked_for_once_its_setting_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[unlock]\nttl = "${MINUTES}m"\n[security.kms]\nmaxRetries = "${MANY}"\n')
    monkeypatch.delenv("MINUTES", raising=False)
    settings = load.load(str(path), {})
    with pytest.raises(InvalidSetting, match=r"unlock\.ttl refers to the variable MINUTES"):
        settings.number(TTL)
    monkeypatch.setenv("MINUTES", "5")
    assert settings.number(TTL) == 300
    assert settings.origin(TTL) == load.FILE
    monkeypatch.setenv("MANY", VALUE)
    with pytest.raises(InvalidSetting) as caught:
        settings.number("security.kms.maxRetries")
    assert caught.value.message.endswith(
        "security.kms.maxRetries cannot have what ${MANY} stands for"
    )
    assert VALUE not in caught.value.message + caught.value.hint


def test_a_reference_in_a_variable_or_on_the_command_line_is_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(find(URL).variable, "http://${HOST}")
    monkeypatch.setenv("HOST", VALUE)
    assert load.load(str(tmp_path / "none"), {}).text(URL) == "http://${HOST}"
    assert load.load(str(tmp_path / "none"), {URL: "http://${X}"}).text(URL) == "http://${X}"


def test_each_setting_that_is_used_is_filled_in_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[security.interceptor.presidio]\nurl = "http://${HOST}:5002"\nenabled = "${ON}"\n'
        'scoreThreshold = "${SURE}"\n'
        '[security.interceptor.piiCustomPatterns]\nstaff = "${STAFF}-[0-9]{4,6}"\n'
    )
    for name, text in (("HOST", "127.0.0.1"), ("ON", "true"), ("SURE", "0.9"), ("STAFF", "EMP")):
        monkeypatch.setenv(name, text)
    settings = load.load(str(path), {})
    assert settings.on("security.interceptor.presidio.enabled")
    assert settings.text("security.interceptor.presidio.scoreThreshold") == "0.9"
    presidio.client(settings).close()
    assert settings.text(URL) == "http://127.0.0.1:5002"
    own = redacting.patterns(settings, redacting.Choice())[-1].pattern
    assert own.name == "staff"
    monkeypatch.setenv("STAFF", "a\nb=c")
    with pytest.raises(InvalidSetting, match="cannot have what \\$\\{STAFF\\} stands for"):
        load.load(str(path), {}).table("security.interceptor.piiCustomPatterns")


def test_where_the_companion_is_may_be_a_variable(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(place, '[security.signer]\nrpcUrl = "unix:${FOLDER}/x"\n')
    monkeypatch.delenv("FOLDER", raising=False)
    with pytest.raises(InvalidSetting, match=r"security\.signer\.rpcUrl refers to .* FOLDER"):
        companions.pair(flags(place), None, "here", lambda _name, _pin: True)


def test_a_sealed_setting_is_filled_from_a_variable_and_from_a_secret(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(place) as vault:
        vault.profiles.write(
            None, {"secrets": {"versions": "{{secret:how/many}}"}, "audit": {"retention": "${D}d"}}
        )
    monkeypatch.setenv("D", "3")
    with opened(place) as vault, pytest.raises(SecretNotFound, match="the secret how/many"):
        set_value(vault, "x", b"1")
    with opened(place) as vault:
        set_value(vault, "how/many", b"2")  # It counts for the write that brings it.
    with opened(place) as vault:
        for text in (b"1", b"2", b"3"):
            set_value(vault, "x", text)
        assert len(vault.secrets.history("x")) == 2
        assert settings_of(flags(place), vault).number("audit.retention") == 3 * 86_400
    with opened(place) as vault:
        read = [one.target for one in listing(vault) if one.event == "secret.read"]
        assert "how/many@1" in read


def test_a_secret_of_no_text_or_of_another_kind_is_an_error_without_it(place: Place) -> None:
    with opened(place) as vault:
        vault.secrets.set("n", SecretBytes(b"\xff\xfe"))
        set_value(vault, "t", VALUE.encode())
        for name, said in (("n", "the secret n, which is no text"), ("t", "what {{secret:t}}")):
            vault.profiles.write(None, {"secrets": {"versions": f"{{{{secret:{name}}}}}"}})
            with pytest.raises(InvalidSetting) as caught:
                settings_of(flags(place), vault).number("secrets.versions")
            assert said in caught.value.message
            assert VALUE not in caught.value.message + caught.value.hint


def test_structured_kinds_are_checked_around_their_references() -> None:
    for key in ("p2p.firewallRules", "security.interceptor.piiRegexPatterns"):
        assert find(key).kind in STRUCTURED
        assert problems(nested({key: "${X}"}))
    assert problems(nested({"security.interceptor.piiRegexPatterns": ["(${X}"]}))

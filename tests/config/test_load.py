"""Where settings and folders come from, and that each setting changes something.

The settings that no test here sees at work are in `transcripts/settings.txt`.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.cli.ui import Ui
from lango_cli.config import document, load
from lango_cli.config.finding import find
from lango_cli.config.schema import SETTINGS
from lango_cli.errors import InvalidSetting, LangoError, UnknownSetting
from lango_cli.unlock.session import KernelKeyring
from lango_cli.unlock.session_process import SessionProcess
from lango_cli.wiring import opening, sources
from lango_cli.wiring.flags import Flags

if TYPE_CHECKING:
    from pathlib import Path

OTHER = {
    "audit.reads": "require",
    "audit.retention": "7d",
    "kdf.algorithm": "argon2id",
    "output.color": "always",
    "output.newline": "yes",
    "secrets.retention": "2d",
    "secrets.versions": "3",
    "security.dbEncryption.cipherPageSize": "8192",
    "security.interceptor.approval.answers": "anywhere",
    "security.interceptor.approval.bus": "unix:path=/somewhere",
    "security.interceptor.approval.channels": "terminal",
    "security.interceptor.approval.command": "/usr/bin/ask me",
    "security.interceptor.approval.grantTtl": "7d",
    "security.interceptor.approval.proof": "person",
    "security.interceptor.approvalPolicy": "all",
    "security.interceptor.approvalTimeoutSec": "5",
    "security.interceptor.headlessAutoApprove": "true",
    "security.interceptor.enabled": "true",
    "security.interceptor.exemptTools": "crypto_hash secrets_list",
    "security.interceptor.redactPii": "true",
    "security.interceptor.sensitiveTools": "browser_* exec",
    "security.interceptor.piiCustomPatterns": "staff=EMP-[0-9]{6}",
    "security.interceptor.piiDisabledPatterns": "email us_phone",
    "security.interceptor.piiEnabledPatterns": "all",
    "security.interceptor.piiPlaceholder": "plain",
    "security.interceptor.presidio.allowHttp": "true",
    "security.interceptor.presidio.enabled": "true",
    "security.interceptor.presidio.entities": "PERSON",
    "security.interceptor.presidio.language": "en ko",
    "security.interceptor.presidio.scoreThreshold": "0.35",
    "security.interceptor.presidio.timeout": "2s",
    "security.interceptor.presidio.url": "http://127.0.0.1:3000",
    "security.interceptor.presidio.whenDown": "regex",
    "security.kms.azure.keyVersion": "0123abcd",
    "security.kms.azure.vaultUrl": "https://v.vault.azure.net",
    "security.kms.endpoint": "http://127.0.0.1:5000",
    "security.kms.fallbackToLocal": "false",
    "security.kms.keyId": "alias/kek",
    "security.kms.maxRetries": "0",
    "security.kms.pkcs11.keyLabel": "kek",
    "security.kms.pkcs11.modulePath": "/usr/lib/x.so",
    "security.kms.pkcs11.slotId": "7",
    "security.kms.region": "eu-west-1",
    "security.kms.timeoutPerOperation": "9s",
    "security.signer.keyId": "alias/signer",
    "security.signer.provider": "aws-kms",
    "security.signer.rpcUrl": "https://companion:8443",
    "unlock.order": "prompt keyfile",
    "unlock.session": "process",
    "unlock.ttl": "2h",
    "vault.lockTimeout": "3s",
}
"""For every setting a value that is not its default."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where `config.toml` would be."""
    return tmp_path / "config.toml"


def load_from(config: Path, **flags: str) -> load.Settings:
    """The settings of this file, the environment and these flags."""
    return load.load(str(config), {name.replace("__", "."): text for name, text in flags.items()})


def test_every_setting_has_an_example_that_is_not_its_default() -> None:
    assert OTHER.keys() == {setting.key for setting in SETTINGS}
    for setting in SETTINGS:
        default = setting.parse(setting.default, "test")
        assert setting.parse(OTHER[setting.key], "test") != default


GUARDED = [setting.key for setting in SETTINGS if setting.guarded]


@pytest.mark.parametrize("key", GUARDED)
def test_a_guarded_setting_stands_in_the_file_alone(
    key: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section, _, name = key.partition(".")
    config.write_text(f'[{section}]\n{name} = "{OTHER[key]}"\n')
    assert load_from(config).origin(key) == load.FILE
    monkeypatch.setenv(find(key).variable, find(key).default or "x")
    with pytest.raises(InvalidSetting, match=rf"{re.escape(key)} is not taken from LANGO_"):
        load_from(config)


def test_switches_and_lists_are_read_as_toml_has_them(config: Path) -> None:
    config.write_text(
        "[security.interceptor]\nenabled = true\nexemptTools = ['a_b', 'browser_*']\n"
    )
    settings = load_from(config)
    assert settings.on("security.interceptor.enabled")
    assert settings.words("security.interceptor.exemptTools") == ("a_b", "browser_*")
    assert not load_from(config.with_name("none")).on("security.interceptor.enabled")


@pytest.mark.parametrize("names", ["['*']", "['a b']", "['a', 'a']", "['x*y']", "['a\\u202e']"])
def test_what_is_no_name_of_a_tool_is_refused(names: str, config: Path) -> None:
    config.write_text(f"[security.interceptor]\nexemptTools = {names}\n".replace("'", '"'))
    with pytest.raises(InvalidSetting):
        load_from(config)


@pytest.mark.parametrize("key", [key for key in OTHER if key not in GUARDED])
def test_a_flag_stands_before_a_variable_before_the_file_before_the_default(
    key: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = find(key)
    assert load_from(config).origin(key) == load.DEFAULT
    section, _, name = key.partition(".")
    config.write_text(f'[{section}]\n{name} = "{OTHER[key]}"\n')
    assert load_from(config).origin(key) == load.FILE
    # An empty variable counts as unset.
    given = setting.default or OTHER[key]
    monkeypatch.setenv(setting.variable, given)
    assert load_from(config).origin(key) == load.ENVIRONMENT
    assert load_from(config).text(key) == str(setting.parse(given, "test"))
    assert load.load(str(config), {key: OTHER[key]}).origin(key) == load.FLAG


def policy_differs(key: str) -> bool:
    """Whether the policy of an open vault follows this setting."""
    flags = Flags()
    usual = opening.policy_of(load.Settings({}), flags).settled()
    settings = load.Settings({key: (find(key).parse(OTHER[key], "test"), load.FLAG)})
    policy = opening.policy_of(settings, flags).settled()
    return any(getattr(policy, name) != getattr(usual, name) for name in usual.__slots__)


def test_the_policy_follows_its_five_settings() -> None:
    assert {key for key in OTHER if policy_differs(key)} == {
        "audit.reads",
        "audit.retention",
        "secrets.retention",
        "secrets.versions",
        "vault.lockTimeout",
    }


def test_the_session_is_kept_where_the_setting_says(tmp_path: Path) -> None:
    folders = load.Folders(str(tmp_path), "", str(tmp_path), str(tmp_path))
    for place, kind in (("kernel", KernelKeyring), ("process", SessionProcess)):
        settings = load.Settings({"unlock.session": (place, load.FLAG)})
        (store,) = sources.session_stores(settings, folders)
        assert isinstance(store, kind)


def test_colour_follows_its_setting() -> None:
    screen = Ui({})
    screen.preferred = lambda: OTHER["output.color"]
    assert screen.colours()
    screen.preferred = lambda: "never"
    assert not screen.colours()


@pytest.mark.parametrize(
    "text",
    [
        "[vault]\nlockTimeot = '5s'\n",
        "unknown = 1\n",
        "[security.signer]\nprovder = 'local'\n",
    ],
)
def test_an_unknown_setting_in_the_file_is_refused(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(UnknownSetting) as caught:
        load_from(config)
    assert str(config) in caught.value.message
    assert "local" not in caught.value.message


def test_a_misspelt_setting_is_answered_with_the_nearest_name(config: Path) -> None:
    config.write_text("[vault]\nlockTimeot = '5s'\n")
    with pytest.raises(UnknownSetting, match=r"did you mean vault\.lockTimeout"):
        load_from(config)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("vault.lockTimeout", "soon"),
        ("vault.lockTimeout", "-5s"),
        ("audit.reads", "maybe"),
        ("secrets.versions", "1.5"),
        ("unlock.order", "keyfile keyfile"),
        ("unlock.order", "telepathy"),
        ("unlock.order", ""),
    ],
)
def test_a_value_out_of_range_is_refused_without_being_repeated(key: str, value: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        find(key).parse(value, "the place")
    assert "the place" in caught.value.message
    assert not value or value not in caught.value.message


def test_numbers_and_lists_of_toml_are_read(config: Path) -> None:
    config.write_text('[secrets]\nversions = 5\n[unlock]\norder = ["keyfile", "prompt"]\n')
    settings = load_from(config)
    assert settings.number("secrets.versions") == 5
    assert settings.words("unlock.order") == ("keyfile", "prompt")


@pytest.mark.parametrize(
    "text",
    [
        "[apps.x]\nsince = 2026-06-01\n",
        "[apps.x]\nmost = inf\n",
        "[vault]\nlockTimeout = 5\n",
        "[security.kms]\nregion = 7\n",
        "[security.interceptor.piiCustomPatterns]\nstaff = 1\n",
        f"{'.'.join('a' * 5000)} = 1\n",
    ],
)
def test_a_value_that_no_setting_can_have_is_refused_in_words(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises((InvalidSetting, UnknownSetting)) as caught:
        load_from(config)
    assert str(config) in caught.value.message
    assert len(caught.value.message) < 500


def test_a_command_keeps_its_backslashes(config: Path) -> None:
    words = ["/bin/ask", r"a\b", "two words", "it's", ""]
    config.write_text(f"[security.interceptor.approval]\ncommand = {json.dumps(words)}\n")
    key = "security.interceptor.approval.command"
    assert load_from(config).words(key) == tuple(words)
    assert document.to_json(find(key), document.to_text(find(key), words)) == words


@given(st.binary(max_size=200))
def test_arbitrary_bytes_in_the_file_raise_only_our_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_bytes(data)
    try:
        load_from(path)
    except LangoError:
        return


def test_a_deeply_nested_file_is_refused(config: Path) -> None:
    config.write_text("a = " + "[" * 100_000)
    with pytest.raises(InvalidSetting):
        load_from(config)


def test_linux_folders_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    for name in ("LANGO_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/somebody")
    folders = load.folders(None)
    assert folders.home == platformdirs.user_data_dir("lango", False)
    assert folders.config == os.path.join(
        platformdirs.user_config_dir("lango", False), load.CONFIG
    )
    assert folders.state == platformdirs.user_state_dir("lango", False)
    assert folders.runtime == platformdirs.user_runtime_dir("lango", False)


def test_a_relative_xdg_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    assert load.folders(None).state == "/somewhere/.local/state/lango"


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_named_home_holds_the_settings_too(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = str(tmp_path) if how == "flag" else None
    if how == "variable":
        monkeypatch.setenv("LANGO_HOME", str(tmp_path))
    folders = load.folders(given)
    assert folders.home == str(tmp_path)
    assert folders.config == str(tmp_path / load.CONFIG)


def test_a_child_does_not_inherit_the_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(load.PASSPHRASE, "correct horse")
    monkeypatch.setenv("LANGO_KEYFILE", "/some/file")
    assert load.PASSPHRASE not in load.child_environment()
    assert load.child_environment()["LANGO_KEYFILE"] == "/some/file"


@pytest.mark.parametrize("seconds", ["0", "86401", "-3"])
def test_a_question_that_cannot_end_is_refused_where_it_is_set_and_the_range_is_said(
    seconds: str,
) -> None:
    setting = find("security.interceptor.approvalTimeoutSec")
    assert setting.takes() == "a whole number from 1 to 86400"
    with pytest.raises(InvalidSetting):
        setting.parse(seconds, "file")

"""The layer of a profile: what it beats, what beats it, and what is never taken from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.config import layers, load
from lango_cli.config.schema import SETTINGS
from lango_cli.errors import InvalidSetting, KeyUnusable, ProfileNotFound
from lango_cli.secret import SecretBytes
from lango_cli.wiring import looking, opening
from lango_cli.wiring.flags import Flags
from lango_cli.wiring.settings import settings_of
from tests.config.test_load import OTHER
from tests.vault.conftest import few_rounds as few_rounds
from tests.vault.place import Place, set_value

if TYPE_CHECKING:
    from pathlib import Path

    from lango_cli.vault.vault import Vault

VERSIONS = "secrets.versions"
ENABLED = "security.interceptor.enabled"
ON: dict[str, Any] = {"security": {"interceptor": {"enabled": True}}}
OFF: dict[str, Any] = {"security": {"interceptor": {"enabled": False}}}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A vault with a keyfile."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    found = Place(tmp_path)
    monkeypatch.setattr(opening, "home_of", lambda _folders: found.home)
    found.create().close()
    return found


def flags(place: Place, profile: str | None = None) -> Flags:
    """What a command line gave."""
    found = Flags()
    found.home = str(place.folder)
    found.profile = profile
    return found


def opened(place: Place, profile: str | None = None) -> Vault:
    """The vault as commands open it."""
    return opening.open_vault(flags(place, profile), None, print)


def written(place: Place, text: str) -> None:
    """A `config.toml` of the home."""
    (place.folder / "config.toml").write_text(text)


def test_a_profile_beats_the_file_and_is_beaten_by_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(place, "secrets.versions = 9\naudit.retention = '3d'\n")
    with opened(place) as vault:
        assert settings_of(flags(place), vault).origin(VERSIONS) == "file"
        vault.profiles.write(None, {"secrets": {"versions": 2}})
        found = settings_of(flags(place), vault)
        assert (found.number(VERSIONS), found.origin(VERSIONS)) == (2, "profile")
        assert found.origin("audit.retention") == "file"
        assert found.origin("secrets.retention") == "default"
        monkeypatch.setenv("LANGO_SECRETS_VERSIONS", "4")
        found = settings_of(flags(place), vault)
        assert (found.number(VERSIONS), found.origin(VERSIONS)) == (4, "environment")


def test_the_file_cannot_weaken_what_the_active_profile_guards(place: Place) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, ON)
        written(place, f"{ENABLED} = false\n")
        assert settings_of(flags(place), vault).on(ENABLED)


def test_another_profile_for_one_command_does_not_loosen_the_guard(place: Place) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, {**ON, "secrets": {"versions": 2}})
        vault.profiles.create("loose", {**OFF, "secrets": {"versions": 7}})
        found = settings_of(flags(place, "loose"), vault)
        assert found.on(ENABLED)
        assert found.number(VERSIONS) == 7
        vault.profiles.use("loose")
        assert not settings_of(flags(place), vault).on(ENABLED)


def test_a_profile_that_is_not_there_is_said_whatever_the_command(place: Place) -> None:
    with pytest.raises(ProfileNotFound, match="no profile called work"):
        opened(place, "work")
    opened(place, "default").close()
    with pytest.raises(ProfileNotFound):
        looking.peek(flags(place, "work"))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.key)
def test_each_sealed_setting_is_taken_from_a_profile_and_each_bootstrap_one_is_not(
    place: Place, setting: Any
) -> None:
    document: dict[str, Any] = {}
    inside = document
    *folders, last = setting.key.split(".")
    for folder in folders:
        inside = inside.setdefault(folder, {})
    text = OTHER[setting.key]
    inside[last] = dict([text.split("=")]) if setting.kind == "table" else text
    if setting.kind == "switch":
        inside[last] = text == "true"
    found = list(layers.sealed(document, "x"))
    assert bool(found) is not setting.bootstrap
    assert layers.unused(document) == ([] if found else [setting.key])
    if found:
        assert found[0].value() == setting.parse(text, "here")


@pytest.mark.parametrize(
    "document",
    [
        {"secrets": {"versions": "many"}},
        {"secrets": {"versions": [1]}},
        {"secrets": {"versions": None}},
        {"secrets": {"versions": -1}},
        {"security": {"interceptor": {"approvalPolicy": "never"}}},
    ],
)
def test_a_value_that_a_setting_cannot_have_is_an_error_that_names_the_profile(
    place: Place, document: dict[str, Any]
) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, document)
        with pytest.raises(InvalidSetting, match=r"^profile default: "):
            settings_of(flags(place), vault)
        vault.profiles.rollback(None, 1)
    with opened(place) as vault:
        assert vault.secrets.names() == []
        with pytest.raises(InvalidSetting):
            set_value(vault, "a", b"value")
        vault.profiles.write(None, {})
        set_value(vault, "a", b"value")


def test_a_profile_says_how_many_versions_are_kept(place: Place) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, {"secrets": {"versions": 2}})
    with opened(place) as vault:
        for _ in range(4):
            set_value(vault, "a", b"value")
        assert [one.version for one in vault.secrets.history("a")] == [4, 3]


def test_a_profile_whose_key_is_destroyed_never_counts_as_empty(place: Place) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, ON)
        vault.registry.rotate("default")
        vault.registry.destroy("default@1", accepted=1)
        with pytest.raises(KeyUnusable):
            settings_of(flags(place), vault)
    with opened(place) as vault:
        with pytest.raises(KeyUnusable):
            vault.secrets.set("a", SecretBytes(b"value"))
        assert looking.peek(flags(place)) is None


def test_settings_that_nothing_reads_yet_are_named_and_those_of_other_programs_are_not(
    place: Place,
) -> None:
    document = {"server": {"port": 1}, "apps": {"x": {"y": 1}}, "output": {"color": "never"}}
    with opened(place) as vault:
        vault.profiles.write(None, document)
        before = len(vault.store.rows("SELECT 1 FROM audit"))
    found = looking.peek(flags(place))
    assert found is not None
    assert found.unused == ("output.color", "server.port")
    assert found.settings.text("output.color") == "auto"
    with place.open() as vault:
        assert len(vault.store.rows("SELECT 1 FROM audit")) == before


def test_a_look_takes_no_way_in_that_the_settings_leave_out(place: Place) -> None:
    written(place, "unlock.order = 'prompt'\n")
    assert looking.peek(flags(place)) is None
    assert load.load(str(place.folder / "config.toml"), {}).words("unlock.order") == ("prompt",)


def test_what_another_version_left_in_a_profile_is_named_and_stops_nothing(place: Place) -> None:
    with opened(place) as vault:
        vault.profiles.write(None, {"tomorrow": {"new": 1}, "secrets": {"versions": 2}})
        assert settings_of(flags(place), vault).number(VERSIONS) == 2
        set_value(vault, "a", b"value")
    found = looking.peek(flags(place))
    assert found is not None
    assert found.unused == ("tomorrow",)

"""Saving while another process saves: it has the last word before the lock, and is not overrun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.cli import app
from lango_cli.errors import Conflict
from lango_cli.wiring import menus, opening
from lango_cli.wiring.flags import Flags
from tests.tui.test_screens import Home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lango_cli.tui.draft import Draft
    from lango_cli.vault.vault import Vault

    Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def flags(home: Home, monkeypatch: pytest.MonkeyPatch) -> Flags:
    """What makes this process look at the same home."""
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    return Flags()


def opened(flags: Flags) -> Vault:
    return opening.open_vault(flags, None, print)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Takes what another process does between our look at the file and our lock on it."""
    waiting: list[Callable[[], object]] = []

    class Late(files.Lock):
        def __enter__(self) -> files.Lock:
            if waiting:
                waiting.pop()()
            return super().__enter__()

    monkeypatch.setattr(files, "Lock", Late)
    return waiting.append


def test_the_file_is_compared_under_the_lock_that_the_commands_take(
    home: Home, flags: Flags, late: Meanwhile
) -> None:
    with opened(flags) as vault:
        menu = menus.Opened(flags, vault)
        draft = menu.read().with_change("output.color", "always")
        late(lambda: home.run("settings", "set", "output.color", "never"))
        with pytest.raises(Conflict):
            menu.save(draft)
        assert home.get("output.color") == "never"
        menu.save(menu.read().with_change("output.color", "always"))
    assert home.get("output.color") == "always"


def test_the_profile_is_written_at_the_version_that_was_compared(
    home: Home, flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(flags) as vault:
        menu = menus.Opened(flags, vault)
        draft = menu.read().with_change("secrets.retention", "10d")
        read = menu.read

        def then_another() -> Draft:
            found = read()
            home.run("settings", "set", "secrets.retention", "7d")
            return found

        monkeypatch.setattr(menu, "read", then_another)
        with pytest.raises(Conflict):
            menu.save(draft)
    assert home.get("secrets.retention") == "7d"


DISABLED = "security.interceptor.piiDisabledPatterns"
CUSTOM = "security.interceptor.piiCustomPatterns"


@pytest.mark.parametrize(
    ("key", "mine", "theirs", "both"),
    [
        (DISABLED, ("[+]", "us_ssn"), ("[+]", "email"), '["email", "us_ssn"]'),
        (CUSTOM, (".mine", "a+"), (".theirs", "b+"), '{"mine": "a+", "theirs": "b+"}'),
    ],
)
def test_an_item_that_another_process_added_meanwhile_is_not_lost(
    flags: Flags, home: Home, late: Meanwhile, capfd: pytest.CaptureFixture[str],
    key: str, mine: tuple[str, str], theirs: tuple[str, str], both: str,
) -> None:  # fmt: skip
    del flags
    late(lambda: home.run("settings", "set", key + theirs[0], theirs[1]))
    words = ["settings", "set", key + mine[0], mine[1]]
    assert app.main(words) == Conflict.code
    assert f"{key} was changed meanwhile; nothing was written" in capfd.readouterr().err
    assert app.main(words) == 0
    assert json.loads(home.get(key)) == json.loads(both)

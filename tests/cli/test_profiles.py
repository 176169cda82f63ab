"""`--profile`: every command that opens the vault heeds it, or says there is no such profile."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.tree import tree

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {
    "env": "--set X={{secret:a}}",
    "inject": "--in template",
    "run": "--set X={{secret:a}} -- /bin/true",
    "secrets import": "--format dotenv /dev/null",
    "secrets diff": "a 1 1",
    "secrets set": "a --generate hex:8",
    "secrets edit": "a --note n",
    "secrets rollback": "a 1",
    "secrets delete": "a --yes",
    "secrets purge": "a --confirm a",
    "secrets policy set": "a --command /bin/true",
    "settings set": "secrets.versions 5",
    "settings unset": "secrets.versions",
    "settings get": "secrets.versions",
    "settings describe": "secrets.versions",
    "settings import": "settings.json",
    "settings profile import": "settings.json",
    "settings profile delete": "a --yes",
    "settings profile rollback": "a 1",
    "keys destroy": "a --confirm a",
    "keys slot add": "keyfile",
    "keys slot remove": "keyfile --yes",
    "keys slot rename": "keyfile other",
    "keys kms fallback": "local",
    "db backup": "new",
    "db decrypt": "new --yes",
    "db rekey": "--yes",
    "approve revoke": "--all",
    "approve allow": "a --yes",
}
"""What a command is given where its arguments alone are not enough."""
GIVEN = {"FILE": "/dev/null", "SPEC": "hex:8", "REQUEST": "a"}
ELSEWHERE = {
    "check": "looks at a project first",
    "db encrypt": "makes a vault",
    "db restore": "the file is looked at first, and there is none",
    "db verify": "the file is looked at first, and there is none",
    "keys passphrase": "the header is looked at first: it has no passphrase slot",
    "keys slot group": "the header is looked at first",
    "keys slot member add": "the header is looked at first: it has no group",
    "keys slot member remove": "the header is looked at first: it has no group",
    "keys slot move": "the header is looked at first: it has no custodian's slot",
    "keys slot rewrap": "the header is looked at first: it has no custodian's slot",
    "keys slot test": "a drill opens no vault",
    "onboard": "asks on a terminal",
    "redact": "opens the vault for placeholders alone",
    "settings menu": "asks on a terminal",
}
"""Commands that end before a profile could count, or need none, and why."""


class Home:
    """A vault with a secret and two profiles."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(root),
            "LANGO_HOME": str(root / "lango"),
            "XDG_RUNTIME_DIR": str(root),
            "LC_ALL": "C.UTF-8",
        }
        (root / "settings.json").write_text("{}")
        (root / "template").write_text("{{secret:a}}")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lango_cli", *words],
            cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    for words in (
        ("init", "--keyfile", "--no-recovery"),
        ("secrets", "set", "a", "--generate", "hex:8"),
        ("settings", "profile", "create", "few"),
        ("settings", "set", "secrets.versions", "1", "--profile", "few"),
    ):
        assert home.run(*words).returncode == 0
    return home


def commands() -> dict[str, list[str]]:
    """By path: what each command that can open a vault is given."""
    found = {}
    for page in tree().all():
        if page.pages or not page.unlocking:
            continue
        path = page.path.removeprefix("lango ")
        wanted = [one.metavar.rstrip(".") for one in page.arguments if one.metavar in page.usage]
        needed = [word for word in wanted if f"[{word}" not in page.usage]
        usual = [GIVEN.get(word, "a") for word in needed]
        found[path] = WORDS[path].split() if path in WORDS else usual
    return found


def test_every_command_that_opens_the_vault_says_that_there_is_no_such_profile(home: Home) -> None:
    given = commands()
    assert ELSEWHERE.keys() | WORDS.keys() <= given.keys()

    def code(path: str) -> int:
        done = home.run("--profile", "none", *path.split(), *given[path])
        assert path != "run" or "profile_not_found" in done.stderr
        return 32 if path == "run" else done.returncode

    with ThreadPoolExecutor(4) as pool:
        codes = dict(zip(given, pool.map(code, given), strict=True))
    assert {path for path, found in codes.items() if found != 32} == ELSEWHERE.keys()


def test_what_the_named_profile_says_counts_for_that_command(home: Home) -> None:
    for _ in range(2):
        assert home.run("secrets", "set", "a", "--generate", "hex:8").returncode == 0
    assert len(home.run("secrets", "history", "a").stdout.splitlines()) == 3
    assert (
        home.run("--profile", "few", "secrets", "set", "a", "--generate", "hex:8").returncode == 0
    )
    assert len(home.run("secrets", "history", "a").stdout.splitlines()) == 1

"""A secret's policy held against one use of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import PolicyDenied
from lango_cli.interceptor import use_policy
from lango_cli.vault.policies import SecretPolicy

if TYPE_CHECKING:
    from pathlib import Path

OPEN = ("environment", "stdin", "descriptor", "file", "template", "shell")


def policy(**entries: list[str]) -> SecretPolicy:
    return SecretPolicy("x", [(kind, pattern) for kind in entries for pattern in entries[kind]])


@pytest.mark.parametrize("way", OPEN)
def test_without_a_policy_all_but_arguments_is_open(way: str) -> None:
    use_policy.check(policy(), way, "/usr/bin/curl")
    use_policy.check(policy(), way, "")


@pytest.mark.parametrize("entries", [{}, {"commands": ["/usr/bin/curl"]}, {"tools": ["*"]}])
def test_arguments_are_closed_until_they_are_named(entries: dict[str, list[str]]) -> None:
    with pytest.raises(PolicyDenied, match="arguments of curl"):
        use_policy.check(policy(**entries), "argument", "/usr/bin/curl")
    use_policy.check(policy(arguments=["/usr/bin/curl"]), "argument", "/usr/bin/curl")


def test_commands_that_are_named_are_the_only_ones() -> None:
    limited = policy(commands=["/usr/bin/curl"], arguments=["/usr/bin/wget"])
    for path in ("/usr/bin/curl", "/usr/bin/wget", "/usr/bin/../bin/curl"):
        use_policy.check(limited, "environment", path)
    for path in ("/usr/bin/env", "/tmp/curl", "curl", ""):
        with pytest.raises(PolicyDenied, match="certain commands alone"):
            use_policy.check(limited, "environment", path)


@pytest.mark.parametrize("way", ["template", "shell"])
def test_where_nobody_knows_who_reads_it_a_limited_secret_does_not_go(way: str) -> None:
    with pytest.raises(PolicyDenied, match="not known"):
        use_policy.check(policy(commands=["/usr/bin/curl"]), way, "")


def test_arguments_for_one_command_close_nothing_else() -> None:
    use_policy.check(policy(arguments=["/usr/bin/curl"]), "environment", "/usr/bin/make")


def test_a_folder_reached_by_a_link_is_the_same_and_a_program_under_another_name_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "box").touch()
    (tmp_path / "real" / "wget").symlink_to("box")
    (tmp_path / "link").symlink_to("real")
    limited = policy(commands=[str(tmp_path / "real" / "wget")])
    use_policy.check(limited, "environment", str(tmp_path / "link" / "wget"))
    with pytest.raises(PolicyDenied):
        use_policy.check(limited, "environment", str(tmp_path / "real" / "box"))

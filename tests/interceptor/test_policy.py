"""Which tools need a yes: the whole table, and what `explain` says of it."""

from __future__ import annotations

import pytest

from lango_cli.interceptor.policy import Rules, judge
from lango_cli.model_approval import LEVELS

POLICIES = ("dangerous", "all", "configured", "none")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("level", ["", "DANGEROUS", "critical", *LEVELS])
def test_exempt_stands_before_sensitive_and_that_before_every_policy(
    policy: str, level: str
) -> None:
    both = Rules(True, policy, ("tool",), ("tool",))
    assert (judge(both, "tool", level).needed, judge(both, "tool", level).rule) == (
        False,
        "exempt",
    )
    sensitive = Rules(True, policy, ("tool",))
    assert judge(sensitive, "tool", level).rule == "sensitive"
    assert judge(sensitive, "tool", level).needed


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        ("all", ("safe", "moderate", "dangerous", "", "nonsense")),
        ("dangerous", ("dangerous", "", "nonsense")),
        ("configured", ()),
        ("none", ()),
        # Not reachable by the settings; whatever it means, it does not mean less.
        ("", ("safe", "moderate", "dangerous", "", "nonsense")),
    ],
)
def test_each_policy_asks_for_its_levels(policy: str, asked: tuple[str, ...]) -> None:
    rules = Rules(True, policy)
    found = [lv for lv in (*LEVELS, "", "nonsense") if judge(rules, "tool", lv).needed]
    assert sorted(found) == sorted(asked)


def test_an_unknown_tool_is_dangerous_and_a_known_one_what_it_is() -> None:
    rules = Rules(True)
    assert judge(rules, "anything").level == "dangerous"
    assert judge(rules, "anything").needed
    assert judge(rules, "secrets_list").level == "safe"
    assert not judge(rules, "secrets_list").needed
    assert judge(rules, "run").needed


@pytest.mark.parametrize("tool", ["Exec", "exec2", "xexec", "exec ", "exec*", ""])
def test_names_are_compared_exactly(tool: str) -> None:
    assert judge(Rules(True, "all", (), ("exec",)), tool).needed


def test_a_name_that_ends_with_a_star_stands_for_all_that_begin_so() -> None:
    rules = Rules(True, "none", ("browser_*",))
    assert judge(rules, "browser_click").needed
    assert judge(rules, "browser_").needed
    assert not judge(rules, "browser").needed
    assert "browser_*" in judge(rules, "browser_click").why


def test_off_is_off_and_says_so() -> None:
    verdict = judge(Rules(False, "all", ("run",)), "run")
    assert not verdict.needed
    assert verdict.rule == "off"

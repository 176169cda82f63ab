"""What an earlier yes covers: what was shown, and what its pattern says it covers; no more."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import UsageProblem
from lango_cli.interceptor.actions import Action, action_of
from lango_cli.interceptor.grants import check_likes, covers, fits, reach
from lango_cli.model_approval import ApprovalRequest, Grant

URL = "https://api.example.com/v1/x"
LIKE = "https://api.example.com/v1/*"


def action(*words: str, **members: Any) -> Action:
    parameters = {"argv": list(words), "cwd": "/home/me"}
    return action_of(ApprovalRequest("run", parameters, **members))


def grant(of: Action, scope: str = "always", session: str = "", **likes: str) -> Grant:
    request = of.request
    named = {path.replace("_", "[") + "]": like for path, like in likes.items()}
    return Grant(
        "0a",
        request.tool,
        request.origin,
        scope,
        session,
        of.digest,
        of.leaves,
        named,
        request.secrets,
        0.0,
        100.0,
    )


CURL = action("curl", URL)


def test_without_a_pattern_it_covers_one_action_until_it_ends() -> None:
    exact = grant(CURL)
    assert covers(exact, CURL, 99.9)
    assert not covers(exact, CURL, 100.0)
    for other in (
        action("curl", URL, "-o"),
        action("curl", URL + "y"),
        action("curl"),
        action("curl", URL, origin="peer"),
        action("curl", URL, secrets={"a": "stdin"}),
    ):
        assert not covers(exact, other, 1.0)


def test_for_a_session_it_covers_that_session_alone() -> None:
    mine = grant(action("ls", session="one"), "session", "one")
    assert covers(mine, action("ls", session="one"), 1.0)
    assert not covers(mine, action("ls", session="two"), 1.0)
    assert not covers(mine, action("ls"), 1.0)
    assert not covers(grant(action("ls"), "session", ""), action("ls"), 1.0)


def test_with_a_pattern_everything_without_one_must_be_the_same() -> None:
    wide = grant(CURL, argv_1=LIKE)
    assert covers(wide, action("curl", "https://api.example.com/v1/other"), 1.0)
    for other in (
        action("wget", "https://api.example.com/v1/other"),
        action("curl", "https://api.example.com/v1/other", "-v"),
        action("curl", "https://api.example.com/v1/other", origin="peer"),
        action("curl", "https://api.example.com/v1/other", secrets={"a": "stdin"}),
        action("curl", "https://api.example.com/v2/other"),
        action("curl", "https://api.example.com/v1/a/b"),
        action("curl", "https://api.example.com/v1/a b"),
        action("curl", "https://api.example.com/v1/a;id"),
        action("curl", "https://api.example.com/v1/a?b"),
        action("curl", "https://api.example.com/v1/%2e%2e"),
    ):
        assert not covers(wide, other, 1.0), other.leaves


@pytest.mark.parametrize(
    ("pattern", "text", "fit"),
    [
        ("abc*", "abc", True),
        ("abc*", "abcd.e", True),
        ("abc*", "abc/d", False),
        ("abc**", "abc/d/e", True),
        ("abc**", "abc/../e", False),
        ("abc/**", "abc/..", False),
        ("abc*", "ab", False),
        ("abc*z", "abcz", True),
        ("abc*z", "abcyz", True),
        ("abc*z", "abcyzy", False),
        ("abc*", "abc\n", False),
        ("abc*", "abc\u202e", False),
        ("abc*", "abc" + "d" * 256, True),
        ("abc*", "abc" + "d" * 257, False),
    ],
)
def test_a_star_stands_for_harmless_characters(pattern: str, text: str, fit: bool) -> None:
    assert fits(pattern, f"s:{text}") is fit


def test_only_a_text_fits() -> None:
    assert not fits("123*", "n:1234")


@pytest.mark.parametrize(
    "likes",
    [
        {"argv[1]": "*"},
        {"argv[1]": "ht*"},
        {"argv[1]": "https://api.example.com/v1/x"},
        {"argv[1]": "https://other.example.com/*"},
        {"argv[1]": LIKE + "*" * 3},
        {"argv[1]": "https*a*i*e*x*"},
        {"argv[1]": "h" * 2000 + "*"},
        {"argv[0]": "cur*"},
        {"argv[1]": "https://*"},
        {"argv[1]": "https://api.example.com*"},
        {"argv[1]": "https://api.*/v1/x"},
        {"cwd": "/home/*"},
        {"argv[7]": "abc*"},
        {"nothing": "abc*"},
        {f"argv[{number}]": LIKE for number in range(9)},
    ],
)
def test_a_pattern_that_is_too_wide_or_is_about_something_else_is_refused(
    likes: dict[str, str],
) -> None:
    with pytest.raises(UsageProblem):
        check_likes(likes, CURL)


def test_what_it_covers_beyond_what_was_shown_is_said() -> None:
    check_likes({"argv[1]": LIKE}, CURL)
    (line,) = reach({"argv[1]": LIKE})
    assert "argv[1] may be anything like" in line
    assert "https://api.example.com/v1/" in line


@given(st.text("ab*", min_size=1, max_size=12), st.text("ab/.", max_size=12))
def test_matching_agrees_with_a_plain_definition(pattern: str, text: str) -> None:
    assert fits(pattern, f"s:{text}") == (slowly(pattern, text) and ".." not in text.split("/"))


def slowly(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] != "*":
        return text[:1] == pattern[0] and slowly(pattern[1:], text[1:])
    stars = "**" if pattern.startswith("**") else "*"
    rest = pattern.lstrip("*") if stars == "**" else pattern[1:]
    longest = next((at for at, one in enumerate(text) if one == "/" and stars == "*"), len(text))
    return any(slowly(rest, text[at:]) for at in range(longest + 1))


def test_no_pattern_takes_more_than_a_moment() -> None:
    begun = time.perf_counter()
    for _ in range(20):
        fits("aaa*a*a*a*b", "s:" + "a" * 1000)
    assert time.perf_counter() - begun < 2

"""`settings get` through the small front and through Typer's: one answer, for every setting.

The small one exists to be faster, so each plain name must be answered by it and nothing else may
differ: what is printed, what is said, and the code.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from lango_cli.cli import app, front
from lango_cli.config import document
from lango_cli.config.declared import everything
from lango_cli.config.finding import find
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
from tests.cli.conftest import listening
from tests.config.test_load import OTHER
from tests.vault.conftest import few_rounds as few_rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.config.setting import Setting

KEYS = [
    one.key.replace("<id>", "work")
    .replace("appSchemas.<name>", "appSchemas.mine")
    .replace("apps.<name>.*", "apps.mine.at.last")
    for one in everything()
]
BY_KIND: dict[str, Any] = {
    "count": "17",
    "size": "3MiB",
    "url": "https://example.org/ü?a=b",
    "path": "/somewhere/ü",
    "decimal": "0.07",
    "duration": "7m",
    "text": "two words, ü",
    "fraction": "0.25",
    "list": '["openid", "ü"]',
    "regexes": '["a{2,3}, b"]',
    "map": '{"a b": "ü"}',
    "rules": '[{"peerDid": "did:ü", "action": "deny", "tools": ["x"], "rateLimit": 3}]',
    "free": '{"at": {"last": [1, 2.5, null, "ü"]}}',
}
ODD = (
    "unlock.tll",
    "nothing",
    "",
    "apps",
    "apps.mine",
    "apps.mine.at",
    "apps.mine.nowhere",
    "apps.mine.at.last.0",
    "apps.other",
    "security.interceptor.piiCustomPatterns.staff",
    "security.interceptor.piiCustomPatterns.none",
    "p2p.pricing.toolPrices.a b",
    "p2p.pricing.toolPrices.none",
    "security",
    "providers.work",
    "providers.a/b.type",
    "providers.ü.type",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a vault, and nobody to ask."""
    for name in os.environ:
        if name.startswith(("LANGO_", "XDG_")):
            monkeypatch.delenv(name)
    (tmp_path / "run").mkdir(mode=0o700)
    given = {"HOME": tmp_path, "XDG_RUNTIME_DIR": tmp_path / "run", "LANGO_HOME": tmp_path / "h"}
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("LANGO_NO_INPUT", "1")
    return tmp_path / "h"


def made(home: Path) -> Path:
    """The same, with a vault that a keyfile opens."""
    with listening():
        assert app.main(["init", "--keyfile", "--no-recovery"]) == 0
    return home


def other(setting: Setting) -> str:
    """The text of a value that is not the default."""
    if setting.key in OTHER:
        return OTHER[setting.key]
    if setting.kind == "switch":
        return "false" if setting.default == "true" else "true"
    if setting.kind == "choice":
        return next(choice for choice in setting.choices if choice != setting.default)
    if setting.secret:
        return "{{secret:settings/default/x}}"
    return str(BY_KIND[setting.kind])


def changed(*, sealed: bool) -> dict[str, Any]:
    """A document with another value for everything, or for what stands in the file alone."""
    settings = [find(key) for key in KEYS if key != "apps.mine.at.last"]
    settings = [one for one in settings if sealed or one.bootstrap]
    values = {one.key: document.to_json(one, other(one)) for one in settings}
    if sealed:
        values["apps.mine"] = json.loads(BY_KIND["free"])
    return document.nested(values)


def in_profile(values: dict[str, Any], name: str | None = None) -> None:
    """Write these into a profile as they are, unchecked."""
    with opening.open_vault(Flags(), None, print) as vault:
        vault.profiles.write(name, values)


def both(*words: str, by_front: bool = True) -> tuple[int, str, str]:
    """What the two answer, which is the same. `by_front`: the small one must answer itself."""
    with listening() as quick:
        code = front.main(["settings", "get", *words])
    if code is None:
        assert not by_front, f"{words} went to the other front"
        assert (quick.out, quick.err) == ("", "")
    with listening() as slow:
        usual = app.main(["settings", "get", *words])
    assert by_front <= (code is not None)
    if code is not None:
        assert (code, quick.out, quick.err) == (usual, slow.out, slow.err), words
    return usual, slow.out, slow.err


def every_answer(code: int = 0) -> Iterator[str]:
    """What is printed of each setting, all of them ending with this code."""
    for key in KEYS:
        ended, out, err = both(key)
        if key in ("apps.mine.at.last", "appSchemas.mine") and "is not set" in err:
            assert ended == 31
        else:
            assert ended == code, (key, err)
        yield out


def test_defaults_are_answered_alike_without_a_vault(home: Path) -> None:
    assert not home.exists()
    assert "15m\n" in set(every_answer())


def test_defaults_are_answered_alike_with_a_vault(home: Path) -> None:
    made(home)
    assert "18789\n" in set(every_answer())


def test_what_a_profile_says_is_answered_alike(home: Path) -> None:
    made(home)
    in_profile(changed(sealed=True))
    said = list(every_answer())
    assert {'[1, 2.5, null, "ü"]\n', '{"a b": "ü"}\n', "0.25\n", "false\n"} <= set(said)


def test_what_the_file_says_is_answered_alike(home: Path) -> None:
    made(home)
    import tomlkit

    (home / "config.toml").write_text(tomlkit.dumps(changed(sealed=False)))
    said = set(every_answer())
    assert {'{"staff": "EMP-[0-9]{6}"}\n', '["prompt", "keyfile"]\n', "0.35\n"} <= said


def test_what_a_variable_says_is_answered_alike(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(home)
    in_profile(changed(sealed=True))
    for key, text in OTHER.items():
        setting = find(key)
        # A way to unlock that is not there would lock the vault.
        if not setting.guarded and not key.startswith("unlock.order"):
            monkeypatch.setenv(setting.variable, text)
    assert "3s\n" in set(every_answer())


@pytest.mark.parametrize("key", ODD)
def test_a_name_that_is_none_or_a_part_is_answered_alike(key: str, home: Path) -> None:
    made(home)
    both(key, by_front=False)
    in_profile(changed(sealed=True))
    both(key, by_front=False)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("a", "b"),
        ("--json", "audit.retention"),
        ("--resolve", "audit.retention"),
        ("--quiet", "audit.retention"),
        ("audit.retention", "--no-input"),
        ("audit.retention", "--profile", "work"),
        ("audit.retention", "--profile=work"),
        ("audit.retention", "--profile", "none"),
        ("audit.retention", "--profile", "-no"),
        ("unlock.ttl", "--profile", "work"),
        ("unlock.ttl", "--profile", "none"),
        ("security.interceptor.enabled", "--profile", "work"),
        ("audit.retention", "--keyfile"),
        ("audit.retention", "--keyfile", ""),
        ("audit.retention", "--keyfile", "nowhere"),
        ("audit.retention", "--slot", "nobody"),
        ("unlock.ttl", "--keyfile", "nowhere"),
        ("audit.retention", "--home", "/nowhere"),
        ("audit.retention", "--unheard-of"),
        ("--", "audit.retention"),
        ("-", "audit.retention"),
    ],
)
def test_options_are_taken_alike(words: tuple[str, ...], home: Path) -> None:
    made(home)
    in_profile({"audit": {"retention": "9d"}})
    with opening.open_vault(Flags(), None, print) as vault:
        vault.profiles.create("work", changed(sealed=True))
    both(*words, by_front=False)


@pytest.mark.parametrize("key", ["audit.retention", "unlock.ttl", "apps.x.y", "no.such"])
def test_a_locked_vault_is_answered_alike(key: str, home: Path) -> None:
    (made(home) / "keyfile").rename(home / "away")
    code, _, _ = both(key, by_front=False)
    assert code == {"unlock.ttl": 0, "no.such": 30}.get(key, 12)


@pytest.mark.parametrize("key", ["audit.retention", "unlock.ttl", "output.color"])
@pytest.mark.parametrize(
    "text",
    ["[unlock", "[unlock]\nttl = 'soon'", "[unlock]\ntll = 1", "[audit]\nretention = 3"],
)
@pytest.mark.parametrize("color", ["auto", "always"])
def test_a_file_that_is_wrong_is_answered_alike(
    key: str, text: str, color: str, home: Path
) -> None:
    made(home)
    (home / "config.toml").write_text(f"{text}\n[output]\ncolor = '{color}'\n")
    code, _, err = both(key)
    assert code in (30, 31)
    assert err


@pytest.mark.parametrize(
    "values",
    [
        {"audit": {"retention": "soon"}},
        {"audit": {"retention": 3}},
        {"server": {"port": 70000}},
        {"p2p": {"firewallRules": [1]}},
        {"security": {"interceptor": {"approval": {"command": "'"}}}},
        {"of": {"another": "version"}},
        {"apps": {"x": None}},
    ],
)
@pytest.mark.parametrize("key", ["audit.retention", "server.port", "apps.x", "apps.x.y"])
def test_a_profile_that_is_wrong_is_answered_alike(
    values: dict[str, Any], key: str, home: Path
) -> None:
    made(home)
    in_profile(values)
    both(key)


def test_a_profile_that_does_not_open_is_answered_alike(home: Path) -> None:
    made(home)
    in_profile({"audit": {"retention": "9d"}})
    with opening.open_vault(Flags(), None, print) as vault, vault.store.write():
        vault.store.run("UPDATE profile_versions SET sealed = x'01' || zeroblob(40)")
    code, _, _ = both("audit.retention")
    assert code == 14


def test_a_guarded_setting_in_a_variable_is_refused_alike(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(home)
    monkeypatch.setenv("LANGO_SECURITY_INTERCEPTOR_ENABLED", "false")
    for key in ("security.interceptor.enabled", "unlock.ttl", "server.port"):
        code, _, _ = both(key)
        assert code == 31

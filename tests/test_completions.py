"""The completions, as bash, zsh and fish themselves read them; and man pages, as groff does.

Each shell is asked what it would offer after some typed words. That the files are the command
tree's is tests/test_house.py's business.
"""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from lango_cli.config.declared import everything
from lango_cli.config.schema import SETTINGS
from lango_cli.crypto.generate import kinds
from tests.generate import roff
from tests.manual import ENVIRONMENT, EXAMPLES
from tests.parts import require
from tests.tree import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tree import Page

TOP = Path(__file__).resolve().parent.parent
SHELLS = ("bash", "zsh", "fish")


def offered(shell: str, typed: str, folder: Path) -> set[str]:
    """What `shell` offers for the last word of `typed` (a trailing space: a new word)."""
    script = shlex.quote(str(TOP / "completions" / f"lango.{shell}"))
    words = typed.split(" ")
    listed = shlex.join(words)
    # Bash hands its words over taken apart at these signs too.
    pieces = [piece for word in words for piece in re.findall(r"[=:]+|[^=:]+", word) or [""]]
    programs = {
        "bash": f"source {script}; COMP_LINE={shlex.quote(typed)}; COMP_CWORD={len(pieces) - 1}\n"
        f'COMP_WORDS=({shlex.join(pieces)}); _lango; printf "%s\\n" "${{COMPREPLY[@]}}"',
        # What zsh would draw goes through these; -M and the like never occur.
        "zsh": '_describe() { local -a rows; rows=("${(P)@[-1][@]}")\n'
        'print -rl -- "${rows[@]%%:*}" }\n'
        "compset() { }; compdef() { }; compadd() { shift; print -rl -- $@ }\n"
        f"_files() {{ print -rl -- *(N) }}\n"
        f"source {script}; words=({listed}); CURRENT={len(words)}; _lango",
        "fish": f"source {script}; complete -C {shlex.quote(typed)}",
    }
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [require(shell), *options, "-c", programs[shell]],
        cwd=folder,
        env={
            "PATH": f"{folder}:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    names = {line.partition("\t")[0] for line in done.stdout.splitlines()}
    # What zsh is offered it filters by what was typed, and fish repeats the option before a =.
    start = words[-1].rpartition("=")[2].strip("'\"")
    names = {name.removeprefix(words[-1].removesuffix(start)) for name in names}
    return {name for name in names if name.startswith(start)}


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered_where_they_stand(shell: str, tmp_path: Path) -> None:
    assert {"secrets", "init", "status"} <= offered(shell, "lango ", tmp_path)
    assert offered(shell, "lango secrets g", tmp_path) == {"get", "generate"}
    assert "list" in offered(shell, "lango keys slot ", tmp_path)
    assert "init" not in offered(shell, "lango secrets ", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_option_and_its_value_do_not_hide_the_command(shell: str, tmp_path: Path) -> None:
    assert "get" in offered(shell, "lango --home secrets --json secrets g", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_options_of_the_command_and_of_all_commands_are_offered(
    shell: str, tmp_path: Path
) -> None:
    assert {"--if-version", "--json"} <= offered(shell, "lango secrets set X --", tmp_path)
    assert "--if-version" not in offered(shell, "lango secrets get X --", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_alias_is_completed_like_the_command_it_stands_for(shell: str, tmp_path: Path) -> None:
    after_alias = offered(shell, "lango secrets read --", tmp_path)
    assert after_alias == offered(shell, "lango secrets get --", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_values_are_choices_files_or_nothing(shell: str, tmp_path: Path) -> None:
    (tmp_path / "a key").touch()
    assert offered(shell, "lango --color ", tmp_path) == {"auto", "always", "never"}
    files = offered(shell, "lango secrets get X --keyfile ", tmp_path)
    assert {name.replace("\\ ", " ") for name in files} == {"a key"}
    assert offered(shell, "lango secrets set X --note ", tmp_path) <= {""}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_behind_an_equals_sign_is_completed_too(shell: str, tmp_path: Path) -> None:
    assert offered(shell, "lango --color=a", tmp_path) == {"auto", "always"}
    assert "get" in offered(shell, "lango --home=secrets secrets g", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_flag_takes_no_value_where_the_same_name_elsewhere_takes_one(
    shell: str, tmp_path: Path
) -> None:
    assert offered(shell, "lango init --keyfile --kd", tmp_path) == {"--kdf"}
    assert "--output" in offered(shell, "lango audit export --head --o", tmp_path)
    assert offered(shell, "lango audit verify --head --o", tmp_path) <= {""}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("command", ["quickstart", "status", "lock", "init", "secrets generate"])
def test_a_command_that_opens_no_vault_offers_no_way_to_open_it(
    shell: str, command: str, tmp_path: Path
) -> None:
    assert offered(shell, f"lango {command} --passphrase", tmp_path) <= {""}
    assert offered(shell, f"lango {command} --slo", tmp_path) <= {""}


@pytest.mark.parametrize("shell", SHELLS)
def test_one_that_opens_it_offers_them(shell: str, tmp_path: Path) -> None:
    assert "--passphrase-file" in offered(shell, "lango secrets get X --passphrase", tmp_path)
    assert "--passphrase-file" in offered(shell, "lango --passphrase", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_choices_are_those_of_the_code(shell: str, tmp_path: Path) -> None:
    derivations = {"pbkdf2", "argon2id"}
    slots = {"passphrase", "keyring", "keyfile", "recovery", "kms", "tpm2", "companion"}
    specs = {spec.partition(":")[0] for spec in kinds().split(", ")}
    assert "password" in specs
    assert offered(shell, "lango keys slot add ", tmp_path) == slots
    assert offered(shell, "lango keys slot add --label X key", tmp_path) == {"keyring", "keyfile"}
    assert offered(shell, "lango keys slot add keyring ", tmp_path) <= {""}
    assert offered(shell, "lango init --kdf ", tmp_path) == derivations
    assert offered(shell, "lango keys passphrase --kdf ", tmp_path) == derivations
    assert offered(shell, "lango secrets set X --generate ", tmp_path) == specs
    assert offered(shell, "lango secrets generate ", tmp_path) == specs


def test_each_option_that_the_code_checks_against_a_list_has_choices() -> None:
    checked = set()
    for path in (TOP / "lango_cli" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and ast.unparse(node.func) == "parse.choice"
            if isinstance(node, ast.Call) and named and isinstance(node.args[1], ast.Constant):
                checked.add(node.args[1].value)
    assert "--kdf" in checked
    offering = {
        name
        for page in tree().all()
        for names, fill in (
            *((option.names, option.fill) for option in page.options),
            *(((argument.metavar,), argument.fill) for argument in page.arguments),
        )
        for name in names
        if fill.choices
    }
    assert checked <= offering


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A `lango` that writes down what it is asked, and knows two names."""
    program = tmp_path / "lango"
    program.write_text(
        "#!/bin/sh\n"
        """{ printf "[%s]" "$@"; echo; } >> "$HOME/calls"\n"""
        'echo prod/db; echo "prod/a b"\n'
    )
    program.chmod(0o755)
    return tmp_path


def asked(folder: Path) -> list[str]:
    """What the stand-in was asked, and forget it."""
    calls = folder / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return lines


@pytest.mark.parametrize("shell", SHELLS)
def test_names_come_from_lango_and_only_where_a_name_may_stand(shell: str, stand_in: Path) -> None:
    found = offered(shell, "lango secrets get prod", stand_in)
    assert {name.replace("\\ ", " ") for name in found} == {"prod/db", "prod/a b"}
    assert asked(stand_in) == ["[__complete][--][prod]"]
    for typed in (
        "lango ",
        "lango secrets ",
        "lango secrets get --",
        "lango secrets find x",
        "lango secrets rename prod/db x",
        "lango secrets set X --note x",
    ):
        offered(shell, typed, stand_in)
    assert asked(stand_in) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("--home /else/where", "/else/where"),
        ("--home=/else/where", "/else/where"),
        ("--home /first --home /else/where", "/else/where"),
        ("--home '/else/a:b'", "/else/a:b"),
        ("--home ~/where", "{home}/where"),
        ("--home ~", "{home}"),
        ("--home=~/where", "./~/where"),
        ("--home -odd", "-odd"),
    ],
)
def test_a_home_on_the_line_is_passed_on(
    shell: str, typed: str, wanted: str, stand_in: Path
) -> None:
    home = wanted.format(home=stand_in)
    offered(shell, f"lango {typed} secrets get p", stand_in)
    assert asked(stand_in) == [f"[__complete][--home][{home}][--][p]"]
    offered(shell, f"lango secrets get {typed} p", stand_in)
    assert asked(stand_in) == [f"[__complete][--home][{home}][--][p]"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("home", ["$ELSEWHERE", "$(touch/made)", "~somebody", '"$ELSEWHERE"'])
def test_nothing_is_asked_where_only_the_shell_knows_the_home(
    shell: str, home: str, stand_in: Path
) -> None:
    offered(shell, f"lango --home {home} secrets get p", stand_in)
    assert asked(stand_in) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_slots_come_from_lango_too(shell: str, stand_in: Path) -> None:
    for command in (
        "keys slot remove",
        "keys slot test",
        "keys slot rename",
        "keys slot rm",
        "keys passphrase --slot",
        "secrets get X --slot",
        "--slot",
    ):
        assert offered(shell, f"lango {command} prod/d", stand_in) == {"prod/db"}
        assert asked(stand_in) == ["[__complete][--slots][--][prod/d]"]
    offered(shell, "lango --home /else keys slot test p", stand_in)
    assert asked(stand_in) == ["[__complete][--slots][--home][/else][--][p]"]
    offered(shell, "lango keys slot rename old ne", stand_in)
    assert asked(stand_in) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_settings_and_profiles_come_from_lango_too(shell: str, stand_in: Path) -> None:
    asks = {
        "--settings": (
            "settings get",
            "settings set",
            "settings unset",
            "settings describe",
            "settings list",
            "settings get --json",
        ),
        "--profiles": (
            "settings profile use",
            "settings profile copy",
            "settings profile rename",
            "settings profile delete",
            "settings profile history",
            "settings profile rollback",
            "settings profile export",
            "settings profile diff",
            "settings profile diff work",
            "settings diff --with",
            "secrets get X --profile",
            "--profile",
        ),
    }
    for what, commands in asks.items():
        for command in commands:
            assert offered(shell, f"lango {command} prod/d", stand_in) == {"prod/db"}, command
            assert asked(stand_in) == [f"[__complete][{what}][--][prod/d]"]
    offered(shell, "lango --home /else settings get p", stand_in)
    assert asked(stand_in) == ["[__complete][--settings][--home][/else][--][p]"]
    for typed in (
        "settings get --",
        "settings set unlock.ttl x",
        "settings profile create x",
        "settings profile copy old x",
        "settings profile rollback work 1",
        "settings import x",
    ):
        offered(shell, f"lango {typed}", stand_in)
    assert asked(stand_in) == []


def test_bash_replaces_only_what_stands_behind_a_colon(stand_in: Path) -> None:
    program = stand_in / "lango"
    program.write_text("#!/bin/sh\necho team:db\n")
    # Readline takes `team:d` for two words, and puts the answer in place of the second.
    script = shlex.quote(str(TOP / "completions" / "lango.bash"))
    line = (
        f"source {script}; COMP_LINE='lango secrets get team:d'; COMP_CWORD=5\n"
        'COMP_WORDS=(lango secrets get team : d); _lango; printf "%s" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [require("bash"), "--norc", "-c", line],
        env={"PATH": f"{stand_in}:/usr/bin:/bin", "HOME": str(stand_in)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "db"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a session's socket."""
    with TemporaryDirectory() as name:
        yield Path(name)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Lango itself, with nothing but this folder."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "LANGO_HOME": str(folder / "first"),
        "LANGO_UNLOCK_SESSION": "process",
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": str(TOP),
    }
    command = [sys.executable, "-m", "lango_cli", *words]
    return subprocess.run(command, env=env, input="value", capture_output=True, text=True)


def test_lango_answers_for_the_home_it_is_given(folder: Path) -> None:
    """Two vaults: names of the one with a session, slots of both, and silence elsewhere."""
    for name in ("first", "second"):
        home = ("--home", str(folder / name))
        assert not run(folder, *home, "init", "--keyfile", "--no-recovery").returncode
        assert not run(folder, *home, "secrets", "set", f"{name}/x", "-").returncode
    second = str(folder / "second")
    assert not run(folder, "--home", second, "keys", "slot", "rename", "keyfile", "x y").returncode
    assert not run(folder, "--home", second, "unlock", "--ttl", "5m").returncode
    try:
        answers = {
            ("--home", second, "--", "sec"): "second/x\n",
            (f"--home={second}", "s"): "second/x\n",
            ("--home", second, "--", "fir"): "",
            ("--", "fir"): "",
            ("--slots", "--", ""): "keyfile\n",
            ("--slots", "--home", second, "x"): "x y\n",
            ("--slots", "--home", second, "--", "-"): "",
            ("--home", str(folder / "none"), "x"): "",
            ("--slots", "--home", str(folder / "none"), "x"): "",
            ("--home",): "",
            ("--unheard-of", "x"): "",
            (): "",
        }
        for words, answer in answers.items():
            done = run(folder, "__complete", *words)
            assert (done.stdout, done.stderr, done.returncode) == (answer, "", 0), words
    finally:
        run(folder, "--home", second, "lock")


def test_lango_knows_the_names_of_settings_and_with_a_session_those_of_profiles(
    folder: Path,
) -> None:
    def answer(*words: str) -> list[str]:
        done = run(folder, "__complete", *words)
        assert (done.stderr, done.returncode) == ("", 0)
        return done.stdout.splitlines()

    every = answer("--settings", "")
    assert {one.key for one in everything() if "<" not in one.key} < set(every)
    assert every == sorted(set(every))
    assert answer("--settings", "unlock.t") == ["unlock.ttl"]
    assert answer("--settings", "--", "providers.openai.") == [
        f"providers.openai.{name}" for name in ("apiKey", "baseUrl", "type")
    ]
    assert "auth.providers.mine.issuerUrl" in answer("--settings", "auth.providers.mine.i")
    assert answer("--settings", "nothing") == answer("--settings", "apps") == []
    assert answer("--profiles", "") == []
    assert not run(folder, "init", "--keyfile", "--no-recovery").returncode
    assert not run(folder, "settings", "set", "apps.mine.at.port", "7").returncode
    assert not run(folder, "settings", "profile", "copy", "default", "work").returncode
    assert answer("--profiles", "") == answer("--settings", "apps") == []
    assert not run(folder, "unlock", "--ttl", "5m").returncode
    try:
        assert answer("--profiles", "") == ["default", "work"]
        assert answer("--profiles", "w") == ["work"]
        mine = ["apps.mine", "apps.mine.at", "apps.mine.at.port"]
        assert answer("--settings", "apps") == mine
    finally:
        run(folder, "lock")


def test_man_pages_are_read_without_a_warning() -> None:
    pages = sorted((TOP / "man").glob("*.1"))
    assert pages
    done = subprocess.run(
        [require("groff"), "-man", "-Tutf8", "-ww", "-z", *map(str, pages)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr


@cache
def page_of_manual(name: str) -> str:
    return (TOP / "man" / f"{name}.1").read_text()


def test_the_manual_has_every_setting_with_its_variable() -> None:
    for setting in SETTINGS:
        for word in (setting.key, *(() if setting.guarded else (setting.variable,))):
            assert f"\n.B {roff(word)}\n" in page_of_manual("lango")
        assert roff(setting.doc) in page_of_manual("lango")


def test_the_manual_has_every_variable_that_the_code_reads_and_no_other() -> None:
    read = {setting.variable for setting in SETTINGS if not setting.guarded}
    for path in (TOP / "lango_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.fullmatch(r"LANGO_[A-Z0-9_]+", value):
                read.add(value)
    assert "LANGO_HOME" in read
    told = set(re.findall(r"^\.B (LANGO_[A-Z0-9_]+)$", page_of_manual("lango"), re.MULTILINE))
    assert told == read
    for name in ("CREDENTIALS_DIRECTORY", "NO_COLOR", "CLICOLOR_FORCE"):
        assert f"\n.B {name}\n{roff(ENVIRONMENT[name])}\n" in page_of_manual("lango")


def test_each_page_has_the_sections_people_look_for() -> None:
    every = ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXAMPLES", "SEE ALSO")
    root = ("SETTINGS", "ENVIRONMENT", "FILES", "EXIT STATUS", "SECURITY NOTES")
    for path in (TOP / "man").glob("*.1"):
        sections = re.findall(r"^\.SH (.*)$", path.read_text(), re.MULTILINE)
        own = {"lango": root, "lango-settings": root[:1]}
        wanted = every + own.get(path.stem, ())
        assert set(wanted) == set(sections) - {"ALIASES"}


def test_ways_to_unlock_stand_under_a_heading_of_their_own() -> None:
    general, _, rest = (
        page_of_manual("lango").partition(".SS Global options")[2].partition(".SS Unlocking")
    )
    unlocking = rest.partition(".SH")[0]
    for name in ("--passphrase-fd", "--passphrase-file", "--keyfile", "--recovery", "--slot"):
        assert f"\\fB{roff(name)}\\fR" in unlocking
        assert f"\\fB{roff(name)}\\fR" not in general


def command_of(words: list[str]) -> Page:
    """The page of the command that these words name."""
    page = tree()
    for word in words:
        page = next((below for below in page.pages if below.name == word), page)
    return page


def test_examples_are_command_lines_that_there_are() -> None:
    for path, examples in EXAMPLES.items():
        for _, line in examples:
            words = line.partition(" -- ")[0].split(" ")
            page = command_of(words[1:])
            assert line.startswith(f"{page.path} ") or line == page.path
            assert page.path.startswith(path)
            assert not page.pages
            names = {name for option in page.options for name in option.names}
            assert {word for word in words if word.startswith("--")} <= names

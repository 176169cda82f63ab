"""The house's own rules: what belongs where, how large it may grow, and what must stay equal.

Each table below is a reviewed list: adding a line to it is a decision, and its diff shows that one
was made. What ruff, mypy and import-linter can hold is theirs and not repeated here.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli import __version__, errors, errors_launch
from lango_cli.config.declared import everything
from lango_cli.exit_codes import EXIT_CODES
from tests import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unprivileged import Installed

TOP = Path(__file__).resolve().parent.parent
PRODUCT = TOP / "lango_cli"
TOP_LEVEL = {"pyproject.toml", "lango_cli", "tests", "completions", "man", "README.md"}
LONGEST_FUNCTION, LONGEST_MODULE, MEDIAN_FUNCTION = 60, 350, 10

HOMES: dict[str, set[str]] = {
    "os.environ": {"config/load.py"},
    "os.getenv": {"config/load.py"},
    "getpass": {"cli/ui.py"},
    "sys.stdin": {"cli/ui.py"},
    "sys.stdout": {"cli/ui.py"},
    "sys.stderr": {"cli/ui.py"},
    "print": {"cli/ui.py"},
    "input": {"cli/ui.py"},
    "cryptography": {"crypto/"},
    "hashlib": {"crypto/"},
    "hmac": {"crypto/"},
    "sqlcipher3": {"vault/store.py"},
    "sqlite3": set(),
    "random": set(),
    "tempfile": {"files.py"},
    "shutil": {"files.py"},
    "os.rename": {"files.py"},
    "os.replace": {"files.py"},
    "os.truncate": {"files.py"},
    "typer": {"cli/"},
    "rich": {"cli/"},
    "questionary": {"cli/"},
    "keyring": {"unlock/keyring_child.py"},
    "boto3": set(),
    "botocore": {f"custody/aws{part}.py" for part in ("", "_answers", "_errors", "_session")},
    "pkcs11": {"custody/pkcs11_worker.py", "custody/pkcs11_token.py"},
    "pickle": set(),
    "eval": set(),
    "exec": set(),
}
"""What has one home: a module, a name in one, or a builtin, and the files (or folder) it is in.

Ruff's banned-API rule says the same while typing; but it opens a home for all banned names at
once.
"""

REVEALS: dict[str, int] = {
    "cli/credentials.py": 1,
    "cli/menu.py": 2,
    "cli/onboard.py": 1,
    "cli/settings_write.py": 1,
    "cli/show.py": 2,
    "crypto/aead.py": 1,
    "crypto/keys.py": 1,
    "crypto/recipient.py": 1,
    "crypto/shamir.py": 2,
    "crypto/signing.py": 6,
    "companion/serving.py": 2,
    "companion/software.py": 1,
    "custody/aws.py": 2,
    "custody/azure.py": 1,
    "custody/binding.py": 1,
    "custody/enveloping.py": 1,
    "custody/gcp.py": 1,
    "custody/local.py": 1,
    "custody/pkcs11.py": 3,
    "custody/rpc.py": 2,
    "custody/tpm.py": 1,
    "custody/tpm_tools.py": 1,
    "formats/entry.py": 1,
    "interceptor/refs.py": 1,
    "secret.py": 1,
    "tui/form.py": 1,
    "unlock/keyfile.py": 2,
    "unlock/keyring.py": 3,
    "unlock/session.py": 1,
    "unlock/session_server.py": 2,
    "unlock/sources.py": 3,
    "vault/approvals.py": 1,
    "vault/audit.py": 2,
    "vault/audit_check.py": 1,
    "vault/backup_file.py": 1,
    "vault/bulk.py": 1,
    "vault/bundle.py": 2,
    "vault/envelope.py": 7,
    "vault/generation.py": 2,
    "vault/grouping.py": 4,
    "vault/key_use.py": 2,
    "vault/keys.py": 2,
    "vault/plain.py": 1,
    "vault/plain_import.py": 2,
    "vault/plain_profiles.py": 4,
    "vault/registry.py": 1,
    "vault/secrets.py": 3,
    "vault/slots.py": 2,
    "vault/store_draft.py": 1,
    "vault/store_open.py": 1,
    "wiring/checks_vault.py": 1,
    "wiring/companions.py": 1,
    "wiring/masking.py": 1,
    "wiring/menus.py": 1,
    "wiring/redacting.py": 1,
    "wiring/settings.py": 1,
    "wiring/slotting.py": 2,
}
"""How often each file looks inside a secret: `.reveal()` and `.text()`."""

SQL_FILES = re.compile(r"vault/(store|rows|migrations)\w*\.py")
SQL = re.compile(
    r"\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s"
    r"|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|TRIGGER|VIEW)\s|BEGIN\s+IMMEDIATE|ATTACH\s)"
)

MARKS = (
    re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"),
    re.compile(r"# type: ignore" r"\s*$"),
    re.compile(r"# no" r"qa\s*$"),
    re.compile(r"pytest\.skip\(" r"\)|assert Tr" r"ue\b"),
    re.compile(r"/wo" r"rk/|/ro" r"ot/|/fa" r"rm/|\.lib" r"rary\b"),
)
"""Unfinished work, ignores without a reason, and paths of one machine."""

# fmt: off
NOT_ON_THE_SCRIPTED_PATH = (
    "argparse", "asyncio", "base64", "collections", "contextlib", "copy",
    "cryptography.hazmat.primitives", "csv", "ctypes.util", "dataclasses", "difflib", "email",
    "enum", "functools", "getpass", "h11", "hashlib", "hmac", "http", "importlib.metadata",
    "inspect", "json", "keyring", "lango_cli.custody", "logging", "msgspec", "multiprocessing",
    "pathlib", "phonenumbers", "pickle", "platformdirs", "questionary", "random", "re", "re2",
    "rich", "secrets", "shutil", "socket", "ssl", "stdnum", "string", "subprocess", "tempfile",
    "tomllib", "traceback", "typer", "typing", "urllib", "uuid", "yaml", "zeroconf",
)
# fmt: on
"""Modules that `secrets get` and `settings get` must not load: each costs on every call."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path inside lango_cli, parsed."""
    found = sorted(PRODUCT.rglob("*.py"))
    return {str(p.relative_to(PRODUCT)): ast.parse(p.read_text()) for p in found}


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the project that git knows or would add."""
    command = ["git", "-c", f"safe.directory={TOP}", "ls-files", "-z", "-co", "--exclude-standard"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    return tuple(name for name in done.stdout.split("\0") if name and (TOP / name).exists())


# Errors.

ERRORS = ("errors.py", "errors_launch.py")
"""Where their classes are; the tree that the first one draws holds both."""


def classes(
    base: type[errors.LangoError] = errors.LangoError,
) -> Iterator[type[errors.LangoError]]:
    """`base` and every class below it."""
    yield base
    for below in base.__subclasses__():
        yield from classes(below)


def test_each_error_class_has_a_code_and_an_id_of_its_own() -> None:
    own = [kind for kind in classes() if "id" in vars(kind) and kind is not errors.NotApplicable]
    codes, ids = [kind.code for kind in own], [kind.id for kind in own]
    assert len(set(codes)) == len(codes)
    assert len(set(ids)) == len(ids)
    for kind in classes():
        assert kind.__subclasses__() or "id" in vars(kind), f"{kind.__name__} has no id of its own"


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__
    for kind in classes():
        group = bool(kind.__subclasses__()) and kind is not errors.LangoError
        internal = kind is errors.NotApplicable
        line = rf"\b{kind.__name__}\b" + ("" if group or internal else rf" {kind.code}\b")
        assert re.search(line, errors.__doc__), kind.__name__
    assert issubclass(errors_launch.RunFailed, errors.LangoError)
    drawn = set(re.findall(r"([A-Z]\w+) \d+", errors.__doc__))
    assert drawn <= {kind.__name__ for kind in classes()}


def test_every_code_is_in_the_table() -> None:
    assert {kind.code for kind in classes()} <= set(EXIT_CODES)
    assert list(EXIT_CODES) == sorted(EXIT_CODES)


def test_all_errors_are_in_the_one_tree() -> None:
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and name not in ERRORS:
                bases = {ast.unparse(base) for base in node.bases}
                tree_names = {kind.__name__ for kind in classes()}
                assert not bases & tree_names, f"{name}: {node.name} belongs in errors.py"


# One home per thing.


def names_used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Modules imported, dotted names and bare names used, each with its line.

    What is imported for annotations only counts too: it shows what a file knows about.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _with_parents(alias.name, node.lineno)
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield from _with_parents(f"{module}.{alias.name}", node.lineno)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                yield f"{owner}.{attribute}", node.lineno
            case ast.Call(func=ast.Name(id=function)):
                yield function, node.lineno


def _with_parents(name: str, line: int) -> Iterator[tuple[str, int]]:
    """`a.b.c` is a use of `a.b` and of `a` too."""
    while name:
        yield name, line
        name = name.rpartition(".")[0]


@pytest.mark.parametrize("thing", HOMES)
def test_each_thing_is_used_in_its_home_only(thing: str) -> None:
    strangers = {
        f"lango_cli/{path}:{line}"
        for path, tree in modules().items()
        for name, line in names_used(tree)
        if name == thing
        and not any(
            path == home or (home[-1] == "/" and path.startswith(home)) for home in HOMES[thing]
        )
    }
    assert not strangers


def test_only_files_opens_a_file_for_writing() -> None:
    writers = [
        f"lango_cli/{path}:{node.lineno}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and path != "files.py" and _writes(node, tree)
    ]
    assert not writers


def _writes(call: ast.Call, tree: ast.Module) -> bool:
    """Whether this call is `open` with a mode that writes, or a pathlib path's `write_...`."""
    if isinstance(call.func, ast.Attribute):
        named = call.func.attr in ("write_text", "write_bytes")
        return named and any(name == "pathlib" for name, _ in names_used(tree))
    if not (isinstance(call.func, ast.Name) and call.func.id == "open"):
        return False
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    return any(not isinstance(m, ast.Constant) or set(str(m.value)) & set("wax+") for m in given)


def test_secrets_are_revealed_at_the_listed_places_only() -> None:
    counted = {}
    for path, tree in modules().items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        looks = [call for call in calls if _looks_inside(call)]
        if looks:
            counted[path] = len(looks)
    assert counted == REVEALS


def _looks_inside(call: ast.Call) -> bool:
    """Whether this is `.reveal()` or `.text()`; settings have a `text` too, which takes a name."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr in ("reveal", "text")
    return named and not call.args and not call.keywords


def test_sql_stands_in_the_store_only() -> None:
    strangers = [
        f"lango_cli/{path}:{node.lineno}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and SQL.match(str(node.value))
        if not SQL_FILES.fullmatch(path)
    ]
    assert not strangers


# Shape.


def test_packages_have_empty_init_files() -> None:
    full = [p for p in modules() if p.endswith("/__init__.py") and (PRODUCT / p).read_text()]
    assert not full


def test_every_module_says_what_lives_in_it() -> None:
    silent = []
    for path in [*PRODUCT.rglob("*.py"), *(TOP / "tests").rglob("*.py")]:
        text = path.read_text()
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(TOP)))
    assert not silent


def test_no_module_is_too_long() -> None:
    lengths = {path: len((PRODUCT / path).read_text().splitlines()) for path in modules()}
    assert {path: n for path, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"lango_cli/{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}
    assert statistics.median(lengths.values()) < MEDIAN_FUNCTION


def test_nothing_unfinished_or_of_one_machine_is_left() -> None:
    found = []
    for name in tracked():
        if name.endswith((".py", ".toml", ".md", ".txt", ".sh", "run", "lango", ".1")):
            for number, line in enumerate((TOP / name).read_text().splitlines(), 1):
                found += [f"{name}:{number}: {line}" for mark in MARKS if mark.search(line)]
    assert not found


def test_the_top_level_is_as_prescribed() -> None:
    entries = {name.partition("/")[0] for name in tracked()}
    assert {entry for entry in entries if entry[0] != "."} == TOP_LEVEL


def test_ci_calls_the_test_command_and_nothing_else() -> None:
    script = TOP / ".ci" / "run"
    commands = [line for line in script.read_text().splitlines() if line and line[0] != "#"]
    assert commands == ['cd "$(dirname "$0")/.." && exec python3 -m tests']
    assert script.stat().st_mode & 0o111


# What is generated, and what a user meets.


def test_generated_files_are_what_the_command_tree_gives() -> None:
    wanted = generate.render()
    drifted = [
        n for n, text in wanted.items() if not (TOP / n).exists() or (TOP / n).read_text() != text
    ]
    assert not drifted, "run: python3 -m tests generate"
    pages = {str(path.relative_to(TOP)) for path in (TOP / "man").glob("*")}
    assert pages == {name for name in wanted if name.startswith("man/")}


def test_readme_and_manual_have_every_exit_code() -> None:
    readme, manual = (TOP / "README.md").read_text(), (TOP / "man" / "lango.1").read_text()
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in readme
        assert f".B {code}\n{generate.roff(meaning)}\n" in manual


def test_readme_and_manual_have_every_setting_and_say_which_nothing_uses_yet() -> None:
    readme = (TOP / "README.md").read_text()
    pages = [(TOP / "man" / name).read_text() for name in ("lango.1", "lango-settings.1")]
    for setting in everything():
        above = f"{setting.section}.*"
        for text, key in ((readme, f"`{setting.key}`"), *((p, setting.key) for p in pages)):
            named = key in text or generate.roff(key) in text
            if setting.used:
                assert named, key
            else:
                assert named or above in text, key
    assert f"\n{generate.unused('`')}\n" in readme
    assert all(f"\n{generate.roff(generate.unused())}\n" in page for page in pages)


def test_the_wheel_holds_the_whole_product(installed: Installed) -> None:
    (package,) = installed.folder.glob("lib/python*/site-packages/lango_cli")
    there = {str(p.relative_to(package)) for p in package.rglob("*") if p.suffix != ".pyc"}
    ours = {n.removeprefix("lango_cli/") for n in tracked() if n.startswith("lango_cli/")}
    assert {name for name in ours if not name.startswith("bin/")} <= there
    assert (installed.folder / "share" / "man" / "man1" / "lango.1").exists()
    for place in (
        "bash-completion/completions/lango",
        "zsh/site-functions/_lango",
        "fish/vendor_completions.d/lango.fish",
    ):
        assert (installed.folder / "share" / place).exists()


def test_the_installed_command_is_our_own_short_script(installed: Installed) -> None:
    first, *rest = Path(installed.lango).read_text().splitlines()
    assert first.removeprefix("#!").startswith(str(installed.folder / "bin" / "python"))
    assert rest == (PRODUCT / "bin" / "lango").read_text().splitlines()[1:]
    done = subprocess.run(
        [installed.lango, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"lango {__version__}\n"


def loaded(command: list[str], env: dict[str, str]) -> set[str]:
    """The modules that a command imported, whatever way it ended."""
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {
        line.rpartition("|")[2].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }


@pytest.mark.parametrize("unlocked_by", ["keyfile", "session"])
def test_the_scripted_read_loads_nothing_heavy_and_completion_no_typer(
    unlocked_by: str, installed: Installed, tmp_path: Path
) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LANGO_HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(runtime),
    }

    def lango(*arguments: str) -> None:
        subprocess.run(
            [installed.lango, *arguments], env=env, input=b"value", capture_output=True, check=True
        )

    lango("init", "--keyfile", "--no-recovery")
    lango("secrets", "set", "X", "-")
    lango("settings", "set", "audit.retention", "9d")
    lango("settings", "set", "apps.x.y", "1")
    if unlocked_by == "session":
        lango("unlock", "--ttl", "5m")
        (tmp_path / "home" / "keyfile").rename(tmp_path / "away")
    try:
        watched = [installed.python, "-X", "importtime"]
        bare = loaded([*watched, "-c", "pass"], env)
        ours = loaded([*watched, installed.lango, "secrets", "get", "X"], env) - bare
        completing = loaded([*watched, installed.lango, "__complete", "X"], env)
        named = loaded([*watched, installed.lango, "__complete", "--settings", "un"], env) - bare
        settings = [
            loaded([*watched, installed.lango, "settings", "get", key], env) - bare
            for key in ("unlock.ttl", "audit.retention", "apps.x.y", "server.allowedOrigins")
        ]
    finally:
        lango("lock")
    assert "lango_cli.cli.front" in ours.intersection(completing, *settings)
    for setting in settings:
        assert heavy(setting, NOT_ON_THE_SCRIPTED_PATH) == []
    assert heavy(settings[0], ("lango_cli.vault.vault", "cryptography", "sqlcipher3")) == []
    assert heavy(ours, NOT_ON_THE_SCRIPTED_PATH) == []
    assert heavy(named, (*NOT_ON_THE_SCRIPTED_PATH, "cryptography")) == []
    assert heavy(completing, ("typer", "rich", "questionary", "keyring", "asyncio")) == []


def heavy(found: set[str], banned: tuple[str, ...]) -> list[str]:
    """Those of the modules that are banned, or in a banned package."""
    return sorted(m for m in found if any(f"{m}.".startswith(f"{name}.") for name in banned))

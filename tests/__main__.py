"""Run everything that checks lango: `python3 -m tests [pytest's arguments]`.

    python3 -m tests             linters, types, import contracts, tests; last line: the counts
    python3 -m tests generate    write man/, completions/ and the tables in README.md anew
    python3 -m tests bench       speed and memory beside their references; with names of parts,
                                 such as `settings custody`, those alone
    python3 -m tests soak        the long runs: many processes, kill -9, flipped bytes

It needs python3 (3.11 or newer) and git, and brings the rest: an environment of its own in
`.tests-env/`, and the real parts of `tests/parts.py` through apt-get where it may. Where it may
not, it says what to run, and goes on: the tests that miss a part say so.

Why the environment holds lango as an editable install: a child process started in any folder, with
any environment, then tests the working tree, and no PYTHONPATH has to be handed down to it. What a
user installs, the wheel, is tested from `tests/unprivileged.py`. Standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

from tests.parts import missing

TOP = Path(__file__).resolve().parent.parent
FOLDER = TOP / ".tests-env"
ENVIRONMENT = FOLDER / "environment"
STAMP = FOLDER / "made-from"
LOG = FOLDER / "install.log"
REPORT = FOLDER / "pytest.xml"
PYTHON = ENVIRONMENT / "bin" / "python"
OLDEST = (3, 11)
ELSEWHERE = ("generate", "bench", "soak")
TAIL = 40
"""Lines of the log shown when an installation fails."""


def run(command: list[str], **environment: str) -> int:
    """Run a command that speaks for itself; nothing is ever read from stdin."""
    sys.stdout.flush()
    env = {**os.environ, **environment}
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        env.pop(name, None)
    return subprocess.run(command, cwd=TOP, env=env, stdin=subprocess.DEVNULL).returncode


def logged(command: list[str], **environment: str) -> bool:
    """Run a command into the log; where it fails, show the end of that."""
    with LOG.open("ab") as log:
        log.write(f"\n$ {shlex.join(command)}\n".encode())
        log.flush()
        done = subprocess.run(
            command,
            cwd=TOP,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        lines = LOG.read_text(errors="replace").splitlines()[-TAIL:]
        print("\n".join(lines), f"failed: {shlex.join(command)}", sep="\n")
    return done.returncode == 0


def stop(message: str) -> NoReturn:
    """End, because nothing can be tested."""
    sys.exit(f"tests: {message}")


def answers(python: str, code: str) -> str | None:
    """What an interpreter prints for `code`, or None where it fails."""
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def interpreter() -> str:
    """The system's interpreter if it is new enough, else the one that runs this.

    The system's first: another user can start it. One under a home of mode 0700 nobody else can,
    and the tests of permissions run as an unprivileged user.
    """
    for python in ("/usr/bin/python3", getattr(sys, "_base_executable", ""), sys.executable):
        if python and answers(python, f"import sys; assert sys.version_info >= {OLDEST}") == "":
            return python
    stop(f"needs python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}")


def as_root() -> list[str] | None:
    """What goes before a command to run it as root without asking; None where nothing does."""
    if os.geteuid() == 0:
        return []
    asked = ["sudo", "-n", "true"]
    if shutil.which("sudo") and subprocess.run(asked, capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, or say which command does."""
    prefix = as_root()
    if prefix is None or shutil.which("apt-get") is None:
        print(
            "missing, and not mine to install; run:\n"
            f"  sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"
        )
        return
    print(f"installing with apt-get (log: {LOG.relative_to(TOP)}): {' '.join(packages)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y"]
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    logged([*apt, "update"]) and logged([*apt, "install", "--no-install-recommends", *packages])


def install_what_is_missing(python: str) -> None:
    """The real parts, and what `python` needs to make an environment."""
    packages = {part.package for part in missing()}
    makes = "import ensurepip, venv"
    if answers(python, makes) is None:
        packages.add("python3-venv")
    if packages:
        install_packages(sorted(packages))
    if answers(python, makes) is None:
        stop(f"{python} cannot make an environment; run: sudo apt-get install -y python3-venv")


def made_from(python: str) -> str:
    """What the environment depends on, as one line."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "lango_cli/__init__.py", "lango_cli/bin/lango"):
        digest.update((TOP / name).read_bytes())
    version = answers(python, "import sys; print(sys.version)")
    return f"{digest.hexdigest()} {python} {version} {ENVIRONMENT}"


def make_environment(python: str) -> None:
    """Make `.tests-env/` anew where what it was made from has changed."""
    wanted = made_from(python)
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    print(f"making {FOLDER.name}/ with {python}")
    STAMP.unlink(missing_ok=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--editable", ".[test]"]
    quiet = {
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }
    if not logged([python, "-m", "venv", "--clear", str(ENVIRONMENT)]):
        stop("no environment")
    if not logged(pip, **quiet):
        stop("what the tests need could not be installed")
    STAMP.write_text(wanted)


def prepare() -> None:
    """Bring everything the tests need; two runs at once wait for one another."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_bytes(b"")
        python = interpreter()
        install_what_is_missing(python)
        make_environment(python)


def linters() -> list[tuple[str, int]]:
    """Every linter's name and exit code."""
    python = str(PYTHON)
    commands = {
        "ruff check": [python, "-m", "ruff", "check"],
        "ruff format --check": [python, "-m", "ruff", "format", "--check"],
        "mypy --strict": [python, "-m", "mypy", "--strict"],
        "lint-imports": [str(PYTHON.with_name("lint-imports")), "--no-cache"],
    }
    results = []
    for name, command in commands.items():
        print(f"== {name}")
        results.append((name, run(command)))
    return results


def workers() -> int:
    """Test processes at once: one for each processor, at least two and at most four."""
    return max(2, min(4, len(os.sched_getaffinity(0))))


def run_pytest(arguments: list[str]) -> tuple[int, int, int]:
    """Run pytest; passed, failed, skipped.

    `loadgroup` hands out single tests, so that the transcripts do not end up with one worker; what
    shares a costly fixture is kept together by `@pytest.mark.xdist_group`.
    """
    REPORT.unlink(missing_ok=True)
    print("== pytest")
    spread = ["-n", str(workers()), "--dist", "loadgroup"]
    code = run([str(PYTHON), "-m", "pytest", "-q", *spread, f"--junit-xml={REPORT}", *arguments])
    total = failed = skipped = 0
    if REPORT.exists():
        for suite in ElementTree.parse(REPORT).iter("testsuite"):
            total += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = max(0, total - failed - skipped)
    return passed, max(failed, int(code != 0)), skipped


def plain_signals() -> None:
    """Undo what whoever started this ignores (a shell does so for `&`): tests send these."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


def main() -> int:
    """Prepare, check, count."""
    plain_signals()
    arguments = sys.argv[1:]
    prepare()
    if arguments and arguments[0] in ELSEWHERE:
        return run([str(PYTHON), "-m", f"tests.{arguments[0]}", *arguments[1:]])
    checks = linters()
    passed, failed, skipped = run_pytest(arguments)
    broken = [name for name, code in checks if code]
    if broken:
        print(f"also failed: {', '.join(broken)}")
    failed += len(broken)
    print(f"{passed + len(checks) - len(broken)} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

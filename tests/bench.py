"""Speed and memory, each beside its reference in the same run: `python -m tests bench [PART...]`.

Whole processes, as a user installs them: `pip install .` in a fresh environment, a vault of 1,000
secrets, audit records included. A figure and its reference take turns, and the medians of the
runs are compared, so that a slow minute of the machine slows both. Nothing here is a test: a ratio
over its limit is said, and is the exit code.

References: the bare interpreter (`python -I -c pass`), `pass show` with a key without passphrase,
a bare `keyring.get_password`, and for 100,000 secrets the same command in a vault of ten.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.bench_keys import reencryption
from tests.bench_pii import redaction
from tests.parts import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOP = Path(__file__).resolve().parent.parent
RUNS = 15
FSYNCS = 50

POPULATE = """
import sys
from lango_cli.secret import SecretBytes
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
with opening.open_vault(Flags(), None, print) as vault:
    secrets = vault.secrets
    with vault.store.write():
        for number in range(int(sys.argv[1])):
            secret = secrets._new(f"team-{number % 97}/service-{number:06}/token")
            secrets._add_version(secret, SecretBytes(b"value of %06d" % number))
        vault.audit.append(vault.audit.event("secret.write", "many"))
"""
FILL = """
import os, sys
from lango_cli.secret import SecretBytes
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
with opening.open_vault(Flags(), None, print) as vault:
    secrets = vault.secrets
    for first in range(int(sys.argv[1])):
        with vault.store.write():
            for number in range(100):
                secret = secrets._new(f"part-{first:05}/value-{number:03}")
                secrets._add_version(secret, SecretBytes(os.urandom(10_000)))
"""
"""Fills a vault with so many MiB, 100 values of 10 kB in each."""
ENGINE = """
import os, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
from lango_cli.vault.store_open import connect
vault = opening.open_vault(Flags(), None, print)
key, page = vault.bundle.database, vault.envelope.page_size
bare = connect(vault.store.path, "mode=rw", key, page)
if sys.argv[1] == "into":
    bare.execute("VACUUM INTO ?", (sys.argv[2],))
    copy = connect(sys.argv[2], "mode=rw", key, page)
    assert not copy.execute("PRAGMA cipher_integrity_check").fetchall()
else:
    assert not bare.execute("PRAGMA cipher_integrity_check").fetchall()
    assert bare.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    gcm, nonce = AESGCM(os.urandom(32)), bytes(12)
    sealed = gcm.encrypt(nonce, bytes(10_000), bytes(100))
    for _ in bare.execute("SELECT sealed FROM versions"):
        gcm.decrypt(nonce, sealed, bytes(100))
"""
"""The engine's own work, in a process that opens the vault as the command does."""
DATABASE_MIB, DATABASE_RUNS = 256, 3
IMPORTED = 100_000
BARE_INSERTS = """
import os, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlcipher3 import dbapi2
from lango_cli.vault.migrations import MIGRATIONS
connection = dbapi2.connect(sys.argv[2], isolation_level=None)
run = connection.execute
run("PRAGMA cipher_log_level = NONE")
run(f"PRAGMA key = \\"x'{os.urandom(32).hex()}'\\"")
for pragma in ("secure_delete", "foreign_keys"):
    run(f"PRAGMA {pragma} = ON")
run("PRAGMA journal_mode = WAL")
run("PRAGMA synchronous = FULL")
for statement in MIGRATIONS[0]:
    run(statement)
run("INSERT INTO keys VALUES ('k', 'k', 'encryption', 1, 0)")
run("INSERT INTO key_versions VALUES ('k', 1, 'active', x'00', 0)")
cipher = AESGCM(os.urandom(32))
secrets, versions = [], []
run("BEGIN IMMEDIATE")
for line in open(sys.argv[1]):
    name, _, value = line.rstrip().partition("=")
    secret, nonce = os.urandom(16).hex(), os.urandom(12)
    secrets.append((secret, name, 1, 0, 0, 0, "", "", 0))
    sealed = nonce + cipher.encrypt(nonce, value.encode(), secret.encode())
    versions.append((secret, 1, "k", 1, 0, len(value), sealed))
connection.executemany("INSERT INTO secrets(id, name, version, created_at, updated_at,"
    " value_changed_at, note, owner, access_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", secrets)
connection.executemany("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", versions)
run("COMMIT")
run("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
connection.close()
"""
BARE_KEYRING = "import sys, keyring; sys.stdout.write(keyring.get_password('lango', sys.argv[1]))"


class Spent(NamedTuple):
    """What one process took: seconds of processor and wall time, MiB at its largest."""

    cpu: float
    wall: float
    peak: float


class Row(NamedTuple):
    """One line of the table."""

    what: str
    figure: str
    reference: str
    ratio: float | None
    limit: float | None


class Bench:
    """A folder with an installed lango, three vaults and the references."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Row] = []
        self.homes: list[Path] = []
        self.python = str(folder / "env/bin/python")
        self.lango = str(folder / "env/bin/lango")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "GNUPGHOME": str(folder / "gnupg"),
            "PASSWORD_STORE_DIR": str(folder / "store"),
        }

    def install(self) -> None:
        """`pip install .` into an environment of its own."""
        self.call([sys.executable, "-m", "venv", str(self.folder / "env")])
        quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
        self.call([self.python, "-m", "pip", "install", *quiet, f"{TOP}[aws,pkcs11]"], os.environ)

    def call(self, command: list[str], environment: object = None, **more: object) -> str:
        """Run to success; what it printed."""
        env = dict(os.environ) if environment is os.environ else self.environment
        done = subprocess.run(command, env=env, capture_output=True, text=True, **more)  # type: ignore[call-overload]  # input alone is handed on
        if done.returncode:
            sys.exit(f"bench: {command[0]} failed: {done.stderr}")
        return str(done.stdout)

    def vault(self, name: str, count: int, *options: str) -> dict[str, str]:
        """A vault with `count` secrets; the environment that finds it."""
        self.environment["LANGO_HOME"] = str(self.folder / name)
        self.homes.append(self.folder / name)
        self.call([self.lango, "init", "--no-recovery", *(options or ("--keyfile",))])
        self.call([self.python, "-c", POPULATE, str(count)])
        return dict(self.environment)

    def run(self, name: str, steps: tuple[Callable[[Bench], None], ...]) -> bool:
        """Measure a part in an environment of its own; False, and why on stderr, if it failed."""
        begun, before = time.monotonic(), dict(self.environment)
        why = ""
        try:
            for step in steps:
                step(self)
        except (Exception, SystemExit, pytest.skip.Exception) as err:  # noqa: BLE001  # the rows of the others count
            why = f", failed: {type(err).__name__} {err}"
        for home in self.homes:
            environment = {**self.environment, "LANGO_HOME": str(home)}
            subprocess.run([self.lango, "lock"], env=environment, capture_output=True, check=False)
            shutil.rmtree(home, ignore_errors=True)
        self.homes.clear()
        self.environment = before
        print(f"bench: {name}, {time.monotonic() - begun:.0f} s{why}", file=sys.stderr)
        return not why

    def measure(self, *sides: tuple[list[str], dict[str, str]]) -> list[Spent]:
        """Medians of the commands, which take turns."""
        taken: list[list[Spent]] = [[] for _ in sides]
        for turn in range(RUNS + 1):
            for side, (command, environment) in zip(taken, sides, strict=True):
                spent = spend(command, environment)
                if turn:
                    side.append(spent)
        return [
            Spent(*(statistics.median(part) for part in zip(*side, strict=True))) for side in taken
        ]

    def compare(
        self, what: str, kind: str, mine: Spent, other: Spent, limit: float | None
    ) -> None:
        """A line of the table: processor or wall time beside a reference."""
        left, right = getattr(mine, kind), getattr(other, kind)
        self.rows.append(
            Row(
                f"{what}, {kind}",
                f"{left * 1e3:.1f} ms",
                f"{right * 1e3:.1f} ms",
                left / right,
                limit,
            )
        )

    def show(self) -> int:
        """Print the table; 1 if a limit is passed."""
        print(f"{'':48}{'figure':>12}{'reference':>12}{'ratio':>8}{'limit':>8}")
        over = 0
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            limit = "" if row.limit is None else f"{row.limit:.3g}"
            passed = row.ratio is not None and row.limit is not None and row.ratio > row.limit
            over += passed
            mark = "  over" if passed else ""
            print(f"{row.what:48}{row.figure:>12}{row.reference:>12}{ratio:>8}{limit:>8}{mark}")
        return int(over > 0)


def spend(command: list[str], environment: dict[str, str]) -> Spent:
    """Run one process with its output thrown away; sys.exit if it fails."""
    null = os.open(os.devnull, os.O_RDWR)
    begun = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    pid = os.posix_spawn(command[0], command, environment, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begun
    os.close(null)
    if status:
        sys.exit(f"bench: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def fsync_milliseconds(folder: Path) -> float:
    """The median of fsync after a page was written, in the folder of the vaults."""
    fd = os.open(folder / "fsync", os.O_RDWR | os.O_CREAT, 0o600)
    taken = []
    for _ in range(FSYNCS):
        os.pwrite(fd, b"x" * 4096, 0)
        begun = time.perf_counter()
        os.fsync(fd)
        taken.append(time.perf_counter() - begun)
    os.close(fd)
    return statistics.median(taken) * 1e3


def reads(bench: Bench) -> None:
    """`secrets get` by session and keyfile, beside the bare interpreter and `pass show`."""
    name = "team-41/service-000041/token"
    home = bench.vault("thousand", 1000)
    get = [bench.lango, "secrets", "get", name]
    keyfile = [*get, "--keyfile", f"{home['LANGO_HOME']}/keyfile"]
    bare = [bench.python, "-I", "-c", "pass"]
    store(bench)
    bench.call([bench.lango, "unlock", "--ttl", "1h"])
    show = [find("pass") or "pass", "show", "svc/a"]
    one, two, three, four = bench.measure((get, home), (keyfile, home), (bare, home), (show, home))
    bench.compare("get, unlocked session / bare", "cpu", one, three, 3.5)
    bench.compare("get, unlocked session / pass", "wall", one, four, 1.5)
    bench.compare("get, keyfile / bare", "cpu", two, three, 5)
    bench.compare("get, keyfile / pass", "wall", two, four, 2.2)
    helped, version, floor = bench.measure(
        ([bench.lango, "--help"], home), ([bench.lango, "--version"], home), (bare, home)
    )
    bench.compare("--help / bare", "cpu", helped, floor, 8)
    bench.compare("--version / bare", "cpu", version, floor, 8)


def writes(bench: Bench) -> None:
    """`secrets set`, with what the disk takes for one fsync."""
    home = bench.vault("written", 1000)
    bench.call([bench.lango, "unlock", "--ttl", "1h"])
    write = [bench.lango, "secrets", "set", "bench/write", "--generate", "hex:32"]
    bare = [bench.python, "-I", "-c", "pass"]
    one, two = bench.measure((write, home), (bare, home))
    disk = fsync_milliseconds(bench.folder)
    fsync = f"fsync {disk:.2f} ms"
    bench.rows.append(
        Row(f"set, session, wall ({fsync})", f"{one.wall * 1e3:.1f} ms", "", None, None)
    )
    bench.compare("set, unlocked session / bare", "cpu", one, two, None)


def sizes(bench: Bench) -> None:
    """100,000 secrets beside ten."""
    small = bench.vault("ten", 10)
    bench.call([bench.lango, "unlock", "--ttl", "1h"])
    large = bench.vault("many", 100_000)
    bench.call([bench.lango, "unlock", "--ttl", "1h"])
    last = [bench.lango, "secrets", "get", f"team-{99_999 % 97}/service-099999/token"]
    first = [bench.lango, "secrets", "get", "team-5/service-000005/token"]
    many, few = bench.measure((last, large), (first, small))
    bench.compare("get of 100,000 / get of 10", "wall", many, few, 1.2)
    for form in ([], ["--json"]):
        spent = spend([bench.lango, "secrets", "list", *form], large)
        what = " ".join(["list", *form, "100,000"])
        bench.rows.append(Row(f"{what}, wall", f"{spent.wall:.2f} s", "2 s", spent.wall / 2, 1))
        bench.rows.append(
            Row(f"{what}, peak memory", f"{spent.peak:.0f} MiB", "200 MiB", spent.peak / 200, 1)
        )


def imports(bench: Bench) -> None:
    """A large .env imported, beside bare inserts of the same rows; each turn is a new vault."""
    file = bench.folder / "large.env"
    lines = (f"SERVICE_{n:06}_TOKEN=value of {n:06}\n" for n in range(IMPORTED))
    file.write_text("".join(lines))
    sides: tuple[list[Spent], list[Spent]] = ([], [])
    for turn in range(3):
        home = bench.vault(f"import-{turn}", 0)
        bare = str(bench.folder / f"bare-{turn}.db")
        sides[0].append(spend([bench.lango, "secrets", "import", str(file)], home))
        sides[1].append(spend([bench.python, "-c", BARE_INSERTS, str(file), bare], home))
    one, two = (Spent(*map(statistics.median, zip(*side, strict=True))) for side in sides)
    bench.compare("import of 100,000 / bare inserts", "wall", one, two, 3)
    bench.compare("import of 100,000 / bare inserts", "cpu", one, two, 3)
    bench.rows.append(Row("import of 100,000, peak memory", f"{one.peak:.0f} MiB", "", None, None))


def databases(bench: Bench) -> None:
    """`db backup` and `db check` of a large vault, beside what the engine itself takes for it."""
    home = bench.vault("large", 0)
    bench.call([bench.python, "-c", FILL, str(DATABASE_MIB)])
    bench.call([bench.lango, "unlock", "--ttl", "1h"])
    target = bench.folder / "taken"
    ways = {
        "backup": [bench.lango, "db", "backup", str(target)],
        "check": [bench.lango, "db", "check"],
        **{what: [bench.python, "-c", ENGINE, what, str(target)] for what in ("into", "pragmas")},
    }
    taken: dict[str, list[Spent]] = {what: [] for what in ways}
    for _ in range(DATABASE_RUNS):
        for what, command in ways.items():
            taken[what].append(spend(command, home))
            target.unlink(missing_ok=True)
    mine = {
        what: Spent(*(statistics.median(part) for part in zip(*runs, strict=True)))
        for what, runs in taken.items()
    }
    size = f"{DATABASE_MIB} MiB"
    bench.compare(f"db backup {size} / into + check", "wall", mine["backup"], mine["into"], 2)
    bench.compare(f"db check {size} / pragmas + GCM", "wall", mine["check"], mine["pragmas"], 2)
    for what in ("backup", "check"):
        peak = mine[what].peak
        bench.rows.append(
            Row(f"db {what}, peak memory", f"{peak:.0f} MiB", "200 MiB", peak / 200, 1)
        )


def cold_keyring(bench: Bench) -> None:
    """`secrets get` through the OS keyring, beside a bare get of the library."""
    with session_bus(bench):
        home = bench.vault("ring", 1000, "--keyring")
        status = bench.call([bench.lango, "keys", "slot", "list", "--json"])
        import json

        slot = json.loads(status)["slots"][0]["id"]
        vault = json.loads(bench.call([bench.lango, "status", "--json"]))["vault"]
        vault = vault["id"] if isinstance(vault, dict) else vault
        get = [bench.lango, "secrets", "get", "team-41/service-000041/token"]
        library = [bench.python, "-c", BARE_KEYRING, f"{vault}:{slot}"]
        one, two = bench.measure((get, home), (library, home))
        bench.compare("get, cold keyring / keyring library", "wall", one, two, 1.5)
        bench.compare("get, cold keyring / keyring library", "cpu", one, two, 1.5)


def store(bench: Bench) -> None:
    """A password store with one entry, sealed to a key without a passphrase."""
    (bench.folder / "gnupg").mkdir(mode=0o700)
    key = ["--quick-gen-key", "bench@example.org", "default", "default", "never"]
    bench.call(["gpg", "--batch", "--passphrase", "", *key])
    bench.call(["pass", "init", "bench@example.org"])
    bench.call(["pass", "insert", "-m", "-f", "svc/a"], input="value of 000041")


@contextlib.contextmanager
def session_bus(bench: Bench) -> Iterator[None]:
    """A private session bus with an unlocked gnome-keyring on it."""
    command = [find("dbus-daemon") or "", "--session", "--nofork", "--print-address=1"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, env=bench.environment, text=True)
    runtime = bench.folder / "run"
    runtime.mkdir(mode=0o700)
    assert bus.stdout is not None
    bench.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
    bench.environment["XDG_RUNTIME_DIR"] = str(runtime)
    daemon = find("gnome-keyring-daemon") or ""
    ring = subprocess.Popen(
        [daemon, "--foreground", "--unlock", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=bench.environment,
    )
    assert ring.stdin is not None
    ring.stdin.write(b"bench")
    ring.stdin.close()
    try:
        wait_for_owner(bench)
        yield
    finally:
        for process in (ring, bus):
            process.terminate()
            process.wait()


def wait_for_owner(bench: Bench) -> None:
    """Until the keyring has its name on the bus."""
    call = ["dbus-send", "--session", "--dest=org.freedesktop.DBus", "--print-reply", "/"]
    ask = [*call, "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
    until = time.monotonic() + 20
    while "boolean true" not in bench.call(ask):
        if time.monotonic() > until:
            sys.exit("bench: gnome-keyring does not answer")
        time.sleep(0.05)


def settings(bench: Bench) -> None:
    """`settings get` of what stands before the vault and of what a profile has."""
    home = bench.vault("settings", 1000)
    for key, value in (
        ("audit.retention", "90d"),
        ("server.port", "8080"),
        ("apps.mine.url", "https://example.org"),
    ):
        bench.call([bench.lango, "settings", "set", key, value])
    bare = [bench.python, "-I", "-c", "pass"]
    get = [bench.lango, "settings", "get"]
    kept, mine = [*get, "audit.retention"], [*get, "apps.mine.url"]
    first, second, third, floor = bench.measure(
        ([*get, "unlock.ttl"], home), (kept, home), (mine, home), (bare, home)
    )
    bench.compare("settings get, bootstrap / bare", "cpu", first, floor, 5)
    bench.compare("settings get, sealed, keyfile / bare", "cpu", second, floor, 5)
    bench.compare("settings get, apps.*, keyfile / bare", "cpu", third, floor, 5)
    bench.call([bench.lango, "settings", "set", "unlock.ttl", "1h"])
    bench.call([bench.lango, "unlock"])
    first, second, floor = bench.measure(([*get, "unlock.ttl"], home), (kept, home), (bare, home))
    bench.compare("settings get, bootstrap, file / bare", "cpu", first, floor, 5)
    bench.compare("settings get, sealed, session+file / bare", "cpu", second, floor, 5)


def parts() -> dict[str, tuple[Callable[[Bench], None], ...]]:
    """What can be measured, by the names that the command line takes, as the table has it."""
    from tests.bench_aws import unlock_at_aws
    from tests.bench_custody import custody
    from tests.bench_mask import masking_build, masking_gibibyte, masking_rates
    from tests.bench_menu import first_screen
    from tests.bench_rekey import rekey
    from tests.bench_run import running

    return {
        "reads": (reads,),
        "settings": (settings,),
        "menu": (first_screen,),
        "writes": (writes,),
        "sizes": (sizes,),
        "imports": (imports,),
        "databases": (databases,),
        "keyring": (cold_keyring,),
        "rekey": (rekey,),
        "reencrypt": (reencryption,),
        "redact": (redaction,),
        "custody": (custody,),
        "aws": (unlock_at_aws,),
        "mask": (masking_rates, masking_build, masking_gibibyte),
        "run": (running,),
    }


def main(wanted: list[str]) -> int:
    """Measure these parts, or all; print the table. A part that fails costs its own rows only."""
    known = parts()
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"bench: there is no part {', '.join(unknown)}; there are {', '.join(known)}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bench = Bench(Path(tempfile.mkdtemp(prefix="lango-bench-")))
    failed = []
    try:
        bench.install()
        for name, steps in known.items():
            if (not wanted or name in wanted) and not bench.run(name, steps):
                failed.append(name)
        over = bench.show()
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=bench.environment, check=False)
        shutil.rmtree(bench.folder, ignore_errors=True)
    if failed:
        print(f"could not be measured: {', '.join(failed)}")
    return int(over or bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

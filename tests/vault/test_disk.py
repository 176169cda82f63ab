"""Full disks, read-only homes, links and modes: refused with 90, and the vault is whole after."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.errors import FileProblem, LangoError, SecretNotFound
from lango_cli.vault.home import COPY, HEADER, PENDING, Home
from tests.vault.killing import opens
from tests.vault.nursery import Nursery, acknowledged
from tests.vault.place import (
    DATABASE,
    NAMES,
    PASSPHRASE_SLOT,
    Place,
    assert_sound,
    set_value,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unprivileged import Person

MIB = 1 << 20


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the children come from."""
    with Nursery() as found:
        yield found


@pytest.fixture
def vault_place(memory_place: Place) -> Place:
    """A closed vault with one value."""
    with memory_place.create(passphrase=True) as vault:
        set_value(vault, "name", b"value")
    return memory_place


# Full.


def test_on_a_full_disk_a_write_fails_with_90_and_changes_nothing(
    nursery: Nursery, vault_place: Place
) -> None:
    pid = nursery.start("fill_the_disk", vault_place, str(MIB))
    assert nursery.wait(pid) == 0
    told = [line.split() for line in acknowledged(vault_place)]
    assert {code for _, code in told} == {"0", "90"}
    with vault_place.open() as vault:
        assert value_of(vault, "name") == b"value"
        for number, code in told:
            if code == "0":
                wanted = bytes([int(number)]) * 65536
                assert value_of(vault, f"number {number}") == wanted
            else:
                with pytest.raises(SecretNotFound):
                    value_of(vault, f"number {number}")
        assert_sound(vault)


def test_on_a_full_disk_a_passphrase_changes_or_does_not_and_the_error_says_which(
    nursery: Nursery, vault_place: Place
) -> None:
    with vault_place.open() as vault:
        set_value(vault, "written", b"value")
    pid = nursery.start("change_on_a_full_disk", vault_place, str(96 * 1024))
    assert nursery.wait(pid) == 0
    told = [line.split() for line in acknowledged(vault_place)]
    assert {code for _, code in told} == {"0", "90"}
    last = [int(limit) for limit, code in told if code == "0"][-1]
    assert opens(vault_place, last)
    with vault_place.open() as vault:
        assert_sound(vault)
    assert not list(vault_place.folder.glob("*.new"))


def test_a_slot_change_that_is_not_recorded_to_the_end_says_that_it_was_made(
    vault_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Home.write_header

    def and_then_no_room(home: Home, envelope: object, key: object) -> None:
        real(home, envelope, key)  # type: ignore[arg-type]  # handed through
        raise FileProblem("the disk is full, say")

    with vault_place.open() as vault:
        monkeypatch.setattr(Home, "write_header", and_then_no_room)
        with pytest.raises(FileProblem, match="the change was made"):
            vault.slots.rename(PASSPHRASE_SLOT, "mine")
    monkeypatch.undo()
    with vault_place.open() as vault:
        assert [info.label for info in vault.slots.list()][1] == "mine"
        assert_sound(vault)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    if os.geteuid():
        pytest.skip("mounting a small disk needs root; the limit on file sizes is tested above")
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "small"
    folder.mkdir()
    command = [str(mount), "-t", "tmpfs", "-o", "size=1m,mode=0700", "lango-tests", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run([str(umount), str(folder)], check=True)


def test_a_vault_on_a_disk_without_room_keeps_what_it_has(small_disk: Path) -> None:
    place = Place(small_disk / "place")
    stored = []
    with place.create() as vault, pytest.raises(FileProblem, match="no space left"):
        for number in range(200):
            set_value(vault, f"number {number}", bytes([number]) * 20_000)
            stored.append(number)
    assert stored
    with place.open() as vault:
        for number in stored:
            assert value_of(vault, f"number {number}") == bytes([number]) * 20_000
        assert_sound(vault)


def fill(path: Path) -> None:
    """Write a file until nothing more fits."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, bytes(4096))
    except OSError as err:
        assert err.errno == errno.ENOSPC
    finally:
        os.close(fd)


def test_on_a_full_disk_no_vault_is_made_and_nothing_is_left_in_its_way(
    small_disk: Path,
) -> None:
    place = Place(small_disk / "place")
    place.make_keyfile()
    filler = small_disk / "filler"
    for room in range(0, 512 * 1024, 8192):
        fill(filler)
        os.truncate(filler, max(0, filler.stat().st_size - room))
        try:
            place.create().close()
        except FileProblem:
            filler.unlink()
            if place.home.vault_files():
                break
        else:
            filler.unlink()
            break
    with place.open() as vault:
        set_value(vault, "name", b"value")
        assert_sound(vault)


# Read-only.

SCRIPT = """
import json, os, sys
from pathlib import Path
from lango_cli.errors import LangoError
from lango_cli.model import Unwatched
from lango_cli.vault.rekey import rekey
from tests.vault.place import Place, set_value, value_of
place = Place(Path(sys.argv[1]))
place.policy.audit_reads = sys.argv[3]
step = sys.argv[2]
if step == "create":
    with place.create() as vault:
        set_value(vault, "name", b"value")
    sys.exit()
if step == "crash":
    set_value(place.open(), "name", b"newer")
    os._exit(0)
found = {}
def note(what, do):
    try:
        found[what] = do()
    except LangoError as err:
        found[what] = err.code
vault = None
def opening():
    global vault
    vault = place.open()
    return 0
note("open", opening)
if vault:
    note("read", lambda: value_of(vault, "name").decode())
    if step == "rekey":
        note("rekey", lambda: rekey(vault, Unwatched()).generation)
    else:
        note("write", lambda: set_value(vault, "name", b"newer"))
    note("close", vault.close)
found["warnings"] = place.warnings
print(json.dumps(found))
"""


class Script:
    """The script above, run by somebody whom modes stop."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.root = person.home / "place"
        for name in ("tests", "tests/vault"):
            (person.home / name).mkdir()
            (person.home / name / "__init__.py").touch()
        shutil.copy(Path(__file__).with_name("place.py"), person.home / "tests/vault/place.py")
        (person.home / "script.py").write_text(SCRIPT)
        for path in person.home.rglob("*"):
            person.give(path, 0o755 if path.is_dir() else 0o644)

    def run(self, step: str, reads: str = "warn") -> dict[str, object]:
        """Do one step; what was found."""
        python = self.person.installed.python
        done = self.person.run([python, "script.py", str(self.root), step, reads])
        assert done.returncode == 0, done.stderr.decode()
        found: dict[str, object] = json.loads(done.stdout or b"{}")
        return found


@pytest.fixture
def script(nobody: Person) -> Script:
    """A vault of somebody without privileges."""
    found = Script(nobody)
    found.run("create")
    return found


def test_a_read_only_home_can_be_read_and_the_missing_record_is_reported(script: Script) -> None:
    home = script.root / "home"
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    home.chmod(0o500)
    found = script.run("look")
    assert (found["open"], found["read"], found["write"]) == (0, "value", 90)
    assert "not in the audit log" in str(found["warnings"])
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def test_a_read_only_home_cannot_be_read_where_records_are_required(script: Script) -> None:
    (script.root / "home").chmod(0o500)
    assert script.run("look", "require")["read"] == 90


def test_a_read_only_home_with_a_log_left_over_is_refused(script: Script) -> None:
    script.run("crash")
    assert (script.root / "home" / f"{DATABASE}-wal").stat().st_size
    (script.root / "home").chmod(0o500)
    assert script.run("look")["open"] == 90
    (script.root / "home").chmod(0o700)
    assert script.run("look")["read"] == "newer"


def test_a_file_that_may_not_be_read_is_a_file_problem(script: Script) -> None:
    for name in (HEADER, DATABASE, "keyfile"):
        path = script.root / "home" / name
        path.chmod(0)
        assert script.run("look")["open"] == 90
        path.chmod(0o600)
    assert script.run("look")["open"] == 0


def test_a_state_folder_that_may_not_be_written_stops_nothing(script: Script) -> None:
    (script.root / "state").chmod(0o500)
    assert script.run("look")["read"] == "value"


# Links and modes.


def link_away(path: Path) -> None:
    """Put the real thing elsewhere and a link in its place."""
    target = path.with_name(f"real {path.name}")
    if not path.exists():
        target.touch()
    else:
        path.rename(target)
    path.symlink_to(target)


def test_a_symlinked_home_is_refused(vault_place: Place) -> None:
    link_away(vault_place.folder)
    with pytest.raises(FileProblem, match="symbolic link"):
        vault_place.open()
    with pytest.raises(FileProblem, match="symbolic link"):
        vault_place.create()


@pytest.mark.parametrize("name", [HEADER, DATABASE, "vault.lock", f"{DATABASE}-wal"])
def test_a_symlinked_file_is_refused(vault_place: Place, name: str) -> None:
    link_away(vault_place.folder / name)
    with pytest.raises(FileProblem), vault_place.open() as vault:
        set_value(vault, "name", b"newer")


def test_a_symlinked_copy_is_refused_when_it_is_needed(vault_place: Place) -> None:
    link_away(vault_place.folder / COPY)
    (vault_place.folder / HEADER).unlink()
    with pytest.raises(FileProblem, match="symbolic link"):
        vault_place.open()


def test_a_symlinked_file_of_pending_records_is_refused(vault_place: Place) -> None:
    target = vault_place.root / "elsewhere"
    target.write_bytes(b"1 something\n")
    (vault_place.folder / PENDING).symlink_to(target)
    vault_place.policy.audit_reads = "require"
    with pytest.raises(FileProblem), vault_place.open() as vault:
        value_of(vault, "name")
    with pytest.raises(FileProblem), vault_place.open() as vault:
        set_value(vault, "name", b"newer")
    assert target.read_bytes() == b"1 something\n"


def test_nothing_is_written_through_a_link_that_waits_for_a_file(
    memory_place: Place,
) -> None:
    """Links in the way of a vault that is being made."""
    place = memory_place
    place.make_keyfile()
    target = place.root / "elsewhere"
    for name in (HEADER, COPY, DATABASE, f"{DATABASE}.init", "vault.lock"):
        (place.folder / name).symlink_to(target)
        try:
            place.create().close()
        except LangoError as err:
            assert err.code in (14, 90)
        assert not target.exists(), f"{name} was written through"
        for path in place.folder.iterdir():
            if path.name != "keyfile":
                path.unlink()
    place.create().close()


@pytest.mark.parametrize("mask", ["000", "022", "077"])
def test_every_file_is_0600_and_every_folder_0700_whatever_the_umask(
    nursery: Nursery, memory_place: Place, mask: str
) -> None:
    place = Place(memory_place.root / "above" / "place")
    place.root.parent.parent.mkdir()
    assert nursery.wait(nursery.start("leave_everything", place, mask)) == -signal.SIGKILL
    found = {
        str(path.relative_to(place.root.parent)): stat.S_IMODE(path.lstat().st_mode)
        for path in place.root.parent.rglob("*")
    }
    found["."] = stat.S_IMODE(place.root.parent.stat().st_mode)
    names = {name.rpartition("/")[2] for name in found}
    assert {*NAMES, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", PENDING} <= names
    for name, mode in found.items():
        wanted = 0o700 if name in (".", "place", "place/home", "place/state") else 0o600
        assert mode == wanted, f"{name} has mode {mode:o}"


def test_a_folder_that_belongs_to_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid():
        with pytest.raises(FileProblem, match="belongs to another user"):
            files.ensure_folder("/")
        return
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(FileProblem, match="belongs to another user"):
        files.ensure_folder(str(folder))


@pytest.mark.parametrize(
    "name", ["a b", "50%25", "what?mode=ro", "hash#tag", "ünï", "new\nline", "'q\"", "%2e%2e"]
)
def test_a_home_may_have_any_name(memory_place: Place, name: str) -> None:
    place = Place(memory_place.root / name)
    with place.create() as vault:
        set_value(vault, "name", b"value")
    with place.open() as vault:
        assert value_of(vault, "name") == b"value"
    assert place.database.exists()


def test_a_home_may_have_a_name_that_is_no_text(memory_place: Place) -> None:
    place = Place(Path(os.fsdecode(os.fsencode(memory_place.root) + b"/\xff\xfe")))
    with place.create() as vault:
        set_value(vault, "name", b"value")
    with place.open() as vault:
        assert value_of(vault, "name") == b"value"


def test_a_home_may_begin_with_two_slashes(memory_place: Place) -> None:
    place = Place(Path(f"/{memory_place.root}"))
    assert place.home.folder.startswith("//")
    place.create().close()
    with place.open() as vault:
        set_value(vault, "name", b"value")


def test_headers_that_were_never_finished_go_with_the_next_change(vault_place: Place) -> None:
    left = [vault_place.folder / f"{name}.4711.new" for name in NAMES]
    for path in left:
        path.write_bytes(b"half")
    with vault_place.open() as vault:
        vault.slots.rename(PASSPHRASE_SLOT, "mine")
    assert not any(path.exists() for path in left)

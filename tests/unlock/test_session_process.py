"""The unlock session in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import CustodyUnavailable, FileProblem
from lango_cli.secret import SecretBytes
from lango_cli.unlock import session, session_server
from lango_cli.unlock.session_process import SessionProcess
from tests.unlock.conftest import VAULT, children, processes, until
from tests.unlock.suites import SessionStoreSuite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVER = "session_server"
SECOND = 1_000_000_000
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@pytest.fixture
def folder(shared_folder: Path) -> Iterator[Path]:
    """A runtime folder with a short path, whose processes end with the test."""
    path = Path(tempfile.mkdtemp(prefix="run-", dir=shared_folder))
    yield path
    for pid in processes(SERVER, str(path)):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path)


@pytest.fixture
def store(folder: Path) -> SessionProcess:
    """The store under test."""
    return SessionProcess(str(folder))


@pytest.fixture
def kept(store: SessionProcess) -> SessionProcess:
    """The same, with something in it."""
    store.put(VAULT, SecretBytes(b"bundle"), 900)
    return store


def the_process(folder: Path) -> int:
    """The pid of the one session process in this folder."""
    (pid,) = processes(SERVER, str(folder))
    return pid


class TestSessionProcess(SessionStoreSuite):
    """The suite."""

    @pytest.fixture
    def store(self, folder: Path) -> SessionProcess:
        return SessionProcess(str(folder))

    @pytest.fixture
    def make(self, folder: Path) -> str:
        return f"SessionProcess({str(folder)!r})"


def test_the_socket_is_for_its_owner_alone(kept: SessionProcess, folder: Path) -> None:
    about = (folder / f"{VAULT}.sock").lstat()
    assert stat.S_ISSOCK(about.st_mode)
    assert stat.S_IMODE(about.st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_folder_is_made_private(folder: Path) -> None:
    store = SessionProcess(str(folder / "new"))
    assert store.available()
    assert not (folder / "new").exists()
    store.put(VAULT, SecretBytes(b"bundle"), 900)
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o700
    store.drop(VAULT)


def test_a_folder_that_others_can_use_is_not_used(kept: SessionProcess, folder: Path) -> None:
    folder.chmod(0o755)
    assert not kept.available()
    assert kept.get(VAULT) is None
    with pytest.raises(FileProblem, match="can be used by others"):
        kept.put(VAULT, SecretBytes(b"bundle"), 900)
    folder.chmod(0o700)
    assert kept.get(VAULT) == SecretBytes(b"bundle")


def test_a_linked_folder_is_not_used(kept: SessionProcess, folder: Path) -> None:
    link = folder / "link"
    link.symlink_to(folder)
    store = SessionProcess(str(link))
    assert not store.available()
    assert store.get(VAULT) is None
    with pytest.raises(FileProblem, match="symbolic link"):
        store.put(VAULT, SecretBytes(b"bundle"), 900)


def test_a_path_too_long_for_a_socket_is_said(folder: Path) -> None:
    store = SessionProcess(str(folder / ("x" * 100)))
    assert not store.available()
    assert store.get(VAULT) is None
    with pytest.raises(CustodyUnavailable, match="too long"):
        store.put(VAULT, SecretBytes(b"bundle"), 900)


def test_a_killed_process_takes_the_session_with_it(kept: SessionProcess, folder: Path) -> None:
    os.kill(the_process(folder), signal.SIGKILL)
    until(lambda: not processes(SERVER, str(folder)), "the process is gone")
    assert (folder / f"{VAULT}.sock").exists()
    assert kept.get(VAULT) is None
    assert kept.remaining(VAULT) is None
    assert kept.drop(VAULT) is False


def test_a_socket_that_nobody_serves_is_replaced(kept: SessionProcess, folder: Path) -> None:
    os.kill(the_process(folder), signal.SIGKILL)
    kept.put(VAULT, SecretBytes(b"another"), 900)
    assert kept.get(VAULT) == SecretBytes(b"another")


def test_a_second_put_ends_the_first_process(kept: SessionProcess, folder: Path) -> None:
    first = the_process(folder)
    kept.put(VAULT, SecretBytes(b"another"), 900)
    until(lambda: len(processes(SERVER, str(folder))) == 1, "one process is left")
    assert the_process(folder) != first


def test_two_puts_at_once_leave_one_process(store: SessionProcess, folder: Path) -> None:
    bundles = [SecretBytes(name.encode() * 32) for name in "abcd"]
    threads = [threading.Thread(target=store.put, args=(VAULT, bundle, 900)) for bundle in bundles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(processes(SERVER, str(folder))) == 1, "one process is left")
    assert store.get(VAULT) in bundles


def test_it_ends_at_a_drop_and_takes_its_socket_along(kept: SessionProcess, folder: Path) -> None:
    assert kept.drop(VAULT)
    assert not (folder / f"{VAULT}.sock").exists()
    until(lambda: not processes(SERVER, str(folder)), "the process is gone")


def test_it_ends_at_its_deadline_and_takes_its_socket_along(
    store: SessionProcess, folder: Path
) -> None:
    store.put(VAULT, SecretBytes(b"bundle"), 1)
    until(lambda: not processes(SERVER, str(folder)), "the process is gone")
    assert not (folder / f"{VAULT}.sock").exists()


def test_one_that_is_stopped_counts_as_none(kept: SessionProcess, folder: Path) -> None:
    pid = the_process(folder)
    os.kill(pid, signal.SIGSTOP)
    assert kept.get(VAULT) is None
    os.kill(pid, signal.SIGCONT)
    until(lambda: kept.get(VAULT) == SecretBytes(b"bundle"), "it answers again")


def test_a_client_that_keeps_silent_does_not_end_it(kept: SessionProcess, folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(folder / f"{VAULT}.sock"))
        until(lambda: kept.get(VAULT) == SecretBytes(b"bundle"), "the others are served")


def test_what_it_is_not_asked_in_its_language_it_does_not_answer(
    kept: SessionProcess, folder: Path
) -> None:
    for question in (b"", b"?", b"get", b"\0" * 70000):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / f"{VAULT}.sock"))
            client.settimeout(10)
            with suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(question)
                client.shutdown(socket.SHUT_WR)
                assert client.recv(100) == b""
    assert kept.get(VAULT) == SecretBytes(b"bundle")


def test_the_bundle_is_in_no_argument_and_no_variable(store: SessionProcess, folder: Path) -> None:
    bundle = b"unmistakable-bundle"
    store.put(VAULT, SecretBytes(bundle), 900)
    about = Path("/proc") / str(the_process(folder))
    assert bundle not in (about / "cmdline").read_bytes()
    if os.geteuid() == 0:
        assert (about / "environ").read_bytes() == b""
    else:
        with pytest.raises(PermissionError):
            (about / "environ").read_bytes()


def test_it_leaves_no_core_and_lets_nobody_look_inside(kept: SessionProcess, folder: Path) -> None:
    about = Path("/proc") / str(the_process(folder))
    (line,) = [
        line
        for line in (about / "limits").read_text().splitlines()
        if line.startswith("Max core file size")
    ]
    assert line.split()[4:6] == ["0", "0"]
    # A process that is not dumpable belongs to root in /proc (proc(5)).
    assert (about / "fd").stat().st_uid == 0


def test_it_keeps_nothing_open_that_the_caller_had(store: SessionProcess) -> None:
    end, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    store.put(VAULT, SecretBytes(b"bundle"), 900)
    os.close(theirs)
    os.set_blocking(end, False)
    assert os.read(end, 1) == b""
    os.close(end)


def test_it_outlives_whoever_started_it(store: SessionProcess, folder: Path) -> None:
    code = (
        "import sys\n"
        "from lango_cli.secret import SecretBytes\n"
        "from lango_cli.unlock.session_process import SessionProcess\n"
        f"SessionProcess({str(folder)!r}).put('{VAULT}', SecretBytes(b'bundle'), 900)\n"
    )
    # Waiting for the end of its output is what a shell does in `$(lango unlock)`.
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    pid = the_process(folder)
    assert os.getsid(pid) != os.getsid(0)
    assert os.getsid(pid) == pid
    assert store.get(VAULT) == SecretBytes(b"bundle")


def test_it_leaves_no_process_for_the_caller_to_reap(store: SessionProcess) -> None:
    before = children()
    store.put(VAULT, SecretBytes(b"bundle"), 900)
    assert children() == before


def test_an_interpreter_that_does_not_start_is_said(folder: Path) -> None:
    for python in (str(folder / "none"), "/bin/false"):
        with pytest.raises(CustodyUnavailable, match="does not start"):
            SessionProcess(str(folder), python=python).put(VAULT, SecretBytes(b"bundle"), 900)


def test_a_suspended_machine_does_not_stretch_a_session(folder: Path) -> None:
    """By replay only: the clock jumps as it does over a suspend; nothing is put to sleep."""
    now = [session.boottime()]
    path = str(folder / f"{VAULT}.sock")
    framed = SecretBytes(session.frame(SecretBytes(b"bundle"), 900, now[0]))
    listener = session_server.listen(path)
    server = threading.Thread(
        target=session_server.serve, args=(listener, path, framed, lambda: now[0])
    )
    server.start()
    store = SessionProcess(str(folder), clock=lambda: 0)
    awake = SessionProcess(str(folder), clock=lambda: now[0])
    assert awake.get(VAULT) == SecretBytes(b"bundle")
    assert awake.remaining(VAULT) == 900
    now[0] += 1000 * SECOND
    # This client's clock would accept any deadline: it is the process that gives nothing out.
    assert store.get(VAULT) is None
    server.join(20)
    assert not server.is_alive()
    assert not Path(path).exists()
    assert b"bundle" not in framed.reveal()
    listener.close()


@ONLY_ROOT
def test_another_user_gets_nothing_even_through_an_open_door(
    kept: SessionProcess, folder: Path
) -> None:
    path = folder / f"{VAULT}.sock"
    folder.chmod(0o755)
    path.chmod(0o666)

    def ask() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            try:
                client.sendall(b"G")
                return client.recv(100) == b""
            except (BrokenPipeError, ConnectionResetError):
                return True

    assert _as_nobody(ask) == 0
    folder.chmod(0o700)
    assert kept.get(VAULT) == SecretBytes(b"bundle")


@ONLY_ROOT
def test_another_users_socket_in_our_place_is_not_believed(
    store: SessionProcess, folder: Path
) -> None:
    path = folder / f"{VAULT}.sock"
    forged = session.frame(SecretBytes(b"forged"), 900, session.boottime())
    listening, ready = os.pipe()
    folder.chmod(0o777)

    def forge() -> bool:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o777)
            listener.listen()
            os.write(ready, b"!")
            for _ in range(2):
                with suppress(BrokenPipeError), listener.accept()[0] as client:
                    client.sendall(forged)
        return True

    pid = _fork_as_nobody(forge)
    assert os.read(listening, 1) == b"!"
    folder.chmod(0o700)
    assert store.get(VAULT) is None
    assert store.remaining(VAULT) is None
    assert os.waitpid(pid, 0)[1] == 0
    os.close(listening)
    os.close(ready)


def _fork_as_nobody(act: Callable[[], bool]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os._exit(0 if act() else 1)
    finally:
        os._exit(2)


def _as_nobody(act: Callable[[], bool]) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(_fork_as_nobody(act), 0)[1])

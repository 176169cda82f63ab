"""`lango run` on pipes: signals, ends, what is left behind, however much and whatever comes."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.parts import require

if TYPE_CHECKING:
    from tests.launch.runs import Lango

PATIENCE = 60.0
READY = "echo ready !!; "
"""Ends with what no form of a value begins with: a masker need not wait for more."""


def read_until(process: subprocess.Popen[bytes], wanted: bytes) -> bytes:
    """What came on stdout up to `wanted`, however it was cut."""
    assert process.stdout is not None
    seen, until = b"", time.monotonic() + PATIENCE
    while wanted not in seen:
        ready, _, _ = select.select([process.stdout], [], [], until - time.monotonic())
        chunk = os.read(process.stdout.fileno(), 65536) if ready else b""
        assert chunk, f"{wanted!r} never came: {seen!r}"
        seen += chunk
    return seen


def test_stdin_passes_through_and_the_two_outputs_stay_apart(lango: Lango) -> None:
    process = lango.start("--", "sh", "-c", "cat; echo bad >&2")
    out, err = process.communicate(bytes(range(256)) * 5000)
    assert (out, err, process.returncode) == (bytes(range(256)) * 5000, b"bad\n", 0)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM"])
def test_a_signal_to_lango_reaches_the_command(lango: Lango, name: str) -> None:
    script = f"trap 'echo got {name}; exit 9' {name}; {READY} while :; do sleep 0.05; done"
    process = lango.start("--", "bash", "-c", script)
    read_until(process, b"!!\n")
    process.send_signal(signal.Signals[f"SIG{name}"])
    out, _ = process.communicate(timeout=PATIENCE)
    assert f"got {name}\n".encode() in out
    assert process.returncode == 9


def test_a_command_that_a_signal_ends_gives_128_and_its_number(lango: Lango) -> None:
    process = lango.start("--", "sh", "-c", f"{READY} exec sleep 600")
    read_until(process, b"!!\n")
    process.terminate()
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_a_command_that_is_killed_from_outside_gives_137(lango: Lango) -> None:
    process = lango.start("--", "sh", "-c", "echo $$ !!; exec sleep 600")
    os.kill(int(read_until(process, b"!!\n").split()[0]), signal.SIGKILL)
    assert process.wait(PATIENCE) == 137


def test_what_the_parent_ignores_stays_ignored(lango: Lango) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = lango.start("--", "sh", "-c", f"{READY} read x; echo alive", preexec_fn=ignore)
    read_until(process, b"!!\n")
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(b"go\n", timeout=PATIENCE)
    assert (out, process.returncode) == (b"alive\n", 0)


def test_the_command_finds_signals_and_umask_as_lango_found_them(lango: Lango) -> None:
    script = "umask; grep -E '^Sig(Blk|Ign)' /proc/self/status"
    direct = subprocess.run(["sh", "-c", script], capture_output=True, umask=0o027, check=True)
    process = lango.start("--", "sh", "-c", script, umask=0o027)
    out, _ = process.communicate()
    assert out == direct.stdout


def test_the_command_has_no_descriptor_of_langos(lango: Lango) -> None:
    script = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])"
    out, _ = lango.start("--", "python3", "-c", script).communicate()
    assert out == b"[0, 1, 2]\n"


@pytest.mark.parametrize("how", [[], ["--no-masking"]])
def test_the_command_has_not_the_descriptor_that_the_passphrase_came_by(
    lango: Lango, how: list[str]
) -> None:
    lango(
        "keys", "slot", "add", "passphrase", "--new-passphrase-fd", "0", stdin=b"correct horse 7"
    )
    read, write = os.pipe()
    os.write(write, b"correct horse 7")
    os.close(write)
    script = f"test ! -e /proc/self/fd/{read}"
    words = [*how, "--passphrase-fd", str(read), "--", "sh", "-c", script]
    process = lango.start(*words, pass_fds=(read,))
    os.close(read)
    _, err = process.communicate()
    lango("keys", "slot", "remove", "passphrase", "--yes", "--confirm", "passphrase")
    assert process.returncode == 0, err


def test_a_reader_that_has_gone_is_the_commands_own_broken_pipe(lango: Lango) -> None:
    process = lango.start("--", "yes")
    read_until(process, b"y\n")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(PATIENCE) == 128 + signal.SIGPIPE


def test_a_reader_that_stalls_stalls_the_command(lango: Lango) -> None:
    script = "import os\nn=0\nwhile n < 64 << 20: n += os.write(1, bytes(65536))"
    process = lango.start("--", "python3", "-c", script)
    read_until(process, b"\0")
    time.sleep(0.5)
    assert process.poll() is None
    resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096
    assert resident < 100 << 20
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert len(out) > 60 << 20


def test_one_stream_that_nobody_reads_does_not_hold_the_other(lango: Lango) -> None:
    script = "head -c 200000 /dev/zero & head -c 1000000 /dev/zero >&2; wait"
    process = lango.start("--", "sh", "-c", script)
    assert process.stderr is not None
    assert len(process.stderr.read(1_000_000) or b"") > 0
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_what_the_command_leaves_running_keeps_its_output_and_lango_does_not_wait(
    lango: Lango,
) -> None:
    script = f"(read x < {lango.folder}/gate; echo late !!) & echo early !!; exit 4"
    os.mkfifo(lango.folder / "gate")
    process = lango.start("--", "sh", "-c", script)
    assert process.wait(PATIENCE) == 4
    assert process.stdout is not None
    assert read_until(process, b"early !!\n") == b"early !!\n"
    (lango.folder / "gate").write_text("go\n")
    assert read_until(process, b"late !!\n") == b"late !!\n"
    assert process.stdout.read() == b"", "the process that stayed behind ends with its writer"


def test_a_stop_and_a_wake_sent_to_lango_reach_the_command(lango: Lango) -> None:
    process = lango.start("--", "sh", "-c", "echo $$ !!; read x; echo woke")
    pid = int(read_until(process, b"!!\n").split()[0])
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert state(pid) == "T"
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(b"x\n", timeout=PATIENCE)
    assert (out, process.returncode) == (b"woke\n", 0)


def state(pid: int) -> str:
    """The state of a process: R running, S waiting, T stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_as_process_1_it_reaps_and_ends_on_a_signal(lango: Lango) -> None:
    require("unshare")
    inside = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("no namespaces for us here")
    script = "(sleep 0.01 &) ; (sleep 0.02 &); echo $PPID; sleep 0.2; ls -d /proc/[0-9]* | wc -l"
    run = [*inside, *lango.command, "run", "--", "sh", "-c", script]
    out = subprocess.run(run, env=lango.env, capture_output=True, check=True).stdout.split()
    assert out[0] == b"1"
    assert int(out[1]) <= 4, "the orphans are reaped: process 1, the shell, ls and wc are left"


def test_binary_output_comes_through_whole_and_memory_stays_the_same(lango: Lango) -> None:
    script = (
        "import os, random\nr = random.Random(1)\n"
        "for _ in range(256): os.write(1, r.randbytes(1 << 18))"
    )
    process = lango.start("--", "python3", "-c", script)
    direct = subprocess.run(["python3", "-c", script], capture_output=True, check=True).stdout
    assert process.stdout is not None
    taken = hashlib.sha256()
    left = len(direct)
    while left:
        chunk = process.stdout.read(min(left, 1 << 20))
        assert chunk
        left -= len(chunk)
        taken.update(chunk)
        if left < 1 << 20:
            assert peak_kib(process.pid) < 80 << 10
    assert taken.digest() == hashlib.sha256(direct).digest()


def peak_kib(pid: int) -> int:
    """The largest that a process has been, KiB; 0 once it is gone."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmHWM")), 0))


def test_a_full_disk_is_an_error_and_not_the_commands_success(lango: Lango) -> None:
    with open("/dev/full", "wb") as full:
        process = lango.start("--", "echo", "lost", stdout=full)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 125
    assert b"file_problem: what the command prints cannot be passed on: no space left" in err


def test_a_script_without_a_first_line_runs_in_the_shell(lango: Lango) -> None:
    script = lango.folder / "bare"
    script.write_text("echo from $1\n")
    script.chmod(0o755)
    process = lango.start("--", str(script), "sh")
    assert process.communicate()[0] == b"from sh\n"


def test_too_many_arguments_are_126(lango: Lango) -> None:
    lango.env["BIG"] = "x" * 120_000
    words = ["y" * 100_000] * 19
    process = lango.start("--", "true", *words)
    _, err = process.communicate()
    del lango.env["BIG"]
    assert process.returncode in (0, 126), err


def test_a_sealed_file_in_memory_cannot_be_changed_by_the_command(lango: Lango) -> None:
    script = "echo x > $F; echo x >> $F; cat $F"
    process = lango.start(
        "--file", "F={{secret:demo/token}}", "--no-masking", "--", "sh", "-c", script
    )
    out, err = process.communicate()
    assert out.decode() == "hunter2-swordfish-0123456789"
    assert b"ermitted" in err


def test_the_values_are_in_no_ones_arguments(lango: Lango) -> None:
    process = lango.start("--set", "T={{secret:demo/token}}", "--", "sh", "-c", f"{READY} read x")
    read_until(process, b"!!\n")
    lines = b"".join(p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists())
    process.communicate(b"\n")
    assert b"hunter2-swordfish" not in lines


@pytest.mark.parametrize("terminal", [False, True])
def test_much_output_comes_through_whole_in_little_memory(lango: Lango, terminal: bool) -> None:
    from tests.launch.flood import flood

    flood(lango, terminal=terminal, size=48 << 20)

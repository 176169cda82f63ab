"""The shim that stops a process at a point of its changes to files: building and steering it.

`shim.c` says what a point is. The rule: the library is built by the run that needs it and loaded
before libc, so that Python's calls and SQLCipher's pass through it alike. Standard library only.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
TOP = SOURCE.parent.parent.parent
LIBRARY = "FAULTS_SHIM"
"""Names the built library to the process that is started with it."""
KINDS = (
    "opened",
    "created",
    "write",
    "fsync",
    "fsync of a folder",
    "rename",
    "link",
    "unlink",
    "truncate",
    "statement",
)


class _Report(ctypes.Structure):
    _fields_ = (
        ("passed", ctypes.c_int64),
        ("kind", ctypes.c_int64),
        ("length", ctypes.c_int64),
        ("what", ctypes.c_char * 1024),
    )


def build(folder: Path, compiler: str) -> Path:
    """The library, built into `folder`."""
    library = folder / "shim.so"
    subprocess.run(
        [
            compiler,
            "-O1",
            "-shared",
            "-fPIC",
            "-o",
            str(library),
            str(SOURCE),
            "-ldl",
            "-lpthread",
        ],
        check=True,
    )
    return library


def start(library: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the tests with the library loaded first; its output is text."""
    env = {**os.environ, "LD_PRELOAD": str(library), LIBRARY: str(library)}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=TOP,
        env=env,
        capture_output=True,
        text=True,
    )


class Shim:
    """The library in this process, and what it reports of a child that it stopped."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[LIBRARY])
        self._memory = mmap.mmap(-1, ctypes.sizeof(_Report))
        self._report = _Report.from_buffer(self._memory)

    def forget(self) -> None:
        """A new report."""
        ctypes.memset(ctypes.byref(self._report), 0, ctypes.sizeof(_Report))

    def arm(self, folder: Path, stop: int, *, half: bool = False, log: int = -1) -> None:
        """In a child: end at point number `stop` of what changes below `folder`; -1: never."""
        self._library.fault_arm(
            os.fsencode(folder),
            ctypes.byref(self._report),
            ctypes.c_int64(stop),
            int(half),
            log,
        )

    def begin(self) -> None:
        """In a child: from here on points are counted."""
        self._library.fault_count(1)

    def point(self, what: str) -> None:
        """In a child: something that is a point without being a call that changes files."""
        self._library.fault_point(what.encode())

    def mark(self, what: str) -> None:
        """In a child: write a line into the log."""
        self._library.fault_mark(what.encode())

    @property
    def passed(self) -> int:
        """How many points were passed."""
        return int(self._report.passed)

    @property
    def kind(self) -> str:
        """What kind of point the child ended at."""
        return KINDS[self._report.kind]

    @property
    def length(self) -> int:
        """How many bytes it was about to write there."""
        return int(self._report.length)

    @property
    def what(self) -> str:
        """The file or the statement it ended at."""
        return bytes(self._report.what).decode(errors="replace")

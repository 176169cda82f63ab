"""What would be on the disk if the power went: a replay, not a power cut.

The file operations of `files` are recorded, and every state that a journalling file system may
leave behind is worked out: operations on names since the last fsync of their folder happened or
not, in any combination; data since a file's last fsync is there, is not, or is there in part.
SQLite's own writes are not replayed here; its commits are its own to keep.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from lango_cli import files
from lango_cli.errors import FileProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD, NEW = b"old" * 700, b"new" * 900


@dataclass
class Recorder:
    """Stands in for `os` inside `files`: does what is asked, and writes it down."""

    steps: list[tuple[object, ...]] = field(default_factory=list)
    _open: dict[int, tuple[str, int]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        """Remember which file a descriptor is, and that a name came to be."""
        there = os.path.lexists(path)
        fd = os.open(path, flags, mode)
        self._open[fd] = (path, os.fstat(fd).st_ino)
        if not there:
            self.steps.append(("name", path, os.fstat(fd).st_ino))
        return fd

    def write(self, fd: int, data: bytes) -> int:
        """At most a thousand bytes at a time, as a disk may do."""
        count = os.write(fd, bytes(data[:1000]))
        self.steps.append(("data", self._open[fd][1], bytes(data[:count])))
        return count

    def fsync(self, fd: int) -> None:
        """A file's data, or a folder's names."""
        path, inode = self._open[fd]
        os.fsync(fd)
        self.steps.append(("names kept",) if os.path.isdir(path) else ("data kept", inode))

    def rename(self, path: str, target: str) -> None:
        """One name instead of another, for the same file."""
        self.steps.append(("rename", path, target, os.lstat(path).st_ino))
        os.rename(path, target)

    def unlink(self, path: str) -> None:
        """A name less."""
        os.unlink(path)
        self.steps.append(("unlink", path))


def after(steps: list[tuple[object, ...]], start: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Every state of the names that a crash after these steps may leave."""
    kept = max((at for at, step in enumerate(steps) if step[0] == "names kept"), default=-1)
    lasting = [step for step in steps[: kept + 1] if step[0] in ("name", "rename", "unlink")]
    loose = [step for step in steps[kept + 1 :] if step[0] in ("name", "rename", "unlink")]
    contents = possible_contents(steps)
    for happened in itertools.product((False, True), repeat=len(loose)):
        names: dict[str, object] = dict(start.items())
        for step in lasting + list(itertools.compress(loose, happened)):
            if step[0] == "name":
                names[str(step[1])] = step[2]
            elif step[0] == "rename":
                names.pop(str(step[1]), None)
                names[str(step[2])] = step[3]
            else:
                names.pop(str(step[1]), None)
        choices = [
            [(path, data) for data in contents.get(found, [b""])]
            if not isinstance(found, bytes)
            else [(path, found)]
            for path, found in names.items()
        ]
        for state in itertools.product(*choices):
            yield dict(state)


def possible_contents(steps: list[tuple[object, ...]]) -> dict[object, list[bytes]]:
    """For each file what may be in it: what was kept, and any part of what came later."""
    found: dict[object, list[bytes]] = {}
    kept: dict[object, bytes] = {}
    written: dict[object, bytes] = {}
    for step in steps:
        if step[0] == "data":
            assert isinstance(step[2], bytes)
            written[step[1]] = written.get(step[1], b"") + step[2]
        elif step[0] == "data kept":
            kept[step[1]] = written.get(step[1], b"")
    for inode, data in written.items():
        sure = len(kept.get(inode, b""))
        ends = {sure, len(data), (sure + len(data)) // 2, max(sure, len(data) - 1)}
        found[inode] = [data[:end] for end in sorted(ends)]
    return found


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """`files`, recorded."""
    found = Recorder()
    monkeypatch.setattr(files, "os", found)
    return found


def crashes(recorder: Recorder, start: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Every state that a crash at any moment may leave."""
    for count in range(len(recorder.steps) + 1):
        yield from after(recorder.steps[:count], start)


def test_a_replaced_file_has_its_old_or_its_new_content_whenever_the_power_goes(
    tmp_path: Path, recorder: Recorder
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    files.replace(str(path), NEW)
    states = list(crashes(recorder, {str(path): OLD}))
    assert {state.get(str(path)) for state in states} == {OLD, NEW}
    last = list(after(recorder.steps, {str(path): OLD}))
    assert {state[str(path)] for state in last} == {NEW}, "it is on disk once the call returns"
    assert all(state.keys() == {str(path)} for state in last)


def test_the_copy_is_never_newer_than_the_header_whenever_the_power_goes(
    tmp_path: Path, recorder: Recorder
) -> None:
    header, copy = str(tmp_path / "header"), str(tmp_path / "copy")
    start = {header: OLD, copy: OLD}
    for path, data in start.items():
        (tmp_path / path).write_bytes(data)
    files.replace_all((header, copy), NEW)
    found = {(state[header], state[copy]) for state in crashes(recorder, start)}
    assert found == {(OLD, OLD), (NEW, OLD), (NEW, NEW)}
    last = {(state[header], state[copy]) for state in after(recorder.steps, start)}
    assert last == {(NEW, NEW)}


def test_a_created_file_is_whole_once_the_call_returns(tmp_path: Path, recorder: Recorder) -> None:
    path = str(tmp_path / "file")
    files.create(path, NEW)
    assert {state.get(path) for state in after(recorder.steps, {})} == {NEW}
    assert None in {state.get(path) for state in crashes(recorder, {})}


def test_the_replay_notices_a_missing_fsync(tmp_path: Path, recorder: Recorder) -> None:
    """The replay itself: without one of the two kinds of fsync it finds a state that is wrong."""
    path = tmp_path / "file"
    path.write_bytes(OLD)
    files.replace(str(path), NEW)
    start = {str(path): OLD}
    for kind in ("data kept", "names kept"):
        without = [step for step in recorder.steps if step[0] != kind]
        assert {state.get(str(path)) for state in after(without, start)} != {NEW}


def test_a_replacement_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, copy = tmp_path / "header", tmp_path / "copy"
    for path in (header, copy):
        path.write_bytes(OLD)
    real = files._write_out
    room = iter([True, False])

    def no_room_for_the_second(fd: int, data: bytes) -> None:
        if not next(room):
            raise OSError(28, "No space left on device")
        real(fd, data)

    monkeypatch.setattr(files, "_write_out", no_room_for_the_second)
    with pytest.raises(FileProblem, match="no space left"):
        files.replace_all((str(header), str(copy)), NEW)
    assert sorted(tmp_path.iterdir()) == [copy, header]
    assert header.read_bytes() == copy.read_bytes() == OLD

"""A trace of changes to files, and the disks that a power cut after any part of it may leave.

The model: a file system that journals its metadata. What was written to a file before its last
fsync is there; of each write after that it is open whether it reached the disk, whole, up to a
sector or page, or from one on; what was cut off may be back. Changes of names (created, linked,
renamed, removed) happened up to some moment, in their order, but no later than that of the last
fsync of their folder may be missing. Bytes that were never written but stand before ones that
were are zeros.

What the model leaves out: disks that lie about a flush, sectors that come back as neither old nor
new, file systems that reorder changes of names, and whole folders that are lost.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.shim import KINDS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("created", "rename", "link", "unlink")
DATA = ("write", "truncate")
UNITS = (512, 4096)
"""Bytes that a disk writes at once, or not at all."""
_HEAD = struct.Struct("=6q")


@dataclass(frozen=True)
class Step:
    """One change: `path` (and `other`, its new name), the file's number, where and what."""

    kind: str
    file: int
    path: str
    other: str = ""
    offset: int = 0
    data: bytes = b""

    @property
    def folder(self) -> str:
        """The folder whose names it changes or syncs."""
        return self.path if self.kind == "fsync of a folder" else os.path.dirname(self.path)


def read_trace(path: Path) -> list[Step]:
    """What the shim wrote. A number that is given to a new file again becomes another number."""
    raw = path.read_bytes()
    steps = []
    at = 0
    fresh = -1
    numbers: dict[int, int] = {}
    while at < len(raw):
        kind, inode, offset, length, first, second = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        name, at = os.fsdecode(raw[at : at + first]), at + first
        other, at = os.fsdecode(raw[at : at + second]), at + second
        data = b""
        if KINDS[kind] == "write":
            data, at = raw[at : at + length], at + length
        if KINDS[kind] == "created":
            numbers[inode] = fresh
            fresh -= 1
        file = numbers.get(inode, inode)
        steps.append(Step(KINDS[kind], file, name, other, offset, data))
    return steps


@dataclass
class Disk:
    """Names, and what is in the files they lead to."""

    names: dict[str, int] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """The files below a folder as they are."""
        disk = cls()
        for path in folder.rglob("*"):
            if path.is_file():
                number = path.stat().st_ino
                disk.names[str(path)] = number
                disk.files[number] = path.read_bytes()
        return disk

    def state(self) -> dict[str, bytes]:
        """Name to content."""
        return {name: self.files.get(number, b"") for name, number in self.names.items()}

    def put(self, step: Step) -> None:
        """Change a name."""
        if step.kind == "created":
            self.names[step.path] = step.file
        elif step.kind == "unlink":
            self.names.pop(step.path, None)
        else:
            self.names[step.other] = step.file
            if step.kind == "rename":
                self.names.pop(step.path, None)


def lay(data: bytes, step: Step, part: slice = slice(None)) -> bytes:
    """The content of a file after a write, or a part of one, or a cut."""
    if step.kind == "truncate":
        return data[: step.offset].ljust(step.offset, b"\0")
    begin, end, _ = part.indices(len(step.data))
    if begin >= end:
        return data
    begin, piece = step.offset + begin, step.data[begin:end]
    return data[:begin].ljust(begin, b"\0") + piece + data[begin + len(piece) :]


class Cut:
    """The power goes after so many steps: what is sure by then, and what is open."""

    def __init__(self, start: Disk, steps: list[Step]) -> None:
        self._sure = Disk(dict(start.names), dict(start.files))
        synced = {step.file: at for at, step in enumerate(steps) if step.kind == "fsync"}
        kept = {step.folder: at for at, step in enumerate(steps) if step.kind.endswith("folder")}
        self._names: list[Step] = []
        self._data: list[Step] = []
        self._last = 0
        for at, step in enumerate(steps):
            if step.kind in NAMES:
                self._names.append(step)
                if at < kept.get(step.folder, -1):
                    self._last = len(self._names)
            elif step.kind in DATA and at < synced.get(step.file, -1):
                found = self._sure.files.get(step.file, b"")
                self._sure.files[step.file] = lay(found, step)
            elif step.kind in DATA:
                self._data.append(step)

    def extremes(self) -> Iterator[dict[str, bytes]]:
        """All that is open happened or did not: names, and data."""
        everything = [slice(None)] * len(self._data)
        nothing = [slice(0)] * len(self._data)
        for count in {self._last, len(self._names)}:
            for parts in (everything, nothing):
                yield self._state(count, parts)

    def drawn(self, chance: random.Random) -> dict[str, bytes]:
        """Some of it happened."""
        count = chance.randint(self._last, len(self._names))
        return self._state(count, [_part(step, chance) for step in self._data])

    def _state(self, count: int, parts: list[slice]) -> dict[str, bytes]:
        disk = Disk(dict(self._sure.names), dict(self._sure.files))
        for step in self._names[:count]:
            disk.put(step)
        for step, part in zip(self._data, parts, strict=True):
            if step.kind == "write" or part != slice(0):
                disk.files[step.file] = lay(disk.files.get(step.file, b""), step, part)
        return disk.state()


def _part(step: Step, chance: random.Random) -> slice:
    """Which part of a write reached the disk: all, none, or up to or from a boundary."""
    choice = chance.randrange(4)
    if choice < 2:
        return slice(None) if choice else slice(0)
    unit = chance.choice(UNITS)
    first = -step.offset % unit
    edges = list(range(first, len(step.data), unit)) or [0]
    edge = chance.choice(edges)
    return slice(edge) if choice == 2 else slice(edge, None)

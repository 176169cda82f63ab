"""Stop an operation at every point, one process each, and look at what it left.

    python -m tests.faults.points CASE [NUMBER]

The rule: nothing is sampled. An operation runs once to its end; then again and again on a fresh
copy of the prepared vault, killed before its first point, its second, and so on until it comes
through, and where the point is a write, in the middle of that as well. Before point n+1 is after
point n: nothing between them is seen by a file system. Of statements that follow one another with
no change of files between them, the first one's vault is looked at: the others' is the same. With
a number one point alone is tried.

It has to be started with the shim (`shim.start`), in a process without threads, because it forks.
The last line is a JSON object: counts by kind of point, and what went wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.vault.engine import dbapi2
from tests.faults.cases import BROKEN, CASES, make
from tests.faults.look import examine, past_of
from tests.faults.shim import Shim
from tests.vault.place import Place, weaken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tests.faults.cases import Case

MEMORY = Path("/dev/shm")
ALL = CASES | BROKEN
ENOUGH = 5
"""Failures after which no more points are tried: they tend to be the same one."""


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A folder to work in, in memory where there is one: these runs do not ask for a disk."""
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lango-faults-", dir=memory) as root:
        yield Path(root)


def in_child(action: Callable[[], object]) -> tuple[int, Any]:
    """Do something in a fork: how it ended, and what it returned or the traceback it raised."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 0
        try:
            os.close(reading)
            found: object = action()
        except BaseException:  # noqa: BLE001  # whatever it was, the parent is told
            found, code = traceback.format_exc(), 1
        with os.fdopen(writing, "wb") as stream:
            pickle.dump(found, stream)
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), pickle.loads(told) if told else None


def checked(action: Callable[[], object]) -> Any:
    """What it returned in a fork; AssertionError with its traceback if it failed."""
    code, found = in_child(action)
    assert code == 0, f"ended with {code}: {found}"
    return found


def announce_statements(shim: Shim) -> None:
    """In a child: every SQL statement of every connection is a point."""
    real = dbapi2.connect

    def connect(*arguments: Any, **options: Any) -> Any:
        connection = real(*arguments, **options)
        connection.set_trace_callback(lambda text: shim.point(" ".join(text.split()[:2])))
        return connection

    dbapi2.connect = connect


class Stage:
    """A case, made ready in `root`: the vault before, and what is in it before and after."""

    def __init__(self, case: Case, root: Path) -> None:
        self.case = case
        self.shim = Shim()
        self.place = Place(root / "place")
        self._ready = root / "ready"
        checked(self._make)
        (root / "place").rename(self._ready)
        self.reset()
        self.past: list[str] = checked(lambda: past_of(self.place))
        self.reset()
        self.before = self.look()

    def _make(self) -> None:
        make(self.place)
        self.case.prepare(self.place)

    def reset(self) -> None:
        """The vault as it was made ready."""
        shutil.rmtree(self.place.root, ignore_errors=True)
        shutil.copytree(self._ready, self.place.root)

    def look(self) -> str:
        """What is in the vault; AssertionError if anything is wrong with it."""
        told: str = checked(self._examine)
        return told

    def _examine(self) -> str:
        there = bool(self.place.home.vault_files())
        if not there:
            self.case.operate(self.place, lambda: None)
        told = examine(self.place, self.case.passphrases, self.past, self.case.outside)
        return told if there else json.dumps("no vault")

    def judge(self, found: str, after: str) -> str:
        """Whether the vault is old, new, or in between in a way that the case allows."""
        if found in (self.before, after):
            return "old" if found == self.before else "new"
        new = json.loads(after)
        assert self.case.between, f"neither old nor new:\n{self.before}\n{after}\n{found}"
        between = {**json.loads(self.before), **{name: new[name] for name in self.case.between}}
        assert json.loads(found) == between, (
            f"neither old nor new:\n{self.before}\n{after}\n{found}"
        )
        return "between"

    def run(self, stop: int, *, half: bool = False, log: int = -1, fresh: bool = True) -> int:
        """The operation on a fresh copy up to a point: 0, or minus the signal."""
        if fresh:
            self.reset()
        self.shim.forget()

        def act() -> None:
            self.shim.arm(self.place.root, stop, half=half, log=log)
            announce_statements(self.shim)
            self.case.operate(self.place, self.shim.begin)
            self.shim.mark("done")

        code, found = in_child(act)
        assert code in (0, -signal.SIGKILL), f"the operation failed: {found}"
        return code


STATEMENT = "statement"


class Points:
    """Going through all points of a case."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        assert stage.run(-1) == 0
        self.after = stage.look()
        self.kinds: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.failures: list[str] = []
        self._last = ""

    def all(self) -> None:
        """Every point until the operation comes through."""
        number = 0
        while len(self.failures) < ENOUGH and self.at(number):
            number += 1

    def at(self, number: int) -> bool:
        """One point; False if the operation came to its end before."""
        if not self._try(number, half=False):
            return False
        if self.stage.shim.kind == "write" and self.stage.shim.length > 1:
            self._try(number, half=True)
        return True

    def _try(self, number: int, *, half: bool) -> bool:
        shim = self.stage.shim
        try:
            if self.stage.run(number, half=half) == 0:
                return False
            self.kinds["half a write" if half else shim.kind] += 1
            again, self._last = shim.kind == self._last == STATEMENT, shim.kind
            if again:
                return True
            found = self.stage.look()
            self.outcomes[self.stage.judge(found, self.after)] += 1
        except AssertionError as err:
            at = f"point {number}: {'half of' if half else 'before'} {shim.kind} {shim.what}"
            self.failures.append(f"{at}\n{err}")
        return True


def main() -> None:
    """Try one case; the result as JSON."""
    weaken()
    with workshop() as root:
        points = Points(Stage(ALL[sys.argv[1]], root))
        if len(sys.argv) > 2:
            points.at(int(sys.argv[2]))
        else:
            points.all()
    told = {"kinds": points.kinds, "outcomes": points.outcomes, "failures": points.failures}
    print(json.dumps(told))


if __name__ == "__main__":
    main()

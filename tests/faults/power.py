"""Cut the power in the middle of an operation, on paper, and look at what it left.

    python -m tests.faults.power CASE SEED COUNT [KIND...]

The rule: an operation is traced once to its end, with SQLite's own writes. Then, for a cut before
every fsync and every change of names, and at the end, the disks that `trace`
holds possible are laid out and looked at by `look`: the extremes of each cut, and COUNT drawn from
the seed. A cut after the operation has returned must leave what it did. With kinds of steps, those
are struck from the trace first: what an operation would be without its fsyncs has to be noticed.

This is a replay: no plug is pulled, and what `trace` leaves out is left out here. Output as of
`points`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.points import ALL, ENOUGH, Stage, workshop
from tests.faults.trace import NAMES, Cut, Disk, read_trace
from tests.vault.place import weaken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE = "statement"


class Power:
    """Cutting the power everywhere in a case."""

    def __init__(self, stage: Stage, root: Path, seed: int, drawn: int) -> None:
        self.stage = stage
        self._chance = random.Random(seed)
        self._drawn = drawn
        self._seen: set[str] = set()
        self.outcomes: Counter[str] = Counter()
        self.failures: list[str] = []
        self.cuts = 0
        log = root / "trace"
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        stage.reset()
        self._start = Disk.of(stage.place.root)
        assert stage.run(-1, log=fd, fresh=False) == 0
        os.close(fd)
        self.steps = read_trace(log)
        self.after = stage.look()

    def forget(self, kinds: Sequence[str]) -> None:
        """Strike steps of these kinds from the trace."""
        self.steps = [step for step in self.steps if step.kind not in kinds]

    def all(self) -> None:
        """Every cut."""
        done = next(at for at, step in enumerate(self.steps) if step.kind == DONE)
        for at in [*self._moments(), len(self.steps)]:
            cut = Cut(self._start, self.steps[:at])
            self.cuts += 1
            states = [*cut.extremes(), *(cut.drawn(self._chance) for _ in range(self._drawn))]
            for number, state in enumerate(states):
                if len(self.failures) < ENOUGH:
                    self._look_at(state, f"cut before step {at}, disk {number}", done=at > done)

    def _moments(self) -> Iterator[int]:
        """Before each fsync and each change of names: more is open then than just after."""
        for at, step in enumerate(self.steps):
            if step.kind.startswith("fsync") or step.kind in NAMES:
                yield at

    def _look_at(self, state: dict[str, bytes], what: str, *, done: bool) -> None:
        key = f"{done} {_digest(state)}"
        if key in self._seen:
            return
        self._seen.add(key)
        self._lay_out(state)
        there = {Path(name).name for name in state}
        try:
            found = self.stage.look()
            outcome = self.stage.judge(found, self.after)
            same = self.after == self.stage.before
            assert not done or outcome == "new" or same, "what had been done is undone"
            back = [name for name in self.stage.case.gone if done and name in there]
            assert not back, f"{back} came back"
            self.outcomes[outcome] += 1
        except AssertionError as err:
            self.failures.append(f"{what}: {self._story(state)}\n{err}")

    def _lay_out(self, state: dict[str, bytes]) -> None:
        self.stage.reset()
        for path in self.stage.place.root.rglob("*"):
            if path.is_file():
                path.unlink()
        for name, data in state.items():
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "wb") as stream:
                stream.write(data)

    def _story(self, state: dict[str, bytes]) -> str:
        return ", ".join(f"{Path(name).name} {len(data)}" for name, data in sorted(state.items()))


def _digest(state: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(state.items()):
        if not name.endswith("-shm"):
            digest.update(name.encode() + hashlib.sha256(data).digest())
    return digest.hexdigest()


def main() -> None:
    """Try one case; the result as JSON."""
    weaken()
    with workshop() as root:
        power = Power(Stage(ALL[sys.argv[1]], root), root, int(sys.argv[2]), int(sys.argv[3]))
        power.forget(sys.argv[4:])
        power.all()
    told = {
        "steps": Counter(step.kind for step in power.steps),
        "cuts": power.cuts,
        "outcomes": power.outcomes,
        "failures": power.failures,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

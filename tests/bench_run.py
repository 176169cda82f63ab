"""`lango run` beside the bare command: what it adds, and how fast output passes through.

    python3 -m tests.bench_run       these figures alone

A vault of a hundred secrets, a keyfile. Output goes down a pipe, through the masker, as a script
would read it. The limits are those of the design.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import Bench, Row, spend

TURNS = 15
ADDED = 90
"""Milliseconds that it may add to `/bin/true`."""
LEAST = 80
"""MiB a second."""
MIB = 1 << 20
SIZE = 256
LINE = b"the quick brown fox jumps over 13 lazy dogs; id=0123456789abcdef\n"


def running(bench: Bench) -> None:
    """`/bin/true` under lango and without, in turns; a text of many MiB through it."""
    home = bench.vault("running", 100)
    run = [bench.lango, "run", "--"]
    true = shutil.which("true") or "/bin/true"
    handed = ["--set", "T={{secret:team-5/service-000005/token}}"]
    taken: list[list[float]] = [[], [], []]
    for _ in range(TURNS):
        for side, command in zip(
            taken,
            ([*run, true], [bench.lango, "run", *handed, "--", true], [true]),
            strict=True,
        ):
            side.append(spend(command, home).wall * 1e3)
    masked, with_secret, bare = (statistics.median(side) for side in taken)
    for what, figure in (("", masked), (", a secret handed out", with_secret)):
        added = figure - bare
        bench.rows.append(
            Row(f"run /bin/true{what}, adds", f"{added:.1f} ms", f"{ADDED} ms", added / ADDED, 1)
        )
    rate = _rate([*run, "cat"], home, bench.folder / "text")
    bench.rows.append(
        Row("run, output on a pipe", f"{rate:.0f} MiB/s", f"{LEAST} MiB/s", LEAST / rate, 1)
    )


def _rate(command: list[str], environment: dict[str, str], path: Path) -> float:
    """MiB a second of a text that the command prints, start included; the best of three."""
    path.write_bytes(LINE * (SIZE * MIB // len(LINE)))
    best = 0.0
    for _ in range(3):
        begun = time.perf_counter()
        with subprocess.Popen(
            [*command, str(path)], env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            size = 0
            while chunk := os.read(process.stdout.fileno(), MIB):
                size += len(chunk)
        best = max(best, size / MIB / (time.perf_counter() - begun))
    path.unlink()
    return best


def main() -> int:
    """Measure, print the table."""
    bench = Bench(Path(tempfile.mkdtemp(prefix="lango-bench-")))
    try:
        bench.install()
        running(bench)
        return bench.show()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

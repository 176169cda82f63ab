"""The masker beside a loop of `bytes.replace` over the same needles; 1 GiB through `lango mask`.

    python3 -m tests.bench_mask      these figures alone

Rates are of processor time in this process, in turns with the reference; text goes through in
blocks of 64 KiB. What is built lazily is timed as `lango run` meets it: values read from a vault,
forms written, automaton made, first byte passed. The limits are those of the design.
"""

from __future__ import annotations

import os
import random
import string
import subprocess
import sys
import tempfile
import time
from base64 import encodebytes
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from lango_cli.interceptor.credentials import CredentialMasker
from lango_cli.interceptor.masker import Masker
from lango_cli.interceptor.needles import Needles
from tests.bench import Bench, Row

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
BLOCK = 1 << 16
TURNS = 7
LEAST = 80
"""MiB a second."""
FASTER = 13
BUILD_LIMIT, CHUNK_LIMIT = 0.8, 0.001
"""Seconds."""

BUILD = """
import time
from lango_cli.wiring import masking, opening
from lango_cli.wiring.flags import Flags
with opening.open_vault(Flags(), None, print) as vault:
    begun = time.process_time()
    masking.maskers_for(vault.secrets)().feed(b"x")
    print(time.process_time() - begun)
"""


def values(count: int) -> list[tuple[str, bytes]]:
    """Made-up passwords of 32 characters, every second one with punctuation."""
    chance = random.Random(count)
    kinds = string.ascii_letters + string.digits, string.ascii_letters + string.punctuation
    return [
        (f"team/{number:04}", "".join(chance.choices(kinds[number % 2], k=32)).encode())
        for number in range(count)
    ]


def texts() -> dict[str, bytes]:
    """A log, base64 in lines, and a log in colours; a mebibyte each."""
    chance = random.Random(3)
    words = [
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 9)))
        for _ in range(3000)
    ]
    log = "".join(
        f"2026-01-02T03:04:05Z INFO {' '.join(chance.choices(words, k=12))}\n"
        for _ in range(12_000)
    ).encode()[:MIB]
    coloured = log.replace(b"INFO", b"\x1b[32mINFO\x1b[0m")[:MIB]
    return {
        "log": log,
        "base64": encodebytes(chance.randbytes(MIB))[:MIB],
        "coloured log": coloured,
    }


def rate(work: Callable[[bytes], object], text: bytes, block: int = BLOCK) -> float:
    """MiB a second, the best of several turns."""
    parts = [text[at : at + block] for at in range(0, len(text), block)]
    best = float("inf")
    for _ in range(TURNS):
        begun = time.process_time()
        for part in parts:
            work(part)
        best = min(best, time.process_time() - begun)
    return len(text) / MIB / best


def masking_rates(bench: Bench) -> None:
    """100 secrets: beside the loop, and beside what the design asks for."""
    given = values(100)
    needles = Needles(given)
    known = needles.texts()

    def loop(text: bytes) -> bytes:
        for needle in known:
            text = text.replace(needle, b"[SECRET:x]")
        return text

    for name, text in texts().items():
        ours, credentials = Masker(needles), CredentialMasker()
        fast = rate(ours.feed, text)
        slow = rate(loop, text[:BLOCK])
        both = rate(lambda part, a=ours, b=credentials: b.feed(a.feed(part)), text)  # type: ignore[misc]  # bound now
        ratio = slow / fast
        what = f"mask {name} / replace, {len(known)} needles"
        bench.rows.append(Row(what, f"{fast:.0f} MiB/s", f"{slow:.1f} MiB/s", ratio, 1 / FASTER))
        limit = 1 if name != "coloured log" else None
        what = f"mask {name}, credentials too"
        bench.rows.append(Row(what, f"{both:.0f} MiB/s", f"{LEAST} MiB/s", LEAST / both, limit))
    chunk = texts()["log"][:4096]
    seconds = len(chunk) / MIB / rate(Masker(needles).feed, chunk, len(chunk))
    bench.rows.append(
        Row(
            "mask, added to a chunk of 4 KiB",
            f"{seconds * 1e3:.2f} ms",
            "1 ms",
            seconds / CHUNK_LIMIT,
            1,
        )
    )


def masking_build(bench: Bench) -> None:
    """1,000 secrets from the vault to the first byte."""
    bench.vault("masked", 0)
    script = bench.folder / "fill.py"
    script.write_text(FILL.format(values=values(1000)))
    bench.call([bench.python, str(script)])
    taken = min(float(bench.call([bench.python, "-c", BUILD])) for _ in range(5))
    bench.rows.append(
        Row(
            "mask, built for 1000 secrets, cpu",
            f"{taken * 1e3:.0f} ms",
            "800 ms",
            taken / BUILD_LIMIT,
            1,
        )
    )


FILL = """
from lango_cli.secret import SecretBytes
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
with opening.open_vault(Flags(), None, print) as vault:
    with vault.store.write():
        for name, value in {values!r}:
            vault.secrets._add_version(vault.secrets._new(name), SecretBytes(value))
        vault.audit.append(vault.audit.event("secret.write", "many"))
"""


def masking_gibibyte(bench: Bench) -> None:
    """1 GiB through the command, and its memory at its largest; after `masking_build`."""
    _, small = through_the_command(bench, 1)
    wall, peak = through_the_command(bench, 1024)
    what = f"mask 1 GiB in {wall:.0f} s / 1 MiB, peak memory"
    bench.rows.append(Row(what, f"{peak:.0f} MiB", f"{small:.0f} MiB", peak / small, 1.2))


def through_the_command(bench: Bench, size: int) -> tuple[float, float]:
    """Seconds and MiB that `lango mask` takes for so many MiB."""
    home = {**bench.environment, "LANGO_HOME": str(bench.folder / "masked")}
    begun = time.perf_counter()
    child = subprocess.Popen(
        [bench.lango, "mask"], env=home, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert child.stdin
    for block in islice(cycle(texts().values()), size):
        child.stdin.write(block)
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def main() -> int:
    """These figures alone."""
    with tempfile.TemporaryDirectory(prefix="lango-bench-") as folder:
        bench = Bench(Path(folder))
        bench.install()
        for part in (masking_rates, masking_build, masking_gibibyte):
            part(bench)
        return bench.show()


if __name__ == "__main__":
    sys.exit(main())

"""`lango db rekey` of 1 GiB, its check included, beside a bare `PRAGMA rekey` of the same file.

Both are whole processes that take turns; each of them ends with everything on disk. What is
compared is wall time, because the check of the old trees runs on another processor meanwhile.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import Row, spend

if TYPE_CHECKING:
    from tests.bench import Bench, Spent

TURNS = 3
COUNT, SIZE = 250_000, 3_500
"""Secrets and bytes in each, which together fill 1 GiB of pages."""

FILL = """
import os, sys
from lango_cli.secret import SecretBytes
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
count, size = map(int, sys.argv[1:])
value = SecretBytes(os.urandom(size))
with opening.open_vault(Flags(), None, print) as vault:
    with vault.store.write():
        for number in range(count):
            secret = vault.secrets._new(f"large/{number:07}")
            vault.secrets._add_version(secret, value)
        vault.audit.append(vault.audit.event("secret.write", "many"))
"""

BARE = """
import sys
from lango_cli.crypto.keys import DatabaseKey
from lango_cli.vault.store_open import connect
connection = connect(sys.argv[1], "mode=rw", DatabaseKey(bytes.fromhex(sys.argv[2])), 4096)
connection.execute("PRAGMA rekey = \\"x'" + "5a" * 32 + "'\\"")
connection.close()
"""

KEY = """
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags
with opening.open_vault(Flags(), None, print) as vault:
    print(vault.store.path, vault.bundle.database.reveal().hex())
"""


def rekey(bench: Bench) -> None:
    """The rate of a rekey: at least 0.8 of the bare one's, in less than 200 MiB."""
    home = bench.vault("rekeyed", 0)
    bench.call([bench.python, "-c", FILL, str(COUNT), str(SIZE)])
    mine: list[Spent] = []
    bare: list[Spent] = []
    path = ""
    for _ in range(TURNS):
        path, key = bench.call([bench.python, "-c", KEY]).split()
        copy = bench.folder / "bare.db"
        shutil.copyfile(path, copy)
        bare.append(spend([bench.python, "-c", BARE, str(copy), key], home))
        for left in bench.folder.glob("bare.db*"):
            left.unlink()
        mine.append(spend([bench.lango, "db", "rekey", "--yes"], home))
    size = Path(path).stat().st_size >> 20
    wall, reference = (statistics.median(one.wall for one in side) for side in (mine, bare))
    what = f"db rekey of {size} MiB / PRAGMA rekey, wall"
    bench.rows.append(Row(what, f"{wall:.2f} s", f"{reference:.2f} s", wall / reference, 1 / 0.8))
    peak = max(one.peak for one in mine)
    bench.rows.append(Row("db rekey, peak memory", f"{peak:.0f} MiB", "200 MiB", peak / 200, 1))
    shutil.rmtree(home["LANGO_HOME"])

"""`keys rotate --reencrypt` of 100,000 values beside the same loop on the bare parts.

The reference works on the same file with the same pragmas, in batches of the same size: read,
open, seal, write, commit, with sqlcipher3 and AESGCM alone. It neither opens what it sealed once
more nor leaves the file free between batches, and only its loop is timed; of lango the whole
process.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench import Bench

VALUES = 100_000
TURNS = 5
BARE = """
import os, time
import sqlcipher3.dbapi2 as sql
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lango_cli.vault.keys import ENCRYPTION
from lango_cli.vault.reader import context_ends, context_middle
from lango_cli.wiring import opening
from lango_cli.wiring.flags import Flags

with opening.open_vault(Flags(), None, print) as vault:
    found = [vault.keys.newest(ENCRYPTION, None)]
    vault.registry.rotate("default")
    found.append(vault.keys.newest(ENCRYPTION, None))
    old, new = (AESGCM(vault.keys.data_key(key).reveal()) for key in found)
    whose = [(key.id, key.version) for key in found]
    before, after = (context_ends(vault.envelope.vault_bytes, key) for key in whose)
    path, key = vault.store.path, vault.bundle.database.reveal().hex()
file = sql.connect(path, isolation_level=None)
for pragma in ("cipher_log_level = NONE", f"key = \\"x'{key}'\\"", "cache_size = -32000",
               "foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
    file.execute(f"PRAGMA {pragma}")
begun, last = time.perf_counter(), -1
while True:
    file.execute("BEGIN IMMEDIATE")
    rows = file.execute(
        "SELECT rowid, secret_id, version, sealed FROM versions WHERE key_id = ?"
        " AND key_version = ? AND rowid > ? ORDER BY rowid LIMIT 2000", (*whose[0], last)
    ).fetchall()
    changes = []
    for row, secret, version, sealed in rows:
        middle, nonce = context_middle(secret, version), os.urandom(12)
        value = old.decrypt(sealed[1:13], sealed[13:], middle.join(before))
        made = b"\\1" + nonce + new.encrypt(nonce, value, middle.join(after))
        changes.append((whose[1][1], made, row))
    file.executemany("UPDATE versions SET key_version = ?, sealed = ? WHERE rowid = ?", changes)
    file.execute("COMMIT")
    if not rows:
        break
    last = rows[-1][0]
file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
print(time.perf_counter() - begun)
"""


def reencryption(bench: Bench) -> None:
    """Both in turns on one vault, and the medians compared."""
    from tests.bench import Row, spend

    home = bench.vault("rotation", VALUES)
    command = [bench.lango, "keys", "rotate", "default", "--reencrypt", "--quiet"]
    ours, theirs, peak = [], [], 0.0
    for _ in range(TURNS):
        theirs.append(float(bench.call([bench.python, "-c", BARE])))
        spent = spend(command, home)
        ours.append(spent.wall)
        peak = max(peak, spent.peak)
    mine, bare = statistics.median(ours), statistics.median(theirs)
    bench.rows.append(
        Row(
            "re-encrypt 100,000 / bare loop, wall",
            f"{mine:.2f} s",
            f"{bare:.2f} s",
            mine / bare,
            2,
        )
    )
    bench.rows.append(
        Row("re-encrypt 100,000, peak memory", f"{peak:.0f} MiB", "200 MiB", peak / 200, 1)
    )

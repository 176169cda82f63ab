"""A vault that a token opens beside one that a keyfile opens; signing beside the token's own rate.

References: a keyfile unlock of the same vault; `pkcs11-tool`, which opens a session for each
signature, as does OpenSSL's engine from the command line; and without a limit, because no client
can be faster and ours pays for a process of its own, a loop of C_SignInit and C_Sign in C.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.custody.softhsm import PIN, Token
from tests.parts import find

if TYPE_CHECKING:
    from tests.bench import Bench

ADDED_LIMIT = 150
"""Milliseconds that a token may add to an unlock."""
SIGNATURES, TOOL_RUNS, TURNS = 1000, 40, 3
RATE = 0.8
"""Of the other client's rate, at least."""
SIGN = """
import os, sys, time
from lango_cli.custody.pkcs11 import open_custodian
from lango_cli.custody.uri import Options, parse
key = open_custodian(parse(sys.argv[1]), Options(lambda: None, dict(os.environ), 60, 0))
key.sign(b"the first opens the session")
begun = time.perf_counter()
for number in range(int(sys.argv[2])):
    key.sign(b"text %d" % number)
print(time.perf_counter() - begun)
key.close()
"""
LOOP = Path(__file__).resolve().parent / "doubles" / "pkcs11_loop.c"


def custody(bench: Bench) -> None:
    """Both, on one token."""
    from tests.bench import Row

    token = Token(bench.folder / "token")
    token.fill()
    bench.environment |= {"SOFTHSM2_CONF": token.environment["SOFTHSM2_CONF"]}
    bench.environment |= {"LANGO_PKCS11_PIN": PIN}
    kept = bench.vault("kept", 1000, "--kms", token.uri())
    plain = bench.vault("plain", 1000)
    get = [bench.lango, "secrets", "get", "team-41/service-000041/token"]
    one, two = bench.measure((get, kept), (get, plain))
    added = (one.wall - two.wall) * 1e3
    limit = f"{ADDED_LIMIT} ms"
    row = Row("SoftHSM2 unlock adds to keyfile", f"{added:.1f} ms", limit, added / ADDED_LIMIT, 1)
    bench.rows.append(row)
    ours, bare = [], []
    for _ in range(TURNS):
        words = [token.uri("object=sig"), str(SIGNATURES)]
        ours.append(float(bench.call([bench.python, "-c", SIGN, *words])) / SIGNATURES)
        bare.append(_loop(bench, token))
    for what, seconds, most in (
        ("pkcs11-tool", _tool(bench, token), 1 / RATE),
        ("loop in C", statistics.median(bare), None),
    ):
        mine = statistics.median(ours)
        figures = (f"{mine * 1e6:.0f} us", f"{seconds * 1e6:.0f} us")
        bench.rows.append(Row(f"sign / {what}, wall", *figures, mine / seconds, most))


def _tool(bench: Bench, token: Token) -> float:
    """Seconds of one signature by pkcs11-tool."""
    digest = bench.folder / "digest"
    digest.write_bytes(bytes(32))
    files = ["--input-file", str(digest), "--output-file", str(bench.folder / "signature")]
    begun = time.perf_counter()
    for _ in range(TOOL_RUNS):
        token.tool("--sign", "--mechanism", "ECDSA", "--id", "03", *files)
    return (time.perf_counter() - begun) / TOOL_RUNS


def _loop(bench: Bench, token: Token) -> float:
    """Seconds of one signature in a loop in C."""
    program = bench.folder / "loop"
    if not program.exists():
        compiler = find("gcc") or "gcc"
        subprocess.run([compiler, "-O1", "-o", program, LOOP, "-ldl"], check=True)
    words = [token.module, PIN, "sig", str(SIGNATURES)]
    return float(bench.call([str(program), *words])) / SIGNATURES

"""A vault that a token opens beside one that a keyfile opens; signing beside the token's own rate.

References: a keyfile unlock of the same vault; for signing many in one session OpenSSL, and a loop
of C_SignInit and C_Sign in C, than which no client can be faster; for one call each `pkcs11-tool`,
and the loop without a limit, because ours pays for a process of its own. All take turns.
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
SIGNATURES, TOOL_RUNS, TURNS = 1000, 10, 7
RATE = 0.8
"""Of the other client's rate, at least."""
SIGN = """
import os, sys, time
from lango_cli.custody.pkcs11 import open_custodian
from lango_cli.custody.uri import Options, parse
count = int(sys.argv[2])
key = open_custodian(parse(sys.argv[1]), Options(lambda: None, dict(os.environ), 60, 0))
key.sign(b"the first opens the session")
begun = time.perf_counter()
key.sign_all(b"text %d" % number for number in range(count))
many = time.perf_counter()
for number in range(count):
    key.sign(b"text %d" % number)
print(many - begun, time.perf_counter() - many)
key.close()
"""
DOUBLES = Path(__file__).resolve().parent / "doubles"
LOOP, OPENSSL = "pkcs11_loop.c", "pkcs11_openssl.c"
TOOL = "pkcs11-tool"


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
    _signing(bench, token)


def _signing(bench: Bench, token: Token) -> None:
    """A thousand signatures by one open session: together, and each by a call of its own."""
    from tests.bench import Row

    together, alone = [], []
    others: dict[str, list[float]] = {LOOP: [], OPENSSL: [], TOOL: []}
    for _ in range(TURNS):
        words = [bench.python, "-c", SIGN, token.uri("object=sig"), str(SIGNATURES)]
        many, each = bench.call(words).split()
        together.append(float(many) / SIGNATURES)
        alone.append(float(each) / SIGNATURES)
        others[LOOP].append(_program(bench, token, LOOP, "sig"))
        others[OPENSSL].append(_program(bench, token, OPENSSL, "pkcs11:object=sig;type=private"))
        others[TOOL].append(_tool(bench, token))
    for what, ours, other, most in (
        ("many / OpenSSL", together, OPENSSL, 1 / RATE),
        ("many / loop in C", together, LOOP, 1 / RATE),
        ("one call / pkcs11-tool", alone, TOOL, 1 / RATE),
        ("one call / loop in C", alone, LOOP, None),
    ):
        mine, theirs = statistics.median(ours), statistics.median(others[other])
        figures = (f"{mine * 1e6:.0f} us", f"{theirs * 1e6:.0f} us")
        bench.rows.append(Row(f"sign, {what}, wall", *figures, mine / theirs, most))


def _tool(bench: Bench, token: Token) -> float:
    """Seconds of one signature by pkcs11-tool."""
    digest = bench.folder / "digest"
    digest.write_bytes(bytes(32))
    files = ["--input-file", str(digest), "--output-file", str(bench.folder / "signature")]
    begun = time.perf_counter()
    for _ in range(TOOL_RUNS):
        token.tool("--sign", "--mechanism", "ECDSA", "--id", "03", *files)
    return (time.perf_counter() - begun) / TOOL_RUNS


def _program(bench: Bench, token: Token, source: str, key: str) -> float:
    """Seconds of one signature by a program in C."""
    program = bench.folder / source.removesuffix(".c")
    if not program.exists():
        compiler = find("gcc") or "gcc"
        libraries = ["-ldl", *(["-l:libcrypto.so.3"] if source == OPENSSL else [])]
        files = [str(program), str(DOUBLES / source)]
        subprocess.run([compiler, "-O1", "-o", *files, *libraries], check=True)
    words = [str(program), token.module, PIN, key, str(SIGNATURES)]
    return float(bench.call(words)) / SIGNATURES

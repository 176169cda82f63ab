"""A vault that AWS KMS opens, beside one that a keyfile opens: what the first takes longer.

Reference: the SDK itself. A program of four lines that imports boto3, makes a client and has the
same server decrypt once takes as long as anything that asks AWS has to; the start of the
interpreter, which a keyfile unlock has as well, is taken off.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench import Bench

TOP = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
LIMIT = 1.0
"""An unlock adds the SDK's import and one round trip, and no more."""
PREPARE = """
import base64, sys
import boto3
kms = boto3.client("kms", region_name=sys.argv[1], endpoint_url=sys.argv[2])
key = kms.create_key(KeyUsage="ENCRYPT_DECRYPT", KeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]["Arn"]
blob = kms.encrypt(KeyId=key, Plaintext=bytes(32))["CiphertextBlob"]
print(key, base64.b64encode(blob).decode())
"""
ONCE = """
import base64, sys
import boto3
kms = boto3.client("kms", region_name=sys.argv[1], endpoint_url=sys.argv[2])
kms.decrypt(KeyId=sys.argv[3], CiphertextBlob=base64.b64decode(sys.argv[4]))
"""


@contextmanager
def _server() -> Iterator[str]:
    """Where moto answers, in a process of its own."""
    command = [sys.executable, "-m", "tests.doubles.moto_kms"]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def unlock_at_aws(bench: Bench) -> None:
    """`secrets get` through moto, less that by a keyfile, beside boto3 on its own."""
    from tests.bench import Row

    account = {"AWS_ACCESS_KEY_ID": "made", "AWS_SECRET_ACCESS_KEY": "up", "NO_PROXY": "127.0.0.1"}
    bench.environment |= account
    with _server() as url:
        key, blob = bench.call([bench.python, "-c", PREPARE, REGION, url]).split()
        uri = f"aws-kms:{key}?region={REGION}&endpoint={url}"
        kept, plain = bench.vault("aws", 1000, "--kms", uri), bench.vault("beside", 1000)
        get = [bench.lango, "secrets", "get", "team-41/service-000041/token"]
        once = [bench.python, "-c", ONCE, REGION, url, key, blob]
        start = [bench.python, "-c", "pass"]
        ours, keyfile, sdk, bare = bench.measure(
            (get, kept), (get, plain), (once, kept), (start, kept)
        )
    for kind in ("wall", "cpu"):
        added = getattr(ours, kind) - getattr(keyfile, kind)
        reference = getattr(sdk, kind) - getattr(bare, kind)
        figures = (f"{added * 1e3:.1f} ms", f"{reference * 1e3:.1f} ms")
        row = Row(f"moto unlock adds / boto3, {kind}", *figures, added / reference, LIMIT)
        bench.rows.append(row)

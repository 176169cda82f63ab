"""What real programs write is masked: bash, node, jq, perl, and a log through `lango mask`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lango_cli.interceptor.strength import weakness
from tests.interceptor.masking import (
    LETTERS_DIGITS,
    MATRIX,
    SPECIAL,
    dumps,
    masked,
    needles,
    pass_through,
    values,
)
from tests.parts import require

if TYPE_CHECKING:
    from pathlib import Path

FIFTY = [
    *values(15, 21, LETTERS_DIGITS),
    *values(30, 22, SPECIAL),
    *values(5, 23, SPECIAL + "äßñ한글😀"),
]

BASH = r"""
while IFS= read -r -d '' v; do
    printf 'q %q\0' "$v"
    printf 'Q %s\0' "${v@Q}"
    printf 'a %s\0' "${v@A}"
    printf 'b %s\0' "$(printf '%s' "$v" | base64 -w 20)"
    printf 'o %s\0' "$(printf '%s' "$v" | od -An -v -tx1)"
done
"""
NODE = r"""
const values = JSON.parse(require("fs").readFileSync(0, "utf8"))
const out = []
for (const v of values) {
    out.push("json " + JSON.stringify({v}))
    out.push("twice " + JSON.stringify(JSON.stringify({v})))
    out.push("component " + encodeURIComponent(v))
    out.push("uri " + encodeURI(v))
    out.push("form " + new URLSearchParams({v}))
    out.push("query " + new URL("http://h/?v=" + encodeURIComponent(v)).href)
    out.push("base64 " + Buffer.from("user:" + v).toString("base64"))
    out.push("base64url " + Buffer.from(v).toString("base64url"))
    out.push("hex " + Buffer.from(v).toString("hex"))
    out.push("inspect " + require("util").inspect(Buffer.from(v), {maxArrayLength: 99}))
}
process.stdout.write(out.join("\0") + "\0")
"""
JQ = '.[] | ["json " + tojson, "uri " + @uri, "html " + @html, "sh " + @sh, "b64 " + @base64,'
JQ += ' "csv " + ([.] | @csv), "tsv " + ([.] | @tsv)] | join("\\u0000") + "\\u0000"'
PERL = r"""
binmode STDIN; binmode STDOUT; local $/ = "\0";
while (my $v = <STDIN>) {
    chomp $v;
    print "quotemeta " . quotemeta($v) . "\0";
    print "unpack " . unpack("H*", $v) . "\0";
    (my $u = $v) =~ s/([^A-Za-z0-9\-._~])/sprintf("%%%02X", ord($1))/ge;
    print "uri $u\0";
    print "reverse " . reverse($v) . "\0";
}
"""
PROGRAMS = {
    "bash": (["bash", "-c", BASH], b"\0".join(v.encode() for v in FIFTY) + b"\0"),
    "node": (["node", "-e", NODE], json.dumps(FIFTY).encode()),
    "jq": (["jq", "-j", JQ], json.dumps(FIFTY).encode()),
    "perl": (["perl", "-e", PERL], b"\0".join(v.encode() for v in FIFTY) + b"\0"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_real_program_writes_is_masked(program: str) -> None:
    require(program)
    command, given_in = PROGRAMS[program]
    done = subprocess.run(command, input=given_in, capture_output=True, check=True)
    known = needles(*FIFTY)
    lines = done.stdout.split(b"\0")[:-1]
    assert len(lines) >= 3 * len(FIFTY)
    leaks = [line for line in lines if b"[SECRET:v" not in pass_through(known, [line])]
    assert not leaks


WORTH_MASKING = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=8, max_size=40
).filter(lambda text: not weakness(text.encode()))
FOR_ANY = [form for form in MATRIX if not form.startswith(("coloured", "every character col"))]


@settings(max_examples=200, deadline=None)
@given(WORTH_MASKING, st.sampled_from(FOR_ANY))
def test_any_printable_text_is_masked_in_any_form(value: str, form: str) -> None:
    out = masked(b"<< " + MATRIX[form](value) + b" >>", value)
    assert b"[SECRET:v0]" in out


def log() -> bytes:
    """A hundred values in every form, as a log would have them."""
    return b"".join(
        f"2026-01-01 INFO {form}: ".encode() + write(value) + b"\n"
        for value in hundred()
        for form, write in MATRIX.items()
    )


def hundred() -> list[str]:
    return [*values(50, 31, LETTERS_DIGITS), *values(50, 32, SPECIAL)]


def test_a_log_with_a_hundred_values_in_every_form_comes_out_of_lango_mask_without_one(
    tmp_path: Path,
) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANGO_HOME": str(tmp_path / "home")}

    def lango(*words: str, given_in: bytes = b"") -> bytes:
        command = [sys.executable, "-m", "lango_cli", *words]
        done = subprocess.run(command, input=given_in, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    lango("init", "--keyfile", "--no-recovery")
    plain = {f"v{number}": value for number, value in enumerate(hundred())}
    lango("secrets", "import", "-", "--format", "json", given_in=json.dumps(plain).encode())
    out = lango("mask", given_in=log())
    lines = out.split(b"2026-01-01 INFO ")[1:]
    assert len(lines) == 100 * len(MATRIX)
    assert not [line for line in lines if b"[SECRET:v" not in line]
    for value in hundred():
        for form, write in MATRIX.items():
            # What stands in base64 of more than the value is not all the value's.
            if not form.startswith("base64"):
                assert write(value) not in out
    assert dumps("still here") in lango("mask", given_in=dumps("still here"))


def test_prompts_pass_while_the_stream_is_open(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANGO_HOME": str(tmp_path / "home")}
    base = [sys.executable, "-m", "lango_cli"]
    subprocess.run([*base, "init", "--keyfile", "--no-recovery"], env=env, check=True)
    command = [*base, "mask"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, bufsize=0) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(b"Continue? ")
        assert child.stdout.read(10) == b"Continue? "
        child.stdin.close()
        assert child.wait() == 0


def test_lango_mask_ends_quietly_when_nobody_reads(tmp_path: Path) -> None:
    assert shutil.which("head")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANGO_HOME": str(tmp_path / "home")}
    base = f"{sys.executable} -m lango_cli"
    script = f"{base} init --keyfile --no-recovery && yes | {base} mask | head -1"
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True)
    assert done.returncode == 0
    assert done.stdout.endswith(b"y\n")
    assert b"Broken" not in done.stderr

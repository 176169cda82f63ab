"""Companions on the network, with real multicast DNS on the loopback interface; and parsers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import LangoError
from lango_cli.rpc import identity, messages, pairing, places
from lango_cli.rpc.identity import Pin, Pins
from tests.companion.companions import Companion

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
ROUNDS = 20


def find(companion: Companion) -> list[dict[str, object]]:
    """What `lango companion find` lists."""
    words = ["companion", "find", "--wait", "2s", "--interface", LOOPBACK, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "lango_cli", *words],
        env=companion.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)["companions"]
    return found


def test_a_companion_that_is_announced_is_found_and_known_when_paired(tmp_path: Path) -> None:
    companion = Companion(tmp_path / "c", tls=True)
    companion.start("--announce", "--interface", LOOPBACK)
    wanted = {
        "name": "companion",
        "url": companion.url,
        "fingerprint": companion.us.fingerprint[:16],
    }
    try:
        assert any(wanted | {"claims_paired": False} in find(companion) for _ in range(ROUNDS))
        companion.client(companion.root / "home")
        assert any(wanted | {"claims_paired": True} in find(companion) for _ in range(ROUNDS))
    finally:
        companion.stop()
    assert any(not find(companion) for _ in range(ROUNDS))


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_understood_or_garbled(data: bytes) -> None:
    request = messages.Request("1", "wrap", bytes(32), "c", "k", {}, b"")
    for read in (
        messages.parse,
        messages.read_request,
        lambda body: messages.read_reply(body, request),
        lambda body: pairing.read_side(messages.parse(body)),
    ):
        try:
            read(data)
        except messages.Garbled:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "jsonrpc", "method", "params", "nonce", "result", "error", "code",
                         "data", "companion", "key", "certificate", "name"]),
        inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_understood_or_garbled(value: object) -> None:
    test_any_bytes_are_understood_or_garbled.hypothesis.inner_test(  # type: ignore[attr-defined]  # what is inside
        json.dumps(value).encode()
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b'[{"certificate":"","name":"a","url":""}]', b"[" * 9999, b"\xff"],
)
def test_pins_that_were_damaged_are_no_pins(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pins"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(LangoError):
        Pins(str(path)).all()


def test_pins_that_others_may_write_are_refused(tmp_path: Path) -> None:
    us = identity.load_or_make(str(tmp_path / "us.pem"), "us")
    path = tmp_path / "pins"
    Pins(str(path)).add(Pin("us", "", us.certificate))
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o666)
    with pytest.raises(LangoError, match="by others"):
        Pins(str(path)).all()
    (tmp_path / "us.pem").chmod(0o644)
    with pytest.raises(LangoError, match="by others"):
        identity.load(str(tmp_path / "us.pem"))


@pytest.mark.parametrize(
    "url",
    ["", "http://h", "https://", "https://h:0", "https://h:99999", "https://h/x", "https://u@h",
     "https://h?x", "unix:x", "unix:", "ftp://h", "https://h h", "https://h\n"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LangoError):
        places.check(url)


def test_an_identity_is_made_once(tmp_path: Path) -> None:
    first = identity.load_or_make(str(tmp_path / "us.pem"), "us")
    assert identity.load_or_make(str(tmp_path / "us.pem"), "us").certificate == first.certificate

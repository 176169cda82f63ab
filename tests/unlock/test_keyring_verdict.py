"""What is remembered of the OS keyring, and for how long."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lango_cli.codec import canonical, parse_canonical
from lango_cli.errors import CustodyUnavailable
from lango_cli.secret import SecretBytes
from lango_cli.unlock import keyring
from tests.unlock.conftest import ACCOUNT, Desk, store_on

KEY = SecretBytes(bytes(range(32)))


def verdict_file(state: str) -> Path:
    """Where the verdict is kept."""
    return Path(state) / keyring.VERDICT


def test_a_good_verdict_holds_until_a_read_fails(gnome: Desk, state: str) -> None:
    store = store_on(gnome, state)
    first = store.describe()
    assert (first.usable, first.backend, first.reason) == (True, "Secret Service", "")
    assert not first.cached
    assert first.milliseconds > 0
    _age(state, 10_000_000)
    again = store.describe()
    assert again.cached
    assert again.milliseconds == first.milliseconds
    gnome.lock()
    assert store.describe().usable
    with pytest.raises(CustodyUnavailable):
        store.read(ACCOUNT)
    assert not store.describe().usable


def test_a_bad_verdict_holds_for_a_minute(desk: Desk, state: str) -> None:
    store = store_on(desk, state)
    assert not store.describe().cached
    _age(state, 50)
    assert store.describe().cached
    assert not store.describe(fresh=True).cached
    for seconds in (60, -1000):
        _age(state, seconds)
        assert not store.describe().cached


def test_a_verdict_of_another_bus_or_user_does_not_count(gnome: Desk, state: str) -> None:
    store_on(gnome, state, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent").describe()
    assert store_on(gnome, state).describe().usable
    record = parse_canonical(verdict_file(state).read_bytes(), "")
    verdict_file(state).write_bytes(
        canonical({**record, "uid": os.geteuid() + 1, "usable": False})
    )
    assert store_on(gnome, state).describe().usable


def test_a_write_that_works_clears_a_bad_verdict(gnome: Desk, state: str) -> None:
    store = store_on(gnome, state)
    store.describe()
    record = parse_canonical(verdict_file(state).read_bytes(), "")
    bad = {**record, "usable": False, "reason": "locked", "at": int(time.time())}
    verdict_file(state).write_bytes(canonical(bad))
    with pytest.raises(CustodyUnavailable, match="locked"):
        store.read(ACCOUNT)
    store.write(ACCOUNT, KEY)
    assert store.read(ACCOUNT) == KEY


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"usable":true}', b"x" * 20000]
)
def test_a_verdict_that_makes_no_sense_is_none(desk: Desk, state: str, content: bytes) -> None:
    Path(state).mkdir()
    verdict_file(state).write_bytes(content)
    verdict_file(state).chmod(0o600)
    assert not store_on(desk, state).describe().cached


def test_a_state_folder_that_cannot_be_written_does_not_stop_a_read(
    gnome: Desk, state: str
) -> None:
    store_on(gnome, state).write(ACCOUNT, KEY)
    blocked = Path(state) / "file"
    blocked.touch()
    assert store_on(gnome, str(blocked / "state")).read(ACCOUNT) == KEY


def _age(state: str, seconds: int) -> None:
    """Let the verdict be this much older."""
    record = parse_canonical(verdict_file(state).read_bytes(), "")
    aged = {**record, "at": int(time.time()) - seconds}
    verdict_file(state).write_bytes(canonical(aged))

"""The unlock session in the kernel keyring, and the frame that both stores share."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lango_cli.errors import CustodyUnavailable
from lango_cli.secret import SecretBytes
from lango_cli.unlock import session
from lango_cli.unlock.session import KernelKeyring
from tests.parts import require, unavailable
from tests.unlock.conftest import VAULT
from tests.unlock.suites import SessionStoreSuite, elsewhere

SECOND = 1_000_000_000


@pytest.fixture
def kernel() -> KernelKeyring:
    """The kernel keyring, where the kernel has one that may be used."""
    store = KernelKeyring()
    if not store.available():
        unavailable("the kernel keyring cannot be used here (containers refuse add_key)")
    return store


class TestKernelKeyring(SessionStoreSuite):
    """The suite, and what only the kernel keyring does."""

    @pytest.fixture
    def store(self, kernel: KernelKeyring) -> KernelKeyring:
        return kernel

    @pytest.fixture
    def make(self) -> str:
        return "KernelKeyring()"

    def test_another_session_keyring_of_the_same_user_finds_it(
        self, store: KernelKeyring, make: str
    ) -> None:
        keyctl = require("keyctl")
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        assert elsewhere(make, keyctl, "session", "-") == b"bundle"

    def test_the_kernel_itself_forgets_it(self, store: KernelKeyring) -> None:
        keyctl = require("keyctl")
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        number = f"{int(_serial(keyctl)):08x}"
        (line,) = [line for line in _proc_keys() if line.startswith(number)]
        assert line.split()[3] in {"14m", "15m"}

    def test_only_the_owner_has_permissions_on_it(self, store: KernelKeyring) -> None:
        keyctl = require("keyctl")
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        kind, uid, _, permissions, name = _described(keyctl).split(";")
        assert (kind, int(uid), name) == ("user", os.geteuid(), f"lango:{VAULT}")
        assert int(permissions, 16) == 0x003F0000

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may start another user's process")
    def test_a_child_under_another_uid_cannot_read_what_its_session_keyring_leads_to(
        self, store: KernelKeyring
    ) -> None:
        keyctl = require("keyctl")
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        read = subprocess.run(
            [keyctl, "pipe", _serial(keyctl)], user=65534, group=65534, capture_output=True
        )
        assert read.returncode != 0
        assert b"bundle" not in read.stdout

    def test_our_own_deadline_holds_where_the_kernels_does_not(self, store: KernelKeyring) -> None:
        """A suspend, by replay only: the clock jumps, the kernel's timer has not fired."""
        now = session.boottime()
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        later = KernelKeyring(clock=lambda: now + 1000 * SECOND)
        assert later.get(VAULT) is None
        assert later.remaining(VAULT) is None

    def test_a_foreign_key_under_our_name_is_nothing(self, store: KernelKeyring) -> None:
        keyctl = require("keyctl")
        for content in ("x", "y" * 5000):
            subprocess.run(
                [keyctl, "padd", "user", f"lango:{VAULT}", "@u"],
                input=content.encode(),
                check=True,
                stdout=subprocess.DEVNULL,
            )
            assert store.get(VAULT) is None
            assert store.remaining(VAULT) is None
        store.put(VAULT, SecretBytes(b"bundle"), 900)
        assert store.get(VAULT) == SecretBytes(b"bundle")

    def test_asking_whether_it_works_leaves_no_key_behind(self, store: KernelKeyring) -> None:
        before = _names()
        assert store.available()
        assert _names() == before


class TestWhereTheKernelRefuses:
    """Containers, and machines that are not listed."""

    @pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS, errno.EACCES])
    def test_it_is_not_available(self, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(KernelKeyring, "_syscall", refuse)
        store = KernelKeyring()
        assert store.available() is False
        assert store.get(VAULT) is None
        assert store.remaining(VAULT) is None
        assert store.drop(VAULT) is False
        with pytest.raises(CustodyUnavailable, match="keeps no session"):
            store.put(VAULT, SecretBytes(b"bundle"), 900)

    def test_a_machine_without_known_numbers_has_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="pdp11"))
        assert KernelKeyring().available() is False


@given(st.binary(max_size=4096), st.integers(1, 1 << 31 - 1), st.integers(0, 1 << 60))
def test_a_frame_gives_back_its_deadline(bundle: bytes, ttl: int, now: int) -> None:
    framed = session.frame(SecretBytes(bundle), ttl, now)
    deadline = session.deadline_of(framed, now)
    assert deadline == now + ttl * SECOND
    assert session.seconds_left(deadline, now) == ttl
    assert session.deadline_of(framed, deadline) is None
    assert session.deadline_of(framed, deadline - 1) == deadline
    assert session.seconds_left(deadline, deadline - 1) == 1
    assert framed[session.HEAD :] == bundle


@given(st.binary(max_size=100) | st.binary(max_size=100).map(lambda data: b"LSS1" + data))
def test_any_bytes_are_a_frame_or_none(data: bytes) -> None:
    deadline = session.deadline_of(data, 10)
    assert deadline is None or deadline > 10


def _serial(keyctl: str) -> str:
    command = [keyctl, "search", "@u", "user", f"lango:{VAULT}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().strip()


def _described(keyctl: str) -> str:
    command = [keyctl, "rdescribe", _serial(keyctl)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().strip()


def _names() -> set[str]:
    return {line.split(maxsplit=8)[8] for line in _proc_keys() if " user " in line}


def _proc_keys() -> list[str]:
    """The keys that we may see, a line each (keyrings(7), /proc/keys)."""
    return Path("/proc/keys").read_text().splitlines()

"""Which way unlocks: in what order they are tried, what is said of those that are stale."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lango_cli.config import load
from lango_cli.crypto import passphrase
from lango_cli.errors import CustodyUnavailable, Locked
from lango_cli.model import KeyringVerdict
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.unlock.session import KernelKeyring
from lango_cli.unlock.session_process import SessionProcess
from lango_cli.vault.home import KEYFILE
from lango_cli.wiring import making, opening, sources, standing
from lango_cli.wiring.flags import Flags
from tests.cli.test_making import Ring, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = 1_000


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases cost little here."""
    monkeypatch.setattr(passphrase, "PBKDF2_MIN_ROUNDS", ROUNDS)
    monkeypatch.setattr(passphrase, "calibrated_rounds", lambda *_a, **_k: ROUNDS)


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    """The OS keyring of this test."""
    ring = Ring()
    monkeypatch.setattr(sources, "os_keyring", lambda _folders: ring)
    return ring


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: Ring) -> Flags:
    """A command line that names a home of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o700)
    flags = Flags()
    flags.home = str(tmp_path / "home")
    return flags


def opened_by(flags: Flags, said: list[str]) -> str:
    """The way that unlocks now; what was warned of goes to `said`."""
    with opening.open_vault(flags, None, said.append) as vault:
        return vault.unlocked_by


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (bytes(32), "does not open"),
        (b"short", "the entry for slot keyring is not one that lango wrote"),
        (None, "no entry for slot keyring"),
    ],
)
def test_a_stale_keyring_entry_is_reported_and_the_next_way_tried(
    flags: Flags, ring: Ring, entry: bytes | None, why: str
) -> None:
    making.make_vault(flags, making.Plan(keyring=True, keyfile=True), quiet).close()
    (account,) = ring.entries
    ring.entries.clear()
    if entry is not None:
        ring.entries[account] = entry
    said: list[str] = []
    assert opened_by(flags, said) == "keyfile"
    (warning,) = said
    assert warning.startswith("OS keyring is stale, trying the next way: ")
    assert why in warning or entry == bytes(32)


def test_a_stale_keyfile_is_reported_and_the_next_way_tried(flags: Flags, tmp_path: Path) -> None:
    making.make_vault(flags, making.Plan(keyring=True, keyfile=True), quiet).close()
    path = tmp_path / "home" / KEYFILE
    path.write_bytes(b"A" * 43 + b"=\n")
    (tmp_path / "home" / "config.toml").write_text('[unlock]\norder = ["keyfile", "keyring"]\n')
    said: list[str] = []
    assert opened_by(flags, said) == "OS keyring"
    assert len(said) == 1
    assert said[0].startswith("keyfile is stale, trying the next way: ")


def test_what_is_only_absent_is_no_reason_for_a_warning(flags: Flags, tmp_path: Path) -> None:
    making.make_vault(flags, making.Plan(keyring=True, keyfile=True), quiet).close()
    (tmp_path / "home" / KEYFILE).unlink()
    (tmp_path / "home" / "config.toml").write_text(
        '[unlock]\norder = ["session", "keyfile", "keyring"]\n'
    )
    said: list[str] = []
    assert opened_by(flags, said) == "OS keyring"
    assert said == []


class Typist:
    """A person who types this passphrase."""

    def __init__(self, text: str) -> None:
        self._text = text

    def secret(self, prompt: str) -> SecretText:
        return SecretText(self._text)

    def new_secret(self, prompt: str) -> SecretText:
        return self.secret(prompt)

    def words(self, prompt: str, count: int) -> SecretText:
        raise AssertionError(prompt)


def test_the_slot_that_worked_last_is_tried_first(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[int] = []
    real = passphrase.pbkdf2_sha256

    def counted(text: bytes, salt: bytes, rounds: int) -> bytes:
        derived.append(rounds)
        return real(text, salt, rounds)

    first, second = SecretBytes(b"open sesame"), SecretBytes(b"sesame, open")
    with making.make_vault(flags, making.Plan(passphrase=first), quiet) as vault:
        vault.slots.add("passphrase", "second", second, "pbkdf2-sha256")
    monkeypatch.setattr(passphrase, "pbkdf2_sha256", counted)
    counts = []
    for text in ("sesame, open", "sesame, open", "open sesame", "open sesame"):
        derived.clear()
        opening.open_vault(flags, Typist(text), quiet).close()
        counts.append(len(derived))
    assert counts == [2, 1, 2, 1]


def test_a_slot_that_was_asked_for_is_all_that_a_locked_vault_speaks_of(
    flags: Flags, ring: Ring
) -> None:
    phrase = SecretBytes(b"open sesame")
    plan = making.Plan(keyring=True, keyfile=True, passphrase=phrase)
    making.make_vault(flags, plan, quiet).close()
    ring.entries.clear()
    flags.slot = "keyring"
    with pytest.raises(Locked) as err:
        opening.open_vault(flags, None, quiet)
    assert err.value.message == "the vault is locked (OS keyring: no entry for slot keyring)"
    assert err.value.hint == "see which slots there are: lango keys slot list"


def test_a_keyring_that_does_not_answer_is_to_be_unlocked(
    flags: Flags, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_vault(flags, making.Plan(keyring=True), quiet).close()

    def read(_account: str) -> None:
        raise CustodyUnavailable("the OS keyring cannot be used: locked")

    monkeypatch.setattr(ring, "read", read)
    locked = KeyringVerdict(False, "a keyring", "locked", 1)
    monkeypatch.setattr(ring, "describe", lambda: locked)
    said: list[str] = []
    with pytest.raises(Locked) as err:
        opening.open_vault(flags, None, said.append)
    assert err.value.hint == "unlock the desktop keyring (locked)"
    assert said == []


def test_somebody_who_can_be_asked_is_pointed_to_unlock(flags: Flags, tmp_path: Path) -> None:
    phrase = SecretBytes(b"open sesame")
    making.make_vault(flags, making.Plan(keyfile=True, passphrase=phrase), quiet).close()
    (tmp_path / "home" / KEYFILE).unlink()
    (tmp_path / "home" / "config.toml").write_text('[unlock]\norder = ["keyfile"]\n')
    hints = []
    for person in (Typist(""), None):
        with pytest.raises(Locked) as err:
            opening.open_vault(flags, person, quiet)
        hints.append("lango unlock" in err.value.hint)
    assert hints == [True, False]


def test_status_does_not_promise_what_it_does_not_look_at(flags: Flags, ring: Ring) -> None:
    making.make_vault(flags, making.Plan(keyring=True), quiet).close()
    ring.entries.clear()
    stands = standing.standing(flags, quiet, person=False)
    (way,) = [way for way in stands.ways if way.name == "keyring"]
    assert way.ready is None
    assert way.why == "the service answers; the entry is not looked at"


# Sessions.


@pytest.fixture
def short_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A runtime folder with a short name: a socket's path is at most 100 bytes."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp()
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield folder
    shutil.rmtree(folder)


def settings_of(choice: str) -> load.Settings:
    """Settings with this place for sessions."""
    return load.Settings({"unlock.session": (choice, load.FLAG)})


def test_where_the_kernel_takes_no_more_keys_the_process_serves(
    flags: Flags, monkeypatch: pytest.MonkeyPatch, short_run: str
) -> None:
    monkeypatch.setattr(KernelKeyring, "available", lambda _self: True)

    def full(*_arguments: object) -> None:
        raise CustodyUnavailable("the kernel keyring keeps no session: disk quota exceeded")

    monkeypatch.setattr(KernelKeyring, "put", full)
    folders = opening.folders_of(flags)
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        with pytest.raises(CustodyUnavailable):
            sources.keep_session(vault, 60, settings_of("kernel"), folders)
        place = sources.keep_session(vault, 60, settings_of("auto"), folders)
    try:
        assert place == "session process"
        with opening.open_vault(flags, None, quiet) as vault:
            assert vault.unlocked_by == "unlock session"
    finally:
        assert standing.drop_sessions(flags, quiet) == ["session process"]


def test_a_new_session_takes_the_place_of_one_that_is_kept_elsewhere(
    flags: Flags, short_run: str
) -> None:
    folders = opening.folders_of(flags)
    kernel = KernelKeyring()
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        sources.keep_session(vault, 60, settings_of("process"), folders)
        if not kernel.available():
            pytest.skip("no kernel keyring here")
        sources.keep_session(vault, 60, settings_of("kernel"), folders)
        assert SessionProcess(folders.runtime).remaining(vault.id) is None
        sources.keep_session(vault, 60, settings_of("process"), folders)
        assert kernel.remaining(vault.id) is None
    assert standing.drop_sessions(flags, quiet) == ["session process"]


def test_locking_ends_both_kinds_also_without_a_vault(
    flags: Flags, short_run: str, tmp_path: Path
) -> None:
    folders = opening.folders_of(flags)
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        vault_id = vault.id
        sources.keep_session(vault, 60, settings_of("process"), folders)
        if KernelKeyring().available():
            KernelKeyring().put(vault_id, vault.bundle.encode(), 60)
    for path in (tmp_path / "home").iterdir():
        os.unlink(path)
    said: list[str] = []
    assert "session process" in standing.drop_sessions(flags, said.append)
    assert all(store.remaining(vault_id) is None for store in standing.stores(folders))
    assert len(said) == 1

"""The doctor's checks, one by one, where a transcript cannot bring about what they look for."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import FileProblem, Locked, Tampered
from lango_cli.model import KeyringVerdict, SlotInfo, Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import mending
from lango_cli.vault import vault as core
from lango_cli.vault.home import COPY, HEADER
from lango_cli.wiring import (
    checks_machine,
    checks_vault,
    making,
    opening,
    slotting,
    sources,
    standing,
)
from lango_cli.wiring.checkup import NEED_OPEN, Doctor
from lango_cli.wiring.findings import ADVICE, ERROR, OK, SKIPPED, Finding, mended
from lango_cli.wiring.flags import Flags
from tests.cli.test_making import Ring, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lango_cli.wiring.checkup import Checkup


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
    flags = Flags()
    flags.home = str(tmp_path / "home")
    return flags


def check(flags: Flags, *, fix: bool = False) -> Checkup:
    """A checkup without anybody to ask."""
    return Doctor(flags, None, fix=fix).examine()


def texts(checkup: Checkup, level: str) -> list[str]:
    """What a checkup says at this level."""
    return [finding.text for finding in checkup.findings if finding.level == level]


def one(found: Iterator[Finding]) -> Finding:
    """The only finding."""
    (finding,) = found
    return finding


def test_a_fresh_vault_gets_advice_only(flags: Flags) -> None:
    making.quickstart(flags, quiet)
    checkup = check(flags)
    assert checkup.count(ERROR) == 0
    assert checkup.count(SKIPPED) == 0
    assert any("every slot is on this machine" in text for text in texts(checkup, ADVICE))


def test_findings_come_the_gravest_first(flags: Flags, tmp_path: Path) -> None:
    making.quickstart(flags, quiet)
    (tmp_path / "home").chmod(0o755)
    order = [finding.level for finding in check(flags).findings]
    assert order == sorted(order, key=[ERROR, ADVICE, OK, SKIPPED].index)
    assert order[0] == ERROR


@pytest.mark.parametrize(
    ("swaps", "level"),
    [
        ("Filename Type Size Used Priority\n", OK),
        ("", OK),
        ("Filename Type\n/dev/zram0 partition 8 0 100\n", OK),
        ("Filename Type\n/dev/dm-1 partition 8 0 -2\n", ADVICE),
        ("Filename Type\n/dev/zram0 partition 8 0\n/swapfile file 8 0 -2\n", ADVICE),
    ],
)
def test_swap_on_a_disk_is_worth_a_word(
    monkeypatch: pytest.MonkeyPatch, swaps: str, level: str
) -> None:
    monkeypatch.setattr(checks_machine, "_system_file", lambda _path: swaps)
    assert one(checks_machine.swap()).level == level


@pytest.mark.parametrize(
    ("limit", "dumpable", "pattern", "level"),
    [
        (0, False, "core", OK),
        (0, True, "core", OK),
        (-1, True, "core", ADVICE),
        (0, True, "|/usr/lib/systemd/systemd-coredump", ADVICE),
        (0, False, "|/usr/lib/systemd/systemd-coredump", OK),
    ],
)
def test_core_dumps_are_seen_also_where_a_program_takes_them(
    monkeypatch: pytest.MonkeyPatch, limit: int, dumpable: bool, pattern: str, level: str
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _which: (limit, limit))
    monkeypatch.setattr(checks_machine, "_dumpable", lambda: dumpable)
    monkeypatch.setattr(checks_machine, "_system_file", lambda _path: pattern)
    assert one(checks_machine.core_dumps()).level == level


@pytest.mark.parametrize(
    ("verdict", "needed", "level", "text"),
    [
        (KeyringVerdict(True, "KWallet", "", 12), True, OK, "KWallet answers in 12 ms"),
        (KeyringVerdict(True, "KWallet", "", 900), True, ADVICE, "takes 900 ms"),
        (KeyringVerdict(False, "", "locked", 30), True, ADVICE, "locked (30 ms)"),
        (KeyringVerdict(False, "", "locked", 30), False, OK, "no slot needs it"),
    ],
)
def test_the_keyring_is_told_with_reason_and_milliseconds(
    verdict: KeyringVerdict, needed: bool, level: str, text: str
) -> None:
    finding = one(checks_machine.keyring(verdict, needed=needed))
    assert finding.level == level
    assert text in finding.text


def slot(kind: str, used: str | None, tested: str | None) -> SlotInfo:
    """A slot of this kind, last used and tested then."""
    return SlotInfo("00c0ffee0042", kind, kind, "", "", "", used, tested, "")


@pytest.mark.parametrize(
    ("info", "level"),
    [
        (slot("recovery", None, None), ADVICE),
        (slot("passphrase", None, None), ADVICE),
        (slot("keyring", None, None), OK),
        (slot("keyfile", None, None), OK),
        (slot("recovery", None, "2026-01-02T00:00:00Z"), OK),
        (slot("recovery", "2026-01-02T00:00:00Z", None), OK),
        (slot("recovery", "2025-01-02T00:00:00Z", "2025-06-01T00:00:00Z"), ADVICE),
    ],
)
def test_a_slot_that_nobody_tried_for_long_is_worth_a_drill(info: SlotInfo, level: str) -> None:
    now = 1_767_571_200.0  # 2026-01-05
    assert one(checks_vault.drills([info], now)).level == level


def test_how_many_slots_outlive_the_machine(flags: Flags) -> None:
    words = slotting.new_entropy()
    with making.make_vault(flags, making.Plan(keyfile=True, recovery=words), quiet) as vault:
        assert one(checks_vault.survivors(vault.envelope, opens=False)).hint == ""
        finding = one(checks_vault.survivors(vault.envelope, opens=True))
        assert finding.text == "one slot left if this machine dies: recovery"
        assert finding.hint == "lango keys slot add passphrase"


def test_a_stale_and_a_lost_keyring_entry_are_told_apart(flags: Flags, ring: Ring) -> None:
    making.make_vault(flags, making.Plan(keyring=True, keyfile=True), quiet).close()
    assert "the OS keyring opens slot keyring" in texts(check(flags), OK)
    account = next(iter(ring.entries))
    ring.entries[account] = bytes(32)
    assert any("slot keyring is stale" in text for text in texts(check(flags), ADVICE))
    del ring.entries[account]
    assert any("no entry for slot keyring" in text for text in texts(check(flags), ADVICE))


def hints(checkup: Checkup) -> list[str]:
    """Every hint of a checkup."""
    return [finding.hint for finding in checkup.findings if finding.hint]


def test_a_vault_that_nothing_opens_is_an_error(flags: Flags, ring: Ring) -> None:
    making.make_vault(flags, making.Plan(keyring=True), quiet).close()
    ring.entries.clear()
    checkup = check(flags)
    assert texts(checkup, ERROR) == ["nothing that is here opens this vault"]
    assert not [hint for hint in hints(checkup) if "keys slot" in hint]
    stale = [text for text in texts(checkup, ADVICE) if "no entry for slot keyring" in text]
    assert len(stale) == 1


def test_a_vault_that_nothing_opens_once_its_session_ends_is_an_error(
    flags: Flags, ring: Ring, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    folders, settings = opening.folders_of(flags), opening.load_settings(flags)
    with making.make_vault(flags, making.Plan(keyring=True), quiet) as vault:
        sources.keep_session(vault, 60, settings, folders)
    ring.entries.clear()
    found = texts(check(flags), ERROR)
    standing.drop_sessions(flags, quiet)
    assert found == ["nothing that is here opens this vault once the unlock session ends"]


def test_a_way_that_a_person_keeps_makes_it_advice_that_names_it(flags: Flags, ring: Ring) -> None:
    words = slotting.new_entropy()
    making.make_vault(flags, making.Plan(keyring=True, recovery=words), quiet).close()
    ring.entries.clear()
    checkup = check(flags)
    assert checkup.count(ERROR) == 0
    assert "the vault is locked; what opens it: recovery" in texts(checkup, ADVICE)
    assert any("lango doctor --recovery" in hint for hint in hints(checkup))


def test_a_stale_entry_is_said_once_and_replaced_by_adding_first(flags: Flags, ring: Ring) -> None:
    making.make_vault(flags, making.Plan(keyring=True, keyfile=True), quiet).close()
    account = next(iter(ring.entries))
    ring.entries[account] = bytes(32)
    checkup = check(flags)
    assert len([f for f in checkup.findings if "is stale" in f.text]) == 1
    (hint,) = [hint for hint in hints(checkup) if "slot remove" in hint]
    assert hint.startswith("lango keys slot add keyring, then lango keys slot remove ")


def test_a_mode_that_the_file_system_keeps_is_not_mended(
    flags: Flags, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    (tmp_path / "home" / COPY).chmod(0o644)
    monkeypatch.setattr("lango_cli.files.restrict", lambda _path, _mode: None)
    checkup = check(flags, fix=True)
    assert checkup.count(ERROR) == 1
    assert "cannot be mended: the file system keeps 0044" in texts(checkup, ERROR)[0]


def test_what_is_due_is_counted_and_not_named(flags: Flags) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        value = SecretBytes(b"opensesame")
        vault.secrets.set("bank/pin", value, expires_at=time.time() + 3600)
        vault.secrets.set("later", value, expires_at=time.time() + 90 * 86_400)
    found = texts(check(flags), ADVICE)
    assert any(text.startswith("1 secret has expired, or is due within") for text in found)
    assert not any("bank/pin" in text or "opensesame" in text for text in found)


def test_an_interrupted_re_encryption_is_worth_a_word(flags: Flags) -> None:
    class Interrupting(Unwatched):
        def start(self, what: str, total: int) -> None:
            raise KeyboardInterrupt

    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        assert one(checks_vault.keys(vault)).level == OK
        with pytest.raises(KeyboardInterrupt):
            vault.registry.rotate("default", Interrupting())
        finding = one(checks_vault.keys(vault))
        assert (finding.level, finding.hint) == (
            ADVICE,
            "lango keys rotate default --reencrypt",
        )


def test_a_changed_audit_record_is_an_error(flags: Flags) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault, vault.store.write():
        vault.store.run("UPDATE audit SET record = CAST(record || ' ' AS BLOB) WHERE seq = 1")
    found = texts(check(flags), ERROR)
    assert found == ["the audit log is not whole: record 1 was changed"]


def test_a_vault_that_stays_locked_is_checked_from_outside(flags: Flags) -> None:
    secret = SecretBytes(b"open sesame")
    making.make_vault(flags, making.Plan(passphrase=secret), quiet).close()
    checkup = check(flags, fix=True)
    assert checkup.count(ERROR) == 0
    assert [f.id for f in checkup.findings if f.level == SKIPPED] == list(NEED_OPEN)
    assert all(" not checked, " in f.text for f in checkup.findings if f.level == SKIPPED)
    assert checkup.versions["sqlcipher"] >= "4"
    assert "the vault is locked; what opens it: passphrase" in texts(checkup, ADVICE)
    assert "header and copy can be read and are the same" in texts(checkup, OK)


def test_a_check_that_fails_is_a_finding_and_not_the_end(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()

    def fails(*_arguments: object) -> None:
        raise Tampered("a value is in no format that lango knows")

    monkeypatch.setattr("lango_cli.vault.audit_check.verify", fails)
    checkup = check(flags)
    assert texts(checkup, ERROR) == ["a value is in no format that lango knows"]
    assert any(finding.id == "due" for finding in checkup.findings)


def test_a_fix_that_fails_says_so_and_leaves_the_error() -> None:
    def fails() -> None:
        raise FileProblem("read-only", hint="mount it for writing")

    finding = mended(Finding("header", ERROR, "the copy is missing", fix=fails))
    assert finding.counts
    assert finding.text == "the copy is missing; it cannot be mended: read-only"
    assert finding.hint == "mount it for writing"


def test_links_are_errors_that_nothing_mends(flags: Flags, tmp_path: Path) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    real = tmp_path / "elsewhere"
    os.rename(tmp_path / "home" / COPY, real)
    (tmp_path / "home" / COPY).symlink_to(real)
    found = [f for f in check(flags, fix=True).findings if f.id == "links"]
    assert [f.level for f in found] == [ERROR]
    assert not found[0].fixed
    assert (tmp_path / "home" / COPY).is_symlink()


def test_an_unfinished_database_is_left_for_the_command_that_finishes_it(
    flags: Flags, tmp_path: Path
) -> None:
    making.make_vault(flags, making.Plan(keyfile=True), quiet).close()
    home = tmp_path / "home"
    (home / "vault-1.db").rename(home / "vault-1.db.init")
    checkup = check(flags, fix=True)
    assert checkup.count(ERROR) == 0
    assert (home / "vault-1.db").exists()


def test_a_session_accepts_no_old_files(flags: Flags, tmp_path: Path) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        bundle, envelope = vault.bundle, vault.envelope
    home = opening.home_of(opening.folders_of(flags))
    policy = opening.policy_of(opening.load_settings(flags), flags)
    before = (tmp_path / "home" / HEADER).read_bytes()
    with pytest.raises(Locked, match="a session is not enough"):
        core.open_vault(home, envelope, bundle, policy, quiet, accept_age=True)
    assert (tmp_path / "home" / HEADER).read_bytes() == before


def test_a_header_is_mended_from_the_newest_one_that_the_key_vouches_for(
    flags: Flags, tmp_path: Path
) -> None:
    with making.make_vault(flags, making.Plan(keyfile=True), quiet) as vault:
        old = (tmp_path / "home" / HEADER).read_bytes()
        vault.slots.rename("keyfile", "stick")
        newest = (tmp_path / "home" / HEADER).read_bytes()
        forged = newest.replace(b'"revision":2', b'"revision":9')
        assert forged != newest
        (tmp_path / "home" / HEADER).write_bytes(forged)
        assert mending.mend_headers(vault) == [HEADER]
        (tmp_path / "home" / COPY).write_bytes(old)
        assert mending.mend_headers(vault) == [COPY]
        assert mending.mend_headers(vault) == []
        for name in (HEADER, COPY):
            assert (tmp_path / "home" / name).read_bytes() == newest
            (tmp_path / "home" / name).write_bytes(b"")
        with pytest.raises(Tampered, match="neither header is one that lango wrote"):
            mending.mend_headers(vault)
        for name in (HEADER, COPY):
            (tmp_path / "home" / name).write_bytes(newest)

"""An open vault fits the doors that other rooms will use; mypy compares, the tests use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lango_cli.errors import Tampered
from lango_cli.secret import SecretBytes
from lango_cli.vault import audit_check

if TYPE_CHECKING:
    from lango_cli.model import AuditSink, SecretReader, Store
    from tests.vault.place import Place

TOP = Path(__file__).resolve().parents[2]


def test_a_masker_reads_all_values_as_one_record_and_no_access(place: Place) -> None:
    with place.create() as vault:
        for name in ("a", "b", "c"):
            vault.secrets.set(name, SecretBytes(name.encode()))
        before = sum(1 for _ in audit_check.listing(vault))
        reader: SecretReader = vault.secrets
        found = {name: value.reveal() for name, value in reader.for_masking()}
        assert found == {"a": b"a", "b": b"b", "c": b"c"}
        assert [meta.access_count for meta in vault.secrets.list()] == [0, 0, 0]
        records = [record.event for record in audit_check.listing(vault)][before:]
        assert records == ["secret.masking"]


def test_a_layer_leaves_its_records_in_the_chain(place: Place) -> None:
    with place.create() as vault:
        sink: AuditSink = vault.audit
        sink.later(sink.event("tool.denied", "curl"))
        sink.append_read(sink.event("tool.allowed", "git"))
        last = [(record.event, record.target) for record in audit_check.listing(vault)][-2:]
        assert last == [("tool.denied", "curl"), ("tool.allowed", "git")]


def test_the_embedded_store_is_a_store(place: Place) -> None:
    with place.create() as vault:
        store: Store = vault.store
        with store.write():
            store.set_meta("test", 1)
        assert store.meta("test") == 1
        with pytest.raises(RuntimeError, match="half way"), store.write():
            store.set_meta("test", 2)
            raise RuntimeError("half way")
        assert store.meta("test") == 1


def test_a_header_two_changes_ahead_shows_an_older_database(place: Place) -> None:
    """One ahead is a crash; two cannot be, even where the state folder has forgotten the count."""
    with place.create(passphrase=True):
        pass
    old = place.read("vault-1.db")
    with place.open() as vault:
        vault.slots.rename("me", "one")
        vault.slots.rename("one", "two")
    (place.folder / "vault-1.db").write_bytes(old)
    for path in place.state.iterdir():
        path.unlink()
    with pytest.raises(Tampered, match="older"):
        place.open()


def test_a_pipe_in_place_of_a_state_file_does_not_stop_anything(place: Place) -> None:
    with place.create() as vault:
        vault.secrets.set("a", SecretBytes(b"1"))
        counters = place.home.counters(vault.id)
    os.unlink(counters)
    os.mkfifo(counters)
    with place.open() as vault:
        vault.secrets.set("a", SecretBytes(b"2"))
        assert vault.secrets.get("a").value.reveal() == b"2"


READ_WITHOUT_ROOM = """
import resource, signal, sys
from pathlib import Path
from lango_cli.errors import FileProblem
from lango_cli.secret import SecretBytes
from tests.vault.place import Place
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
place = Place(Path(sys.argv[1]))
vault = place.open()
print(vault.secrets.get("a").value.reveal().decode())
try:
    vault.secrets.set("a", SecretBytes(b"2"))
except FileProblem:
    print("not written")
vault.close()
print(*place.warnings)
"""


def test_a_reader_needs_no_room_on_the_disk(place: Place) -> None:
    """With no room for a writer's files the value is read, the record is not, and that is said."""
    with place.create() as vault:
        vault.secrets.set("a", SecretBytes(b"1"))
    command = [sys.executable, "-c", READ_WITHOUT_ROOM, str(place.root)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    value, refused, warnings = done.stdout.splitlines()
    assert (value, refused) == ("1", "not written")
    assert "not in the audit log" in warnings
    with place.open() as vault:
        assert vault.secrets.get("a").version == 1

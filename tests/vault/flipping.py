"""Changing single bytes of a vault and seeing what opening it says; for the suite and the soak.

The rule: an outcome is `right` (every value as it was stored) or the exit code of a `LangoError`.
Another value, or an exception of any other kind, is left to fail the test.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError, NotApplicable
from lango_cli.vault.home import COPY, HEADER
from tests.vault.place import DATABASE, Place, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lango_cli.secret import SecretBytes
    from lango_cli.vault.vault import Vault

ALLOWED = {12, 13, 14, 16}
"""Locked, wrong key, tampered, newer format: what a damaged file may lead to."""
PAGE = 4096
SPOTS = (0, 1, 15, 16, 99, 100, 1000, 2048, 4015, 4016, 4031, 4032, 4095)
"""Offsets in a page: its ends, the salt, SQLite's header, and the page's IV and MAC at its end."""
BIG = bytes(range(256)) * 40


class Sample:
    """A vault, its files in memory, and what a session keeps of it."""

    def __init__(self, place: Place, kept: SecretBytes, values: Mapping[str, bytes]) -> None:
        self.place = place
        self.kept = kept
        self.values = values
        self.files = {path.name: path.read_bytes() for path in place.folder.iterdir()}
        self.state = {path.name: path.read_bytes() for path in place.state.iterdir()}

    def put(self, files: Mapping[str, bytes]) -> None:
        """Make home and state folder exactly this home and the state as it was."""
        for folder, wanted in ((self.place.folder, files), (self.place.state, self.state)):
            for path in folder.iterdir():
                if path.name not in wanted:
                    path.unlink()
            for name, data in wanted.items():
                _write(folder / name, data)

    def open(self, how: str) -> Vault:
        """The vault by its keyfile, or by the session (by the keyfile where that does not fit)."""
        if how == "session":
            try:
                return self.place.open_session(self.kept)
            except NotApplicable:
                pass
        return self.place.open()


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, data)
    os.close(fd)


def make_sample(folder: Path) -> Sample:
    """A vault with a keyfile and a passphrase slot, versions, a long value, and some history."""
    place = Place(folder / "flips")
    with place.create(passphrase=True) as vault:
        values = {f"folder/name {number}": bytes([number]) * 30 for number in range(20)}
        values["big"] = BIG
        for name, value in values.items():
            set_value(vault, name, value)
        set_value(vault, "versions", b"old")
        values["versions@1"] = b"old"
        values[f"versions@{set_value(vault, 'versions', b'new')}"] = b"new"
        kept = vault.bundle.encode()
    place.policy.audit_reads = "off"
    return Sample(place, kept, values)


def flipped(data: bytes, offset: int, mask: int) -> bytes:
    """`data` with the bits of `mask` changed in one byte."""
    return data[:offset] + bytes([data[offset] ^ mask]) + data[offset + 1 :]


def header_outcome(sample: Sample, files: Mapping[str, bytes], how: str) -> str | int:
    """Open with these headers; only they are written, and nothing is recorded."""
    for name in (HEADER, COPY):
        path = sample.place.folder / name
        if name in files:
            _write(path, files[name])
        else:
            path.unlink(missing_ok=True)
    try:
        vault = sample.open(how)
    except LangoError as err:
        return err.code
    try:
        found = dict(_masked(vault))
    finally:
        vault.store.abandon()
    wanted = {name: value for name, value in sample.values.items() if "@" not in name}
    assert found == {**wanted, "versions": b"new"}, "another value"
    return "right"


def _masked(vault: Vault) -> Iterator[tuple[str, bytes]]:
    for name, value in vault.secrets.for_masking():
        yield name, value.reveal()


def try_header(
    sample: Sample, name: str, offset: int, mask: int, how: str, *, alone: bool = False
) -> str | int:
    """Change one byte of a header, the other one absent where it is to stand `alone`."""
    other = COPY if name == HEADER else HEADER
    files = {name: flipped(sample.files[name], offset, mask)}
    if not alone:
        files[other] = sample.files[other]
    return header_outcome(sample, files, how)


def database_offsets(sample: Sample) -> list[int]:
    """Several bytes of every page of the database, the first and the last of the file too."""
    size = len(sample.files[DATABASE])
    return [page + spot for page in range(0, size, PAGE) for spot in SPOTS]


def try_database(sample: Sample, offset: int, mask: int, how: str) -> str | int:
    """Change one byte of the database, then read every value and list everything."""
    changed = flipped(sample.files[DATABASE], offset, mask)
    sample.put({**sample.files, DATABASE: changed})
    try:
        vault = sample.open(how)
    except LangoError as err:
        return err.code
    try:
        for reference, value in sample.values.items():
            assert value_of(vault, reference) == value, "another value"
        names = {reference.partition("@")[0] for reference in sample.values}
        assert {meta.name for meta in vault.secrets.list()} == names
    except LangoError as err:
        return err.code
    finally:
        vault.store.abandon()
    return "right"


def look_at_database(sample: Sample, offset: int, mask: int, how: str) -> str | int:
    """Change one byte of the database, read every value and change it back; nothing is written.

    Many times faster than `try_database`, and it says as much about reading.
    """
    fd = os.open(sample.place.database, os.O_RDWR)
    try:
        os.pwrite(fd, bytes([sample.files[DATABASE][offset] ^ mask]), offset)
        return _values_seen(sample, how)
    finally:
        os.pwrite(fd, sample.files[DATABASE][offset : offset + 1], offset)
        os.close(fd)


def _values_seen(sample: Sample, how: str) -> str | int:
    try:
        vault = sample.open(how)
    except LangoError as err:
        return err.code
    try:
        found = dict(_masked(vault))
        names = {meta.name for meta in vault.secrets.list()}
        for version in vault.secrets.history("versions"):
            secret = vault.secrets.show("versions").id
            value = vault.secrets._open(secret, "versions", version.version)
            found[f"versions@{version.version}"] = value.reveal()
    except LangoError as err:
        return err.code
    finally:
        vault.store.abandon()
    assert found == {**sample.values, "versions": b"new"}, "another value"
    assert names == {reference.partition("@")[0] for reference in sample.values}
    return "right"


def remove_sample(sample: Sample) -> None:
    """Take the files away again."""
    shutil.rmtree(sample.place.root)

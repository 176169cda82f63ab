"""The format of a backup: one encrypted database, then a trailer that says what it is.

    database    pages of SQLCipher under the vault's database key, with a salt of its own
    trailer     canonical JSON, zeros up to whole pages less 64 bytes, and the end:
                magic (12 bytes), format, length of the JSON, length of the trailer (4 bytes each,
                big-endian), 8 zeros, HMAC-SHA256 (32 bytes)

The database begins the file, so that it opens where it lies and is checked without a second copy.
The JSON holds a copy of the vault's header, so that a backup needs nothing else but a credential
of one of its slots; and how many pages the database has, and their SHA-256.

The rule: nothing is believed before it is bounds-checked. Whether the file is whole is known from
its SHA-256 without any key; that lango wrote it, from the HMAC over the whole trailer, whose key
comes from the header key.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lango_cli import files
from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto.mac import hkdf_sha256, hmac_sha256, pack, same
from lango_cli.crypto.stream import sha256_of
from lango_cli.errors import FileProblem, NewerFormat, Tampered
from lango_cli.vault.header import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.crypto.keys import HeaderKey
    from lango_cli.model import Progress
    from lango_cli.vault.envelope import Envelope

MAGIC = b"lango-backup"
FORMAT = 1
END = 64
MAC = 32
LIMIT = 4 << 20
"""Bytes that a trailer may have: a header of the largest size, in base64, and some more."""
CHUNK = 1 << 20
HINT = "take another backup"

_FIELDS = frozenset(("commits", "counts", "header", "made", "pages", "schema", "sha256"))


@dataclass(frozen=True, slots=True)
class About:
    """What a trailer says. `made` in milliseconds UTC; `counts`: rows by table."""

    envelope: Envelope
    header: bytes
    made: int
    commits: int
    schema: int
    pages: int
    sha256: bytes
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was read, not yet verified: where it is, how large, and what it says."""

    path: str
    size: int
    about: About
    trailer: bytes

    @property
    def id(self) -> str:
        """12 hex digits, of the digest of its database."""
        return self.about.sha256.hex()[:12]

    def verify(self, key: HeaderKey) -> None:
        """Tampered unless lango wrote this trailer with the vault's key."""
        vault = self.about.envelope.vault_bytes
        if not same(self.trailer[-MAC:], _mac(key, vault, self.trailer[:-MAC])):
            raise Tampered(f"{self.path} was changed by something other than lango", hint=HINT)
        self.about.envelope.verify(key)

    def check_digest(self, progress: Progress) -> None:
        """Tampered unless the database is byte for byte what the trailer says."""
        length = self.about.pages * self.about.envelope.page_size
        progress.start("reading", length)
        if not same(file_digest(self.path, length, progress), self.about.sha256):
            raise Tampered(f"{self.path} is damaged: its database is not what it was", hint=HINT)


def _mac(key: HeaderKey, vault: bytes, body: bytes) -> bytes:
    own = hkdf_sha256(key.reveal(), vault, b"lango/backup/v1")
    return hmac_sha256(own, pack(b"lango/backup/v1", body))


def file_digest(path: str, length: int, progress: Progress) -> bytes:
    """SHA-256 of the first `length` bytes of a file."""

    def chunks() -> Iterator[bytes]:
        left = length
        with open(path, "rb") as stream:
            while left and (chunk := stream.read(min(left, CHUNK))):
                left -= len(chunk)
                progress.advance(len(chunk))
                yield chunk

    try:
        return sha256_of(chunks())
    except OSError as err:
        raise files.problem(path, err) from None


def trailer_of(about: About, key: HeaderKey) -> bytes:
    """What follows the database's last page: whole pages."""
    body = canonical(
        {
            "commits": about.commits,
            "counts": about.counts,
            "header": b64(about.header),
            "made": about.made,
            "pages": about.pages,
            "schema": about.schema,
            "sha256": about.sha256.hex(),
        }
    )
    page = about.envelope.page_size
    length = -(-(len(body) + END) // page) * page
    numbers = b"".join(number.to_bytes(4, "big") for number in (FORMAT, len(body), length))
    sealed = body.ljust(length - END, b"\0") + MAGIC + numbers + bytes(8)
    return sealed + _mac(key, about.envelope.vault_bytes, sealed)


def read_backup(path: str) -> Backup:
    """The backup at `path` as its trailer describes it.

    Tampered if it is cut short or none at all, NewerFormat for a later one.
    """
    try:
        with open(path, "rb", opener=_opener) as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise FileProblem(f"{path} is not a regular file", hint="name a backup")
            stream.seek(max(0, about.st_size - END))
            body, length = _end(path, stream.read(END))
            if length > about.st_size:
                raise _foreign(path)
            stream.seek(about.st_size - length)
            trailer = stream.read(length)
    except OSError as err:
        raise files.problem(path, err) from None
    found = _about(trailer[:body])
    database = found.pages * found.envelope.page_size
    if len(trailer) != length or about.st_size != database + length:
        raise Tampered(f"{path} has not the length it should: it was cut or added to", hint=HINT)
    return Backup(path, about.st_size, found, trailer)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)


def _foreign(path: str) -> Tampered:
    return Tampered(
        f"{path} does not end as a backup of lango does: it was cut short, or is none",
        hint="name a file that lango db backup made",
    )


def _end(path: str, end: bytes) -> tuple[int, int]:
    """Lengths of the JSON and of the trailer."""
    if len(end) != END or not end.startswith(MAGIC):
        raise _foreign(path)
    version, body, length = (int.from_bytes(end[at : at + 4], "big") for at in (12, 16, 20))
    if version > FORMAT:
        raise NewerFormat(f"{path} is a backup of format {version}, this lango knows {FORMAT}")
    if version != FORMAT or any(end[24:32]) or not body + END <= length <= LIMIT:
        raise Tampered(f"{path} has a damaged end", hint=HINT)
    return body, length


def _about(data: bytes) -> About:
    document = parse_canonical(data, "the backup's trailer")
    if not isinstance(document, dict) or document.keys() != _FIELDS:
        raise Tampered("the backup's trailer has not the members it should", hint=HINT)
    header = unb64(document["header"], "the backup's header")
    digest = document["sha256"]
    if not isinstance(digest, str) or len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise Tampered("the backup's digest is not 64 hex digits", hint=HINT)
    return About(
        envelope=parse(header),
        header=header,
        made=_whole(document["made"]),
        commits=_whole(document["commits"]),
        schema=_whole(document["schema"]),
        pages=_whole(document["pages"]),
        sha256=bytes.fromhex(digest),
        counts=_counts(document["counts"]),
    )


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise Tampered("the backup's trailer has a number that it cannot have", hint=HINT)
    return value


def _counts(value: Any) -> dict[str, int]:  # noqa: ANN401  # whatever the JSON held
    if not isinstance(value, dict) or len(value) > 1000:
        raise Tampered("the backup's trailer has no counts", hint=HINT)
    return {name: _whole(count) for name, count in value.items()}

"""`lango keys sign|verify --each`: many files by one unlock, the signature of each beside it.

The rule: the signature of FILE is FILE.sig. Signing writes all of them or none: every file is read
and signed before the first is written, none that is there is replaced, and where one cannot be
written those before it are taken back. Verifying looks at every file before it says no.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lango_cli import files, hygiene
from lango_cli.cli import values
from lango_cli.cli.keys_app import many
from lango_cli.codec import b64, unb64
from lango_cli.errors import BadSignature, FileProblem, Tampered, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.cli.call import Call

SUFFIX = ".sig"
SIGNATURE_LIMIT = 4096
"""Bytes of a signature, in base64 and with a line end."""
MODE = 0o666
"""A signature is for whoever may read what it signs, as far as the umask lets them."""


def sign(call: Call, name: str, paths: Sequence[str], *, base64: bool) -> None:
    """Write FILE.sig beside each FILE."""
    _check(paths)
    for path in paths:
        if files.exists(path + SUFFIX):
            reason = f"{path + SUFFIX} is there already, so nothing is signed"
            raise FileProblem(reason, hint="remove it, or move it away")
    with call.vault() as vault:
        made = vault.key_use.sign_all(name, map(_read, paths))
    _write(paths, [b64(one).encode() + b"\n" if base64 else one for one in made])
    call.ui.note(f"{many(len(paths), 'file')} signed, each into FILE{SUFFIX}")
    if call.ui.json:
        signed = [{"file": path, "signature_file": path + SUFFIX} for path in paths]
        call.ui.document({"files": signed})


def verify(call: Call, name: str, paths: Sequence[str], *, base64: bool) -> None:
    """Say of each FILE whether FILE.sig is the key's; BadSignature if one is not."""
    _check(paths)
    with call.vault() as vault:
        found = vault.key_use.verify_all(name, _signed(paths, base64=base64))
    for path, version in zip(paths, found, strict=True):
        if version is not None:
            call.ui.note(f"{path}: signed by {name.partition('@')[0]}@{version}")
        elif files.exists(path + SUFFIX):
            call.ui.warn(f"{path}: {path + SUFFIX} is no signature of key {name} over it")
        else:
            call.ui.warn(f"{path}: there is no {path + SUFFIX}")
    if call.ui.json:
        told = zip(paths, found, strict=True)
        members = [{"file": p, "verified": v is not None, "version": v} for p, v in told]
        call.ui.document({"files": members})
    if None in found:
        wrong = f"{found.count(None)} of {many(len(paths), 'file')}"
        raise BadSignature(f"{wrong} not signed by key {name}")


def _check(paths: Sequence[str]) -> None:
    """UsageProblem or FileProblem before anything is unlocked."""
    if not paths:
        raise UsageProblem("--each needs a FILE", hint="after KEY: as many as there are")
    if "-" in paths:
        raise UsageProblem("--each takes files alone", hint="for standard input leave it out")
    if len(set(paths)) != len(paths):
        raise UsageProblem("a file is named twice", hint="name each file once")
    for path in paths:
        if not os.path.isfile(path):
            raise FileProblem(f"{path} is not a file", hint="check it; nothing was done")


def _read(path: str, limit: int = values.LIMIT) -> bytes:
    """All of a file, which is named where it cannot be had."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise files.problem(path, err) from None
    try:
        return files.read_fd(fd, path, limit)
    finally:
        os.close(fd)


def _signed(paths: Sequence[str], *, base64: bool) -> Iterator[tuple[bytes, bytes]]:
    """Each file and what stands for its signature: nothing where that is missing or no base64."""
    for path in paths:
        there = files.exists(path + SUFFIX)
        signature = _read(path + SUFFIX, SIGNATURE_LIMIT) if there else b""
        yield _read(path), _decoded(signature) if base64 else signature


def _decoded(text: bytes) -> bytes:
    try:
        return unb64(values.without_line_end(text).decode("ascii", "replace"), "the signature")
    except Tampered:
        return b""


def _write(paths: Sequence[str], signatures: Sequence[bytes]) -> None:
    """All of them; where one fails, or somebody interrupts, none.

    Nothing secret is written any more, so the umask is again the one that lango was started with.
    """
    hygiene.give_back_umask()
    written: list[str] = []
    try:
        for path, signature in zip(paths, signatures, strict=True):
            files.create(path + SUFFIX, signature, MODE)
            written.append(path + SUFFIX)
    except BaseException:
        for path in written:
            files.remove(path)
        raise

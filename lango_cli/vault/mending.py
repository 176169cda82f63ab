"""What `doctor --fix` may mend in a vault's files: a lost copy of the header, an accepted age.

The rule: nothing is written that the vault's own key has not vouched for, and whoever accepts a
header or database that was rolled back has opened a slot, and it stands in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.errors import Locked, NewerFormat, Tampered, TooLarge
from lango_cli.vault.envelope import HEADER_LIMIT
from lango_cli.vault.header import parse
from lango_cli.vault.home import COPY, HEADER

if TYPE_CHECKING:
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.home import Home
    from lango_cli.vault.parts import Parts

LOCK = "vault.lock"


def header_of(home: Home, name: str) -> Envelope:
    """What one of the two header files holds; Tampered says why it cannot be read."""
    data = files.read(home.path(name), HEADER_LIMIT)
    if data is None:
        raise Tampered("it is missing")
    return parse(data)


def same_header(one: Envelope, other: Envelope) -> bool:
    """Whether the two say the same, seal included."""
    return one.mac == other.mac and one.document() == other.document()


def mend_headers(vault: Parts) -> list[str]:
    """Write the newest header that the vault's key vouches for to both files; which changed."""
    home, key = vault.home, vault.bundle.header
    with files.Lock(home.path(LOCK), vault.store.lock_timeout):
        newest = max(_verified(vault), key=lambda header: header.revision)
        data = newest.render(key)
        changed = [name for name in (HEADER, COPY) if not _holds(home, name, data)]
        if changed:
            files.replace_all(tuple(home.path(name) for name in changed), data)
    with vault.store.write():
        event = vault.audit.event("header.mend", ", ".join(changed))
        vault.audit.append(event)
    return changed


def _verified(vault: Parts) -> list[Envelope]:
    found = []
    for name in (HEADER, COPY):
        try:
            header = header_of(vault.home, name)
            header.verify(vault.bundle.header)
        except (Tampered, TooLarge, NewerFormat):
            continue
        found.append(header)
    if not found:
        raise Tampered("neither header is one that lango wrote", hint="restore a backup")
    return found


def _holds(home: Home, name: str, data: bytes) -> bool:
    try:
        return files.read(home.path(name), HEADER_LIMIT) == data
    except TooLarge:
        return False


def accept_age(vault: Parts, seen: int) -> None:
    """From now on this header and this database count as the newest; `seen`: commits known of."""
    if vault.master is None:
        raise Locked(
            "accepting an old header or database needs a real unlock, a session is not enough",
            hint="give a passphrase or keyfile: --passphrase-file F, --keyfile F",
        )
    key, store = vault.bundle.header, vault.store
    with store.write():
        envelope = vault.home.read_header(lambda _text: None)
        envelope.verify(key)
        header, known, commits = envelope.revision, store.meta("revision"), store.meta("commits")
        envelope.revision = max(header, known)
        vault.home.write_header(envelope, key)
        store.set_meta("revision", envelope.revision)
        store.set_meta("commits", max(commits, seen + 1))
        detail = f"header {header} where {known} was known, commit {commits} where {seen} was seen"
        vault.audit.append(vault.audit.event("vault.accept", outcome="ok", detail=detail))
    vault.envelope = envelope

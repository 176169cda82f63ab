"""Many secrets at once: how they stand beside the vault's, and writing them in one go.

The rule: first `compare`, which changes nothing and says of each incoming secret whether it is
new, changed, the same or refused; then `write`, which does exactly that much or nothing. Between
the two somebody is asked, and another process may write: what has moved by then is a Conflict.
Everything is one transaction, each secret written has its own audit record, and what is the same
is not touched, so that the same import twice makes no second version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from lango_cli.crypto.mac import random_bytes
from lango_cli.errors import Conflict, InvalidName, KeyUnusable, UsageProblem
from lango_cli.model import Unwatched
from lango_cli.secret import SecretBytes
from lango_cli.vault import rows, rows_bulk
from lango_cli.vault.ask_first import asks_first
from lango_cli.vault.names import check_name, check_prefix, check_tags
from lango_cli.vault.reader import VALUE_LIMIT
from lango_cli.vault.secrets import UNCHANGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lango_cli.model import Progress
    from lango_cli.vault.rows import Row
    from lango_cli.vault.secrets import Secrets

NEW, CHANGED, DESCRIBED, SAME, REFUSED = "new", "changed", "described", "same", "refused"
"""`described`: the value is the same, the note, owner, tags or dates are not."""

CHUNK = 1000
"""Secrets that one statement inserts."""
NAMES_SHOWN = 32_768
"""Characters of names in one audit record."""
UNKNOWN_ID = ""


class Incoming(Protocol):
    """A secret that somebody wants kept. What is None was not said, and is left as it is."""

    name: str
    value: SecretBytes
    note: str | None
    owner: str | None
    tags: tuple[str, ...] | None
    expires_at: float | None
    rotate_every: float | None


class Standing:
    """One incoming secret beside the vault: which kind, why refused, and what is there now."""

    __slots__ = ("incoming", "kind", "name", "reason", "secret", "version")

    def __init__(self, incoming: Incoming, kind: str, name: str, reason: str = "") -> None:
        self.incoming = incoming
        self.kind = kind
        self.name = name
        self.reason = reason
        self.secret = UNKNOWN_ID
        self.version = 0


class Outgoing(NamedTuple):
    """A secret as it leaves. Times are seconds since 1970 UTC."""

    name: str
    value: SecretBytes
    note: str
    owner: str
    tags: tuple[str, ...]
    expires_at: float | None
    rotate_every: float | None


def compare(secrets: Secrets, incoming: Sequence[Incoming]) -> list[Standing]:
    """How each incoming secret stands, in their order. Nothing is written."""
    store = secrets._store
    known = rows_bulk.live(store) if len(incoming) > CHUNK else None
    found = [_checked(one) for one in incoming]
    times: dict[str, int] = {}
    for standing in found:
        times[standing.name] = times.get(standing.name, 0) + 1
    for standing in found:
        if standing.kind == REFUSED:
            continue
        if times[standing.name] > 1:
            standing.kind, standing.reason = REFUSED, "its name stands here more than once"
        elif known is None or standing.name in known:
            row = rows_bulk.standing(store, standing.name)
            if row is not None:
                _compare(secrets, standing, row)
    return found


def _checked(one: Incoming) -> Standing:
    try:
        name = check_name(one.name)
        check_tags(one.tags or ())
    except (InvalidName, UsageProblem) as err:
        return Standing(one, REFUSED, one.name, err.message)
    if len(one.value) > VALUE_LIMIT:
        return Standing(one, REFUSED, name, f"its value is over {VALUE_LIMIT} bytes")
    return Standing(one, NEW, name)


def _compare(secrets: Secrets, standing: Standing, row: Row) -> None:
    _, secret, version, key_id, key_version, sealed, *about = row
    standing.secret, standing.version = secret, version
    try:
        data = secrets._reader._unseal(secret, version, (key_id, key_version), sealed)
    except KeyUnusable:  # It opens no more; a new version is how it comes back.
        standing.kind = CHANGED
        return
    if SecretBytes(data) != standing.incoming.value:
        standing.kind = CHANGED
    else:
        standing.kind = SAME if _says_nothing_new(standing.incoming, about) else DESCRIBED


def _says_nothing_new(one: Incoming, about: Sequence[object]) -> bool:
    note, owner, expires_at, rotate_every, tags = about
    have = tuple(sorted(str(tags).split("\n"))) if tags else ()
    return (
        one.note in (None, note)
        and one.owner in (None, owner)
        and _same_second(one.expires_at, expires_at)
        and (None if one.rotate_every is None else int(one.rotate_every)) in (None, rotate_every)
        and (one.tags is None or check_tags(one.tags) == have)
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _same_second(seconds: float | None, kept: object) -> bool:
    """Whether nothing is said, or the second that is kept: an export has no more than that."""
    return seconds is None or (isinstance(kept, int) and int(seconds // 1) == kept // 1000)


def record_comparison(secrets: Secrets, source: str, count: int) -> None:
    """That somebody compared values with the vault's, and changed nothing."""
    event = secrets._audit.event(
        "secret.import", source, outcome="dry-run", detail=f"{count} compared"
    )
    secrets._audit.append_read(event)


@asks_first
def write(
    secrets: Secrets,
    standings: Sequence[Standing],
    source: str,
    progress: Progress | None = None,
) -> None:
    """Keep what is new, changed or described, all of it or nothing; `source` is for the record.

    Conflict if the vault has moved since the comparison.
    """
    wanted = _wanted(standings)
    if not wanted:
        return
    watcher: Progress = progress or Unwatched()
    watcher.start("importing", len(wanted))
    new = sum(one.kind == NEW for one in wanted)
    with secrets._store.write():
        secrets._record("secret.import", source, f"{new} new, {len(wanted) - new} changed")
        write_inside(secrets, wanted, f"import {source}", watcher)
        secrets._sweep()
    secrets._tidy()


def write_inside(
    secrets: Secrets, standings: Sequence[Standing], detail: str, watcher: Progress
) -> None:
    """`write` for the inside of a transaction that has more to do; `detail` is for the records."""
    wanted = _wanted(standings)
    _check_unmoved(secrets, wanted)
    new = [one for one in wanted if one.kind == NEW]
    for at in range(0, len(new), CHUNK):
        chunk = new[at : at + CHUNK]
        _insert(secrets, chunk, detail)
        watcher.advance(len(chunk))
    for one in wanted:
        if one.kind != NEW:
            _update(secrets, one, detail)
            watcher.advance()


def _wanted(standings: Sequence[Standing]) -> list[Standing]:
    return [one for one in standings if one.kind in (NEW, CHANGED, DESCRIBED)]


def _check_unmoved(secrets: Secrets, wanted: Sequence[Standing]) -> None:
    known = rows_bulk.live(secrets._store) if len(wanted) > CHUNK else None
    for one in wanted:
        found = rows.live(secrets._store, one.name) if known is None else known.get(one.name)
        if found != (None if one.kind == NEW else (one.secret, one.version)):
            raise Conflict(
                f"{one.name} was changed by another process in the meantime",
                hint="nothing was written; run the command again",
            )


def _insert(secrets: Secrets, chunk: Sequence[Standing], detail: str) -> None:
    """New secrets, with all that is known of them."""
    now, key = secrets._now(), secrets.keys.active(None)
    ids = random_bytes(16 * len(chunk))
    added, versions, tags, events = [], [], [], []
    for number, standing in enumerate(chunk):
        one, secret = standing.incoming, ids[16 * number : 16 * number + 16].hex()
        every = None if one.rotate_every is None else int(one.rotate_every)
        ends = _milliseconds(one.expires_at)
        about = (one.note or "", one.owner or "", ends, every)
        added.append((secret, standing.name, now, now, now, *about))
        sealed = secrets._reader._seal(secret, 1, key, one.value.reveal())
        versions.append((secret, *key[:2], now, len(one.value), sealed))
        tags += [(secret, tag) for tag in check_tags(one.tags or ())]
        event = secrets._audit.event("secret.write", f"{standing.name}@1", detail=detail)
        events.append(event)
    rows_bulk.insert_secrets(secrets._store, added)
    rows_bulk.insert_first_versions(secrets._store, versions)
    rows_bulk.insert_tags(secrets._store, tags)
    secrets._audit.append(*events)


def _update(secrets: Secrets, standing: Standing, detail: str) -> None:
    """A secret that is there: a new version where the value differs, and what was said of it."""
    one, secret = standing.incoming, standing.secret
    event, target = "secret.edit", standing.name
    if standing.kind == CHANGED:
        version = secrets._add_version(secret, one.value)
        event, target = "secret.write", f"{standing.name}@{version}"
        if keep := secrets._policy.settled().versions:
            rows.drop_versions(secrets._store, secret, keep)
    ends = UNCHANGED if one.expires_at is None else one.expires_at
    every = UNCHANGED if one.rotate_every is None else one.rotate_every
    secrets._describe(secret, one.note, one.owner, one.tags, ends, every)
    secrets._record(event, target, detail)


def export(secrets: Secrets, prefix: str) -> list[Outgoing]:
    """Every live secret in a folder (all: empty), names in byte order; call `record_export`."""
    return [*_opened(secrets, check_prefix(prefix))]


def _opened(secrets: Secrets, prefix: str) -> Iterator[Outgoing]:
    for row in rows_bulk.all_standing(secrets._store, prefix):
        name, secret, version, key_id, key_version, sealed, note, owner, ends, every, tags = row
        data = secrets._reader._unseal(secret, version, (key_id, key_version), sealed)
        yield Outgoing(
            name,
            SecretBytes(data),
            note,
            owner,
            tuple(sorted(tags.split("\n"))) if tags else (),
            None if ends is None else ends / 1000,
            every,
        )


def record_export(secrets: Secrets, prefix: str, form: str, names: Sequence[str]) -> None:
    """One record of all that left, by name as far as names fit, and one access of each."""
    listed = ", ".join(names)
    if len(listed) > NAMES_SHOWN:
        listed = f"{listed[:NAMES_SHOWN]}... (all in {prefix or 'the vault'})"
    now = secrets._now()
    event = secrets._audit.event(
        "secret.export", prefix or "*", detail=f"{form}, {len(names)}: {listed}"
    )
    secrets._audit.append_read(
        event, then=lambda: rows_bulk.touch_all(secrets._store, prefix, now)
    )

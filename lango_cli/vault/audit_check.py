"""Reading the audit chain: listing, verifying, exporting its head, cutting off its old end.

Integrity and completeness are told apart. Integrity: every record's MAC follows from the one
before and the numbers have no gap. Completeness: nothing was cut from the end, which only a head
exported earlier can show. A head is signed with an Ed25519 key derived from the audit key, so that
whoever was given the public key can check it without the vault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lango_cli.codec import b64, canonical, parse_canonical, rfc3339, unb64
from lango_cli.crypto.mac import hkdf_sha256, same
from lango_cli.crypto.signing import ed25519_public, ed25519_sign, ed25519_verify
from lango_cli.errors import Tampered
from lango_cli.model import AuditRecord
from lango_cli.vault import rows
from lango_cli.vault.audit import START, record_mac

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.vault.parts import Parts

_HEAD_FIELDS = frozenset(("at", "mac", "public_key", "seq", "signature", "v", "vault"))
_BASE = "audit_base"
_PRUNED = "audit_pruned"
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Report:
    """What verifying found. `complete` is None where no head was given to compare with."""

    records: int
    first: int
    last: int
    intact: bool
    complete: bool | None
    problems: tuple[str, ...] = field(default=())


def listing(vault: Parts, first: int = 1) -> Iterator[AuditRecord]:
    """Records from number `first` on, oldest first."""
    for _seq, data, _ in rows.records(vault.store, first):
        yield _record(data)


def _record(data: bytes) -> AuditRecord:
    document = parse_canonical(data, "an audit record")
    try:
        return AuditRecord(
            seq=document["seq"],
            at=document["at"] / 1000,
            event=document["event"],
            target=document["target"],
            outcome=document["outcome"],
            uid=document["uid"],
            pid=document["pid"],
            parent=document["parent"],
            terminal=document["terminal"],
            detail=document["detail"],
        )
    except (KeyError, TypeError, OverflowError):
        raise Tampered("an audit record has not the members it should") from None


def verify(vault: Parts, head: dict[str, Any] | None = None) -> Report:
    """Walk the whole chain, and compare with a head exported earlier where one is given."""
    problems: list[str] = []
    expected, previous = _base(vault, problems)
    first = expected
    count = 0
    for seq, data, mac in rows.records(vault.store, 0):
        if seq != expected:
            problems.append(f"records {expected} to {seq - 1} are missing")
            break
        if not same(
            mac, record_mac(vault.bundle.audit, vault.envelope.vault_bytes, previous, data)
        ):
            problems.append(f"record {seq} was changed")
            break
        previous, expected, count = mac, seq + 1, count + 1
    intact = not problems
    complete = None if head is None else _covers(vault, head, problems)
    return Report(count, first, expected - 1, intact, complete, tuple(problems))


def _base(vault: Parts, problems: list[str]) -> tuple[int, bytes]:
    """Number and predecessor's MAC of the oldest record there should be."""
    kept = vault.store.meta(_BASE)
    if kept is None:
        return 1, START
    try:
        base = parse_canonical(kept, "the audit checkpoint")
        body = {"mac": base["mac"], "seq": base["seq"]}
        signature = unb64(base["signature"], "the audit checkpoint's signature")
        mac = unb64(base["mac"], "the audit checkpoint")
        if ed25519_verify(ed25519_public(_seed(vault)), canonical(body), signature):
            return base["seq"] + 1, mac
        problems.append("the audit checkpoint's signature does not verify")
    except (Tampered, KeyError, TypeError):
        problems.append("the audit checkpoint is damaged")
    return 1, START


def _covers(vault: Parts, head: dict[str, Any], problems: list[str]) -> bool:
    """Whether the record that the head names is still there with the same MAC."""
    check_head(head)
    if head["vault"] != vault.id:
        problems.append("the head is of another vault")
        return False
    if not same(unb64(head["public_key"], "the head's key"), ed25519_public(_seed(vault))):
        problems.append("the head was signed with another vault's key")
        return False
    kept = rows.record_mac(vault.store, head["seq"]) if head["seq"] else START
    base = vault.store.meta(_BASE)
    if kept is None and base is not None:
        cut = parse_canonical(base, "the audit checkpoint")
        if head["seq"] < cut["seq"]:
            return True
        kept = unb64(cut["mac"], "the audit checkpoint") if head["seq"] == cut["seq"] else None
    if kept is None:
        problems.append(f"the chain ends before record {head['seq']}, which the head knows")
        return False
    if not same(kept, unb64(head["mac"], "the head")):
        problems.append(f"record {head['seq']} is not the one that the head knows")
        return False
    return True


def check_head(head: object) -> None:
    """Tampered unless it is an exported head with a signature of its own public key."""
    if not isinstance(head, dict) or head.keys() != _HEAD_FIELDS or type(head["seq"]) is not int:
        raise Tampered("this is no exported audit head")
    body = {name: head[name] for name in sorted(_HEAD_FIELDS - {"signature"})}
    public = unb64(head["public_key"], "the head's key")
    try:
        signed = canonical(body)
    except (TypeError, ValueError, RecursionError):
        raise Tampered("this is no exported audit head") from None
    if not ed25519_verify(public, signed, unb64(head["signature"], "the head's signature")):
        raise Tampered("the head's signature does not verify")


def head(vault: Parts) -> dict[str, Any]:
    """The chain's newest record, signed, to be kept somewhere else and compared later."""
    last = rows.last_record(vault.store)
    seq, mac = (0, START) if last is None else last
    seed = _seed(vault)
    body: dict[str, Any] = {
        "at": rfc3339(vault.clock()),
        "mac": b64(mac),
        "public_key": b64(ed25519_public(seed)),
        "seq": seq,
        "v": 1,
        "vault": vault.id,
    }
    return {**body, "signature": b64(ed25519_sign(seed, canonical(body)))}


def _seed(vault: Parts) -> bytes:
    key = vault.bundle.audit.reveal()
    return hkdf_sha256(key, vault.envelope.vault_bytes, b"lango/audit-head/v1")


def prune(vault: Parts, keep_seconds: float) -> int:
    """Cut off records older than so many seconds, leaving a signed checkpoint; how many went."""
    before = vault.clock() - keep_seconds
    through = 0
    mac = START
    for seq, data, record in rows.records(vault.store, 0):
        if _record(data).at >= before:
            break
        through, mac = seq, record
    if not through:
        return 0
    with vault.store.write():
        if rows.record_mac(vault.store, through) != mac:
            return 0  # Another process was here meanwhile, and it may have gone further.
        # First, while there is a record for it to follow: the chain goes on where it was.
        vault.audit.append(
            vault.audit.event("audit.checkpoint", detail=f"removed through {through}, signed")
        )
        gone = rows.drop_records(vault.store, through)
        body = {"mac": b64(mac), "seq": through}
        signature = b64(ed25519_sign(_seed(vault), canonical(body)))
        vault.store.set_meta(_BASE, canonical({**body, "signature": signature}))
    return gone


def prune_daily(vault: Parts, keep_seconds: float) -> None:
    """`prune`, unless it was done within a day."""
    now = int(vault.clock() * 1000)
    last = vault.store.meta(_PRUNED)
    if isinstance(last, int) and 0 <= now - last < _DAY:
        return
    prune(vault, keep_seconds)
    with vault.store.write():
        vault.store.set_meta(_PRUNED, now)

"""Making and re-wrapping keys of the registry that a custodian keeps.

The rule: a custodian may take seconds, so it is asked before the writer's lock is taken, and what
it gave counts only if nobody changed the key meanwhile. A signing key is tried before it counts:
its signature has to hold under the public half that is written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.crypto.ecdsa import verify_pem
from lango_cli.errors import Conflict, KeyUnusable, Tampered, UsageProblem
from lango_cli.model_custody import Rewrapping
from lango_cli.vault import kept_keys, rows_keys
from lango_cli.vault.kept_keys import KeptKey
from lango_cli.vault.keys import DESTROYED, ENCRYPTION

if TYPE_CHECKING:
    from lango_cli.vault.parts import Parts

PROBE = b"lango/kept-key/probe/v1"
"""What a signing key signs once, to see that it can."""


def material(vault: Parts, uri: str, purpose: str, key_id: str) -> bytes:
    """What stands for a new version of a key at `uri`."""
    custodian = kept_keys.reached(vault.custody, KeptKey(uri.partition(":")[0], uri))
    try:
        if purpose == ENCRYPTION:
            return kept_keys.make(custodian, uri, vault.id, key_id)
        public = custodian.public_key()
        if not verify_pem(public, PROBE, custodian.sign(PROBE)):
            raise KeyUnusable(
                f"{custodian.provider} signs with another key than it shows",
                hint="look at the key where it is kept; lango takes ECDSA on P-256 over SHA-256",
            )
        return KeptKey(custodian.provider, uri, public=public).encode()
    finally:
        custodian.close()


def next_material(vault: Parts, key_id: str, version: int, name: str) -> bytes | None:
    """What stands for the next version of a key, None for a key that the vault keeps itself."""
    blob = vault.keys.stored(key_id, version).wrapped
    if not kept_keys.is_kept(blob):
        return None
    kept = kept_keys.decode(blob)
    if not kept.wrapped:
        raise UsageProblem(
            f"key {name} is its custodian's, which has no other version of it here",
            hint="make a key of its own: lango keys create NAME --type signing --custodian URI",
        )
    return material(vault, kept.uri, ENCRYPTION, key_id)


def rewrap(vault: Parts, name: str, key_id: str) -> int:
    """Wrap every version of a kept key anew, its bytes as they are; how many.

    No value is touched. Conflict if somebody else changed the key meanwhile.
    """
    changes = []
    for version, _, _ in rows_keys.versions(vault.store, key_id):
        found = vault.keys.stored(key_id, version)
        if found.state != DESTROYED and kept_keys.is_kept(found.wrapped):
            changes.append((version, found.wrapped, _anew(vault, found.wrapped, key_id)))
    with vault.store.write():
        for version, old, _ in changes:
            if vault.keys.stored(key_id, version).wrapped != old:
                raise Conflict(f"key {name} was changed by another process meanwhile")
        rows_keys.replace_wrapped(
            vault.store, [(new, key_id, version) for version, _, new in changes]
        )
        detail = f"{len(changes)} versions"
        vault.audit.append(vault.audit.event("key.rewrap", name, detail=detail))
    return len(changes)


def _anew(vault: Parts, blob: bytes, key_id: str) -> bytes:
    kept = kept_keys.decode(blob)
    if not kept.wrapped:
        raise UsageProblem("a key that signs at its custodian is wrapped in nothing", hint="")
    custodian = kept_keys.reached(vault.custody, kept)
    try:
        context = kept_keys.context_of(vault.id, key_id)
        key = custodian.unwrap(kept.wrapped, context)
        if not isinstance(custodian, Rewrapping):
            return kept_keys.wrap(custodian, kept.uri, key, vault.id, key_id)
        again = custodian.rewrap(kept.wrapped, context)
        if custodian.unwrap(again, context) != key:
            raise Tampered(f"{custodian.provider} wrapped another key anew")
        return KeptKey(kept.provider, kept.uri, wrapped=again).encode()
    finally:
        custodian.close()

"""What must hold of a vault whatever was done to the process or the disk, and what is in it.

The rule: a plain reader comes first, then the next writer; no other step is taken. Everything that
was in the vault is there, the audit chain goes on from where it was, every seal holds, and the
writer leaves nothing lying about. What is in the vault is told as one JSON text, to be compared
with what was there before the operation and after it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lango_cli.crypto.mac import digest
from lango_cli.errors import WrongKey
from lango_cli.model import Unwatched
from lango_cli.vault import checking, rows_check
from lango_cli.vault.home import COPY, HEADER, KEYFILE, PENDING
from lango_cli.vault.mending import header_of
from tests.vault.place import Passphrase, assert_sound, events, set_value, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lango_cli.vault.vault import Vault
    from tests.vault.place import Place

KEPT = "kept"
"""A secret that no operation touches; its value is its name."""
PROBE = "probe"
"""What the next writer writes."""


def examine(
    place: Place,
    passphrases: Sequence[bytes],
    past: Sequence[str],
    outside: Callable[[Place], object],
) -> str:
    """Read, look at everything, write, look again; what the vault held, as JSON.

    `past`: audit events that have to be at the start of the chain. `outside`: asked for what the
    operation made elsewhere, in the end.
    """
    read_only(place)
    with place.open() as vault:
        assert value_of(vault, KEPT) == KEPT.encode()
        before = contents(vault)
    told = {**before, "opened by": [text.decode() for text in passphrases if opens(place, text)]}
    with place.open() as vault:
        set_value(vault, PROBE, b"1")
    with place.open() as vault:
        after = contents(vault)
        assert after["values"].pop(f"{PROBE}@1"), "the next write is lost"
        assert after["secrets"].pop(PROBE) == [1, False]
        assert after == before, f"a write changed {before} to {after}"
        assert_whole(vault)
        chain = events(vault)
        assert chain[: len(past)] == list(past), "audit records are gone"
    assert_tidy(place)
    told["outside"] = outside(place)
    return json.dumps(told, sort_keys=True)


def read_only(place: Place) -> None:
    """A reader who leaves no record and lets go without taking the log over."""
    vault = place.open()
    try:
        found = {row[1]: row for row in rows_check.all_values(vault.store)}
        _, _, version, key, key_version, _, sealed = found[KEPT]
        secret = found[KEPT][0]
        value = vault.reader._unseal(secret, version, (key, key_version), sealed)
        assert value == KEPT.encode()
    finally:
        vault.store.abandon()


def contents(vault: Vault) -> dict[str, Any]:
    """Every version of every secret, slots, keys, generation; what lists say of them."""
    values = {}
    for secret, name, version, key, key_version, _, sealed in rows_check.all_values(vault.store):
        value = vault.reader._unseal(secret, version, (key, key_version), sealed)
        values[f"{name}@{version}"] = digest(value).hex()[:16]
    listed = [*vault.secrets.list(), *vault.secrets.list(deleted=True)]
    return {
        "values": values,
        "secrets": {one.name: [one.version, one.deleted_at is not None] for one in listed},
        "exposed": [[one.name, *one.versions] for one in vault.secrets.exposed()],
        "slots": sorted([slot.label, slot.kind] for slot in vault.envelope.slots),
        "keys": {
            key.name: [key.state, [[one.version, one.state] for one in key.versions]]
            for key in vault.registry.list()
        },
        "profiles": {
            one.name: [
                one.active,
                *(
                    vault.profiles.read(one.name, it.version)
                    for it in vault.profiles.history(one.name)
                ),
            ]
            for one in vault.profiles.all()
        },
        "generation": vault.envelope.generation,
        "page size": vault.envelope.page_size,
    }


def opens(place: Place, passphrase: bytes) -> bool:
    """Whether this passphrase opens the vault; WrongKey is the only other answer."""
    try:
        with place.open(Passphrase(passphrase)) as vault:
            assert value_of(vault, KEPT) == KEPT.encode()
    except WrongKey:
        return False
    return True


def assert_whole(vault: Vault) -> None:
    """Pages, chain, counters, every sealed value and key, and every reference."""
    assert_sound(vault)
    quiet = Unwatched()
    wrong = [*checking.values(vault, quiet), *checking.references(vault)]
    wrong += checking.wrapped_keys(vault)
    wrong += checking.documents(vault)
    assert not wrong, wrong


def assert_tidy(place: Place) -> None:
    """One generation, two equal headers under its key, and nothing that a killed process left."""
    with place.open() as vault:
        wanted = {HEADER, COPY, KEYFILE, "vault.lock", f"vault-{vault.envelope.generation}.db"}
        for name in (HEADER, COPY):
            header_of(vault.home, name).verify(vault.bundle.header)
    left = {path.name for path in place.folder.iterdir()}
    pending = place.folder / PENDING
    if pending.exists() and not pending.stat().st_size:
        left.discard(PENDING)
    assert left == wanted, f"left over: {sorted(left ^ wanted)}"
    assert place.read(HEADER) == place.read(COPY), "header and copy differ"


def past_of(place: Place) -> list[str]:
    """The audit events of a vault at rest; none where there is no vault."""
    if not place.home.vault_files():
        return []
    with place.open() as vault:
        return events(vault)

"""Keys of an open vault on the scripted path: which one seals, and the one that opens.

The rule: keys are random and stored wrapped; a wrapped key is bound by its associated data to
vault, key id, version, and whether it seals or signs, so that no row can be passed off as another.
An unknown key is an error, never the default's turn. States are asked for at each use, so that a
key that somebody disables is refused by a process that has been running for a week too.

All else that can be done with keys, and what the states mean, is in `registry`.
"""

from __future__ import annotations

from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import AuditKey, DataKey, SigningKey
from lango_cli.crypto.mac import pack, random_bytes
from lango_cli.errors import KeyNotFound, KeyUnusable, Tampered, UsageProblem
from lango_cli.vault import rows
from lango_cli.vault.envelope import KEPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.crypto.keys import WrappingKey
    from lango_cli.model_custody import Custodian
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.store import Store

DEFAULT_NAME = "default"
ENCRYPTION, SIGNING = "encryption", "signing"
AES = "aes-256-gcm"
ACTIVE, RETIRED, DISABLED, DESTROYED = "active", "retired", "disabled", "destroyed"
STRICTNESS = (ACTIVE, RETIRED, DISABLED, DESTROYED)
"""Each refuses what the one before it refuses, and more."""
USE_GRAIN = 3_600_000
"""Milliseconds within which a key's use is noted once: a read must not write a page for it."""


class KeyVersion:
    """One version of a key as it is stored.

    `state` is the stricter of its own and its key's, `label` that of the two which is to blame.
    """

    __slots__ = (
        "algorithm",
        "id",
        "label",
        "last_used_at",
        "name",
        "purpose",
        "state",
        "version",
        "wrapped",
    )

    def __init__(self, row: rows.Row) -> None:
        self.id: str = row[0]
        self.name: str = row[1]
        self.purpose: str = row[2]
        self.algorithm: str = row[3]
        self.version: int = row[6]
        self.wrapped: bytes = row[8]
        self.last_used_at: int | None = row[5]
        self.state = stricter(row[4], row[7])
        self.label = self.name if row[4] == self.state else f"{self.name}@{self.version}"

    def refuse(self, *states: str) -> None:
        """KeyUnusable if it is in one of these states."""
        if self.state in states:
            lost = self.state == DESTROYED
            hint = "what it sealed is lost" if lost else f"lango keys enable {self.label}"
            raise KeyUnusable(f"key {self.label} is {self.state}", hint=hint)


def stricter(one: str, other: str) -> str:
    """The stricter of two states; Tampered for a word that is none."""
    try:
        return STRICTNESS[max(STRICTNESS.index(one), STRICTNESS.index(other))]
    except ValueError:
        raise Tampered("a key is in a state that does not exist") from None


class AskFirst(Exception):
    """No error: a write needs a key that a custodian keeps, and nobody has asked for it yet."""

    def __init__(self, key: KeyVersion) -> None:
        super().__init__()
        self.key = key


class Keys:
    """The keys of an open vault, as far as sealing and opening need them."""

    def __init__(self, store: Store, wrapping: WrappingKey, vault: bytes) -> None:
        self._store = store
        self._wrapping = wrapping
        self._vault = vault
        self._used: dict[str, int | None] = {}
        self._kept: dict[tuple[str, int], SecretBytes] = {}
        self.ask_first = False
        """Whether a key that is needed inside a write is asked for outside; see `ask_first`."""
        self.custody: Callable[[str], Custodian] | None = None
        """The custodian of a key URI, to be closed; handed in by whoever opens the vault."""

    def create_default(self, now: int) -> None:
        """The vault's first data key, version 1; inside a write. `now` in milliseconds UTC."""
        key_id = random_bytes(8).hex()
        rows.insert_key(self._store, key_id, DEFAULT_NAME, ENCRYPTION, AES, now, default=True)
        self.add_version(key_id, ENCRYPTION, AES, 1, random_bytes(32), now)

    def add_version(
        self, key_id: str, purpose: str, algorithm: str, version: int, key: bytes, now: int
    ) -> None:
        """Wrap and store an active version of a key; inside a write.

        What stands for a key that a custodian keeps is stored as it is.
        """
        context = wrapping_context(self._vault, purpose, algorithm, key_id, version)
        wrapped = key if key.startswith(KEPT) else seal(self._wrapping, key, context)
        rows.insert_key_version(self._store, key_id, version, wrapped, now)

    def newest(self, purpose: str, name: str | None) -> KeyVersion:
        """The newest version of the key of that name, or of the purpose's default.

        KeyNotFound where there is none, UsageProblem where it has another purpose.
        """
        row = rows.newest_version(self._store, purpose, name)
        if row is None and name is None and purpose == ENCRYPTION:
            raise Tampered("the vault has no default data key")
        if row is None:
            what = f"key called {name}" if name else f"default {purpose} key"
            raise KeyNotFound(f"no {what}", hint="list keys: lango keys list")
        found = KeyVersion(row)
        if found.purpose != purpose:
            raise UsageProblem(
                f"key {found.name} is for {found.purpose}, not for {purpose}",
                hint="list keys: lango keys list",
            )
        return found

    def active(self, name: str | None = None) -> tuple[str, int, DataKey]:
        """Id, version and key of that name, or of the default, which seals new values.

        KeyUnusable (44) unless its newest version is active: an older one never takes its place.
        """
        found = self.newest(ENCRYPTION, name)
        found.refuse(RETIRED, DISABLED, DESTROYED)
        self.mark_used(found)
        return found.id, found.version, self.data_key(found)

    def version(self, key_id: str, version: int) -> DataKey:
        """One version, to open what it sealed; KeyUnusable (44) if it is disabled or destroyed."""
        found = self.stored(key_id, version)
        found.refuse(DISABLED, DESTROYED)
        self.mark_used(found)
        return self.data_key(found)

    def opener(self) -> Callable[[tuple[str, int]], DataKey | None]:
        """For going through many values: a version's key, None if it is destroyed.

        Disabled ones too, so it is only for what hands no value out: a masker, a check.
        """
        opened: dict[tuple[str, int], DataKey | None] = {}

        def key_of(which: tuple[str, int]) -> DataKey | None:
            if which not in opened:
                found = self.stored(*which)
                opened[which] = None if found.state == DESTROYED else self.data_key(found)
            return opened[which]

        return key_of

    def check(self, key_id: str, version: int) -> None:
        """Tampered unless the stored key opens as what it is; destroyed ones have nothing to.

        Of one that a custodian keeps only the form is looked at: nobody is asked.
        """
        found = self.stored(key_id, version)
        if found.wrapped.startswith(KEPT):
            from lango_cli.vault import kept_keys

            kept_keys.decode(found.wrapped)
        elif found.state != DESTROYED:
            self._unwrap(found, found.purpose)

    def stored(self, key_id: str, version: int) -> KeyVersion:
        """One version in whatever state; Tampered if a value names one that is not there."""
        row = rows.key_version(self._store, key_id, version)
        if row is None:
            raise Tampered("a value names a data key that the vault does not have")
        return KeyVersion(row)

    def data_key(self, found: KeyVersion) -> DataKey:
        """The unwrapped data key of a version whose state allows what it is wanted for."""
        return DataKey(self._unwrap(found, ENCRYPTION))

    def signing_key(self, found: KeyVersion) -> SigningKey:
        """The unwrapped signing key of a version whose state allows what it is wanted for."""
        return SigningKey(self._unwrap(found, SIGNING))

    def _unwrap(self, found: KeyVersion, purpose: str) -> bytes:
        if found.wrapped.startswith(KEPT):
            return self._from_custodian(found).reveal()
        where = (found.algorithm, found.id, found.version)
        context = wrapping_context(self._vault, purpose, *where)
        return unseal(self._wrapping, found.wrapped, context)

    def _from_custodian(self, found: KeyVersion) -> SecretBytes:
        """A key that a custodian keeps, asked for once while the vault is open."""
        which = (found.id, found.version)
        if which not in self._kept:
            if self.ask_first and self._store.writing:
                raise AskFirst(found)
            self.ask(found)
        return self._kept[which]

    def ask(self, found: KeyVersion) -> None:
        """Have the custodian of this key give it, for as long as the vault is open."""
        from lango_cli.vault import kept_keys

        self._kept[found.id, found.version] = kept_keys.unwrap(
            self.custody, found.wrapped, self._vault.hex(), found.id, found.name
        )

    def mark_used(self, found: KeyVersion) -> None:
        """It is used now: `note_use` will say when."""
        self._used[found.id] = found.last_used_at

    def note_use(self, now: int) -> None:
        """Store when the keys marked since last time were used; inside a write, best effort."""
        for key_id, last in self._used.items():
            if last is None or now - last >= USE_GRAIN:
                rows.use_key(self._store, key_id, now)
        self._used.clear()


def wrapping_context(
    vault: bytes, purpose: str, algorithm: str, key_id: str, version: int
) -> bytes:
    """What a wrapped key is bound to; data keys have one algorithm, which their label implies."""
    where = (vault, key_id.encode(), version.to_bytes(8, "big"))
    if purpose == ENCRYPTION:
        return pack(b"lango/data-key/v1", *where)
    return pack(b"lango/signing-key/v1", *where, algorithm.encode())


def rewrap_all(store: Store, old: WrappingKey, new: WrappingKey, vault: bytes) -> int:
    """Wrap every stored key anew, data and signing keys alike; inside a write. How many.

    Destroyed ones have nothing to wrap, and those of custodians are none of ours. Tampered if one
    does not open under `old`.
    """
    from lango_cli.vault import rows_keys

    wrapped = []
    for key_id, version, purpose, algorithm, blob in rows_keys.wrapped_keys(store):
        if blob.startswith(KEPT):
            continue
        context = wrapping_context(vault, purpose, algorithm, key_id, version)
        wrapped.append((seal(new, unseal(old, blob, context), context), key_id, version))
    rows_keys.replace_wrapped(store, wrapped)
    return len(wrapped)


def wrap_audit_key(wrapping: WrappingKey, vault: bytes, key: AuditKey) -> bytes:
    """The audit key as the database keeps it."""
    return seal(wrapping, key.reveal(), pack(b"lango/audit-key/v1", vault))


def unwrap_audit_key(wrapping: WrappingKey, vault: bytes, wrapped: bytes) -> AuditKey:
    """The audit key out of the database; Tampered if it is not this vault's."""
    return AuditKey(unseal(wrapping, wrapped, pack(b"lango/audit-key/v1", vault)))

"""The header: one master key, wrapped in 1..n slots, under one MAC.

What lives here: `Envelope` and `Slot`, bytes in and bytes out, and the opening and sealing of a
slot. The rule: nothing read from disk is used before it is bounds-checked, nothing stored lets a
guess be tested faster than through the slot's KDF, and a slot opens only if its seed gives its
public key.

A slot is a recipient (`recipient`): it has the master key sealed directly under its own key, or,
of a generation that was made while its owner was away, to its public key.
"""

from __future__ import annotations

from lango_cli.codec import b64, canonical, unb64
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import HeaderKey, MasterKey, SlotKey, header_key
from lango_cli.crypto.mac import hkdf_sha256, hmac_sha256, pack, random_bytes, same
from lango_cli.crypto.recipient import open_from, public_of, seal_to
from lango_cli.errors import NotApplicable, Tampered, WrongKey
from lango_cli.secret import SecretBytes
from lango_cli.vault.recipient import CUSTODIANS, Group, Keeper, Member, Recipient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 2
"""The newest. A header without a group that has members is written as format 1, which older
versions of lango read."""
HEADER_LIMIT = 1 << 20
PAGE_SIZE = 4096
PAGE_SIZES = (1024, 2048, 4096, 8192, 16384, 32768, 65536)
"""Without 512: SQLCipher keeps 80 bytes of a page for nonce and seal, and SQLite needs 480 of the
rest. Such a database can be written, and never read again."""
DIRECT, HPKE = "direct", "hpke"
"""How a slot's master key is wrapped: by its owner's key, or to its public key."""

KEPT = b"lango/kept-key/v1\n"
"""How that begins which stands for a key of the registry that a custodian keeps."""
LOCAL, NONE = "local", "none"
"""The fallback policies: whether local slots serve after a custodian was not available."""
HKDF = "hkdf-sha256"
PBKDF2 = "pbkdf2-sha256"
ARGON2ID = "argon2id"
KDF_FIELDS = {
    HKDF: {"name", "salt"},
    PBKDF2: {"name", "rounds", "salt"},
    ARGON2ID: {"lanes", "memory_kib", "name", "passes", "salt"},
}


class Slot(Recipient):
    """One way to the master key."""

    __slots__ = ("generation", "wrapped", "wrapped_how")

    def __init__(
        self, slot_id: str, kind: str, label: str, kdf: dict[str, Any], created: str
    ) -> None:
        super().__init__(slot_id, kind, label, kdf, created)
        self.wrapped = b""
        self.wrapped_how = DIRECT
        self.generation = 0

    @property
    def elsewhere(self) -> bool:
        """Whether nothing opens it without a custodian; all others are local slots."""
        if isinstance(self.keeper, Group):
            return self.keeper.needs_custodian
        return self.kind in CUSTODIANS

    @property
    def keepers(self) -> list[Keeper]:
        """What custodians keep of it, or of those who open it together."""
        if not isinstance(self.keeper, Group):
            return [] if self.keeper is None else [self.keeper]
        kept = [member.keeper for member in self.members]
        return [*self.keeper.shares, *(one for one in kept if isinstance(one, Keeper))]

    @property
    def members(self) -> list[Member]:
        """Those who open it together; none for a slot that opens by one credential."""
        return self.keeper.members if isinstance(self.keeper, Group) else []

    def document(self) -> dict[str, Any]:
        """The slot as the header keeps it; `group` only where it is one."""
        kept = {"group": self.keeper.document()} if isinstance(self.keeper, Group) else {}
        return (
            self.common()
            | kept
            | {
                "wrapped": {
                    "generation": self.generation,
                    "how": self.wrapped_how,
                    "key": b64(self.wrapped),
                },
            }
        )


class Envelope:
    """The header, parsed. `revision` grows with every change, `generation` with every rekey."""

    __slots__ = (
        "created",
        "database_salt",
        "fallback",
        "generation",
        "mac",
        "page_size",
        "revision",
        "slots",
        "vault",
    )

    def __init__(self, vault: str, created: str) -> None:
        self.vault = vault
        self.created = created
        self.generation = 1
        self.revision = 0
        self.page_size = PAGE_SIZE
        self.fallback = NONE
        self.database_salt = b""
        self.slots: list[Slot] = []
        self.mac = b""

    @property
    def vault_bytes(self) -> bytes:
        """The vault id as 16 bytes."""
        return bytes.fromhex(self.vault)

    @property
    def format(self) -> int:
        """The oldest format that has all that is in this header."""
        return FORMAT if any(slot.members for slot in self.slots) else 1

    def document(self) -> dict[str, Any]:
        """All that the MAC covers."""
        return {
            "created": self.created,
            "database_salt": b64(self.database_salt),
            "fallback": self.fallback,
            "format": self.format,
            "generation": self.generation,
            "page_size": self.page_size,
            "revision": self.revision,
            "slots": [slot.document() for slot in self.slots],
            "vault": self.vault,
        }

    def render(self, key: HeaderKey) -> bytes:
        """The header file: canonical JSON with its MAC, and a final newline."""
        document = self.document()
        self.mac = _mac(key, canonical(document))
        document["mac"] = b64(self.mac)
        return canonical(document) + b"\n"

    def verify(self, key: HeaderKey) -> None:
        """Tampered unless the MAC was made over this header with this vault's key."""
        if not same(self.mac, _mac(key, canonical(self.document()))):
            raise Tampered("the header was changed by something other than lango")


def _mac(key: HeaderKey, body: bytes) -> bytes:
    return hmac_sha256(key.reveal(), pack(b"lango/header/v1", body))


def slot_key(kdf: dict[str, Any], credential: SecretBytes) -> SlotKey:
    """The slot's key-encryption key: one KDF call. Tampered for parameters out of bounds."""
    name = kdf["name"]
    salt = unb64(kdf["salt"], "a slot's salt") if name in KDF_FIELDS else b""
    if name == HKDF:
        return SlotKey(hkdf_sha256(credential.reveal(), salt, b"lango/slot-key/v1"))
    if name in (PBKDF2, ARGON2ID):
        from lango_cli.crypto import passphrase

        if name == PBKDF2:
            return SlotKey(passphrase.pbkdf2_sha256(credential.reveal(), salt, kdf["rounds"]))
        costs = (kdf["memory_kib"], kdf["passes"], kdf["lanes"])
        return SlotKey(passphrase.argon2id(credential.reveal(), salt, *costs))
    raise NotApplicable("a newer lango made this slot")


def context_of(label: bytes, envelope: Envelope, slot: Recipient, *more: bytes) -> bytes:
    """What is sealed to a recipient is bound to: all that says how it opens."""
    suite = canonical(slot.suite)
    names = (envelope.vault_bytes, slot.id.encode(), slot.kind.encode())
    kept = () if slot.keeper is None else (canonical(slot.keeper.document()),)
    return pack(label, *names, canonical(slot.kdf), suite, *kept, *more)


def _wrap_context(envelope: Envelope, slot: Slot) -> bytes:
    generation = slot.generation.to_bytes(8, "big")
    return context_of(b"lango/slot-master/v1", envelope, slot, generation)


def seal_slot(
    envelope: Envelope, slot: Slot, key: SlotKey, seed: SecretBytes, master: MasterKey
) -> None:
    """Give the slot the key pair of `seed` and the current master key, sealed directly."""
    slot.public_key = public_of(seed)
    context = context_of(b"lango/slot-seed/v1", envelope, slot)
    slot.sealed_seed = seal(key, seed.reveal(), context)
    seal_master(envelope, slot, key, master)


def seal_master(envelope: Envelope, slot: Slot, key: SlotKey, master: MasterKey) -> None:
    """Seal the current master key directly to a slot whose owner is here."""
    slot.generation = envelope.generation
    slot.wrapped_how = DIRECT
    slot.wrapped = seal(key, master.reveal(), _wrap_context(envelope, slot))


def hand_over(envelope: Envelope, slot: Slot, master: MasterKey) -> None:
    """Seal a new generation's master key to a slot whose owner is away."""
    slot.generation = envelope.generation
    slot.wrapped_how = HPKE
    slot.wrapped = seal_to(slot.public_key, master.reveal(), _wrap_context(envelope, slot))


def open_slot(envelope: Envelope, slot: Slot, credential: SecretBytes) -> MasterKey:
    """The master key, proved by the header's MAC.

    WrongKey if the credential is not this slot's, Tampered if anything beneath it was changed.
    """
    return open_with_key(envelope, slot, slot_key(slot.kdf, credential))


def open_with_key(envelope: Envelope, slot: Slot, key: SlotKey) -> MasterKey:
    """`open_slot` for a key-encryption key that was derived already."""
    context = context_of(b"lango/slot-seed/v1", envelope, slot)
    try:
        seed = SecretBytes(unseal(key, slot.sealed_seed, context))
    except Tampered:
        if slot.keeper is not None:
            # What a custodian unwrapped is what it wrapped, so the header is not what it was.
            raise Tampered(f"slot {slot.label} does not open with what is kept for it") from None
        raise WrongKey(f"the {slot.kind} does not open slot {slot.label}") from None
    if len(seed) != 96 or not same(public_of(seed), slot.public_key):
        raise Tampered(f"slot {slot.label} carries a public key that is not its own")
    if slot.generation != envelope.generation:
        raise Tampered(f"slot {slot.label} belongs to another generation of the vault")
    context = _wrap_context(envelope, slot)
    if slot.wrapped_how == DIRECT:
        master = MasterKey(unseal(key, slot.wrapped, context))
    else:
        master = MasterKey(open_from(seed, slot.wrapped, context))
    envelope.verify(header_key(master, envelope.vault_bytes))
    return master


def new_slot_id() -> str:
    """12 hex digits."""
    return random_bytes(6).hex()

"""The header: one master key, wrapped in 1..n slots, under one MAC.

What lives here: `Envelope` and `Slot`, bytes in and bytes out, and the opening and sealing of a
slot. The rule: nothing read from disk is used before it is bounds-checked, nothing stored lets a
guess be tested faster than through the slot's KDF, and a slot opens only if its seed gives its
public key.

A slot is a recipient: besides the master key, sealed directly under the slot's own key, it has an
HPKE key pair whose public half stands in clear, so that a new generation of the master key can be
handed to it while its owner is away. Formats: house document, *Formats*.
"""

from __future__ import annotations

from lango_cli.codec import b64, canonical, parse_canonical, unb64
from lango_cli.crypto.aead import seal, unseal
from lango_cli.crypto.keys import HeaderKey, MasterKey, SlotKey, header_key
from lango_cli.crypto.mac import hkdf_sha256, hmac_sha256, pack, random_bytes, same
from lango_cli.crypto.recipient import open_from, public_of, seal_to
from lango_cli.errors import NewerFormat, NotApplicable, Tampered, WrongKey
from lango_cli.secret import SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1
HEADER_LIMIT = 1 << 20
PAGE_SIZE = 4096
PAGE_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
SUITE = {"aead": 2, "kdf": 1, "kem": 0x647A}
"""AES-256-GCM, HKDF-SHA256, X-Wing: ids of the IANA HPKE registry and draft-ietf-hpke-pq."""

STRENGTH = {
    "passphrase": "human",
    "recovery": "human",
    "keyring": "machine-readable",
    "keyfile": "machine-readable",
}
HKDF = "hkdf-sha256"
PBKDF2 = "pbkdf2-sha256"
ARGON2ID = "argon2id"
_KDF_FIELDS = {
    HKDF: {"name", "salt"},
    PBKDF2: {"name", "rounds", "salt"},
    ARGON2ID: {"lanes", "memory_kib", "name", "passes", "salt"},
}
_SLOT_FIELDS = frozenset(
    ("created", "id", "kdf", "kind", "label", "public_key", "sealed_seed", "strength", "suite")
)
_FIELDS = frozenset(
    (
        "created",
        "database_salt",
        "fallback",
        "format",
        "generation",
        "page_size",
        "revision",
        "slots",
        "vault",
    )
)


class Slot:
    """One way to the master key. Ids are 12 hex digits, times RFC 3339 UTC."""

    __slots__ = (
        "created",
        "generation",
        "id",
        "kdf",
        "kind",
        "label",
        "public_key",
        "sealed_seed",
        "strength",
        "suite",
        "wrapped",
        "wrapped_how",
    )

    def __init__(
        self, slot_id: str, kind: str, label: str, kdf: dict[str, Any], created: str
    ) -> None:
        self.id = slot_id
        self.kind = kind
        self.label = label
        self.kdf = kdf
        self.created = created
        self.strength = STRENGTH.get(kind, "unknown")
        self.suite: dict[str, int] = dict(SUITE)
        self.public_key = b""
        self.sealed_seed = b""
        self.wrapped = b""
        self.wrapped_how = "direct"
        self.generation = 0

    @property
    def kdf_name(self) -> str:
        """`hkdf-sha256` for 32 stored random bytes, else the slow function's name."""
        name: str = self.kdf["name"]
        return name

    def document(self) -> dict[str, Any]:
        """The slot as the header keeps it."""
        return {
            "created": self.created,
            "id": self.id,
            "kdf": self.kdf,
            "kind": self.kind,
            "label": self.label,
            "public_key": b64(self.public_key),
            "sealed_seed": b64(self.sealed_seed),
            "strength": self.strength,
            "suite": self.suite,
            "wrapped": {
                "generation": self.generation,
                "how": self.wrapped_how,
                "key": b64(self.wrapped),
            },
        }


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
        self.fallback = "none"
        self.database_salt = b""
        self.slots: list[Slot] = []
        self.mac = b""

    @property
    def vault_bytes(self) -> bytes:
        """The vault id as 16 bytes."""
        return bytes.fromhex(self.vault)

    def document(self) -> dict[str, Any]:
        """All that the MAC covers."""
        return {
            "created": self.created,
            "database_salt": b64(self.database_salt),
            "fallback": self.fallback,
            "format": FORMAT,
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


def parse(data: bytes) -> Envelope:
    """The header in `data`; NewerFormat for a later format, Tampered for anything else amiss."""
    document = parse_canonical(data[:-1] if data.endswith(b"\n") else b"", "the header")
    if not isinstance(document, dict):
        raise Tampered("the header is not a map")
    version = document.get("format")
    if type(version) is int and version > FORMAT:
        raise NewerFormat(f"the vault is of format {version}, this lango knows {FORMAT}")
    if type(version) is not int or version != FORMAT or document.keys() != _FIELDS | {"mac"}:
        raise Tampered("the header has not the members it should")
    envelope = Envelope(
        _hex(document["vault"], 32, "the vault id"), _text(document["created"], 40, "created")
    )
    envelope.generation = _whole(document["generation"], 1, "the generation")
    envelope.revision = _whole(document["revision"], 1, "the revision")
    envelope.page_size = _whole(document["page_size"], 512, "the page size")
    if envelope.page_size not in PAGE_SIZES:
        raise Tampered("the page size is none that SQLCipher knows")
    envelope.fallback = _text(document["fallback"], 40, "the fallback policy")
    envelope.database_salt = _sized(document["database_salt"], 16, "the database salt")
    envelope.mac = _sized(document["mac"], 32, "the header's MAC")
    slots = document["slots"]
    if not isinstance(slots, list) or not 1 <= len(slots) <= 64:
        raise Tampered("the header has no slots, or too many")
    envelope.slots = [_slot(entry) for entry in slots]
    if len({slot.id for slot in envelope.slots}) != len(slots):
        raise Tampered("two slots have the same id")
    return envelope


def _slot(entry: object) -> Slot:
    if not isinstance(entry, dict) or entry.keys() != _SLOT_FIELDS | {"wrapped"}:
        raise Tampered("a slot has not the members it should")
    slot = Slot(
        _hex(entry["id"], 12, "a slot id"),
        _text(entry["kind"], 40, "a slot kind"),
        _text(entry["label"], 256, "a slot label"),
        _kdf(entry["kdf"]),
        _text(entry["created"], 40, "a slot's time"),
    )
    slot.strength = _text(entry["strength"], 40, "a slot's strength")
    suite = entry["suite"]
    if suite != SUITE or not all(type(number) is int for number in suite.values()):
        raise Tampered("a slot names an HPKE suite that this format does not have")
    slot.public_key = unb64(entry["public_key"], "a slot's public key")
    slot.sealed_seed = unb64(entry["sealed_seed"], "a slot's seed")
    wrapped = entry["wrapped"]
    if not isinstance(wrapped, dict) or wrapped.keys() != {"generation", "how", "key"}:
        raise Tampered("a slot's wrapped key has not the members it should")
    if wrapped["how"] not in ("direct", "hpke"):
        raise Tampered("a slot's key is wrapped in no known way")
    slot.wrapped_how = wrapped["how"]
    slot.generation = _whole(wrapped["generation"], 1, "a slot's generation")
    slot.wrapped = unb64(wrapped["key"], "a slot's wrapped key")
    return slot


def _kdf(entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise Tampered("a slot's KDF is not a map with a name")
    fields = _KDF_FIELDS.get(entry["name"])
    if fields is not None:
        if entry.keys() != fields:
            raise Tampered("a slot's KDF has not the members it should")
        _sized(entry["salt"], 16, "a slot's salt")
        for field in fields - {"name", "salt"}:
            _whole(entry[field], 1, "a KDF parameter")
    return entry


def _whole(value: object, least: int, what: str) -> int:
    if type(value) is not int or not least <= value < 1 << 53:
        raise Tampered(f"{what} is not a number it can be")
    return value


def _text(value: object, limit: int, what: str) -> str:
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise Tampered(f"{what} is not a short printable text")
    return value


def _hex(value: object, length: int, what: str) -> str:
    if not isinstance(value, str) or len(value) != length or value.strip("0123456789abcdef"):
        raise Tampered(f"{what} is not {length} hex digits")
    return value


def _sized(value: object, length: int, what: str) -> bytes:
    data = unb64(value, what)
    if len(data) != length:
        raise Tampered(f"{what} has not its {length} bytes")
    return data


def slot_key(kdf: dict[str, Any], credential: SecretBytes) -> SlotKey:
    """The slot's key-encryption key: one KDF call. Tampered for parameters out of bounds."""
    name = kdf["name"]
    salt = unb64(kdf["salt"], "a slot's salt") if name in _KDF_FIELDS else b""
    if name == HKDF:
        return SlotKey(hkdf_sha256(credential.reveal(), salt, b"lango/slot-key/v1"))
    if name in (PBKDF2, ARGON2ID):
        from lango_cli.crypto import passphrase

        if name == PBKDF2:
            return SlotKey(passphrase.pbkdf2_sha256(credential.reveal(), salt, kdf["rounds"]))
        costs = (kdf["memory_kib"], kdf["passes"], kdf["lanes"])
        return SlotKey(passphrase.argon2id(credential.reveal(), salt, *costs))
    raise NotApplicable("a newer lango made this slot")


def _context(label: bytes, envelope: Envelope, slot: Slot, *more: bytes) -> bytes:
    suite = canonical(slot.suite)
    names = (envelope.vault_bytes, slot.id.encode(), slot.kind.encode())
    return pack(label, *names, canonical(slot.kdf), suite, *more)


def _wrap_context(envelope: Envelope, slot: Slot) -> bytes:
    generation = slot.generation.to_bytes(8, "big")
    return _context(b"lango/slot-master/v1", envelope, slot, generation)


def seal_slot(
    envelope: Envelope, slot: Slot, key: SlotKey, seed: SecretBytes, master: MasterKey
) -> None:
    """Give the slot the key pair of `seed` and the current master key, sealed directly."""
    slot.public_key = public_of(seed)
    context = _context(b"lango/slot-seed/v1", envelope, slot)
    slot.sealed_seed = seal(key, seed.reveal(), context)
    slot.generation = envelope.generation
    slot.wrapped_how = "direct"
    slot.wrapped = seal(key, master.reveal(), _wrap_context(envelope, slot))


def hand_over(envelope: Envelope, slot: Slot, master: MasterKey) -> None:
    """Seal a new generation's master key to a slot whose owner is away."""
    slot.generation = envelope.generation
    slot.wrapped_how = "hpke"
    slot.wrapped = seal_to(slot.public_key, master.reveal(), _wrap_context(envelope, slot))


def open_slot(envelope: Envelope, slot: Slot, credential: SecretBytes) -> MasterKey:
    """The master key, proved by the header's MAC.

    WrongKey if the credential is not this slot's, Tampered if anything beneath it was changed.
    """
    return open_with_key(envelope, slot, slot_key(slot.kdf, credential))


def open_with_key(envelope: Envelope, slot: Slot, key: SlotKey) -> MasterKey:
    """`open_slot` for a key-encryption key that was derived already."""
    context = _context(b"lango/slot-seed/v1", envelope, slot)
    try:
        seed = SecretBytes(unseal(key, slot.sealed_seed, context))
    except Tampered:
        raise WrongKey(f"the {slot.kind} does not open slot {slot.label}") from None
    if len(seed) != 96 or not same(public_of(seed), slot.public_key):
        raise Tampered(f"slot {slot.label} carries a public key that is not its own")
    if slot.generation != envelope.generation:
        raise Tampered(f"slot {slot.label} belongs to another generation of the vault")
    context = _wrap_context(envelope, slot)
    if slot.wrapped_how == "direct":
        master = MasterKey(unseal(key, slot.wrapped, context))
    else:
        master = MasterKey(open_from(seed, slot.wrapped, context))
    envelope.verify(header_key(master, envelope.vault_bytes))
    return master


def new_slot_id() -> str:
    """12 hex digits."""
    return random_bytes(6).hex()

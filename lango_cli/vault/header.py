"""Reading the header: from bytes that may be anything to an `Envelope`, or an error.

The rule: the exact members, the exact types, every number and length within its bounds, before any
of it is used. What is wrong is said without what was found.
"""

from __future__ import annotations

from lango_cli.codec import parse_canonical, unb64
from lango_cli.errors import NewerFormat, Tampered
from lango_cli.vault.envelope import (
    DIRECT,
    FORMAT,
    HPKE,
    KDF_FIELDS,
    LOCAL,
    NONE,
    PAGE_SIZES,
    Envelope,
    Slot,
)
from lango_cli.vault.recipient import CUSTODIANS, GROUP, SUITE, Group, Keeper, Member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Read = TypeVar("Read", Slot, Member)

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

SHARES = 16
"""Shares of a group at most."""
KEPT_LIMIT = 8192
"""Bytes of a credential as a custodian wrapped it."""


def parse(data: bytes) -> Envelope:
    """The header in `data`; NewerFormat for a later format, Tampered for anything else amiss."""
    document = parse_canonical(data[:-1] if data.endswith(b"\n") else b"", "the header")
    if not isinstance(document, dict):
        raise Tampered("the header is not a map")
    version = document.get("format")
    if type(version) is int and version > FORMAT:
        raise NewerFormat(f"the vault is of format {version}, this lango knows {FORMAT}")
    if (
        type(version) is not int
        or not 1 <= version <= FORMAT
        or document.keys() != _FIELDS | {"mac"}
    ):
        raise Tampered("the header has not the members it should")
    envelope = Envelope(
        _hex(document["vault"], 32, "the vault id"), _text(document["created"], 40, "created")
    )
    envelope.generation = _whole(document["generation"], 1, "the generation")
    envelope.revision = _whole(document["revision"], 1, "the revision")
    envelope.page_size = _whole(document["page_size"], 512, "the page size")
    if envelope.page_size not in PAGE_SIZES:
        raise Tampered("the page size is none that SQLCipher knows")
    if document["fallback"] not in (LOCAL, NONE):
        raise Tampered("the header has a fallback policy that this format does not have")
    envelope.fallback = document["fallback"]
    envelope.database_salt = _sized(document["database_salt"], 16, "the database salt")
    envelope.mac = _sized(document["mac"], 32, "the header's MAC")
    slots = document["slots"]
    if not isinstance(slots, list) or not 1 <= len(slots) <= 64:
        raise Tampered("the header has no slots, or too many")
    envelope.slots = [_slot(entry) for entry in slots]
    _check_whole(envelope, version)
    return envelope


def _check_whole(envelope: Envelope, version: int) -> None:
    """What no slot shows by itself: that no two are one, and that the format fits them."""
    ids = [one.id for slot in envelope.slots for one in (slot, *slot.members)]
    if len(set(ids)) != len(ids):
        raise Tampered("two slots have the same id")
    if envelope.format != version:
        raise Tampered("the header is not of the format that it says")


def _slot(entry: object) -> Slot:
    """A slot: what every recipient has, the master key, and the group that it is, if it is one."""
    if not isinstance(entry, dict):
        raise Tampered("a slot is not a map")
    if ("group" in entry) != (entry.get("kind") == GROUP):
        raise Tampered("a slot's kind and its group do not go together")
    slot = _recipient(entry, Slot, {"group", "wrapped"} if "group" in entry else {"wrapped"})
    wrapped = entry["wrapped"]
    if not isinstance(wrapped, dict) or wrapped.keys() != {"generation", "how", "key"}:
        raise Tampered("a slot's wrapped key has not the members it should")
    if wrapped["how"] not in (DIRECT, HPKE):
        raise Tampered("a slot's key is wrapped in no known way")
    slot.wrapped_how = wrapped["how"]
    slot.generation = _whole(wrapped["generation"], 1, "a slot's generation")
    slot.wrapped = unb64(wrapped["key"], "a slot's wrapped key")
    if "group" in entry:
        slot.keeper = _group(entry["group"], slot.label)
    return slot


def _member(entry: object, group: str) -> Member:
    """A member of the group with this label."""
    if not isinstance(entry, dict) or entry.get("kind") == GROUP:
        raise Tampered("a member of a group is none")
    member = _recipient(entry, Member, {"share"})
    member.group = group
    member.share = unb64(entry["share"], "a member's share")
    return member


def _recipient(entry: dict[str, Any], make: type[Read], more: set[str]) -> Read:
    """What slots and members have alike; `more`: the names of what this one has besides."""
    if entry.keys() - {"custodian"} != _SLOT_FIELDS | more:
        raise Tampered("a slot has not the members it should")
    found = make(
        _hex(entry["id"], 12, "a slot id"),
        _text(entry["kind"], 40, "a slot kind"),
        _text(entry["label"], 256, "a slot label"),
        _kdf(entry["kdf"]),
        _text(entry["created"], 40, "a slot's time"),
    )
    if ("custodian" in entry) != (found.kind in CUSTODIANS):
        raise Tampered("a slot's kind and its custodian do not go together")
    if "custodian" in entry:
        found.keeper = _keeper(entry["custodian"])
    found.strength = _text(entry["strength"], 40, "a slot's strength")
    suite = entry["suite"]
    if suite != SUITE or not all(type(number) is int for number in suite.values()):
        raise Tampered("a slot names an HPKE suite that this format does not have")
    found.public_key = unb64(entry["public_key"], "a slot's public key")
    found.sealed_seed = unb64(entry["sealed_seed"], "a slot's seed")
    return found


def _keeper(entry: object) -> Keeper:
    if not isinstance(entry, dict) or entry.keys() != {"provider", "uri", "wrapped"}:
        raise Tampered("a slot's custodian has not the members it should")
    wrapped = unb64(entry["wrapped"], "a slot's wrapped credential")
    if not 0 < len(wrapped) <= KEPT_LIMIT:
        raise Tampered("a slot's wrapped credential is not one")
    provider = _text(entry["provider"], 40, "a slot's provider")
    return Keeper(provider, _text(entry["uri"], 2048, "a slot's key URI"), wrapped)


def _group(entry: object, label: str) -> Group:
    names = ({"members", "threshold"}, {"shares", "threshold"})
    if not isinstance(entry, dict) or entry.keys() not in names:
        raise Tampered("a slot's group has not the members it should")
    shares = entry["members" if "members" in entry else "shares"]
    if not isinstance(shares, list) or not 2 <= len(shares) <= SHARES:
        raise Tampered("a slot's group has too few shares, or too many")
    threshold = _whole(entry["threshold"], 2, "a group's threshold")
    if threshold > len(shares):
        raise Tampered("a slot's group wants more shares than it has")
    if "members" in entry:
        return Group(threshold, [], [_member(share, label) for share in shares])
    return Group(threshold, [_keeper(share) for share in shares])


def _kdf(entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise Tampered("a slot's KDF is not a map with a name")
    fields = KDF_FIELDS.get(entry["name"])
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

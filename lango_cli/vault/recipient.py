"""Whoever a key can be sealed to: slots, and the members of a group.

What lives here: what the two have in common (`Recipient`), what a custodian keeps of one
(`Keeper`), and groups. The rule: a recipient has an HPKE key pair whose public half stands in
clear, so that it can be handed a new key while its owner is away. A member holds a share of its
group's credential and nothing else: no member opens the vault by itself, because it never had more
than that.
"""

from __future__ import annotations

from lango_cli.codec import b64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUITE = {"aead": 2, "kdf": 1, "kem": 0x647A}
"""AES-256-GCM, HKDF-SHA256, X-Wing: ids of the IANA HPKE registry and draft-ietf-hpke-pq."""
CUSTODIANS = ("kms", "tpm2", "companion")
"""Kinds whose credential a custodian unwraps."""
GROUP = "group"
ELSEWHERE = (*CUSTODIANS, GROUP)
"""Kinds of slots whose header has more than the slot itself: a custodian, or members."""
STRENGTH = {
    "passphrase": "human",
    "recovery": "human",
    "keyring": "machine-readable",
    "keyfile": "machine-readable",
    "kms": "kept-elsewhere",
    "companion": "kept-elsewhere",
    "group": "shared",
    "tpm2": "machine-bound",
}


class Keeper:
    """What a recipient says of its custodian: provider, key URI, the credential as wrapped."""

    __slots__ = ("provider", "uri", "wrapped")

    def __init__(self, provider: str, uri: str, wrapped: bytes) -> None:
        self.provider = provider
        self.uri = uri
        self.wrapped = wrapped

    def document(self) -> dict[str, str]:
        """As the header keeps it."""
        return {"provider": self.provider, "uri": self.uri, "wrapped": b64(self.wrapped)}


class Recipient:
    """Somebody with a credential. Ids are 12 hex digits, times RFC 3339 UTC.

    `group`: the label of the group that it is a member of; empty for a slot.
    """

    __slots__ = (
        "created",
        "group",
        "id",
        "kdf",
        "keeper",
        "kind",
        "label",
        "public_key",
        "sealed_seed",
        "strength",
        "suite",
    )

    def __init__(
        self, slot_id: str, kind: str, label: str, kdf: dict[str, Any], created: str
    ) -> None:
        self.id = slot_id
        self.kind = kind
        self.label = label
        self.kdf = kdf
        self.created = created
        self.group = ""
        self.strength = STRENGTH.get(kind, "unknown")
        self.keeper: Keeper | Group | None = None
        self.suite: dict[str, int] = dict(SUITE)
        self.public_key = b""
        self.sealed_seed = b""

    @property
    def kdf_name(self) -> str:
        """`hkdf-sha256` for 32 stored random bytes, else the slow function's name."""
        name: str = self.kdf["name"]
        return name

    def common(self) -> dict[str, Any]:
        """What slots and members have in the header; `custodian` only where there is one."""
        kept = {"custodian": self.keeper.document()} if isinstance(self.keeper, Keeper) else {}
        return kept | {
            "created": self.created,
            "id": self.id,
            "kdf": self.kdf,
            "kind": self.kind,
            "label": self.label,
            "public_key": b64(self.public_key),
            "sealed_seed": b64(self.sealed_seed),
            "strength": self.strength,
            "suite": self.suite,
        }


class Member(Recipient):
    """Somebody whose share, with those of others, opens a group's slot."""

    __slots__ = ("share",)

    def __init__(
        self, slot_id: str, kind: str, label: str, kdf: dict[str, Any], created: str
    ) -> None:
        super().__init__(slot_id, kind, label, kdf, created)
        self.share = b""

    def document(self) -> dict[str, Any]:
        """As the header keeps it."""
        return self.common() | {"share": b64(self.share)}


class Group:
    """Those of whom `threshold` open a slot together; the one at place x has share x, from 1 on.

    `shares`: how a group of custodians alone was written in format 1, each of which unwraps its
    share itself. It is read, and no more made.
    """

    __slots__ = ("members", "shares", "threshold")

    def __init__(
        self, threshold: int, shares: list[Keeper], members: list[Member] | None = None
    ) -> None:
        self.threshold = threshold
        self.shares = shares
        self.members = members or []

    @property
    def needs_custodian(self) -> bool:
        """Whether nothing opens it without a custodian."""
        local = sum(member.kind not in CUSTODIANS for member in self.members)
        return local < self.threshold

    def document(self) -> dict[str, Any]:
        """As the header keeps it."""
        threshold = {"threshold": self.threshold}
        if self.members:
            return threshold | {"members": [member.document() for member in self.members]}
        return threshold | {"shares": [share.document() for share in self.shares]}

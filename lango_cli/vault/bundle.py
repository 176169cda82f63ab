"""What an unlock session keeps: the keys of one generation of one vault, never the master key.

With it the vault opens for reading and writing secrets; slots and rekeying need a real unlock, and
a bundle of another generation is not applicable any more.
"""

from __future__ import annotations

from lango_cli.crypto.keys import KEY_BYTES, AuditKey, DatabaseKey, HeaderKey, WrappingKey
from lango_cli.errors import NotApplicable
from lango_cli.secret import SecretBytes

_MAGIC = b"LGB1"
_SLOT = 12
_LENGTH = len(_MAGIC) + 16 + 8 + _SLOT + 4 * KEY_BYTES


class Bundle:
    """Vault id as hex, generation, the slot that was opened, and four keys."""

    __slots__ = ("audit", "database", "generation", "header", "slot", "vault", "wrapping")

    def __init__(
        self,
        vault: str,
        generation: int,
        slot: str,
        database: DatabaseKey,
        wrapping: WrappingKey,
        audit: AuditKey,
        header: HeaderKey,
    ) -> None:
        self.vault = vault
        self.generation = generation
        self.slot = slot
        self.database = database
        self.wrapping = wrapping
        self.audit = audit
        self.header = header

    def encode(self) -> SecretBytes:
        """168 bytes for a session store."""
        keys = (self.database, self.wrapping, self.audit, self.header)
        return SecretBytes(
            _MAGIC
            + bytes.fromhex(self.vault)
            + self.generation.to_bytes(8, "big")
            + self.slot.encode()
            + b"".join(key.reveal() for key in keys)
        )


def decode(kept: SecretBytes, vault: str, generation: int) -> Bundle:
    """The bundle in `kept`; NotApplicable if it is no bundle of this vault and generation."""
    data = kept.reveal()
    if len(data) != _LENGTH or data[:4] != _MAGIC or data[4:20].hex() != vault:
        raise NotApplicable("the unlock session is of another vault")
    if int.from_bytes(data[20:28], "big") != generation:
        raise NotApplicable("the vault has been rekeyed since it was unlocked")
    keys = [data[at : at + KEY_BYTES] for at in range(28 + _SLOT, _LENGTH, KEY_BYTES)]
    return Bundle(
        vault,
        generation,
        data[28 : 28 + _SLOT].decode("ascii", "replace"),
        DatabaseKey(keys[0]),
        WrappingKey(keys[1]),
        AuditKey(keys[2]),
        HeaderKey(keys[3]),
    )

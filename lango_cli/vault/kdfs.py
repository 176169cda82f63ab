"""The key derivation of a new slot: which function, at what cost, with fresh salt.

The rule: what a person remembers stands behind a slow function, calibrated on this machine and
never below the floor; what a machine keeps is 32 random bytes, for which HKDF is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.codec import b64
from lango_cli.crypto.mac import random_bytes
from lango_cli.vault.envelope import ARGON2ID, HKDF, PBKDF2

if TYPE_CHECKING:
    from typing import Any


def kdf_parameters(name: str) -> dict[str, Any]:
    """Fresh parameters and salt for a KDF; PBKDF2's rounds are calibrated on this machine."""
    from lango_cli.crypto import passphrase

    salt = b64(random_bytes(16))
    if name == PBKDF2:
        return {"name": PBKDF2, "rounds": passphrase.calibrated_rounds(), "salt": salt}
    if name == ARGON2ID:
        return {
            "lanes": passphrase.ARGON2_LANES,
            "memory_kib": passphrase.ARGON2_MEMORY_KIB,
            "name": ARGON2ID,
            "passes": passphrase.ARGON2_PASSES,
            "salt": salt,
        }
    return {"name": HKDF, "salt": salt}

"""Using keys for what is not kept in the vault: encrypt, decrypt, sign, verify, export.

What lives here: the format of `keys encrypt`, which says by itself which key opens it:

    "LangoEnc", 1 byte format, 8 key id, 4 key version (big-endian), 12 nonce, ciphertext, 16 tag

AES-256-GCM under a child of the data key (HKDF-SHA256, salt the vault's id, label
`lango/keys-encrypt/v1`), so that no AES key that seals values ever seals anything else. Associated
data: label, vault id, the 21 bytes in front of the nonce and, if there is one, the context.

The rule: each use is on record, like the reading of a value. A key of one purpose never serves the
other.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from lango_cli.codec import b64
from lango_cli.crypto import ecdsa, signing
from lango_cli.crypto.aead import NONCE, TAG, seal, unseal
from lango_cli.crypto.keys import DataKey
from lango_cli.crypto.mac import hkdf_sha256, pack
from lango_cli.errors import (
    BadSignature,
    Conflict,
    KeyNotFound,
    KeyUnusable,
    NewerFormat,
    Tampered,
    TooLarge,
    UsageProblem,
)
from lango_cli.secret import SecretBytes
from lango_cli.vault import rows, rows_keys
from lango_cli.vault.kept_keys import decode, is_kept, sign_kept
from lango_cli.vault.keys import (
    DESTROYED,
    DISABLED,
    ENCRYPTION,
    RETIRED,
    SIGNING,
    KeyVersion,
)
from lango_cli.vault.names import split_reference
from lango_cli.vault.reader import VALUE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lango_cli.vault.parts import Parts

MAGIC = b"LangoEnc"
FORMAT = 1
_KEY_ID, _VERSION = 8, 4
HEAD = len(MAGIC) + 1 + _KEY_ID + _VERSION
OVERHEAD = HEAD + NONCE + TAG
"""How much longer a ciphertext is than what is in it."""
LABEL = b"lango/keys-encrypt/v1"
_AS_TEXT = b64(MAGIC[:6]).encode()
"""How a ciphertext in base64 begins."""


class KeyUse:
    """What scripts do with the keys of an open vault."""

    def __init__(self, vault: Parts) -> None:
        self._vault = vault
        self._keys = vault.keys

    def encrypt(self, name: str | None, data: SecretBytes, context: bytes | None) -> bytes:
        """`data` sealed by the data key of this name, or by the default; TooLarge over 16 MiB."""
        if len(data) > VALUE_LIMIT:
            raise TooLarge(f"what is to be encrypted is over {VALUE_LIMIT} bytes")
        key = self._keys.newest(ENCRYPTION, name)
        key.refuse(RETIRED, DISABLED, DESTROYED)
        head = (
            MAGIC + bytes([FORMAT]) + bytes.fromhex(key.id) + key.version.to_bytes(_VERSION, "big")
        )
        made = head + seal(self._child(key), data.reveal(), self._bound(head, context))
        self._note("key.encrypt", key)
        return made

    def decrypt(self, name: str | None, blob: bytes, context: bytes | None) -> SecretBytes:
        """What is in a ciphertext, raw or in base64; the key is found by itself.

        Conflict if it is not the key of `name`, Tampered if it or the context is not what it was.
        """
        head, body = _taken_apart(blob)
        key = self._named_in(head)
        if name is not None and key.name != name:
            raise Conflict(
                f"this was encrypted by key {key.name}, not by {name}", hint="leave the name out"
            )
        key.refuse(DISABLED, DESTROYED)
        child = self._child(key)
        try:
            data = SecretBytes(unseal(child, body, self._bound(head, context)))
        except Tampered:
            data = None
        if data is None:
            raise Tampered(
                "the ciphertext does not open: it was changed, or this is not its --context",
                hint="give the --context that it was encrypted with",
            )
        self._note("key.decrypt", key)
        return data

    def sign(self, name: str | None, message: bytes) -> bytes:
        """The signature by the newest version of the key of this name, or of the default."""
        return self.sign_all(name, (message,))[0]

    def sign_all(self, name: str | None, messages: Iterable[bytes]) -> list[bytes]:
        """One signature for each message, or an error and none; one message is held at a time.

        Of a key that a custodian keeps they are that custodian's, never another's.
        """
        key = self._keys.newest(SIGNING, name)
        key.refuse(RETIRED, DISABLED, DESTROYED)
        if is_kept(key.wrapped):
            made = sign_kept(self._vault.custody, key.wrapped, key.name, messages)
        else:
            secret = self._keys.signing_key(key)
            made = [signing.sign(key.algorithm, secret, message) for message in messages]
        self._note("key.sign", key, detail=_how_many(len(made)))
        return made

    def verify(self, reference: str, message: bytes, signature: bytes) -> int:
        """Which version of a key signed the message; BadSignature (45) if none of them did."""
        (version,) = self.verify_all(reference, ((message, signature),))
        if version is None:
            raise BadSignature(f"this is no signature of key {reference} over these bytes")
        return version

    def verify_all(
        self, reference: str, signed: Iterable[tuple[bytes, bytes]]
    ) -> list[int | None]:
        """For each message and signature the version of the key that made it, None: none did."""
        tried = self._versions(reference)
        found = [self._signer(tried, *one) for one in signed]
        by = next((key for key in found if key is not None), tried[0])
        outcome = "refused" if None in found else "ok"
        self._note("key.verify", by, outcome, detail=_how_many(len(found)))
        return [None if key is None else key.version for key in found]

    def _signer(
        self, tried: list[KeyVersion], message: bytes, signature: bytes
    ) -> KeyVersion | None:
        return next((key for key in tried if self._verifies(key, message, signature)), None)

    def _verifies(self, key: KeyVersion, message: bytes, signature: bytes) -> bool:
        """Under the public half, which is here also where the key is not."""
        if is_kept(key.wrapped):
            return ecdsa.verify_pem(decode(key.wrapped).public, message, signature)
        return signing.verify(key.algorithm, self._keys.signing_key(key), message, signature)

    def public(self, reference: str) -> tuple[str, dict[str, str]] | None:
        """PEM and JWK of a signing key's public half; None where there is none to show."""
        name, version = split_reference(reference)
        key = self._one(name, version)
        if key.purpose != SIGNING or key.state == DESTROYED:
            return None
        if is_kept(key.wrapped):
            shown = decode(key.wrapped).public
            return shown.decode("ascii"), signing.jwk_of_pem(shown)
        secret = self._keys.signing_key(key)
        pem = signing.public_pem(key.algorithm, secret)
        jwk = signing.public_jwk(key.algorithm, secret)
        return None if pem is None or jwk is None else (pem, jwk)

    def export(self, reference: str) -> tuple[str, dict[str, str]]:
        """The same, or why there is none."""
        name, version = split_reference(reference)
        self._one(name, version).refuse(DESTROYED)
        found = self.public(reference)
        if found is None:
            raise UsageProblem(
                f"key {name} has no public half", hint="ed25519 and ecdsa-p256 keys have one"
            )
        return found

    def _one(self, name: str, version: int | None) -> KeyVersion:
        """A version of a key of any purpose, the newest if none is named."""
        row = rows_keys.key(self._vault.store, name)
        if row is None:
            raise KeyNotFound(f"no key called {name}", hint="list keys: lango keys list")
        newest = self._keys.newest(row[2], name)
        if version is None:
            return newest
        found = rows.key_version(self._vault.store, newest.id, version)
        if found is None:
            raise KeyNotFound(
                f"key {name} has no version {version}", hint=f"see which: lango keys show {name}"
            )
        return KeyVersion(found)

    def _versions(self, reference: str) -> list[KeyVersion]:
        """The versions that may verify, newest first; KeyUnusable where there is none."""
        name, version = split_reference(reference)
        newest = self._keys.newest(SIGNING, name)
        if version is not None:
            one = self._one(name, version)
            one.refuse(DISABLED, DESTROYED)
            return [one]
        found = [
            self._keys.stored(newest.id, number)
            for number, _, _ in rows_keys.versions(self._vault.store, newest.id)
        ]
        usable = [key for key in found if key.state not in (DISABLED, DESTROYED)]
        if not usable:
            raise KeyUnusable(
                f"no version of key {name} may verify: all are disabled or destroyed"
            )
        return usable

    def _named_in(self, head: bytes) -> KeyVersion:
        key_id = head[len(MAGIC) + 1 : -_VERSION].hex()
        version = int.from_bytes(head[-_VERSION:], "big")
        row = rows.key_version(self._vault.store, key_id, version)
        if row is None:
            raise KeyNotFound(
                f"this was encrypted by key {key_id}, version {version}, which this vault does not"
                " have",
                hint="decrypt it with the vault that it comes from",
            )
        return KeyVersion(row)

    def _child(self, key: KeyVersion) -> DataKey:
        vault = self._vault.envelope.vault_bytes
        return DataKey(hkdf_sha256(self._keys.data_key(key).reveal(), vault, LABEL))

    def _bound(self, head: bytes, context: bytes | None) -> bytes:
        parts = (LABEL, self._vault.envelope.vault_bytes, head)
        return pack(*parts) if context is None else pack(*parts, context)

    def _note(self, event: str, key: KeyVersion, outcome: str = "ok", detail: str = "") -> None:
        audit, now = self._vault.audit, int(self._vault.clock() * 1000)
        self._keys.mark_used(key)
        audit.append_read(
            audit.event(event, f"{key.name}@{key.version}", outcome, detail),
            then=lambda: self._keys.note_use(now),
        )


def _how_many(signatures: int) -> str:
    """What a record says of them, where it is not one."""
    return "" if signatures == 1 else f"{signatures} signatures"


def _taken_apart(blob: bytes) -> tuple[bytes, bytes]:
    """The head and the rest of a ciphertext, which may be in base64 with any white space."""
    if blob.lstrip()[: len(_AS_TEXT)] == _AS_TEXT:
        try:
            blob = binascii.a2b_base64(b"".join(blob.split()), strict_mode=True)
        except ValueError:
            raise Tampered("the ciphertext is not whole base64", hint="") from None
    if not blob.startswith(MAGIC):
        raise Tampered("this is nothing that lango keys encrypt made", hint="")
    if len(blob) < OVERHEAD:
        raise Tampered("the ciphertext is cut short", hint="")
    if blob[len(MAGIC)] != FORMAT:
        raise NewerFormat(f"the ciphertext has format {blob[len(MAGIC)]}, this lango knows 1")
    if len(blob) > VALUE_LIMIT + OVERHEAD:
        raise TooLarge(f"what is to be decrypted is over {VALUE_LIMIT} bytes")
    return blob[:HEAD], blob[HEAD:]

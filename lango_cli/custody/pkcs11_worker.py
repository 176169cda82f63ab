"""The process that loads a PKCS#11 module: one token, one key, one request at a time.

The rule: a module is a vendor's code, which may hang, crash or print; so it lives here and nowhere
else. Requests come on stdin, replies go to what was stdout, both as `frames`; what the module
prints goes nowhere. A PIN comes in a frame, and is kept only where the key asks for it again with
each operation. Reasons are chosen by return value (CKR_...) and say nothing that the module said.

Requests, all begin with the milliseconds that are left (0: no end) and a name:

    open module filters pin typed     look for the token, and log in
    encrypt nonce aad data                 AES-GCM; also `decrypt`
    wrap data · unwrap wrapped             AES key wrap
    scheme                                 `gcm` or `kw`: how the key at hand wraps
    sign digest ... · point                CKM_ECDSA over each; the public point
    describe                               algorithms, purposes and remarks

Replies: `ok` and results, or a kind of `KINDS` and a reason. Sources: PKCS#11 v2.40 and v3.0.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11 import exceptions as ckr

from lango_cli import hygiene
from lango_cli.custody.frames import encode, receive
from lango_cli.custody.pkcs11_calls import Signer
from lango_cli.custody.pkcs11_token import (
    DAMAGED,
    DENIED,
    GONE,
    LOST,
    MISSING,
    REASONS,
    TAMPERED,
    UNUSABLE,
    No,
    answers,
    open_session,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALGORITHMS = {b"gcm": b"AES-256-GCM", b"kw": b"AES-256 key wrap"}
KEY_BYTES = 32
TAG_BITS = 128
P256 = bytes.fromhex("06082a8648ce3d030107")
"""The object identifier of the curve (RFC 5480), as CKA_EC_PARAMS has it."""

_SESSION_ONLY: dict[Attribute, Any] = {
    Attribute.TOKEN: False,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
}


def main() -> None:
    """Answer requests until stdin ends."""
    hygiene.harden()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    held = _Held()
    while request := receive(0):
        left, name, *arguments = request
        # A module that hangs for ever must not outlive a parent that was killed meanwhile.
        signal.setitimer(signal.ITIMER_REAL, int(left) / 1000 + 1 if int(left) else 0)
        reply = answer(held, name.decode(), arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.write(replies, encode(*reply))
    os._exit(0)


def answer(held: _Held, name: str, arguments: list[bytes]) -> list[bytes]:
    """The reply to one request."""
    try:
        return [b"ok", *OPERATIONS[name](held, *arguments)]
    except No as no:
        return [no.kind, no.reason.encode()]
    except ckr.PKCS11Error as err:
        # The library has one class for "not initialized" and for whatever it does not know.
        if type(err) is ckr.PKCS11Error and held.is_lost():
            return [GONE, LOST.encode()]
        kind, reason = REASONS.get(type(err), (DENIED, f"it was refused ({type(err).__name__})"))
        return [kind, reason.encode()]


class _Held:
    """The session and the keys found in it."""

    def __init__(self) -> None:
        self._session: Any = None
        self._filters: dict[str, str] = {}
        self._pin = ""
        self._keys: dict[ObjectClass, Any] = {}
        self._scheme = b""
        self._signing: Any = None
        self._again: str | None = None
        self._signer: Signer | None = None
        self._module = b""

    def open(self, module: bytes, filters: bytes, pin: bytes, typed: bytes) -> list[bytes]:
        """Find the token and log in; `filters` are lines `name=value`, an id in hexadecimal."""
        lines = (line.partition("=") for line in filters.decode().split("\n") if line)
        self._filters = {name: value for name, _, value in lines}
        try:
            self._pin = pin.decode()
        except UnicodeDecodeError:
            raise ckr.PinInvalid from None
        self._module = module
        self._session = open_session(module, self._filters, self._pin, typed=typed == b"1")
        return []

    def is_lost(self) -> bool:
        """Whether there was a session, and its module has nothing to say any more."""
        return self._session is not None and not answers(self._session)

    def key(self, kind: ObjectClass) -> Any:  # noqa: ANN401  the library makes its classes at run time
        """The one key of this class; looked for once."""
        if kind not in self._keys:
            self._keys[kind] = self._only_key(kind)
        return self._keys[kind]

    def _only_key(self, kind: ObjectClass) -> Any:  # noqa: ANN401  the same
        found = self.objects()
        fitting = [one for one in found if one[Attribute.CLASS] == kind]
        if len(fitting) > 1:
            ids = ", ".join(sorted(_percent(one[Attribute.ID]) for one in fitting))
            raise No(MISSING, f"{len(fitting)} keys fit: name one by its id, of {ids}")
        if fitting:
            return fitting[0]
        if found:
            signs = kind is ObjectClass.SECRET_KEY
            raise No(UNUSABLE, "this key only signs" if signs else "this key only wraps")
        raise No(MISSING, "no such key on the token")

    def objects(self) -> list[Any]:
        """Whatever keys the URI fits."""
        wanted: dict[Attribute, Any] = {}
        if "object" in self._filters:
            wanted[Attribute.LABEL] = self._filters["object"]
        if "id" in self._filters:
            wanted[Attribute.ID] = bytes.fromhex(self._filters["id"])
        kinds = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)
        return [one for one in self._session.get_objects(wanted) if one[Attribute.CLASS] in kinds]

    def wrapping(self, scheme: bytes = b"") -> Any:  # noqa: ANN401  the same
        """The AES key, which can be used by this scheme, or by the best that there is."""
        key = self.key(ObjectClass.SECRET_KEY)
        if not self._scheme:
            self._scheme = self._scheme_of(key)
        if scheme and scheme != self._scheme and scheme not in self._schemes(key):
            raise No(UNUSABLE, f"the token has no {ALGORITHMS[scheme].decode()} for this key")
        return key

    def scheme(self) -> list[bytes]:
        """`gcm` where token and key have it, else `kw`."""
        self.wrapping()
        return [self._scheme]

    def _scheme_of(self, key: Any) -> bytes:  # noqa: ANN401  the same
        if key[Attribute.KEY_TYPE] != KeyType.AES or key[Attribute.VALUE_LEN] != KEY_BYTES:
            raise No(UNUSABLE, "a key that wraps is an AES key of 256 bits, and this one is not")
        for scheme in self._schemes(key):
            return scheme
        raise No(UNUSABLE, "the token has neither AES-GCM nor AES key wrap for this key")

    def _schemes(self, key: Any) -> Iterator[bytes]:  # noqa: ANN401  the same
        both = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
        if self._has(Mechanism.AES_GCM, both) and _may(key, Attribute.ENCRYPT, Attribute.DECRYPT):
            yield b"gcm"
        both = MechanismFlag.WRAP | MechanismFlag.UNWRAP
        if self._has(Mechanism.AES_KEY_WRAP, both) and _may(key, Attribute.WRAP, Attribute.UNWRAP):
            yield b"kw"

    def _has(self, mechanism: Mechanism, flags: MechanismFlag) -> bool:
        try:
            info = self._session.token.slot.get_mechanism_info(mechanism)
        except ckr.MechanismInvalid:
            return False
        return bool((info.flags & flags) == flags)

    def encrypt(self, nonce: bytes, aad: bytes, data: bytes) -> list[bytes]:
        """AES-GCM with a tag of 16 bytes behind the data."""
        return [self.wrapping(b"gcm").encrypt(data, **_gcm(nonce, aad))]

    def decrypt(self, nonce: bytes, aad: bytes, data: bytes) -> list[bytes]:
        """What `encrypt` was given."""
        key = self.wrapping(b"gcm")
        try:
            return [key.decrypt(data, **_gcm(nonce, aad))]
        except ckr.GeneralError:
            if self._still_works(b"gcm"):
                raise No(TAMPERED, DAMAGED) from None
            raise

    def wrap(self, data: bytes) -> list[bytes]:
        """AES key wrap (RFC 3394) of 32 bytes."""
        key = self.wrapping(b"kw")
        template = {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.VALUE: data,
            **_SESSION_ONLY,
        }
        inner = self._session.create_object(template)
        try:
            return [key.wrap_key(inner, mechanism=Mechanism.AES_KEY_WRAP)]
        finally:
            inner.destroy()

    def unwrap(self, wrapped: bytes) -> list[bytes]:
        """What `wrap` was given."""
        self.wrapping(b"kw")
        try:
            return [self._unwrapped(wrapped)]
        except ckr.GeneralError:
            if self._still_works(b"kw"):
                raise No(TAMPERED, DAMAGED) from None
            raise

    def _unwrapped(self, wrapped: bytes) -> bytes:
        inner = self.wrapping(b"kw").unwrap_key(
            ObjectClass.SECRET_KEY,
            KeyType.GENERIC_SECRET,
            wrapped,
            mechanism=Mechanism.AES_KEY_WRAP,
            template=_SESSION_ONLY,
        )
        try:
            return bytes(inner[Attribute.VALUE])
        finally:
            inner.destroy()

    def _still_works(self, scheme: bytes) -> bool:
        """Some tokens have one return value for a wrong tag and for all else: so try both ways.

        What it wrapped just now and cannot unwrap is the token's fault; else what came was.
        """
        data = bytes(KEY_BYTES)
        try:
            if scheme == b"kw":
                return self._unwrapped(self.wrap(data)[0]) == data
            key, how = self.wrapping(scheme), _gcm(os.urandom(12), b"")
            return bool(key.decrypt(key.encrypt(data, **how), **how) == data)
        except ckr.PKCS11Error:
            return False

    def signing(self) -> Any:  # noqa: ANN401  the same
        """The private key, of P-256 and allowed to sign."""
        if self._signing is None:
            key = self.key(ObjectClass.PRIVATE_KEY)
            if key[Attribute.KEY_TYPE] != KeyType.EC or key[Attribute.EC_PARAMS] != P256:
                raise No(UNUSABLE, "a key that signs is one of P-256, and this one is not")
            if not _may(key, Attribute.SIGN):
                raise No(UNUSABLE, "the token does not let this key sign")
            self._again = self._pin if _may(key, Attribute.ALWAYS_AUTHENTICATE) else None
            self._signing = key
        return self._signing

    def sign(self, *digests: bytes) -> list[bytes]:
        """ECDSA over each digest: r and s, 32 bytes each."""
        key = self.signing()
        how = {"mechanism": Mechanism.ECDSA, "pin": self._again}
        if len(digests) == 1 or self._again is not None:
            return [key.sign(digest, **how) for digest in digests]
        if self._signer is None:
            self._signer = Signer(self._module, self._session, key)
        return [self._signer.sign(digest) or key.sign(digest, **how) for digest in digests]

    def point(self) -> list[bytes]:
        """The public key's point (CKA_EC_POINT): of the public object, else the private one."""
        private = self.signing()
        wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: private[Attribute.ID]}
        for holder in (*self._session.get_objects(wanted), private):
            try:
                return [bytes(holder[Attribute.EC_POINT])]
            except (ckr.AttributeTypeInvalid, ckr.AttributeSensitive):
                continue
        raise No(MISSING, "the token does not show the public half of this key")

    def describe(self) -> list[bytes]:
        """Algorithms, purposes and remarks of whatever keys the URI fits."""
        kinds = {one[Attribute.CLASS] for one in self.objects()}
        algorithms, purposes = [], []
        remarks: set[bytes] = set()
        if ObjectClass.SECRET_KEY in kinds or not kinds:
            algorithms.append(ALGORITHMS[self.scheme()[0]])
            purposes.append(b"wrap")
            remarks.update(_remarks(self.key(ObjectClass.SECRET_KEY)))
        if ObjectClass.PRIVATE_KEY in kinds:
            remarks.update(_remarks(self.signing()))
            algorithms.append(b"ECDSA P-256")
            purposes.append(b"sign")
        return [b", ".join(algorithms), b", ".join(purposes), b"; ".join(sorted(remarks))]


def _remarks(key: Any) -> Iterator[bytes]:  # noqa: ANN401  made at run time
    """What the token's keeper may have meant otherwise."""
    if _may(key, Attribute.EXTRACTABLE):
        yield b"it may leave the token (CKA_EXTRACTABLE)"
    if not _may(key, Attribute.PRIVATE):
        yield b"it can be used without the PIN (no CKA_PRIVATE)"


def _gcm(nonce: bytes, aad: bytes) -> dict[str, Any]:
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, aad, TAG_BITS)}


def _may(key: Any, *attributes: Attribute) -> bool:  # noqa: ANN401  made at run time
    """Whether all of these are there and true."""
    try:
        return all(key[attribute] for attribute in attributes)
    except ckr.AttributeTypeInvalid:
        return False


def _percent(data: bytes) -> str:
    """An id as a URI has it."""
    return "".join(f"%{byte:02x}" for byte in data) or "none"


OPERATIONS: dict[str, Callable[..., list[bytes]]] = {
    "open": _Held.open,
    "encrypt": _Held.encrypt,
    "decrypt": _Held.decrypt,
    "wrap": _Held.wrap,
    "unwrap": _Held.unwrap,
    "scheme": _Held.scheme,
    "sign": _Held.sign,
    "point": _Held.point,
    "describe": _Held.describe,
}

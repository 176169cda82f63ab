"""Finding a token and logging in to it, and what return values mean: a part of the worker.

The rule: exactly one token fits or none is used; a PIN is tried once, and one that nobody typed is
not tried where it could be the last try. Return values (CKR_...) are mapped here and nowhere else.

Sources: PKCS#11 v2.40, RFC 7512.
"""

from __future__ import annotations

import os
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11 import TokenFlag
from pkcs11 import exceptions as ckr
from pkcs11.types import PROTECTED_AUTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIN, REFUSED, GONE, BUSY = b"pin", b"refused", b"gone", b"busy"
DENIED, MISSING, UNUSABLE, TAMPERED = b"denied", b"missing", b"unusable", b"tampered"

LOST = "the token or the session with it is gone"
_FAILED = "the token failed"
_CANNOT = "the token does not do that with this key"
DAMAGED = "what was wrapped is damaged, or was wrapped by another key or for something else"
_NO_PIN = "the PIN is wrong"

REASONS: dict[type[ckr.PKCS11Error], tuple[bytes, str]] = {
    ckr.PinIncorrect: (REFUSED, _NO_PIN),
    ckr.PinInvalid: (REFUSED, _NO_PIN),
    ckr.PinLenRange: (REFUSED, _NO_PIN),
    ckr.PinLocked: (DENIED, "the PIN is locked"),
    ckr.PinExpired: (DENIED, "the PIN has expired"),
    ckr.UserPinNotInitialized: (DENIED, "the token has no PIN yet"),
    ckr.AnotherUserAlreadyLoggedIn: (DENIED, "somebody else is logged in"),
    ckr.UserNotLoggedIn: (GONE, LOST),
    ckr.SessionHandleInvalid: (GONE, LOST),
    ckr.SessionClosed: (GONE, LOST),
    ckr.KeyHandleInvalid: (GONE, LOST),
    ckr.ObjectHandleInvalid: (GONE, LOST),
    ckr.WrappingKeyHandleInvalid: (GONE, LOST),
    ckr.UnwrappingKeyHandleInvalid: (GONE, LOST),
    ckr.OperationNotInitialized: (GONE, LOST),
    ckr.OperationActive: (GONE, LOST),
    ckr.DeviceRemoved: (GONE, LOST),
    ckr.TokenNotPresent: (GONE, LOST),
    ckr.TokenNotRecognised: (GONE, LOST),
    ckr.SlotIDInvalid: (GONE, LOST),
    ckr.DeviceError: (GONE, _FAILED),
    ckr.DeviceMemory: (GONE, _FAILED),
    ckr.HostMemory: (GONE, _FAILED),
    ckr.GeneralError: (GONE, _FAILED),
    ckr.FunctionFailed: (GONE, _FAILED),
    ckr.FunctionCancelled: (GONE, _FAILED),
    ckr.SessionCount: (BUSY, "the token has no session left"),
    ckr.FunctionNotSupported: (UNUSABLE, _CANNOT),
    ckr.MechanismInvalid: (UNUSABLE, _CANNOT),
    ckr.MechanismParamInvalid: (UNUSABLE, _CANNOT),
    ckr.KeyTypeInconsistent: (UNUSABLE, _CANNOT),
    ckr.KeySizeRange: (UNUSABLE, _CANNOT),
    ckr.KeyNotWrappable: (UNUSABLE, _CANNOT),
    ckr.KeyUnextractable: (UNUSABLE, _CANNOT),
    ckr.AttributeSensitive: (UNUSABLE, _CANNOT),
    ckr.TemplateInconsistent: (UNUSABLE, _CANNOT),
    ckr.EncryptedDataInvalid: (TAMPERED, DAMAGED),
    ckr.EncryptedDataLenRange: (TAMPERED, DAMAGED),
    ckr.WrappedKeyInvalid: (TAMPERED, DAMAGED),
    ckr.WrappedKeyLenRange: (TAMPERED, DAMAGED),
}
"""Return value, as python-pkcs11 names it: what that means for us. Any other is a refusal."""

_TOKEN: dict[str, Callable[[Any], object]] = {
    "token": attrgetter("label"),
    "serial": lambda token: token.serial.decode("ascii", "replace"),
    "manufacturer": attrgetter("manufacturer_id"),
    "model": attrgetter("model"),
    "slot-id": lambda token: str(token.slot.slot_id),
    "slot-description": attrgetter("slot.slot_description"),
    "slot-manufacturer": attrgetter("slot.manufacturer_id"),
}
"""RFC 7512, section 2.3: the attributes that choose a token."""
_version = attrgetter("library_version")
_LIBRARY: dict[str, Callable[[Any], object]] = {
    "library-manufacturer": attrgetter("manufacturer_id"),
    "library-description": attrgetter("library_description"),
    "library-version": lambda library: ".".join(map(str, _version(library))),
}


class No(Exception):
    """An answer that is none: its kind, and why."""

    def __init__(self, kind: bytes, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def open_session(module: bytes, filters: dict[str, str], pin: str, *, typed: bool) -> Any:  # noqa: ANN401  the library makes its classes in C
    """A session of the one token that fits, logged in to where it wants that."""
    try:
        library = pkcs11.lib(os.fsdecode(module))
    except ckr.PKCS11Error as err:
        raise No(GONE, _load_failure(err)) from None
    if not _fits(library, _LIBRARY, filters):
        raise No(GONE, "the module is another than the one described")
    return _logged_in(_only_token(library, filters), pin, typed=typed)


def _logged_in(token: Any, pin: str, *, typed: bool) -> Any:  # noqa: ANN401  made in C
    flags = token.flags
    if not flags & TokenFlag.LOGIN_REQUIRED:
        return token.open()
    if flags & TokenFlag.USER_PIN_LOCKED:
        raise ckr.PinLocked
    if flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:
        return token.open(user_pin=PROTECTED_AUTH)
    if not pin:
        raise No(PIN, "the token wants a PIN")
    if flags & TokenFlag.USER_PIN_FINAL_TRY and not typed:
        raise No(DENIED, "one more wrong PIN locks the token: a person has to type it")
    try:
        return token.open(user_pin=pin)
    except ckr.UserAlreadyLoggedIn:
        # A module that keeps one login for several programs: its sessions are logged in.
        return token.open()


def answers(session: Any) -> bool:  # noqa: ANN401  made in C
    """Whether the module still says what is in the slot; one that was finalized says nothing."""
    try:
        session.token.slot.get_token()
    except ckr.PKCS11Error:
        return False
    return True


def _load_failure(err: ckr.PKCS11Error) -> str:
    """Without a class of its own it is the loader that failed."""
    if type(err) is ckr.PKCS11Error:
        return "the module cannot be loaded"
    return f"the module does not start ({type(err).__name__})"


def _fits(thing: Any, table: dict[str, Callable[[Any], object]], filters: dict[str, str]) -> bool:  # noqa: ANN401  a token or a library
    return all(read(thing) == filters[name] for name, read in table.items() if name in filters)


def _only_token(library: Any, filters: dict[str, str]) -> Any:  # noqa: ANN401  made in C
    found = [token for token in _tokens(library) if _fits(token, _TOKEN, filters)]
    if not found:
        raise No(GONE, "no such token is there")
    if len(found) > 1:
        serials = ", ".join(sorted(token.serial.decode("ascii", "replace") for token in found))
        raise No(MISSING, f"{len(found)} tokens fit: name one by its serial, of {serials}")
    return found[0]


def _tokens(library: Any) -> Iterator[Any]:  # noqa: ANN401  made in C
    for slot in library.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except (ckr.TokenNotPresent, ckr.TokenNotRecognised):
            continue
        if token.flags & TokenFlag.TOKEN_INITIALIZED:
            yield token

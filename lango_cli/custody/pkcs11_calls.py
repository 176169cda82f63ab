"""C_SignInit and C_Sign, called in the session that python-pkcs11 opened: a part of the worker.

The rule: what does not work here is not judged here. `sign` returns nothing then, and whoever
asked has the library do it, which says why.

Why past the library: for each signature it asks the module first how long it will be, and makes
objects around every call. A module that talks over a wire is spared half of the talk, and a
signature costs hardly more than the same two calls in C. Sources: PKCS#11 v2.40, sections 3.7
(every entry of a function list is there) and 5.11.
"""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, addressof, byref, c_char_p, c_ubyte
from ctypes import c_ulong as number
from ctypes import c_void_p as pointer
from ctypes import create_string_buffer as room
from os import fsdecode
from typing import Any

ECDSA = 0x1041
_ROOM = 512
"""Bytes for a signature by whatever key it is, so that none is cut off."""
_SIGN_INIT, _SIGN, _FUNCTIONS = 42, 43, 68


class _Mechanism(Structure):
    """CK_MECHANISM."""

    _fields_ = (("number", number), ("parameter", pointer), ("size", number))


class _FunctionList(Structure):
    """CK_FUNCTION_LIST of v2.40, with which that of v3.0 begins."""

    _fields_ = (("version", c_ubyte * 2), ("functions", pointer * _FUNCTIONS))


_SignInit = CFUNCTYPE(number, number, pointer, number)
_Sign = CFUNCTYPE(number, number, c_char_p, number, pointer, pointer)


class Signer:
    """ECDSA by one key in one session; both are the library's."""

    def __init__(self, module: bytes, session: Any, key: Any) -> None:  # noqa: ANN401  made in C
        found = POINTER(_FunctionList)()
        CDLL(fsdecode(module)).C_GetFunctionList(byref(found))
        functions = found.contents.functions
        self._init, self._sign = _SignInit(functions[_SIGN_INIT]), _Sign(functions[_SIGN])
        self._session, self._key = session.handle, key.handle
        self._mechanism = _Mechanism(ECDSA, None, 0)
        self._made, self._size = room(_ROOM), number()

    def sign(self, digest: bytes) -> bytes:
        """Both numbers, r and s, 32 bytes each; empty where the module would not."""
        if self._init(self._session, addressof(self._mechanism), self._key):
            return b""
        self._size.value = _ROOM
        where = (addressof(self._made), addressof(self._size))
        if self._sign(self._session, digest, len(digest), *where):
            return b""
        return self._made.raw[: self._size.value]

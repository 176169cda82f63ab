"""A value that will not print itself.

What lives here: `SecretBytes` and `SecretText`, the wrappers round every key, passphrase and
value. The rule: `reveal()` is the only door, and the architecture test lists who may call it.
Why: an f-string, a traceback or a pickled exception must not be able to leak what passes through.

Wiping is best effort: Python copies strings and bytes at will, so `wipe()` clears this object's
own buffer and promises no more than that.
"""

from __future__ import annotations

from _operator import _compare_digest

MASK = "[secret]"


class SecretBytes:
    """Bytes that show as `[secret]`; equality takes constant time for equal lengths."""

    __slots__ = ("_data",)
    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the value

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = bytearray(data)

    def reveal(self) -> bytes:
        """A copy of the bytes inside."""
        return bytes(self._data)

    def wipe(self) -> None:
        """Overwrite the buffer with zeros; copies made elsewhere stay (see the module's page)."""
        self._data[:] = bytes(len(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _compare_digest(bytes(self._data), bytes(other._data))

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("a secret is not pickled or copied")


class SecretText(SecretBytes):
    """Text that shows as `[secret]`; kept as UTF-8."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text.encode("utf-8", "surrogateescape"))

    def text(self) -> str:
        """The text inside: `reveal()` as a str."""
        return self.reveal().decode("utf-8", "surrogateescape")

"""Masking for an open vault: its values joined to a matcher, at the last moment.

The rule: no value is read before the first byte has to be masked, and all of them are read once,
with one audit record, however many streams are masked. A `LangoError` in reading them comes out
of `feed`: whoever feeds then passes nothing on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lango_cli.interceptor.needles import Needles
    from lango_cli.model import SecretReader, TextFilter
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.vault import Vault

    Values = Iterable[tuple[str, SecretBytes]]


def masker_for(vault: Vault, extra: Values = ()) -> TextFilter:
    """A filter for one stream; see `maskers_for`."""
    return maskers_for(vault.secrets, extra)()


def maskers_for(reader: SecretReader, extra: Values = ()) -> Callable[[], TextFilter]:
    """What makes a filter for each of several streams, which share what they look for.

    The vault must be open when the first byte of any of them comes. `extra`: values to mask that
    are not, or no longer, in the vault, such as an older version that was handed to a child.
    """
    needles = _Once(lambda: needles_of([*reader.for_masking(), *extra]))
    return lambda: _Late(lambda: _masker(needles()))


def needles_of(values: Values) -> Needles:
    """A matcher for all values that are worth masking; `doctor` names the others."""
    from lango_cli.interceptor.needles import Needles
    from lango_cli.interceptor.strength import weakness

    shown = ((name, value.reveal()) for name, value in values)
    return Needles([(name, data) for name, data in shown if not weakness(data)])


def _masker(needles: Needles) -> TextFilter:
    from lango_cli.interceptor.masker import Masker

    return Masker(needles)


class _Once:
    """Made when it is first asked for, once, whichever thread asks."""

    def __init__(self, make: Callable[[], Needles]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Needles | None = None

    def __call__(self) -> Needles:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class _Late:
    """A filter that is made when its first byte comes: until then it costs nothing."""

    def __init__(self, make: Callable[[], TextFilter]) -> None:
        self._make = make
        self._made: TextFilter | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""
        if not chunk:
            return b""
        if self._made is None:
            self._made = self._make()
        return self._made.feed(chunk)

    def idle(self) -> bytes:
        """The safe part of what is held back."""
        return self._made.idle() if self._made else b""

    def finish(self) -> bytes:
        """What is left, at the end of the input."""
        return self._made.finish() if self._made else b""

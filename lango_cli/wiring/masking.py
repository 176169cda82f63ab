"""Masking for an open vault: its values joined to a matcher, at the last moment.

The rule: no value is read before the first byte has to be masked, and all of them are read once,
with one audit record, however many streams are masked. A `LangoError` in reading them comes out
of `feed`: whoever feeds then passes nothing on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lango_cli.errors import SecretNotFound
from lango_cli.vault.names import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lango_cli.interceptor.needles import Needles
    from lango_cli.model import SecretReader, TextFilter
    from lango_cli.secret import SecretBytes

    Values = Iterable[tuple[str, SecretBytes]]


def maskers_for(
    reader: SecretReader, extra: Values = (), *, credentials: bool = True, typed: bool = False
) -> Callable[[], Masking]:
    """What makes a filter for each of several streams, which share what they look for.

    The vault must be open when the first byte of any of them comes. `extra`: values to mask that
    are not, or no longer, in the vault, such as an older version that was handed to a child.
    `credentials`: what looks like one is masked too, though no vault knows it. `typed`: the
    streams go to a terminal where somebody types, so that `idle` gives a little more.
    """
    needles = _Once(lambda: needles_of([*reader.for_masking(), *extra]))
    return lambda: Masking(needles, credentials=credentials, typed=typed)


def needles_of(values: Values) -> Needles:
    """A matcher for all values that are worth masking; `doctor` names the others."""
    from lango_cli.interceptor.needles import Needles
    from lango_cli.interceptor.strength import weakness

    shown = ((name, value.reveal()) for name, value in values)
    return Needles([(name, data) for name, data in shown if not weakness(data)])


def only(values: Values, names: Iterable[str]) -> list[tuple[str, SecretBytes]]:
    """The values of these secrets; SecretNotFound where there is none of a name."""
    wanted = {check_name(name) for name in names}
    kept = [(name, value) for name, value in values if name in wanted]
    missing = wanted - {name for name, _ in kept}
    if missing:
        raise SecretNotFound(f"no secret named {min(missing)}")
    return kept


class Masking:
    """A `TextFilter` that is made when its first byte comes: until then it costs nothing."""

    def __init__(
        self, needles: Callable[[], Needles], *, credentials: bool = True, typed: bool = False
    ) -> None:
        self._needles = needles
        self._typed = typed
        self._credentials = credentials
        self._stages: list[TextFilter] = []
        self.secrets: dict[str, int] = {}
        """How often each secret was masked."""
        self.credentials: dict[str, int] = {}
        """How often each kind of credential was."""

    def _begin(self) -> None:
        from lango_cli.interceptor.masker import Masker

        first = Masker(self._needles(), typed=self._typed)
        self.secrets = first.counts
        self._stages = [first]
        if self._credentials:
            from lango_cli.interceptor.credentials import CredentialMasker

            second = CredentialMasker(typed=self._typed)
            self.credentials = second.counts
            self._stages.append(second)

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; what is safe to pass on now."""
        if chunk and not self._stages:
            self._begin()
        for stage in self._stages:
            chunk = stage.feed(chunk)
        return chunk

    def idle(self) -> bytes:
        """The safe part of what is held back."""
        out = b""
        for stage in self._stages:
            out = stage.feed(out) + stage.idle()
        return out

    def finish(self) -> bytes:
        """What is left, at the end of the input."""
        out = b""
        for stage in self._stages:
            out = stage.feed(out) + stage.finish()
        return out


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

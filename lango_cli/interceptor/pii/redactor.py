"""Takes personal data out of a stream of bytes.

The rule: bytes outside of findings come out as they came in, those that are no UTF-8 included;
`Redactor` is a `TextFilter` of the model. What stands in a finding's place, `Placeholders` says.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Protocol

from lango_cli.interceptor.pii.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lango_cli.interceptor.pii.finding import Finding
    from lango_cli.interceptor.pii.windows import Piece


class Placeholders(Protocol):
    """What stands in place of what was found."""

    def stand_in(self, kind: str, text: str) -> str:
        """For a text of this kind."""


class Plain:
    """`[REDACTED]`."""

    def stand_in(self, _kind: str, _text: str) -> str:
        """The same for all."""
        return "[REDACTED]"


class Typed:
    """`[REDACTED:email]`."""

    def stand_in(self, kind: str, _text: str) -> str:
        """With the kind."""
        return f"[REDACTED:{kind}]"


class Redactor:
    """Bytes in, bytes out, findings replaced. `counts` has how many of each kind there were."""

    def __init__(
        self,
        find: Callable[[str], Iterable[Finding]],
        placeholders: Placeholders,
        unit: int = 0,
    ) -> None:
        self._windows = Windows(find, unit)
        self._placeholders = placeholders
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.counts: dict[str, int] = {}

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; the lines that are whole, redacted."""
        return self._out(self._windows.feed(self._decoder.decode(chunk)))

    def idle(self) -> bytes:
        """The whole lines that waited for others; the start of a line stays."""
        return self._out(self._windows.idle())

    def finish(self) -> bytes:
        """The rest, at the end of the input."""
        rest = self._out(self._windows.feed(self._decoder.decode(b"", final=True)))
        return rest + self._out(self._windows.finish())

    def _out(self, pieces: Iterator[Piece]) -> bytes:
        parts: list[str] = []
        for text, findings in pieces:
            done = 0
            for finding in findings:
                self.counts[finding.kind] = self.counts.get(finding.kind, 0) + 1
                parts.append(text[done : finding.start])
                found = text[finding.start : finding.end]
                parts.append(self._placeholders.stand_in(finding.kind, found))
                done = finding.end
            parts.append(text[done:])
        return "".join(parts).encode("utf-8", "surrogateescape")

"""What decides in the end: the patterns, and Presidio where it is asked.

The rule: what happens without an answer of Presidio was decided before, and is never a silent way
to less: `block` lets nothing pass, `regex` goes on with the patterns alone, `allow` lets the text
pass as it is; the last two are said, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import DetectorUnavailable
from lango_cli.interceptor.pii.presidio import Down

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.interceptor.pii.engine import Detector
    from lango_cli.interceptor.pii.finding import Finding
    from lango_cli.interceptor.pii.presidio import Presidio

BLOCK, REGEX, ALLOW = "block", "regex", "allow"
MEANING = {
    BLOCK: "nothing passes",
    REGEX: "the patterns alone decide",
    ALLOW: "text passes as it is",
}
"""What each policy means, for people."""


class Both:
    """The patterns and Presidio."""

    def __init__(
        self, detector: Detector, presidio: Presidio, when_down: str, warn: Callable[[str], None]
    ) -> None:
        self._detector = detector
        self._presidio = presidio
        self._when_down = when_down
        self._warn = warn
        self._said = False

    def find(self, text: str) -> list[Finding]:
        """What either finds; DetectorUnavailable where Presidio must answer and does not."""
        try:
            found = self._presidio.find(text)
        except Down as err:
            if self._when_down not in (REGEX, ALLOW):
                raise DetectorUnavailable(f"presidio does not answer: {err}") from None
            if not self._said:
                self._said = True
                self._warn(f"presidio does not answer ({err}): {MEANING[self._when_down]}")
            if self._when_down == ALLOW:
                return []
            found = []
        return found + self._detector.find(text)

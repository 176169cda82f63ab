"""What a check of `doctor` finds, as data.

The rule: an error is what makes the vault unsafe or unusable now, advice is everything else that
could be better; a fresh vault has advice only. A text names no value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lango_cli.errors import LangoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ERROR, ADVICE, OK, SKIPPED = "error", "advice", "ok", "skipped"
LEVELS = (ERROR, ADVICE, OK, SKIPPED)
"""The gravest first; `skipped` could not be checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: a stable id of the check, how grave it is, what it is, and what to do."""

    id: str
    level: str
    text: str
    hint: str = ""
    fix: Callable[[], object] | None = field(default=None, repr=False, compare=False)
    fixed: bool = False

    @property
    def fixable(self) -> bool:
        """Whether `--fix` would mend it."""
        return self.fix is not None

    @property
    def counts(self) -> bool:
        """Whether it still stands."""
        return not self.fixed


def mended(finding: Finding) -> Finding:
    """The finding after its fix was tried."""
    if finding.fix is None:
        return finding
    try:
        finding.fix()
    except LangoError as err:
        text = f"{finding.text}; it cannot be mended: {err.message}"
        return Finding(finding.id, finding.level, text, err.hint)
    return Finding(finding.id, finding.level, finding.text, "", fixed=True)


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, OK, text)


def advice(check: str, text: str, hint: str = "") -> Finding:
    """It could be better."""
    return Finding(check, ADVICE, text, hint)


def error(check: str, text: str, hint: str = "") -> Finding:
    """It is unsafe or broken."""
    return Finding(check, ERROR, text, hint)


def skipped(check: str, what: str, why: str) -> Finding:
    """It could not be checked."""
    return Finding(check, SKIPPED, f"{what}: not checked, {why}")


def guarded(check: str, found: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings; a check that fails ends in one more, and not the checkup."""
    try:
        yield from found
    except LangoError as err:
        yield error(check, err.message, err.hint)

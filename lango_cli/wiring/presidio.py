"""Presidio as the settings want it: the client, and how it stands for `status` and `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lango_cli.errors import InvalidSetting

if TYPE_CHECKING:
    from lango_cli.config.load import Settings
    from lango_cli.interceptor.pii.presidio import Presidio

PREFIX = "security.interceptor.presidio."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is asked, answers (None: not looked at), how fast, why not, and what then."""

    enabled: bool
    url: str
    answers: bool | None
    milliseconds: int
    reason: str
    when_down: str

    def line(self) -> str:
        """One line for people."""
        if not self.enabled:
            return "not asked"
        from lango_cli.interceptor.pii.finder import MEANING

        then = f"{self.when_down}: without it {MEANING[self.when_down]}"
        if self.answers:
            return f"{self.url} answers in {self.milliseconds} ms ({then})"
        return f"{self.url} does not answer: {self.reason} ({then})"


def client(settings: Settings) -> Presidio:
    """The client; InvalidSetting where its settings make no sense."""
    from lango_cli.interceptor.pii.presidio import Presidio, Wish, place_of

    place = place_of(settings.text(f"{PREFIX}url"), allow_http=settings.on(f"{PREFIX}allowHttp"))
    wish = Wish(
        float(settings.number(f"{PREFIX}timeout")) or 3600.0,
        settings.words(f"{PREFIX}entities"),
        float(settings.text(f"{PREFIX}scoreThreshold")),
        settings.words(f"{PREFIX}language") or ("en",),
    )
    return Presidio(place, wish)


def verdict(settings: Settings) -> Verdict:
    """How Presidio stands; it is asked for its health, where it is to be asked at all."""
    enabled = settings.on(f"{PREFIX}enabled")
    url, when_down = settings.text(f"{PREFIX}url"), settings.text(f"{PREFIX}whenDown")
    if not enabled:
        return Verdict(False, url, None, 0, "", when_down)
    from lango_cli.interceptor.pii.presidio import Down

    try:
        asked = client(settings)
    except InvalidSetting as err:
        return Verdict(True, url, False, 0, err.message, when_down)
    try:
        took = asked.health()
    except Down as err:
        return Verdict(True, url, False, 0, str(err), when_down)
    finally:
        asked.close()
    return Verdict(True, url, True, round(took * 1000), "", when_down)

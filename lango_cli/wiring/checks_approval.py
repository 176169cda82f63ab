"""How approval stands: one line for `status`, and what `doctor` thinks of it.

The rule: what lets an agent say yes to itself is advice, never silent: it may be meant so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.errors import InvalidSetting, LangoError, ProfileNotFound
from lango_cli.wiring import opening
from lango_cli.wiring.findings import advice, error, ok
from lango_cli.wiring.looking import peek

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lango_cli.config.load import Settings
    from lango_cli.wiring.findings import Finding
    from lango_cli.wiring.flags import Flags

SECTION = "security.interceptor"


def line(settings: Settings) -> str:
    """Whether anything is asked, of whom, for how long, and what weakens it."""
    if not settings.on(f"{SECTION}.enabled"):
        return f"off, nothing is asked ({SECTION}.enabled)"
    policy = settings.text(f"{SECTION}.approvalPolicy")
    channels = ", ".join(settings.words(f"{SECTION}.approval.channels"))
    seconds = settings.number(f"{SECTION}.approvalTimeoutSec")
    weak = "".join(f"; {text}" for text, _ in _weak(settings))
    return f"policy {policy}, asked by {channels}, {seconds} s{weak}"


def approval(flags: Flags) -> Iterator[Finding]:
    """What `doctor` says: that it is off is no finding, what weakens it is."""
    try:
        known = peek(flags)
        settings = opening.load_settings(flags) if known is None else known.settings
    except InvalidSetting as err:
        if err.message.startswith("profile "):
            yield error("approval", err.message, "lango settings profile rollback")
        return  # The check of the settings says the rest.
    except ProfileNotFound:
        raise
    except LangoError:
        return  # So does another check.
    yield from _judged(settings)


def _judged(settings: Settings) -> Iterator[Finding]:
    if not settings.on(f"{SECTION}.enabled"):
        yield ok("approval", f"approval: {line(settings)}")
        return
    weak = list(_weak(settings))
    for text, hint in weak:
        yield advice("approval", f"approval: {text}", hint)
    if not weak:
        yield ok("approval", f"approval: {line(settings)}")


def _weak(settings: Settings) -> Iterator[tuple[str, str]]:
    channels = settings.words(f"{SECTION}.approval.channels")
    if settings.on(f"{SECTION}.headlessAutoApprove"):
        yield (
            "everything is ALLOWED WITHOUT ASKING where only watch could ask",
            f"set {SECTION}.headlessAutoApprove to false",
        )
    if settings.text(f"{SECTION}.approvalPolicy") == "none":
        yield (
            "the policy none asks for the tools in sensitiveTools alone",
            f"set {SECTION}.approvalPolicy to dangerous",
        )
    if "terminal" in channels:
        yield (
            "an agent that starts commands in a terminal of its own can answer there",
            f"take terminal out of {SECTION}.approval.channels",
        )
    if settings.text(f"{SECTION}.approval.answers") == "anywhere":
        yield (
            "an agent can answer its own questions by lango approve",
            f"set {SECTION}.approval.answers to elsewhere",
        )

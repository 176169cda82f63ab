"""The shape of a secret's policy, for every layer that hands a value to somebody.

The rule: like `model`, Protocols alone. A layer that sees a command, a tool or a host holds what
it sees against the policy; what it cannot see it does not claim to have checked.
"""

from __future__ import annotations

from typing import Protocol


class PolicyView(Protocol):
    """Who may receive a secret; an empty tuple says nothing of its kind."""

    @property
    def name(self) -> str:
        """Of the secret."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Paths of the only commands that may receive it."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Paths of commands that may receive it among their arguments."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The only tools of an agent that may receive it, as patterns with `*`."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The only hosts that it may be sent to, as names or `*.` and a name."""

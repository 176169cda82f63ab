"""Asking a custodian before the writer's lock is taken, never under it.

The rule: a custodian may take seconds, and whoever waits for the lock would wait for it too. Which
key a change needs is known for sure only inside its transaction. So what is decorated here may
find there that it needs a key which nobody asked for yet: then its transaction is rolled back, the
custodian is asked while the lock is free, and the change is begun anew. It must have no other
effect before its commit.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from lango_cli.vault.keys import AskFirst

if TYPE_CHECKING:
    from collections.abc import Callable

    from lango_cli.vault.keys import Keys


P = ParamSpec("P")
R = TypeVar("R")


class HasKeys(Protocol):
    """What a change is made to or by."""

    @property
    def keys(self) -> Keys:
        """The keys of the vault."""


H = TypeVar("H", bound=HasKeys)


def asks_first(
    change: Callable[Concatenate[H, P], R],
) -> Callable[Concatenate[H, P], R]:
    """The change, begun anew with each key of a custodian's that it turns out to need."""

    @wraps(change)
    def run(has: H, /, *args: P.args, **kwargs: P.kwargs) -> R:
        while True:
            has.keys.ask_first = True
            try:
                return change(has, *args, **kwargs)
            except AskFirst as err:
                wanted = err.key
            finally:
                has.keys.ask_first = False
            has.keys.ask(wanted)

    return run

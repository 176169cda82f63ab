"""Handing out secrets: texts with references in, values in their places out.

What lives here: `Place`, a text and the way it will go; `hand_out`, which resolves many of them.
The rule: policies first, then the person's yes, then all values at once with one audit record that
names secrets and receiver. Nothing is resolved before all of that has passed.
"""

from __future__ import annotations

import os
import time

from lango_cli.codec import rfc3339
from lango_cli.errors import PolicyDenied
from lango_cli.interceptor import refs, use_policy
from lango_cli.vault.names import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lango_cli.interceptor.refs import SecretRef
    from lango_cli.secret import SecretBytes
    from lango_cli.vault.vault import Vault

    Approve = Callable[[Vault, Mapping[str, str], Mapping[str, object]], None]
    Old = list[tuple[str, SecretBytes]]

EVENT = "secret.use"


class Place:
    """A text with its references, the way it goes (`use_policy`), and what people call it."""

    __slots__ = ("label", "pieces", "way")

    def __init__(self, way: str, label: str, text: bytes) -> None:
        self.way = way
        self.label = label
        self.pieces: list[bytes | SecretRef] = refs.cut(text, label)

    @property
    def text(self) -> str:
        """The text with its references as they are written."""
        return "".join(os.fsdecode(p) if isinstance(p, bytes) else repr(p) for p in self.pieces)

    @property
    def references(self) -> list[str]:
        """What the text refers to, each once."""
        return refs.references(self.pieces)


class Receiver:
    """Who gets the values: a command by its path, or, with an empty path, nobody knows who.

    `doing` is what the audit log says of it; `always` to be on record without any secret too.
    `shown` is what a person must know of it before a yes, and what that yes is for.
    """

    __slots__ = ("always", "doing", "path", "shown")

    def __init__(
        self, path: str, doing: str, shown: Mapping[str, object], *, always: bool = False
    ) -> None:
        self.path = path
        self.doing = doing
        self.shown = shown
        self.always = always


class Handed:
    """The filled texts in order; `old` is what was read that is not its secret's current value."""

    __slots__ = ("old", "texts")

    def __init__(self, texts: list[bytes], old: Old) -> None:
        self.texts = texts
        self.old = old


def hand_out(
    vault: Vault,
    places: Sequence[Place],
    receiver: Receiver,
    approve: Approve,
    warn: Callable[[str], None],
) -> Handed:
    """The texts filled, in order.

    SecretNotFound, PolicyDenied or an ApprovalError, with nothing read. `approve` gets each
    secret's name and how it goes, and what is shown of the receiver; it is not called where no
    secret is handed out.
    """
    going = _going(places)
    if going:
        _check_policies(vault, places, receiver)
        approve(vault, going, receiver.shown)
    elif not receiver.always:
        return Handed([refs.fill(place.pieces, {}) for place in places], [])
    values = vault.reader.take(
        list({reference: None for place in places for reference in place.references}),
        lambda read: vault.audit.event(EVENT, ", ".join(read), detail=receiver.doing),
    )
    for value in values.values():
        if value.expires_at is not None and value.expires_at <= time.time():
            warn(f"{value.name} expired on {rfc3339(value.expires_at)}")
    known = {reference: value.value for reference, value in values.items()}
    texts = [refs.fill(place.pieces, known) for place in places]
    for value in values.values():
        if value.current:
            value.value.wipe()
    return Handed(texts, [(one.name, one.value) for one in values.values() if not one.current])


def _going(places: Sequence[Place]) -> dict[str, str]:
    """Each reference, and the ways it goes, for a person to judge."""
    found: dict[str, list[str]] = {}
    for place in places:
        for reference in place.references:
            found.setdefault(reference, []).append(place.label)
    return {reference: ", ".join(labels) for reference, labels in found.items()}


def _check_policies(vault: Vault, places: Sequence[Place], receiver: Receiver) -> None:
    policies = vault.policies
    for place in places:
        for reference in place.references:
            # An unknown name ends here, before anybody is asked.
            name, _ = split_reference(reference)
            try:
                use_policy.check(policies.of(name), place.way, receiver.path)
            except PolicyDenied as err:
                event = vault.audit.event(EVENT, name, outcome="denied", detail=receiver.doing)
                vault.audit.append_read(event)
                raise err from None

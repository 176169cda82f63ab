"""Slots and keys that custodians keep, joined to the vault.

The rule: a custodian lives for one call and is closed after it; its PIN comes from the variable,
from the file that its URI names, or from a person. What a slot is bound to
is its vault and its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.crypto.mac import random_bytes
from lango_cli.custody.uri import parse
from lango_cli.errors import CustodyDenied, Tampered
from lango_cli.model_custody import KEY_BYTES, Context
from lango_cli.secret import SecretBytes, SecretText
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF, LOCAL, NONE, Keeper, new_slot_id
from lango_cli.wiring import custodians

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model_custody import Custodian
    from lango_cli.vault.envelope import Envelope, Slot

    class Prompter(Protocol):
        """What of the terminal is needed for a PIN."""

        def secret(self, prompt: str) -> SecretText:
            """A line typed without echo."""

    Pin = Callable[[], SecretBytes | None]

FALLBACKS = {
    LOCAL: "where its custodian is not available, a local slot may open the vault",
    NONE: "where its custodian is not available, no other slot opens the vault by itself",
}
KIND = {"tpm2": "tpm2", "rpc": "companion"}
"""The slot kinds of providers; that of all others is `kms`."""


class Keeping:
    """What custodians need of this command: settings, folders, and somebody to ask for a PIN."""

    def __init__(self, settings: Settings, folders: Folders, ask: Prompter | None) -> None:
        self.settings = settings
        self.folders = folders
        self.ask = ask

    def open(self, uri: str, pin: Pin | None = None) -> Custodian:
        """The custodian of a URI, to be closed; `pin` is called where nothing else gives one."""
        return custodians.open_uri(uri, self.settings, self.folders, pin or self._asked_pin)

    def _asked_pin(self) -> SecretBytes | None:
        return None if self.ask is None else ask_pin(self.ask, "the token")

    def unwrap(self, envelope: Envelope, slot: Slot, pin: Pin | None = None) -> SecretBytes:
        """The credential of a slot; Tampered where its parts do not belong together."""
        assert slot.keeper is not None, "the header's parser saw to it"
        keeper = slot.keeper
        if parse(keeper.uri).provider != keeper.provider:
            raise Tampered(f"slot {slot.label} names one provider and the key of another")
        custodian = self.open(keeper.uri, pin)
        try:
            return custodian.unwrap(keeper.wrapped, Context(envelope.vault, slot.id))
        finally:
            custodian.close()

    def wrap(self, uri: str, vault: str, slot_id: str) -> tuple[SecretBytes, Keeper]:
        """A new credential for a slot, wrapped and unwrapped once to see that it comes back."""
        context = Context(vault, slot_id)
        credential = SecretBytes(random_bytes(KEY_BYTES))
        custodian = self.open(uri)
        try:
            wrapped = custodian.wrap(credential, context)
            if custodian.unwrap(wrapped, context) != credential:
                raise Tampered(f"{custodian.provider} did not give back what it wrapped")
            return credential, Keeper(custodian.provider, uri, wrapped)
        finally:
            custodian.close()

    def new_slot(self, uri: str, vault: str, label: str) -> NewSlot:
        """A slot whose credential the key at `uri` keeps."""
        slot_id = new_slot_id()
        credential, keeper = self.wrap(uri, vault, slot_id)
        return NewSlot(kind_of(uri), label, credential, HKDF, slot_id, keeper=keeper)


def kind_of(uri: str) -> str:
    """The kind of slot that a key URI makes."""
    return KIND.get(parse(uri).provider, "kms")


def policy_of(settings: Settings) -> str:
    """The fallback policy that the settings want."""
    return LOCAL if settings.on("security.kms.fallbackToLocal") else NONE


def ask_pin(ask: Prompter, what: str) -> SecretBytes:
    """A PIN that a person types."""
    pin = ask.secret(f"PIN of {what}")
    if not len(pin):
        raise CustodyDenied("no PIN was given", hint=f"type it, or set {load.PIN}")
    return pin

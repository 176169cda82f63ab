"""Slots and keys that custodians keep, joined to the vault.

The rule: a custodian lives for one call and is closed after it; its PIN comes from the variable,
from the file that its URI names, or from a person. What a slot is bound to
is its vault and its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.config import load
from lango_cli.crypto.shamir import combine
from lango_cli.custody.uri import parse
from lango_cli.errors import CustodyDenied, CustodyUnavailable, NotApplicable, Tampered
from lango_cli.model_custody import Context
from lango_cli.vault.create import NewSlot
from lango_cli.vault.envelope import HKDF, new_slot_id
from lango_cli.vault.kept_keys import fresh
from lango_cli.vault.recipient import Group, Keeper
from lango_cli.wiring import custodians

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from lango_cli.config.load import Folders, Settings
    from lango_cli.model_custody import Custodian
    from lango_cli.secret import SecretBytes, SecretText
    from lango_cli.vault.envelope import Envelope
    from lango_cli.vault.recipient import Recipient

    class Prompter(Protocol):
        """What of the terminal is needed for a PIN."""

        def secret(self, prompt: str) -> SecretText:
            """A line typed without echo."""

        def new_secret(self, prompt: str) -> SecretText:
            """The same, typed twice."""

    Pin = Callable[[], SecretBytes | None]

WITH_CODE = "aws-kms:"
"""How the URI of a key begins that no PIN, but the code of an MFA device may go before."""
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
        ask = pin or (lambda: self._asked_pin(uri))
        return custodians.open_uri(uri, self.settings, self.folders, ask, pin or self._new_pin)

    def _asked_pin(self, uri: str) -> SecretBytes | None:
        code = uri.startswith(WITH_CODE)
        what = "AWS" if code else "the token"
        return None if self.ask is None else ask_pin(self.ask, what, code=code)

    def _new_pin(self) -> SecretBytes | None:
        if self.ask is None:
            return None
        return _given(self.ask.new_secret("New PIN, which the TPM will want from now on"))

    def unwrap(self, envelope: Envelope, slot: Recipient, pin: Pin | None = None) -> SecretBytes:
        """The credential of a slot; Tampered where its parts do not belong together."""
        assert slot.keeper is not None, "the header's parser saw to it"
        if isinstance(slot.keeper, Keeper):
            return self._unwrap(slot.keeper, Context(envelope.vault, slot.id), pin)
        return self._together(slot.keeper, envelope.vault, slot, pin)

    def _unwrap(self, keeper: Keeper, context: Context, pin: Pin | None) -> SecretBytes:
        if parse(keeper.uri).provider != keeper.provider:
            raise Tampered("a slot names one provider and the key of another")
        custodian = self.open(keeper.uri, pin)
        try:
            return custodian.unwrap(keeper.wrapped, context)
        finally:
            custodian.close()

    def _together(self, group: Group, vault: str, slot: Recipient, pin: Pin | None) -> SecretBytes:
        """What enough custodians of a group have shares of, in their order.

        One that is not available, or wants a PIN that nobody gives, is passed over while others
        are left; one that refuses ends it.
        """
        shares: list[tuple[int, SecretBytes]] = []
        missing: list[CustodyUnavailable | NotApplicable] = []
        for number, keeper in enumerate(group.shares, 1):
            try:
                share = self._unwrap(keeper, _share_of(vault, slot.id, number), pin)
            except (CustodyUnavailable, NotApplicable) as err:
                missing.append(err)
                continue
            shares.append((number, share))
            if len(shares) == group.threshold:
                return combine(shares)
        wanting = next((err for err in missing if isinstance(err, NotApplicable)), missing[0])
        raise type(wanting)(
            f"{len(shares)} of {group.threshold} shares of slot {slot.label}: {wanting.message}"
        )

    def wrap(self, uri: str, vault: str, slot_id: str) -> tuple[SecretBytes, Keeper]:
        """A new credential for a slot, wrapped and unwrapped once to see that it comes back."""
        context = Context(vault, slot_id)
        return self._wrapped(uri, lambda custodian: fresh(custodian, context), context)

    def try_key(self, uri: str, vault: str) -> None:
        """Wrap and unwrap something that nobody keeps, under any PIN where one would be set."""
        context = Context(vault, "test")
        self._wrapped(
            uri,
            lambda custodian: fresh(custodian, context),
            context,
            lambda: self._asked_pin(uri),
        )

    def _wrapped(
        self,
        uri: str,
        wrap: Callable[[Custodian], tuple[SecretBytes, bytes]],
        context: Context,
        pin: Pin | None = None,
    ) -> tuple[SecretBytes, Keeper]:
        custodian = self.open(uri, pin)
        try:
            data, wrapped = wrap(custodian)
            if custodian.unwrap(wrapped, context) != data:
                raise Tampered(f"{custodian.provider} did not give back what it wrapped")
            return data, Keeper(custodian.provider, uri, wrapped)
        finally:
            custodian.close()

    def new_slot(self, uri: str, vault: str, label: str) -> NewSlot:
        """A slot whose credential the key at `uri` keeps."""
        slot_id = new_slot_id()
        credential, keeper = self.wrap(uri, vault, slot_id)
        return NewSlot(kind_of(uri), label, credential, HKDF, slot_id, keeper=keeper)


def _share_of(vault: str, slot_id: str, number: int) -> Context:
    """What a share is bound to: its slot, and its number in the group."""
    return Context(vault, f"{slot_id}/{number}")


def kind_of(uri: str) -> str:
    """The kind of slot that a key URI makes."""
    return KIND.get(parse(uri).provider, "kms")


def pin_of(ask: Prompter, slot: Recipient) -> SecretBytes:
    """What a slot's custodian wants typed."""
    code = isinstance(slot.keeper, Keeper) and slot.keeper.uri.startswith(WITH_CODE)
    return ask_pin(ask, f"slot {slot.label}", code=code)


def ask_pin(ask: Prompter, what: str, *, code: bool = False) -> SecretBytes:
    """A PIN that a person types, or the `code` that an MFA device shows."""
    return _given(ask.secret(f"MFA code for {what}" if code else f"PIN of {what}"), code=code)


def _given(pin: SecretBytes, *, code: bool = False) -> SecretBytes:
    if not len(pin):
        hint = "type what the MFA device shows" if code else f"type it, or set {load.PIN}"
        raise CustodyDenied("no code was given" if code else "no PIN was given", hint=hint)
    return pin

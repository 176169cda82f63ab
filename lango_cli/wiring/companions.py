"""Companions: the one that is served here, and those that this home is paired with.

The rule: what a companion serves is any custodian there is; it is joined to its clients here, and
neither knows the other. Libraries of the network are imported by these commands alone.
"""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from lango_cli import files
from lango_cli.companion import software
from lango_cli.companion.desk import Desk
from lango_cli.config import load
from lango_cli.crypto.keys import SigningKey
from lango_cli.custody import enveloping
from lango_cli.custody.local import LocalCustodian
from lango_cli.custody.uri import parse
from lango_cli.errors import MissingExtra, UsageProblem
from lango_cli.rpc import identity
from lango_cli.wiring import custodians, opening

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lango_cli.companion.announcing import Announcement, Found
    from lango_cli.companion.server import Server
    from lango_cli.companion.serving import Served
    from lango_cli.model_custody import Custodian
    from lango_cli.rpc.identity import Identity, Pin, Pins
    from lango_cli.secret import SecretBytes
    from lango_cli.wiring.flags import Flags

    Ask = Callable[[str], SecretBytes | None]
    """The PIN of a key of this name, as a person types it; None where nobody can be asked."""

FOLDER = "companion"
"""In the home: what a companion keeps that is served from it."""
LOCAL = {f"local:{kind}": kind for kind in software.KINDS}
WITH_PIN = ("pkcs11", "tpm2")
"""Providers whose keys may want a PIN: they are looked at before anybody is served."""
USUAL = {"default": "local:wrap", "signing": "local:sign"}
"""What is served where nothing is named."""


def need_extra(*modules: str) -> None:
    """MissingExtra unless the libraries of the extra are there."""
    try:
        for module in modules:
            import_module(module)
    except ImportError:
        raise MissingExtra(
            "companions need an extra that is not installed", hint=custodians.installing("rpc")
        ) from None


class _Pin:
    """The PIN of one served key: asked for once, while there is somebody to ask."""

    def __init__(self, name: str, ask: Ask) -> None:
        self._name = name
        self._given: SecretBytes | None = None
        self.ask: Ask | None = ask

    def __call__(self) -> SecretBytes | None:
        if self._given is None and self.ask is not None:
            self._given = self.ask(self._name)
        return self._given


def _opens_by_pin(text: str) -> bool:
    """Whether it is a TPM's key with a PIN, which is wanted when it opens and no earlier."""
    uri = parse(text)
    return uri.provider == "tpm2" and "pin" in uri.options and load.variable(load.PIN) is None


class Running:
    """A companion that serves until `close`; one at a time in a folder."""

    def __init__(self, flags: Flags, folder: str | None, name: str) -> None:
        self._flags = flags
        self.folder = os.path.abspath(folder or _folder(flags))
        self.name = identity.check_name(name, "--name")
        files.ensure_folder(self.folder)
        self._lock = files.Lock(os.path.join(self.folder, "lock"), 0, "this companion's folder")
        self._lock.__enter__()
        self.us = identity.load_or_make(os.path.join(self.folder, identity.COMPANION), name)
        self.pins = clients(self.folder)
        self.desk = Desk()
        self._custodians: list[Custodian] = []
        self._server: Server | None = None
        self._announced: Announcement | None = None

    def serve(self, keys: Mapping[str, str], ask: Ask, warn: Callable[[str], None]) -> Server:
        """A server of these keys, by name: `local:wrap`, `local:sign` or a key URI.

        A PIN is asked for now or never: a client that waits is no time for it.
        """
        need_extra("h11")
        from lango_cli.companion.server import Server

        served = {name: self._served(name, text, ask, warn) for name, text in keys.items()}
        self._server = Server(self.us, self.name, self.pins, served, self.desk)
        return self._server

    def announce(self, host: str, port: int, interfaces: Sequence[str]) -> None:
        """Say on the local network that it is there."""
        need_extra("zeroconf")
        from lango_cli.companion.announcing import Announcement

        self._announced = Announcement(self.name, host, port, self.us.fingerprint, interfaces)

    def close(self) -> None:
        """Let go of sockets, keys, folder and announcement."""
        if self._server is not None:
            self._server.close()
        for custodian in self._custodians:
            custodian.close()
        if self._announced is not None:
            self._announced.close()
        self._lock.__exit__(None, None, None)

    def _served(self, name: str, text: str, ask: Ask, warn: Callable[[str], None]) -> Served:
        from lango_cli.companion.serving import Served

        pin = _Pin(identity.check_name(name, "a key's name"), ask)
        custodian = self._custodian(name, text, pin)
        self._custodians.append(custodian)
        if text not in LOCAL and parse(text).provider in WITH_PIN:
            if _opens_by_pin(text):
                pin()
            health = custodian.describe()
            if not health.usable:
                warn(f"key {name} is not usable now: {health.reason}")
        pin.ask = None
        return Served(
            custodian,
            partial(enveloping.encrypt, custodian),
            partial(enveloping.decrypt, custodian),
        )

    def _custodian(self, name: str, text: str, pin: Callable[[], SecretBytes | None]) -> Custodian:
        if text in LOCAL:
            key = software.load_or_make(self.folder, name, LOCAL[text])
            if LOCAL[text] == software.WRAP:
                return LocalCustodian(name, wrapping=key)
            return LocalCustodian(name, signing=SigningKey(key.reveal()))
        if parse(text).provider == "rpc":
            raise UsageProblem(
                "a companion does not serve the key of another", hint="pair with that one instead"
            )
        folders = opening.folders_of(self._flags)
        return custodians.open_uri(text, opening.load_settings(self._flags), folders, pin)


def _folder(flags: Flags) -> str:
    return os.path.join(opening.folders_of(flags).home, FOLDER)


def clients(folder: str) -> Pins:
    """The clients that a companion knows."""
    return identity.Pins(os.path.join(folder, identity.CLIENTS))


def served_here(flags: Flags, folder: str | None) -> Pins:
    """The clients of the companion that is served from this home, or this folder."""
    return clients(os.path.abspath(folder or _folder(flags)))


def known(flags: Flags) -> Pins:
    """The companions that this home is paired with."""
    return identity.Pins(os.path.join(opening.folders_of(flags).home, identity.COMPANIONS))


def only_uri(flags: Flags) -> str | None:
    """The key URI of the companion that this home is paired with, if that is one alone."""
    pins = known(flags).all()
    return f"rpc:{pins[0].url}" if len(pins) == 1 else None


def pair(flags: Flags, url: str | None, name: str, agree: Callable[[str, Pin], bool]) -> Pin:
    """Pair this home with a companion, `security.signer.rpcUrl` where no address is given."""
    need_extra("h11")
    from lango_cli.rpc import pairing, places

    given = url or opening.load_settings(flags).text("security.signer.rpcUrl")
    if not given:
        raise UsageProblem(
            "no address is given, and security.signer.rpcUrl is not set",
            hint="lango companion pair https://HOST:8467, or lango companion find",
        )
    where = places.check(given.removeprefix("rpc:").partition("?")[0])
    identity.check_name(name, "--name")
    us = _client(flags, name)
    pin = pairing.pair(where, us, name, agree)
    known(flags).add(pin)
    return pin


def _client(flags: Flags, name: str) -> Identity:
    home = opening.folders_of(flags).home
    return identity.load_or_make(os.path.join(home, identity.CLIENT), name)


def find(seconds: float, interfaces: Sequence[str]) -> list[Found]:
    """The companions that announce themselves on the local network."""
    need_extra("zeroconf")
    from lango_cli.companion import announcing

    return announcing.find(seconds, interfaces)


def own_name() -> str:
    """What this machine is called, as far as that can be a name here."""
    kept = "".join(c for c in os.uname().nodename.partition(".")[0] if c.isascii() and c.isalnum())
    return kept[:64] or "lango"

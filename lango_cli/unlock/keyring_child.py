"""The child that talks with the OS keyring: one request, one reply, then it ends.

The rule: backends by allow-list, made here and never looked up: no configuration, variable or
plug-in of the `keyring` library decides where a key goes (`keyrings.alt` would write it to a plain
file, `null` would lose it). On Linux the bus is asked first who owns the service's name: a service
that is not running is never started, a locked collection is never asked to unlock, and nothing is
created but the entry itself.

It stays traceable, unlike lango's other processes: some keyrings look into `/proc/<pid>` to show
their owner who asks, and refuse whom they cannot name.

Request: `{"account", "value"?}` on stdin. Reply: `{"usable", "backend", "reason", "value"}`; the
value of a `delete` is any text if there was an entry.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

from lango_cli import files, hygiene
from lango_cli.codec import canonical, parse_canonical
from lango_cli.unlock.child import REQUEST_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from jeepney import Message
    from secretstorage import Item

    class Ring(Protocol):
        """What is used of a `keyring` backend."""

        def get_password(self, service: str, username: str) -> str | None:
            """The entry, None where there is none."""

        def set_password(self, service: str, username: str, password: str) -> None:
            """Add or replace the entry."""

        def delete_password(self, service: str, username: str) -> None:
            """Remove the entry."""


SERVICE = "lango"
SECRETS = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/aliases/default"
KWALLETS = {"org.kde.kwalletd6": "/modules/kwalletd6", "org.kde.kwalletd5": "/modules/kwalletd5"}
ALLOWED = {
    "Secret Service": ("keyring.backends.SecretService", "Keyring"),
    "macOS Keychain": ("keyring.backends.macOS", "Keyring"),
    "Windows Credential Manager": ("keyring.backends.Windows", "WinVaultKeyring"),
}
"""Name as people know it: module and class in the `keyring` library."""
ALARM = 10
"""Seconds after which the child ends even if its parent is gone."""
DUPLICATES = 8
"""Entries of one account that a delete removes at most; another client may have added some."""
VALUE_LIMIT = 256
"""Characters; lango's own entries have 44."""

_NO_AUTO_START = 0x2
"""D-Bus specification, message flags."""


class Unusable(Exception):
    """Why the keyring cannot be used, in a few words; `backend` where it is known."""

    def __init__(self, reason: str, backend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.backend = backend


def main() -> None:
    """Answer the request on stdin, and end without waiting for anything a guest left behind."""
    hygiene.harden(untraceable=False)
    signal.alarm(ALARM)
    request = parse_canonical(files.read_fd(0, "the request", REQUEST_LIMIT), "the request")
    os.write(1, canonical(answer(sys.argv[1], request)))
    os._exit(0)


def answer(op: str, request: dict[str, str]) -> dict[str, Any]:
    """The reply to one request; whatever a guest raises becomes a reason without its text."""
    backend = ""
    try:
        backend, make = find()
        value = OPERATIONS[op](make(), request)
    except Unusable as err:
        return _reply(err.backend or backend, err.reason, None)
    except Exception as err:  # noqa: BLE001  guests raise what they like, and may quote a value
        return _reply(backend, _why(err), None)
    return _reply(backend, "", value)


def _reply(backend: str, reason: str, value: str | None) -> dict[str, Any]:
    return {"usable": not reason, "backend": backend, "reason": reason, "value": value}


def _why(err: Exception) -> str:
    kind = type(err).__name__
    known = {
        "KeyringLocked": "locked",
        "LockedException": "locked",
        "PromptDismissedException": "locked",
        "TimeoutError": "the session bus does not answer",
        "ModuleNotFoundError": "the keyring library is not installed",
    }
    return known.get(kind, f"it failed with {kind}")


def find() -> tuple[str, Callable[[], Ring]]:
    """The backend that serves here: its name and how to make it."""
    if sys.platform == "darwin":
        return _plain("macOS Keychain")
    if sys.platform == "win32":
        return _plain("Windows Credential Manager")
    return _on_the_bus()


def _plain(name: str) -> tuple[str, Callable[[], Ring]]:
    return name, partial(_made, name)


def _made(name: str, **attributes: object) -> Ring:
    """A backend of the allow-list, with attributes and methods of ours in place of its own."""
    from importlib import import_module

    module, kind = ALLOWED[name]
    ring: Ring = getattr(import_module(module), kind)()
    for attribute, value in attributes.items():
        setattr(ring, attribute, value)
    return ring


def _on_the_bus() -> tuple[str, Callable[[], Ring]]:
    bus = _Bus()
    secrets = bus.owner(SECRETS)
    wallets = [name for name in KWALLETS if bus.owner(name)]
    # KWallet's daemon serves both names, and has a default collection only for those who set one.
    if secrets and not any(bus.owner(name) == secrets for name in wallets):
        bus.check_secret_service()
        return "Secret Service", _secret_service
    for name, path in KWALLETS.items():
        if name in wallets:
            bus.check_kwallet(name, path)
            return "KWallet", partial(_KWallet, bus, (name, path, "org.kde.KWallet"))
    raise Unusable("no keyring service is running")


class _Bus:
    """The session bus, asked without ever starting a service."""

    def __init__(self) -> None:
        from jeepney.io.blocking import open_dbus_connection

        try:
            self.connection = open_dbus_connection()
        except (OSError, RuntimeError, ValueError):
            raise Unusable("the session bus does not answer") from None
        send = self.connection.send_message

        def send_quietly(message: Message, serial: int | None = None) -> None:
            message.header.flags |= _NO_AUTO_START
            send(message, serial=serial)

        self.connection.send_message = send_quietly

    def call(
        self,
        remote: tuple[str, str, str],
        method: str,
        *arguments: str | int,
        signature: str = "",
    ) -> Any:  # noqa: ANN401  D-Bus has any type
        """The reply's first value, LookupError if refused; `remote`: name, path, interface.

        `signature`: the types of the arguments, where they are not all texts.
        """
        from jeepney import DBusAddress, MessageType, new_method_call

        name, path, interface = remote
        signature = signature or "s" * len(arguments)
        message = new_method_call(DBusAddress(path, name, interface), method, signature, arguments)
        reply = self.connection.send_and_get_reply(message)
        if reply.header.message_type == MessageType.error:
            raise LookupError(method)
        return reply.body[0]

    def owner(self, name: str) -> str:
        """Which connection serves this name right now; empty for none."""
        daemon = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        try:
            return str(self.call(daemon, "GetNameOwner", name))
        except LookupError:
            return ""

    def check_secret_service(self) -> None:
        """Unusable if there is no default collection, or it is locked."""
        collection = (SECRETS, COLLECTION, "org.freedesktop.DBus.Properties")
        try:
            locked = self.call(collection, "Get", "org.freedesktop.Secret.Collection", "Locked")[1]
        except LookupError:
            raise Unusable("no default collection", "Secret Service") from None
        if locked:
            raise Unusable("locked", "Secret Service")

    def check_kwallet(self, name: str, path: str) -> None:
        """Unusable if the wallet for passwords is not open: opening it asks a person."""
        wallets = (name, path, "org.kde.KWallet")
        try:
            is_open = self.call(wallets, "isOpen", self.call(wallets, "networkWallet"))
        except LookupError:
            raise Unusable("KWallet is switched off", "KWallet") from None
        if not is_open:
            raise Unusable("locked", "KWallet")


def _secret_service() -> Ring:
    """The library's class, held back from creating a collection and from asking to unlock."""
    from secretstorage import Collection

    return _made(
        "Secret Service",
        get_preferred_collection=lambda: Collection(_Bus().connection),
        unlock=_refuse_locked,
    )


def _refuse_locked(item: Item) -> None:
    if item.is_locked():
        raise Unusable("locked")


class _KWallet:
    """Passwords in KWallet: a folder for each service, in it an entry for each account.

    As the `keyring` library lays them out. Over the bus, because that library's class needs
    dbus-python, which few have and many cannot build.
    """

    def __init__(self, bus: _Bus, remote: tuple[str, str, str]) -> None:
        self._bus = bus
        self._remote = remote
        wallet = bus.call(remote, "networkWallet")
        # It is open: what this may still take is the owner's leave for a program that is new.
        self._handle = bus.call(remote, "open", wallet, 0, SERVICE, signature="sxs")
        if self._handle < 0:
            raise Unusable("locked")

    def _call(self, method: str, *names: str) -> Any:  # noqa: ANN401  D-Bus has any type
        words = (*names, SERVICE)
        signature = "i" + "s" * len(words)
        return self._bus.call(self._remote, method, self._handle, *words, signature=signature)

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, None where there is none."""
        if not self._call("hasEntry", service, username):
            return None
        return str(self._call("readPassword", service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Add or replace the entry."""
        if not self._call("hasFolder", service):
            self._call("createFolder", service)
        if self._call("writePassword", service, username, password) != 0:
            raise Unusable("it did not take the entry")

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry."""
        self._call("removeEntry", service, username)


def _probe(ring: Ring, request: dict[str, str]) -> str | None:
    """Nothing more: that the backend could be made is the answer."""


def _read(ring: Ring, request: dict[str, str]) -> str | None:
    """The entry; what is no text of lango's size comes back as empty text."""
    try:
        value = ring.get_password(SERVICE, request["account"])
    except UnicodeDecodeError:
        return ""
    return value if value is None or len(value) <= VALUE_LIMIT else ""


def _write(ring: Ring, request: dict[str, str]) -> str | None:
    ring.set_password(SERVICE, request["account"], request["value"])
    return None


def _delete(ring: Ring, request: dict[str, str]) -> str | None:
    for count in range(DUPLICATES):
        if _read(ring, request) is None:
            return "deleted" if count else None
        ring.delete_password(SERVICE, request["account"])
    return "deleted"


OPERATIONS: dict[str, Callable[[Ring, dict[str, str]], str | None]] = {
    "probe": _probe,
    "read": _read,
    "write": _write,
    "delete": _delete,
}

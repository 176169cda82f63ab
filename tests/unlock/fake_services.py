"""Services on the bus that behave badly; `fake_services.py NAME BEHAVIOUR [HEX]` is one.

`silent` owns a name and never answers. `deaf` answers everything but takes no entry and has none.
`sticky` has one entry under every account, with the bytes of HEX, whatever is stored or deleted.
`shut` and `open` are KWallet with its wallet closed and open.
"""

from __future__ import annotations

import sys
from typing import Any

from jeepney import MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

COLLECTION = "/org/freedesktop/secrets/collection/login"
ITEM = f"{COLLECTION}/1"
SESSION = "/org/freedesktop/secrets/session/1"
NOTHING = "/"


def secret_service(member: str, body: tuple[Any, ...], entry: bytes | None) -> tuple[str, Any]:
    """Signature and body of the reply; an empty signature is a refusal."""
    items = [] if entry is None else [ITEM]
    answers: dict[str, tuple[str, Any]] = {
        "SearchItems": ("ao", (items,)),
        "CreateItem": ("oo", (ITEM, NOTHING)),
        "Delete": ("o", (NOTHING,)),
        "GetSecret": ("(oayays)", ((SESSION, b"", entry or b"", "text/plain"),)),
    }
    if member == "OpenSession":
        return ("vo", (("s", ""), SESSION)) if body[0] == "plain" else ("", None)
    if member == "Get":
        return "v", ({"Locked": ("b", False)}.get(body[1], ("s", "a label")),)
    return answers.get(member, ("", None))


def kwallet(member: str, is_open: bool) -> tuple[str, Any]:
    """Signature and body of the reply."""
    answers: dict[str, tuple[str, Any]] = {
        "networkWallet": ("s", ("kdewallet",)),
        "isOpen": ("b", (is_open,)),
    }
    return answers.get(member, ("", None))


def main(name: str, behaviour: str, entry: bytes | None) -> None:
    """Serve until killed."""
    connection = open_dbus_connection()
    Proxy(message_bus, connection).RequestName(name)
    while True:
        message = connection.receive()
        if message.header.message_type != MessageType.method_call or behaviour == "silent":
            continue
        member = message.header.fields[3]
        if behaviour in {"shut", "open"}:
            signature, body = kwallet(member, behaviour == "open")
        else:
            signature, body = secret_service(member, message.body, entry)
        if signature:
            connection.send(new_method_return(message, signature, body))
        else:
            connection.send(new_error(message, "org.freedesktop.DBus.Error.NotSupported"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]) if sys.argv[3:] else None)

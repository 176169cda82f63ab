"""A notification service of the tests' own, true to the protocol, with a person who presses.

    python tests/interceptor/notifier.py PRESS [CAPABILITY]...

It owns org.freedesktop.Notifications on the session bus, prints each notification as one line of
JSON, and presses the button called PRESS; `close` closes it instead, `forge` has somebody else on
the bus claim that "allow" was pressed, `nothing` lets it stand.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

NAME = "org.freedesktop.Notifications"
WHERE = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


def main() -> None:
    """Serve until killed."""
    press, capabilities = sys.argv[1], sys.argv[2:]
    bus = open_dbus_connection()
    stranger = open_dbus_connection()
    Proxy(message_bus, bus).RequestName(NAME)
    while True:
        call = bus.receive()
        if call.header.message_type is not MessageType.method_call:
            continue
        member = call.header.fields[HeaderFields.member]
        sender = call.header.fields[HeaderFields.sender]
        if member == "GetCapabilities":
            bus.send(new_method_return(call, "as", (capabilities,)))
        elif member == "Notify":
            bus.send(new_method_return(call, "u", (7,)))
            print(json.dumps({"summary": call.body[3], "body": call.body[4], **_rest(call.body)}))
            sys.stdout.flush()
            _press(press, stranger if press == "forge" else bus, sender)
        else:
            bus.send(new_method_return(call))
            print(json.dumps({"called": member}), flush=True)


def _rest(body: Any) -> dict[str, Any]:
    return {"actions": body[5], "timeout": body[7]}


def _press(press: str, bus: Any, sender: str) -> None:
    signals: dict[str, list[tuple[str, str, tuple[Any, ...]]]] = {
        "nothing": [],
        "close": [("NotificationClosed", "uu", (7, 2))],
        "forge": [("ActionInvoked", "us", (7, "lango-allow"))],
        "other": [("ActionInvoked", "us", (8, "lango-allow"))],
    }
    for name, signature, body in signals.get(press, [("ActionInvoked", "us", (7, press))]):
        message = new_signal(WHERE, name, signature, body)
        message.header.fields[HeaderFields.destination] = sender
        bus.send(message)


if __name__ == "__main__":
    main()

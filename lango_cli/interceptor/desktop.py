"""The channel `desktop`: a notification with buttons (freedesktop.org, Desktop Notifications 1.2).

The rule: the bus is the one that the login session has, or that the settings name, and never what
a variable of the asker says, because an agent could name a bus of its own. A button counts only if
the notification service itself sends it. What is too long to be seen whole in a notification has
no button that allows: it says where all of it can be read. A notification that was closed is no
answer.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from lango_cli import sockets
from lango_cli.errors import NotApplicable
from lango_cli.interceptor.questions import page
from lango_cli.model_approval import ONCE, SESSION, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

    from lango_cli.model_approval import Question

SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
SECONDS = 2.0
"""How long the service may take for one call."""
MOST_LINES, MOST_CHARACTERS = 12, 600
"""What a notification surely shows whole."""
CRITICAL = 2
ALLOW, FOR_SESSION, DENY = "lango-allow", "lango-session", "lango-deny"


def login_bus() -> str:
    """The address of the login session's bus, as the service manager has it (XDG, systemd)."""
    return f"unix:path=/run/user/{os.geteuid()}/bus"


class Desktop:
    """A notification on the bus at `address`."""

    name = "desktop"

    def __init__(self, address: str) -> None:
        self._address = address
        self._bus: DBusConnection | None = None
        self._signals: deque[Message] = deque(maxlen=64)
        self._owner = ""
        self._number = 0
        self._offered: tuple[str, ...] = ()
        self._nudge = -1

    def open(self, question: Question, check: Callable[[Answer], None]) -> None:
        """Show the notification; NotApplicable without a service that has buttons."""
        del check  # No button makes an answer that cannot be.
        self._bus = self._connected()
        try:
            self._show(self._bus, question)
            self._nudge = _readable()
        except (OSError, ValueError, LookupError, IndexError, TypeError) as err:
            self._leave()
            reason = str(err) if isinstance(err, LookupError) else "the service does not answer"
            raise NotApplicable(reason) from None
        except BaseException:
            self._leave()
            raise

    def filenos(self) -> Sequence[int]:
        """The connection to the bus; at first something that can be read at once.

        A button may be pressed before anybody waits: it came with the reply, and is read already.
        """
        if self._bus is None:
            return ()
        bus = self._bus.sock.fileno()
        return (bus,) if self._nudge < 0 else (bus, self._nudge)

    def ready(self, fileno: int) -> Answer | None:
        """The button that was pressed, if one was."""
        del fileno
        self._forget_nudge()
        try:
            self._take()
        except TimeoutError:
            pass  # Everything that had come is taken.
        except (OSError, ValueError):
            self._leave()
        while self._signals:
            answer = self._understood(self._signals.popleft())
            if answer is not None:
                return answer
        return None

    def close(self, ending: str) -> None:
        """Take the notification away."""
        del ending
        if self._bus is not None and self._number:
            try:
                self._call(SERVICE, PATH, SERVICE, "CloseNotification", "u", self._number)
            except (OSError, ValueError, LookupError):
                pass  # It goes by itself when its time is over.
        self._leave()

    def _connected(self) -> DBusConnection:
        try:
            from jeepney.io.blocking import open_dbus_connection
        except ImportError:
            raise NotApplicable("jeepney is not installed") from None
        try:
            bus = open_dbus_connection(self._address)
        except Exception as err:  # noqa: BLE001  # jeepney has no one class for it
            raise NotApplicable(
                f"the session bus does not answer ({type(err).__name__})"
            ) from None
        if sockets.peer_uid(bus.sock) not in (os.geteuid(), 0):
            bus.close()
            raise NotApplicable("the session bus is another user's")
        return bus

    def _show(self, bus: DBusConnection, question: Question) -> None:
        from jeepney import MatchRule

        daemon = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        (able,) = self._call(SERVICE, PATH, SERVICE, "GetCapabilities", "")
        if "actions" not in able:
            raise LookupError("its notifications have no buttons")
        (self._owner,) = self._call(*daemon, "GetNameOwner", "s", SERVICE)
        rule = MatchRule(type="signal", interface=SERVICE, path=PATH, sender=self._owner)
        bus.filter(rule, queue=self._signals)
        self._call(*daemon, "AddMatch", "s", rule.serialise())
        text, whole = body(question)
        if "body-markup" in able:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        buttons = [DENY, "Deny"]
        if whole:
            buttons += [ALLOW, "Allow once"]
        if whole and question.session:
            buttons += [FOR_SESSION, "Allow this in this session"]
        self._offered = tuple(buttons[::2])
        (self._number,) = self._call(
            *(SERVICE, PATH, SERVICE, "Notify", "susssasa{sv}i"),
            *("lango", 0, "", f"May {question.tool} go on? ({question.level})", text, buttons),
            *({"urgency": ("y", CRITICAL)}, int((question.until - question.asked) * 1000)),
        )

    def _call(
        self, name: str, path: str, interface: str, method: str, signature: str, *body: object
    ) -> tuple[Any, ...]:
        """The reply's values; LookupError if it is an error, TimeoutError if there is none."""
        from jeepney import DBusAddress, MessageType, new_method_call

        assert self._bus is not None, "called on an open channel alone"
        remote = DBusAddress(path, name, interface)
        message = new_method_call(remote, method, signature or None, body)
        reply = self._bus.send_and_get_reply(message, timeout=SECONDS)
        if reply.header.message_type is MessageType.error:
            raise LookupError("no notification service is running")
        found: tuple[Any, ...] = reply.body
        return found

    def _take(self) -> None:
        """Everything that has come, until TimeoutError."""
        while self._bus is not None:
            self._bus.recv_messages(timeout=0)

    def _understood(self, message: Message) -> Answer | None:
        from jeepney import HeaderFields

        fields = message.header.fields
        body: tuple[Any, ...] = message.body or (0, "")
        if fields.get(HeaderFields.sender) != self._owner or body[0] != self._number:
            return None
        if fields.get(HeaderFields.member) == "NotificationClosed":
            self._number = 0
            self._leave()
            return None
        pressed = body[1] if len(body) > 1 else ""
        who = f"uid {os.geteuid()}, by a notification's button"
        if pressed not in self._offered:
            return None
        if pressed == DENY:
            return Answer(False, channel=self.name, who=who)
        return Answer(True, ONCE if pressed == ALLOW else SESSION, self.name, who=who)

    def _forget_nudge(self) -> None:
        if self._nudge >= 0:
            os.close(self._nudge)
            self._nudge = -1

    def _leave(self) -> None:
        self._forget_nudge()
        if self._bus is not None:
            self._bus.close()
            self._bus = None


def _readable() -> int:
    """A descriptor that can be read: the end of a pipe that nobody writes to."""
    reading, writing = os.pipe()
    os.close(writing)
    return reading


def body(question: Question) -> tuple[str, bool]:
    """The notification's text, and whether it is all that there is to see."""
    lines = page(question)
    text = "\n".join(lines)
    if len(lines) <= MOST_LINES and len(text) <= MOST_CHARACTERS:
        return text, True
    more = f"There is more than fits here. See all of it: lango approve show {question.id}"
    return f"{lines[0]}\n{more}", False

"""How `secrets get` shows values: newline, binary, base64, NUL, JSON, file.

The rule: a value leaves as the bytes it is. A newline follows only on a terminal (or by `--newline
yes`), and what a terminal might obey instead of showing is refused there without `--force`. Both
fronts, the small one and Typer's, come through here, so it stays on the scripted path: nothing is
imported that the plain case does not need.
"""

from __future__ import annotations

import time

from lango_cli import files
from lango_cli.cli import ui
from lango_cli.codec import b64, rfc3339
from lango_cli.errors import Expired, UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lango_cli.model import FoundValue
    from lango_cli.secret import SecretBytes

NEWLINE = ("auto", "yes", "no")


class Wish:
    """How the person wants values: one attribute for each option of `secrets get`."""

    __slots__ = ("base64", "force", "json", "newline", "null", "output", "strict")

    def __init__(self) -> None:
        self.newline: str | None = None
        self.base64 = False
        self.force = False
        self.json = False
        self.null = False
        self.output: str | None = None
        self.strict = False


def check(wish: Wish, count: int) -> None:
    """UsageProblem for wishes that exclude one another, before anything is unlocked."""
    if wish.output == "-":
        wish.output = None
    if wish.output == "":
        raise UsageProblem("--output has an empty value", hint="is a variable not set? see --help")
    if wish.newline is not None and wish.newline not in NEWLINE:
        raise UsageProblem("--newline takes one of: auto, yes, no", hint="--newline auto")
    if wish.json and wish.null:
        raise UsageProblem("--json and -0 exclude one another", hint="give one of them")
    if count > 1 and not (wish.json or wish.null):
        raise UsageProblem("several names need --json or -0", hint="add --json, or -0")


def show(
    values: Sequence[FoundValue],
    wish: Wish,
    screen: ui.Ui,
    newline: Callable[[], str],
) -> None:
    """Put the values where the person wants them; expired ones with a warning, or not (--strict).

    `newline` gives the setting `output.newline`, asked for only where it decides something.
    """
    for shown in values:
        _check_expiry(shown, wish.strict, screen)
    if wish.json:
        _document({"secrets": [_member(shown, wish.base64) for shown in values]}, wish, screen)
    elif wish.null:
        _deliver(b"".join(_ended_by_nul(shown, wish) for shown in values), wish, screen)
    else:
        _deliver_one(values[0].name, values[0].value, wish, screen, newline)


def show_value(
    name: str, value: SecretBytes, wish: Wish, screen: ui.Ui, newline: Callable[[], str]
) -> None:
    """The same for one value that is no secret's, such as what `secrets generate` made."""
    if wish.json:
        _document(encoded(value, wish.base64), wish, screen)
    else:
        _deliver_one(name, value, wish, screen, newline)


def is_text(data: bytes) -> bool:
    """Whether a terminal shows all of it: UTF-8 without controls but tab and newline."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return not any(
        character < " " or "\x7f" <= character <= "\x9f"
        for character in text.translate({9: None, 10: None, 13: None})
    )


def _deliver_one(
    name: str, value: SecretBytes, wish: Wish, screen: ui.Ui, newline: Callable[[], str]
) -> None:
    data = _bytes(value, wish)
    if not is_text(data):
        refuse_binary(name, wish, screen)
    on_terminal = wish.output is None and screen.is_terminal()
    mode = newline() if wish.newline is None else wish.newline
    if mode == "yes" or (mode == "auto" and on_terminal):
        data += b"\n"
    _deliver(data, wish, screen)


def refuse_binary(name: str, wish: Wish, screen: ui.Ui) -> None:
    """UsageProblem if what is no text would go to a terminal that nobody said yes to."""
    plain = not (wish.base64 or wish.json or wish.force)
    if plain and wish.output is None and screen.is_terminal():
        raise UsageProblem(
            f"{name} is binary, and standard output is a terminal",
            hint="add --base64, --output FILE, or --force",
        )


def _bytes(value: SecretBytes, wish: Wish) -> bytes:
    data = value.reveal()
    return b64(data).encode() if wish.base64 else data


def _ended_by_nul(shown: FoundValue, wish: Wish) -> bytes:
    data = _bytes(shown.value, wish)
    if b"\0" in data:
        raise UsageProblem(
            f"{shown.name} holds a zero byte, which -0 cannot tell from its end",
            hint="add --base64, or take --json",
        )
    return data + b"\0"


def _check_expiry(shown: FoundValue, strict: bool, screen: ui.Ui) -> None:
    if shown.expires_at is None or shown.expires_at > time.time():
        return
    if strict:
        raise Expired(
            f"{shown.name} expired on {rfc3339(shown.expires_at)}",
            hint=f"give it a new value: lango secrets set {shown.name} --expires DATE",
        )
    screen.warn(f"{shown.name} expired on {rfc3339(shown.expires_at)}")


def _member(shown: FoundValue, base64: bool) -> dict[str, object]:
    ends = None if shown.expires_at is None else rfc3339(shown.expires_at)
    about = {"name": shown.name, "version": shown.version, "expires_at": ends}
    return about | encoded(shown.value, base64)


def encoded(value: SecretBytes, base64: bool = False) -> dict[str, object]:
    """A value as JSON has it: text as it is, all else in base64."""
    data = value.reveal()
    if not base64:
        try:
            return {"value": data.decode(), "encoding": "utf-8"}
        except UnicodeDecodeError:
            pass
    return {"value": b64(data), "encoding": "base64"}


def _document(body: dict[str, object], wish: Wish, screen: ui.Ui) -> None:
    if wish.output is None:
        screen.document(body)
    else:
        files.create(wish.output, ui.json_bytes(body))


def _deliver(data: bytes, wish: Wish, screen: ui.Ui) -> None:
    if wish.output is None:
        screen.out(data)
    else:
        files.create(wish.output, data)

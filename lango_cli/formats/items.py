"""Exports of other password managers: Bitwarden, 1Password, KeePassXC, and the keys of `llm`.

The rule: an item's password (or token, private key, note where that is all there is) is the
secret, called by its folder and title; one-time-password seeds and fields that are hidden in the
other manager are secrets of their own below it (`Shop/totp`); user name, addresses and notes go
into the note. Two items of one title get the user name behind it; those that are still alike are
refused on import, by name. What holds nothing to keep is passed over, and said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lango_cli.formats.entry import Parsed, Problem, check_count
from lango_cli.formats.names import from_title

if TYPE_CHECKING:
    from collections.abc import Iterable

BAD_HINT = "export it again, without encryption, and name its form with --format"


class Item:
    """One item of another manager."""

    def __init__(self, place: str, folder: str, title: str) -> None:
        self.place = place
        self.folder = folder
        self.title = title
        self.user = ""
        self.secret = ""
        self.more: list[tuple[str, str]] = []
        """Further secrets: label and value."""
        self.about: list[tuple[str, str]] = []
        """What goes into the note: label and text."""
        self.tags: tuple[str, ...] = ()


def collect(items: Iterable[Item]) -> Parsed:
    """The items as entries, told apart by their user names where titles repeat."""
    listed = list(items)
    check_count(len(listed))
    times: dict[tuple[str, str], int] = {}
    for item in listed:
        key = (item.folder, item.title)
        times[key] = times.get(key, 0) + 1
    parsed = Parsed()
    for item in listed:
        repeated = times[item.folder, item.title] > 1
        _add(item, item.user if repeated else "", parsed)
    return parsed


def _add(item: Item, user: str, parsed: Parsed) -> None:
    name, kept = from_title(item.folder, item.title, user)
    secrets = [("", item.secret), *item.more]
    if not any(value for _, value in secrets):
        parsed.ignored.append(Problem(item.place, "no password and no other secret in it"))
    for label, value in secrets:
        if not value:
            continue
        below, own = from_title(item.folder, item.title, user, label) if label else (name, kept)
        entry = parsed.add(below, value, item.place, "/".join((item.title, label)))
        if entry is None:
            continue
        about = [f"{what}: {text}" for what, text in item.about if text and not label]
        user_line = [f"user: {item.user}"] if item.user and not label else []
        note = "\n".join(filter(None, (own, *user_line, *about)))
        entry.note = note.encode("utf-8", "replace").decode() or None
        tags = sorted({tag for tag in item.tags if tag and tag.isprintable()})
        entry.tags = tuple(tags) or None


def take_notes(item: Item, notes: str) -> None:
    """A note is the secret where there is nothing else, as in a secure note."""
    if not item.secret and not any(value for _, value in item.more):
        item.secret = notes
    else:
        item.about.append(("notes", notes))


def read_pass(texts: Iterable[tuple[str, bytes]]) -> Parsed:
    """The entries of a `pass` store: name and decrypted text each.

    The first line is the password; what follows may hold secrets too, so it is one of its own.
    """
    parsed = Parsed()
    for path, data in texts:
        first, _, rest = data.partition(b"\n")
        name, title = from_title(path)
        for label, value in (("", first), ("more", rest.removesuffix(b"\n"))):
            if not value and label:
                continue
            below, own = from_title(path, label) if label else (name, title)
            entry = parsed.add(below, "", path)
            if entry is not None:
                entry.value = type(entry.value)(value)
                entry.note = own or None
    return parsed

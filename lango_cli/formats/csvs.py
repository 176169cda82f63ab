"""CSV exports of Bitwarden, 1Password and KeePassXC. What becomes what: `items`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from lango_cli.errors import UsageProblem
from lango_cli.formats.entry import decoded
from lango_cli.formats.items import BAD_HINT, Item, collect, take_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lango_cli.formats.entry import Parsed

COLUMNS: dict[str, dict[str, str]] = {
    "bitwarden-csv": {
        "folder": "folder",
        "name": "title",
        "login_username": "user",
        "login_password": "secret",
        "login_totp": "totp",
        "login_uri": "url",
        "notes": "notes",
        "fields": "fields",
    },
    "1password-csv": {
        "Title": "title",
        "Username": "user",
        "Password": "secret",
        "OTPAuth": "totp",
        "Url": "url",
        "Tags": "tags",
        "Notes": "notes",
    },
    "keepassxc-csv": {
        "Group": "folder",
        "Title": "title",
        "Username": "user",
        "Password": "secret",
        "TOTP": "totp",
        "URL": "url",
        "Notes": "notes",
    },
}
"""Format: what each column of its CSV is."""


def csv_format(head: Sequence[str]) -> str | None:
    """The format whose columns these are."""
    for form, columns in COLUMNS.items():
        needed = [name for name, what in columns.items() if what in ("title", "user", "secret")]
        if set(needed) <= set(head) and (form != "keepassxc-csv" or "Group" in head):
            if form == "1password-csv" and "Group" in head:
                continue
            return form
    return None


def read_csv(data: bytes, form: str) -> Parsed:
    """A CSV file with a line of heads; columns that are not known go into the note."""
    columns = COLUMNS[form]
    lines = csv.reader(io.StringIO(decoded(data, "the file"), newline=""), strict=True)
    items = []
    try:
        head = next(lines, [])
        if csv_format(head) is None:
            raise UsageProblem("the first line does not name the columns", hint=BAD_HINT)
        begins = lines.line_num + 1
        for row in lines:
            if row:
                items.append(_csv_item(dict(zip(head, row, strict=False)), columns, begins))
            begins = lines.line_num + 1
    except csv.Error:
        raise UsageProblem(f"line {lines.line_num}: this is not CSV", hint=BAD_HINT) from None
    return collect(items)


def _csv_item(row: dict[str, str], columns: dict[str, str], line: int) -> Item:
    known = {what: row.get(name, "") for name, what in columns.items()}
    # KeePassXC calls its top folder Root, which says nothing.
    folder = known.get("folder", "").removeprefix("Root/").replace("Root", "", 1)
    item = Item(f"line {line}", folder, known["title"])
    item.user, item.secret = known["user"], known["secret"]
    item.more.append(("totp", known.get("totp", "")))
    item.more.append(("fields", known.get("fields", "")))
    item.about.append(("url", known.get("url", "")))
    item.tags = tuple(tag.strip() for tag in known.get("tags", "").split(","))
    take_notes(item, known.get("notes", ""))
    return item
